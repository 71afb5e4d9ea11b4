package correlate

import (
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// Bid applies one bid record. It may set e.EventTime and e.Flags (T1).
func (s *Shard) Bid(e *event.Bid) {
	if !s.admit(event.KindBid, &e.Envelope, "") {
		return
	}
	auction := fact.AuctionHash(e.Exchange, e.AuctionID)
	s.scratch.rows = s.bids.of(s.scratch.rows[:0], e.Route, auction)
	if len(s.scratch.rows) > 0 {
		s.repeatBid(e, auction)
		return
	}
	row := s.insertBid(e, auction)
	s.ledger.Count(e.Partition, e.Ingest, fact.Fact, 1)
	s.countBid(row, 1)
	s.streamBid(e, "")
	s.askWinsOf(e.Route, auction)
}

// slots is what a bid record says row by row: each imp with its offers, or by
// itself, then offers for imps that it does not list. A second offer with the
// bid_id of an earlier one for the same imp, and a second imp with the id of an
// earlier one, say nothing: their rows would have one key.
func slots(dst []slot, e *event.Bid) []slot {
	from := len(dst)
	for i := range e.Imps {
		imp := &e.Imps[i]
		if listed(e.Imps[:i], imp.ID) != nil {
			continue
		}
		before := len(dst)
		for k := range e.Offers {
			if o := &e.Offers[k]; o.ImpID == imp.ID && !taken(dst[from:], o) {
				dst = append(dst, slot{imp: imp, offer: o})
			}
		}
		if len(dst) == before {
			dst = append(dst, slot{imp: imp})
		}
	}
	for k := range e.Offers {
		if o := &e.Offers[k]; listed(e.Imps, o.ImpID) == nil && !taken(dst[from:], o) {
			dst = append(dst, slot{offer: o})
		}
	}
	return dst
}

// slot is one row of fact_bids: an imp, an offer, or both.
type slot struct {
	imp   *event.Imp
	offer *event.Offer
}

func listed(imps []event.Imp, id string) *event.Imp {
	for i := range imps {
		if imps[i].ID == id {
			return &imps[i]
		}
	}
	return nil
}

func taken(list []slot, o *event.Offer) bool {
	for _, s := range list {
		if s.offer != nil && s.offer.ImpID == o.ImpID && s.offer.BidID == o.BidID {
			return true
		}
	}
	return false
}

func sampleWeight(permille int32) int64 {
	if permille <= 0 {
		permille = 1_000
	}
	return 1_000_000_000 / int64(permille)
}

// insertBid makes the row of a fact.
func (s *Shard) insertBid(e *event.Bid, auction uint64) uint32 {
	s.scratch.slots = slots(s.scratch.slots[:0], e)
	list := s.scratch.offers[:0]
	reach := s.cfg.Settings.Conflict.Bid
	for _, sl := range s.scratch.slots {
		o := offer{}
		if sl.imp != nil {
			o.Imp, o.Expiry = sl.imp.ID, int64(sl.imp.ExpirySeconds)
		}
		if b := sl.offer; b != nil {
			o.Made, o.Imp, o.Bid, o.Response = true, b.ImpID, b.BidID, b.ResponseID
			o.Campaign, o.Creative, o.Currency, o.Price = b.CampaignID, b.CreativeID, b.Currency, b.PriceMicros
			reach = max(reach, s.longestBidWindow(&o))
		}
		list = append(list, o)
	}
	s.scratch.offers = list
	m := &s.bids
	row := m.add(e.EventTime.Add(reach).Floor(bucketSpan))
	c, i := m.at(row)
	s.scratch.buf = appendOffers(s.scratch.buf[:0], e.AuctionID, list)
	c.offers[i] = c.bucket.texts.AddBytes(s.scratch.buf)
	c.size[i] = uint32(len(s.scratch.buf))
	c.route[i], c.auction[i], c.print[i], c.at[i] = e.Route, auction, fact.Print(&e.Print), e.EventTime
	c.exchange[i] = s.dims.groupExchange(e.Exchange)
	c.device[i] = s.dims.groupDevice(e.Country, "", max(e.DeviceType, 0))
	c.weight[i] = sampleWeight(e.SamplePermille)
	c.flags[i] = bidFact | bidFlags(packRecordFlags(e.Flags))<<bidFlagShift
	if e.Test {
		c.flags[i] |= bidTest
	}
	if e.AppBundle != "" {
		c.flags[i] |= bidApp
	}
	s.placeBid(row, &e.Envelope)
	m.insert(row)
	return row
}

// placeBid notes which record a row states.
func (s *Shard) placeBid(row uint32, e *event.Envelope) {
	c, i := s.bids.at(row)
	c.flags[i] &^= bidLate
	if e.Ingest.Sub(e.EventTime) > s.cfg.Settings.LateAfter {
		c.flags[i] |= bidLate
	}
	c.ingest[i] = e.Ingest
	pos, ok := packPosition(s.ledger.Of(e.Partition), &e.Position)
	if !ok {
		pos = widePosition
		p := e.Position
		p.Topic = strings.Clone(p.Topic)
		s.bids.wide[row] = p
	} else if c.pos[i] == widePosition {
		delete(s.bids.wide, row)
	}
	c.pos[i] = pos
}

func (s *Shard) bidPosition(row uint32) event.Position {
	c, i := s.bids.at(row)
	if c.pos[i] == widePosition {
		return s.bids.wide[row]
	}
	return s.unpackPosition(c.pos[i])
}

// countBid adds what a row counts for, or with sign -1 takes it back.
func (s *Shard) countBid(row uint32, sign int64) {
	c, i := s.bids.at(row)
	if c.flags[i]&bidTest != 0 {
		return
	}
	g := group{
		minute: fact.Minute(c.at[i]), creative: s.dims.groupCreative("", ""),
		exchange: c.exchange[i], device: c.device[i],
	}
	d := s.aggregates.requests.at(g)
	d.requests += sign * c.weight[i]
	if c.flags[i]&bidLate != 0 {
		d.late += int32(sign)
	}
	_, s.scratch.offers = s.bids.offersOf(s.scratch.offers[:0], row)
	for k := range s.scratch.offers {
		o := &s.scratch.offers[k]
		if !o.Made {
			continue
		}
		g.creative = s.dims.groupCreative(o.Campaign, o.Creative)
		v := tuple(s.dims.dict.Text(c.device[i])[1:])
		country, _ := v.text(), v.text()
		g.device = s.dims.groupDevice(country, o.Currency, v.number())
		s.aggregates.requests.at(g).bids += sign * c.weight[i]
	}
}

// streamBid gives the rows of a fact to the Sink. suffix is what a reused id
// carries (D3).
func (s *Shard) streamBid(e *event.Bid, suffix string) {
	row := &s.scratch.bid
	flags := e.Flags
	if suffix != "" {
		flags |= event.IDReused
	}
	*row = table.Bid{
		Route: int64(e.Route), Exchange: e.Exchange, AuctionID: e.AuctionID + suffix,
		EventTime: e.EventTime, SiteDomain: e.SiteDomain, AppBundle: e.AppBundle,
		Country: e.Country, DeviceType: max(e.DeviceType, 0),
		SampleWeight: 1_000 / float64(max(e.SamplePermille, 1)),
		Valid:        !e.Test, Late: e.Ingest.Sub(e.EventTime) > s.cfg.Settings.LateAfter,
		Meta: s.rows.Meta(&e.Envelope, table.Upsert, flags),
	}
	if e.Test {
		row.IVTCodes = fact.TestTraffic
	}
	if e.UserID != "" {
		row.UserKey = s.users.keys.text(s.users.keyOf(e.Route, e.UserID))
	}
	if e.NoBidReason >= 0 {
		s.scratch.noBid = e.NoBidReason
		row.NoBidReason = &s.scratch.noBid
	}
	row.Targeting.KeyValue = s.scratch.targeting[:0]
	for _, p := range e.Targeting {
		row.Targeting.KeyValue = append(row.Targeting.KeyValue, table.Pair{Key: p.Key, Value: p.Value})
	}
	s.scratch.targeting = row.Targeting.KeyValue
	s.scratch.slots = slots(s.scratch.slots[:0], e)
	for _, sl := range s.scratch.slots {
		s.fillSlot(row, sl)
		s.counters.Streamed++
		s.cfg.Sink.Bid(row)
	}
}

// fillSlot sets the columns that differ between the rows of a record.
func (s *Shard) fillSlot(row *table.Bid, sl slot) {
	row.PlacementID, row.AdFormat, row.Width, row.Height, row.FloorMicros = "", "", 0, 0, 0
	if imp := sl.imp; imp != nil {
		row.ImpID, row.PlacementID, row.AdFormat = imp.ID, imp.PlacementID, imp.AdFormat
		row.Width, row.Height, row.FloorMicros = max(imp.Width, 0), max(imp.Height, 0), imp.FloorMicros
	}
	row.BidID, row.CampaignID, row.LineItemID, row.CreativeID = "", "", "", ""
	row.AdvertiserID, row.Currency, row.DealID = "", "", ""
	row.BidMicros, row.LossCode, row.MinToWinMicros = nil, nil, nil
	o := sl.offer
	if o == nil {
		return
	}
	row.ImpID, row.BidID = o.ImpID, o.BidID
	row.CampaignID, row.LineItemID, row.CreativeID = o.CampaignID, o.LineItemID, o.CreativeID
	row.AdvertiserID, row.Currency, row.DealID = o.Advertiser, o.Currency, o.DealID
	x := &s.scratch
	x.price = o.PriceMicros
	row.BidMicros = &x.price
	if o.LossCode >= 0 {
		x.loss = o.LossCode
		row.LossCode = &x.loss
	}
	if o.MinToWin != event.Absent {
		x.minToWin = o.MinToWin
		row.MinToWinMicros = &x.minToWin
	}
}
