package correlate

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/actors/correlate/journey"
	"github.com/advertisex/adjoin/internal/event"
)

// hear takes in a notice, unless it is older than what is there.
func (s *Shard) hear(g *guest) {
	l := &s.links
	have := l.guests[g.Child]
	switch {
	case have != nil && have.Rev >= g.Rev:
		return
	case have == nil && !g.There:
		return
	case have != nil:
		l.unwatch(have)
		g.hosts = have.hosts
	}
	env := journey.Env{Settings: &s.cfg.Settings}
	if g.There {
		g.until = env.Settles(g.Kind, g.Envelope())
	} else {
		g.until = have.until
	}
	l.guests[g.Child] = g
	l.watchFor(g)
	l.unseated[g.Child] = struct{}{}
	l.freshGuests[g.Child] = struct{}{}
	l.due = min(l.due, g.until)
}

// Names are compared by hashes that say what kind of name it is. A false hit
// gives a guest a seat in a timeline that has nothing for it.
func nameHash(kind byte, name string) uint64 { return column.Mix(fact.TextHash(name), uint64(kind)) }

// The kinds of name.
const (
	nameImpression = 'i'
	nameAuction    = 'a'
	nameClick      = 'c'
	nameConversion = 'v'
	nameOrder      = 'o'
)

func auctionName(auction uint64) uint64 { return column.Mix(auction, nameAuction) }

// orderName is the name of an order as journey.Names gives it.
func orderName(kind, order string) string { return kind + "\x00" + order }

// names is the hashes of what a guest names.
func (g *guest) names(f func(kind byte, hash uint64)) {
	if !g.There {
		return
	}
	text := func(kind byte, name string) {
		if name != "" {
			f(kind, nameHash(kind, name))
		}
	}
	v := &g.Conversion
	switch g.Kind {
	case journey.ClickChild:
		text(nameImpression, g.Click.ImpressionID)
		if g.Click.AuctionID != "" {
			f(nameAuction, auctionName(fact.AuctionHash(g.Click.Exchange, g.Click.AuctionID)))
		}
	case journey.ConversionChild:
		text(nameClick, v.ClickID)
		text(nameImpression, v.ImpressionID)
	default:
		if !v.Flags.Has(event.IDSynthetic) {
			text(nameConversion, v.ID)
		} else if v.OrderID != "" {
			text(nameOrder, orderName(v.Type, v.OrderID))
		}
	}
}

// impressionID is the id of the impression that a guest names, "" for none.
func (g *guest) impressionID() string {
	if g.Kind == journey.ClickChild {
		return g.Click.ImpressionID
	}
	return g.Conversion.ImpressionID
}

func (l *links) watchFor(g *guest) {
	g.names(func(_ byte, hash uint64) { l.watch[hash] = append(l.watch[hash], g) })
	if g.There && g.Kind == journey.ClickChild {
		hash := nameHash(nameClick, g.Click.ID)
		l.known[hash] = append(l.known[hash], g)
	}
}

func (l *links) unwatch(g *guest) {
	drop := func(m map[uint64][]*guest, hash uint64) {
		list := slices.DeleteFunc(m[hash], func(have *guest) bool { return have == g })
		if m[hash] = list; len(list) == 0 {
			delete(m, hash)
		}
	}
	g.names(func(_ byte, hash uint64) { drop(l.watch, hash) })
	if g.There && g.Kind == journey.ClickChild {
		drop(l.known, nameHash(nameClick, g.Click.ID))
	}
}

// watchImpression gives a seat in an impression's timeline to the guests that
// name it.
func (s *Shard) watchImpression(e *event.Impression) {
	if len(s.links.watch) == 0 {
		return
	}
	s.seatNamed(nameHash(nameImpression, e.ID), e.Route)
	if e.AuctionID != "" {
		s.seatNamed(auctionName(fact.AuctionHash(e.Exchange, e.AuctionID)), e.Route)
	}
}

// watchJourney is the same for the clicks and conversions of a timeline.
func (s *Shard) watchJourney(j *journey.Journey) {
	if len(s.links.watch) > 0 {
		j.Names(func(kind byte, name string) { s.seatNamed(nameHash(kind, name), j.Route()) })
	}
}

func (s *Shard) seatNamed(hash uint64, r event.Route) {
	for _, g := range s.links.watch[hash] {
		s.seat(g, r)
	}
}

// seat makes a fact a guest of a timeline.
func (s *Shard) seat(g *guest, r event.Route) {
	if !g.There || r == g.Home && g.Kind != journey.AdjustmentChild || s.frontier > g.until {
		return // no fact, itself, or settled: nothing that comes now concerns it
	}
	s.openJourney(r)
	if slices.Contains(g.hosts, r) {
		return
	}
	s.links.place(g, r, journey.NewGuest(&g.Notice))
	s.links.freshGuests[g.Child] = struct{}{}
}

// place puts a guest at a timeline, in the order of children.
func (l *links) place(g *guest, r event.Route, at *journey.Guest) {
	g.hosts = append(g.hosts, r)
	at.Kept, at.Barred = g.Kept && g.Keeper == r, g.Barred
	h := l.hosts[r]
	if h == nil {
		h = &host{until: event.MinTime, wake: event.MaxTime, write: event.MaxTime}
		l.hosts[r] = h
	}
	i, _ := slices.BinarySearchFunc(h.guests, at.Child, func(have *journey.Guest, c journey.Child) int { return have.Compare(c) })
	h.guests = slices.Insert(h.guests, i, at)
}

// unseat takes a guest out of a timeline.
func (l *links) unseat(g *guest, r event.Route) {
	g.hosts = slices.DeleteFunc(g.hosts, func(have event.Route) bool { return have == r })
	h := l.hosts[r]
	h.guests = slices.DeleteFunc(h.guests, func(have *journey.Guest) bool { return have.Child == g.Child })
	if len(h.guests) == 0 {
		delete(l.hosts, r)
	}
}

// seatGuests brings the seats in line with the notices that came since the last
// cut.
func (s *Shard) seatGuests() {
	l := &s.links
	for _, c := range slices.SortedFunc(maps.Keys(l.unseated), journey.Child.Compare) {
		if g := l.guests[c]; g != nil {
			s.reseat(g)
		}
	}
	clear(l.unseated)
}

func (s *Shard) reseat(g *guest) {
	l := &s.links
	for _, r := range slices.Clone(g.hosts) {
		s.openJourney(r)
		at := l.hosts[r].guest(g.Child)
		if !g.There {
			l.unseat(g, r)
			continue
		}
		at.Renew(&g.Notice)
		at.Kept, at.Barred = g.Kept && g.Keeper == r, g.Barred
	}
	g.names(func(kind byte, hash uint64) {
		for _, r := range s.holders(g, kind, hash) {
			s.seat(g, r)
		}
	})
	if !g.There || g.Kind != journey.ClickChild || !g.Kept {
		return
	}
	if slices.Contains(g.hosts, g.Keeper) { // a conversion may name a click that is kept here
		s.seatNamed(nameHash(nameClick, g.Click.ID), g.Keeper)
	}
}

func (h *host) guest(c journey.Child) *journey.Guest {
	for _, at := range h.guests {
		if at.Child == c {
			return at
		}
	}
	return nil
}

// holders is the timelines of this shard that hold what a guest names.
func (s *Shard) holders(g *guest, kind byte, hash uint64) []event.Route {
	var out []event.Route
	switch kind {
	case nameAuction:
		auction := fact.AuctionHash(g.Click.Exchange, g.Click.AuctionID)
		p := s.imps.byAuction.Probe(auction)
		for row, ok := p.Next(); ok; row, ok = p.Next() {
			if c, i := s.imps.at(row); c.auctionOf(i) == auction {
				out = append(out, s.imps.routeOf(row, &s.users))
			}
		}
	case nameImpression:
		id, form := column.Pack(g.impressionID())
		s.nameRows()
		for _, row := range s.links.named.rows.find(column.Mix(column.HashID(id, form, g.impressionID()), nameImpression)) {
			if s.imps.is(row, id, form, g.impressionID()) {
				out = append(out, s.imps.routeOf(row, &s.users))
			}
		}
	default:
		s.nameJourneys()
		for _, n := range s.links.named.journeys.find(hash) {
			out = append(out, s.journeys.Route(n))
		}
		if kind == nameClick {
			for _, c := range s.links.known[hash] {
				if c.Kept && slices.Contains(c.hosts, c.Keeper) {
					out = append(out, c.Keeper)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// openDueHosts opens the timelines whose guests have something to do.
func (s *Shard) openDueHosts() {
	l := &s.links
	if s.frontier <= l.due && s.watermark < l.dueWrite {
		return
	}
	l.due, l.dueWrite = event.MaxTime, event.MaxTime
	for r, h := range l.hosts {
		if h.wake < s.frontier || h.write <= s.watermark {
			s.openJourney(r)
			continue
		}
		l.due, l.dueWrite = min(l.due, h.wake), min(l.dueWrite, h.write)
	}
	for _, g := range l.guests {
		if len(g.hosts) == 0 {
			l.due = min(l.due, g.until)
		}
	}
}

// closeHost notes what a Resolve did to the guests of a timeline.
func (s *Shard) closeHost(j *journey.Journey) {
	l := &s.links
	h := l.hosts[j.Route()]
	if h == nil {
		return
	}
	due := h.until != j.Until || h.wake != j.Wake || h.write != j.Write
	for _, at := range slices.Clone(h.guests) {
		s.scratch.buf = journey.AppendGuest(s.scratch.buf[:0], at)
		if state := xxh3.Hash(s.scratch.buf); due || at.Gone || at.Saved != state {
			at.Saved = state
			l.freshGuests[at.Child] = struct{}{}
		}
		if at.Gone {
			g := l.guests[at.Child]
			l.unseat(g, j.Route())
			l.due = min(l.due, g.until)
		}
	}
	h.until, h.wake, h.write = j.Until, j.Wake, j.Write
	l.due, l.dueWrite = min(l.due, h.wake), min(l.dueWrite, h.write)
}

// expireGuests forgets the facts that no timeline of this shard has to do with
// and none can have any more.
func (s *Shard) expireGuests() {
	l := &s.links
	if len(l.guests) == 0 || s.frontier <= l.due {
		return
	}
	for c, g := range l.guests {
		if len(g.hosts) == 0 && s.frontier > g.until {
			l.unwatch(g)
			delete(l.guests, c)
			l.freshGuests[c] = struct{}{}
		}
	}
	if len(l.guests) == 0 {
		l.named = names{}
	}
}

// takeLinks closes the outbox of the cut.
func (s *Shard) takeLinks() []event.Link {
	slices.SortFunc(s.links.outbox, func(a, b event.Link) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), bytes.Compare(a.Body, b.Body))
	})
	return slices.Clone(s.links.outbox)
}

func (l *links) bytes() int64 {
	n := l.named.bytes()
	for _, g := range l.guests {
		n += int64(len(g.bytes)) + 400 + int64(len(g.hosts))*400
	}
	for _, list := range l.wards {
		for _, w := range list {
			n += 200 + int64(len(w.loans))*300
		}
	}
	return n
}

// viewsWithoutUser copies the live impressions in [from, to] of a timeline
// without a user: those of its auction, or those with an id that a guest names.
func (s *Shard) viewsWithoutUser(r event.Route, from, to event.Time) (views []journey.View) {
	h := s.links.hosts[r]
	if h == nil {
		return nil
	}
	rows := map[uint32]struct{}{}
	take := func(row uint32) {
		c, i := s.imps.at(row)
		if at := s.imps.time(row); c.flags[i]&impFact != 0 && s.imps.routeOf(row, &s.users) == r && at >= from && at <= to {
			rows[row] = struct{}{}
		}
	}
	p := s.imps.byAuction.Probe(max(uint64(r), 1))
	for row, ok := p.Next(); ok; row, ok = p.Next() {
		take(row)
	}
	for _, at := range h.guests {
		text := s.links.guests[at.Child].impressionID()
		if text == "" {
			continue
		}
		id, form := column.Pack(text)
		p := s.imps.byID.Probe(column.Mix(column.HashID(id, form, text), uint64(r)))
		for row, ok := p.Next(); ok; row, ok = p.Next() {
			if s.imps.is(row, id, form, text) {
				take(row)
			}
		}
	}
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		views = append(views, s.viewOf(row))
	}
	return views
}
