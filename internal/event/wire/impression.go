package wire

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/internal/event"
)

const impressionTexts = 25

// textsOfImpression is the table of its text fields: bit i of the mask is the
// presence of the i-th.
func textsOfImpression(e *event.Impression) [impressionTexts]*string {
	return [...]*string{
		&e.ID, &e.UserID, &e.CreativeID, &e.CampaignID, &e.SiteDomain, &e.PagePath,
		&e.AppBundle, &e.PlacementID, &e.Exchange, &e.LineItemID, &e.Advertiser,
		&e.DealID, &e.AuctionID, &e.ImpID, &e.BidID, &e.Currency, &e.PriceType,
		&e.AdFormat, &e.UserAgent, &e.IP, &e.OS, &e.Browser, &e.Country, &e.Region,
		&e.Consent,
	}
}

// The bits of an impression's numbers and of two texts that are rarely there.
const (
	impressionPrice = 1 << (impressionTexts + iota)
	impressionQuantity
	impressionSize
	impressionInView
	impressionDevice
	impressionOffset
	impressionPrivacy
)

const oneImpression = 1_000_000 // the default quantity, in 1e-6

// AppendImpression appends an impression relative to base.
func AppendImpression(b []byte, base *Base, e *event.Impression) []byte {
	b = appendEnvelope(b, base, &e.Envelope)
	at := len(b)
	small := uint32(e.Measurable) | uint32(e.Viewable)<<2 | uint32(e.GDPR)<<4 | bit(e.Prefetch)<<6 | bit(e.Test)<<7
	b = append(b, 0, 0, 0, 0, byte(small))
	texts := textsOfImpression(e)
	b, mask := appendTexts(b, texts[:])
	if e.PriceMicros != event.Absent {
		mask |= impressionPrice
		b = appendInt(b, e.PriceMicros)
	}
	if e.QuantityE6 != oneImpression {
		mask |= impressionQuantity
		b = appendInt(b, e.QuantityE6)
	}
	if e.Width != -1 || e.Height != -1 {
		mask |= impressionSize
		b = appendInt(appendInt(b, int64(e.Width)), int64(e.Height))
	}
	if e.InViewMS != event.Absent {
		mask |= impressionInView
		b = appendInt(b, e.InViewMS)
	}
	if e.DeviceType != -1 {
		mask |= impressionDevice
		b = appendInt(b, int64(e.DeviceType))
	}
	if e.UTCOffset != event.NoUTCOffset {
		mask |= impressionOffset
		b = appendInt(b, int64(e.UTCOffset))
	}
	if e.GPP != "" || e.USPrivacy != "" {
		mask |= impressionPrivacy
		b = appendText(appendText(b, e.GPP), e.USPrivacy)
	}
	binary.LittleEndian.PutUint32(b[at:], mask)
	return b
}

// ReadImpression reads what AppendImpression wrote with the same base and
// returns what follows. The text of e aliases b.
func ReadImpression(b []byte, base *Base, e *event.Impression) ([]byte, error) {
	c := Cursor{Rest: b}
	c.envelope(base, &e.Envelope)
	mask := c.Fixed32()
	small := uint64(c.Byte())
	e.Measurable, e.Viewable, e.GDPR = c.tri(small), c.tri(small>>2), c.tri(small>>4)
	e.Prefetch, e.Test = small&(1<<6) != 0, small&(1<<7) != 0
	texts := textsOfImpression(e)
	c.texts(mask, texts[:])
	e.PriceMicros, e.QuantityE6, e.Width, e.Height = event.Absent, oneImpression, -1, -1
	e.InViewMS, e.DeviceType, e.UTCOffset = event.Absent, -1, event.NoUTCOffset
	e.GPP, e.USPrivacy = "", ""
	if mask&impressionPrice != 0 {
		e.PriceMicros = c.Varint()
	}
	if mask&impressionQuantity != 0 {
		e.QuantityE6 = c.Varint()
	}
	if mask&impressionSize != 0 {
		e.Width, e.Height = c.Int32(), c.Int32()
	}
	if mask&impressionInView != 0 {
		e.InViewMS = c.Varint()
	}
	if mask&impressionDevice != 0 {
		e.DeviceType = c.Int32()
	}
	if mask&impressionOffset != 0 {
		e.UTCOffset = c.Int32()
	}
	if mask&impressionPrivacy != 0 {
		e.GPP, e.USPrivacy = c.Text(), c.Text()
	}
	return c.end()
}

func bit(v bool) uint32 {
	if v {
		return 1
	}
	return 0
}
