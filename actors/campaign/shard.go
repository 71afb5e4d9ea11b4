package campaign

import (
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/delta"
	"github.com/advertisex/adjoin/internal/reference"
)

// Config says which campaigns a shard holds and when their buckets close.
type Config struct {
	Shard  event.Shard
	Shards uint32 // of campaign shards in the deployment
	// Reference gives a campaign's time zone for its days, and the exchange rates
	// of the reporting currency.
	Reference *reference.Set
	// Horizon is the longest correction horizon: a bucket is final when the
	// watermark has passed its end by this much (X4). Zero means 35 days.
	Horizon event.Span
	// Held is how long after a bucket's end an accepted record can still change
	// it: a touch's minute earns credit for as long as a conversion may name it,
	// come late and be adjusted. A final bucket is let go when the ingest frontier
	// has passed its end by this much (T7). Zero means 215 days, which holds for
	// every window (90 days), order horizon (90) and lateness (35).
	Held event.Span
}

// How long something is kept or waits.
const (
	// slowEvery is how often groups of hours, days and sites are shown: nearly all
	// of them change in every cut.
	slowEvery = event.Minute
	// lagsHeld is how long after its minute, on the ingest frontier, the lags of a
	// row of ops_pipeline_minute are held one by one.
	lagsHeld = 24 * event.Hour
)

// Shard is the state of one campaign shard.
type Shard struct {
	cfg       Config
	cut       uint64
	emittedAt event.Time
	shownAt   event.Time // of the last cut that showed hours, days and sites
	watermark event.Watermark
	frontier  event.Time
	// settled is the frontier of the cut before: what the user shards made of it
	// has been folded, so what it lets go nothing can change any more.
	settled event.Time
	ending  bool // the watermark was sent to the end of time

	text    dictionary
	minutes store[minuteKey, minuteSums]
	hours   store[periodKey, periodSums]
	days    store[periodKey, periodSums]
	sites   store[siteKey, siteSums]
	pipes   store[pipeKey, pipeSums]

	// Groups by the bucket that makes them final, and final ones by the bucket
	// that lets them go.
	closingMinutes, closingHours, closingDays, closingSites, closingPipes closing[int32, uint32]
	leavingMinutes, leavingHours, leavingDays, leavingSites, cooling      closing[int32, uint32]

	recent []recentPeriod // by entry of the campaign
	slots  map[daySlot]daySpan

	minute delta.Minute // room for reading
	site   delta.Site
	pipe   delta.Pipeline
	places []uint32
	ints   []int64
	floats []float64
}

// recentPeriod is the hour and day that a campaign's deltas were added to last.
type recentPeriod struct {
	slot     int32 // quarter of an hour; 0 for none
	currency uint32
	hour     uint32
	day      uint32
}

// daySlot is a quarter of an hour for one campaign: local days begin on such
// boundaries, so one look-up of the zone serves them all.
type daySlot struct {
	campaign uint32
	slot     int32
}

type daySpan struct {
	day int32
	one bool // the whole slot is one day under one version of the campaign
}

const (
	slotMinutes = 15
	slotsMax    = 1 << 14
)

// New is an empty shard.
func New(cfg Config) *Shard {
	if cfg.Horizon == 0 {
		cfg.Horizon = 35 * event.Day
	}
	if cfg.Held == 0 {
		cfg.Held = 215 * event.Day
	}
	if cfg.Reference == nil {
		cfg.Reference = new(reference.Set)
	}
	s := &Shard{
		cfg: cfg, shownAt: event.MinTime, watermark: event.MinTime, frontier: event.MinTime, settled: event.MinTime,
		text: newDictionary(), slots: make(map[daySlot]daySpan),
	}
	for _, c := range s.closings() {
		*c = newClosing[int32, uint32]()
	}
	return s
}

func (s *Shard) closings() [10]*closing[int32, uint32] {
	return [...]*closing[int32, uint32]{
		&s.closingMinutes, &s.closingHours, &s.closingDays, &s.closingSites, &s.closingPipes,
		&s.leavingMinutes, &s.leavingHours, &s.leavingDays, &s.leavingSites, &s.cooling,
	}
}

// Owns reports whether the campaign's aggregates live in this shard; topics are
// distributed like campaigns.
func (s *Shard) Owns(campaign string) bool {
	return event.ShardOf(event.RouteCampaign(campaign), s.cfg.Shards) == s.cfg.Shard
}

// SetReference replaces the reference data from the next delta and row on.
func (s *Shard) SetReference(set *reference.Set) {
	s.cfg.Reference = set
	s.forgetRecent()
	clear(s.slots)
}

// Begin opens a cut: its number becomes the row_version of the rows of the
// next Cut, now their emitted_at.
func (s *Shard) Begin(cut uint64, now event.Time) { s.cut, s.emittedAt = cut, now }

// Advance moves the clocks on; they never move back. The watermark says when a
// bucket is final (X4), the ingest frontier when it can be let go (T7), a cut later: the
// deltas of this one are folded after it. A
// watermark of MaxTime ends a bounded run: every row says it is final, yet nothing is forgotten and
// the watermark stays where it was, so that a later run over more input goes on
// with exact figures.
func (s *Shard) Advance(watermark event.Watermark, frontier event.Time) {
	s.settled, s.frontier = s.frontier, max(s.frontier, frontier)
	if watermark == event.MaxTime {
		s.end()
		return
	}
	s.watermark = max(s.watermark, watermark)
}

func (s *Shard) end() {
	if s.ending {
		return
	}
	s.ending = true
	s.minutes.showAll()
	s.hours.showAll()
	s.days.showAll()
	s.sites.showAll()
}

// Fold adds what one commit's cut of a user shard changed (package delta): the
// section of this shard. Deltas must be folded in journal order, each once.
// After an error the shard may have folded a part of them: it must not be used.
func (s *Shard) Fold(b []byte) error {
	r, err := delta.Open(b, s.cfg.Shard, s.cfg.Shards)
	if err != nil {
		return err
	}
	s.places = s.places[:0]
	for text, ok := r.Text(); ok; text, ok = r.Text() {
		id, ok := s.text.idOf(text)
		if !ok {
			return delta.ErrCorrupt
		}
		s.places = append(s.places, id)
	}
	for r.Minute(&s.minute) {
		if !s.foldMinute(&s.minute) {
			return delta.ErrCorrupt
		}
	}
	var a delta.Audience
	for r.Audience(&a) {
		s.foldAudience(&a)
	}
	for r.Site(&s.site) {
		s.foldSite(&s.site)
	}
	for r.Pipeline(&s.pipe) {
		s.foldPipe(&s.pipe)
	}
	return r.Err()
}

func (s *Shard) foldMinute(m *delta.Minute) bool {
	k := minuteKey{m.At, s.places[m.Creative], s.places[m.Exchange], s.places[m.Device]}
	creative, device := s.text.of(k.creative), s.text.of(k.device)
	if creative.text[0] != delta.Creative || device.text[0] != delta.Device {
		return false
	}
	if m.Mask&minuteMask != 0 || !m.Spend.IsZero() {
		i, fresh := s.minutes.at(k)
		if fresh {
			s.closingMinutes.add(m.At, i)
		}
		s.minutes.change(i).add(&m.Amounts)
	}
	date := floorDiv(m.At, 24*60)
	hour, day := s.periodsOf(creative.of, device.of, m.At)
	s.hours.change(hour).add(&m.Amounts, date)
	s.days.change(day).add(&m.Amounts, date)
	return true
}

func (s *Shard) foldAudience(a *delta.Audience) {
	k := periodKey{a.At, s.places[a.Campaign], s.places[a.Currency]}
	var p *periodSums
	if a.Day {
		p = s.days.change(s.dayGroup(k))
	} else {
		p = s.hours.change(s.hourGroup(k))
	}
	for i, v := range a.Bins {
		p.bins[i] += v
	}
}

func (s *Shard) foldSite(d *delta.Site) {
	i, fresh := s.sites.at(siteKey{d.At, s.places[d.Place], s.places[d.Campaign], s.places[d.Currency]})
	if fresh {
		s.closingSites.add(d.At, i)
	}
	s.sites.change(i).add(d)
}

func (s *Shard) foldPipe(d *delta.Pipeline) {
	i, fresh := s.pipes.at(pipeKey{d.At, s.places[d.Topic]})
	if fresh {
		s.closingPipes.add(d.At, i)
		s.cooling.add(d.At, i)
	}
	s.pipes.change(i).add(d)
}

// periodsOf is the hour and the local day of a campaign's minute (R-G4).
func (s *Shard) periodsOf(campaign, currency uint32, minute int32) (hour, day uint32) {
	if n := len(s.text.entries) - len(s.recent); n > 0 {
		s.recent = append(s.recent, make([]recentPeriod, n)...)
	}
	near := &s.recent[campaign]
	slot := floorDiv(minute, slotMinutes)
	if near.slot == slot && near.currency == currency && slot != 0 {
		return near.hour, near.day
	}
	hour = s.hourGroup(periodKey{floorDiv(minute, 60), campaign, currency})
	local, one := s.dayOf(campaign, minute)
	day = s.dayGroup(periodKey{local, campaign, currency})
	if one {
		s.recent[campaign] = recentPeriod{slot, currency, hour, day}
	}
	return hour, day
}

func (s *Shard) hourGroup(k periodKey) uint32 {
	i, fresh := s.hours.at(k)
	if fresh {
		s.closingHours.add(k.at, i)
	}
	return i
}

func (s *Shard) dayGroup(k periodKey) uint32 {
	i, fresh := s.days.at(k)
	if fresh {
		s.closingDays.add(k.at, i)
	}
	return i
}

// dayOf is the local day of a campaign's minute; one reports that its whole slot
// is that day.
func (s *Shard) dayOf(campaign uint32, minute int32) (day int32, one bool) {
	k := daySlot{campaign, floorDiv(minute, slotMinutes)}
	span, known := s.slots[k]
	if !known {
		first, a := s.localDay(campaign, k.slot*slotMinutes)
		last, b := s.localDay(campaign, k.slot*slotMinutes+slotMinutes-1)
		span = daySpan{day: first, one: first == last && a == b}
		if len(s.slots) >= slotsMax {
			clear(s.slots)
		}
		s.slots[k] = span
	}
	if !span.one {
		day, _ := s.localDay(campaign, minute)
		return day, false
	}
	return span.day, true
}

func (s *Shard) localDay(campaign uint32, minute int32) (int32, *reference.Campaign) {
	at := timeOf(minute, event.Minute)
	c, _ := s.cfg.Reference.Campaign(s.text.text(campaign), at)
	if c.Location == time.UTC {
		return floorDiv(minute, 24*60), c
	}
	return c.LocalDay(at), c
}

func (s *Shard) forgetRecent() { clear(s.recent) }

func timeOf(n int32, unit event.Span) event.Time { return event.Time(n) * event.Time(unit) }

func floorDiv(n, by int32) int32 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// Stats is how much a shard holds.
type Stats struct {
	Groups, Days int
	Bytes        int64 // estimate of the heap it takes
}

// Stats counts what is held.
func (s *Shard) Stats() Stats {
	// An item and its share of the index.
	const minuteBytes, periodBytes, siteBytes, pipeBytes = 232, 520, 180, 400
	return Stats{
		Groups: s.minutes.held, Days: s.days.held,
		Bytes: int64(len(s.minutes.items))*minuteBytes + int64(len(s.hours.items)+len(s.days.items))*periodBytes +
			int64(len(s.sites.items))*siteBytes + int64(len(s.pipes.items))*pipeBytes + s.text.bytes(),
	}
}

// Plus is the sum of two shards' stats.
func (s Stats) Plus(t Stats) Stats {
	return Stats{Groups: s.Groups + t.Groups, Days: s.Days + t.Days, Bytes: s.Bytes + t.Bytes}
}
