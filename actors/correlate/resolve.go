package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
)

// resolve says what the rows of a journey's clicks and conversions are: a pure
// function of its records, the live impressions of its user, the reference data
// and the clocks. It then writes what differs from what was written before,
// fixes what can change no more, and forgets what nothing can ask for any more,
// in this order: so nothing ever changes because something was forgotten.
//
// Fixing (settled) is what lets children outlive their parents. A click's match
// and validity are final once the frontier has passed every record that could
// still be a parent or an earlier click; a conversion's touches a minute later.
// From then on they are copies inside the journey.
func (s *Shard) resolve(j *journey) {
	r := &resolution{s: s, j: j}
	r.judgeClicks()
	r.judgeConversions()
	r.gatherViews()
	r.matchClicks()
	r.orderClicks()
	r.findDuplicateOrders()
	r.applyAdjustments()
	r.findPaths()
	r.count()
	r.writeClicks()
	r.writeConversions()
	r.settle()
	r.forget()
	r.schedule()
}

// resolution is the work on one journey.
type resolution struct {
	s     *Shard
	j     *journey
	views []view       // the user's impressions that an open child can ask for, by (time, id)
	facts []*clickFact // clicks that are facts, by (time, id)
	convs []*convFact  // conversions that are facts, by (time, id)
}

// clickFact is a click that is a fact, and the columns of its row that other
// rules look at.
type clickFact struct {
	*click
	match    match
	key      string // with the suffix of a reuse
	campaign string
	creative string
	lineItem string
	adviser  string // advertiser
}

func (c *clickFact) valid() bool { return c.match.codes == 0 }

// judgeClicks gives each record its verdict (D1 to D3).
func (r *resolution) judgeClicks() {
	list := r.j.clicks
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].e.ID == list[from].e.ID {
			to++
		}
		r.judge(to-from, func(i int) *standing { return standingOfClick(&list[from+i]) })
		from = to
	}
	for i := range list {
		c := &list[i]
		r.s.conflictRow(&c.reject, c.verdict, conflictOf(&c.e.Envelope, c.print, "click_id", c.e.CampaignID))
		if c.verdict.class == classFact {
			r.facts = append(r.facts, &clickFact{click: c, key: c.e.ID + suffix(c.verdict.reused, c.e.EventTime)})
		}
	}
	slices.SortFunc(r.facts, func(a, b *clickFact) int {
		return cmp.Or(cmp.Compare(a.e.EventTime, b.e.EventTime), strings.Compare(a.e.ID, b.e.ID))
	})
}

// standing is what the dedupe of one record looks at and decides.
type standing struct {
	kind     event.Kind
	e        *event.Envelope
	print    uint64
	anchored bool
	verdict  *verdict
	refused  event.Reason
}

func standingOfClick(c *click) *standing {
	return &standing{
		kind: event.KindClick, e: &c.e.Envelope, print: c.print, anchored: c.anchored, verdict: &c.verdict,
	}
}

func standingOfConversion(c *conversion) *standing {
	return &standing{
		kind: event.KindConversion, e: &c.e.Envelope, print: c.print, anchored: c.anchored,
		verdict: &c.verdict, refused: c.refusal.reason,
	}
}

func conflictOf(e *event.Envelope, print uint64, field, campaign string) conflictRecord {
	return conflictRecord{
		pos: e.Position, ingest: e.Ingest, at: e.EventTime, flags: e.Flags,
		print: print, field: field, campaign: campaign,
	}
}

// judge walks the n records of one id.
func (r *resolution) judge(n int, record func(i int) *standing) {
	at := make([]event.Time, n)
	print := make([]uint64, n)
	now := make([]verdict, n)
	reused := false
	horizon := event.Span(0)
	for i := range n {
		c := record(i)
		at[i], print[i] = c.e.EventTime, c.print
		reused = reused || c.anchored
		horizon = r.s.cfg.Settings.Conflict.Of(c.kind)
	}
	walk(at, print, horizon, reused, now)
	for i := range n {
		c := record(i)
		if c.refused == event.NotRejected {
			r.s.ledger.move(c.e.Partition, c.verdict.class, -1)
			r.s.ledger.move(c.e.Partition, now[i].class, 1)
		}
		*c.verdict = now[i]
	}
}

// gatherViews copies the live impressions that an open child may ask for.
func (r *resolution) gatherViews() {
	lo, hi := event.MaxTime, event.MinTime
	set := &r.s.cfg.Settings
	for _, c := range r.facts {
		if !c.settled {
			lo = min(lo, c.e.EventTime.Add(-r.s.longest.clickJoin))
			hi = max(hi, c.e.EventTime.Add(set.InversionMax))
		}
	}
	for _, c := range r.convs {
		if !c.settled {
			lo = min(lo, c.e.EventTime.Add(-r.s.longest.viewThrough))
			hi = max(hi, c.e.EventTime)
		}
	}
	user, ok := r.s.users.find(r.j.route)
	if lo > hi || !ok {
		return
	}
	m := &r.s.imps
	for n := r.s.users.head[user]; n != 0; {
		row := n - 1
		c, i := m.at(row)
		n = c.older[i]
		if at := m.time(row); c.flags[i]&impFact != 0 && at >= lo && at <= hi {
			r.views = append(r.views, r.s.viewOf(row))
		}
	}
	slices.SortFunc(r.views, func(a, b view) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.wire, b.wire))
	})
}

// viewOf copies a row.
func (s *Shard) viewOf(row uint32) view {
	c, i := s.imps.at(row)
	v := view{
		id: s.winID(row), at: s.imps.time(row), valid: c.flags[i]&impValid != 0,
		viewable: c.flags[i].viewable(), auction: c.auctionOf(i),
		creativeDims: s.dims.creative(c.creative[i]),
		placeDims:    s.dims.place(c.place[i]),
		deviceDims:   s.dims.device(c.device[i]),
	}
	v.wire = v.id
	if c.flags[i]&impReused != 0 {
		v.wire = v.id[:strings.LastIndexByte(v.id, '@')]
	}
	return v
}

// settle fixes what can change no more.
func (r *resolution) settle() {
	set := &r.s.cfg.Settings
	for _, c := range r.facts {
		if !c.settled && r.s.frontier > r.s.clickSettles(c.e.EventTime) {
			c.settled = true
			c.click.match = c.match
		}
	}
	for _, c := range r.convs {
		if !c.order && r.s.frontier > c.e.EventTime.Add(set.Horizon.Conversion+set.Slack) {
			c.order, c.conversion.dupOrder = true, c.dup
		}
		if !c.settled && r.s.frontier > r.s.pathSettles(c.e.EventTime) {
			c.settled = true
			c.conversion.path = c.path
		}
	}
	for i := range r.j.convs {
		c := &r.j.convs[i]
		if c.e.Adjustment != event.New && c.applied == adjustOpen && r.s.frontier > r.s.adjustSettles(c.e.EventTime) {
			c.applied = c.outcome
		}
	}
}

// clickSettles is the frontier beyond which no record can come that changes
// what a click at this time joins or how valid it is.
func (s *Shard) clickSettles(at event.Time) event.Time {
	set := &s.cfg.Settings
	return at.Add(set.InversionMax + max(set.Horizon.Impression, set.Horizon.Click) + set.Slack)
}

// pathSettles is the same for the touches of a conversion: the last click it
// may name can itself have a parent a minute later.
func (s *Shard) pathSettles(at event.Time) event.Time {
	return s.clickSettles(at).Add(s.cfg.Settings.InversionMax)
}

// adjustSettles is the same for an adjustment: no original can come any more.
func (s *Shard) adjustSettles(at event.Time) event.Time {
	return at.Add(s.cfg.Settings.Horizon.Conversion + s.cfg.Settings.Slack)
}

// clickExpires is the frontier beyond which nothing asks for a click.
func (s *Shard) clickExpires(c *clickFact) event.Time {
	set := &s.cfg.Settings
	held := max(s.longest.clickThrough(c.campaign)+set.Horizon.Conversion, set.Conflict.Click+set.Horizon.Click)
	return max(c.e.EventTime.Add(held+set.Slack), s.clickSettles(c.e.EventTime))
}

// conversionExpires is the same for a conversion or adjustment: until then its
// order id, its id and its touch are taken and it may be adjusted.
func (s *Shard) conversionExpires(at event.Time) event.Time {
	set := &s.cfg.Settings
	held := max(set.Conflict.Conversion, set.OrderHorizon) + set.Horizon.Conversion
	return max(at.Add(held+set.Slack), s.pathSettles(at))
}

// forget drops records that nothing can ask for: facts that have expired, and
// other records once no equal of theirs can come within the horizon of their
// fact.
func (r *resolution) forget() {
	now := r.s.frontier
	set := &r.s.cfg.Settings
	expires := make(map[*click]event.Time, len(r.facts))
	for _, c := range r.facts {
		expires[c.click] = r.s.clickExpires(c)
	}
	gone := map[string]bool{}
	var fact event.Time
	kept := make([]click, 0, len(r.j.clicks)) // r.facts point into the old list
	for i := range r.j.clicks {
		c := &r.j.clicks[i]
		end := fact.Add(set.Conflict.Click + set.Horizon.Click + set.Slack)
		if c.verdict.class == classFact {
			fact = c.e.EventTime
			end = expires[c]
			if !c.wrote.there {
				end = event.MaxTime // the watermark lags behind the frontier
			}
		}
		if now > end {
			gone[c.e.ID] = gone[c.e.ID] || c.verdict.class == classFact
			continue
		}
		c.anchored = c.anchored || gone[c.e.ID]
		kept = append(kept, *c)
	}
	r.j.clicks = kept
	r.forgetConversions()
}

func (r *resolution) forgetConversions() {
	now := r.s.frontier
	set := &r.s.cfg.Settings
	for _, c := range r.convs {
		if now > r.s.conversionExpires(c.e.EventTime) && c.attributed {
			r.loseCounts(c)
		}
	}
	gone := map[string]bool{}
	var fact event.Time
	kept := make([]conversion, 0, len(r.j.convs)) // r.convs point into the old list
	for i := range r.j.convs {
		c := &r.j.convs[i]
		end := fact.Add(set.Conflict.Conversion + set.Horizon.Conversion + set.Slack)
		if c.verdict.class == classFact {
			fact = c.e.EventTime
			end = r.s.conversionExpires(c.e.EventTime)
			if r.s.watermark < c.e.EventTime {
				end = event.MaxTime // its credits are not written
			}
		}
		id := c.e.ID
		if c.e.Adjustment != event.New {
			id = ""
		}
		if now > end {
			gone[id] = gone[id] || c.verdict.class == classFact && id != ""
			continue
		}
		c.anchored = c.anchored || gone[id]
		kept = append(kept, *c)
	}
	r.j.convs = kept
}

// schedule says when the journey has something to do next.
func (r *resolution) schedule() {
	j := r.j
	j.until, j.wake, j.write = event.MinTime, event.MaxTime, event.MaxTime
	set := &r.s.cfg.Settings
	for _, c := range r.facts {
		if !c.settled {
			j.until = max(j.until, c.e.EventTime.Add(set.InversionMax))
			r.wakeAt(r.s.clickSettles(c.e.EventTime))
		}
		r.wakeAt(r.s.clickExpires(c))
		if !c.wrote.there {
			j.write = min(j.write, c.hold)
		}
	}
	for _, c := range r.convs {
		at := c.e.EventTime
		if !c.settled {
			j.until = max(j.until, at)
			r.wakeAt(r.s.pathSettles(at))
		}
		r.wakeAt(at.Add(set.Horizon.Conversion + set.Slack))
		r.wakeAt(r.s.conversionExpires(at))
		if at > r.s.watermark {
			j.write = min(j.write, at)
		}
	}
	for i := range j.convs {
		if c := &j.convs[i]; c.e.Adjustment != event.New {
			r.wakeAt(r.s.adjustSettles(c.e.EventTime))
			r.wakeAt(r.s.conversionExpires(c.e.EventTime))
		}
	}
}

// wakeAt asks for the journey to be opened once the frontier has passed t.
func (r *resolution) wakeAt(t event.Time) {
	if t >= r.s.frontier {
		r.j.wake = min(r.j.wake, t)
	}
}
