package correlate

import (
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
	"github.com/advertisex/adjoin/internal/table"
)

// repeatImpression applies a record whose id has a row.
func (s *Shard) repeatImpression(e *event.Impression, prior uint32) {
	k := contestKey{kind: event.KindImpression, route: e.Route, id: e.ID}
	c := s.contests[k]
	if c == nil {
		rows := s.rowsOf(prior, e.ID, e.Route)
		if s.laterEqual(rows, &e.Envelope) {
			s.ledger.Count(e.Partition, e.Ingest, fact.Duplicate, 1)
			return
		}
		c = s.contestImpressions(k, rows)
	}
	s.enter(c, &e.Envelope, e.CampaignID, s.wholeOf(e.Partition, func(b []byte, base *wire.Base) []byte {
		return wire.AppendImpression(b, base, e)
	}))
}

// rowsOf is every row of an id in a route; prior is one of them.
func (s *Shard) rowsOf(prior uint32, text string, r event.Route) []uint32 {
	m := &s.imps
	c, i := m.at(prior)
	f := c.flags[i].form()
	id := c.id[i]
	if f == column.Plain {
		id = column.ID{}
	}
	rows := s.scratch.rows[:0]
	p := m.byID.Probe(column.Mix(column.HashID(id, f, text), uint64(r)))
	for {
		row, ok := p.Next()
		if !ok {
			s.scratch.rows = rows
			return rows
		}
		if m.is(row, id, f, text) && m.routeOf(row, &s.users) == r {
			rows = append(rows, row)
		}
	}
}

// laterEqual reports whether the record is an exact duplicate of a fact's, and
// later in the order: then it changes nothing.
func (s *Shard) laterEqual(rows []uint32, e *event.Envelope) bool {
	for _, row := range rows {
		c, i := s.imps.at(row)
		if c.flags[i]&impFact != 0 && c.print[i] == fact.Print(&e.Print) && s.imps.time(row) == e.EventTime {
			pos := s.positionOf(row)
			return e.Position.Compare(pos) >= 0
		}
	}
	return false
}

func (s *Shard) contestImpressions(k contestKey, rows []uint32) *contest {
	var members []member
	var have []written
	reused := true
	for _, row := range rows {
		c, i := s.imps.at(row)
		f := c.flags[i]
		m := member{
			at: s.imps.time(row), print: c.print[i], pos: s.positionOf(row), ingest: s.imps.ingestTime(row),
			flags: f.recordFlags(), row: row + 1, verdict: fact.Verdict{Class: fact.Conflict},
		}
		if f&impDeclared != 0 {
			m.campaign = strings.Clone(s.dims.creative(c.creative[i]).Campaign)
		}
		if f&impFact != 0 {
			m.verdict = fact.Verdict{Class: fact.Fact, Reused: f&impReused != 0}
			reused = reused && m.verdict.Reused
			have = append(have, written{reused: m.verdict.Reused, at: m.at, print: m.print, pos: m.pos})
		}
		members = append(members, m)
		c.flags[i] |= impContested
	}
	c := s.newContest(k, members, reused)
	c.written = have
	return c
}

// settleImpressions brings the rows of state in line with the verdicts: rows
// that are facts no longer first, for an aggregate never to count both.
func (s *Shard) settleImpressions(c *contest) {
	for i := range c.members {
		if m := &c.members[i]; m.row != 0 && !s.agrees(m) {
			s.unstate(m)
		}
	}
	for i := range c.members {
		m := &c.members[i]
		if m.verdict.Class != fact.Fact || m.gone {
			continue
		}
		if m.row == 0 {
			s.insertMember(m)
			continue
		}
		if cc, k := s.imps.at(m.row - 1); cc.flags[k]&impFact == 0 {
			s.state(m)
		}
	}
}

// agrees reports whether a row says what its member does.
func (s *Shard) agrees(m *member) bool {
	row := m.row - 1
	c, i := s.imps.at(row)
	f := c.flags[i]
	if f&impFact == 0 {
		return m.verdict.Class != fact.Fact
	}
	return m.verdict.Class == fact.Fact && (f&impReused != 0) == m.verdict.Reused &&
		s.positionOf(row) == m.pos && s.imps.ingestTime(row) == m.ingest
}

// unstate makes a row no fact: it counts for nothing and nothing joins it.
func (s *Shard) unstate(m *member) {
	row := m.row - 1
	c, i := s.imps.at(row)
	if c.flags[i]&impFact == 0 {
		return
	}
	s.countImpression(row, -1)
	s.dropWin(row)
	c.flags[i] &^= impFact
	s.imps.change(row)
	s.touchJourney(s.imps.routeOf(row, &s.users), m.at)
}

// state makes a row a fact again, under the record that m now is.
func (s *Shard) state(m *member) {
	row := m.row - 1
	set := &s.cfg.Settings
	c, i := s.imps.at(row)
	age := m.ingest.Sub(m.at)
	f := c.flags[i]&^(impReused|impLate|impTooLate) | impFact
	if m.verdict.Reused {
		f |= impReused
	}
	if age > set.LateAfter {
		f |= impLate
	}
	if c.auctionOf(i) != 0 && age > set.BidLateness {
		f |= impTooLate
	}
	c.flags[i] = f&(1<<impFlagShift-1|impContested|impEvicted) | impFlags(packRecordFlags(m.flags))<<impFlagShift
	s.placeRecord(row, &event.Envelope{Position: m.pos, Ingest: m.ingest})
	s.imps.change(row)
	s.countImpression(row, 1)
	s.askWin(row)
	s.touchJourney(s.imps.routeOf(row, &s.users), m.at)
}

// insertMember makes the row of a fact that had none.
func (s *Shard) insertMember(m *member) {
	base, b, ok := s.openWhole(m.whole)
	e := &s.scratch.whole
	if !ok {
		panic("correlate: a contested record without row and content")
	}
	if _, err := wire.ReadImpression(b, &base, e); err != nil {
		panic("correlate: a contested record cannot be read: " + err.Error())
	}
	d := &s.scratch.described
	s.describe(e, e.EventTime, d)
	row := s.insertImpression(e, d)
	c, i := s.imps.at(row)
	c.flags[i] |= impContested
	if m.verdict.Reused {
		c.flags[i] |= impReused
	}
	m.row = row + 1
	s.countImpression(row, 1)
	s.askWin(row)
	s.touchJourney(e.Route, e.EventTime)
	s.watchImpression(e)
}

// streamWaiting streams what contests of the last cut decided.
func (s *Shard) streamWaiting() {
	list := s.waiting
	s.waiting = nil
	for _, c := range list {
		c.waiting = false
		s.contestChanged(c)
		if !s.streamContest(c) {
			c.waiting = true
			s.waiting = append(s.waiting, c)
			continue
		}
		if len(c.members) == 1 && !c.dirty {
			s.dropContest(c)
		}
	}
}

// streamContest writes the streamed table of one contest. It reports false when
// the content of a record has to be recalled first.
func (s *Shard) streamContest(c *contest) bool {
	complete := true
	for i := range c.members {
		m := &c.members[i]
		if m.verdict.Class != fact.Fact {
			continue
		}
		w := c.writtenUnder(m)
		switch {
		case w != nil && w.states(m):
		case m.whole == nil:
			s.recall(m)
			complete = false
		default:
			s.streamMember(c, m, w)
		}
	}
	if complete {
		s.deleteVanished(c)
	}
	return complete
}

func (s *Shard) recall(m *member) {
	if !m.recall {
		m.recall = true
		s.recalls = append(s.recalls, m.pos)
		s.counters.Recalls++
	}
}

// streamMember writes the row or rows of a fact; w is what its key had.
func (s *Shard) streamMember(c *contest, m *member, w *written) {
	base, b, ok := s.openWhole(m.whole)
	if !ok {
		panic("correlate: a contested record without content")
	}
	now := written{reused: m.verdict.Reused, at: m.at, print: m.print, pos: m.pos}
	end := fact.Suffix(m.verdict.Reused, m.at)
	s.rows.Corrections++
	if c.key.kind == event.KindBid {
		now.slots = s.streamWholeBid(b, &base, end, w)
	} else {
		e := &s.scratch.whole
		if _, err := wire.ReadImpression(b, &base, e); err != nil {
			panic("correlate: a contested record cannot be read: " + err.Error())
		}
		s.describe(e, e.EventTime, &s.scratch.described)
		s.streamImpression(e, &s.scratch.described, noUser, end)
	}
	if w != nil {
		*w = now
		return
	}
	c.written = append(c.written, now)
}

// deleteVanished deletes keys that no fact has any more.
func (s *Shard) deleteVanished(c *contest) {
	keep := c.written[:0]
	for _, w := range c.written {
		if c.hasFact(&w) {
			keep = append(keep, w)
			continue
		}
		s.rows.Corrections++
		if c.key.kind == event.KindBid {
			s.deleteBidRows(c, &w, w.slots)
			continue
		}
		row := &s.scratch.impression
		*row = table.Impression{
			Route: int64(c.key.route), ImpressionID: c.key.id + fact.Suffix(w.reused, w.at), EventTime: w.at,
			Meta: s.rows.Meta(&event.Envelope{Position: w.pos}, table.Delete, 0),
		}
		s.cfg.Sink.Impression(row)
	}
	c.written = keep
}

func (c *contest) hasFact(w *written) bool {
	for i := range c.members {
		m := &c.members[i]
		if m.verdict.Class == fact.Fact && m.verdict.Reused == w.reused && (!w.reused || m.at == w.at) {
			return true
		}
	}
	return false
}

// RecallImpression hands over again, whole, a record that Cut.Recalls named. It
// counts in no ledger. A record that is no longer needed is ignored.
func (s *Shard) RecallImpression(e *event.Impression) {
	s.clamp(&e.Envelope)
	k := contestKey{kind: event.KindImpression, route: e.Route, id: e.ID}
	s.recalled(k, &e.Envelope, s.wholeOf(e.Partition, func(b []byte, base *wire.Base) []byte {
		return wire.AppendImpression(b, base, e)
	}))
}

// RecallBid is RecallImpression for bids.
func (s *Shard) RecallBid(e *event.Bid) {
	s.clamp(&e.Envelope)
	k := contestKey{kind: event.KindBid, route: e.Route, auction: fact.AuctionHash(e.Exchange, e.AuctionID)}
	s.recalled(k, &e.Envelope, s.wholeOf(e.Partition, func(b []byte, base *wire.Base) []byte {
		return wire.AppendBid(b, base, e)
	}))
}

func (s *Shard) recalled(k contestKey, e *event.Envelope, whole []byte) {
	c := s.contests[k]
	if c == nil {
		return
	}
	for i := range c.members {
		if m := &c.members[i]; m.pos == e.Position && m.whole == nil {
			m.whole, m.recall = whole, false
			s.contestChanged(c)
		}
	}
}
