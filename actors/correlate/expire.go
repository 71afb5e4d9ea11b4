package correlate

import (
	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/internal/event"
)

// What expires does so in buckets, once the frontier has passed the last record
// that could ask for anything in them (T6, T7, ST1). It happens at a cut, after
// everything is resolved, so no decision ever misses what was there when it
// became due.

// margin is held beyond what the rules ask, for decisions that fall due a
// minute or two after the rest (pathSettles).
const margin = 10 * event.Minute

// longestDay is the longest local day: what a restore counts again must be there
// for as long as a record of the same day may come (recountReach).
const longestDay = 25 * event.Hour

// impressionHold is how long after its event time an impression is held.
func (s *Shard) impressionHold() event.Span {
	set := &s.cfg.Settings
	return max(s.longest.ClickJoin, s.longest.ViewThrough, set.Conflict.Impression, longestDay) +
		max(set.Horizon.Impression, set.Horizon.Click, set.ViewLateness) + set.Slack + margin
}

// bidHold is how long after the end of its bucket's hour a bid is held: the
// bucket is that of the last impression that could join it.
func (s *Shard) bidHold() event.Span {
	set := &s.cfg.Settings
	return max(set.BidLateness, set.Horizon.Bid) + set.Slack + margin
}

// expire drops every bucket that is over.
func (s *Shard) expire() {
	s.expireContests()
	s.imps.over(s.frontier.Add(-s.impressionHold()-bucketSpan), s.dropImpressions)
	s.bids.over(s.frontier.Add(-s.bidHold()-bucketSpan), s.dropBids)
	s.expireReach()
}

func (s *Shard) dropImpressions(b *bucket) {
	m := &s.imps
	keep := func(c *impChunk, _ uint32) bool { return c.bucket != b }
	for _, n := range b.chunks {
		c := m.chunks[n]
		for i := range uint32(c.rows) {
			s.dropImpression(c, i, n<<chunkBits|i)
			if c.user[i] != noUser && c.flags[i]&(impEvicted|impUnlinked) == 0 {
				s.relist(s.users.at(c.user[i]), keep) // takes all rows of the bucket out at once
			}
		}
	}
	m.drop(b)
}

// dropImpression takes a row out of the indexes and tables.
func (s *Shard) dropImpression(c *impChunk, i, row uint32) {
	m := &s.imps
	f := c.flags[i]
	text := ""
	if f.form() == column.Plain {
		text = m.plainID(c, i)
	}
	route := m.routeOf(row, &s.users)
	m.byID.Remove(column.Mix(column.HashID(packedID(c, i), f.form(), text), uint64(route)), row)
	if x := &s.links.named.rows; x.on {
		x.remove(m.nameOf(row), row)
	}
	if a := c.auctionOf(i); a != 0 {
		m.byAuction.Remove(a, row)
	}
	if f&impQuantity != 0 {
		delete(m.quantity, row)
	}
	if f&impWide != 0 {
		delete(m.wide, row)
	}
	m.forgetPrice(c, i, row)
	if f&impWon != 0 {
		delete(m.odd, row)
	}
	if f&impContested != 0 {
		k := contestKey{kind: event.KindImpression, route: route, id: string(m.appendID(nil, row))}
		s.detach(k, row)
	}
}

func packedID(c *impChunk, i uint32) column.ID {
	if c.flags[i].form() == column.Plain {
		return column.ID{}
	}
	return c.id[i]
}

func (s *Shard) dropBids(b *bucket) {
	m := &s.bids
	for _, n := range b.chunks {
		c := m.chunks[n]
		for i := range uint32(c.rows) {
			row := n<<chunkBits | i
			m.index.Remove(c.auction[i], row)
			if c.pos[i] == widePosition {
				delete(m.wide, row)
			}
			if c.flags[i]&bidContested != 0 {
				s.detach(contestKey{kind: event.KindBid, route: c.route[i], auction: c.auction[i]}, row)
			}
		}
	}
	m.drop(b)
}

// detach tells a contest that a row of it has expired: what it says stands.
func (s *Shard) detach(k contestKey, row uint32) {
	c := s.contests[k]
	if c == nil {
		return
	}
	for i := range c.members {
		if m := &c.members[i]; m.row == row+1 {
			m.row, m.gone = 0, true
			s.contestChanged(c)
		}
	}
}

func (s *Shard) setContested(k event.Kind, row uint32, set bool) {
	if k == event.KindBid {
		c, i := s.bids.at(row)
		c.flags[i] &^= bidContested
		if set {
			c.flags[i] |= bidContested
		}
		return
	}
	c, i := s.imps.at(row)
	c.flags[i] &^= impContested
	if set {
		c.flags[i] |= impContested
	}
}
