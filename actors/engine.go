package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
)

// Bounds of starting again after a failure that a new incarnation may mend.
const (
	restartFirst = 500 * time.Millisecond
	restartMax   = 30 * time.Second
	// calmAfter is how long an incarnation must have lived for its failure to
	// count as a new trouble, not the old one.
	calmAfter = 2 * time.Minute
	// crashBudget is how many panics in a row, each without calm between, the
	// engine takes before it gives up.
	crashBudget = 5
	// poisonAfter is how often one event may end an incarnation before it is set
	// aside.
	poisonAfter = 2
	// poisonMax is how many events are set aside before the engine gives up: so
	// many are no accident of the input but a defect.
	poisonMax = 100
)

// Engine runs one node: incarnation after incarnation until the run is over, it
// is asked to stop, or something happens that starting again cannot mend.
type Engine struct {
	cfg      Config
	stats    *Stats
	panics   map[event.Position]int
	poison   map[event.Position]struct{}
	panicked chan event.Position
	totals   journalTotals // over all incarnations
	opened   bool          // an incarnation has got as far as reading
}

// New checks nothing and starts nothing; Run does.
func New(cfg Config) *Engine {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.appendWithin == 0 {
		cfg.appendWithin = appendWithin
	}
	if cfg.snapshotEvery == 0 {
		cfg.snapshotEvery = snapshotEvery
	}
	return &Engine{
		cfg: cfg, stats: newStats(cfg.Topics),
		panics: map[event.Position]int{}, poison: map[event.Position]struct{}{},
		panicked: make(chan event.Position, 1),
	}
}

// Stats is what the engine counts; it may be read at any time, from anywhere.
func (e *Engine) Stats() *Stats { return e.stats }

// Run runs until the end. When ctx ends it makes a last cut, commits and
// returns; when abort ends it stops where it is, which is safe as well, only
// slower to take up again. The error is a *FencedError, a *kafka.Error, or
// says what to do itself. The first start is tried once; a node that has run
// starts again for as long as Kafka is away.
func (e *Engine) Run(ctx, abort context.Context) (Summary, error) {
	wait, panics := restartFirst, 0
	for {
		started := time.Now()
		summary, err := e.incarnation(ctx, abort)
		if err == nil || ctx.Err() != nil || abort.Err() != nil || !e.opened || !mendable(err) {
			return summary, err
		}
		if time.Since(started) > calmAfter {
			wait, panics = restartFirst, 0
		}
		var p *PanicError
		if errors.As(err, &p) {
			if panics++; e.blame() {
				wait, panics = restartFirst, 0
			}
			if panics >= crashBudget || len(e.poison) >= poisonMax {
				return summary, fmt.Errorf("%d panics without a calm %s between, %d events set aside: %w; please report this with the log",
					panics, calmAfter, len(e.poison), err)
			}
		}
		e.cfg.Log.Error("the engine starts again from its last commit", "in", wait, "error", err)
		e.stats.restarted()
		select {
		case <-ctx.Done():
			return e.totals.summary(), nil
		case <-abort.Done():
			return e.totals.summary(), abort.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, restartMax)
	}
}

// blame counts the event that was being applied in a panic; after poisonAfter
// it is set aside, which it reports.
func (e *Engine) blame() bool {
	select {
	case at := <-e.panicked:
		if _, already := e.poison[at]; already {
			return false // it is no event any more that fails
		}
		if e.panics[at]++; e.panics[at] < poisonAfter {
			return false
		}
		e.poison[at] = struct{}{}
		e.cfg.Log.Error("an event is set aside", "position", at.String(), "panics", e.panics[at])
		return true
	default:
		return false
	}
}

// mendable reports whether starting again from the last commit can help.
func mendable(err error) bool {
	var fenced *FencedError
	var stuck *StuckError
	if errors.As(err, &fenced) || errors.As(err, &stuck) {
		return false
	}
	var k *kafka.Error
	if errors.As(err, &k) {
		return k.Class == kafka.Unreachable || k.Code == kafka.CodeUnknownOutcome
	}
	var p *PanicError
	return errors.As(err, &p)
}

// incarnation runs one life of the node from its claim on.
func (e *Engine) incarnation(ctx, abort context.Context) (summary Summary, err error) {
	select {
	case <-e.panicked: // of the life before, whose end had another reason
	default:
	}
	life, cancel := context.WithCancel(abort)
	n := &node{
		cfg: &e.cfg, log: e.cfg.Log, stats: e.stats, totals: &e.totals, now: e.cfg.Now, ctx: life, cancel: cancel,
		poison: e.poison, failed: make(chan error, 1), finished: make(chan Summary, 1),
		panicked: func(at event.Position) {
			select {
			case e.panicked <- at:
			default:
			}
		},
	}
	defer func() { err = errors.Join(err, n.close()) }()
	opening, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(abort, stop)()
	if err := n.open(opening); err != nil {
		if ctx.Err() != nil && abort.Err() == nil {
			n.log.Info("stopped while starting; nothing was read", "error", err)
			return e.totals.summary(), nil
		}
		return e.totals.summary(), err
	}
	e.opened = true
	e.stats.intake("")
	e.stats.ready(true)
	defer e.stats.ready(false)
	summary, err = n.wait(ctx, abort)
	if err != nil {
		summary = e.totals.summary()
	}
	return summary, err
}

// wait returns with the end of the incarnation.
func (n *node) wait(ctx, abort context.Context) (Summary, error) {
	stopping := ctx.Done()
	var deadline <-chan time.Time
	for {
		select {
		case s := <-n.finished: // whatever fails after the last commit
			return s, n.release()
		default:
		}
		select {
		case err := <-n.failed:
			return Summary{}, err
		case s := <-n.finished:
			return s, n.release()
		case <-abort.Done():
			return Summary{}, abort.Err()
		case <-stopping:
			n.log.Info("stopping: a last cut, then the end", "at_most", n.cfg.ShutdownTimeout)
			n.system.Root.Send(n.committer, &finish{})
			stopping, deadline = nil, time.After(n.cfg.ShutdownTimeout)
		case <-deadline:
			return Summary{}, fmt.Errorf("the last cut was not committed within %s; nothing is lost, the next start reads what follows the last commit", n.cfg.ShutdownTimeout)
		}
	}
}

// release ends a life in order: segments nobody needs are deleted, and the
// shards given back, so that the next claim need not wait.
func (n *node) release() error {
	n.tombs.settle(tombstoneWithin)
	b, err := journal.Append(nil, &journal.Release{Node: n.cfg.Node, Incarnation: n.life, Shards: n.shardIDs()})
	if err == nil {
		_, err = n.appendOnce(n.ctx, b, heartbeatWithin)
	}
	if err != nil {
		n.log.Warn("the shards could not be released in the journal; the next owner claims them all the same", "error", err)
	}
	return nil
}

// open connects, claims, restores and starts every actor. What it has opened
// when it fails, close closes.
func (n *node) open(ctx context.Context) error {
	n.started = event.TimeOf(n.now())
	cluster, err := kafka.Describe(ctx, n.cfg.Kafka, n.topicNames()...)
	if err != nil {
		return err
	}
	n.clusterID = cluster.ID
	if n.journalLog, err = kafka.OpenLog(ctx, n.cfg.Kafka, n.cfg.JournalTopic); err != nil {
		return err
	}
	if n.segments, err = kafka.OpenSegments(ctx, n.cfg.Kafka, n.cfg.SegmentsTopic); err != nil {
		return err
	}
	r, err := n.claim(ctx)
	if err != nil {
		return err
	}
	n.verdicts = newVerdicts(r.state.Applied())
	n.system = actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return n.log }),
		actor.WithDeadLetterThrottleInterval(deadLetterRest), // its goroutine has no owner: let it be short
	)
	if err := n.startShards(r); err != nil {
		return err
	}
	if err := n.startSources(ctx, r); err != nil {
		return err
	}
	// Every actor is there: from here on they send to each other.
	root := n.system.Root
	for _, pid := range n.sources {
		root.Send(pid, &begin{})
	}
	if len(r.chain) == 0 {
		root.Send(n.committer, &tick{}) // makes the start positions durable
	}
	n.tail(r.state.Applied() + 1)
	n.beat()
	n.watchSpool()
	n.every(n.cfg.CutInterval, func() { root.Send(n.committer, &tick{}) })
	n.log.Info("running", "node", n.cfg.Node, "incarnation", n.life, "epoch", n.epoch,
		"user_shards", len(n.users), "campaign_shards", len(n.campaigns), "cut", r.number)
	return nil
}

func (n *node) topicNames() []string {
	names := make([]string, 0, len(n.cfg.Topics))
	for _, t := range n.cfg.Topics {
		names = append(names, t.Name)
	}
	return names
}

// startShards opens the first cut and spawns the shards and the committer.
func (n *node) startShards(r *restored) error {
	files, err := n.openFiles(r.number)
	if err != nil {
		return err
	}
	at := event.TimeOf(n.now())
	if err := r.begin(files, at); err != nil {
		return err
	}
	for _, u := range r.users {
		pid, err := n.spawn(numbered("user", u.id), u)
		if err != nil {
			return err
		}
		n.users = append(n.users, pid)
	}
	for _, c := range r.campaigns {
		c.cut = files
		c.core.Begin(uint64(r.number), at)
		pid, err := n.spawn(numbered("campaign", c.id), c)
		if err != nil {
			return err
		}
		n.campaigns = append(n.campaigns, pid)
	}
	n.committer, err = n.spawn("committer", newCommitter(n, r, files))
	return err
}

// startSources finds every partition's start and spawns a source for each
// topic.
func (n *node) startSources(ctx context.Context, r *restored) error {
	from, err := n.positions(ctx, r)
	if err != nil {
		return err
	}
	var ends map[event.Partition]event.Offset
	if n.cfg.UntilEnd {
		if ends, err = kafka.EndOffsets(ctx, n.cfg.Kafka, true, n.topicNames()...); err != nil {
			return err
		}
	}
	for i, t := range n.cfg.Topics {
		s, err := n.openSource(ctx, r, t, from, ends)
		if err != nil {
			return err
		}
		pid, err := n.spawn(numbered("source", event.Shard(i)), s)
		if err != nil {
			return errors.Join(err, s.kafka.Close())
		}
		n.sources, n.reading = append(n.sources, pid), append(n.reading, s)
	}
	return nil
}

// openSource opens one topic at the positions of the vector, under the topic
// id the vector counts in.
func (n *node) openSource(ctx context.Context, r *restored, t Topic, from, ends map[event.Partition]event.Offset) (*source, error) {
	sc := n.cfg.Fetch
	sc.Partitions = map[event.Partition]event.Offset{}
	for p, o := range from {
		if p.Topic == t.Name {
			sc.Partitions[p] = o
		}
	}
	sc.ClusterID = r.state.ClusterID()
	if id, known := r.state.TopicID(t.Name); known {
		sc.TopicIDs = map[string]kafka.TopicID{t.Name: kafka.TopicID(id)}
	}
	opened, err := kafka.OpenSource(ctx, n.cfg.Kafka, sc)
	if err != nil {
		return nil, err
	}
	if n.topics == nil {
		n.topics = map[string]journal.TopicID{}
	}
	for topic, id := range opened.TopicIDs() {
		n.topics[topic] = journal.TopicID(id)
	}
	s := &source{
		node: n, topic: t, kafka: opened, router: newRouter(t, n.cfg.UserShards, n.poison),
		limit: max(n.cfg.InFlightBytes/len(n.cfg.Topics), 1),
	}
	for p, o := range sc.Partitions {
		s.router.start(p.ID, o)
	}
	if ends != nil {
		s.ends = map[event.Partition]event.Offset{}
		for p := range sc.Partitions {
			s.ends[p] = ends[p]
		}
	}
	return s, nil
}

// positions is where each partition is read from: what the shards want next. A
// partition they do not know begins at the configured start, or at its beginning
// when its topic is known: it came while the node was away (F25).
func (n *node) positions(ctx context.Context, r *restored) (map[event.Partition]event.Offset, error) {
	from, err := n.configuredStart(ctx)
	if err != nil {
		return nil, err
	}
	wanted := wantedBy(r.users)
	known := map[string]bool{}
	for p := range wanted {
		known[p.Topic] = true
		if _, there := from[p]; !there && slices.Contains(n.topicNames(), p.Topic) {
			return nil, fmt.Errorf("partition %s is gone, and offset %d of it was to be read next: the topic was deleted or made again "+
				"with fewer partitions; restore it, or start a new deployment", p, wanted[p])
		}
	}
	begins, err := kafka.StartOffsets(ctx, n.cfg.Kafka, n.topicNames()...)
	if err != nil {
		return nil, err
	}
	for p := range from {
		if o, ok := wanted[p]; ok {
			from[p] = o
		} else if known[p.Topic] {
			from[p] = begins[p]
		}
		for _, u := range r.users {
			if _, ok := u.vector[p]; !ok {
				u.vector[p] = from[p]
			}
		}
	}
	return from, nil
}

// wantedBy is the least offset that any shard wants of each partition.
func wantedBy(users []*userShard) event.Vector {
	least := event.Vector{}
	for _, u := range users {
		for p, o := range u.vector {
			if have, ok := least[p]; !ok || o < have {
				least[p] = o
			}
		}
	}
	return least
}

func (n *node) configuredStart(ctx context.Context) (map[event.Partition]event.Offset, error) {
	switch topics := n.topicNames(); {
	case n.cfg.Start.Latest:
		return kafka.EndOffsets(ctx, n.cfg.Kafka, true, topics...)
	case n.cfg.Start.At != 0:
		return kafka.OffsetsAt(ctx, n.cfg.Kafka, n.cfg.Start.At, topics...)
	default:
		return kafka.StartOffsets(ctx, n.cfg.Kafka, topics...)
	}
}

func newCommitter(n *node, r *restored, files *sinks.Cut) *committer {
	c := &committer{
		node: n, journal: r.state, chain: r.chain, number: r.number, files: files, snaps: r.snaps, folded: r.folded,
		watermark: r.watermark, frontier: r.frontier,
		ledger: ledgers{totals: map[event.Partition]journal.Classes{}},
		ends:   endOfRun{bounded: n.cfg.UntilEnd, topics: map[string]bool{}},
	}
	for _, u := range r.users {
		c.held.linked = c.held.linked || u.core.Linked()
	}
	for _, l := range r.state.Ledger() {
		c.ledger.totals[l.Partition] = l.Classes
	}
	for _, t := range n.cfg.Topics {
		c.ends.topics[t.Name] = true
	}
	return c
}
