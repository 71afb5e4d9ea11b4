package event

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// The fingerprint of semantics D1 is the first 16 bytes of SHA-256 over a text
// that states each present known field in the order of the specification's
// field lists: name, a zero byte, the value's length in four big-endian bytes,
// the value. The AppendXPrint functions build that text in a buffer the caller
// reuses, PrintOf hashes it.
//
// They read an event before its defaults are filled in (semantics N14): what
// the record does not state is "", Absent, -1 or Unknown, and is left out.
// What an event's struct cannot tell comes in a Stated beside it.

// Stated is what a record stated and its event's struct does not keep.
type Stated struct {
	// Timestamp is the event time as written: the text of a string or number,
	// the digits of an Avro long.
	Timestamp string
	// PagePath is the path of a click's website; impressions keep theirs.
	PagePath string
	// ConversionType is a click's own, in the legacy combined topic.
	ConversionType string
	// Test and Prefetch are is_test and is_prefetch.
	Test, Prefetch Tri
	// Quantity is a conversion's, 0 when not stated.
	Quantity int32
	// Adjustment reports that the conversion's adjustment was stated.
	Adjustment bool
}

// PrintOf hashes what an AppendXPrint function built.
func PrintOf(text []byte) Fingerprint {
	sum := sha256.Sum256(text)
	return Fingerprint(sum[:16])
}

// SyntheticIDBytes is the length of an id made by AppendSyntheticID.
const SyntheticIDBytes = 2 + 2*len(Fingerprint{})

// AppendSyntheticID appends "s:" and the fingerprint in hex: the id of an event
// whose record had none (semantics N13).
func AppendSyntheticID(b []byte, print Fingerprint) []byte {
	return hex.AppendEncode(append(b, "s:"...), print[:])
}

// AppendPositionID appends the id of an event whose record had none under
// id_mode offset: "k:" partition "-" offset, and "-" line when withLine
// (semantics N13).
func AppendPositionID(b []byte, at Position, withLine bool) []byte {
	b = append(b, "k:"...)
	b = strconv.AppendInt(b, int64(at.ID), 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, int64(at.Offset), 10)
	if withLine {
		b = append(b, '-')
		b = strconv.AppendInt(b, int64(at.Line), 10)
	}
	return b
}

// AppendImpressionIdentity appends the text whose PrintOf names an impression
// without an id: user, creative, site and timestamp (semantics N13).
func AppendImpressionIdentity(b []byte, e *Impression, s *Stated) []byte {
	b = appendText(b, "user_id", e.UserID)
	b = appendText(b, "creative_id", e.CreativeID)
	b = appendPair(b, "website", e.SiteDomain, e.PagePath)
	return appendText(b, "timestamp", s.Timestamp)
}

// AppendImpressionPrint appends the fingerprint text of an impression.
func AppendImpressionPrint(b []byte, e *Impression, s *Stated) []byte {
	b = appendText(b, "impression_id", e.ID)
	b = appendText(b, "timestamp", s.Timestamp)
	b = appendText(b, "user_id", e.UserID)
	b = appendText(b, "creative_id", e.CreativeID)
	b = appendText(b, "campaign_id", e.CampaignID)
	b = appendPair(b, "website", e.SiteDomain, e.PagePath)
	b = appendText(b, "app_bundle", e.AppBundle)
	b = appendText(b, "placement_id", e.PlacementID)
	b = appendText(b, "exchange", e.Exchange)
	b = appendText(b, "line_item_id", e.LineItemID)
	b = appendText(b, "advertiser_id", e.Advertiser)
	b = appendText(b, "deal_id", e.DealID)
	b = appendText(b, "auction_id", e.AuctionID)
	b = appendText(b, "imp_id", e.ImpID)
	b = appendText(b, "bid_id", e.BidID)
	b = appendNumber(b, "price_cpm_micros", e.PriceMicros, Absent)
	b = appendText(b, "currency", e.Currency)
	b = appendText(b, "price_type", e.PriceType)
	b = appendNumber(b, "quantity", e.QuantityE6, Absent)
	b = appendText(b, "ad_format", e.AdFormat)
	b = appendNumber(b, "width", int64(e.Width), -1)
	b = appendNumber(b, "height", int64(e.Height), -1)
	b = appendTri(b, "measurable", e.Measurable)
	b = appendTri(b, "viewable", e.Viewable)
	b = appendNumber(b, "in_view_ms", e.InViewMS, Absent)
	b = appendText(b, "user_agent", e.UserAgent)
	b = appendText(b, "ip", e.IP)
	b = appendNumber(b, "device_type", int64(e.DeviceType), -1)
	b = appendText(b, "os", e.OS)
	b = appendText(b, "browser", e.Browser)
	b = appendText(b, "country", e.Country)
	b = appendText(b, "region", e.Region)
	b = appendNumber(b, "utc_offset_min", int64(e.UTCOffset), NoUTCOffset)
	b = appendTri(b, "is_prefetch", s.Prefetch)
	b = appendTri(b, "is_test", s.Test)
	b = appendBit(b, "gdpr", e.GDPR)
	b = appendText(b, "consent", e.Consent)
	b = appendText(b, "gpp", e.GPP)
	return appendText(b, "us_privacy", e.USPrivacy)
}

// AppendClickPrint appends the fingerprint text of a click.
func AppendClickPrint(b []byte, e *Click, s *Stated) []byte {
	b = appendText(b, "event_timestamp", s.Timestamp)
	b = appendText(b, "user_id", e.UserID)
	b = appendText(b, "campaign_id", e.CampaignID)
	b = appendText(b, "creative_id", e.CreativeID)
	b = appendText(b, "click_id", e.ID)
	b = appendText(b, "impression_id", e.ImpressionID)
	b = appendText(b, "exchange", e.Exchange)
	b = appendText(b, "auction_id", e.AuctionID)
	b = appendText(b, "imp_id", e.ImpID)
	b = appendText(b, "bid_id", e.BidID)
	b = appendText(b, "conversion_type", s.ConversionType)
	b = appendPair(b, "website", e.SiteDomain, s.PagePath)
	b = appendText(b, "landing_url", e.LandingHost)
	b = appendText(b, "user_agent", e.UserAgent)
	b = appendText(b, "ip", e.IP)
	b = appendText(b, "country", e.Country)
	b = appendNumber(b, "device_type", int64(e.DeviceType), -1)
	b = appendText(b, "os", e.OS)
	b = appendNumber(b, "click_x", int64(e.ClickX), -1)
	b = appendNumber(b, "click_y", int64(e.ClickY), -1)
	b = appendTri(b, "is_test", s.Test)
	b = appendBit(b, "gdpr", e.GDPR)
	return appendText(b, "consent", e.Consent)
}

// AppendConversionPrint appends the fingerprint text of a conversion.
func AppendConversionPrint(b []byte, e *Conversion, s *Stated) []byte {
	b = appendText(b, "event_timestamp", s.Timestamp)
	b = appendText(b, "user_id", e.UserID)
	b = appendText(b, "campaign_id", e.CampaignID)
	b = appendText(b, "conversion_type", e.Type)
	b = appendText(b, "conversion_id", e.ID)
	b = appendText(b, "order_id", e.OrderID)
	b = appendText(b, "click_id", e.ClickID)
	b = appendText(b, "impression_id", e.ImpressionID)
	b = appendText(b, "advertiser_id", e.Advertiser)
	b = appendNumber(b, "value_micros", e.ValueMicros, Absent)
	b = appendText(b, "currency", e.Currency)
	b = appendNumber(b, "quantity", int64(s.Quantity), 0)
	if s.Adjustment {
		b = appendText(b, "adjustment", e.Adjustment.String())
	}
	b = appendText(b, "user_agent", e.UserAgent)
	b = appendText(b, "ip", e.IP)
	b = appendText(b, "country", e.Country)
	b = appendNumber(b, "device_type", int64(e.DeviceType), -1)
	b = appendTri(b, "is_test", s.Test)
	b = appendBit(b, "gdpr", e.GDPR)
	return appendText(b, "consent", e.Consent)
}

// NoUTCOffset is the utc_offset_min of a record that does not state one.
const NoUTCOffset = -1 << 31

// appendText states a text field, nothing when it is absent.
func appendText(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return append(appendName(b, name, len(value)), value...)
}

// appendPair states a field whose value is two texts in a row.
func appendPair(b []byte, name, first, second string) []byte {
	if first == "" && second == "" {
		return b
	}
	b = appendName(b, name, len(first)+len(second))
	return append(append(b, first...), second...)
}

// appendName appends all of a field but its value.
func appendName(b []byte, name string, n int) []byte {
	return append(append(b, name...), 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// appendNumber states a whole number in decimal digits.
func appendNumber(b []byte, name string, n, absent int64) []byte {
	if n == absent {
		return b
	}
	var digits [20]byte
	if n < 0 {
		text := strconv.AppendInt(digits[:0], n, 10)
		return append(appendName(b, name, len(text)), text...)
	}
	at := len(digits)
	for u := uint64(n); ; u /= 10 {
		at--
		digits[at] = byte('0' + u%10)
		if u < 10 {
			break
		}
	}
	return append(appendName(b, name, len(digits)-at), digits[at:]...)
}

func appendTri(b []byte, name string, t Tri) []byte {
	switch t {
	case True:
		return appendText(b, name, "true")
	case False:
		return appendText(b, name, "false")
	}
	return b
}

func appendBit(b []byte, name string, t Tri) []byte {
	switch t {
	case True:
		return appendText(b, name, "1")
	case False:
		return appendText(b, name, "0")
	}
	return b
}
