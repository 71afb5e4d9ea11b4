package correlate

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/actors/correlate/journey"
	"github.com/advertisex/adjoin/internal/event"
)

// Timelines tell each other about children without a user by links (semantics
// R3; package journey, guest.go, says what is said). This file is a shard's end
// of it: what its homes have announced and been lent (wards), what others have
// announced to it (guests), and who of those sits in which timeline (hosts).
//
// A link leaves with a cut and is part of the state until the next one, so it
// says only what is committed, and whoever sends it again after a crash sends
// the same. Its revision is the number of the cut.

// A ward is a fact without a user that is at home here and has been announced.
type ward struct {
	journey.Child
	said  uint64 // hash of the last notice
	print uint64 // of the record that is the fact now
	at    event.Time
	fixed bool // its keeper stays, whatever is lent
	kept  bool
	by    event.Route // the keeper
	loans []journey.Loan
	seen  bool // announced in the Resolve under way
}

// guest is a fact without a user that has been announced to every shard.
type guest struct {
	journey.Notice
	bytes []byte // the notice; its text aliases them
	hosts []event.Route
	until event.Time // without a host, nothing asks for it beyond this frontier
}

// host is a timeline with guests.
type host struct {
	guests             []*journey.Guest
	until, wake, write event.Time // as in journey.Journey
}

// links is that end.
type links struct {
	wards  map[event.Route][]*ward
	guests map[journey.Child]*guest
	hosts  map[event.Route]*host
	watch  map[uint64][]*guest // by the hash of what they name
	known  map[uint64][]*guest // guests among the clicks by the hash of their id
	named  names               // of rows and journeys, once somebody asks

	unseated map[journey.Child]struct{} // guests to be given seats at the cut
	outbox   []event.Link               // of the cut that is open, then of the last
	due      event.Time                 // least wake of a host or until of a guest
	dueWrite event.Time                 // least write of a host

	freshWards  map[journey.Child]struct{} // changed since the last segment
	freshGuests map[journey.Child]struct{}
}

func (l *links) init() {
	l.wards = make(map[event.Route][]*ward)
	l.guests = make(map[journey.Child]*guest)
	l.hosts = make(map[event.Route]*host)
	l.watch = make(map[uint64][]*guest)
	l.known = make(map[uint64][]*guest)
	l.unseated = make(map[journey.Child]struct{})
	l.freshWards = make(map[journey.Child]struct{})
	l.freshGuests = make(map[journey.Child]struct{})
	l.due, l.dueWrite = event.MaxTime, event.MaxTime
}

// busy reports whether there is anything that links are about.
func (l *links) busy() bool { return len(l.wards)+len(l.guests)+len(l.outbox) > 0 }

// LinkHops is how many links a record can set off one after the other, at most.
const LinkHops = journey.Hops

// What a link's body begins with.
const (
	linkVersion = 1
	linkNotice  = 'N'
	linkLoan    = 'L'
)

// Linked reports whether the shard has to do with children without a user.
func (s *Shard) Linked() bool { return s.links.busy() }

// Outbox is the links of the last cut. After a Restore they are sent again:
// whether they had been sent is not known, and twice does no harm.
func (s *Shard) Outbox() []event.Link { return s.links.outbox }

// Link applies one link. A body that no shard of this version wrote is ErrCorrupt.
func (s *Shard) Link(body []byte) error {
	if len(body) < 2 || body[0] != linkVersion {
		return ErrCorrupt
	}
	r := &fact.Reader{Rest: slices.Clone(body[2:])}
	switch body[1] {
	case linkNotice:
		g := &guest{bytes: r.Rest}
		journey.ReadNotice(r, &g.Notice)
		if r.Bad || len(r.Rest) != 0 {
			return ErrCorrupt
		}
		s.hear(g)
	case linkLoan:
		var l journey.Loan
		journey.ReadLoan(r, &l)
		if r.Bad || len(r.Rest) != 0 {
			return ErrCorrupt
		}
		s.borrow(l)
	default:
		return ErrCorrupt
	}
	return nil
}

// borrow takes in a loan, unless it is older than what is there.
func (s *Shard) borrow(l journey.Loan) {
	w := s.links.ward(l.Child)
	if w == nil {
		return
	}
	i, found := slices.BinarySearchFunc(w.loans, l.Lender, func(have journey.Loan, lender event.Route) int {
		return cmp.Compare(have.Lender, lender)
	})
	switch {
	case found && w.loans[i].Rev >= l.Rev:
		return
	case found:
		w.loans[i] = l
	default:
		w.loans = slices.Insert(w.loans, i, l)
	}
	s.links.freshWards[w.Child] = struct{}{}
	s.openJourney(w.Home)
}

func (l *links) ward(c journey.Child) *ward {
	for _, w := range l.wards[c.Home] {
		if w.Child == c {
			return w
		}
	}
	return nil
}

// lent is the loan that home uses for a record: the first by R-R3.3.
func (w *ward) lent(print uint64, at event.Time) *journey.Loan {
	var best *journey.Loan
	fixed := w.fixed && w.print == print && w.at == at
	for i := range w.loans {
		l := &w.loans[i]
		switch {
		case !l.There, l.Print != print, l.At != at, fixed && (!w.kept || l.Lender != w.by):
		case best == nil || l.Compare(best) < 0:
			best = l
		}
	}
	return best
}

// linkEnv adds to env what connects the timelines of this shard with others.
func (s *Shard) linkEnv(env *journey.Env) {
	l := &s.links
	env.Announce = s.announce
	env.Loan = func(c journey.Child, print uint64, at event.Time) *journey.Loan {
		if w := l.ward(c); w != nil {
			return w.lent(print, at)
		}
		return nil
	}
	env.Fix = func(c journey.Child) {
		if w := l.ward(c); w != nil && !w.fixed {
			w.fixed = true
			l.freshWards[c] = struct{}{}
		}
	}
	env.Forget = func(c journey.Child) { l.dropWard(c) }
	env.Guests = func(r event.Route) []*journey.Guest {
		if h := l.hosts[r]; h != nil {
			return h.guests
		}
		return nil
	}
	env.Lend = s.lend
}

func (l *links) dropWard(c journey.Child) {
	list := slices.DeleteFunc(l.wards[c.Home], func(w *ward) bool { return w.Child == c })
	l.freshWards[c] = struct{}{}
	if l.wards[c.Home] = list; len(list) == 0 {
		delete(l.wards, c.Home)
	}
}

// announce tells every shard about a fact, if it has news.
func (s *Shard) announce(n *journey.Notice) {
	l := &s.links
	w := l.ward(n.Child)
	if w == nil {
		w = &ward{Child: n.Child}
		w.Key = strings.Clone(w.Key)
		l.wards[n.Home] = append(l.wards[n.Home], w)
	}
	w.seen = true
	if print, at := fact.Print(&n.Envelope().Print), n.Envelope().EventTime; w.print != print || w.at != at {
		w.print, w.at, w.fixed = print, at, false // another record is the fact now
		l.freshWards[w.Child] = struct{}{}
	}
	if !w.fixed {
		w.kept, w.by = false, 0
		if best := w.lent(w.print, w.at); best != nil {
			w.kept, w.by = true, best.Lender
		}
	}
	n.Kept, n.Keeper = w.kept, w.by
	s.say(w, n)
}

// say sends a notice that says something new.
func (s *Shard) say(w *ward, n *journey.Notice) {
	hash := xxh3.Hash(journey.AppendNotice(nil, n))
	if w.said == hash {
		return
	}
	w.said = hash
	s.links.freshWards[w.Child] = struct{}{}
	n.Rev = s.rows.Number
	s.links.outbox = append(s.links.outbox, event.Link{
		All: true, Route: n.Home, Body: journey.AppendNotice([]byte{linkVersion, linkNotice}, n),
	})
}

// lend tells home what a guest has in a timeline of this shard, if it has news.
func (s *Shard) lend(g *journey.Guest, l *journey.Loan) {
	if l == nil {
		if g.Sent == 0 {
			return
		}
		l = &journey.Loan{Child: g.Child}
	}
	l.Lender = s.lender
	hash := xxh3.Hash(journey.AppendLoan(nil, l))
	if g.Sent == hash {
		return
	}
	g.Sent = hash
	l.Rev = s.rows.Number
	s.links.outbox = append(s.links.outbox, event.Link{
		Route: g.Home, Body: journey.AppendLoan([]byte{linkVersion, linkLoan}, l),
	})
}

// withdraw tells every shard about facts at home in a timeline that are facts no
// more.
func (s *Shard) withdraw(home event.Route) {
	for _, w := range slices.Clone(s.links.wards[home]) {
		if !w.seen {
			s.say(w, &journey.Notice{Child: w.Child})
			s.links.dropWard(w.Child)
		}
		w.seen = false
	}
}

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
		if state := xxh3.Hash(journey.AppendGuest(nil, at)); due || at.Gone || at.Saved != state {
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

// appendLinks writes what changed of wards and guests, and the outbox.
func (s *Shard) appendLinks(b []byte, base bool) []byte {
	l := &s.links
	if base {
		clear(l.freshWards)
		clear(l.freshGuests)
		for _, list := range l.wards {
			for _, w := range list {
				l.freshWards[w.Child] = struct{}{}
			}
		}
		for c := range l.guests {
			l.freshGuests[c] = struct{}{}
		}
	}
	b = binary.AppendUvarint(b, uint64(len(l.freshWards)))
	for _, c := range slices.SortedFunc(maps.Keys(l.freshWards), journey.Child.Compare) {
		b = appendWard(b, c, l.ward(c))
	}
	b = binary.AppendUvarint(b, uint64(len(l.freshGuests)))
	for _, c := range slices.SortedFunc(maps.Keys(l.freshGuests), journey.Child.Compare) {
		b = l.appendGuest(b, c, l.guests[c])
	}
	b = binary.AppendUvarint(b, uint64(len(l.outbox)))
	for i := range l.outbox {
		b = append(b, byte(fact.Bit(l.outbox[i].All)))
		b = binary.LittleEndian.AppendUint64(b, uint64(l.outbox[i].Route))
		b = binary.AppendUvarint(b, uint64(len(l.outbox[i].Body)))
		b = append(b, l.outbox[i].Body...)
	}
	clear(l.freshWards)
	clear(l.freshGuests)
	return b
}

func appendWard(b []byte, c journey.Child, w *ward) []byte {
	b = journey.AppendChild(b, c)
	if w == nil {
		return append(b, 0)
	}
	b = append(b, byte(1|fact.Bit(w.fixed)<<1|fact.Bit(w.kept)<<2))
	b = binary.LittleEndian.AppendUint64(b, w.said)
	b = binary.LittleEndian.AppendUint64(b, w.print)
	b = fact.AppendTime(b, w.at)
	b = binary.LittleEndian.AppendUint64(b, uint64(w.by))
	b = binary.AppendUvarint(b, uint64(len(w.loans)))
	for i := range w.loans {
		b = appendSized(b, journey.AppendLoan(nil, &w.loans[i]))
	}
	return b
}

func appendSized(b, part []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}

func (l *links) appendGuest(b []byte, c journey.Child, g *guest) []byte {
	b = journey.AppendChild(b, c)
	if g == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	b = appendSized(b, g.bytes)
	b = fact.AppendTime(b, g.until)
	hosts := slices.Clone(g.hosts)
	slices.Sort(hosts)
	b = binary.AppendUvarint(b, uint64(len(hosts)))
	for _, r := range hosts {
		h := l.hosts[r]
		b = binary.LittleEndian.AppendUint64(b, uint64(r))
		b = fact.AppendTime(fact.AppendTime(fact.AppendTime(b, h.until), h.wake), h.write)
		b = appendSized(b, journey.AppendGuest(nil, h.guest(c)))
	}
	return b
}

func loadLinks(r *segmentReader) {
	l := &r.s.links
	for n := r.Count(11); n > 0 && !r.Bad; n-- {
		r.ward()
	}
	for n := r.Count(11); n > 0 && !r.Bad; n-- {
		r.guest()
	}
	l.outbox = nil
	for n := r.Count(10); n > 0 && !r.Bad; n-- {
		link := event.Link{All: r.Bool(), Route: event.Route(r.Uint64())}
		link.Body = slices.Clone(r.Bytes())
		l.outbox = append(l.outbox, link)
	}
	clear(l.freshWards)
}

func (r *segmentReader) ward() {
	c := journey.ReadChild(&r.Reader)
	c.Key = strings.Clone(c.Key)
	l := &r.s.links
	bits := r.Byte()
	if r.Bad {
		return
	}
	l.dropWard(c)
	if bits == 0 {
		return
	}
	w := &ward{Child: c, fixed: bits&2 != 0, kept: bits&4 != 0}
	w.said, w.print, w.at, w.by = r.Uint64(), r.Uint64(), r.Time(), event.Route(r.Uint64())
	w.loans = make([]journey.Loan, r.Count(11))
	for i := range w.loans {
		in := &fact.Reader{Rest: slices.Clone(r.Bytes())}
		journey.ReadLoan(in, &w.loans[i])
		if in.Bad || len(in.Rest) != 0 {
			r.Fail()
			return
		}
	}
	l.wards[c.Home] = append(l.wards[c.Home], w)
}

func (r *segmentReader) guest() {
	c := journey.ReadChild(&r.Reader)
	l := &r.s.links
	if have := l.guests[c]; have != nil {
		for _, at := range slices.Clone(have.hosts) {
			l.unseat(have, at)
		}
		l.unwatch(have)
		delete(l.guests, have.Child)
	}
	if r.Byte() == 0 {
		return
	}
	g := &guest{bytes: slices.Clone(r.Bytes())}
	in := &fact.Reader{Rest: g.bytes}
	journey.ReadNotice(in, &g.Notice)
	g.until = r.Time()
	if in.Bad || len(in.Rest) != 0 || g.Child != c {
		r.Fail()
		return
	}
	for n := r.Count(12); n > 0 && !r.Bad; n-- {
		at := journey.NewGuest(&g.Notice)
		route := event.Route(r.Uint64())
		until, wake, write := r.Time(), r.Time(), r.Time()
		state := &fact.Reader{Rest: slices.Clone(r.Bytes())}
		at.Saved = xxh3.Hash(state.Rest)
		journey.ReadGuest(state, at)
		if state.Bad || len(state.Rest) != 0 || slices.Contains(g.hosts, route) {
			r.Fail()
			return
		}
		l.place(g, route, at)
		h := l.hosts[route]
		h.until, h.wake, h.write = until, wake, write
		l.due, l.dueWrite = min(l.due, wake), min(l.dueWrite, write)
	}
	l.guests[g.Child] = g
	l.watchFor(g)
	l.due = min(l.due, g.until)
}
