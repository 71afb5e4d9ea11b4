package correlate

import (
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
	"github.com/advertisex/adjoin/internal/table"
)

// repeatBid applies a record whose auction has rows (in s.scratch.rows).
func (s *Shard) repeatBid(e *event.Bid, auction uint64) {
	k := contestKey{kind: event.KindBid, route: e.Route, auction: auction}
	c := s.contests[k]
	if c == nil {
		if s.laterEqualBid(s.scratch.rows, &e.Envelope) {
			s.ledger.Count(e.Partition, e.Ingest, fact.Duplicate, 1)
			return
		}
		c = s.contestBids(k, s.scratch.rows)
	}
	s.enter(c, &e.Envelope, "", s.wholeOf(e.Partition, func(b []byte, base *wire.Base) []byte {
		return wire.AppendBid(b, base, e)
	}))
}

func (s *Shard) laterEqualBid(rows []uint32, e *event.Envelope) bool {
	for _, row := range rows {
		c, i := s.bids.at(row)
		if c.flags[i]&bidFact != 0 && c.print[i] == fact.Print(&e.Print) && c.at[i] == e.EventTime {
			pos := s.bidPosition(row)
			return e.Position.Compare(pos) >= 0
		}
	}
	return false
}

func (s *Shard) contestBids(k contestKey, rows []uint32) *contest {
	var members []member
	var have []written
	reused := true
	for _, row := range rows {
		c, i := s.bids.at(row)
		f := c.flags[i]
		m := member{
			at: c.at[i], print: c.print[i], pos: s.bidPosition(row), ingest: c.ingest[i],
			flags: f.recordFlags(), row: row + 1, verdict: fact.Verdict{Class: fact.Conflict},
		}
		if f&bidFact != 0 {
			m.verdict = fact.Verdict{Class: fact.Fact, Reused: f&bidReused != 0}
			reused = reused && m.verdict.Reused
			have = append(have, written{
				reused: m.verdict.Reused, at: m.at, print: m.print, pos: m.pos, slots: s.slotKeys(row),
			})
		}
		members = append(members, m)
		c.flags[i] |= bidContested
	}
	c := s.newContest(k, members, reused)
	c.written = have
	return c
}

// slotKeys are the keys of the rows of a bid.
func (s *Shard) slotKeys(row uint32) []slotKey {
	_, list := s.bids.offersOf(nil, row)
	keys := make([]slotKey, len(list))
	for i := range list {
		keys[i] = slotKey{imp: strings.Clone(list[i].Imp), bid: strings.Clone(list[i].Bid)}
	}
	return keys
}

// settleBids is settleImpressions for bids.
func (s *Shard) settleBids(c *contest) {
	for i := range c.members {
		m := &c.members[i]
		if m.row == 0 || s.bidAgrees(m) {
			continue
		}
		if cc, k := s.bids.at(m.row - 1); cc.flags[k]&bidFact != 0 {
			s.countBid(m.row-1, -1)
			cc.flags[k] &^= bidFact
			s.bids.change(m.row - 1)
			s.askWinsOf(c.key.route, c.key.auction)
		}
	}
	for i := range c.members {
		m := &c.members[i]
		if m.verdict.Class != fact.Fact || m.gone {
			continue
		}
		if m.row == 0 {
			s.insertMemberBid(c, m)
		}
		if cc, k := s.bids.at(m.row - 1); cc.flags[k]&bidFact == 0 {
			s.stateBid(c, m)
		}
	}
}

func (s *Shard) bidAgrees(m *member) bool {
	row := m.row - 1
	c, i := s.bids.at(row)
	f := c.flags[i]
	if f&bidFact == 0 {
		return m.verdict.Class != fact.Fact
	}
	return m.verdict.Class == fact.Fact && (f&bidReused != 0) == m.verdict.Reused &&
		s.bidPosition(row) == m.pos && c.ingest[i] == m.ingest
}

// stateBid makes a row a fact, under the record that m now is.
func (s *Shard) stateBid(c *contest, m *member) {
	row := m.row - 1
	cc, i := s.bids.at(row)
	const records = (1<<len(recordFlags) - 1) << bidFlagShift
	cc.flags[i] = cc.flags[i]&^(bidReused|records) | bidFact | bidFlags(packRecordFlags(m.flags))<<bidFlagShift
	if m.verdict.Reused {
		cc.flags[i] |= bidReused
	}
	s.placeBid(row, &event.Envelope{Position: m.pos, Ingest: m.ingest, EventTime: m.at})
	s.bids.change(row)
	s.countBid(row, 1)
	s.askWinsOf(c.key.route, c.key.auction)
}

func (s *Shard) insertMemberBid(c *contest, m *member) {
	base, b, ok := s.openWhole(m.whole)
	if !ok {
		panic("correlate: a contested bid without row and content")
	}
	e := &s.scratch.wholeBid
	if _, err := wire.ReadBid(b, &base, e); err != nil {
		panic("correlate: a contested bid cannot be read: " + err.Error())
	}
	row := s.insertBid(e, c.key.auction)
	cc, i := s.bids.at(row)
	cc.flags[i] = cc.flags[i]&^bidFact | bidContested
	m.row = row + 1
}

// streamWholeBid writes the rows of a bid and deletes those its key had and has
// no more. It returns the keys it wrote.
func (s *Shard) streamWholeBid(b []byte, base *wire.Base, end string, before *written) []slotKey {
	e := &s.scratch.wholeBid
	if _, err := wire.ReadBid(b, base, e); err != nil {
		panic("correlate: a contested bid cannot be read: " + err.Error())
	}
	s.streamBid(e, end)
	var now []slotKey
	for _, sl := range s.scratch.slots {
		k := slotKey{}
		if sl.imp != nil {
			k.imp = strings.Clone(sl.imp.ID)
		}
		if sl.offer != nil {
			k.imp, k.bid = strings.Clone(sl.offer.ImpID), strings.Clone(sl.offer.BidID)
		}
		now = append(now, k)
	}
	if before == nil {
		return now
	}
	for _, k := range before.slots {
		if !slices.Contains(now, k) {
			s.deleteBidRow(e, end, before, k)
		}
	}
	return now
}

// deleteBidRows deletes every row under a key that no fact has any more.
func (s *Shard) deleteBidRows(c *contest, w *written, keys []slotKey) {
	exchange, auction := s.auctionText(c)
	e := &event.Bid{Exchange: exchange, AuctionID: auction}
	e.Route = c.key.route
	for _, k := range keys {
		s.deleteBidRow(e, fact.Suffix(w.reused, w.at), w, k)
	}
}

func (s *Shard) deleteBidRow(e *event.Bid, end string, w *written, k slotKey) {
	s.scratch.bid = table.Bid{
		Route: int64(e.Route), Exchange: e.Exchange, AuctionID: e.AuctionID + end,
		ImpID: k.imp, BidID: k.bid, EventTime: w.at,
		Meta: s.rows.Meta(&event.Envelope{Position: w.pos}, table.Delete, 0),
	}
	s.cfg.Sink.Bid(&s.scratch.bid)
}

// auctionText is the exchange and auction id of a contest: any member that was
// kept whole has them.
func (s *Shard) auctionText(c *contest) (exchange, auction string) {
	for i := range c.members {
		base, b, ok := s.openWhole(c.members[i].whole)
		if !ok {
			continue
		}
		if _, err := wire.ReadBid(b, &base, &s.scratch.wholeBid); err == nil {
			return s.scratch.wholeBid.Exchange, s.scratch.wholeBid.AuctionID
		}
	}
	return "", ""
}
