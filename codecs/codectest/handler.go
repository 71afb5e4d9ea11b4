package codectest

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

var _ codecs.Handler = (*recorder)(nil)

// Impression checks an impression.
func (r *recorder) Impression(e *event.Impression) {
	route := event.RouteImpression(e.ID)
	if e.AuctionID != "" {
		route = event.RouteAuction(e.Exchange, e.AuctionID)
	}
	if e.UserID != "" {
		route = event.RouteUser(e.UserID)
	}
	r.note(event.KindImpression, &e.Envelope, route)
	r.all = wire.AppendImpression(r.all, &testBase, e)
	r.own("impression_id", e.ID, &e.Envelope)
	for name, id := range map[string]string{"user": e.UserID, "creative": e.CreativeID, "campaign": e.CampaignID,
		"app": e.AppBundle, "placement": e.PlacementID, "exchange": e.Exchange, "line item": e.LineItemID,
		"advertiser": e.Advertiser, "deal": e.DealID, "auction": e.AuctionID, "imp": e.ImpID, "bid": e.BidID} {
		r.id(name, id)
	}
	r.texts(e.SiteDomain, e.PagePath, e.UserAgent, e.IP, e.OS, e.Browser, e.Region, e.Consent, e.GPP, e.USPrivacy)
	r.currency(e.Currency)
	if e.PriceMicros != event.Absent {
		r.within("price", e.PriceMicros, 0, event.MaxPriceMicros)
	}
	r.within("quantity", e.QuantityE6, 1, codecs.MaxQuantityE6)
	r.within("width", int64(e.Width), -1, 16384)
	r.within("height", int64(e.Height), -1, 16384)
	if r.t != nil && (e.CreativeID == "" || e.AuctionID != "" && (e.Exchange == "" || e.ImpID == "") || event.Country(e.Country) != e.Country) {
		r.t.Errorf("an impression without what it must have: %+v", *e)
	}
}

// Click checks a click.
func (r *recorder) Click(e *event.Click) {
	route := event.RouteClick(e.ID)
	if e.UserID != "" {
		route = event.RouteUser(e.UserID)
	}
	r.note(event.KindClick, &e.Envelope, route)
	r.all = wire.AppendClick(r.all, &testBase, e)
	r.own("click_id", e.ID, &e.Envelope)
	for name, id := range map[string]string{"user": e.UserID, "creative": e.CreativeID, "campaign": e.CampaignID,
		"impression": e.ImpressionID, "exchange": e.Exchange, "auction": e.AuctionID, "imp": e.ImpID, "bid": e.BidID} {
		r.id(name, id)
	}
	r.texts(e.SiteDomain, e.LandingHost, e.UserAgent, e.IP, e.OS, e.Consent)
	r.within("click_x", int64(e.ClickX), -1, 1<<31-1)
	r.within("click_y", int64(e.ClickY), -1, 1<<31-1)
	made := e.Flags.Has(event.IDSynthetic)
	if r.t != nil && e.UserID == "" && e.ImpressionID == "" && e.AuctionID == "" && made {
		r.t.Errorf("a click without any key: %+v", *e)
	}
}

// Conversion checks a conversion.
func (r *recorder) Conversion(e *event.Conversion) {
	route := event.RouteConversion(e.ID)
	if e.UserID != "" {
		route = event.RouteUser(e.UserID)
	}
	r.note(event.KindConversion, &e.Envelope, route)
	r.all = wire.AppendConversion(r.all, &testBase, e)
	r.own("conversion_id", e.ID, &e.Envelope)
	for name, id := range map[string]string{"user": e.UserID, "campaign": e.CampaignID, "order": e.OrderID,
		"click": e.ClickID, "impression": e.ImpressionID, "advertiser": e.Advertiser} {
		r.id(name, id)
	}
	r.texts(e.UserAgent, e.IP, e.Consent)
	r.currency(e.Currency)
	least := int64(0)
	if e.Adjustment == event.Restate {
		least = -event.MaxValueMicros
	}
	r.within("value", e.ValueMicros, least, event.MaxValueMicros)
	r.within("quantity", int64(e.Quantity), 1, 1<<31-1)
	name, ok := event.ConversionType(e.Type)
	if r.t != nil && (!ok || name != e.Type || e.UserID == "" && e.ClickID == "" && e.ImpressionID == "") {
		r.t.Errorf("a conversion without what it must have: %+v", *e)
	}
}

// Bid checks a bid.
func (r *recorder) Bid(e *event.Bid) {
	route := event.RouteAuction(e.Exchange, e.AuctionID)
	if e.UserID != "" {
		route = event.RouteUser(e.UserID)
	}
	r.note(event.KindBid, &e.Envelope, route)
	r.all = wire.AppendBid(r.all, &testBase, e)
	r.id("auction", e.AuctionID)
	r.id("exchange", e.Exchange)
	r.id("user", e.UserID)
	r.texts(e.IP, e.UserAgent, e.Region, e.City, e.OS, e.Browser, e.Consent, e.SiteDomain, e.PageURL)
	r.within("sample", int64(e.SamplePermille), 1, 1000)
	for i := range e.Imps {
		r.id("imp", e.Imps[i].ID)
		r.currency(e.Imps[i].FloorCurrency)
		r.within("floor", e.Imps[i].FloorMicros, 0, event.MaxPriceMicros)
	}
	for i := range e.Offers {
		r.id("bid", e.Offers[i].BidID)
		r.currency(e.Offers[i].Currency)
		r.within("price", e.Offers[i].PriceMicros, 0, event.MaxPriceMicros)
	}
	sorted := slices.IsSortedFunc(e.Targeting, func(a, b event.Pair) int { return strings.Compare(a.Key, b.Key) })
	if r.t != nil && (!sorted || e.AuctionID == "" || e.Exchange == "" || len(e.Imps) == 0) {
		r.t.Errorf("a bid without what it must have: %+v", *e)
	}
}

// Reject checks a rejection.
func (r *recorder) Reject(e *event.Rejected) {
	r.note(event.KindRejected, &e.Envelope, event.RouteRecord(testPosition))
	r.all = wire.AppendRejected(r.all, &testBase, e)
	r.Rejects = append(r.Rejects, e.Reason)
	if r.t == nil {
		return
	}
	if e.Reason == event.NotRejected || e.Reason >= event.UnreadableBatch {
		r.t.Errorf("reason %s is none of a decoder's", e.Reason)
	}
	if e.Detail == "" || len(e.Detail) > maxDetailBytes || !utf8.ValidString(e.Detail) {
		r.t.Errorf("detail %q", e.Detail)
	}
	if e.Intended == event.NoKind || e.Intended == event.KindRejected {
		r.t.Errorf("intended kind %s", e.Intended)
	}
	// Masking what is masked changes nothing, so this shows that Raw is.
	if len(e.Raw) > codecs.MaxRawBytes || string(codecs.AppendMasked(nil, e.Raw)) != string(e.Raw) {
		r.t.Errorf("raw is not masked: %q", e.Raw)
	}
}
