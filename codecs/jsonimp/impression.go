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
	e.ID = d.readID("impression_id", impressionID)
	e.EventTime = event.MinTime
	stamp := d.get(timestamp)
	if t, ok := f.Time("timestamp", stamp); ok {
		s.Timestamp = stamp.Text
		e.EventTime = f.RepairClock(t, d.get(sentAt), d.get(receivedAt))
	}
	e.UserID = d.readID("user_id", userID)
	e.CreativeID = d.readID("creative_id", creativeID)
	e.CampaignID = d.readID("campaign_id", campaignID)
	e.SiteDomain, e.PagePath = f.Website(d.get(website))
	e.AppBundle = d.readID("app_bundle", appBundle)
	e.PlacementID = d.readID("placement_id", placementID)
	e.Exchange = d.readID("exchange", exchange)
	e.LineItemID = d.readID("line_item_id", lineItemID)
	e.Advertiser = d.readID("advertiser_id", advertiserID)
	e.DealID = d.readID("deal_id", dealID)
	e.AuctionID = d.readID("auction_id", auctionID)
	e.ImpID = d.readID("imp_id", impID)
	e.BidID = d.readID("bid_id", bidID)
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
	e.Measurable = d.readTri(measurable)
	e.Viewable = d.readTri(viewable)
	e.InViewMS = f.Int("in_view_ms", d.get(inViewMS), 0, maxInView, event.Absent)
}

// readContext reads device, place and privacy.
func (d *Decoder) readContext(e *event.Impression, s *event.Stated) {
	f := &d.fields
	e.UserAgent = d.readText(userAgent)
	e.IP = d.readText(ip)
	e.DeviceType = int32(f.Int("device_type", d.get(deviceType), 0, maxDevice, -1))
	e.OS = d.readText(os)
	e.Browser = d.readText(browser)
	e.Country = f.Country(d.get(country))
	e.Region = d.readText(region)
	e.UTCOffset = int32(f.Int("utc_offset_min", d.get(utcOffset), -maxUTCOffset, maxUTCOffset, event.NoUTCOffset))
	s.Prefetch = d.readTri(isPrefetch)
	s.Test = d.readTri(isTest)
	e.GDPR = d.readTri(gdpr)
	e.Consent = d.readText(consent)
	e.GPP = d.readText(gpp)
	e.USPrivacy = d.readText(usPrivacy)
}

// readID is Fields.ID of a field that may not be there, which most are not.
func (d *Decoder) readID(name string, f field) string {
	if d.present&(1<<f) == 0 {
		return ""
	}
	return d.fields.ID(name, d.values[f])
}

// readText is the same for Fields.FreeText.
func (d *Decoder) readText(f field) string {
	if d.present&(1<<f) == 0 {
		return ""
	}
	return d.fields.FreeText(d.values[f])
}

// readTri is the same for Fields.Tri.
func (d *Decoder) readTri(f field) event.Tri {
	if d.present&(1<<f) == 0 {
		return event.Unknown
	}
	return d.fields.Tri(d.values[f])
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
