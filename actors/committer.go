package actors

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/sinks"
)

// committer leads the cuts of a node and owns its view of the journal. One cut
// is under way at a time:
//
//	idle -> standing (sources) -> cutting (shards) -> writing -> reading back -> idle
type committer struct {
	node    *node
	journal *journal.State
	chain   map[journal.ShardID]journal.Committed // the last valid commit of each shard

	number journal.CutNumber // of the open cut: the one rows go to now
	files  *sinks.Cut        // of the open cut
	cut    *openCut          // under way, nil when idle

	watermark event.Watermark
	frontier  event.Time
	folded    bool // the last commit gave the campaign shards something to fold
	ledger    ledgers
	ends      endOfRun
	intake    gate
	snaps     snapshots
}

// openCut is a cut on its way from the sources to the journal.
type openCut struct {
	number    journal.CutNumber
	at        event.Time
	files     *sinks.Cut
	reports   map[string]*stoodStill
	parts     []*shardCut
	watermark event.Watermark
	frontier  event.Time

	commit *journal.Commit // once everything it names is durable
	deltas [][]byte
	offset event.Offset // where the commit was appended, -1 before
	last   bool         // the watermark was sent to the end of time
}

// Receive implements actor.Actor.
func (c *committer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *tick:
		if c.cut == nil && !c.ends.over {
			c.begin(ctx)
		}
	case *drained:
		c.ends.drain(m.topic)
		if c.cut == nil {
			c.begin(ctx)
		}
	case *finish:
		c.ends.finishing = true
		if c.cut == nil {
			c.begin(ctx)
		}
	case *stoodStill:
		c.stood(ctx, m)
	case *shardCut:
		c.part(ctx, m)
	case *written:
		m.cut.offset = m.offset
		c.judge(ctx)
	case *writeStalled:
		c.node.stats.stall(m.err)
		c.setIntake(ctx, false, stalledWriting)
	case *writeFailed:
		c.node.fail(m.err)
	case *tailed:
		c.read(ctx, m)
	case *tailFailed:
		c.node.fail(m.err)
	}
}

// begin asks the sources to stand still.
func (c *committer) begin(ctx actor.Context) {
	c.cut = &openCut{
		number: c.number, at: event.TimeOf(c.node.now()), files: c.files, offset: journal.NoOffset,
		reports: map[string]*stoodStill{},
	}
	for _, pid := range c.node.sources {
		ctx.Send(pid, &standStill{cut: c.number})
	}
	if len(c.node.sources) == 0 {
		c.takeParts(ctx)
	}
}

// stood notes a source's report; with the last one the shards are cut and the
// sources go on.
func (c *committer) stood(ctx actor.Context, m *stoodStill) {
	c.cut.reports[m.topic] = m
	if len(c.cut.reports) < len(c.node.sources) {
		return
	}
	c.takeParts(ctx)
	for _, pid := range c.node.sources {
		ctx.Send(pid, &resume{})
	}
}

func (c *committer) takeParts(ctx actor.Context) {
	c.advanceTime()
	c.cut.last = c.ends.ending()
	c.cut.watermark, c.cut.frontier = c.watermark, c.frontier
	c.number++
	next, err := c.node.openFiles(c.number)
	if err != nil {
		c.node.fail(err)
		return
	}
	c.files = next
	m := &takeCut{
		number: c.cut.number, at: event.TimeOf(c.node.now()),
		watermark: c.watermark, frontier: c.frontier, next: next,
	}
	if c.cut.last {
		m.watermark = event.MaxTime
	}
	for _, pid := range c.node.users {
		ctx.Send(pid, m)
	}
	for _, pid := range c.node.campaigns {
		ctx.Send(pid, m)
	}
}

// advanceTime computes watermark (T3) and ingest frontier (T7) from the
// sources' reports. Neither moves back.
func (c *committer) advanceTime() {
	low, frontier, active := event.MaxTime, event.MaxTime, false
	now := event.TimeOf(c.node.now())
	for _, r := range c.cut.reports {
		for partition, p := range r.progress {
			read := p.lastIngest
			if p.caughtUp {
				read = now.Add(-c.node.cfg.FrontierSlack)
			}
			frontier = min(frontier, read)
			if !r.idle[partition] && p.maxEventTime != event.MinTime {
				low, active = min(low, p.maxEventTime), true
			}
		}
	}
	if active {
		c.watermark = max(c.watermark, low.Add(-c.node.cfg.WatermarkDelay))
	}
	if frontier != event.MaxTime {
		c.frontier = max(c.frontier, frontier)
	}
	c.node.stats.progress(c.cut.reports, c.watermark, c.frontier)
}

// part notes a shard's part; with the last one the cut is written.
func (c *committer) part(ctx actor.Context, m *shardCut) {
	c.cut.parts = append(c.cut.parts, m)
	if len(c.cut.parts) < len(c.node.users)+len(c.node.campaigns) {
		return
	}
	c.watchMemory(ctx)
	if !c.cut.changes(c.chain, c.folded) {
		c.skip(ctx)
		return
	}
	commit, err := c.draft()
	if err != nil {
		c.node.fail(err)
		return
	}
	c.cut.commit = commit
	cut, self, root := c.cut, ctx.Self(), ctx.ActorSystem().Root
	c.node.background(func() {
		c.node.write(cut, func(m any) { root.Send(self, m) })
	})
}

// skip ends a cut that holds nothing: an idle node writes no commits.
func (c *committer) skip(ctx actor.Context) {
	if err := c.cut.files.Release(); err != nil {
		c.node.log.Warn("giving back the spool of an empty cut", "cut", c.cut.number, "error", err)
	}
	c.proceed(ctx, c.cut)
}

// judge completes the cut once its commit has been both appended and read
// back.
func (c *committer) judge(ctx actor.Context) {
	cut := c.cut
	if cut == nil || cut.offset == journal.NoOffset || c.journal.Applied() < cut.offset {
		return
	}
	verdict := c.node.verdicts.take(cut.offset)
	if verdict.Reason != journal.Accepted {
		c.node.fail(&FencedError{Node: c.node.cfg.Node, Reason: verdict.Reason, Detail: verdict.Detail})
		return
	}
	c.accepted(ctx, cut, verdict)
}

// accepted hands the deltas of a valid commit on.
func (c *committer) accepted(ctx actor.Context, cut *openCut, verdict journal.Verdict) {
	for i := range cut.commit.Shards {
		id := cut.commit.Shards[i].ID
		c.chain[id], _ = c.journal.LastCommit(id)
	}
	for _, pid := range c.node.campaigns {
		ctx.Send(pid, &fold{offset: cut.offset, deltas: cut.deltas})
	}
	c.folded = len(cut.deltas) > 0
	c.ledger.settle(cut.commit.Ledger)
	c.node.tombstone(verdict.Unneeded)
	c.node.totals.add(cut.offset, cut.commit)
	c.node.stats.committed(cut, c.node.now())
	c.setIntake(ctx, true, stalledWriting)
	c.proceed(ctx, cut)
}

// proceed decides what follows a cut that is done.
func (c *committer) proceed(ctx actor.Context, cut *openCut) {
	c.cut = nil
	switch c.ends.next(cut) {
	case cutAgain:
		c.begin(ctx)
	case endRun:
		c.ends.over = true
		c.node.end(c.node.totals.summary())
	}
}

// read applies one record of the journal. A claim on a shard of ours, or a
// later life of this node, ends the incarnation.
func (c *committer) read(ctx actor.Context, m *tailed) {
	verdict := c.journal.Apply(m.offset, m.record)
	for _, loss := range verdict.Lost {
		if loss.Node == c.node.cfg.Node && loss.Incarnation == c.node.life {
			c.node.fail(&FencedError{Node: c.node.cfg.Node, By: claimant(m.record), Offset: m.offset, Shards: len(loss.Shards)})
			return
		}
	}
	if commit, ok := m.record.(*journal.Commit); ok && commit.Node == c.node.cfg.Node && commit.Incarnation == c.node.life {
		c.node.verdicts.put(m.offset, commit.Cut, verdict)
	}
	if snap, ok := m.record.(*journal.Snapshot); ok {
		c.snaps.noted(snap.Upto, m.at)
	}
	c.node.verdicts.applied(m.offset)
	c.judge(ctx)
	c.snapshot()
}

func claimant(rec journal.Record) string {
	if claim, ok := rec.(*journal.Claim); ok {
		return fmt.Sprintf("%s (incarnation %d)", claim.Node, claim.Incarnation)
	}
	return "another process"
}

// Reasons to close the intake.
type stallReason uint8

const (
	stalledWriting stallReason = 1 << iota
	stalledMemory
)

// gate is the reasons for which the sources are shut, one bit each.
type gate struct{ closed stallReason }

func (c *committer) setIntake(ctx actor.Context, open bool, why stallReason) {
	before := c.intake.closed
	if open {
		c.intake.closed &^= why
	} else {
		c.intake.closed |= why
	}
	if (before == 0) == (c.intake.closed == 0) {
		return
	}
	c.node.stats.intake(c.intake.closed)
	for _, pid := range c.node.sources {
		ctx.Send(pid, &intake{open: c.intake.closed == 0})
	}
}

// watchMemory shuts the intake at 90 % of the state's budget and opens it
// again below 85 % (ST2).
func (c *committer) watchMemory(ctx actor.Context) {
	limit := c.node.cfg.StateLimit
	if limit == 0 {
		return
	}
	var held int64
	for _, p := range c.cut.parts {
		held += p.held
	}
	switch {
	case held > limit/100*90:
		c.node.log.Warn("state is near its limit, reading pauses until some of it expires",
			"state_bytes", held, "limit_bytes", limit)
		c.setIntake(ctx, false, stalledMemory)
	case held < limit/100*85:
		c.setIntake(ctx, true, stalledMemory)
	}
}
