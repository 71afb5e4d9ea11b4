package correlate

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
)

func (s *Shard) appendContests(b []byte, base bool) []byte {
	gone := s.contestGone
	list := s.contestFresh
	if base {
		gone = nil
		list = list[:0]
		for _, c := range s.contests {
			list = append(list, c)
		}
	}
	slices.SortFunc(gone, contestKey.compare)
	slices.SortFunc(list, func(a, b *contest) int { return a.key.compare(b.key) })
	b = binary.AppendUvarint(b, uint64(len(gone)))
	for i := range gone {
		b = appendContestKey(b, &gone[i])
	}
	n := len(b)
	b = append(b, 0, 0, 0, 0)
	count := uint32(0)
	for _, c := range list {
		c.changed = false
		if s.contests[c.key] == c {
			b = s.appendContest(b, c)
			count++
		}
	}
	binary.LittleEndian.PutUint32(b[n:], count)
	s.contestFresh, s.contestGone = nil, nil
	return b
}

func (k contestKey) compare(l contestKey) int {
	return cmp.Or(
		cmp.Compare(k.kind, l.kind), cmp.Compare(k.route, l.route), cmp.Compare(k.auction, l.auction),
		strings.Compare(k.id, l.id),
	)
}

func appendContestKey(b []byte, k *contestKey) []byte {
	b = append(b, byte(k.kind))
	b = binary.LittleEndian.AppendUint64(b, uint64(k.route))
	b = binary.LittleEndian.AppendUint64(b, k.auction)
	return fact.AppendText(b, k.id)
}

func (r *segmentReader) contestKey() contestKey {
	k := contestKey{kind: event.Kind(r.Byte()), route: event.Route(r.Fixed64()), auction: r.Fixed64()}
	k.id = strings.Clone(r.Text())
	if k.kind != event.KindBid && k.kind != event.KindImpression {
		r.Fail()
	}
	return k
}

func (s *Shard) appendContest(b []byte, c *contest) []byte {
	b = appendContestKey(b, &c.key)
	b = append(b, byte(fact.Bit(c.reused)|fact.Bit(c.waiting)<<1))
	b = binary.AppendUvarint(b, uint64(len(c.members)))
	for i := range c.members {
		m := &c.members[i]
		b = fact.AppendTime(b, m.at)
		b = binary.LittleEndian.AppendUint64(b, m.print)
		b = s.ledger.AppendPosition(b, &m.pos)
		b = fact.AppendTime(b, m.ingest)
		b = binary.AppendUvarint(b, uint64(m.flags))
		b = fact.AppendText(b, m.campaign)
		b = append(b, byte(fact.Bit(m.gone)|fact.Bit(m.row != 0)<<1))
		if m.row != 0 {
			hour, i := s.placeOf(c.key.kind, m.row-1)
			b = fact.AppendTime(b, hour)
			b = binary.AppendUvarint(b, uint64(i))
		}
		b = fact.AppendText(b, string(m.whole))
		b = s.ledger.AppendStanding(b, m.verdict, &m.reject)
	}
	b = binary.AppendUvarint(b, uint64(len(c.written)))
	for i := range c.written {
		w := &c.written[i]
		b = append(b, byte(fact.Bit(w.reused)))
		b = fact.AppendTime(b, w.at)
		b = binary.LittleEndian.AppendUint64(b, w.print)
		b = s.ledger.AppendPosition(b, &w.pos)
		b = binary.AppendUvarint(b, uint64(len(w.slots)))
		for _, k := range w.slots {
			b = fact.AppendText(fact.AppendText(b, k.imp), k.bid)
		}
	}
	return b
}

// placeOf is the bucket of a row and its number there.
func (s *Shard) placeOf(k event.Kind, row uint32) (event.Time, int) {
	if k == event.KindBid {
		return s.bids.placeOf(row)
	}
	return s.imps.placeOf(row)
}

// rowOf is the row at a place, or false.
func (s *Shard) rowOf(k event.Kind, hour event.Time, i uint64) (uint32, bool) {
	if k == event.KindBid {
		return s.bids.rowOf(hour, i)
	}
	return s.imps.rowOf(hour, i)
}

// contest reads what appendContest wrote into the shard, in place of an earlier
// version of it. Rows are looked up when all segments are read: see attach.
func (r *segmentReader) contest() *contest {
	s := r.s
	c := &contest{key: r.contestKey()}
	bits := r.Byte()
	c.reused, c.waiting = bits&1 != 0, bits&2 != 0
	c.members = make([]member, r.Count(18))
	for i := range c.members {
		r.member(&c.members[i])
	}
	c.written = make([]written, r.Count(13))
	for i := range c.written {
		w := &c.written[i]
		w.reused, w.at, w.print, w.pos = r.Bool(), r.Time(), r.Fixed64(), r.Position()
		w.slots = make([]slotKey, r.Count(2))
		for k := range w.slots {
			w.slots[k] = slotKey{imp: strings.Clone(r.Text()), bid: strings.Clone(r.Text())}
		}
	}
	if len(c.members) == 0 {
		r.Fail()
	}
	if r.Bad {
		return nil
	}
	if old := s.contests[c.key]; old != nil {
		delete(s.contestByNumber, old.number)
	}
	s.contestSeq++
	c.number = s.contestSeq
	s.contests[c.key] = c
	s.contestByNumber[c.number] = c
	return c
}

func (r *segmentReader) member(m *member) {
	m.at, m.print, m.pos, m.ingest = r.Time(), r.Fixed64(), r.Position(), r.Time()
	m.flags = event.Flags(r.Uint32())
	m.campaign = strings.Clone(r.Text())
	bits := r.Byte()
	m.gone = bits&1 != 0
	if bits&2 != 0 {
		m.place = &rowPlace{hour: r.Time(), row: r.Uvarint()}
	}
	if whole := r.Bytes(); len(whole) > 0 {
		m.whole = slices.Clone(whole)
	}
	r.Standing(&m.verdict, &m.reject)
}

// rowPlace is where a segment says a member's row is.
type rowPlace struct {
	hour event.Time
	row  uint64
}

// attach finds the rows of every contest after a restore and checks that what
// is kept whole can be read. It reports false for what cannot be.
func (s *Shard) attach() bool {
	for _, c := range s.contests {
		for i := range c.members {
			m := &c.members[i]
			if m.whole != nil && !s.readable(c.key.kind, m.whole) {
				return false
			}
			if m.place == nil {
				continue
			}
			row, ok := s.rowOf(c.key.kind, m.place.hour, m.place.row)
			if !ok {
				return false
			}
			m.row, m.place = row+1, nil
			s.setContested(c.key.kind, row, true)
		}
		if c.waiting {
			s.waiting = append(s.waiting, c)
		}
		s.contestDue.Push(s.contestEnd(c), c.number)
	}
	slices.SortFunc(s.waiting, func(a, b *contest) int { return a.key.compare(b.key) })
	return true
}
