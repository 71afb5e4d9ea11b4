package gen

// visitor draws who sees the ad: active people more often, and at hours when
// they are awake.
func (g *Generator) visitor(t int64) uint32 {
	user := uint32(g.users.draw(&g.rng))
	if g.cfg.Endless {
		return user
	}
	for range 6 {
		local := t + int64(g.world.person(user).country.offset)*msPerMinute
		if int(g.rng.below(mostActive)) < activity(local) {
			break
		}
		user = uint32(g.users.draw(&g.rng))
	}
	return user
}

// shown draws site and creative.
func (g *Generator) shown(it *item) {
	it.site = uint32(g.sites.draw(&g.rng))
	campaign := 0
	if g.rng.below(5) != 0 { // a fifth of all traffic is the first campaign's
		campaign = g.campaigns.draw(&g.rng)
	}
	it.creative = uint32(campaign*g.world.perUnit + int(g.rng.below(uint64(g.world.perUnit))))
}

// auction makes an impression whose auction was at t, all that follows from it,
// and the other bid requests around it.
func (g *Generator) auction(t int64) {
	it := item{kind: kindImpression, seed: g.rng.next(), user: g.visitor(t), day: g.dayOf(t)}
	g.shown(&it)
	p := g.world.person(it.user)
	where := p.placeOf(it.site)
	it.event = t + g.renderDelay(&it, where)
	it.at = it.event + g.transport(where)
	it.amount = g.price(&it)
	g.impressionTraits(&it, where)
	if g.cfg.Bids {
		if g.bid(t, &it, won) {
			it.ref = t
		}
		g.otherRequests(t)
	}
	children := g.children(&it, &p, where)
	if !children && g.rng.hit(g.odds.noOwnID) || g.world.legacy {
		it.traits |= noID
	}
	if !children && g.rng.hit(g.odds.unmapped) {
		it.traits |= unmapped
	}
	g.submit(&it, children)
}

func (p *person) placeOf(site uint32) place {
	switch {
	case isApp(site):
		return inApp
	case p.desktop():
		return computer
	}
	return browser
}

// renderDelay is auction to impression; apps cache ads for minutes, and
// interstitials for half an hour.
func (g *Generator) renderDelay(it *item, where place) int64 {
	if where == inApp && g.cfg.Pace == Natural {
		switch u := g.rng.below(100); {
		case u < 3:
			return int64(g.rng.below(5 * minute))
		case u == 3:
			return int64(g.rng.below(30 * minute))
		}
	}
	return g.delays.render.draw(&g.rng) + 1
}

// transport is event to Kafka.
func (g *Generator) transport(where place) int64 {
	switch {
	case where != inApp:
		return g.delays.web.draw(&g.rng) + 1
	case g.rng.hit(g.odds.offline):
		return g.delays.offline.draw(&g.rng) + 1
	}
	return g.delays.app.draw(&g.rng) + 1
}

// price is what a thousand impressions like it cost, in micros of the
// campaign's currency, in steps of 100.
func (g *Generator) price(it *item) int64 {
	c := g.campaignOf(it)
	steps := g.prices.draw(&g.rng) * c.currency.perMille / 1000
	if c.video {
		steps *= 5
	}
	return steps * 100
}

func (g *Generator) campaignOf(it *item) *campaign {
	return &g.world.campaigns[g.world.creatives[it.creative].campaign]
}

func (g *Generator) impressionTraits(it *item, where place) {
	r, o := &g.rng, g.odds
	if r.hit(o.bots[where]) {
		it.traits |= isBot
	}
	if r.hit(o.noCampaign) {
		it.traits |= noCampaign
	}
	// The rare ones share a draw: at most one of them.
	u := r.next()
	for _, rare := range [...]struct {
		share chance
		trait uint16
	}{{o.test, isTest}, {o.audit, auditPrice}, {o.macro, macroPrice}, {o.encoded, macroPrice | encoded}, {o.counted, bigCount}} {
		if u < uint64(rare.share) {
			it.traits |= rare.trait
			return
		}
		u -= uint64(rare.share)
	}
}

// bid submits the request and our answer to it; false when it will be rejected.
func (g *Generator) bid(t int64, imp *item, traits uint16) bool {
	b := *imp
	b.kind, b.event, b.parent = kindBid, t, 0
	b.at = t + g.delays.web.draw(&g.rng) + 1
	if g.cfg.Pace == Brisk { // the log is ahead of the browser
		b.at = min(b.at, imp.event)
	}
	b.traits = traits | imp.traits&isTest
	return g.submit(&b, traits&won != 0)
}

// otherRequests are the ones that led to no impression.
func (g *Generator) otherRequests(t int64) {
	g.requestsDue += g.odds.requests
	for ; g.requestsDue >= 1; g.requestsDue-- {
		at := t + int64(g.rng.below(second))
		it := item{seed: g.rng.next(), user: g.visitor(t), day: g.dayOf(at)}
		g.shown(&it)
		it.event, it.amount = at+1, g.price(&it)
		traits := noOffer
		if g.rng.hit(g.odds.offered) {
			traits = 0
			if g.rng.hit(g.odds.unrendered) {
				traits = won
			}
		}
		g.bid(at, &it, traits)
	}
}

// children makes what follows from an impression; false when nothing does.
func (g *Generator) children(imp *item, p *person, where place) bool {
	c := g.campaignOf(imp)
	nameless := g.nameless(p, imp.site)
	if nameless && g.world.legacy {
		return false // without ids nothing can refer to it
	}
	class := 0
	if c.premium {
		class = 1
	}
	if imp.traits&isBot != 0 {
		if !g.rng.hit(g.odds.botClick[class][where]) {
			return false
		}
		g.click(imp, where, nameless, imp.event+100+int64(g.rng.below(1500)), isBot)
		return true
	}
	if g.rng.hit(g.odds.click[class]) {
		at := imp.event + 1200 + g.delays.click.draw(&g.rng)
		if g.cfg.Pace == Natural && g.rng.below(100) == 0 {
			at = imp.event + int64(g.rng.below(6*hour))
		}
		g.click(imp, where, nameless, at, 0)
		return true
	}
	if !nameless && g.rng.hit(g.odds.viewThrough) {
		g.conversion(imp, imp, nameless, imp.event+int64(g.rng.below(uint64(g.viewSpan()))), viewOnly)
		return true
	}
	return false
}

func (g *Generator) viewSpan() int64 {
	if g.cfg.Pace == Brisk {
		return 20 * second
	}
	return 24 * hour
}

// click submits a click, an impatient second one, and the conversions.
func (g *Generator) click(imp *item, where place, nameless bool, at int64, traits uint16) {
	it := *imp
	it.kind, it.parent, it.event, it.day = kindClick, imp.seed, at, g.dayOf(at)
	it.seed, it.ref, it.amount = g.rng.next(), 0, 0
	it.traits = traits
	if g.rng.hit(g.odds.noImpressionID) {
		it.traits |= noParent
		if !nameless && g.rng.below(10) < 4 {
			it.traits |= bareLine | noID
		}
	}
	if !nameless && g.rng.hit(g.odds.noOwnID) {
		it.traits |= noID
	}
	it.at = at + g.delays.web.draw(&g.rng) + 1
	if (it.traits&bareLine == 0 || g.world.legacy) && g.rng.below(10) < 3 {
		it.traits |= flushed
		it.at += g.delays.flushMS - it.at%g.delays.flushMS
	}
	converts := false
	if traits&isBot == 0 {
		converts = g.conversions(imp, &it, nameless)
		if g.rng.hit(g.odds.doubleClick) {
			again := it
			again.seed = g.rng.next()
			again.event += 100 + int64(g.rng.below(1400))
			again.at += 1500
			again.traits &^= flushed
			g.submit(&again, false)
		}
	}
	g.submit(&it, converts)
}

func (g *Generator) conversions(imp, click *item, nameless bool) bool {
	c := g.campaignOf(imp)
	class := 0
	if c.retargets {
		class = 1
	}
	if !g.rng.hit(g.odds.convert[class]) {
		return false
	}
	soon, lateOnes, share := g.delays.orderSoon, g.delays.orderLate, uint64(35)
	if c.action == install {
		soon, lateOnes, share = g.delays.installSoon, g.delays.installLt, 74
	}
	delay := int64(0)
	if g.rng.below(100) < share {
		delay = soon.draw(&g.rng)
	} else {
		delay = lateOnes.draw(&g.rng)
	}
	g.conversion(imp, click, nameless, click.event+delay+1, 0)
	return true
}

// nameless reports whether the person has no user id on the site.
func (g *Generator) nameless(p *person, site uint32) bool {
	if !isApp(site) {
		return p.anyID < g.odds.noUserWeb
	}
	return p.ios() && p.anyID < g.odds.noUserIOS
}

func (g *Generator) dayOf(ms int64) uint16 { return uint16((ms - g.startMS) / msPerDay) }
