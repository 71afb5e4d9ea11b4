package gen

// conversion submits a conversion after touch (a click, or the impression
// itself), what is later changed about it, and further orders.
func (g *Generator) conversion(imp, touch *item, nameless bool, at int64, traits uint16) {
	it := *imp
	it.kind, it.parent, it.event, it.day = kindConversion, imp.seed, at, g.dayOf(at)
	it.seed, it.ref = g.rng.next(), 0
	it.basket, it.traits, it.touch = it.seed, traits, 0
	if touch.kind == kindClick && touch.traits&noID == 0 {
		it.touch = touch.seed
	}
	g.conversionTraits(&it, nameless)
	it.action, it.amount = g.outcome(&it)
	g.deliver(&it)
	changed := it.action == purchase && it.traits&bareLine == 0 && g.adjust(&it)
	g.submit(&it, changed)
	if it.action != purchase || it.traits&bareLine != 0 {
		return
	}
	if !changed && g.rng.hit(g.odds.duplicate) {
		g.sameOrder(&it)
	}
	if g.rng.hit(g.odds.repeat) {
		g.conversion(imp, touch, nameless, at+1+g.delays.orderLate.draw(&g.rng), traits)
	}
}

// conversionTraits leaves out ids, but never so many that nothing is left.
func (g *Generator) conversionTraits(it *item, nameless bool) {
	r, o := &g.rng, g.odds
	if it.touch == 0 || (!nameless && r.hit(o.noClickID)) {
		it.traits |= noParent
	}
	if !nameless && r.hit(o.noConversionID) {
		it.traits |= noID
	}
	if r.hit(o.noDeclaration) {
		it.traits |= noCampaign
	}
	if g.world.legacy || (!nameless && r.below(100) < 3) {
		it.traits = it.traits&^noCampaign | bareLine | noID | noParent
	}
}

// outcome is type and value; only orders, and some carts, are worth money.
func (g *Generator) outcome(it *item) (uint8, int64) {
	c := g.campaignOf(it)
	action := c.action
	switch u := g.rng.below(10); {
	case u == 0:
		action = pageView
	case u == 1:
		action = addToCart
	}
	if it.traits&bareLine != 0 {
		return action, 0
	}
	worth := action == purchase || (action == addToCart && g.rng.below(2) == 0)
	if !worth {
		return action, 0
	}
	cents := g.orders.draw(&g.rng) * c.currency.perMille / 1000
	return action, (cents + 1) * 10_000
}

// deliver sets how a conversion reaches Kafka: mostly by pixel, else in hourly
// and daily files, a few weeks later.
func (g *Generator) deliver(it *item) {
	it.at = it.event + g.delays.web.draw(&g.rng) + 1
	if it.traits&bareLine != 0 && !g.world.legacy {
		return
	}
	period := int64(0)
	switch u := g.rng.below(100); {
	case u < 80:
		return
	case u < 95:
		period = hour
	case u < 99:
		period = day
	case g.cfg.Pace == Natural:
		it.at += int64(g.rng.below(30 * day))
		return
	}
	if g.cfg.Pace == Brisk {
		period = g.delays.flushMS
	}
	it.traits |= flushed
	// Each advertiser's file comes a moment after the last one's.
	it.at += period - it.at%period + int64(it.creative/uint32(4*g.world.perUnit))
}

// adjust submits a change of the conversion; false when there is none.
func (g *Generator) adjust(it *item) bool {
	change := *it
	change.kind, change.before = kindAdjustment, it.amount
	change.traits &^= flushed | retracted
	switch {
	case g.rng.hit(g.odds.retract):
		change.traits |= retracted
	case g.rng.hit(g.odds.restate):
		change.amount = it.amount / 10_000 * int64(50+g.rng.below(40)) / 100 * 10_000
	default:
		return false
	}
	wait := day + int64(g.rng.below(19*day))
	if g.cfg.Pace == Brisk {
		wait = 5*second + int64(g.rng.below(15*second))
	}
	change.event = it.event + wait
	change.at = max(change.event, it.at) + g.delays.web.draw(&g.rng) + 1
	g.submit(&change, true)
	return true
}

// sameOrder is the thank-you page loaded again: another conversion id, the same
// order.
func (g *Generator) sameOrder(it *item) {
	again := *it
	again.seed = g.rng.next()
	again.event += 5*second + int64(g.rng.below(10*second))
	again.at = max(it.at, again.event) + g.delays.web.draw(&g.rng) + 1
	again.traits &^= flushed
	g.submit(&again, true)
}
