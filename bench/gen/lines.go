package gen

import "strconv"

// The header lines. The second of each pair names columns by their aliases.
var (
	clickHeaders = [2]string{
		"event_timestamp,user_id,campaign_id,creative_id,click_id,impression_id,exchange,auction_id,website,landing_url,user_agent,country,device_type\n",
		"timestamp,user_id,ad_campaign_id,ad_creative_id,gclid,impression_id,exchange,auction_id,website,landing_url,user_agent,country,device_type\n",
	}
	conversionHeaders = [2]string{
		"event_timestamp,user_id,campaign_id,conversion_type,conversion_id,order_id,click_id,impression_id,advertiser_id,value,currency,quantity,adjustment\n",
		"conversion_time,user_id,ad_campaign_id,event_name,event_id,transaction_id,click_id,impression_id,advertiser_id,value,currency,quantity,adjustment\n",
	}
	combinedHeaders = [2]string{
		"timestamp,user_id,campaign_id,conversion_type\n",
		"event_timestamp,user_id,ad_campaign_id,event_type\n",
	}
)

// csvTime is the style of a CSV producer.
func csvTime(site uint32) timeStyle {
	switch exchangeOf(site) {
	case 2:
		return millis
	case 4:
		return naive
	}
	return zulu
}

// header appends the header of a record of clicks or conversions; lines with
// only the configured columns come without one.
func (g *Generator) header(b []byte, it *item) []byte {
	style := derive(it.seed, saltStyle)
	alias := style % 4 / 3 // one in four
	if style>>8%20 == 0 && it.traits&bareLine == 0 {
		b = append(b, "\xef\xbb\xbf"...)
	}
	switch {
	case g.world.legacy && style>>16%2 == 0:
		return append(b, combinedHeaders[alias]...)
	case g.world.legacy || it.traits&bareLine != 0:
		return b
	case it.kind == kindClick:
		return append(b, clickHeaders[alias]...)
	}
	return append(b, conversionHeaders[alias]...)
}

// line appends one CSV line.
func (g *Generator) line(b []byte, it *item) []byte {
	switch {
	case it.fault == broken:
		b = g.brokenLine(b, it)
	case g.world.legacy:
		b = g.legacyLine(b, it)
	case it.kind == kindClick:
		b = g.clickLine(b, it)
	default:
		b = g.conversionLine(b, it)
	}
	if derive(it.seed, saltStyle)>>24%4 == 0 {
		b = append(b, '\r')
	}
	return append(b, '\n')
}

// lead appends the columns that every line starts with: time, user, campaign.
func (g *Generator) lead(b []byte, it *item) []byte {
	p := g.world.person(it.user)
	b = append(appendTime(b, it.event, csvTime(it.site)), ',')
	b, _ = g.appendUser(b, it, &p)
	b = append(b, ',')
	if it.kind == kindClick || it.traits&noCampaign == 0 {
		b = append(b, g.campaignOf(it).id...)
	}
	return append(b, ',')
}

func (g *Generator) legacyLine(b []byte, it *item) []byte {
	b = g.lead(b, it)
	if it.kind == kindClick {
		return append(b, "click"...)
	}
	return append(b, legacyActions[it.action]...)
}

// legacyActions are the words of the case study.
var legacyActions = [len(actions)]string{"purchase", "signup", "conversion", "install", "visit", "add_to_cart"}

func (g *Generator) clickLine(b []byte, it *item) []byte {
	b = g.lead(b, it)
	if it.traits&bareLine != 0 {
		return b[:len(b)-1]
	}
	b = append(append(b, g.world.creatives[it.creative].id...), ',')
	if it.traits&noID == 0 {
		b = appendUUID(b, it.seed, saltID)
	}
	b = append(b, ',')
	if it.traits&noParent == 0 {
		b = appendUUID(b, it.parent, saltID)
	}
	b = append(b, ',')
	if g.namesAuction(it) {
		b = append(append(b, exchanges[exchangeOf(it.site)]...), ',')
		b = append(appendAuction(b, it.parent), ',')
	} else {
		b = append(b, ",,"...)
	}
	if !isApp(it.site) {
		b = append(appendPadded(append(b, "site-"...), int64(it.site), 6), ".example"...)
	}
	b = append(append(b, ",https://shop.example/landing?c="...), g.campaignOf(it).id...)
	if it.fault == conflicting {
		b = append(b, "&again=1"...)
	}
	p := g.world.person(it.user)
	d := p.deviceOf(it.site)
	if it.traits&isBot != 0 {
		d, _ = g.botFields(it, d)
	}
	b = append(append(append(b, `,"`...), d.agent...), `",`...) // agents hold commas
	b = append(append(b, p.country.alpha2...), ',')
	return strconv.AppendInt(b, int64(d.kind), 10)
}

// namesAuction: half of the clicks name the auction; of those that do not name
// their impression, three in ten.
func (g *Generator) namesAuction(it *item) bool {
	h := derive(it.seed, saltNames) % 10
	if it.traits&noParent != 0 {
		return h < 3
	}
	return h < 5
}

func (g *Generator) conversionLine(b []byte, it *item) []byte {
	b = g.lead(b, it)
	h := derive(it.seed, saltNames)
	b = append(b, typeText(it.action, h>>8)...)
	if it.traits&bareLine != 0 {
		return b
	}
	b = append(b, ',')
	if it.traits&noID == 0 {
		b = appendUUID(b, it.seed, saltID)
	}
	b = append(b, ',')
	if it.action == purchase {
		b = appendPadded(append(b, "ord-"...), int64(derive(it.basket, saltOrder)>>8), 17)
	}
	b = append(b, ',')
	if it.traits&noParent == 0 {
		b = appendUUID(b, it.touch, saltID)
	}
	b = append(b, ',')
	if g.namesImpression(it) {
		b = appendUUID(b, it.parent, saltID)
	}
	b = append(b, ',')
	if it.traits&noCampaign == 0 {
		b = append(b, g.campaignOf(it).advertiser...)
	}
	b = append(b, ',')
	if it.amount != 0 && it.traits&retracted == 0 {
		amount := it.amount
		if it.fault == conflicting {
			amount += 1_000_000
		}
		b = append(appendMicros(b, amount, 2), ',')
		b = append(b, g.campaignOf(it).currency.code...)
	} else {
		b = append(b, ',')
	}
	return append(b, g.ending(it)...)
}

// namesImpression: half of the post-view conversions and a quarter of the
// others do.
func (g *Generator) namesImpression(it *item) bool {
	h := derive(it.basket, saltNames) % 8
	if it.traits&viewOnly != 0 {
		return h < 4
	}
	return h < 2
}

// ending is quantity and adjustment.
func (g *Generator) ending(it *item) string {
	switch {
	case it.kind == kindAdjustment && it.traits&retracted != 0:
		return ",1,RETRACT"
	case it.kind == kindAdjustment:
		return ",1,RESTATE"
	case it.fault == conflicting:
		return ",3,"
	case it.basket&3 == 0:
		return ",2,NEW"
	}
	return ",,"
}

// typeText is a conversion type, sometimes by an alias.
func typeText(action uint8, h uint64) string {
	switch {
	case action == signUp && h%3 == 0:
		return "signup"
	case action == signUp && h%3 == 1:
		return "Sign-Up"
	case action == pageView && h%2 == 0:
		return "visit"
	}
	return actions[action]
}
