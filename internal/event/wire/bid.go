package wire

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/internal/event"
)

const bidTexts = 19

func textsOfBid(e *event.Bid) [bidTexts]*string {
	return [...]*string{
		&e.AuctionID, &e.Exchange, &e.UserID, &e.UserIDType, &e.IFA, &e.IP,
		&e.UserAgent, &e.Country, &e.Region, &e.City, &e.OS, &e.Browser,
		&e.Consent, &e.GPP, &e.USPrivacy, &e.SiteDomain, &e.PageURL, &e.AppBundle,
		&e.Publisher,
	}
}

// The least bytes that an element of each list takes: what a forged count has
// to pay for.
const (
	leastText  = 1
	leastImp   = 11
	leastOffer = 12
	leastPair  = 2
)

// AppendBid appends a bid relative to base.
func AppendBid(b []byte, base *Base, e *event.Bid) []byte {
	b = appendEnvelope(b, base, &e.Envelope)
	at := len(b)
	b = append(b, 0, 0, 0, 0, byte(uint32(e.GDPR)|bit(e.COPPA)<<2|bit(e.LMT)<<3|bit(e.DNT)<<4|bit(e.Test)<<5))
	texts := textsOfBid(e)
	b, mask := appendTexts(b, texts[:])
	binary.LittleEndian.PutUint32(b[at:], mask)
	b = appendInt(b, int64(e.AuctionType))
	b = appendInt(b, int64(e.TimeoutMS))
	b = appendInt(b, int64(e.UTCOffset))
	b = appendInt(b, int64(e.DeviceType))
	b = appendInt(b, int64(e.NoBidReason))
	b = appendInt(b, int64(e.SamplePermille))
	b = appendList(b, e.SiteCategories)
	b = appendUint(b, uint64(len(e.Imps)))
	for i := range e.Imps {
		b = appendImp(b, &e.Imps[i])
	}
	b = appendUint(b, uint64(len(e.Targeting)))
	for i := range e.Targeting {
		b = appendText(appendText(b, e.Targeting[i].Key), e.Targeting[i].Value)
	}
	b = appendUint(b, uint64(len(e.Offers)))
	for i := range e.Offers {
		b = appendOffer(b, &e.Offers[i])
	}
	return b
}

// ReadBid reads what AppendBid wrote with the same base and returns what
// follows. The text of e aliases b; its slices are reused.
func ReadBid(b []byte, base *Base, e *event.Bid) ([]byte, error) {
	c := Cursor{Rest: b}
	c.envelope(base, &e.Envelope)
	mask := c.Fixed32()
	small := uint64(c.Byte())
	if mask >= 1<<bidTexts || small >= 1<<6 {
		c.Fail()
	}
	e.GDPR, e.COPPA, e.LMT = c.tri(small), small&(1<<2) != 0, small&(1<<3) != 0
	e.DNT, e.Test = small&(1<<4) != 0, small&(1<<5) != 0
	texts := textsOfBid(e)
	c.texts(mask, texts[:])
	e.AuctionType, e.TimeoutMS, e.UTCOffset = c.Int32(), c.Int32(), c.Int32()
	e.DeviceType, e.NoBidReason, e.SamplePermille = c.Int32(), c.Int32(), c.Int32()
	e.SiteCategories = c.list(e.SiteCategories)
	c.imps(e)
	e.Targeting = e.Targeting[:0]
	for range c.Count(leastPair) {
		e.Targeting = append(e.Targeting, event.Pair{Key: c.Text(), Value: c.Text()})
	}
	c.offers(e)
	return c.end()
}

func appendList(b []byte, list []string) []byte {
	b = appendUint(b, uint64(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

func (c *Cursor) list(list []string) []string {
	list = list[:0]
	for range c.Count(leastText) {
		list = append(list, c.Text())
	}
	return list
}

func appendImp(b []byte, e *event.Imp) []byte {
	b = appendText(b, e.ID)
	b = appendText(b, e.PlacementID)
	b = appendText(b, e.AdFormat)
	b = appendText(b, e.FloorCurrency)
	b = append(b, byte(bit(e.Interstitial)|bit(e.Rewarded)<<1))
	b = appendInt(b, int64(e.Width))
	b = appendInt(b, int64(e.Height))
	b = appendInt(b, int64(e.Position))
	b = appendInt(b, e.FloorMicros)
	b = appendInt(b, int64(e.ExpirySeconds))
	return appendList(b, e.DealIDs)
}

// imps reads the list of slots into e.Imps, keeping the deal lists of the
// elements it overwrites.
func (c *Cursor) imps(e *event.Bid) {
	n := c.Count(leastImp)
	e.Imps = e.Imps[:0]
	for range n {
		if len(e.Imps) < cap(e.Imps) {
			e.Imps = e.Imps[:len(e.Imps)+1]
		} else {
			e.Imps = append(e.Imps, event.Imp{})
		}
		c.imp(&e.Imps[len(e.Imps)-1])
		if c.Bad {
			return
		}
	}
}

func (c *Cursor) imp(e *event.Imp) {
	e.ID, e.PlacementID, e.AdFormat, e.FloorCurrency = c.Text(), c.Text(), c.Text(), c.Text()
	small := c.Byte()
	if small >= 1<<2 {
		c.Fail()
	}
	e.Interstitial, e.Rewarded = small&1 != 0, small&2 != 0
	e.Width, e.Height, e.Position = c.Int32(), c.Int32(), c.Int32()
	e.FloorMicros = c.Varint()
	e.ExpirySeconds = c.Int32()
	e.DealIDs = c.list(e.DealIDs)
}

func appendOffer(b []byte, e *event.Offer) []byte {
	b = appendText(b, e.BidID)
	b = appendText(b, e.ResponseID)
	b = appendText(b, e.ImpID)
	b = appendText(b, e.CampaignID)
	b = appendText(b, e.LineItemID)
	b = appendText(b, e.CreativeID)
	b = appendText(b, e.Advertiser)
	b = appendText(b, e.Currency)
	b = appendText(b, e.DealID)
	b = appendInt(b, e.PriceMicros)
	b = appendInt(b, int64(e.LossCode))
	return appendOptional(b, e.MinToWin)
}

func (c *Cursor) offers(e *event.Bid) {
	n := c.Count(leastOffer)
	e.Offers = e.Offers[:0]
	for range n {
		e.Offers = append(e.Offers, event.Offer{})
		c.offer(&e.Offers[len(e.Offers)-1])
		if c.Bad {
			return
		}
	}
}

func (c *Cursor) offer(e *event.Offer) {
	e.BidID, e.ResponseID, e.ImpID, e.CampaignID = c.Text(), c.Text(), c.Text(), c.Text()
	e.LineItemID, e.CreativeID, e.Advertiser = c.Text(), c.Text(), c.Text()
	e.Currency, e.DealID = c.Text(), c.Text()
	e.PriceMicros = c.Varint()
	e.LossCode = c.Int32()
	e.MinToWin = c.optional()
}

// appendOptional writes 0 for an absent number and one byte more before any
// other, since Absent itself would take ten.
func appendOptional(b []byte, v int64) []byte {
	if v == event.Absent {
		return append(b, 0)
	}
	return appendInt(append(b, 1), v)
}

func (c *Cursor) optional() int64 {
	switch c.Byte() {
	case 0:
		return event.Absent
	case 1:
		return c.Varint()
	}
	c.Fail()
	return event.Absent
}
