package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
)

// Rhythms of a node.
const (
	heartbeatEvery  = time.Second
	heartbeatWithin = 3 * time.Second // a late one is worth nothing
	spoolEvery      = 200 * time.Millisecond
	tombstoneWithin = 2 * time.Second // at a clean end
	deadLetterRest  = 50 * time.Millisecond
)

// Patience with an actor that is asked to stop: protoactor's futures wait 10 s
// each. One that is still busy then is in the middle of a large cut, or stuck.
const stopTries = 6

// node is one incarnation of the engine: from a claim to the first failure,
// or to the end. It owns everything it starts.
type node struct {
	cfg    *Config
	log    *slog.Logger
	stats  *Stats
	totals *journalTotals
	now    func() time.Time
	life   journal.Incarnation
	epoch  journal.Epoch

	ctx     context.Context // ends with the incarnation
	cancel  context.CancelFunc
	work    sync.WaitGroup // goroutines of background
	started event.Time

	journalLog *kafka.Log
	segments   *kafka.Segments
	clusterID  string
	topics     map[string]journal.TopicID
	verdicts   *verdicts
	poison     map[event.Position]struct{}
	tombs      tombstones
	cuts       openCuts

	// Set before the first message that any actor acts on, and not after.
	system    *actor.ActorSystem
	users     []*actor.PID
	campaigns []*actor.PID
	sources   []*actor.PID
	reading   []*source
	committer *actor.PID

	failed   chan error
	finished chan Summary
	panicked func(event.Position)
}

// fail ends the incarnation; the first reason wins.
func (n *node) fail(err error) {
	select {
	case n.failed <- err:
	default:
	}
}

// end reports that the run is over.
func (n *node) end(s Summary) {
	select {
	case n.finished <- s:
	default:
	}
}

// background runs f in a goroutine that close waits for.
func (n *node) background(f func()) {
	n.work.Go(f)
}

// brokerTime is how far a partition that is read to its end has come, on the
// clock of Kafka (T7). A bounded run does not read what came after its start.
func (n *node) brokerTime() event.Time {
	at := n.started
	if !n.cfg.UntilEnd {
		at = event.TimeOf(n.now())
	}
	return at.Add(-n.cfg.FrontierSlack)
}

// openFiles opens the files of a cut. The id is part of every file's name: the
// epoch belongs to one claim of one incarnation, and the number is used once
// under it.
func (n *node) openFiles(number journal.CutNumber) (*sinks.Cut, error) {
	id := fmt.Sprintf("%s-%d-%d", journal.SafeName(string(n.cfg.Node)), n.epoch, number)
	cut, err := n.cfg.Writer.NewCut(id)
	if err == nil {
		n.cuts.add(cut)
	}
	return cut, err
}

// releaseFiles gives back what a cut holds that nobody writes to any more.
func (n *node) releaseFiles(cut *sinks.Cut) {
	n.cuts.remove(cut)
	if err := cut.Release(); err != nil {
		n.log.Warn("giving back the spool of a cut", "cut", cut.ID(), "error", err)
	}
}

// openCuts is the cuts that hold memory and spool.
type openCuts struct {
	mu  sync.Mutex
	set map[*sinks.Cut]struct{}
}

func (o *openCuts) add(c *sinks.Cut) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.set == nil {
		o.set = map[*sinks.Cut]struct{}{}
	}
	o.set[c] = struct{}{}
}

func (o *openCuts) remove(c *sinks.Cut) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.set, c)
}

func (o *openCuts) all() []*sinks.Cut {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Keys(o.set))
}

func (n *node) topicIDs() map[string]journal.TopicID { return n.topics }

func (n *node) heartbeat() *journal.Heartbeat {
	return &journal.Heartbeat{
		Node: n.cfg.Node, Incarnation: n.life, Address: n.cfg.Address, Version: n.cfg.Version,
		Format: journal.Version, Load: n.stats.load(), Time: event.TimeOf(n.now()),
	}
}

// beat appends a heartbeat about once a second. A node that cannot append is
// no member: it is enough to try, and to let the commit find out.
func (n *node) beat() {
	n.every(heartbeatEvery, func() {
		b, err := journal.Append(nil, n.heartbeat())
		if err == nil {
			_, err = n.appendOnce(n.ctx, b, heartbeatWithin)
		}
		if err != nil {
			n.warn("the heartbeat could not be appended to the journal", err)
		}
	})
}

// watchSpool tells the committer while the spool disk is full.
func (n *node) watchSpool() {
	n.every(spoolEvery, func() {
		if _, full := n.cfg.Writer.Held(); full != nil {
			n.system.Root.Send(n.committer, &spoolFull{err: full})
		}
	})
}

// every calls f once an interval until the incarnation ends.
func (n *node) every(interval time.Duration, f func()) {
	n.background(func() {
		t := time.NewTicker(interval)
		defer t.Stop()
		for {
			select {
			case <-n.ctx.Done():
				return
			case <-t.C:
				f()
			}
		}
	})
}

// tail follows the journal for the committer.
func (n *node) tail(from event.Offset) {
	root := n.system.Root
	n.background(func() {
		err := n.untilAnswered(n.ctx, func(any) {}, "following the journal", func() error {
			return n.journalLog.Tail(n.ctx, from, func(offset event.Offset, at event.Time, value []byte) error {
				rec, err := journal.Decode(value)
				if err != nil {
					return fmt.Errorf("journal record at offset %d: %w", offset, err)
				}
				root.Send(n.committer, &tailed{offset: offset, at: at, record: rec})
				from = offset + 1
				return nil
			})
		})
		if err != nil && n.ctx.Err() == nil {
			root.Send(n.committer, &tailFailed{err: fmt.Errorf("following the journal: %w", err)})
		}
	})
}

// spawn starts an actor under the node's supervision.
func (n *node) spawn(name string, a actor.Actor) (*actor.PID, error) {
	props := actor.PropsFromProducer(func() actor.Actor { return a })
	pid, err := n.system.Root.WithGuardian(neverRestart{node: n}).SpawnNamed(props, name)
	if err != nil {
		return nil, fmt.Errorf("starting actor %s: %w", name, err)
	}
	return pid, nil
}

func numbered(role string, shard event.Shard) string { return role + "-" + strconv.Itoa(int(shard)) }

// close stops the actors from the sources on, then everything else, and waits.
func (n *node) close() error {
	n.cancel()
	errs := []error{n.stopActors(n.sources)}
	if n.committer != nil {
		errs = append(errs, n.stopActors([]*actor.PID{n.committer}))
	}
	errs = append(errs, n.stopActors(slices.Concat(n.users, n.campaigns)))
	n.work.Wait()
	if n.system != nil {
		n.system.Shutdown()
	}
	for _, cut := range n.cuts.all() {
		n.releaseFiles(cut)
	}
	if n.segments != nil {
		errs = append(errs, n.segments.Close())
	}
	if n.journalLog != nil {
		errs = append(errs, n.journalLog.Close())
	}
	return errors.Join(errs...)
}

// stopActors stops actors and waits until each is done with the message it is
// at.
func (n *node) stopActors(pids []*actor.PID) error {
	futures := make([]actor.Future, len(pids))
	for i, pid := range pids {
		futures[i] = n.system.Root.StopFuture(pid)
	}
	for i, pid := range pids {
		err := futures[i].Wait()
		for try := 1; err != nil && try < stopTries; try++ {
			n.log.Warn("an actor is still busy", "actor", pid.Id, "error", err)
			err = n.system.Root.StopFuture(pid).Wait()
		}
		if err != nil {
			return &StuckError{Actor: pid.Id}
		}
	}
	return nil
}

// StuckError is an actor that could not be stopped: a defect. The process should
// end, for the actor still holds memory and files.
type StuckError struct{ Actor string }

// Error names the actor.
func (e *StuckError) Error() string {
	return fmt.Sprintf("actor %s does not stop; please report this with a stack dump (SIGQUIT)", e.Actor)
}

// neverRestart stops an actor that panicked and ends the incarnation: an actor
// restarted empty, with its mailbox going on, would commit wrong state.
type neverRestart struct{ node *node }

// HandleFailure implements actor.SupervisorStrategy.
func (s neverRestart) HandleFailure(_ *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID,
	_ *actor.RestartStatistics, reason, _ any,
) {
	supervisor.StopChildren(child)
	s.node.fail(&PanicError{Actor: child.Id, Reason: fmt.Sprint(reason)})
}

// PanicError is an actor that panicked: a defect. The engine starts a new
// incarnation from the last commit.
type PanicError struct {
	Actor  string
	Reason string
}

// Error names the actor.
func (e *PanicError) Error() string {
	return fmt.Sprintf("actor %s panicked: %s", e.Actor, e.Reason)
}
