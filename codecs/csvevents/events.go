package csvevents

import (
	"strings"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// The ranges of the numbers (semantics N8).
const (
	maxInt32    = 1<<31 - 1
	maxQuantity = 1_000_000
)

// emitClick turns the noted cells into a click, or a rejection.
func (d *Decoder) emitClick(line int32, raw []byte) {
	f, e := &d.fields, &d.click
	f.Reset()
	var s event.Stated
	d.readClick(e, &s)
	if s.Timestamp == "" {
		f.Fail(event.MissingField, "event_timestamp", "no event time")
	}
	if e.UserID == "" && e.ID == "" && e.ImpressionID == "" && e.AuctionID == "" {
		f.Fail(event.MissingField, "user_id", "none of user_id, click_id, impression_id, auction_id")
	}
	if f.Reason != event.NotRejected {
		d.rejectRead(line, event.KindClick, raw)
		return
	}
	d.envelope(&e.Envelope, line)
	d.print = event.AppendClickPrint(d.print[:0], e, &s)
	e.Print = event.PrintOf(d.print)
	if e.ID == "" {
		e.ID = d.syntheticID(&e.Envelope)
	}
	if e.AuctionID != "" {
		if e.Exchange == "" {
			e.Exchange = codecs.DefaultExchange
		}
		if e.ImpID == "" {
			e.ImpID = codecs.DefaultImpID
		}
	}
	e.Test = f.Test || s.Test == event.True
	e.Flags = f.Flags
	e.Route = event.RouteClick(e.ID)
	if e.UserID != "" {
		e.Route = event.RouteUser(e.UserID)
	}
	d.handler.Click(e)
}

func (d *Decoder) readClick(e *event.Click, s *event.Stated) {
	f := &d.fields
	s.Timestamp = d.readTime(&e.Envelope)
	e.UserID = f.ID("user_id", d.get(userID))
	e.CampaignID = f.ID("campaign_id", d.get(campaignID))
	e.CreativeID = f.ID("creative_id", d.get(creativeID))
	e.ID = f.ID("click_id", d.get(clickID))
	e.ImpressionID = f.ID("impression_id", d.get(impressionID))
	e.Exchange = f.ID("exchange", d.get(exchange))
	e.AuctionID = f.ID("auction_id", d.get(auctionID))
	e.ImpID = f.ID("imp_id", d.get(impID))
	e.BidID = f.ID("bid_id", d.get(bidID))
	s.ConversionType = event.LowerASCII(f.FreeText(d.get(conversionType)))
	e.SiteDomain, s.PagePath = f.Website(d.get(website))
	e.LandingHost, _ = f.Website(d.get(landingURL))
	e.UserAgent = f.FreeText(d.get(userAgent))
	e.IP = f.FreeText(d.get(ip))
	e.Country = f.Country(d.get(country))
	e.DeviceType = int32(f.Int("device_type", d.get(deviceType), 0, maxInt32, -1))
	e.OS = f.FreeText(d.get(os))
	e.ClickX = int32(f.Int("click_x", d.get(clickX), 0, maxInt32, -1))
	e.ClickY = int32(f.Int("click_y", d.get(clickY), 0, maxInt32, -1))
	s.Test = f.Tri(d.get(isTest))
	e.GDPR = f.Tri(d.get(gdpr))
	e.Consent = f.FreeText(d.get(consent))
}

// emitConversion turns the noted cells into a conversion, or a rejection.
func (d *Decoder) emitConversion(line int32, raw []byte) {
	f, e := &d.fields, &d.conversion
	f.Reset()
	var s event.Stated
	d.readConversion(e, &s)
	d.requireOfConversion(e, &s)
	if f.Reason != event.NotRejected {
		d.rejectRead(line, event.KindConversion, raw)
		return
	}
	d.envelope(&e.Envelope, line)
	d.print = event.AppendConversionPrint(d.print[:0], e, &s)
	e.Print = event.PrintOf(d.print)
	if e.ID == "" {
		e.ID = d.syntheticID(&e.Envelope)
	}
	if e.Currency == "" {
		e.Currency = f.DefaultCurrency
		if e.ValueMicros != event.Absent {
			f.Flags |= event.CurrencyDefaulted
		}
	}
	if e.ValueMicros == event.Absent {
		e.ValueMicros = 0
	}
	e.Quantity = max(s.Quantity, 1)
	e.Test = f.Test || s.Test == event.True
	e.Flags = f.Flags
	e.Route = event.RouteConversion(e.ID)
	if e.UserID != "" {
		e.Route = event.RouteUser(e.UserID)
	}
	d.handler.Conversion(e)
}

func (d *Decoder) readConversion(e *event.Conversion, s *event.Stated) {
	f := &d.fields
	s.Timestamp = d.readTime(&e.Envelope)
	e.UserID = f.ID("user_id", d.get(userID))
	e.CampaignID = f.ID("campaign_id", d.get(campaignID))
	e.Type = d.readType()
	e.ID = f.ID("conversion_id", d.get(conversionID))
	e.OrderID = f.ID("order_id", d.get(orderID))
	e.ClickID = f.ID("click_id", d.get(clickID))
	e.ImpressionID = f.ID("impression_id", d.get(impressionID))
	e.Advertiser = f.ID("advertiser_id", d.get(advertiserID))
	adjusted, known := readAdjustment(d.get(adjustment))
	e.ValueMicros = f.Amount("value_micros", "value", d.get(valueMicros), d.get(value), known && adjusted == event.Restate)
	e.Currency = f.Currency("currency", d.get(currency))
	s.Quantity = d.readQuantity()
	e.Adjustment, s.Adjustment = adjusted, d.get(adjustment).Form != codecs.Null
	if !known {
		f.Fail(event.BadNumber, "adjustment", "none of NEW, RESTATE, RETRACT")
	}
	e.UserAgent = f.FreeText(d.get(userAgent))
	e.IP = f.FreeText(d.get(ip))
	e.Country = f.Country(d.get(country))
	e.DeviceType = int32(f.Int("device_type", d.get(deviceType), 0, maxInt32, -1))
	s.Test = f.Tri(d.get(isTest))
	e.GDPR = f.Tri(d.get(gdpr))
	e.Consent = f.FreeText(d.get(consent))
}

// requireOfConversion checks what a conversion must have (semantics N12).
func (d *Decoder) requireOfConversion(e *event.Conversion, s *event.Stated) {
	f := &d.fields
	if s.Timestamp == "" {
		f.Fail(event.MissingField, "event_timestamp", "no event time")
	}
	if e.Type == "" {
		f.Fail(event.MissingField, "conversion_type", "no conversion type")
	}
	if e.UserID == "" && e.ClickID == "" && e.ImpressionID == "" {
		f.Fail(event.MissingField, "user_id", "none of user_id, click_id, impression_id")
	}
	if e.Adjustment != event.New && e.ID == "" && e.OrderID == "" {
		f.Fail(event.MissingField, "conversion_id", "an adjustment names its original by conversion_id or order_id")
	}
}

// readTime reads the event time into e; the result is its text, "" for none.
func (d *Decoder) readTime(e *event.Envelope) string {
	f := &d.fields
	e.EventTime = event.MinTime
	stated := d.get(timestamp)
	t, ok := f.Time("event_timestamp", stated)
	if !ok {
		return ""
	}
	e.EventTime = f.RepairClock(t, d.get(sentAt), d.get(receivedAt))
	return stated.Text
}

// readType reads the conversion type, "" for none (semantics N17).
func (d *Decoder) readType() string {
	stated := d.get(conversionType)
	if stated.Form == codecs.Null {
		return ""
	}
	name, ok := event.ConversionType(stated.Text)
	if !ok {
		d.fields.Fail(event.BadNumber, "conversion_type", "not 1 to 64 of a-z, 0-9, _, . and -")
	}
	return name
}

// readQuantity reads a conversion's quantity, 0 for none.
func (d *Decoder) readQuantity() int32 {
	stated := d.get(quantity)
	if stated.Form == codecs.Null {
		return 0
	}
	n, _, ok := event.ParseInt(stated.Text, 1, maxQuantity)
	if !ok {
		d.fields.Fail(event.BadNumber, "quantity", "not a whole number from 1 to a million")
		return 0
	}
	return int32(n)
}

func readAdjustment(v codecs.Value) (a event.Adjustment, known bool) {
	if v.Form == codecs.Null {
		return event.New, true
	}
	for _, a := range [...]event.Adjustment{event.New, event.Restate, event.Retract} {
		if strings.EqualFold(v.Text, a.String()) {
			return a, true
		}
	}
	return event.New, false
}

func (d *Decoder) envelope(e *event.Envelope, line int32) {
	e.Position, e.Ingest, e.Backfill = d.rec.Position, d.rec.Time, d.rec.Backfill
	e.Line = line
}

// syntheticID makes the id of a line that has none (semantics N13).
func (d *Decoder) syntheticID(e *event.Envelope) string {
	d.fields.Flags |= event.IDSynthetic
	if d.fields.IDMode == codecs.Offset {
		d.id = event.AppendPositionID(d.id[:0], e.Position, true)
	} else {
		d.id = event.AppendSyntheticID(d.id[:0], e.Print)
	}
	return text(d.id)
}
