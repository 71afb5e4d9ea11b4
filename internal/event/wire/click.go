package wire

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/internal/event"
)

const clickTexts = 15

func textsOfClick(e *event.Click) [clickTexts]*string {
	return [...]*string{
		&e.ID, &e.UserID, &e.CampaignID, &e.CreativeID, &e.ImpressionID,
		&e.Exchange, &e.AuctionID, &e.ImpID, &e.BidID, &e.SiteDomain,
		&e.LandingHost, &e.UserAgent, &e.IP, &e.Country, &e.OS,
	}
}

// The bits of a click's numbers and of a text that is rarely there.
const (
	clickDevice = 1 << (clickTexts + iota)
	clickPoint
	clickConsent
	clickEnd
)

// AppendClick appends a click relative to base.
func AppendClick(b []byte, base *Base, e *event.Click) []byte {
	b = appendEnvelope(b, base, &e.Envelope)
	at := len(b)
	b = append(b, 0, 0, 0, 0, byte(uint32(e.GDPR)|bit(e.Test)<<2))
	texts := textsOfClick(e)
	b, mask := appendTexts(b, texts[:])
	if e.DeviceType != -1 {
		mask |= clickDevice
		b = appendInt(b, int64(e.DeviceType))
	}
	if e.ClickX != -1 || e.ClickY != -1 {
		mask |= clickPoint
		b = appendInt(appendInt(b, int64(e.ClickX)), int64(e.ClickY))
	}
	if e.Consent != "" {
		mask |= clickConsent
		b = appendText(b, e.Consent)
	}
	binary.LittleEndian.PutUint32(b[at:], mask)
	return b
}

// ReadClick reads what AppendClick wrote with the same base and returns what
// follows. The text of e aliases b.
func ReadClick(b []byte, base *Base, e *event.Click) ([]byte, error) {
	c := Cursor{Rest: b}
	c.envelope(base, &e.Envelope)
	mask := c.Fixed32()
	small := uint64(c.Byte())
	if mask >= clickEnd || small >= 1<<3 {
		c.Fail()
	}
	e.GDPR, e.Test = c.tri(small), small&(1<<2) != 0
	texts := textsOfClick(e)
	c.texts(mask, texts[:])
	e.DeviceType, e.ClickX, e.ClickY, e.Consent = -1, -1, -1, ""
	if mask&clickDevice != 0 {
		e.DeviceType = c.Int32()
	}
	if mask&clickPoint != 0 {
		e.ClickX, e.ClickY = c.Int32(), c.Int32()
	}
	if mask&clickConsent != 0 {
		e.Consent = c.Text()
	}
	return c.end()
}
