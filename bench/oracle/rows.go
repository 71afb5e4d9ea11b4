package oracle

import (
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

func (h *head) meta(flags event.Flags) table.Meta {
	return table.Meta{
		Op: table.Upsert, IngestTime: h.ingest,
		SrcPartition: h.pos.ID, SrcOffset: int64(h.pos.Offset), Flags: flags.String(),
	}
}

func testCodes(test bool) string {
	if test {
		return "TEST_TRAFFIC"
	}
	return ""
}

func ivtClass(codes string) string {
	if codes != "" {
		return "GIVT"
	}
	return ""
}

func truthOf(t event.Tri) *bool {
	if t == event.Unknown {
		return nil
	}
	b := t == event.True
	return &b
}

// bidRows is one row for each offer and for each imp without one.
func (b *bid) bidRows(users *userKeys) []table.Bid {
	base := table.Bid{
		Route: int64(b.route), Exchange: b.exchange, AuctionID: b.key,
		EventTime: b.at, UserKey: users.of(b.user), SiteDomain: b.site, AppBundle: b.app,
		Country: b.country, DeviceType: b.device, NoBidReason: b.noBid,
		SampleWeight: 1000 / float64(b.permille),
		Valid:        !b.test, IVTCodes: testCodes(b.test), Late: b.late, Meta: b.meta(b.flags),
	}
	for _, p := range b.targeting {
		base.Targeting.KeyValue = append(base.Targeting.KeyValue, table.Pair{Key: p.key, Value: p.value})
	}
	rows := make([]table.Bid, 0, 2)
	for _, o := range b.offers {
		row := base
		row.ImpID, row.BidID = o.impID, o.bidID
		for _, m := range b.imps {
			if m.id == o.impID {
				m.fill(&row)
				break
			}
		}
		price := o.price
		row.CampaignID, row.LineItemID, row.CreativeID, row.AdvertiserID = o.campaign, o.line, o.creative, o.advertiser
		row.BidMicros, row.Currency, row.DealID = &price, o.currency, o.deal
		row.LossCode, row.MinToWinMicros = o.loss, o.minToWin
		rows = append(rows, row)
	}
	for _, m := range b.unanswered() {
		row := base
		row.ImpID = m.id
		m.fill(&row)
		rows = append(rows, row)
	}
	return rows
}

// unanswered is the imps without an offer; of several with one id the first.
func (b *bid) unanswered() []imp {
	var left []imp
	for i, m := range b.imps {
		offered := slices.ContainsFunc(b.offers, func(o offer) bool { return o.impID == m.id })
		before := slices.ContainsFunc(b.imps[:i], func(n imp) bool { return n.id == m.id })
		if !offered && !before {
			left = append(left, m)
		}
	}
	return left
}

func (m imp) fill(row *table.Bid) {
	row.PlacementID, row.AdFormat, row.Width, row.Height = m.placement, m.format, m.width, m.height
	row.FloorMicros = m.floor
}

func (x *win) row() table.Win {
	i, b, o := x.imp, x.bid, x.offer
	return table.Win{
		Route: int64(i.route), ImpressionID: i.key,
		Exchange: b.exchange, AuctionID: b.key, ImpID: o.impID, BidID: o.bidID,
		MatchMethod: x.method, BidTime: b.at, ImpressionTime: i.at,
		BidToImpMS: floorDiv(i.at.Sub(b.at), event.Millisecond),
		BidMicros:  o.price, ClearingMicros: i.price, Currency: i.currency,
		CampaignID: o.campaign, CreativeID: o.creative,
		Billable: i.valid(), Meta: i.meta(x.flags),
	}
}

func (i *impression) row(users *userKeys) table.Impression {
	row := table.Impression{
		Route: int64(i.route), ImpressionID: i.key, EventTime: i.at, UserKey: users.of(i.user),
		CreativeID: i.creative, CampaignID: i.campaignOf, LineItemID: i.lineOf, AdvertiserID: i.advertiserOf,
		SiteDomain: i.site, PagePath: i.path, AppBundle: i.app, PlacementID: i.placement,
		Exchange: i.exchange, AuctionID: i.auction, ImpID: i.impID, BidID: i.bidID,
		PriceMicros: i.price, PriceType: i.priceType, Currency: i.currency, QuantityE6: i.quantity,
		AdFormat: i.formatOf, Width: i.width, Height: i.height,
		Measurable: truthOf(i.measured), Viewable: truthOf(i.seen), InViewMS: i.inView,
		DeviceType: i.device, OS: i.os, Browser: i.browser, Country: i.country, Region: i.region,
		Valid: i.valid(), IVTClass: ivtClass(testCodes(i.test)), IVTCodes: testCodes(i.test),
		Late: i.late, Meta: i.meta(i.flags),
	}
	if i.user != "" {
		row.UserIDType = "user"
	}
	return row
}

// delay is the milliseconds from a click's impression to the click.
func (c *click) delay() int64 { return floorDiv(c.at.Sub(c.parent.at), event.Millisecond) }

func (w *world) clickRow(c *click, users *userKeys) table.Click {
	codes := strings.Join(c.codes, ",")
	g := w.clickGroup(c).dims
	row := table.Click{
		Route: int64(c.route), ClickID: c.key, EventTime: c.at, UserKey: users.of(c.user),
		CampaignID: c.campaignOf, DeclaredCampaignID: c.campaign, CreativeID: c.creativeOf,
		ImpressionID: c.impressionID, MatchStatus: "ORPHAN", MatchMethod: c.method, OrphanReason: c.reason,
		Valid: c.valid(), IVTClass: ivtClass(codes), IVTCodes: codes,
		CostNanos: w.clickCost(c), Currency: g.currency,
		LineItemID: c.lineOf, AdvertiserID: c.advertiserOf, SiteDomain: c.siteOf, Exchange: c.exchangeOf,
		DeviceType: g.device, OS: c.os, Country: g.country, LandingHost: c.landing,
		Late: c.late, Meta: c.meta(c.rowFlags),
	}
	if p := c.parent; p != nil {
		ms := c.delay()
		row.ImpressionID, row.MatchStatus, row.ImpToClickMS = p.key, "MATCHED", &ms
		row.AppBundle, row.PlacementID, row.AdFormat, row.OS = p.app, p.placement, p.formatOf, p.os
	}
	return row
}

func (c *conversion) row(users *userKeys) table.Conversion {
	row := table.Conversion{
		Route: int64(c.route), ConversionID: c.key, EventTime: c.at, UserKey: users.of(c.user),
		ConversionType: c.kind, OrderID: c.order,
		ValueMicros: c.amount(), OriginalValueMicros: c.value, Quantity: c.quantity, Currency: c.currency,
		DeclaredCampaignID: c.campaign, AdvertiserID: c.advertiserOf,
		ClickID: c.clickID, ImpressionID: c.impressionID, AdjustmentState: "NONE",
		Counted: c.countReason == "", CountReason: c.countReason, TouchKind: "NONE",
		PathLen: int32(len(c.path.touches)), PathTruncated: c.path.truncated,
		Valid: !c.test, IVTCodes: testCodes(c.test), Late: c.late, Meta: c.meta(c.rowFlags),
	}
	if c.settled != nil {
		row.AdjustmentState = map[event.Adjustment]string{
			event.Restate: "RESTATED", event.Retract: "RETRACTED",
		}[c.settled.adjustment]
	}
	if len(c.path.touches) > 0 {
		last := c.path.last()
		row.TouchKind, row.LastTouchCampaignID = last.kind(), last.campaign()
		if last.click != nil {
			s := floorDiv(c.at.Sub(last.click.at), event.Second)
			row.ClickToConvS = &s
		}
	}
	return row
}
