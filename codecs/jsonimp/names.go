package jsonimp

// field is a known field, in the order of the list of events 1.3.
type field uint8

const (
	impressionID field = iota
	timestamp
	userID
	creativeID
	campaignID
	website
	appBundle
	placementID
	exchange
	lineItemID
	advertiserID
	dealID
	auctionID
	impID
	bidID
	price
	priceMicros
	currency
	priceType
	quantity
	adFormat
	width
	height
	measurable
	viewable
	inViewMS
	userAgent
	ip
	deviceType
	os
	browser
	country
	region
	utcOffset
	isPrefetch
	isTest
	gdpr
	consent
	gpp
	usPrivacy
	sentAt
	receivedAt
	fieldCount
	unknown = fieldCount
)

// fieldNames are the names of each field, the canonical one first: the order
// in which they win (semantics N11).
var fieldNames = [fieldCount][]string{
	impressionID: {"impression_id", "imp_uid", "event_id", "id"},
	timestamp:    {"timestamp", "event_time", "event_timestamp", "ts"},
	userID:       {"user_id", "uid", "buyeruid", "cookie_id"},
	creativeID:   {"creative_id", "ad_creative_id", "crid", "creative"},
	campaignID:   {"campaign_id", "ad_campaign_id", "cid"},
	website:      {"website", "website_url", "site", "domain", "page", "url"},
	appBundle:    {"app_bundle"},
	placementID:  {"placement_id"},
	exchange:     {"exchange"},
	lineItemID:   {"line_item_id"},
	advertiserID: {"advertiser_id"},
	dealID:       {"deal_id"},
	auctionID:    {"auction_id"},
	impID:        {"imp_id", "item_id"},
	bidID:        {"bid_id"},
	price:        {"price", "price_cpm"},
	priceMicros:  {"price_cpm_micros"},
	currency:     {"currency"},
	priceType:    {"price_type"},
	quantity:     {"quantity"},
	adFormat:     {"ad_format"},
	width:        {"width"},
	height:       {"height"},
	measurable:   {"measurable"},
	viewable:     {"viewable"},
	inViewMS:     {"in_view_ms"},
	userAgent:    {"user_agent"},
	ip:           {"ip"},
	deviceType:   {"device_type"},
	os:           {"os"},
	browser:      {"browser"},
	country:      {"country"},
	region:       {"region"},
	utcOffset:    {"utc_offset_min"},
	isPrefetch:   {"is_prefetch"},
	isTest:       {"is_test"},
	gdpr:         {"gdpr"},
	consent:      {"consent"},
	gpp:          {"gpp"},
	usPrivacy:    {"us_privacy"},
	sentAt:       {"sent_at"},
	receivedAt:   {"received_at"},
}

// member is what a name means: a field, and the place of the name among its
// names.
type member struct {
	name  string // as spelled in fieldNames
	field field
	rank  uint8
}

// members finds a member by its name in lower case.
var members = func() map[string]member {
	m := make(map[string]member)
	for f, names := range fieldNames {
		for rank, name := range names {
			m[name] = member{name, field(f), uint8(rank)}
		}
	}
	return m
}()

// longestName bounds the names worth looking up.
const longestName = 16

// lookup finds what a name means in any case; field unknown for none. exact
// reports that the name is spelled as in fieldNames.
func lookup(name []byte) (m member, exact bool) {
	if len(name) > longestName {
		return member{field: unknown}, false
	}
	var low [longestName]byte
	exact = true
	for i, c := range name {
		if c-'A' <= 'Z'-'A' {
			c |= 0x20
			exact = false
		}
		low[i] = c
	}
	m, ok := members[string(low[:len(name)])]
	if !ok {
		return member{field: unknown}, false
	}
	return m, exact
}
