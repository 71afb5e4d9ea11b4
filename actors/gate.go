package actors

import (
	"math/bits"

	"github.com/asynkron/protoactor-go/actor"
)

// stallReason is why the intake is closed, one bit each.
type stallReason uint8

const (
	stalledWriting stallReason = 1 << iota // a cut cannot be written
	stalledMemory                          // state is near its limit (ST2)
	stalledSpool                           // the spool disk takes no more (F35)
	stallReasons   = iota
)

// gate is the reasons for which the sources are shut, and what people are told
// of each.
type gate struct {
	closed stallReason
	why    [stallReasons]string
}

// reason is what people are told, "" when nothing is closed.
func (g *gate) reason() string {
	if g.closed == 0 {
		return ""
	}
	return g.why[bits.TrailingZeros8(uint8(g.closed))]
}

// setIntake opens or closes the intake for one reason; it is open when there is
// none.
func (c *committer) setIntake(ctx actor.Context, open bool, reason stallReason, why string) {
	before := c.intake.closed
	if open {
		c.intake.closed &^= reason
	} else {
		c.intake.closed |= reason
		c.intake.why[bits.TrailingZeros8(uint8(reason))] = why
	}
	c.node.stats.intake(c.intake.reason())
	if (before == 0) == (c.intake.closed == 0) {
		return
	}
	for _, pid := range c.node.sources {
		ctx.Send(pid, &intake{open: c.intake.closed == 0})
	}
}

// Shares of the state's budget, in percent (ST2).
const (
	memoryShut = 90
	memoryOpen = 85
)

// rationShare is the share of the in-flight budget that is still read between two
// cuts when state is near its limit. Something must be: what is read moves the
// ingest frontier, and only that lets state expire.
const rationShare = 8

// watchMemory shuts the intake at 90 % of the state's budget but for a ration,
// and opens it again below 85 %. At the limit there is no ration.
func (c *committer) watchMemory(ctx actor.Context) {
	limit := c.node.cfg.StateLimit
	if limit == 0 {
		return
	}
	var held int64
	for _, p := range c.cut.parts {
		held += p.held
	}
	c.ration = 0
	if held < limit {
		c.ration = max(c.node.cfg.InFlightBytes/rationShare/max(len(c.node.sources), 1), 1)
	}
	switch {
	case held > limit/100*memoryShut:
		if c.intake.closed&stalledMemory == 0 {
			c.node.log.Warn("state is near its limit, reading slows down until some of it expires",
				"state_bytes", held, "limit_bytes", limit)
		}
		c.setIntake(ctx, false, stalledMemory, "state is at 90 % of state.memory_limit")
	case held < limit/100*memoryOpen:
		c.setIntake(ctx, true, stalledMemory, "")
	}
}

// spoolFull closes the intake and begins a cut, which frees the spool.
func (c *committer) spoolFull(ctx actor.Context, err error) {
	if err == c.spool { // it was dealt with; nobody has tried the disk since
		return
	}
	if c.intake.closed&stalledSpool == 0 {
		c.node.log.Warn("the spool disk takes no more, reading pauses until a cut has freed it", "error", err)
	}
	c.spool = err
	c.setIntake(ctx, false, stalledSpool, err.Error())
	c.beginIfIdle(ctx)
}

// spooled opens the intake after a cut has given its spool back.
func (c *committer) spooled(ctx actor.Context) {
	if c.intake.closed&stalledSpool != 0 {
		c.setIntake(ctx, true, stalledSpool, "")
	}
}
