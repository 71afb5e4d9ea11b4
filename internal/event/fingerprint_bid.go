package event

import "strconv"

// StatedBid is what a bid record stated and Bid does not keep.
type StatedBid struct {
	// Timestamp is the event time as written: the digits of the Avro long.
	Timestamp string
	// SourceTID, ExchangeUserID and Language are the fields of those names.
	SourceTID, ExchangeUserID, Language string
	// ImpIDs reports that the record gave every imp its id; where it is nil or
	// false, the id of that imp was made from its place and is not hashed.
	ImpIDs []bool
}

// The defaults of the bid schema that are not zero: a field that has its
// default is not hashed (semantics N14).
const (
	defaultExchange       = "default"
	defaultUserIDType     = "cookie"
	defaultFormat         = "banner"
	defaultSchemaCurrency = "USD"
	defaultAuctionType    = 2
	defaultPermille       = 1000
)

// AppendBidPrint appends the fingerprint text of a bid: the scalar fields of
// the record and of its user in schema order, each imp, each offer, then the
// targeting sorted by key (semantics N14).
func AppendBidPrint(b []byte, e *Bid, s *StatedBid) []byte {
	b = appendText(b, "auction_id", e.AuctionID)
	b = appendUnless(b, "exchange", e.Exchange, defaultExchange)
	b = appendText(b, "source_tid", s.SourceTID)
	b = appendText(b, "timestamp", s.Timestamp)
	b = appendNumber(b, "auction_type", int64(e.AuctionType), defaultAuctionType)
	b = appendNumber(b, "tmax_ms", int64(e.TimeoutMS), 0)
	b = appendTrue(b, "test", e.Test)
	b = appendBidUser(b, e, s)
	b = appendText(b, "site_domain", e.SiteDomain)
	b = appendText(b, "page_url", e.PageURL)
	b = appendText(b, "app_bundle", e.AppBundle)
	b = appendText(b, "publisher_id", e.Publisher)
	b = appendList(b, "site_cat", e.SiteCategories)
	b = appendNumber(b, "no_bid_reason", int64(e.NoBidReason), -1)
	b = appendNumber(b, "sample_permille", int64(e.SamplePermille), defaultPermille)
	for i := range e.Imps {
		stated := i < len(s.ImpIDs) && s.ImpIDs[i]
		b = appendImp(b, i, &e.Imps[i], stated)
	}
	for i := range e.Offers {
		b = appendOffer(b, i, &e.Offers[i])
	}
	for i := range e.Targeting {
		b = appendTargeting(b, &e.Targeting[i])
	}
	return b
}

func appendBidUser(b []byte, e *Bid, s *StatedBid) []byte {
	b = appendText(b, "user_id", e.UserID)
	b = appendText(b, "exchange_user_id", s.ExchangeUserID)
	b = appendUnless(b, "user_id_type", e.UserIDType, defaultUserIDType)
	b = appendText(b, "ifa", e.IFA)
	b = appendTrue(b, "lmt", e.LMT)
	b = appendTrue(b, "dnt", e.DNT)
	b = appendText(b, "ip", e.IP)
	b = appendText(b, "user_agent", e.UserAgent)
	b = appendText(b, "country", e.Country)
	b = appendText(b, "region", e.Region)
	b = appendText(b, "city", e.City)
	b = appendNumber(b, "utc_offset_min", int64(e.UTCOffset), 0)
	b = appendNumber(b, "device_type", int64(e.DeviceType), 0)
	b = appendText(b, "os", e.OS)
	b = appendText(b, "browser", e.Browser)
	b = appendText(b, "language", s.Language)
	b = appendBit(b, "gdpr", e.GDPR)
	b = appendText(b, "consent", e.Consent)
	b = appendText(b, "gpp", e.GPP)
	b = appendText(b, "us_privacy", e.USPrivacy)
	return appendTrue(b, "coppa", e.COPPA)
}

func appendImp(b []byte, i int, e *Imp, stated bool) []byte {
	var p prefixed
	p.set("imps.", i)
	if stated {
		b = p.text(b, "imp_id", e.ID, "")
	}
	b = p.text(b, "placement_id", e.PlacementID, "")
	b = p.text(b, "ad_format", e.AdFormat, defaultFormat)
	b = p.number(b, "w", int64(e.Width), 0)
	b = p.number(b, "h", int64(e.Height), 0)
	b = p.number(b, "position", int64(e.Position), 0)
	b = p.number(b, "bidfloor_cpm_micros", e.FloorMicros, 0)
	b = p.text(b, "bidfloor_currency", e.FloorCurrency, defaultSchemaCurrency)
	if e.Interstitial {
		b = p.text(b, "interstitial", "true", "")
	}
	if e.Rewarded {
		b = p.text(b, "rewarded", "true", "")
	}
	b = p.number(b, "exp_s", int64(e.ExpirySeconds), 0)
	if len(e.DealIDs) > 0 {
		b = p.name(b, "deal_ids", joinedLength(e.DealIDs))
		b = appendJoined(b, e.DealIDs)
	}
	return b
}

func appendOffer(b []byte, i int, e *Offer) []byte {
	var p prefixed
	p.set("bids.", i)
	b = p.text(b, "bid_id", e.BidID, "")
	b = p.text(b, "bidid", e.ResponseID, "")
	b = p.text(b, "imp_id", e.ImpID, "")
	b = p.text(b, "campaign_id", e.CampaignID, "")
	b = p.text(b, "line_item_id", e.LineItemID, "")
	b = p.text(b, "creative_id", e.CreativeID, "")
	b = p.text(b, "advertiser_id", e.Advertiser, "")
	b = p.number(b, "price_cpm_micros", e.PriceMicros, Absent)
	b = p.text(b, "currency", e.Currency, defaultSchemaCurrency)
	b = p.text(b, "deal_id", e.DealID, "")
	b = p.number(b, "loss_code", int64(e.LossCode), -1)
	return p.number(b, "min_to_win_cpm_micros", e.MinToWin, Absent)
}

func appendTargeting(b []byte, pair *Pair) []byte {
	if pair.Value == "" {
		return b
	}
	b = append(b, "targeting."...)
	return append(appendName(b, pair.Key, len(pair.Value)), pair.Value...)
}

// prefixed states fields whose names share a prefix of a list and a place in it,
// without building them.
type prefixed struct {
	prefix [32]byte
	n      int
}

func (p *prefixed) set(list string, i int) {
	p.n = len(append(strconv.AppendInt(append(p.prefix[:0], list...), int64(i), 10), '.'))
}

// start appends the prefix. All places but those of very long lists have at most
// eight bytes, which are moved at once.
func (p *prefixed) start(b []byte) []byte {
	if p.n <= 8 {
		b = append(b, p.prefix[:8]...)
		return b[:len(b)-8+p.n]
	}
	return append(b, p.prefix[:p.n]...)
}

func (p *prefixed) name(b []byte, name string, n int) []byte {
	return appendName(p.start(b), name, n)
}

func (p *prefixed) text(b []byte, name, value, absent string) []byte {
	if value == "" || value == absent {
		return b
	}
	return append(p.name(b, name, len(value)), value...)
}

func (p *prefixed) number(b []byte, name string, n, absent int64) []byte {
	if n == absent {
		return b
	}
	return appendNumber(p.start(b), name, n, absent)
}

func appendUnless(b []byte, name, value, absent string) []byte {
	if value == absent {
		return b
	}
	return appendText(b, name, value)
}

func appendTrue(b []byte, name string, v bool) []byte {
	if !v {
		return b
	}
	return appendText(b, name, "true")
}

// appendList states a list joined with "|", nothing for an empty one.
func appendList(b []byte, name string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	return appendJoined(appendName(b, name, joinedLength(list)), list)
}

func joinedLength(list []string) int {
	n := len(list) - 1
	for _, s := range list {
		n += len(s)
	}
	return n
}

func appendJoined(b []byte, list []string) []byte {
	for i, s := range list {
		if i > 0 {
			b = append(b, '|')
		}
		b = append(b, s...)
	}
	return b
}
