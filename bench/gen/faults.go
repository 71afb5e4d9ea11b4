package gen

// submit puts an event under way, with at most one fault, and now and then a
// broken record of its own beside it. Tied events have others that rely on
// them, and get no fault that could take them away. It reports whether the event
// will be accepted by its time.
func (g *Generator) submit(it *item, tied bool) bool {
	switch f := g.faultFor(it, tied); f {
	case copied:
		g.due.push(it)
		g.again(it, copied)
	case conflicting:
		g.due.push(it)
		g.again(it, conflicting)
	default:
		g.afflict(it, f)
		g.due.push(it)
	}
	if it.kind != kindAdjustment && g.rng.hit(g.odds.malformed) {
		bad := *it
		bad.fault, bad.seed = broken, g.rng.next()
		g.due.push(&bad)
	}
	reason := verdict(it)
	return reason == ""
}

// faultFor draws the fault and drops one that does not suit the event.
func (g *Generator) faultFor(it *item, tied bool) fault {
	f := g.odds.drawFault(&g.rng)
	if f == sound && g.inBurst(it.event) && g.rng.hit(g.odds.burst) {
		f = copied
	}
	suits := true
	switch f {
	case copied:
		// Legacy impressions without a user are keyed by their position: a
		// second one is another impression.
		suits = it.kind != kindImpression || !g.world.legacy || !g.isNameless(it)
	case conflicting:
		suits = !tied && it.kind != kindAdjustment && it.traits&(noID|bareLine) == 0
	case late:
		suits = !tied || (it.kind == kindImpression && g.cfg.Pace == Natural)
	case tooLate:
		suits = !tied
	case skewed:
		suits = it.kind == kindImpression && isApp(it.site)
	case wild:
		suits = !tied && it.kind != kindBid && it.kind != kindAdjustment
	case ahead:
		suits = !tied && it.kind == kindImpression && isApp(it.site)
	}
	if !suits {
		return sound
	}
	return f
}

func (g *Generator) isNameless(it *item) bool {
	p := g.world.person(it.user)
	return g.nameless(&p, it.site)
}

// inBurst is true for the first ten minutes of every six hours: a producer was
// restarted and sends again what it was not sure of.
func (g *Generator) inBurst(ms int64) bool {
	return (ms-g.startMS)%(6*hour) < 10*minute && ms >= g.startMS
}

// again submits a second record of an event. A conflicting one is a little
// younger, so that the first stays the fact (D1).
func (g *Generator) again(it *item, f fault) {
	twin := *it
	twin.fault = f
	twin.traits &^= flushed
	wait := int64(minute)
	if g.cfg.Pace == Brisk {
		wait = second
	}
	twin.at += 1 + int64(g.rng.below(uint64(wait)))
	if f == conflicting {
		twin.event += second
		twin.at += second
		if it.kind == kindImpression {
			twin.creative = uint32((int(it.creative) + 1) % len(g.world.creatives))
		}
	}
	g.due.push(&twin)
}

// afflict moves an event's times as its fault says.
func (g *Generator) afflict(it *item, f fault) {
	it.fault = f
	horizon := horizonMS(it.kind)
	switch f {
	case late:
		g.delay(it, 10*minute+1+int64(g.rng.below(uint64(horizon*5/6-10*minute))))
	case tooLate:
		g.delay(it, horizon+1+int64(g.rng.below(6*hour)))
	case skewed:
		// The device sent it a moment before it arrived, by its own clock.
		it.transit = min(it.at-it.event, 20+int64(g.rng.below(80)))
	case wild:
		it.traits &^= flushed
		if g.rng.below(2) == 0 {
			it.event = int64(g.rng.below(1_000_000))
		} else {
			it.event += 365 * day
		}
	case ahead:
		it.event = it.at + 10*minute + int64(g.rng.below(170*minute))
	}
}

// delay makes an event reach Kafka so many ms after it happened. A brisk run
// cannot wait: there it happened that much earlier.
func (g *Generator) delay(it *item, ms int64) {
	it.traits &^= flushed
	if g.cfg.Pace == Brisk {
		it.event = it.at - ms
		return
	}
	it.at = max(it.at, it.event+ms)
}

// effective is the event time an engine must come to: after clock repair and
// clamping (events 1.1, T1).
func effective(it *item) int64 {
	switch it.fault {
	case skewed:
		return it.event + it.transit
	case ahead:
		return it.at
	}
	return it.event
}

// verdict is why time rejects an event, "" when it does not (T1, T2).
func verdict(it *item) string {
	at := effective(it)
	switch {
	case at-it.at > 24*hour:
		return "TIME_FUTURE"
	case it.at-at > horizonMS(it.kind):
		return "TOO_LATE"
	}
	return ""
}
