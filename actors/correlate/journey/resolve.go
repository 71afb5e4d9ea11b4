package journey

import (
	"cmp"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
)

// Resolve says what the rows of a journey's clicks and conversions are: a pure
// function of its records, the live impressions of its user, the reference data
// and the clocks. It then writes what differs from what was written before,
// fixes what can change no more, and forgets what nothing can ask for any more,
// in this order: so nothing ever changes because something was forgotten.
//
// Fixing (settled) is what lets children outlive their parents. A click's match
// and validity are final once the frontier has passed every record that could
// still be a parent or an earlier click; a conversion's touches a minute later.
// From then on they are copies inside the journey.
func (j *Journey) Resolve(env *Env) {
	r := &resolution{env: env, j: j}
	r.judgeClicks()
	r.judgeConversions()
	r.admitGuests()
	r.gatherViews()
	r.matchClicks()
	r.seatClicks()
	r.orderClicks()
	r.findDuplicateOrders()
	r.applyAdjustments()
	r.findPaths()
	r.findLentPaths()
	r.count()
	r.writeClicks()
	r.writeConversions()
	r.announce()
	r.lend()
	r.settle()
	r.settleGuests()
	r.forget()
	r.forgetGuests()
	r.schedule()
	r.scheduleGuests()
}

// resolution is the work on one journey.
type resolution struct {
	env   *Env
	j     *Journey
	views []View       // the user's impressions that an open child can ask for, by (time, id)
	facts []*clickFact // clicks that are facts, by (time, id); kept guests among them once matched
	convs []*convFact  // conversions that are facts, by (time, id)

	guests     []*Guest
	lentClicks []*clickFact // guests, kept here or not
	lentConvs  []*convFact
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
	guest    *Guest // of another timeline, nil for an own record
	away     bool   // kept elsewhere: no touch of its home
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
		r.env.Rows.Conflict(&c.reject, c.verdict, conflictOf(&c.e.Envelope, c.print, "click_id", c.e.CampaignID))
		if c.verdict.Class == fact.Fact {
			r.facts = append(r.facts, &clickFact{click: c, key: c.e.ID + fact.Suffix(c.verdict.Reused, c.e.EventTime)})
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
	verdict  *fact.Verdict
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

func conflictOf(e *event.Envelope, print uint64, field, campaign string) fact.Record {
	return fact.Record{
		Pos: e.Position, Ingest: e.Ingest, At: e.EventTime, Flags: e.Flags,
		Print: print, Field: field, Campaign: campaign,
	}
}

// judge walks the n records of one id.
func (r *resolution) judge(n int, record func(i int) *standing) {
	at := make([]event.Time, n)
	print := make([]uint64, n)
	now := make([]fact.Verdict, n)
	reused := false
	horizon := event.Span(0)
	for i := range n {
		c := record(i)
		at[i], print[i] = c.e.EventTime, c.print
		reused = reused || c.anchored
		horizon = r.env.Settings.Conflict.Of(c.kind)
	}
	fact.Walk(at, print, horizon, reused, now)
	for i := range n {
		c := record(i)
		if c.refused == event.NotRejected && c.verdict.Class != now[i].Class {
			r.env.Ledger.Count(c.e.Partition, c.e.Ingest, c.verdict.Class, -1)
			r.env.Ledger.Count(c.e.Partition, c.e.Ingest, now[i].Class, 1)
		}
		*c.verdict = now[i]
	}
}

// gatherViews asks for the live impressions that an open child may look at.
func (r *resolution) gatherViews() {
	lo, hi := event.MaxTime, event.MinTime
	for _, c := range r.facts {
		if !c.settled {
			lo = min(lo, c.e.EventTime.Add(-r.env.Longest.ClickJoin))
			hi = max(hi, c.e.EventTime.Add(r.env.Settings.InversionMax))
		}
	}
	for _, c := range r.convs {
		if !c.settled {
			lo = min(lo, c.e.EventTime.Add(-r.env.Longest.ViewThrough))
			hi = max(hi, c.e.EventTime)
		}
	}
	for _, c := range r.lentClicks {
		if !c.settled {
			lo = min(lo, c.e.EventTime.Add(-r.env.Longest.ClickJoin))
			hi = max(hi, c.e.EventTime.Add(r.env.Settings.InversionMax))
		}
	}
	for _, c := range r.lentConvs {
		if !c.settled {
			lo = min(lo, c.e.EventTime.Add(-r.env.Longest.ViewThrough))
			hi = max(hi, c.e.EventTime.Add(r.env.Settings.InversionMax))
		}
	}
	if lo <= hi {
		r.views = r.env.Views(r.j.route, lo, hi)
	}
	slices.SortFunc(r.views, func(a, b View) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.WireID, b.WireID))
	})
}

// settle fixes what can change no more.
func (r *resolution) settle() {
	set := r.env.Settings
	for _, c := range r.facts {
		if c.guest == nil && !c.settled && r.env.Frontier > r.env.clickSettlesAt(c.click, false) {
			c.settled = true
			c.click.match = c.match
			r.fix(c.e.UserID, clickChild(c))
		}
	}
	for _, c := range r.convs {
		if !c.order && r.env.Frontier > c.e.EventTime.Add(set.Horizon.Conversion+set.Slack) {
			c.order, c.conversion.dupOrder = true, c.dup
		}
		if !c.settled && r.env.Frontier > r.env.pathSettlesAt(c.conversion) {
			c.settled = true
			c.conversion.path = c.path
			r.fix(c.e.UserID, conversionChild(c))
		}
	}
	for i := range r.j.convs {
		c := &r.j.convs[i]
		if c.e.Adjustment != event.New && c.applied == adjustOpen && r.env.Frontier > r.env.adjustSettlesAt(c) {
			c.applied = c.outcome
			r.fix(c.e.UserID, adjustmentChild(c))
		}
	}
}

// fix has the keeper of a child without a user stay what it is.
func (r *resolution) fix(user string, c Child) {
	if user == "" && r.env.Fix != nil {
		r.env.Fix(c)
	}
}

// clickSettles is the frontier beyond which no record can come that changes
// what a click at this time joins or how valid it is.
func (e *Env) clickSettles(at event.Time) event.Time {
	set := e.Settings
	return at.Add(set.InversionMax + max(set.Horizon.Impression, set.Horizon.Click) + set.Slack)
}

// pathSettles is the same for the touches of a conversion: the last click it
// may name can itself have a parent a minute later.
func (e *Env) pathSettles(at event.Time) event.Time {
	return e.clickSettles(at).Add(e.Settings.InversionMax)
}

// adjustSettles is the same for an adjustment: no original can come any more.
func (e *Env) adjustSettles(at event.Time) event.Time {
	return at.Add(e.Settings.Horizon.Conversion + e.Settings.Slack)
}

// clickExpires is the frontier beyond which nothing asks for a click.
func (e *Env) clickExpires(c *clickFact) event.Time {
	set := e.Settings
	held := max(e.Longest.ClickThrough(c.campaign)+set.Horizon.Conversion, set.Conflict.Click+set.Horizon.Click)
	return max(c.e.EventTime.Add(held+set.Slack), e.clickSettles(c.e.EventTime))
}

// conversionExpires is the same for a conversion or adjustment: until then its
// order id, its id and its touch are taken and it may be adjusted.
func (e *Env) conversionExpires(at event.Time) event.Time {
	set := e.Settings
	held := max(set.Conflict.Conversion, set.OrderHorizon) + set.Horizon.Conversion
	return max(at.Add(held+set.Slack), e.pathSettles(at))
}

// forget drops records that nothing can ask for: facts that have expired, and
// other records once no equal of theirs can come within the horizon of their
// fact.
func (r *resolution) forget() {
	now := r.env.Frontier
	set := r.env.Settings
	expires := make(map[*click]event.Time, len(r.facts))
	for _, c := range r.facts {
		if c.guest == nil {
			expires[c.click] = max(r.env.clickExpires(c), r.env.clickSettlesAt(c.click, false))
		}
	}
	gone := map[string]bool{}
	var first event.Time
	kept := make([]click, 0, len(r.j.clicks)) // r.facts point into the old list
	for i := range r.j.clicks {
		c := &r.j.clicks[i]
		end := first.Add(set.Conflict.Click + set.Horizon.Click + set.Slack)
		if c.verdict.Class == fact.Fact {
			first = c.e.EventTime
			end = expires[c]
			if !c.wrote.there {
				end = event.MaxTime // the watermark lags behind the frontier
			}
		}
		if now > end {
			gone[c.e.ID] = gone[c.e.ID] || c.verdict.Class == fact.Fact
			if c.verdict.Class == fact.Fact {
				r.release(c.e.UserID, clickChild(&clickFact{click: c, key: c.key()}))
			}
			continue
		}
		c.anchored = c.anchored || gone[c.e.ID]
		kept = append(kept, *c)
	}
	r.j.clicks = kept
	r.forgetConversions()
}

func (r *resolution) forgetConversions() {
	now := r.env.Frontier
	set := r.env.Settings
	for _, c := range r.convs {
		if c.e.UserID != "" && now > r.env.conversionExpires(c.e.EventTime) && c.attributed {
			r.loseCounts(c)
		}
	}
	gone := map[string]bool{}
	var first event.Time
	kept := make([]conversion, 0, len(r.j.convs)) // r.convs point into the old list
	for i := range r.j.convs {
		c := &r.j.convs[i]
		end := first.Add(set.Conflict.Conversion + set.Horizon.Conversion + set.Slack)
		if c.verdict.Class == fact.Fact {
			first = c.e.EventTime
			end = max(r.env.conversionExpires(c.e.EventTime), r.env.adjustSettlesAt(c))
			if r.env.Watermark < c.e.EventTime {
				end = event.MaxTime // its credits are not written
			}
		}
		id := c.e.ID
		if c.e.Adjustment != event.New {
			id = ""
		}
		if now > end {
			gone[id] = gone[id] || c.verdict.Class == fact.Fact && id != ""
			if c.verdict.Class == fact.Fact {
				r.release(c.e.UserID, c.child())
			}
			continue
		}
		c.anchored = c.anchored || gone[id]
		kept = append(kept, *c)
	}
	r.j.convs = kept
}

// release tells that home forgets a fact without a user.
func (r *resolution) release(user string, c Child) {
	if user == "" && r.env.Forget != nil {
		r.env.Forget(c)
	}
}

// schedule says when the journey has something to do next.
func (r *resolution) schedule() {
	j := r.j
	j.Until, j.Wake, j.Write = event.MinTime, event.MaxTime, event.MaxTime
	set := r.env.Settings
	for _, c := range r.facts {
		if c.guest != nil {
			continue
		}
		if !c.settled {
			j.Until = max(j.Until, c.e.EventTime.Add(set.InversionMax))
			r.wakeAt(r.env.clickSettlesAt(c.click, false))
		}
		r.wakeAt(r.env.clickExpires(c))
		if !c.wrote.there {
			j.Write = min(j.Write, c.hold)
		}
	}
	for _, c := range r.convs {
		at := c.e.EventTime
		if !c.settled {
			j.Until = max(j.Until, at)
			r.wakeAt(r.env.pathSettlesAt(c.conversion))
		}
		r.wakeAt(at.Add(set.Horizon.Conversion + set.Slack))
		r.wakeAt(r.env.conversionExpires(at))
		if at > r.env.Watermark {
			j.Write = min(j.Write, at)
		}
	}
	for i := range j.convs {
		if c := &j.convs[i]; c.e.Adjustment != event.New {
			settles := r.env.adjustSettlesAt(c)
			r.wakeAt(settles)
			r.wakeAt(r.env.conversionExpires(c.e.EventTime))
			if c.applied == adjustOpen && settles >= r.env.Watermark {
				j.Write = min(j.Write, settles+1)
			}
		}
	}
}

// wakeAt asks for the journey to be opened once the frontier has passed t.
func (r *resolution) wakeAt(t event.Time) {
	if t >= r.env.Frontier {
		r.j.Wake = min(r.j.Wake, t)
	}
}
