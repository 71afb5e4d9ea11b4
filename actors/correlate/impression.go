package correlate

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

// described is an impression with what reference data and its own lateness add,
// and the hashes by which state is asked about it. It is a function of the
// record, the settings and the reference data alone.
type described struct {
	fact.CreativeDims
	fact.PlaceDims
	fact.DeviceDims
	viewable, measurable event.Tri
	flags                event.Flags // beyond those of the record
	late, tooLate        bool
	priced               bool

	form         column.Form
	id           column.ID
	hash         uint64 // of the id in its route
	user         uint64 // of the route among users
	auction, bid uint64 // 0 for none
	tuples       [3]tupleKey
	entries      []byte // of the tuples, one after the other
}

// tupleKey is the hash of an entry, and where it ends.
type tupleKey struct {
	hash uint64
	end  int
}

// The places of tuples in described.
const (
	creativeTuple = iota
	placeTuple
	deviceTuple
)

// entry is the dictionary entry of a tuple.
func (d *described) entry(i int) []byte {
	from := 0
	if i > 0 {
		from = d.tuples[i-1].end
	}
	return d.entries[from:d.tuples[i].end]
}

// describe applies R-J0, the validity rules, T4 and T6 to a record that
// happened at the given time.
func (s *Shard) describe(e *event.Impression, at event.Time, d *described) {
	age := e.Ingest.Sub(at)
	d.flags = 0
	d.late = age > s.cfg.Settings.LateAfter
	d.tooLate = e.AuctionID != "" && age > s.cfg.Settings.BidLateness
	if d.tooLate {
		d.flags |= event.LateForJoin
	}
	format := e.AdFormat
	campaign, lineItem := e.CampaignID, e.LineItemID
	if c, ok := s.reference.Creative(e.CreativeID); ok {
		campaign = cmp.Or(campaign, c.CampaignID)
		lineItem = cmp.Or(lineItem, c.LineItemID)
		if format == "unknown" || format == "" {
			format = cmp.Or(c.AdFormat, "unknown")
		}
	}
	if campaign == "" {
		campaign = fact.UnknownCampaign
		d.flags |= event.UnmappedCreative
	}
	settings, _ := s.reference.Campaign(campaign, at)
	d.priced = settings.Pricing == reference.CPM
	d.CreativeDims = fact.CreativeDims{
		Campaign: campaign, Creative: e.CreativeID, LineItem: lineItem,
		Advertiser: cmp.Or(e.Advertiser, settings.AdvertiserID),
	}
	d.PlaceDims = fact.PlaceDims{
		Site: e.SiteDomain, App: e.AppBundle, Placement: e.PlacementID,
		Exchange: e.Exchange, AdFormat: cmp.Or(format, "unknown"), ImpID: e.ImpID,
	}
	d.DeviceDims = fact.DeviceDims{OS: e.OS, Country: e.Country, Currency: e.Currency, Device: max(e.DeviceType, 0)}
	d.viewable, d.measurable = viewability(e, d.AdFormat)
	d.hashes(e)
}

// hashes fills in what state is asked by.
func (d *described) hashes(e *event.Impression) {
	d.id, d.form = column.Pack(e.ID)
	d.hash = column.Mix(column.HashID(d.id, d.form, e.ID), uint64(e.Route))
	d.user, d.auction, d.bid = 0, 0, 0
	if e.UserID != "" {
		d.user = userHash(e.Route)
	}
	if e.AuctionID != "" {
		d.auction, d.bid = fact.AuctionHash(e.Exchange, e.AuctionID), fact.TextHash(e.BidID)
	}
	b := appendCreative(d.entries[:0], &d.CreativeDims)
	d.tuples[creativeTuple].end = len(b)
	b = appendPlace(b, &d.PlaceDims)
	d.tuples[placeTuple].end = len(b)
	b = appendDevice(b, &d.DeviceDims)
	d.tuples[deviceTuple].end = len(b)
	d.entries = b
	for i := range d.tuples {
		d.tuples[i].hash = column.HashText(d.entry(i))
	}
}

// viewability is what the record declares, else what its time in view says by
// the MRC thresholds.
func viewability(e *event.Impression, format string) (viewable, measurable event.Tri) {
	viewable = e.Viewable
	if viewable == event.Unknown && e.InViewMS != event.Absent {
		threshold := int64(1_000)
		if format == "video" {
			threshold = 2_000
		}
		viewable = triOf(e.InViewMS >= threshold)
	}
	measurable = e.Measurable
	if measurable == event.Unknown && viewable != event.Unknown {
		measurable = event.True
	}
	return viewable, measurable
}

func triOf(b bool) event.Tri {
	if b {
		return event.True
	}
	return event.False
}

// Impression applies one impression record. It may set e.EventTime and e.Flags
// (T1).
func (s *Shard) Impression(e *event.Impression) {
	if !s.admit(event.KindImpression, &e.Envelope, e.CampaignID) {
		return
	}
	d := s.ahead.of(e)
	if d == nil {
		d = &s.scratch.described
		s.describe(e, e.EventTime, d)
	}
	if prior, ok := s.imps.find(d.hash, d.id, d.form, e.ID, e.Route, &s.users); ok {
		s.repeatImpression(e, prior)
		return
	}
	row := s.insertImpression(e, d)
	s.ledger.Count(e.Partition, e.Ingest, fact.Fact, 1)
	s.countImpression(row, 1)
	c, i := s.imps.at(row)
	s.streamImpression(e, d, c.user[i], "")
	s.askWin(row)
	s.touchJourney(e.Route, e.EventTime)
	s.watchImpression(e)
}

// find is a row of this id and route.
func (m *impressions) find(hash uint64, id column.ID, f column.Form, text string, r event.Route, u *users) (uint32, bool) {
	p := m.byID.Probe(hash)
	for {
		row, ok := p.Next()
		if !ok {
			return 0, false
		}
		if m.is(row, id, f, text) && m.routeOf(row, u) == r {
			return row, true
		}
	}
}

func (m *impressions) is(row uint32, id column.ID, f column.Form, text string) bool {
	c, i := m.at(row)
	if c.flags[i].form() != f {
		return false
	}
	if f == column.Plain {
		return m.plainID(c, i) == text
	}
	return c.id[i] == id
}

func (m *impressions) routeOf(row uint32, u *users) event.Route {
	c, i := m.at(row)
	if n := c.user[i]; n != noUser {
		return u.at(n).route
	}
	return c.route[i]
}

// insertImpression makes the row of a fact.
func (s *Shard) insertImpression(e *event.Impression, d *described) uint32 {
	m := &s.imps
	id := d.id
	hour := e.EventTime.Floor(bucketSpan)
	row := m.add(hour)
	c, i := m.at(row)
	if d.form == column.Plain {
		id = column.ID{Hi: uint64(len(e.ID)), Lo: uint64(c.bucket.texts.Add(e.ID))}
	}
	c.id[i] = id
	c.print[i] = fact.Print(&e.Print)
	c.offset[i] = uint32(e.EventTime - hour)
	c.creative[i] = s.dims.putTuple(d.tuples[creativeTuple].hash, d.entry(creativeTuple))
	c.place[i] = s.dims.putTuple(d.tuples[placeTuple].hash, d.entry(placeTuple))
	c.device[i] = s.dims.putTuple(d.tuples[deviceTuple].hash, d.entry(deviceTuple))
	c.flags[i] = factFlags(e, d)
	m.setPrice(row, e.PriceMicros)
	c.setAuction(i, d.auction, d.bid)
	if e.QuantityE6 != oneE6 {
		c.flags[i] |= impQuantity
		m.quantity[row] = e.QuantityE6
	}
	s.placeRecord(row, &e.Envelope)
	c.user[i], c.older[i] = noUser, 0
	if e.UserID != "" {
		c.user[i] = s.users.of(d.user, e.Route, e.UserID)
		s.linkTouch(row)
	} else {
		c.setRoute(i, e.Route)
	}
	s.indexImpression(row, d.hash)
	return row
}

func factFlags(e *event.Impression, d *described) impFlags {
	f := impFact | impFlags(d.form)<<impFormShift |
		impFlags(d.viewable)<<impViewableShift | impFlags(d.measurable)<<impMeasurableShift |
		impFlags(packRecordFlags(e.Flags))<<impFlagShift
	for _, bit := range [...]struct {
		set  bool
		flag impFlags
	}{
		{!e.Test, impValid}, {d.late, impLate}, {d.tooLate, impTooLate},
		{e.CampaignID != "", impDeclared}, {d.priced, impPriced},
	} {
		if bit.set {
			f |= bit.flag
		}
	}
	return f
}

// placeRecord notes which record a row states.
func (s *Shard) placeRecord(row uint32, e *event.Envelope) {
	m := &s.imps
	c, i := m.at(row)
	pos, fits := packPosition(s.ledger.Of(e.Partition), &e.Position)
	ms, close := offsetMS(e.Ingest, c.bucket.hour)
	c.pos[i], c.ingest[i] = pos, ms
	if fits && close {
		if c.flags[i]&impWide != 0 {
			c.flags[i] &^= impWide
			delete(m.wide, row)
		}
		return
	}
	c.flags[i] |= impWide
	pos2 := e.Position
	pos2.Topic = strings.Clone(pos2.Topic)
	m.wide[row] = wideRow{pos: pos2, ingest: e.Ingest}
}

func (s *Shard) positionOf(row uint32) event.Position {
	c, i := s.imps.at(row)
	if c.flags[i]&impWide != 0 {
		return s.imps.wide[row].pos
	}
	return s.unpackPosition(c.pos[i])
}

// linkTouch puts a row at the head of its user's list.
func (s *Shard) linkTouch(row uint32) {
	c, i := s.imps.at(row)
	u := s.users.at(c.user[i])
	c.older[i] = u.head
	u.head = row + 1
	u.live++
	if limit := s.cfg.Settings.MaxTouchesPerUser; limit > 0 && int(u.live&^userTaken) > limit {
		s.evictTouches(u, limit-limit/8)
	}
}

// evictTouches drops a user's oldest views from the list that joins and paths
// look at, down to keep of them: nothing human has so many (W). Their rows stay
// for dedupe and aggregates.
func (s *Shard) evictTouches(u *user, keep int) {
	rows := make([]uint32, 0, u.live&^userTaken)
	for n := u.head; n != 0; {
		rows = append(rows, n-1)
		c, i := s.imps.at(n - 1)
		n = c.older[i]
	}
	slices.SortFunc(rows, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(s.imps.time(b), s.imps.time(a)), cmp.Compare(b, a))
	})
	for _, row := range rows[keep:] {
		c, i := s.imps.at(row)
		c.flags[i] |= impEvicted
		s.imps.change(row)
		s.counters.Evicted++
	}
	s.relist(u, func(c *impChunk, i uint32) bool { return c.flags[i]&impEvicted == 0 })
}

// relist leaves in a user's list what keep says yes to.
func (s *Shard) relist(u *user, keep func(c *impChunk, i uint32) bool) {
	link := &u.head
	for n := *link; n != 0; {
		c, i := s.imps.at(n - 1)
		n = c.older[i]
		if keep(c, i) {
			link = &c.older[i]
			continue
		}
		*link = n
		c.flags[i] |= impUnlinked
		u.live--
	}
}

func (s *Shard) indexImpression(row uint32, hash uint64) {
	m := &s.imps
	if m.byID.Full() {
		m.byID.Rebuild(func(add func(uint64, uint32)) {
			m.each(func(r uint32) {
				if r != row {
					add(m.idHash(r, m.routeOf(r, &s.users)), r)
				}
			})
		})
	}
	m.byID.Insert(hash, row)
	if x := &s.links.named.rows; x.on {
		x.add(m.nameOf(row), row, s.eachRowName)
	}
	c, i := m.at(row)
	auction := c.auctionOf(i)
	if auction == 0 {
		return
	}
	if m.byAuction.Full() {
		m.byAuction.Rebuild(func(add func(uint64, uint32)) {
			m.each(func(r uint32) {
				c, i := m.at(r)
				if a := c.auctionOf(i); a != 0 && r != row {
					add(a, r)
				}
			})
		})
	}
	m.byAuction.Insert(auction, row)
}

// countImpression adds what a row counts for, or with sign -1 takes it back.
func (s *Shard) countImpression(row uint32, sign int64) {
	c, i := s.imps.at(row)
	at := c.bucket.hour + event.Time(c.offset[i])
	creative, place, device := s.dims.dict.Note(c.creative[i]), s.dims.dict.Note(c.place[i]), s.dims.dict.Note(c.device[i])
	x := shownCounts(c.flags[i], s.imps.priceOf(row), s.imps.quantityOf(row))
	s.aggregates.minutes.at(group{
		minute: fact.Minute(at), creative: creative[0], exchange: place[0], device: device[0],
	}).shown(&x, sign)
	s.aggregates.sites.at(siteGroup{
		day: utcDay(at), site: place[1], campaign: creative[1], currency: device[1],
	}).shown(&x, sign)
	if c.flags[i]&impValid != 0 && c.user[i] != noUser {
		s.countReach(creative[1], device[1], c.user[i], at, sign)
	}
}

// shownCounts is what an impression counts for.
func shownCounts(f impFlags, price, quantity int64) (x counts) {
	x.gross = quantity
	x.late = int32(fact.Bit(f&impLate != 0))
	if f&impValid == 0 {
		x.givt = quantity
		return x
	}
	if f.measurable() == event.True {
		x.measurable = quantity
	}
	if f.viewable() == event.True {
		x.viewable = quantity
	}
	if f&impPriced != 0 && price != event.Absent {
		x.spend = event.Int128Of(costNanos(price, quantity))
	}
	return x
}

// shown adds what an impression counts for.
func (c *counts) shown(x *counts, sign int64) {
	c.gross += sign * x.gross
	c.givt += sign * x.givt
	c.measurable += sign * x.measurable
	c.viewable += sign * x.viewable
	c.late += int32(sign) * x.late
	spend := x.spend
	if sign < 0 {
		spend = spend.Neg()
	}
	c.spend = c.spend.Add(spend)
}

// costNanos is a CPM price for a quantity: one CPM micro is one nano for each
// impression (events 1.1), half to even.
func costNanos(price, quantityE6 int64) int64 {
	if quantityE6 == oneE6 {
		return price
	}
	hi, lo := bits.Mul64(uint64(price), uint64(quantityE6))
	q, r := bits.Div64(hi, lo, oneE6)
	if r*2 > oneE6 || r*2 == oneE6 && q&1 == 1 {
		q++
	}
	return int64(q)
}

// streamImpression gives the row of a fact to the Sink. user is the ordinal of
// its user, or noUser where it is not at hand; suffix is what a reused id
// carries (D3).
func (s *Shard) streamImpression(e *event.Impression, d *described, user uint32, suffix string) {
	row := &s.scratch.impression
	*row = table.Impression{
		Route: int64(e.Route), ImpressionID: e.ID + suffix, EventTime: e.EventTime,
		CreativeID: d.Creative, CampaignID: d.Campaign, LineItemID: d.LineItem, AdvertiserID: d.Advertiser,
		SiteDomain: d.Site, PagePath: e.PagePath, AppBundle: d.App, PlacementID: d.Placement,
		Exchange: d.Exchange, AuctionID: e.AuctionID, ImpID: e.ImpID, BidID: e.BidID,
		PriceType: e.PriceType, Currency: d.Currency, QuantityE6: e.QuantityE6, AdFormat: d.AdFormat,
		Width: max(e.Width, 0), Height: max(e.Height, 0),
		DeviceType: d.Device, OS: d.OS, Browser: e.Browser, Country: d.Country, Region: e.Region,
		Valid: !e.Test, Late: d.late,
	}
	flags := e.Flags | d.flags
	if suffix != "" {
		flags |= event.IDReused
	}
	row.Meta = s.rows.Meta(&e.Envelope, table.Upsert, flags)
	switch {
	case user != noUser:
		row.UserKey, row.UserIDType = s.users.keys.text(s.users.at(user).key), "user"
	case e.UserID != "":
		row.UserKey, row.UserIDType = s.users.keys.text(s.users.keyOf(e.Route, e.UserID)), "user"
	}
	if e.Test {
		row.IVTClass, row.IVTCodes = fact.GIVT, fact.TestTraffic
	}
	x := &s.scratch
	if e.PriceMicros != event.Absent {
		x.price = e.PriceMicros
		row.PriceMicros = &x.price
	}
	if e.InViewMS != event.Absent {
		x.inView = e.InViewMS
		row.InViewMS = &x.inView
	}
	row.Measurable = boolOf(d.measurable, &x.measurable)
	row.Viewable = boolOf(d.viewable, &x.viewable)
	s.counters.Streamed++
	s.cfg.Sink.Impression(row)
}

func boolOf(t event.Tri, b *bool) *bool {
	if t == event.Unknown {
		return nil
	}
	*b = t == event.True
	return b
}
