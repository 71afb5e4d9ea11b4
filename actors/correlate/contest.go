package correlate

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// A contest is an id of an impression or a bid under which more than one record
// came (D1 to D3). It knows all of them, decides at a cut which are facts, and
// sees to it that the rows of state, the aggregates, the ledger, the conflict
// rows and, in the next cut, the streamed table follow. Ids with one record,
// nearly all, have no contest, and neither have ids whose further records are
// exact duplicates that come later in the order: those are only counted.

// contestKey names a contest. Bids are named by their auction's hash.
type contestKey struct {
	kind    event.Kind
	route   event.Route
	auction uint64
	id      string
}

type contest struct {
	key     contestKey
	number  uint64   // names it in Shard.contestDue
	members []member // in the order of D1, one for each (event time, fingerprint)
	written []written
	reused  bool // an earlier fact of the id has expired, so all here are reuses
	dirty   bool // to be settled at the cut
	waiting bool // to be streamed at the next Begin
	changed bool // to be written in the next segment
}

// member is the record of a contest with the least position among its equals.
type member struct {
	at       event.Time
	print    uint64
	pos      event.Position
	ingest   event.Time
	flags    event.Flags
	campaign string    // declared
	row      uint32    // ordinal+1 of its row in state, 0 none
	place    *rowPlace // of the row while a restore is under way
	whole    []byte    // the record, nil when it came before there was a contest
	recall   bool      // has been asked for
	gone     bool      // its row has expired: nothing it says can change
	verdict  fact.Verdict
	reject   fact.RejectRow
}

// written is a key of the streamed table and the record its row states.
type written struct {
	reused bool // the key carries the time
	at     event.Time
	print  uint64
	pos    event.Position
	slots  []slotKey // of a bid: the keys of its rows
}

type slotKey struct{ imp, bid string }

// enter puts a record into a contest. An equal of a member is a duplicate, or
// takes its place when its position is smaller.
func (s *Shard) enter(c *contest, e *event.Envelope, campaign string, whole []byte) {
	print := fact.Print(&e.Print)
	i, found := slices.BinarySearchFunc(c.members, e.EventTime, func(m member, _ event.Time) int {
		return fact.Compare(m.at, m.print, e.EventTime, print)
	})
	if found {
		m := &c.members[i]
		if e.Position.Compare(m.pos) >= 0 {
			s.ledger.Count(e.Partition, e.Ingest, fact.Duplicate, 1)
			return
		}
		s.ledger.Count(m.pos.Partition, m.ingest, m.verdict.Class, -1)
		s.ledger.Count(m.pos.Partition, m.ingest, fact.Duplicate, 1)
		s.ledger.Count(e.Partition, e.Ingest, m.verdict.Class, 1)
	} else {
		c.members = slices.Insert(c.members, i, member{at: e.EventTime, print: print})
	}
	m := &c.members[i]
	m.pos, m.ingest, m.flags = e.Position, e.Ingest, e.Flags
	m.pos.Topic = strings.Clone(m.pos.Topic)
	m.campaign = strings.Clone(campaign)
	m.whole = whole
	s.stir(c)
}

// stir has a contest settled at the cut.
func (s *Shard) stir(c *contest) {
	if !c.dirty {
		c.dirty = true
		s.stirred = append(s.stirred, c)
	}
}

// settle decides a contest again and applies what changed.
func (s *Shard) settle(c *contest) {
	c.dirty = false
	s.contestChanged(c)
	now := make([]fact.Verdict, len(c.members))
	at := make([]event.Time, len(c.members))
	print := make([]uint64, len(c.members))
	for i := range c.members {
		at[i], print[i] = c.members[i].at, c.members[i].print
	}
	fact.Walk(at, print, s.cfg.Settings.Conflict.Of(c.key.kind), c.reused, now)
	for i := range c.members {
		m := &c.members[i]
		if m.verdict.Class != now[i].Class {
			s.ledger.Count(m.pos.Partition, m.ingest, m.verdict.Class, -1)
			s.ledger.Count(m.pos.Partition, m.ingest, now[i].Class, 1)
		}
		m.verdict = now[i]
		s.writeConflict(c, m)
	}
	if c.key.kind == event.KindBid {
		s.settleBids(c)
	} else {
		s.settleImpressions(c)
	}
	if !c.waiting && c.stale() {
		c.waiting = true
		s.waiting = append(s.waiting, c)
	}
	s.contestDue.Push(s.contestEnd(c), c.number)
}

// contestEnd is where the frontier has to be for a contest to be over: no
// record can come that any of its members is within the horizon of.
func (s *Shard) contestEnd(c *contest) event.Time {
	set := &s.cfg.Settings
	last := c.members[len(c.members)-1].at
	return last.Add(set.Conflict.Of(c.key.kind) + set.Horizon.Of(c.key.kind) + set.Slack)
}

// newContest makes a contest of the rows that state has of an id. Their
// verdicts are what they were when the rows were made.
func (s *Shard) newContest(k contestKey, members []member, reused bool) *contest {
	s.contestSeq++
	c := &contest{key: k, number: s.contestSeq, members: members, reused: reused}
	c.key.id = strings.Clone(k.id)
	slices.SortFunc(c.members, func(a, b member) int { return fact.Compare(a.at, a.print, b.at, b.print) })
	s.contests[c.key] = c
	s.contestByNumber[c.number] = c
	return c
}

// dropContest forgets a contest; its rows stay.
func (s *Shard) dropContest(c *contest) {
	delete(s.contests, c.key)
	delete(s.contestByNumber, c.number)
	for i := range c.members {
		if m := &c.members[i]; m.row != 0 {
			s.setContested(c.key.kind, m.row-1, false)
		}
	}
	s.contestGone = append(s.contestGone, c.key)
}

// expireContests drops what is over.
func (s *Shard) expireContests() {
	for {
		t, ok := s.contestDue.Pop(s.frontier)
		if !ok {
			return
		}
		c := s.contestByNumber[t.What]
		if c == nil {
			continue
		}
		if end := s.contestEnd(c); c.waiting || c.dirty || end >= s.frontier {
			s.contestDue.Push(max(end, s.frontier), c.number)
			continue
		}
		s.dropContest(c)
	}
}

// contestChanged has a contest written in the next segment.
func (s *Shard) contestChanged(c *contest) {
	if !c.changed {
		c.changed = true
		s.contestFresh = append(s.contestFresh, c)
	}
}

// stale reports whether the streamed table does not say yet what is decided.
func (c *contest) stale() bool {
	facts := 0
	for i := range c.members {
		m := &c.members[i]
		if m.verdict.Class != fact.Fact || m.gone {
			continue
		}
		facts++
		if w := c.writtenUnder(m); w == nil || !w.states(m) {
			return true
		}
	}
	return facts < len(c.written)-c.goneKeys()
}

// goneKeys counts the keys whose fact has expired: they stay as they are.
func (c *contest) goneKeys() int {
	n := 0
	for i := range c.members {
		if m := &c.members[i]; m.gone && m.verdict.Class == fact.Fact {
			n++
		}
	}
	return n
}

// writtenUnder is what the streamed table has under the key of a fact.
func (c *contest) writtenUnder(m *member) *written {
	for i := range c.written {
		w := &c.written[i]
		if w.reused == m.verdict.Reused && (!w.reused || w.at == m.at) {
			return w
		}
	}
	return nil
}

func (w *written) states(m *member) bool {
	return w.at == m.at && w.print == m.print && w.pos == m.pos
}

// writeConflict writes the row of a conflict, corrects or deletes it (R-D2).
func (s *Shard) writeConflict(c *contest, m *member) {
	field := "impression_id"
	if c.key.kind == event.KindBid {
		field = "auction_id"
	}
	s.rows.Conflict(&m.reject, m.verdict, fact.Record{
		Pos: m.pos, Ingest: m.ingest, Flags: m.flags, At: m.at, Print: m.print,
		Field: field, Campaign: m.campaign,
	})
}

// wholeOf is a record as state keeps it: the ordinal of its partition, then its
// bytes.
func (s *Shard) wholeOf(p event.Partition, append func([]byte, *wire.Base) []byte) []byte {
	b := binary.AppendUvarint(nil, uint64(s.ledger.Of(p)))
	return append(b, &wire.Base{Partition: p})
}

// openWhole is the base and the bytes of what wholeOf wrote.
func (s *Shard) openWhole(whole []byte) (wire.Base, []byte, bool) {
	n, k := binary.Uvarint(whole)
	if k <= 0 || n >= uint64(s.ledger.Len()) {
		return wire.Base{}, nil, false
	}
	return wire.Base{Partition: s.ledger.Partition(uint32(n))}, whole[k:], true
}
