package campaign

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

// Config says which campaigns a shard holds and when their buckets close.
type Config struct {
	Shard  event.Shard
	Shards uint32 // of campaign shards in the deployment
	// Reference gives a campaign's time zone for the day rows.
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

// groupKey is a CampaignKey with its text in the shard's dictionary: no
// pointer, so the collector never looks into the index.
type groupKey struct {
	bucket                                          event.Time
	campaign, creative, exchange, country, currency uint32
	device                                          int32
}

// group is the running total of one key.
type group struct {
	key      groupKey
	measures event.Measures
	spend    event.Int128
	// In the sets of the same names; a key may be in them without.
	touched, unsaved bool
}

// dayKey is one campaign on one of its local days.
type dayKey struct {
	campaign uint32
	day      int32
}

// reach is who a campaign reached on a day: a bitmap of user ordinals for each
// user shard. A user lives in one shard, so the cardinalities add up (G3).
type reach struct {
	users map[event.Shard]*roaring.Bitmap
}

func (r *reach) count() int64 {
	var n uint64
	for _, b := range r.users {
		n += b.GetCardinality()
	}
	return int64(n)
}

// of is the bitmap of a user shard, made when it is new.
func (r *reach) of(shard event.Shard) *roaring.Bitmap {
	b := r.users[shard]
	if b == nil {
		b = roaring.New()
		r.users[shard] = b
	}
	return b
}

// Shard is the state of one campaign shard.
type Shard struct {
	cfg       Config
	cut       uint64
	emittedAt event.Time
	watermark event.Watermark
	frontier  event.Time
	ending    bool // the watermark was sent to the end of time

	text   dictionary
	groups []group
	free   []uint32 // places in groups that can be used again
	index  map[groupKey]uint32
	days   map[dayKey]*reach

	// Since the last Cut, what must be shown; since the last Segment, what
	// must be kept. A key leaves both when it has been written.
	touched     map[groupKey]struct{}
	touchedDays map[dayKey]struct{}
	unsaved     map[groupKey]struct{}
	unsavedDays map[dayKey]struct{}

	// Keys by the bucket that makes them final, and final keys by the bucket that
	// lets them go.
	closingGroups, finalGroups closing[event.Time, groupKey]
	closingDays, finalDays     closing[int32, dayKey]
}

// New is an empty shard.
func New(cfg Config) *Shard {
	if cfg.Horizon == 0 {
		cfg.Horizon = 35 * event.Day
	}
	if cfg.Held == 0 {
		cfg.Held = 215 * event.Day
	}
	return &Shard{
		cfg:         cfg,
		watermark:   event.MinTime,
		frontier:    event.MinTime,
		text:        newDictionary(),
		index:       map[groupKey]uint32{},
		days:        map[dayKey]*reach{},
		touched:     map[groupKey]struct{}{},
		touchedDays: map[dayKey]struct{}{},
		unsaved:     map[groupKey]struct{}{},
		unsavedDays: map[dayKey]struct{}{},

		closingGroups: newClosing[event.Time, groupKey](),
		finalGroups:   newClosing[event.Time, groupKey](),
		closingDays:   newClosing[int32, dayKey](),
		finalDays:     newClosing[int32, dayKey](),
	}
}

// Owns reports whether the campaign's aggregates live in this shard.
func (s *Shard) Owns(campaign string) bool {
	return event.ShardOf(event.RouteCampaign(campaign), s.cfg.Shards) == s.cfg.Shard
}

// SetReference replaces the reference data from the next row on.
func (s *Shard) SetReference(set *reference.Set) { s.cfg.Reference = set }

// Begin opens a cut: its number becomes the row_version of the rows of the
// next Cut, now their emitted_at.
func (s *Shard) Begin(cut uint64, now event.Time) { s.cut, s.emittedAt = cut, now }

// Advance moves the clocks on; they never move back. The watermark says when a
// bucket is final (X4), the ingest frontier when it can be let go (T7). A
// watermark of MaxTime ends a bounded run: every row says it is final, yet the
// watermark stays where it was, so that a later run over more input goes on
// with exact figures.
func (s *Shard) Advance(watermark event.Watermark, frontier event.Time) {
	s.frontier = max(s.frontier, frontier)
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
	for k := range s.index {
		s.touched[k] = struct{}{}
	}
	for k := range s.days {
		s.touchedDays[k] = struct{}{}
	}
}

// Fold adds what one commit changed. Deltas of campaigns that live in other
// shards are passed over. Deltas must be folded in journal order, each once.
func (s *Shard) Fold(d *event.Deltas) error {
	for i := range d.Minutes {
		if m := &d.Minutes[i]; s.Owns(m.Key.Campaign) {
			s.add(s.intern(&m.Key), &m.Add, m.SpendNanos)
		}
	}
	for i := range d.Reach {
		if r := &d.Reach[i]; s.Owns(r.Campaign) {
			if err := s.addReach(s.text.id(r.Campaign), r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Shard) add(k groupKey, add *event.Measures, spend event.Int128) {
	g := s.group(k)
	for i, v := range add {
		g.measures[i] += v
	}
	g.spend = g.spend.Add(spend)
	if !g.touched {
		g.touched = true
		s.touched[k] = struct{}{}
	}
	if !g.unsaved {
		g.unsaved = true
		s.unsaved[k] = struct{}{}
	}
}

// group is the place of a key, made when it is new. The pointer is good until
// the next call.
func (s *Shard) group(k groupKey) *group {
	if at, ok := s.index[k]; ok {
		return &s.groups[at]
	}
	var at uint32
	if n := len(s.free); n > 0 {
		at, s.free = s.free[n-1], s.free[:n-1]
		s.groups[at] = group{key: k}
	} else {
		at = uint32(len(s.groups))
		s.groups = append(s.groups, group{key: k})
	}
	s.index[k] = at
	s.closingGroups.add(k.bucket, k)
	return &s.groups[at]
}

func (s *Shard) intern(k *event.CampaignKey) groupKey {
	return groupKey{
		bucket:   k.Bucket,
		campaign: s.text.id(k.Campaign),
		creative: s.text.id(k.Creative),
		exchange: s.text.id(k.Exchange),
		country:  s.text.id(k.Country),
		currency: s.text.id(k.Currency),
		device:   k.Device,
	}
}

func (s *Shard) addReach(campaign uint32, d *event.ReachDelta) error {
	k := dayKey{campaign: campaign, day: d.Day}
	b := s.day(k).of(d.Shard)
	for _, change := range []struct {
		bytes []byte
		apply func(*roaring.Bitmap)
	}{{d.Added, b.Or}, {d.Removed, b.AndNot}} {
		if change.bytes == nil {
			continue
		}
		users, err := bitmap(change.bytes)
		if err != nil {
			return err
		}
		change.apply(users)
	}
	s.touchedDays[k] = struct{}{}
	s.unsavedDays[k] = struct{}{}
	return nil
}

// day is the reach of a key, made when it is new.
func (s *Shard) day(k dayKey) *reach {
	r := s.days[k]
	if r == nil {
		r = &reach{users: map[event.Shard]*roaring.Bitmap{}}
		s.days[k] = r
		s.closingDays.add(k.day, k)
	}
	return r
}

// Cut is the rows of one cut, each table sorted by its key.
type Cut struct {
	Minutes []table.CampaignMinute
	Days    []table.CampaignDay
}

// Cut gives a row for every group that changed or became final since the last
// one, and lets go of groups that nothing can change any more. A group that
// holds nothing any more is a row with op D.
func (s *Shard) Cut() *Cut {
	s.finalize(func(k groupKey) { s.touched[k] = struct{}{} }, func(k dayKey) { s.touchedDays[k] = struct{}{} })
	out := &Cut{Minutes: make([]table.CampaignMinute, 0, len(s.touched))}
	for _, k := range inOrder(&s.text, s.touched) {
		g := &s.groups[s.index[k]]
		g.touched = false
		out.Minutes = append(out.Minutes, s.minuteRow(g))
	}
	for k := range s.touchedDays {
		out.Days = append(out.Days, s.dayRow(k, s.days[k]))
	}
	s.forget()
	clear(s.touched)
	clear(s.touchedDays)
	slices.SortFunc(out.Days, table.CompareCampaignDays)
	return out
}

// finalize gives each the groups and days that the watermark has closed since
// the last time.
func (s *Shard) finalize(eachGroup func(groupKey), eachDay func(dayKey)) {
	s.closingGroups.close(s.passedMinute, func(k groupKey) {
		if _, held := s.index[k]; held {
			s.finalGroups.add(k.bucket, k)
			eachGroup(k)
		}
	})
	s.closingDays.close(s.passedDay, func(k dayKey) {
		if _, held := s.days[k]; held {
			s.finalDays.add(k.day, k)
			eachDay(k)
		}
	})
}

// forget lets go of final groups that no accepted record can change, and of the
// reach of final days, which only impressions change.
func (s *Shard) forget() {
	s.finalGroups.close(func(bucket event.Time) bool {
		return s.frontier >= bucket.Add(event.Minute).Add(s.cfg.Held)
	}, func(k groupKey) {
		if at, held := s.index[k]; held {
			s.free = append(s.free, at)
			delete(s.index, k)
			s.unsaved[k] = struct{}{}
		}
	})
	s.finalDays.close(func(day int32) bool { return s.frontier >= endOfDay(day).Add(s.cfg.Horizon) }, func(k dayKey) {
		delete(s.days, k)
		s.unsavedDays[k] = struct{}{}
	})
}

func (s *Shard) finalMinute(bucket event.Time) bool {
	return s.ending || s.passedMinute(bucket)
}

func (s *Shard) finalDay(day int32) bool { return s.ending || s.passedDay(day) }

func (s *Shard) passedMinute(bucket event.Time) bool {
	return s.watermark >= bucket.Add(event.Minute).Add(s.cfg.Horizon)
}

func (s *Shard) passedDay(day int32) bool {
	return s.watermark >= endOfDay(day).Add(s.cfg.Horizon)
}

// endOfDay is conservative: a local day ends at most 14 hours after the UTC day
// of the same date.
func endOfDay(day int32) event.Time {
	return event.Time(0).Add(event.Span(day+1) * event.Day).Add(14 * event.Hour)
}

// Stats is how much a shard holds.
type Stats struct {
	Groups, Days int
	Bytes        int64 // estimate of the heap it takes
}

// Stats counts what is held.
func (s *Shard) Stats() Stats {
	const groupBytes = 320 // group, index entry and their slack
	st := Stats{Groups: len(s.index), Days: len(s.days)}
	st.Bytes = int64(len(s.index))*groupBytes + s.text.bytes()
	for _, r := range s.days {
		for _, b := range r.users {
			st.Bytes += int64(b.GetSizeInBytes()) + 64
		}
	}
	return st
}

// Plus is the sum of two shards' stats.
func (s Stats) Plus(t Stats) Stats {
	return Stats{Groups: s.Groups + t.Groups, Days: s.Days + t.Days, Bytes: s.Bytes + t.Bytes}
}
