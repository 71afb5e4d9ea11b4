package wire

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/internal/event"
)

const conversionTexts = 13

func textsOfConversion(e *event.Conversion) [conversionTexts]*string {
	return [...]*string{
		&e.ID, &e.UserID, &e.CampaignID, &e.Type, &e.OrderID, &e.ClickID,
		&e.ImpressionID, &e.Advertiser, &e.Currency, &e.UserAgent, &e.IP,
		&e.Country, &e.Consent,
	}
}

// The bits of a conversion's numbers.
const (
	conversionValue = 1 << (conversionTexts + iota)
	conversionQuantity
	conversionDevice
	conversionEnd
)

// AppendConversion appends a conversion relative to base.
func AppendConversion(b []byte, base *Base, e *event.Conversion) []byte {
	b = appendEnvelope(b, base, &e.Envelope)
	at := len(b)
	b = append(b, 0, 0, 0, 0, byte(uint32(e.GDPR)|uint32(e.Adjustment)<<2|bit(e.Test)<<4))
	texts := textsOfConversion(e)
	b, mask := appendTexts(b, texts[:])
	if e.ValueMicros != 0 {
		mask |= conversionValue
		b = appendInt(b, e.ValueMicros)
	}
	if e.Quantity != 1 {
		mask |= conversionQuantity
		b = appendInt(b, int64(e.Quantity))
	}
	if e.DeviceType != -1 {
		mask |= conversionDevice
		b = appendInt(b, int64(e.DeviceType))
	}
	binary.LittleEndian.PutUint32(b[at:], mask)
	return b
}

// ReadConversion reads what AppendConversion wrote with the same base and
// returns what follows. The text of e aliases b.
func ReadConversion(b []byte, base *Base, e *event.Conversion) ([]byte, error) {
	c := Cursor{Rest: b}
	c.envelope(base, &e.Envelope)
	mask := c.Fixed32()
	small := uint64(c.Byte())
	adjustment := event.Adjustment(small >> 2 & 3)
	if mask >= conversionEnd || small >= 1<<5 || adjustment > event.Retract {
		c.Fail()
	}
	e.GDPR, e.Adjustment, e.Test = c.tri(small), adjustment, small&(1<<4) != 0
	texts := textsOfConversion(e)
	c.texts(mask, texts[:])
	e.ValueMicros, e.Quantity, e.DeviceType = 0, 1, -1
	if mask&conversionValue != 0 {
		e.ValueMicros = c.Varint()
	}
	if mask&conversionQuantity != 0 {
		e.Quantity = c.Int32()
	}
	if mask&conversionDevice != 0 {
		e.DeviceType = c.Int32()
	}
	return c.end()
}
