package jsonimp

import (
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// The ranges of an impression's numbers (events 1.3).
const (
	maxPixels    = 16384
	maxDevice    = 1<<31 - 1
	maxUTCOffset = 24 * 60
	maxInView    = 1<<63 - 2
)

const oneImpression = 1_000_000 // quantity 1 in 1e-6

// emit turns the noted values into an impression and hands it over, or a
// rejection. raw is the object.
func (d *Decoder) emit(line int32, raw []byte) {
	f, e := &d.fields, &d.impression
	f.Reset()
	var s event.Stated
	d.readIdentity(e, &s)
	d.readMedia(e)
	d.readContext(e, &s)
	if s.Timestamp == "" {
		f.Fail(event.MissingField, "timestamp", "no event time")
	}
	if e.CreativeID == "" {
		f.Fail(event.MissingField, "creative_id", "no creative")
	}
	if f.Reason != event.NotRejected {
		r := d.refusal.Of(d.rec, line, event.KindImpression, f.Reason, f.Field, f.Detail, raw)
		if s.Timestamp != "" {
			r.EventTime = e.EventTime
		}
		r.Campaign = e.CampaignID
		d.handler.Reject(r)
		return
	}
	e.Position, e.Ingest, e.Backfill = d.rec.Position, d.rec.Time, d.rec.Backfill
	e.Line = line
	d.print = event.AppendImpressionPrint(d.print[:0], e, &s)
	e.Print = event.PrintOf(d.print)
	d.complete(e, &s)
	d.handler.Impression(e)
}

// readIdentity reads the fields up to the auction chain.
func (d *Decoder) readIdentity(e *event.Impression, s *event.Stated) {
	f := &d.fields
	e.ID = f.ID("impression_id", d.get(impressionID))
	e.EventTime = event.MinTime
	stamp := d.get(timestamp)
	if t, ok := f.Time("timestamp", stamp); ok {
		s.Timestamp = stamp.Text
		e.EventTime = f.RepairClock(t, d.get(sentAt), d.get(receivedAt))
	}
	e.UserID = f.ID("user_id", d.get(userID))
	e.CreativeID = f.ID("creative_id", d.get(creativeID))
	e.CampaignID = f.ID("campaign_id", d.get(campaignID))
	e.SiteDomain, e.PagePath = f.Website(d.get(website))
	e.AppBundle = f.ID("app_bundle", d.get(appBundle))
	e.PlacementID = f.ID("placement_id", d.get(placementID))
	e.Exchange = f.ID("exchange", d.get(exchange))
	e.LineItemID = f.ID("line_item_id", d.get(lineItemID))
	e.Advertiser = f.ID("advertiser_id", d.get(advertiserID))
	e.DealID = f.ID("deal_id", d.get(dealID))
	e.AuctionID = f.ID("auction_id", d.get(auctionID))
	e.ImpID = f.ID("imp_id", d.get(impID))
	e.BidID = f.ID("bid_id", d.get(bidID))
}

// readMedia reads the price and what was shown.
func (d *Decoder) readMedia(e *event.Impression) {
	f := &d.fields
	e.PriceMicros = f.Price("price_cpm_micros", "price", d.get(priceMicros), d.get(price))
	e.Currency = f.Currency("currency", d.get(currency))
	e.PriceType = f.Word(d.get(priceType), "clearing", "clearing", "bid", "estimated")
	e.QuantityE6 = f.Quantity("quantity", d.get(quantity))
	e.AdFormat = f.Word(d.get(adFormat), "unknown", "banner", "video", "audio", "native", "unknown")
	e.Width = int32(f.Int("width", d.get(width), 0, maxPixels, -1))
	e.Height = int32(f.Int("height", d.get(height), 0, maxPixels, -1))
	e.Measurable = f.Tri(d.get(measurable))
	e.Viewable = f.Tri(d.get(viewable))
	e.InViewMS = f.Int("in_view_ms", d.get(inViewMS), 0, maxInView, event.Absent)
}

// readContext reads device, place and privacy.
func (d *Decoder) readContext(e *event.Impression, s *event.Stated) {
	f := &d.fields
	e.UserAgent = f.FreeText(d.get(userAgent))
	e.IP = f.FreeText(d.get(ip))
	e.DeviceType = int32(f.Int("device_type", d.get(deviceType), 0, maxDevice, -1))
	e.OS = f.FreeText(d.get(os))
	e.Browser = f.FreeText(d.get(browser))
	e.Country = f.Country(d.get(country))
	e.Region = f.FreeText(d.get(region))
	e.UTCOffset = int32(f.Int("utc_offset_min", d.get(utcOffset), -maxUTCOffset, maxUTCOffset, event.NoUTCOffset))
	s.Prefetch = f.Tri(d.get(isPrefetch))
	s.Test = f.Tri(d.get(isTest))
	e.GDPR = f.Tri(d.get(gdpr))
	e.Consent = f.FreeText(d.get(consent))
	e.GPP = f.FreeText(d.get(gpp))
	e.USPrivacy = f.FreeText(d.get(usPrivacy))
}

// complete fills in what follows from what was stated: defaults (semantics N5,
// N8, N9), the synthetic id, flags and route.
func (d *Decoder) complete(e *event.Impression, s *event.Stated) {
	f := &d.fields
	if e.ID == "" {
		d.nameImpression(e, s)
	}
	if e.AuctionID != "" {
		if e.Exchange == "" {
			e.Exchange = codecs.DefaultExchange
		}
		if e.ImpID == "" {
			e.ImpID = codecs.DefaultImpID
		}
	}
	if e.Currency == "" {
		e.Currency = f.DefaultCurrency
		if e.PriceMicros != event.Absent {
			f.Flags |= event.CurrencyDefaulted
		}
	}
	if e.PriceType == "" {
		e.PriceType = "clearing"
	}
	if e.AdFormat == "" {
		e.AdFormat = "unknown"
	}
	if e.QuantityE6 == event.Absent {
		e.QuantityE6 = oneImpression
	}
	e.Prefetch = s.Prefetch == event.True
	e.Test = f.Test || s.Test == event.True
	e.Flags = f.Flags
	switch {
	case e.UserID != "":
		e.Route = event.RouteUser(e.UserID)
	case e.AuctionID != "":
		e.Route = event.RouteAuction(e.Exchange, e.AuctionID)
	default:
		e.Route = event.RouteImpression(e.ID)
	}
}

// nameImpression makes the id of an impression that has none (semantics N13).
func (d *Decoder) nameImpression(e *event.Impression, s *event.Stated) {
	d.fields.Flags |= event.IDSynthetic
	if d.fields.IDMode == codecs.Offset {
		d.id = event.AppendPositionID(d.id[:0], e.Position, false)
	} else {
		d.print = event.AppendImpressionIdentity(d.print[:0], e, s)
		d.id = event.AppendSyntheticID(d.id[:0], event.PrintOf(d.print))
	}
	e.ID = text(d.id)
}
