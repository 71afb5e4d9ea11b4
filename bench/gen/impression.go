package gen

import "strconv"

// salts tell the ids of one seed apart.
const (
	saltID      = 1
	saltAuction = 3
	saltBid     = 4
	saltView    = 5
	saltUser    = 6
	saltStyle   = 8
	saltPart    = 9
	saltOrder   = 10
	saltBreak   = 11
	saltNames   = 12
	saltNetwork = 14
)

// priceStyle is one of the ways a source writes a price.
type priceStyle uint8

const (
	priceText priceStyle = iota
	priceNumber
	priceMicros
)

// source is how one exchange writes its impressions.
type source struct {
	names  *dialect
	time   timeStyle
	price  priceStyle
	detail int // 1: a quarter has user agent and address too
}

var sources = [len(exchanges)]source{
	{&names[0], zulu, priceText, 0},
	{&names[0], zulu, priceMicros, 0},
	{&names[0], millis, priceNumber, 0},
	{&names[0], kolkata, priceText, 1},
	{&names[1], naive, priceText, 0},
}

// impression appends the JSON of an impression.
func (g *Generator) impression(b []byte, it *item) []byte {
	if g.world.legacy {
		return g.legacyImpression(b, it)
	}
	src := &sources[exchangeOf(it.site)]
	p := g.world.person(it.user)
	b = append(b, '{')
	if it.traits&noID == 0 {
		b = appendField(b, src.names.impression)
		b = append(appendUUID(append(b, '"'), it.seed, saltID), '"', ',')
	}
	b = appendField(b, src.names.time)
	b = appendStamp(b, g.written(it), src.time)
	b = g.userField(b, it, &p, src.names.user)
	b = g.creativeFields(b, it, src.names)
	b = appendSite(b, it, src.names)
	b = append(append(b, `,"exchange":"`...), exchanges[exchangeOf(it.site)]...)
	b = appendAuction(append(b, `","auction_id":"`...), it.seed)
	b = append(b, '"')
	if it.seed&1 == 0 { // imp_id defaults to 1
		b = append(b, `,"imp_id":"1"`...)
	}
	if it.seed&2 == 0 {
		b = append(appendBidID(append(b, `,"bid_id":"`...), it.seed), '"')
	}
	b = appendPrice(b, it, src.price)
	b = g.viewFields(b, it)
	d := p.deviceOf(it.site)
	detail := 0
	if it.seed>>2%4 == 0 {
		detail = src.detail
	}
	if it.traits&isBot != 0 {
		d, detail = g.botFields(it, d)
	}
	b = append(b, d.json[detail]...)
	if detail == 1 {
		b = append(appendAddress(append(b, `,"ip":"`...), it, &p), '"')
	}
	b = append(append(append(b, `,"country":"`...), p.country.alpha3...), '"')
	b = privacyFields(b, &p)
	b = g.rareFields(b, it, src)
	return append(b, '}')
}

// written is the time on the wire: what a wrong clock made of it.
func (g *Generator) written(it *item) int64 {
	if it.fault != skewed {
		return it.event
	}
	r := random{it.seed}
	return it.event + g.delays.skew.draw(&r)
}

// legacyTimes are the ways the case study writes time, by exchange.
var legacyTimes = [len(exchanges)]timeStyle{zulu, naive, naiveT, zulu, naiveT}

// legacyImpression has the case study's four fields; numbers are numbers in the
// records of every second site.
func (g *Generator) legacyImpression(b []byte, it *item) []byte {
	p := g.world.person(it.user)
	numbers := it.site%2 == 0
	b = append(b, `{"ad_creative_id":`...)
	if it.traits&unmapped != 0 {
		b = append(appendHex(append(b, `"unknown-`...), it.seed, 6), '"')
	} else {
		b = appendID(b, g.world.creatives[it.creative].id, numbers)
	}
	var buf [64]byte
	if user, real := g.appendUser(buf[:0], it, &p); len(user) > 0 {
		b = append(b, `,"user_id":`...)
		b = appendID(b, user, numbers && real && it.user%2 == 0)
	}
	b = append(b, `,"timestamp":"`...)
	b = appendTime(b, it.event, legacyTimes[exchangeOf(it.site)])
	if isApp(it.site) {
		b = append(b, `","website":"app-`...)
	} else {
		b = append(b, `","website":"https://www.site-`...)
	}
	return append(appendPadded(b, int64(it.site), 6), `.example/"}`...)
}

func appendID[T string | []byte](b []byte, id T, number bool) []byte {
	if number {
		return append(b, id...)
	}
	return append(append(append(b, '"'), id...), '"')
}

func appendField(b []byte, name string) []byte {
	return append(append(append(b, '"'), name...), `":`...)
}

// appendStamp quotes all styles but numbers.
func appendStamp(b []byte, ms int64, style timeStyle) []byte {
	if style == millis {
		return appendTime(b, ms, style)
	}
	return append(appendTime(append(b, '"'), ms, style), '"')
}

// The placeholders that stand where a user id should be (events 1.1).
var sentinels = [...]string{"0", "-1", "null", "00000000-0000-0000-0000-000000000000", "{{user_id}}", "undefined"}

// appendUser appends the user id as the source has it, and says whether it is
// one: people without an id are absent or a placeholder.
func (g *Generator) appendUser(b []byte, it *item, p *person) ([]byte, bool) {
	if g.nameless(p, it.site) {
		h := derive(it.seed, saltUser)
		if h < uint64(g.odds.sentinel) {
			b = append(b, sentinels[h%uint64(len(sentinels))]...)
		}
		return b, false
	}
	life := p.identity(it.day)
	if g.world.legacy && it.user%2 == 0 {
		return strconv.AppendUint(b, 10_000_000+uint64(it.user)*32+life, 10), true
	}
	return appendUUID(b, p.hash+life*golden, saltUser), true
}

func (g *Generator) userField(b []byte, it *item, p *person, name string) []byte {
	from := len(b)
	b = append(appendField(append(b, ','), name), '"')
	id := len(b)
	b, _ = g.appendUser(b, it, p)
	if len(b) == id {
		return b[:from]
	}
	return append(b, '"')
}

// creativeFields are the creative's pre-rendered fields, with or without the
// campaign.
func (g *Generator) creativeFields(b []byte, it *item, n *dialect) []byte {
	c := &g.world.creatives[it.creative]
	d := 0
	if n == &names[1] {
		d = 1
	}
	switch {
	case it.traits&unmapped != 0:
		b = append(appendField(append(b, ','), n.creative), `"cr-unknown-`...)
		return append(appendHex(b, it.seed, 6), '"')
	case it.traits&noCampaign != 0:
		return append(b, c.bareJSON[d]...)
	}
	return append(b, c.json[d]...)
}

func appendSite(b []byte, it *item, n *dialect) []byte {
	if isApp(it.site) {
		b = append(b, `,"app_bundle":"com.example.app`...)
		return append(appendPadded(b, int64(it.site), 6), '"')
	}
	b = append(appendField(append(b, ','), n.site), '"')
	if it.seed>>7&1 == 0 {
		b = append(b, "https://www."...)
	}
	b = append(b, "site-"...)
	b = appendPadded(b, int64(it.site), 6)
	b = append(b, ".example/"...)
	b = append(b, sections[it.seed>>8%uint64(len(sections))]...)
	return append(b, '"')
}

var sections = [...]string{"news/world", "sport", "Weather?ref=home", "", "video#top", "a/long/story"}

func appendAuction(b []byte, seed uint64) []byte {
	return appendHex(b, derive(seed, saltAuction), 16)
}

func appendBidID(b []byte, seed uint64) []byte {
	return appendHex(append(b, "b-"...), derive(seed, saltBid), 12)
}

// appendPrice writes the price or what stands in its place.
func appendPrice(b []byte, it *item, style priceStyle) []byte {
	switch {
	case it.traits&auditPrice != 0:
		return append(b, `,"price":"AUDIT"`...)
	case it.traits&encoded != 0:
		b = appendHex(append(b, `,"price":"`...), derive(it.seed, saltBid), 16)
		return append(b, `WUlHS3F5Zg=="`...)
	case it.traits&macroPrice != 0:
		return append(b, `,"price":"${AUCTION_PRICE}"`...)
	case style == priceMicros:
		return strconv.AppendInt(append(b, `,"price_cpm_micros":`...), it.amount, 10)
	case style == priceNumber:
		return appendMicros(append(b, `,"price":`...), it.amount, 4)
	}
	return append(appendMicros(append(b, `,"price":"`...), it.amount, 4), '"')
}

// viewFields: 85% are measured, 70% of those are viewable; some say how long
// instead.
func (g *Generator) viewFields(b []byte, it *item) []byte {
	h := derive(it.seed, saltView)
	switch u := h % 100; {
	case u >= 85:
		return b
	case u >= 70:
		b = append(b, `,"in_view_ms":`...)
		return strconv.AppendUint(b, h>>8%4000, 10)
	}
	b = append(b, `,"viewable":`...)
	if h>>32%10 < 7 {
		return append(b, "true"...)
	}
	return append(b, "false"...)
}

// botFields: two in five bots say who they are, two in five sit in a data
// centre, the rest look like anybody.
func (g *Generator) botFields(it *item, d *device) (*device, int) {
	switch u := derive(it.seed, saltNetwork) % 5; {
	case u < 2:
		return &botDevice, 1
	case u < 4:
		return d, 1
	}
	return d, 0
}

// appendAddress is a documentation address; bots' come from one range that
// stands for a data centre.
func appendAddress(b []byte, it *item, p *person) []byte {
	if it.traits&isBot != 0 {
		b = append(b, "203.0.113."...)
		return strconv.AppendUint(b, p.hash>>40%256, 10)
	}
	b = strconv.AppendUint(append(b, "198."...), 18+p.hash>>63, 10)
	b = strconv.AppendUint(append(b, '.'), p.hash>>48%256, 10)
	return strconv.AppendUint(append(b, '.'), p.hash>>40%256, 10)
}

// A quarter of the people in the EEA refuse; their text then grants nothing.
var (
	consentGranted = consentString(true)
	consentRefused = consentString(false)
)

func privacyFields(b []byte, p *person) []byte {
	if !p.country.eea {
		return b
	}
	b = append(b, `,"gdpr":1,"consent":"`...)
	if p.hash>>50%4 == 0 {
		return append(append(b, consentRefused...), '"')
	}
	return append(append(b, consentGranted...), '"')
}

func (g *Generator) rareFields(b []byte, it *item, src *source) []byte {
	if it.traits&isTest != 0 {
		b = append(b, `,"is_test":true`...)
	}
	if it.traits&bigCount != 0 {
		b = append(b, `,"quantity":"2.5"`...)
	}
	if it.fault == skewed {
		b = appendField(append(b, ','), "sent_at")
		b = appendStamp(b, g.written(it)+(it.at-it.event)-it.transit, src.time)
		b = appendField(append(b, ','), "received_at")
		b = appendStamp(b, it.at, src.time)
	}
	return b
}
