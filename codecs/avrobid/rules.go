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
	d.AuctionID = idOf(f, "auction_id", d.AuctionID)
	d.Exchange = idOf(f, "exchange", d.Exchange)
	d.stated.SourceTID = freeText(f, d.stated.SourceTID)
	if d.stated.Timestamp != "" && !d.timed {
		f.Fail(event.BadTime, "timestamp", "not a time of the years 1 to 9999")
	}
	if d.Test {
		f.Test = true
	}
	d.applyUser(f)
	d.SiteDomain, _ = f.Website(asText(d.SiteDomain))
	d.PageURL = freeText(f, d.PageURL)
	d.AppBundle = idOf(f, "app_bundle", d.AppBundle)
	d.Publisher = idOf(f, "publisher_id", d.Publisher)
	for i, category := range d.SiteCategories {
		d.SiteCategories[i] = freeText(f, category)
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

// idOf is Fields.ID of a text that is mostly empty.
func idOf(f *codecs.Fields, name, s string) string {
	if s == "" {
		return ""
	}
	return f.ID(name, codecs.Value{Text: s, Form: codecs.Text})
}

// freeText is the same for Fields.FreeText.
func freeText(f *codecs.Fields, s string) string {
	if s == "" {
		return ""
	}
	return f.FreeText(codecs.Value{Text: s, Form: codecs.Text})
}

func (d *draft) applyUser(f *codecs.Fields) {
	d.UserID = idOf(f, "user_id", d.UserID)
	d.stated.ExchangeUserID = idOf(f, "exchange_user_id", d.stated.ExchangeUserID)
	d.UserIDType = freeText(f, d.UserIDType)
	d.IFA = idOf(f, "ifa", d.IFA)
	d.IP = freeText(f, d.IP)
	d.UserAgent = freeText(f, d.UserAgent)
	d.Country = f.Country(asText(d.Country))
	d.Region = freeText(f, d.Region)
	d.City = freeText(f, d.City)
	if d.UTCOffset < -maxUTCOffset || d.UTCOffset > maxUTCOffset {
		f.Fail(event.BadNumber, "utc_offset_min", "outside its range")
	}
	if d.DeviceType < 0 {
		f.Fail(event.BadNumber, "device_type", "outside its range")
	}
	d.OS = freeText(f, d.OS)
	d.Browser = freeText(f, d.Browser)
	d.stated.Language = freeText(f, d.stated.Language)
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
	d.Consent = freeText(f, d.Consent)
	d.GPP = freeText(f, d.GPP)
	d.USPrivacy = freeText(f, d.USPrivacy)
}

func applyImp(f *codecs.Fields, e *event.Imp) {
	e.ID = idOf(f, "imps.imp_id", e.ID)
	e.PlacementID = idOf(f, "imps.placement_id", e.PlacementID)
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
		if deal = idOf(f, "imps.deal_ids", deal); deal != "" {
			kept = append(kept, deal)
		}
	}
	e.DealIDs = kept
}

func applyOffer(f *codecs.Fields, e *event.Offer) {
	e.BidID = idOf(f, "bids.bid_id", e.BidID)
	e.ResponseID = idOf(f, "bids.bidid", e.ResponseID)
	e.ImpID = idOf(f, "bids.imp_id", e.ImpID)
	e.CampaignID = idOf(f, "bids.campaign_id", e.CampaignID)
	e.LineItemID = idOf(f, "bids.line_item_id", e.LineItemID)
	e.CreativeID = idOf(f, "bids.creative_id", e.CreativeID)
	e.Advertiser = idOf(f, "bids.advertiser_id", e.Advertiser)
	if e.PriceMicros < 0 || e.PriceMicros > event.MaxPriceMicros {
		f.Fail(event.BadMoney, "bids.price_cpm_micros", "not 0 to a million")
	}
	e.Currency = f.Currency("bids.currency", asText(e.Currency))
	e.DealID = idOf(f, "bids.deal_id", e.DealID)
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
		pair.Key, pair.Value = freeText(f, pair.Key), freeText(f, pair.Value)
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
