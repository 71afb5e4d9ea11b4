package jsonimp

import (
	"encoding/binary"
	"math/bits"
)

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
	field field
	rank  uint8
}

// spelled is a member and its name, little-endian, with zeros behind its end.
type spelled struct {
	lo, hi uint64
	member
}

// longestName bounds the names worth looking up: two words.
const longestName = 16

// wordsOf is a name of at most longestName bytes as two words.
func wordsOf(name []byte) (lo, hi uint64) {
	var both [longestName]byte
	copy(both[:], name)
	return binary.LittleEndian.Uint64(both[:]), binary.LittleEndian.Uint64(both[8:])
}

// slotBits is the size of the table of names: about ten slots for each name, so
// that a multiplier without collisions is soon found.
const slotBits = 10

// nameTable finds a name in lower case with one multiplication: no two of the
// known names share a slot.
type nameTable struct {
	multiplier uint64
	slots      [1 << slotBits]uint8 // 1 + place in members, 0 for none
	members    []spelled
}

// names is the table of fieldNames.
var names = func() *nameTable {
	t := new(nameTable)
	for f, list := range fieldNames {
		for rank, name := range list {
			lo, hi := wordsOf([]byte(name))
			t.members = append(t.members, spelled{lo, hi, member{field(f), uint8(rank)}})
		}
	}
	for t.multiplier = 0x9e3779b97f4a7c15; !t.fill(); t.multiplier += 2 {
	}
	return t
}()

// fill enters the members; false when two share a slot.
func (t *nameTable) fill() bool {
	clear(t.slots[:])
	for i := range t.members {
		slot := &t.slots[t.slot(t.members[i].lo, t.members[i].hi)]
		if *slot != 0 {
			return false
		}
		*slot = uint8(i + 1)
	}
	return true
}

func (t *nameTable) slot(lo, hi uint64) uint64 {
	return (lo ^ bits.RotateLeft64(hi, 29)) * t.multiplier >> (64 - slotBits)
}

// find is the member of a name in lower case; known is false for none.
func (t *nameTable) find(lo, hi uint64) (m member, known bool) {
	i := t.slots[t.slot(lo, hi)]
	if i == 0 {
		return member{field: unknown}, false
	}
	at := &t.members[i-1]
	return at.member, at.lo == lo && at.hi == hi
}

// lookup finds what a name means in any case; field unknown for none.
func lookup(name []byte) member {
	if len(name) > longestName {
		return member{field: unknown}
	}
	var low [longestName]byte
	for i, c := range name {
		if c-'A' <= 'Z'-'A' {
			c |= 0x20
		}
		low[i] = c
	}
	if m, known := names.find(wordsOf(low[:len(name)])); known {
		return m
	}
	return member{field: unknown}
}
