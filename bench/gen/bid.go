package gen

// bidRequest appends the framed Avro bid request of an item.
func (g *Generator) bidRequest(b []byte, it *item) []byte {
	switch {
	case g.world.legacy:
		return g.legacyBid(b, it)
	case g.cfg.Framing == Registry:
		b = append(b, 0, byte(g.cfg.SchemaID>>24), byte(g.cfg.SchemaID>>16), byte(g.cfg.SchemaID>>8), byte(g.cfg.SchemaID))
	case g.cfg.Framing == SingleObject:
		b = append(b, 0xc3, 0x01)
		for shift := 0; shift < 64; shift += 8 {
			b = append(b, byte(uint64(Fingerprint)>>shift))
		}
	case g.cfg.Framing == Container:
		g.datum = g.bidDatum(g.datum[:0], it)
		return inContainer(b, g.container, g.datum)
	}
	return g.bidDatum(b, it)
}

// Which parts a request has follows from its seed.
func twoSlots(it *item) bool { return derive(it.seed, saltNames)%32 == 0 }

// expirySeconds is exp_s of the first slot: mostly not set, else one or five
// minutes.
func expirySeconds(seed uint64) int64 {
	switch derive(seed, saltNames) >> 8 % 10 {
	case 0:
		return 60
	case 1:
		return 300
	}
	return 0
}

func (g *Generator) bidDatum(b []byte, it *item) []byte {
	p := g.world.person(it.user)
	var id [16]byte
	b = avroText(b, appendAuction(id[:0], it.seed))
	b = avroText(b, exchanges[exchangeOf(it.site)])
	b = avroLong(b, 0)                     // source_tid
	b = avroLong(b, it.event*1000)         // timestamp
	b = avroLong(b, 1+int64(it.seed>>4%2)) // auction_type
	b = avroLong(b, 120)
	b = avroBool(b, it.traits&isTest != 0)
	b = g.bidUser(b, it, &p)
	b = g.bidSite(b, it)
	b = g.bidSlots(b, it)
	b = g.bidTargeting(b, it, &p)
	b = g.bidOffers(b, it)
	b = avroNullable(b, 9, it.traits&noOffer != 0 && it.seed>>5%8 == 0)
	if it.traits&noOffer != 0 && it.seed>>9%4 == 0 {
		return avroLong(b, 250)
	}
	return avroLong(b, 1000)
}

func (g *Generator) bidUser(b []byte, it *item, p *person) []byte {
	var buf [64]byte
	id, real := g.appendUser(buf[:0], it, p)
	b = avroText(b, id)
	b = avroText(b, "") // exchange_user_id
	kind := "cookie"
	if isApp(it.site) {
		kind = "ifa"
	}
	b = avroText(b, kind)
	if isApp(it.site) && real {
		b = avroText(b, id)
	} else {
		b = avroText(b, "")
	}
	b = append(b, 0, 0) // lmt, dnt
	b = avroText(b, appendAddress(buf[:0], it, p))
	d := p.deviceOf(it.site)
	b = avroText(b, d.agent)
	b = avroText(b, p.country.alpha3)
	if g.breaks(it, badEncoding) {
		b = avroText(b, "\xff\xfe")
	} else {
		b = avroText(b, "") // region
	}
	b = avroText(b, "") // city
	b = avroLong(b, int64(p.country.offset))
	b = avroLong(b, int64(d.kind))
	b = avroText(b, d.os)
	b = avroText(b, "")
	b = avroText(b, "en")
	b = avroNullable(b, 1, p.country.eea)
	switch {
	case !p.country.eea:
		b = avroText(b, "")
	case p.hash>>50%4 == 0:
		b = avroText(b, consentRefused)
	default:
		b = avroText(b, consentGranted)
	}
	b = avroText(b, "")
	b = avroText(b, "")
	return avroBool(b, false)
}

func (g *Generator) bidSite(b []byte, it *item) []byte {
	var buf [64]byte
	if isApp(it.site) {
		b = avroText(avroText(b, ""), "")
		b = avroText(b, appendPadded(append(buf[:0], "com.example.app"...), int64(it.site), 6))
	} else {
		domain := append(appendPadded(append(buf[:0], "site-"...), int64(it.site), 6), ".example"...)
		b = avroText(b, domain)
		b = avroText(avroText(b, ""), "")
	}
	b = avroText(b, appendPadded(append(buf[:0], "pub-"...), int64(it.site%997), 3))
	b = avroText(avroLong(b, 1), "IAB1") // one category
	return avroLong(b, 0)
}

func (g *Generator) bidSlots(b []byte, it *item) []byte {
	if g.breaks(it, noSlots) {
		return avroLong(b, 0)
	}
	slots := int64(1)
	if twoSlots(it) {
		slots = 2
	}
	b = avroLong(b, slots)
	c := &g.world.creatives[it.creative]
	for i := range slots {
		b = append(b, 2, byte('1'+i)) // imp_id
		var buf [16]byte
		b = avroText(b, appendPadded(append(buf[:0], "plc-"...), int64(it.site%5000), 4))
		b = avroText(b, c.size.format)
		b = avroLong(b, int64(c.size.w))
		b = avroLong(b, int64(c.size.h))
		b = avroLong(b, 1)
		b = avroLong(b, it.amount/2)
		b = avroText(b, g.campaignOf(it).currency.code)
		b = append(b, 0, 0) // interstitial, rewarded
		b = avroLong(b, expirySeconds(it.seed))
		b = avroLong(b, 0) // deals
	}
	return avroLong(b, 0)
}

func (g *Generator) bidTargeting(b []byte, it *item, p *person) []byte {
	b = avroLong(b, 3)
	b = avroText(avroText(b, "age"), ages[p.hash>>52%uint64(len(ages))])
	b = avroText(avroText(b, "geo"), p.country.alpha3)
	b = avroText(avroText(b, "interest"), interests[it.seed>>12%uint64(len(interests))])
	return avroLong(b, 0)
}

var (
	ages      = [...]string{"18-24", "25-34", "35-44", "45-54", "55+"}
	interests = [...]string{"sports", "travel|food", "cars", "games", "fashion|beauty", "finance"}
)

// bidOffers is our answer: one bid on the first slot, or none.
func (g *Generator) bidOffers(b []byte, it *item) []byte {
	if it.traits&noOffer != 0 {
		return avroLong(b, 0)
	}
	c := &g.world.creatives[it.creative]
	p := g.campaignOf(it)
	b = avroLong(b, 1)
	var buf [32]byte
	b = avroText(b, appendBidID(buf[:0], it.seed))
	b = avroText(b, appendAuction(append(buf[:0], "r-"...), it.seed))
	b = avroText(b, "1")
	b = avroText(b, p.id)
	b = avroText(b, c.lineItem)
	b = avroText(b, c.id)
	b = avroText(b, p.advertiser)
	price := it.amount + it.amount/5
	if it.fault == conflicting {
		price += 100
	}
	b = avroLong(b, price)
	b = avroText(b, p.currency.code)
	b = avroText(b, "")
	// The exchange tells some losers why, and some winners that they won.
	code := int64(102)
	if it.traits&won != 0 {
		code = 0
	}
	b = avroNullable(b, code, it.seed>>16%2 == 0)
	b = avroNullable(b, price+price/10, it.traits&won == 0 && it.seed>>17%2 == 0)
	return avroLong(b, 0)
}

// legacyBid is a container with one of the case study's two records: with an
// amount where we bid for a user with a number, else with targeting.
func (g *Generator) legacyBid(b []byte, it *item) []byte {
	p := g.world.person(it.user)
	var id [64]byte
	user, real := g.appendUser(id[:0], it, &p)
	var auction [16]byte
	d := g.datum[:0]
	if legacyAmount(it, real) {
		d = avroDouble(d, float64(it.amount)/1e6)
		number := int64(0)
		for _, c := range user {
			number = 10*number + int64(c-'0')
		}
		d = avroLong(d, number)
		d = avroText(d, appendAuction(auction[:0], it.seed))
		var buf [32]byte
		d = avroText(d, appendAddress(buf[:0], it, &p))
		d = avroLong(d, it.event)
		g.datum = d
		return inContainer(b, g.amounts, d)
	}
	d = avroText(d, user)
	d = avroText(d, appendAuction(auction[:0], it.seed))
	var buf [32]byte
	d = avroText(d, appendTime(buf[:0], it.event, zulu))
	d = g.bidTargeting(d, it, &p)
	g.datum = d
	return inContainer(b, g.targets, d)
}

func legacyAmount(it *item, realUser bool) bool {
	return realUser && it.user%2 == 0 && it.traits&noOffer == 0
}
