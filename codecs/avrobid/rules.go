package avrobid

import (
	"slices"
	"strconv"
	"strings"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// The ranges of a bid's numbers. Those of sizes are an impression's; a sample
// of nothing cannot be weighed.
const (
	maxPixels    = 16384
	maxUTCOffset = 24 * 60
	maxPermille  = 1000
)

// apply turns the raw draft into the bid it states (semantics N1 to N14), or
// leaves the first failure in f.
func (d *draft) apply(f *codecs.Fields) {
	d.AuctionID = f.ID("auction_id", asText(d.AuctionID))
	d.Exchange = f.ID("exchange", asText(d.Exchange))
	d.stated.SourceTID = f.FreeText(asText(d.stated.SourceTID))
	if d.stated.Timestamp != "" && !d.timed {
		f.Fail(event.BadTime, "timestamp", "not a time of the years 1 to 9999")
	}
	if d.Test {
		f.Test = true
	}
	d.applyUser(f)
	d.SiteDomain, _ = f.Website(asText(d.SiteDomain))
	d.PageURL = f.FreeText(asText(d.PageURL))
	d.AppBundle = f.ID("app_bundle", asText(d.AppBundle))
	d.Publisher = f.ID("publisher_id", asText(d.Publisher))
	for i, category := range d.SiteCategories {
		d.SiteCategories[i] = f.FreeText(asText(category))
	}
	for i := range d.Imps {
		applyImp(f, &d.Imps[i])
	}
	d.sortTargeting(f)
	for i := range d.Offers {
		applyOffer(f, &d.Offers[i])
	}
	if d.NoBidReason == invalid {
		f.Fail(event.BadNumber, "no_bid_reason", "negative")
	}
	if d.SamplePermille < 1 || d.SamplePermille > maxPermille {
		f.Fail(event.BadNumber, "sample_permille", "not 1 to 1000")
	}
	d.require(f)
}

// require checks what a bid must have (semantics N12).
func (d *draft) require(f *codecs.Fields) {
	if d.AuctionID == "" {
		f.Fail(event.MissingField, "auction_id", "no auction")
	}
	if d.stated.Timestamp == "" {
		f.Fail(event.MissingField, "timestamp", "no event time")
	}
	if len(d.Imps) == 0 {
		f.Fail(event.NoImps, "imps", "a bid request without impressions")
	}
}

// asText is text as a field's value, null when empty.
func asText(s string) codecs.Value {
	if s == "" {
		return codecs.Value{}
	}
	return codecs.Value{Text: s, Form: codecs.Text}
}

func (d *draft) applyUser(f *codecs.Fields) {
	d.UserID = f.ID("user_id", asText(d.UserID))
	d.stated.ExchangeUserID = f.ID("exchange_user_id", asText(d.stated.ExchangeUserID))
	d.UserIDType = f.FreeText(asText(d.UserIDType))
	d.IFA = f.ID("ifa", asText(d.IFA))
	d.IP = f.FreeText(asText(d.IP))
	d.UserAgent = f.FreeText(asText(d.UserAgent))
	d.Country = f.Country(asText(d.Country))
	d.Region = f.FreeText(asText(d.Region))
	d.City = f.FreeText(asText(d.City))
	if d.UTCOffset < -maxUTCOffset || d.UTCOffset > maxUTCOffset {
		f.Fail(event.BadNumber, "utc_offset_min", "outside its range")
	}
	if d.DeviceType < 0 {
		f.Fail(event.BadNumber, "device_type", "outside its range")
	}
	d.OS = f.FreeText(asText(d.OS))
	d.Browser = f.FreeText(asText(d.Browser))
	d.stated.Language = f.FreeText(asText(d.stated.Language))
	d.GDPR = event.Unknown
	switch d.gdpr {
	case 0:
		d.GDPR = event.False
	case 1:
		d.GDPR = event.True
	case event.Absent:
	default:
		f.Unknown++
	}
	d.Consent = f.FreeText(asText(d.Consent))
	d.GPP = f.FreeText(asText(d.GPP))
	d.USPrivacy = f.FreeText(asText(d.USPrivacy))
}

func applyImp(f *codecs.Fields, e *event.Imp) {
	e.ID = f.ID("imps.imp_id", asText(e.ID))
	e.PlacementID = f.ID("imps.placement_id", asText(e.PlacementID))
	e.AdFormat = f.Word(asText(e.AdFormat), "unknown", "banner", "video", "audio", "native", "unknown")
	if e.Width < 0 || e.Width > maxPixels {
		f.Fail(event.BadNumber, "imps.w", "outside its range")
	}
	if e.Height < 0 || e.Height > maxPixels {
		f.Fail(event.BadNumber, "imps.h", "outside its range")
	}
	if e.FloorMicros < 0 || e.FloorMicros > event.MaxPriceMicros {
		f.Fail(event.BadMoney, "imps.bidfloor_cpm_micros", "not 0 to a million")
	}
	e.FloorCurrency = f.Currency("imps.bidfloor_currency", asText(e.FloorCurrency))
	if e.ExpirySeconds < 0 {
		f.Fail(event.BadNumber, "imps.exp_s", "outside its range")
	}
	kept := e.DealIDs[:0]
	for _, deal := range e.DealIDs {
		if deal = f.ID("imps.deal_ids", asText(deal)); deal != "" {
			kept = append(kept, deal)
		}
	}
	e.DealIDs = kept
}

func applyOffer(f *codecs.Fields, e *event.Offer) {
	e.BidID = f.ID("bids.bid_id", asText(e.BidID))
	e.ResponseID = f.ID("bids.bidid", asText(e.ResponseID))
	e.ImpID = f.ID("bids.imp_id", asText(e.ImpID))
	e.CampaignID = f.ID("bids.campaign_id", asText(e.CampaignID))
	e.LineItemID = f.ID("bids.line_item_id", asText(e.LineItemID))
	e.CreativeID = f.ID("bids.creative_id", asText(e.CreativeID))
	e.Advertiser = f.ID("bids.advertiser_id", asText(e.Advertiser))
	if e.PriceMicros < 0 || e.PriceMicros > event.MaxPriceMicros {
		f.Fail(event.BadMoney, "bids.price_cpm_micros", "not 0 to a million")
	}
	e.Currency = f.Currency("bids.currency", asText(e.Currency))
	e.DealID = f.ID("bids.deal_id", asText(e.DealID))
	if e.LossCode == invalid {
		f.Fail(event.BadNumber, "bids.loss_code", "negative")
	}
	if e.MinToWin == invalid || e.MinToWin > event.MaxPriceMicros {
		f.Fail(event.BadMoney, "bids.min_to_win_cpm_micros", "not 0 to a million")
	}
}

// sortTargeting orders the criteria by key; of one key the last value counts,
// as in any Avro map.
func (d *draft) sortTargeting(f *codecs.Fields) {
	for i := range d.Targeting {
		pair := &d.Targeting[i]
		pair.Key, pair.Value = f.FreeText(asText(pair.Key)), f.FreeText(asText(pair.Value))
	}
	slices.SortStableFunc(d.Targeting, func(a, b event.Pair) int { return strings.Compare(a.Key, b.Key) })
	kept := d.Targeting[:0]
	for i, pair := range d.Targeting {
		if i+1 < len(d.Targeting) && d.Targeting[i+1].Key == pair.Key {
			continue
		}
		kept = append(kept, pair)
	}
	d.Targeting = kept
}

// complete fingerprints the bid and then fills in what follows from what was
// stated: defaults (semantics N5, N9, N12), flags and route.
func (d *draft) complete(f *codecs.Fields, print []byte) []byte {
	d.stated.ImpIDs = d.stated.ImpIDs[:0]
	for i := range d.Imps {
		d.stated.ImpIDs = append(d.stated.ImpIDs, d.Imps[i].ID != "")
	}
	print = event.AppendBidPrint(print[:0], &d.Bid, &d.stated)
	d.Print = event.PrintOf(print)
	if d.UserID == "" {
		d.UserID = d.stated.ExchangeUserID // events 1.2: buyeruid, else id
	}
	if d.Exchange == "" {
		d.Exchange = codecs.DefaultExchange
	}
	for i := range d.Imps {
		imp := &d.Imps[i]
		if imp.ID == "" {
			imp.ID = strconv.Itoa(i + 1)
		}
		if imp.AdFormat == "" {
			imp.AdFormat = "unknown"
		}
		if imp.FloorCurrency == "" {
			imp.FloorCurrency = f.DefaultCurrency
		}
	}
	for i := range d.Offers {
		if d.Offers[i].Currency == "" {
			d.Offers[i].Currency = f.DefaultCurrency
			f.Flags |= event.CurrencyDefaulted
		}
		if d.legacyOffer && d.Offers[i].ImpID == "" {
			d.Offers[i].ImpID = codecs.DefaultImpID
		}
	}
	d.Bid.Test = f.Test
	d.Flags = f.Flags
	d.Route = event.RouteAuction(d.Exchange, d.AuctionID)
	if d.UserID != "" {
		d.Route = event.RouteUser(d.UserID)
	}
	return print
}
