package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
)

const heartbeatEvery = time.Second

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

	ctx    context.Context // ends with the incarnation
	cancel context.CancelFunc
	work   sync.WaitGroup // goroutines of background

	journalLog *kafka.Log
	segments   *kafka.Segments
	clusterID  string
	topics     map[string]journal.TopicID
	verdicts   *verdicts
	poison     map[event.Position]struct{}

	system    *actor.ActorSystem
	users     []*actor.PID
	campaigns []*actor.PID
	sources   []*actor.PID
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
	n.work.Add(1)
	go func() {
		defer n.work.Done()
		f()
	}()
}

// openFiles opens the files of a cut. The id is part of every file's name: the
// epoch belongs to one claim of one incarnation, and the number is used once
// under it.
func (n *node) openFiles(number journal.CutNumber) (*sinks.Cut, error) {
	id := fmt.Sprintf("%s-%d-%d", journal.SafeName(string(n.cfg.Node)), n.epoch, number)
	return n.cfg.Writer.NewCut(id)
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
			_, err = n.appendOnce(n.ctx, n.journalLog.Append, b)
		}
		if err != nil && n.ctx.Err() == nil {
			n.log.Warn("the heartbeat could not be appended to the journal", "error", err)
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
		err := n.journalLog.Tail(n.ctx, from, func(offset event.Offset, at event.Time, value []byte) error {
			rec, err := journal.Decode(value)
			if err != nil {
				return fmt.Errorf("journal record at offset %d: %w", offset, err)
			}
			root.Send(n.committer, &tailed{offset: offset, at: at, record: rec})
			return nil
		})
		if err != nil && n.ctx.Err() == nil {
			root.Send(n.committer, &tailFailed{err: fmt.Errorf("following the journal: %w", err)})
		}
	})
}

// tombstone deletes segments nobody needs any more. A failure costs space in
// Kafka, not truth.
func (n *node) tombstone(refs []journal.SegmentRef) {
	if len(refs) == 0 {
		return
	}
	n.background(func() {
		for _, ref := range refs {
			if err := n.segments.Tombstone(n.ctx, kafkaRef(ref)); err != nil {
				n.warn("a segment nobody needs could not be deleted", err)
				return
			}
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
	for _, group := range [][]*actor.PID{n.sources, n.users, n.campaigns, {n.committer}} {
		for _, pid := range group {
			if pid == nil {
				continue
			}
			if err := n.system.Root.StopFuture(pid).Wait(); err != nil {
				n.log.Warn("an actor did not stop in time", "actor", pid.Id, "error", err)
			}
		}
	}
	n.work.Wait()
	if n.system != nil {
		n.system.Shutdown()
	}
	var errs []error
	if n.segments != nil {
		errs = append(errs, n.segments.Close())
	}
	if n.journalLog != nil {
		errs = append(errs, n.journalLog.Close())
	}
	return errors.Join(errs...)
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
