package journey

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
)

// Children without a user (semantics R3, R-R3). Such a record has its home in
// the timeline of its own id, which judges it, writes its rows and alone counts
// it. What home needs from elsewhere goes round in two kinds of message:
//
//	home   -> all      Notice: this fact exists, this timeline keeps it
//	lender -> home     Loan: this is what it would have with me
//
// A timeline in which the fact may have its parent has it as a Guest. It always
// says what it can lend; only where it is the keeper does the guest take part in
// anything else. Who keeps a click depends on impressions alone, what a
// conversion is lent on clicks, what counts on both: so a change goes round a
// bounded number of times and then everything is quiet (Hops).

// Hops is how many messages one after the other a record can set off, at most:
// notice of a click, offer, word of its keeper, offer of a conversion, word of
// its keeper, count; and as much again as margin.
const Hops = 12

// The kinds of Child.
const (
	ClickChild      = 'c'
	ConversionChild = 'v'
	AdjustmentChild = 'a'
)

// Child names a fact without a user: its home, what it is, and its key there,
// for an adjustment its fingerprint in hex.
type Child struct {
	Home event.Route
	Kind byte
	Key  string
}

// Compare orders children.
func (c Child) Compare(d Child) int {
	return cmp.Or(cmp.Compare(c.Home, d.Home), cmp.Compare(c.Kind, d.Kind), strings.Compare(c.Key, d.Key))
}

// Notice is what home says about a fact.
type Notice struct {
	Child
	Rev    uint64 // grows; of two notices the one with the larger counts
	There  bool   // false: it is a fact no more, and nothing below is set
	Keeper event.Route
	Kept   bool // there is a keeper
	Barred bool // a conversion that takes no part in C1 (R-C1: the earlier reasons)

	Click      event.Click      // of a ClickChild
	Conversion event.Conversion // of the others
}

// Envelope is that of the record.
func (n *Notice) Envelope() *event.Envelope {
	if n.Kind == ClickChild {
		return &n.Click.Envelope
	}
	return &n.Conversion.Envelope
}

// Guest is a child without a user in one timeline that may hold its parent.
type Guest struct {
	Child
	Kept, Barred bool
	Gone         bool   // Resolve sets it: nothing asks for it any more
	Sent         uint64 // hash of what was lent last, 0 for nothing ever
	Saved        uint64 // for its holder

	c       click      // of a ClickChild
	v       conversion // of the others
	parent  offered    // of a conversion that is settled
	lending bool       // of the same: there is something to lend
}

// offered is by what offers are compared, the lender aside (R-R3.3).
type offered struct {
	old  bool // the original is too far away (R-R3.8)
	user bool // the parent has a user
	step uint8
	at   event.Time
	key  string
}

// NewGuest is the guest of a notice. It keeps the notice's text.
func NewGuest(n *Notice) *Guest {
	g := &Guest{Child: n.Child}
	if n.Kind == ClickChild {
		g.c = click{e: n.Click, print: fact.Print(&n.Click.Print), verdict: g.verdict(&n.Click.Envelope, n.Click.ID)}
		return g
	}
	g.v = conversion{e: n.Conversion, print: fact.Print(&n.Conversion.Print)}
	g.v.verdict = g.verdict(&n.Conversion.Envelope, n.Conversion.ID)
	return g
}

// Renew brings a guest in line with a later notice. Where it states the same
// record, what is settled stands.
func (g *Guest) Renew(n *Notice) {
	now := NewGuest(n)
	now.Sent, now.Saved, now.Kept, now.Barred = g.Sent, g.Saved, g.Kept, g.Barred
	if was, is := g.envelope(), now.envelope(); was.Print == is.Print && was.EventTime == is.EventTime {
		now.parent, now.lending = g.parent, g.lending
		now.c.settled, now.c.match = g.c.settled, g.c.match
		now.v.settled, now.v.path, now.v.lost = g.v.settled, g.v.path, g.v.lost
	}
	*g = *now
}

func (g *Guest) verdict(_ *event.Envelope, id string) fact.Verdict {
	return fact.Verdict{Class: fact.Fact, Reused: g.Kind != AdjustmentChild && g.Key != id}
}

func (g *Guest) envelope() *event.Envelope {
	if g.Kind == ClickChild {
		return &g.c.e.Envelope
	}
	return &g.v.e.Envelope
}

func clickChild(c *clickFact) Child {
	return Child{Home: c.e.Route, Kind: ClickChild, Key: c.key}
}

func conversionChild(c *convFact) Child {
	return Child{Home: c.e.Route, Kind: ConversionChild, Key: c.key}
}

func adjustmentChild(a *conversion) Child {
	return Child{Home: a.e.Route, Kind: AdjustmentChild, Key: hex.EncodeToString(a.e.Print[:])}
}

// loanOf is what home was lent for a record of its own, nil for nothing.
func (r *resolution) loanOf(c Child, print uint64, at event.Time) *Loan {
	if r.env.Loan == nil {
		return nil
	}
	return r.env.Loan(c, print, at)
}

// Settles is the frontier beyond which nothing can come that changes what a
// child without a user has: as for any other of its time, and not before every
// message that its record set off has arrived.
func (e *Env) Settles(kind byte, v *event.Envelope) event.Time {
	var at event.Time
	switch kind {
	case ClickChild:
		at = e.clickSettles(v.EventTime)
	case ConversionChild:
		at = e.pathSettles(v.EventTime)
	default:
		at = e.adjustSettles(v.EventTime)
	}
	return max(at, v.Ingest.Add(e.Settings.Slack))
}

func (e *Env) clickSettlesAt(c *click, guest bool) event.Time {
	if guest || c.e.UserID == "" {
		return e.Settles(ClickChild, &c.e.Envelope)
	}
	return e.clickSettles(c.e.EventTime)
}

func (e *Env) pathSettlesAt(c *conversion) event.Time {
	if c.e.UserID == "" {
		return e.Settles(ConversionChild, &c.e.Envelope)
	}
	return e.pathSettles(c.e.EventTime)
}

func (e *Env) adjustSettlesAt(c *conversion) event.Time {
	if c.e.UserID == "" {
		return e.Settles(AdjustmentChild, &c.e.Envelope)
	}
	return e.adjustSettles(c.e.EventTime)
}

// admitGuests brings in the guests of the timeline.
func (r *resolution) admitGuests() {
	if r.env.Guests == nil {
		return
	}
	r.guests = r.env.Guests(r.j.route)
	for _, g := range r.guests {
		switch g.Kind {
		case ClickChild:
			r.lentClicks = append(r.lentClicks, &clickFact{click: &g.c, key: g.Key, guest: g})
		case ConversionChild:
			r.lentConvs = append(r.lentConvs, r.convFactOf(&g.v, g.Key, g))
		}
	}
}

// seatClicks makes the kept guests among the clicks, once they are matched, part
// of the timeline (R-R3.4).
func (r *resolution) seatClicks() {
	if len(r.lentClicks) == 0 {
		return
	}
	for _, c := range r.lentClicks {
		if c.guest.Kept && c.match.matched() {
			r.facts = append(r.facts, c)
		}
	}
	slices.SortStableFunc(r.facts, func(a, b *clickFact) int {
		return cmp.Or(
			cmp.Compare(a.e.EventTime, b.e.EventTime), strings.Compare(a.e.ID, b.e.ID),
			cmp.Compare(fact.Bit(a.guest != nil), fact.Bit(b.guest != nil)), strings.Compare(a.key, b.key),
		)
	})
}

// withoutTwins leaves out kept clicks whose key an eligible click of the
// timeline's own has (R-R3.5).
func withoutTwins(list []found) []found {
	for i := range list {
		if !list[i].lent {
			continue
		}
		for k := range list {
			if own := &list[k]; own.click && !own.lent && own.id == list[i].id {
				own.named = own.named || list[i].named
				list[i].twin = true
			}
		}
	}
	return slices.DeleteFunc(list, func(f found) bool { return f.twin })
}

// counted is every conversion that C1 looks at in this timeline, in order.
func (r *resolution) counted() []*convFact {
	if len(r.lentConvs) == 0 {
		return r.convs
	}
	list := slices.Clone(r.convs)
	for _, c := range r.lentConvs {
		if c.guest.Kept {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b *convFact) int {
		return cmp.Or(
			cmp.Compare(a.e.EventTime, b.e.EventTime), strings.Compare(a.e.ID, b.e.ID),
			cmp.Compare(fact.Bit(a.guest != nil), fact.Bit(b.guest != nil)), strings.Compare(a.key, b.key),
		)
	})
	return list
}

// findLentPaths finds what each guest among the conversions could be credited
// to here, and by which parent (R-R3.6).
func (r *resolution) findLentPaths() {
	for _, c := range r.lentConvs {
		g := c.guest
		if c.settled {
			c.path = c.conversion.path
		} else {
			g.parent, g.lending, c.path = offered{}, false, path{}
			if p, ok := r.namedParent(c); ok {
				c.path = r.pathOf(c)
				g.parent, g.lending = p, len(c.path.touches) > 0
			}
		}
		c.attributed = r.env.Watermark >= c.e.EventTime
		if c.attributed {
			r.credit(c)
		}
	}
}

// namedParent is the click or impression of this timeline that a guest names.
func (r *resolution) namedParent(c *convFact) (offered, bool) {
	if f := r.namedClick(c); f != nil {
		user := f.e.UserID != "" || f.guest != nil && f.match.parent.User
		return offered{user: user, step: 1, at: f.e.EventTime, key: f.key}, true
	}
	age := c.e.Ingest.Sub(c.e.EventTime)
	if c.e.ImpressionID == "" || age > r.env.Settings.ViewLateness {
		return offered{}, false
	}
	var best *View
	for i := range r.views {
		v := &r.views[i]
		d := c.e.EventTime.Sub(v.At)
		if v.WireID != c.e.ImpressionID || d < -r.env.Settings.InversionMax || d > r.settingsOf(v.Campaign, c).Windows.ViewThrough {
			continue
		}
		if best == nil || best.At == v.At || fact.Nearer(v.At, best.At, c.e.EventTime, r.env.Settings.ClockTolerance) {
			best = v
		}
	}
	if best == nil {
		return offered{}, false
	}
	return offered{user: best.User, step: 2, at: best.At, key: best.ID}, true
}

// adjustByGuests applies the adjustments that are guests here (R-R3.8).
func (r *resolution) adjustByGuests() {
	for _, g := range r.guests {
		if g.Kind != AdjustmentChild {
			continue
		}
		g.lending = false
		o := r.originalOf(&g.v.e)
		if o == nil {
			continue
		}
		old := g.v.e.EventTime.Sub(o.e.EventTime) > r.env.Settings.OrderHorizon
		g.lending = true
		g.parent = offered{old: old, user: o.e.UserID != "", step: 1, at: o.e.EventTime, key: o.key}
		if g.Kept && !old && (o.adjust == nil || decides(&g.v, o.adjust)) {
			o.adjust = &g.v
		}
	}
}

// lend says what each guest has here.
func (r *resolution) lend() {
	for _, c := range r.lentClicks {
		var l *Loan
		if c.match.matched() {
			p := &c.match.parent
			step := uint8(1)
			if c.match.method == fact.ByAuction {
				step = 2
			}
			l = r.loan(c.guest, offered{user: p.User, step: step, at: p.At, key: p.ID})
			l.match = c.match
		}
		r.env.Lend(c.guest, l)
	}
	for _, c := range r.lentConvs {
		var l *Loan
		if c.guest.lending {
			l = r.loan(c.guest, c.guest.parent)
			l.path, l.lost = c.path, c.reason == countOne
		}
		r.env.Lend(c.guest, l)
	}
	for _, g := range r.guests {
		if g.Kind == AdjustmentChild {
			var l *Loan
			if g.lending {
				l = r.loan(g, g.parent)
			}
			r.env.Lend(g, l)
		}
	}
}

func (r *resolution) loan(g *Guest, p offered) *Loan {
	e := g.envelope()
	return &Loan{
		Child: g.Child, Lender: r.j.route, There: true,
		Print: fact.Print(&e.Print), At: e.EventTime, offered: p,
	}
}

// announce says which facts without a user are at home here. Only those that
// may have a parent elsewhere are worth a word.
func (r *resolution) announce() {
	if r.env.Announce == nil {
		return
	}
	for _, c := range r.facts {
		if c.guest != nil || c.e.UserID != "" || c.e.ImpressionID == "" && c.e.AuctionID == "" ||
			c.e.Ingest.Sub(c.e.EventTime) > r.env.Settings.ClickLateness {
			continue
		}
		r.env.Announce(&Notice{Child: clickChild(c), There: true, Click: c.e})
	}
	for _, c := range r.convs {
		if c.e.UserID == "" {
			retracted := c.adjust != nil && c.adjust.e.Adjustment == event.Retract
			r.env.Announce(&Notice{Child: conversionChild(c), There: true, Barred: c.dup || retracted, Conversion: c.e})
		}
	}
	for i := range r.j.convs {
		a := &r.j.convs[i]
		if a.e.UserID == "" && a.e.Adjustment != event.New && a.verdict.Class == fact.Fact {
			r.env.Announce(&Notice{Child: adjustmentChild(a), There: true, Conversion: a.e})
		}
	}
}

// settleGuests fixes what can change no more of the guests.
func (r *resolution) settleGuests() {
	for _, c := range r.lentClicks {
		if !c.settled && r.env.Frontier > r.env.clickSettlesAt(c.click, true) {
			c.settled = true
			c.click.match = c.match
		}
	}
	for _, c := range r.lentConvs {
		if !c.settled && r.env.Frontier > r.env.pathSettlesAt(c.conversion) {
			c.settled = true
			c.conversion.path = c.path
		}
	}
}

// forgetGuests lets go of the guests that nothing can ask for: those kept
// elsewhere once they are settled, those kept here when an own record would go.
func (r *resolution) forgetGuests() {
	now := r.env.Frontier
	for _, c := range r.lentClicks {
		c.guest.Gone = now > r.guestClickExpires(c)
	}
	for _, c := range r.lentConvs {
		c.guest.Gone = now > r.guestConversionExpires(c.guest) && (!c.guest.Kept || c.attributed)
		if c.guest.Gone && c.guest.Kept {
			r.loseCounts(c)
		}
	}
	for _, g := range r.guests {
		if g.Kind == AdjustmentChild {
			g.Gone = now > r.guestConversionExpires(g)
		}
	}
}

func (r *resolution) guestClickExpires(c *clickFact) event.Time {
	settles := r.env.clickSettlesAt(c.click, true)
	if !c.guest.Kept {
		return settles
	}
	return max(settles, r.env.clickExpires(c))
}

func (r *resolution) guestConversionExpires(g *Guest) event.Time {
	settles := r.env.Settles(g.Kind, g.envelope())
	if !g.Kept {
		return settles
	}
	return max(settles, r.env.conversionExpires(g.v.e.EventTime))
}

// scheduleGuests is schedule for the guests.
func (r *resolution) scheduleGuests() {
	j := r.j
	for _, c := range r.lentClicks {
		if !c.settled {
			j.Until = max(j.Until, c.e.EventTime.Add(r.env.Settings.InversionMax))
			r.wakeAt(r.env.clickSettlesAt(c.click, true))
		}
		r.wakeAt(r.guestClickExpires(c))
	}
	for _, c := range r.lentConvs {
		if !c.settled {
			j.Until = max(j.Until, c.e.EventTime.Add(r.env.Settings.InversionMax))
			r.wakeAt(r.env.pathSettlesAt(c.conversion))
		}
		r.wakeAt(r.guestConversionExpires(c.guest))
		if c.e.EventTime > r.env.Watermark {
			j.Write = min(j.Write, c.e.EventTime)
		}
	}
	for _, g := range r.guests {
		if g.Kind == AdjustmentChild {
			r.wakeAt(r.guestConversionExpires(g))
		}
	}
}
