package correlate

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/actors/correlate/journey"
	"github.com/advertisex/adjoin/internal/event"
)

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
		link := event.Link{All: r.Bool(), Route: event.Route(r.Fixed64())}
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
	w.said, w.print, w.at, w.by = r.Fixed64(), r.Fixed64(), r.Time(), event.Route(r.Fixed64())
	w.loans = make([]journey.Loan, r.Count(11))
	for i := range w.loans {
		in := fact.ReaderOf(slices.Clone(r.Bytes()), nil)
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
	in := fact.ReaderOf(g.bytes, nil)
	journey.ReadNotice(in, &g.Notice)
	g.until = r.Time()
	if in.Bad || len(in.Rest) != 0 || g.Child != c {
		r.Fail()
		return
	}
	for n := r.Count(12); n > 0 && !r.Bad; n-- {
		at := journey.NewGuest(&g.Notice)
		route := event.Route(r.Fixed64())
		until, wake, write := r.Time(), r.Time(), r.Time()
		state := fact.ReaderOf(slices.Clone(r.Bytes()), nil)
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
