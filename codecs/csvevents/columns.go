package csvevents

import "strings"

// column is a known column of either table, in the order of events 1.4, with
// what only conversions have behind the type.
type column uint8

const (
	timestamp column = iota
	userID
	campaignID
	creativeID
	clickID
	impressionID
	exchange
	auctionID
	impID
	bidID
	conversionType
	conversionID
	orderID
	advertiserID
	value
	valueMicros
	currency
	quantity
	adjustment
	website
	landingURL
	userAgent
	ip
	country
	deviceType
	os
	clickX
	clickY
	isTest
	gdpr
	consent
	sentAt
	receivedAt
	columnCount
	unknown = columnCount
)

// clickNames are the names of a click's columns, the canonical one first: the
// order in which they win (semantics N11).
var clickNames = [columnCount][]string{
	timestamp:      {"event_timestamp", "timestamp", "ts", "click_time"},
	userID:         {"user_id"},
	campaignID:     {"campaign_id", "ad_campaign_id"},
	creativeID:     {"creative_id", "ad_creative_id"},
	clickID:        {"click_id", "gclid", "clid", "event_id"},
	impressionID:   {"impression_id"},
	exchange:       {"exchange"},
	auctionID:      {"auction_id"},
	impID:          {"imp_id", "item_id"},
	bidID:          {"bid_id"},
	conversionType: {"conversion_type", "event_type"},
	website:        {"website", "website_url", "site", "domain", "page", "url"},
	landingURL:     {"landing_url"},
	userAgent:      {"user_agent"},
	ip:             {"ip"},
	country:        {"country"},
	deviceType:     {"device_type"},
	os:             {"os"},
	clickX:         {"click_x"},
	clickY:         {"click_y"},
	isTest:         {"is_test"},
	gdpr:           {"gdpr"},
	consent:        {"consent"},
	sentAt:         {"sent_at"},
	receivedAt:     {"received_at"},
}

// conversionNames are the same for conversions.
var conversionNames = [columnCount][]string{
	timestamp:      {"event_timestamp", "timestamp", "conversion_time"},
	userID:         {"user_id"},
	campaignID:     {"campaign_id", "ad_campaign_id"},
	clickID:        {"click_id"},
	impressionID:   {"impression_id"},
	conversionType: {"conversion_type", "event_name", "event_type"},
	conversionID:   {"conversion_id", "event_id"},
	orderID:        {"order_id", "transaction_id"},
	advertiserID:   {"advertiser_id"},
	value:          {"value"},
	valueMicros:    {"value_micros"},
	currency:       {"currency"},
	quantity:       {"quantity"},
	adjustment:     {"adjustment"},
	userAgent:      {"user_agent"},
	ip:             {"ip"},
	country:        {"country"},
	deviceType:     {"device_type"},
	isTest:         {"is_test"},
	gdpr:           {"gdpr"},
	consent:        {"consent"},
	sentAt:         {"sent_at"},
	receivedAt:     {"received_at"},
}

// place is what a name means to one kind of event: its column, and the place
// of the name among the column's names.
type place struct {
	column column
	rank   uint8
}

// meaning is what a name means to each kind.
type meaning struct{ click, conversion place }

// meanings finds a meaning by its name in lower case.
var meanings = func() map[string]meaning {
	m := make(map[string]meaning)
	for c := range columnCount {
		for rank, name := range clickNames[c] {
			m[name] = meaning{place{c, uint8(rank)}, place{column: unknown}}
		}
	}
	for c := range columnCount {
		for rank, name := range conversionNames[c] {
			both, known := m[name]
			if !known {
				both.click.column = unknown
			}
			both.conversion = place{c, uint8(rank)}
			m[name] = both
		}
	}
	return m
}()

// longestName bounds the names worth looking up.
const longestName = 16

// lookup finds what a name means in any case; known is false for none.
func lookup(name string) (m meaning, known bool) {
	if len(name) > longestName {
		return meaning{place{column: unknown}, place{column: unknown}}, false
	}
	var low [longestName]byte
	for i := range len(name) {
		low[i] = name[i]
		if c := name[i]; c-'A' <= 'Z'-'A' {
			low[i] = c | 0x20
		}
	}
	m, known = meanings[string(low[:len(name)])]
	if !known {
		m = meaning{place{column: unknown}, place{column: unknown}}
	}
	return m, known
}

// KnownColumn reports whether a name, in any case, is that of a column of
// either table.
func KnownColumn(name string) bool {
	_, known := lookup(name)
	return known
}

// DefaultColumns are the columns of lines without a header where none are
// configured: those of the case-study data.
func DefaultColumns(topic Topic) []string {
	columns := "event_timestamp user_id campaign_id conversion_type"
	if topic == Clicks {
		columns = "event_timestamp user_id campaign_id"
	}
	return strings.Fields(columns)
}
