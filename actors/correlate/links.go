package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

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

// Link applies one link. What the shard keeps of it aliases the body, which must
// not change afterwards: one body serves every shard that hears a notice. A body
// that no shard of this version wrote is ErrCorrupt.
func (s *Shard) Link(body []byte) error {
	if len(body) < 2 || body[0] != linkVersion {
		return ErrCorrupt
	}
	r := fact.ReaderOf(body[2:], nil)
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
	s.scratch.buf = journey.AppendNotice(s.scratch.buf[:0], n)
	hash := xxh3.Hash(s.scratch.buf)
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
	s.scratch.buf = journey.AppendLoan(s.scratch.buf[:0], l)
	hash := xxh3.Hash(s.scratch.buf)
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
