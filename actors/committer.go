package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/sinks"
)

// When a cut counts as overdue: after so many intervals, and not before.
const (
	overdueCuts = 3
	overdueMin  = 5 * time.Second
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
	held      held // frontiers that links keep back
	folded    bool // the last commit gave the campaign shards something to fold
	ledger    ledgers
	ends      endOfRun
	intake    gate
	ration    int   // bytes a source may route until the next cut while memory is short
	spool     error // the failure of the spool disk that was last acted on
	recalling int   // records on their way back to shards
	snaps     snapshots
	broken    bool // failed: nothing is decided any more
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

	commit *journal.Commit // once every part is there
	deltas [][]byte
	offset event.Offset // where the commit was appended, NoOffset before
	last   bool         // the watermark was sent to the end of time
	final  bool         // begun after the engine was asked to stop: the sources stand still for good
}

// Receive implements actor.Actor.
func (c *committer) Receive(ctx actor.Context) {
	if c.broken {
		return
	}
	switch m := ctx.Message().(type) {
	case *tick:
		c.tick(ctx)
	case *drained:
		c.ends.drain(m.topic)
		c.beginIfIdle(ctx)
	case *finish:
		c.ends.finishing = true
		c.beginIfIdle(ctx)
	case *stoodStill:
		c.stood(ctx, m)
	case *shardCut:
		c.part(ctx, m)
	case *recalled:
		c.recalled(ctx)
	case *written:
		m.cut.offset = m.offset
		c.judge(ctx)
	case *writeStalled:
		c.node.stats.cutFailed()
		c.setIntake(ctx, false, stalledWriting, m.err.Error())
	case *writeFailed:
		c.node.stats.cutFailed()
		c.fail(m.err)
	case *spoolFull:
		c.spoolFull(ctx, m.err)
	case *tailed:
		c.read(ctx, m)
	case *tailFailed:
		c.fail(m.err)
	}
}

// fail ends the incarnation.
func (c *committer) fail(err error) {
	c.broken = true
	c.node.fail(err)
}

// tick begins a cut. One that has been under way for too long closes the intake:
// what is read meanwhile waits in the open cut, which must not grow for ever
// (F14).
func (c *committer) tick(ctx actor.Context) {
	c.beginIfIdle(ctx)
	if c.cut == nil || c.cut.commit == nil {
		return
	}
	age := event.TimeOf(c.node.now()).Sub(c.cut.at)
	if limit := max(overdueCuts*c.node.cfg.CutInterval, overdueMin); age > event.Span(limit/time.Microsecond) {
		c.setIntake(ctx, false, stalledWriting, fmt.Sprintf("cut %d has been waiting for the store or for Kafka for more than %s", c.cut.number, limit))
	}
}

func (c *committer) beginIfIdle(ctx actor.Context) {
	if c.cut == nil && !c.ends.over {
		c.begin(ctx)
	}
}

// begin asks the sources to stand still.
func (c *committer) begin(ctx actor.Context) {
	c.cut = &openCut{
		number: c.number, at: event.TimeOf(c.node.now()), files: c.files, offset: journal.NoOffset,
		reports: map[string]*stoodStill{}, final: c.ends.finishing,
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
	if c.cut.final || c.broken {
		return
	}
	ration := 0
	if c.intake.closed == stalledMemory {
		ration = c.ration
	}
	for _, pid := range c.node.sources {
		ctx.Send(pid, &resume{ration: ration})
	}
}

func (c *committer) takeParts(ctx actor.Context) {
	c.advanceTime()
	c.cut.last = c.ends.ending()
	c.cut.watermark, c.cut.frontier = c.watermark, c.frontier
	c.number++
	next, err := c.node.openFiles(c.number)
	if err != nil {
		c.fail(err)
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
	watermark, frontier := timesOf(c.cut.reports, c.node.brokerTime())
	if watermark != event.MinTime {
		c.watermark = max(c.watermark, watermark.Add(-c.node.cfg.WatermarkDelay))
	}
	userless := false
	for _, r := range c.cut.reports {
		userless = userless || r.userless
	}
	c.frontier = max(c.frontier, c.held.next(frontier, userless))
	c.node.stats.progress(c.cut.reports, c.watermark, c.frontier)
}

// timesOf is the least event time reached by the partitions that are not idle,
// and the ingest frontier; MinTime where nothing can be said. A partition that is
// not idle and has shown no event yet holds the watermark where it is. caughtUp is
// how far a partition has come that is read to its end, and none is beyond it.
func timesOf(reports map[string]*stoodStill, caughtUp event.Time) (low, frontier event.Time) {
	low, frontier = event.MaxTime, event.MaxTime
	for _, r := range reports {
		for _, p := range r.progress {
			read := min(p.lastIngest, caughtUp) // a producer's clock may be ahead
			if p.caughtUp {
				read = caughtUp
			}
			frontier = min(frontier, read)
			if !p.idle && (p.maxEventTime != event.MinTime || !p.caughtUp) {
				low = min(low, p.maxEventTime)
			}
		}
	}
	if low == event.MaxTime {
		low = event.MinTime
	}
	if frontier == event.MaxTime {
		frontier = event.MinTime
	}
	return low, frontier
}

// part notes a shard's part; with the last one the cut is written.
func (c *committer) part(ctx actor.Context, m *shardCut) {
	c.cut.parts = append(c.cut.parts, m)
	c.recall(ctx, m)
	if len(c.cut.parts) < len(c.node.users)+len(c.node.campaigns) {
		return
	}
	c.held.cut(c.cut.links())
	c.watchMemory(ctx)
	if !c.cut.changes(c.chain, c.folded) {
		c.skip(ctx)
		return
	}
	commit, err := c.draft()
	if err != nil {
		c.node.stats.cutFailed()
		c.fail(err)
		return
	}
	c.cut.commit = commit
	cut, self, root := c.cut, ctx.Self(), ctx.ActorSystem().Root
	c.node.background(func() {
		c.node.write(cut, func(m any) { root.Send(self, m) })
	})
}

// recall fetches the records that a shard needs once more.
func (c *committer) recall(ctx actor.Context, m *shardCut) {
	if len(m.recalls) == 0 {
		return
	}
	c.recalling++
	self, root, shard := ctx.Self(), ctx.ActorSystem().Root, c.node.users[m.id.Shard]
	c.node.background(func() {
		for _, at := range m.recalls {
			r, err := c.node.reread(at)
			if err != nil {
				c.node.fail(fmt.Errorf("%s needs record %s once more: %w", m.id, at, err))
				return
			}
			root.Send(shard, r)
		}
		root.Send(self, &recalled{})
	})
}

// recalled lets a bounded run that only waited for records come to its end.
func (c *committer) recalled(ctx actor.Context) {
	if c.recalling--; c.recalling == 0 && c.ends.ending() {
		c.beginIfIdle(ctx)
	}
}

// skip ends a cut that holds nothing: an idle node writes no commits.
func (c *committer) skip(ctx actor.Context) {
	c.node.releaseFiles(c.cut.files)
	c.spooled(ctx)
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
		c.node.stats.cutFailed()
		c.fail(&FencedError{Node: c.node.cfg.Node, Reason: verdict.Reason, Detail: verdict.Detail})
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
	c.sendLinks(ctx, cut)
	c.ledger.settle(cut.commit.Ledger)
	c.node.tombstone(verdict.Unneeded)
	c.node.totals.add(cut.offset, cut.commit)
	c.node.stats.committed(cut, c.node.now())
	c.setIntake(ctx, true, stalledWriting, "")
	c.spooled(ctx)
	c.proceed(ctx, cut)
}

// sendLinks has the shards told what a cut says to them, now that it is
// committed; whatever they were sent before, or are sent twice after a crash, they
// take in once.
func (c *committer) sendLinks(ctx actor.Context, cut *openCut) {
	bodies := make([][][]byte, len(c.node.users))
	for _, p := range cut.parts {
		deliver(p.links, c.node.cfg.UserShards, func(to event.Shard, body []byte) { bodies[to] = append(bodies[to], body) })
	}
	for shard, list := range bodies {
		if len(list) > 0 {
			ctx.Send(c.node.users[shard], &linked{bodies: list})
		}
	}
}

// links reports whether a shard has to do with children without a user, and
// whether none had anything to say about them.
func (c *openCut) links() (linked, quiet bool) {
	quiet = true
	for _, p := range c.parts {
		linked = linked || p.linked
		quiet = quiet && len(p.links) == 0
	}
	return linked, quiet
}

// proceed decides what follows a cut that is done.
func (c *committer) proceed(ctx actor.Context, cut *openCut) {
	c.cut = nil
	switch c.ends.next(cut, c.recalling > 0, c.held.behind()) {
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
			c.fail(&FencedError{Node: c.node.cfg.Node, By: claimant(m.record), Offset: m.offset, Shards: len(loss.Shards)})
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
