package correlate

import (
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// A win is a pure function of an impression and the bids of its auction (J1).
// Whichever of the two comes last asks for it; the answer is computed once, at
// the cut. A win is one row on the impression's side, so nothing but a bit of
// the impression remembers it.

// askWin has the win of a row computed at the cut, if there is anything to
// compute it from.
func (s *Shard) askWin(row uint32) {
	c, i := s.imps.at(row)
	auction := c.auctionOf(i)
	const settled = impAsked | impTooLate
	if auction == 0 || c.flags[i]&settled != 0 || !s.bids.has(s.imps.routeOf(row, &s.users), auction) {
		return
	}
	c.flags[i] |= impAsked
	s.asked = append(s.asked, row)
}

// askWinsOf asks for every impression of an auction.
func (s *Shard) askWinsOf(r event.Route, auction uint64) {
	p := s.imps.byAuction.Probe(auction)
	for {
		row, ok := p.Next()
		if !ok {
			return
		}
		c, i := s.imps.at(row)
		if c.auctionOf(i) != auction || c.flags[i]&impAsked != 0 || s.imps.routeOf(row, &s.users) != r {
			continue
		}
		c.flags[i] |= impAsked
		s.asked = append(s.asked, row)
	}
}

// dropWin takes the win of a row back, because its impression is no fact any
// more. Its row goes at the cut, unless a fact takes the key over.
func (s *Shard) dropWin(row uint32) {
	c, i := s.imps.at(row)
	if c.flags[i]&impWon == 0 {
		return
	}
	s.countWin(row, -1)
	c.flags[i] &^= impWon
	delete(s.imps.odd, row)
	s.imps.change(row)
	s.vanished = append(s.vanished, vanishedWin{
		key: winKey{s.imps.routeOf(row, &s.users), s.winID(row)},
		row: row,
	})
}

// winKey is the key of fact_wins.
type winKey struct {
	route event.Route
	id    string
}

// vanishedWin is a win that was taken back in this cut.
type vanishedWin struct {
	key winKey
	row uint32
}

// winID is the key of a row in fact_impressions and fact_wins.
func (s *Shard) winID(row uint32) string {
	c, i := s.imps.at(row)
	s.scratch.buf = s.imps.appendID(s.scratch.buf[:0], row)
	if c.flags[i]&impReused != 0 {
		s.scratch.buf = append(s.scratch.buf, fact.Suffix(true, s.imps.time(row))...)
	}
	return s.keep(s.scratch.buf)
}

// resolveWins computes every win that was asked for.
func (s *Shard) resolveWins() {
	for _, row := range s.asked {
		c, i := s.imps.at(row)
		c.flags[i] &^= impAsked
		won := c.flags[i]&impWon != 0
		match, ok := winner{}, false
		if c.flags[i]&(impFact|impTooLate) == impFact {
			match, ok = s.winnerOf(row)
		}
		switch {
		case ok:
			s.writeWin(row, &match, won)
		case won:
			s.dropWin(row)
		}
	}
	s.asked = s.asked[:0]
	s.deleteWins()
}

// deleteWins deletes the rows of wins taken back whose key nobody wrote again.
func (s *Shard) deleteWins() {
	for _, v := range s.vanished {
		again := false
		for i := range s.rows.Wins {
			w := &s.rows.Wins[i]
			if w.Route == int64(v.key.route) && w.ImpressionID == v.key.id {
				again = true
				break
			}
		}
		if again {
			continue
		}
		pos := s.positionOf(v.row)
		s.rows.Wins = append(s.rows.Wins, table.Win{
			Route: int64(v.key.route), ImpressionID: v.key.id, ImpressionTime: s.imps.time(v.row),
			Meta: s.rows.Meta(&event.Envelope{Position: pos, Ingest: s.imps.ingestTime(v.row)}, table.Delete, 0),
		})
		s.rows.Corrections++
	}
	s.vanished = s.vanished[:0]
}

// winner is the offer that won an impression, and how it was found.
type winner struct {
	row     uint32 // of the bid
	offer   offer
	auction string
	method  string
	flags   event.Flags
}

// winnerOf applies R-J1.
func (s *Shard) winnerOf(row uint32) (winner, bool) {
	c, i := s.imps.at(row)
	at := s.imps.time(row)
	imp := s.dims.place(c.place[i]).ImpID
	s.scratch.rows = s.bids.of(s.scratch.rows[:0], s.imps.routeOf(row, &s.users), c.auctionOf(i))
	var best winner
	var bestAt event.Time
	list := s.scratch.winning[:0]
	for _, b := range s.scratch.rows {
		bc, k := s.bids.at(b)
		if bc.flags[k]&bidFact == 0 || at.Sub(bc.at[k]) < -s.cfg.Settings.InversionMax {
			continue
		}
		if len(list) > 0 && !fact.Nearer(bc.at[k], bestAt, at, s.cfg.Settings.ClockTolerance) {
			continue
		}
		from := len(list)
		var auction string
		auction, s.scratch.offers = s.bids.offersOf(s.scratch.offers[:0], b)
		for _, o := range s.scratch.offers {
			if o.Made && o.Imp == imp && at.Sub(bc.at[k]) <= s.bidWindow(&o, bc.flags[k], at) {
				list = append(list, o)
			}
		}
		if len(list) > from {
			list = list[:copy(list, list[from:])]
			best.row, best.auction, bestAt = b, auction, bc.at[k]
		}
	}
	s.scratch.winning = list
	if len(list) == 0 {
		return winner{}, false
	}
	if at.Sub(bestAt) < -s.cfg.Settings.ClockTolerance {
		best.flags |= event.TimeInversion
	}
	dims := s.dims.creative(c.creative[i])
	best.offer, best.method = narrow(list, c.bidOf(i), dims.Creative, dims.Campaign)
	if best.method == methodPrice {
		best.flags |= event.AmbiguousBid
	}
	if dims.Campaign != fact.UnknownCampaign && best.offer.Campaign != "" && best.offer.Campaign != dims.Campaign {
		best.flags |= event.CampaignMismatch // J4: the bid's is used
	}
	return best, true
}

// bidWindow is how long after the bid an impression may follow.
func (s *Shard) bidWindow(o *offer, f bidFlags, at event.Time) event.Span {
	if o.Expiry > 0 {
		return expiryWindow(o.Expiry)
	}
	c, _ := s.reference.Campaign(o.Campaign, at)
	if f&bidApp != 0 {
		return c.Windows.BidJoinApp
	}
	return c.Windows.BidJoinWeb
}

func expiryWindow(seconds int64) event.Span {
	return max(2*event.Span(seconds)*event.Second, event.Minute)
}

// longestBidWindow is the longest that any version of the campaign may give an
// offer: its bid is held that long.
func (s *Shard) longestBidWindow(o *offer) event.Span {
	if o.Expiry > 0 {
		return expiryWindow(o.Expiry)
	}
	return s.longest.BidJoin(o.Campaign)
}

// The values of match_method in fact_wins.
const (
	methodBid      = "BID_ID"
	methodCreative = "CREATIVE"
	methodCampaign = "CAMPAIGN"
	methodPrice    = "PRICE"
)

// narrow picks one of the offers: by bid id, then creative, then campaign, then
// price. It uses list as scratch.
func narrow(list []offer, bid uint64, creative, campaign string) (offer, string) {
	if len(list) == 1 {
		return list[0], fact.ByAuction
	}
	for _, step := range [...]struct {
		method string
		has    bool
		match  func(*offer) bool
	}{
		{methodBid, bid != 0, func(o *offer) bool { return fact.TextHash(o.Bid) == bid || fact.TextHash(o.Response) == bid }},
		{methodCreative, creative != "", func(o *offer) bool { return o.Creative == creative }},
		{methodCampaign, campaign != fact.UnknownCampaign, func(o *offer) bool { return o.Campaign == campaign }},
	} {
		if !step.has {
			continue
		}
		n := 0
		for i := range list {
			if step.match(&list[i]) {
				list[n], list[i] = list[i], list[n]
				n++
			}
		}
		if n > 0 {
			list = list[:n]
		}
		if n == 1 {
			return list[0], step.method
		}
	}
	best := 0
	for i := range list {
		a, b := &list[i], &list[best]
		if a.Price > b.Price || a.Price == b.Price && strings.Compare(a.Bid, b.Bid) < 0 {
			best = i
		}
	}
	return list[best], methodPrice
}

// writeWin writes the row of a win and counts it, taking back what its
// impression's win counted for before.
func (s *Shard) writeWin(row uint32, w *winner, again bool) {
	if again {
		s.countWin(row, -1)
		s.rows.Corrections++
	}
	c, i := s.imps.at(row)
	bc, k := s.bids.at(w.row)
	delete(s.imps.odd, row)
	if g := s.dims.groupCreative(w.offer.Campaign, w.offer.Creative); g != s.dims.group(c.creative[i]) {
		s.imps.odd[row] = oddWin{g}
	}
	c.flags[i] |= impWon
	s.imps.change(row)
	s.countWin(row, 1)
	at := s.imps.time(row)
	pos := s.positionOf(row)
	place := s.dims.place(c.place[i])
	win := table.Win{
		Route: int64(s.imps.routeOf(row, &s.users)), ImpressionID: s.winID(row),
		Exchange: place.Exchange, AuctionID: w.auction, ImpID: w.offer.Imp, BidID: w.offer.Bid,
		MatchMethod: w.method, BidTime: bc.at[k], ImpressionTime: at,
		BidToImpMS: fact.FloorMS(at.Sub(bc.at[k])), BidMicros: w.offer.Price,
		Currency:   s.dims.device(c.device[i]).Currency,
		CampaignID: w.offer.Campaign, CreativeID: w.offer.Creative,
		Billable: c.flags[i]&impValid != 0,
		Meta:     s.rows.Meta(&event.Envelope{Position: pos, Ingest: s.imps.ingestTime(row)}, table.Upsert, w.flags),
	}
	if bc.flags[k]&bidReused != 0 {
		win.AuctionID += fact.Suffix(true, bc.at[k])
	}
	if price := s.imps.priceOf(row); price != event.Absent {
		win.ClearingMicros = s.keepInt(price)
	}
	s.rows.Wins = append(s.rows.Wins, win)
}

// countWin adds the win of a row to its group, or with sign -1 takes it back.
func (s *Shard) countWin(row uint32, sign int64) {
	c, i := s.imps.at(row)
	creative := s.dims.group(c.creative[i])
	if odd, ok := s.imps.odd[row]; ok {
		creative = odd.group
	}
	g := group{
		minute: fact.Minute(s.imps.time(row)), creative: creative,
		exchange: s.dims.group(c.place[i]), device: s.dims.group(c.device[i]),
	}
	s.aggregates.minutes.at(g).wins += int32(sign)
	s.ledger.Pipe(s.positionOf(row).Partition, s.imps.ingestTime(row)).Matched += sign
}

// keep copies bytes that live as long as the rows of this cut.
func (s *Shard) keep(b []byte) string {
	r := s.texts.AddBytes(b)
	return s.texts.Text(r, len(b))
}

// keepInt is a number that lives as long as the rows of this cut.
func (s *Shard) keepInt(v int64) *int64 {
	if len(s.ints) == cap(s.ints) {
		s.ints = make([]int64, 0, 256)
	}
	s.ints = append(s.ints, v)
	return &s.ints[len(s.ints)-1]
}
