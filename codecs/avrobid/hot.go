package avrobid

import (
	"strconv"

	"github.com/advertisex/adjoin/internal/event"
)

// The least bytes an element of each list takes in Schema.
const (
	leastString = 1
	leastPair   = 2
	leastImp    = 12
	leastOffer  = 12
)

// draft is a bid as its record states it, before any rule is applied: text in
// event.Bid is raw, and what Bid does not keep lies beside it.
type draft struct {
	event.Bid
	stated event.StatedBid
	digits [20]byte // of stated.Timestamp
	gdpr   int64    // Absent for null
	timed  bool     // EventTime is read

	legacyOffer bool // the one offer is a bid_amount, for the first imp
}

// decodeHot reads a datum of Schema into d, reusing its slices.
func (d *draft) decodeHot(c *cursor) {
	d.legacyOffer = false
	d.AuctionID = c.string()
	d.Exchange = c.string()
	d.stated.SourceTID = ""
	if c.present() {
		d.stated.SourceTID = c.string()
	}
	d.setMicros(c.long())
	d.AuctionType = c.int()
	d.TimeoutMS = c.int()
	d.Test = c.boolean()
	d.hotUser(c)
	d.SiteDomain = c.string()
	d.PageURL = c.string()
	d.AppBundle = c.string()
	d.Publisher = c.string()
	d.SiteCategories = hotStrings(c, d.SiteCategories)
	d.hotImps(c)
	d.hotTargeting(c)
	d.hotOffers(c)
	d.NoBidReason = -1
	if c.present() {
		d.NoBidReason = c.int()
		if d.NoBidReason < 0 {
			d.NoBidReason = invalid
		}
	}
	d.SamplePermille = c.int()
}

// invalid stands for a stated number that is none of its field's, where the
// field's own "absent" is negative too.
const invalid = -2

// setMicros notes an event time written as a long of microseconds.
func (d *draft) setMicros(n int64) {
	text := strconv.AppendInt(d.digits[:0], n, 10)
	d.stated.Timestamp = textOf(text)
	d.EventTime = event.Time(n)
	d.timed = n >= firstMicro && n <= lastMicro
}

// The instants of the years 1 to 9999 (semantics N2).
const (
	firstMicro = -62135596800 * 1_000_000
	lastMicro  = 253402300799*1_000_000 + 999_999
)

func (d *draft) hotUser(c *cursor) {
	d.UserID = c.string()
	d.stated.ExchangeUserID = c.string()
	d.UserIDType = c.string()
	d.IFA = c.string()
	d.LMT = c.boolean()
	d.DNT = c.boolean()
	d.IP = c.string()
	d.UserAgent = c.string()
	d.Country = c.string()
	d.Region = c.string()
	d.City = c.string()
	d.UTCOffset = c.int()
	d.DeviceType = c.int()
	d.OS = c.string()
	d.Browser = c.string()
	d.stated.Language = c.string()
	d.gdpr = event.Absent
	if c.present() {
		d.gdpr = int64(c.int())
	}
	d.Consent = c.string()
	d.GPP = c.string()
	d.USPrivacy = c.string()
	d.COPPA = c.boolean()
}

func hotStrings(c *cursor, list []string) []string {
	list = list[:0]
	for n := c.block(leastString, 0); n > 0; n = c.block(leastString, len(list)) {
		for range n {
			list = append(list, c.string())
		}
	}
	return list
}

func (d *draft) hotImps(c *cursor) {
	d.Imps = d.Imps[:0]
	for n := c.block(leastImp, 0); n > 0; n = c.block(leastImp, len(d.Imps)) {
		for range n {
			hotImp(c, d.nextImp())
			if c.bad {
				return
			}
		}
	}
}

// nextImp is a new last imp that keeps the deal list it had in a record before.
func (d *draft) nextImp() *event.Imp {
	if len(d.Imps) < cap(d.Imps) {
		d.Imps = d.Imps[:len(d.Imps)+1]
	} else {
		d.Imps = append(d.Imps, event.Imp{})
	}
	return &d.Imps[len(d.Imps)-1]
}

func hotImp(c *cursor, e *event.Imp) {
	e.ID = c.string()
	e.PlacementID = c.string()
	e.AdFormat = c.string()
	e.Width = c.int()
	e.Height = c.int()
	e.Position = c.int()
	e.FloorMicros = c.long()
	e.FloorCurrency = c.string()
	e.Interstitial = c.boolean()
	e.Rewarded = c.boolean()
	e.ExpirySeconds = c.int()
	e.DealIDs = hotStrings(c, e.DealIDs)
}

func (d *draft) hotTargeting(c *cursor) {
	d.Targeting = d.Targeting[:0]
	for n := c.block(leastPair, 0); n > 0; n = c.block(leastPair, len(d.Targeting)) {
		for range n {
			d.Targeting = append(d.Targeting, event.Pair{Key: c.string(), Value: c.string()})
		}
	}
}

func (d *draft) hotOffers(c *cursor) {
	d.Offers = d.Offers[:0]
	for n := c.block(leastOffer, 0); n > 0; n = c.block(leastOffer, len(d.Offers)) {
		for range n {
			d.Offers = append(d.Offers, event.Offer{})
			hotOffer(c, &d.Offers[len(d.Offers)-1])
			if c.bad {
				return
			}
		}
	}
}

func hotOffer(c *cursor, e *event.Offer) {
	e.BidID = c.string()
	e.ResponseID = c.string()
	e.ImpID = c.string()
	e.CampaignID = c.string()
	e.LineItemID = c.string()
	e.CreativeID = c.string()
	e.Advertiser = c.string()
	e.PriceMicros = c.long()
	e.Currency = c.string()
	e.DealID = c.string()
	e.LossCode = -1
	if c.present() {
		if e.LossCode = c.int(); e.LossCode < 0 {
			e.LossCode = invalid
		}
	}
	e.MinToWin = event.Absent
	if c.present() {
		if e.MinToWin = c.long(); e.MinToWin < 0 {
			e.MinToWin = invalid
		}
	}
}
