package actors

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// fetchAhead is how many fetched chunks may wait for the source beside the one
// it works on: enough to hide a round trip, few enough to bound memory.
const fetchAhead = 2

// prepareEvery is how often a schema registry that does not answer is asked
// again.
const prepareEvery = 2 * time.Second

// source reads one topic. It owns the Kafka source and the goroutine that
// fetches from it.
type source struct {
	node   *node
	topic  Topic
	kafka  *kafka.Source
	router *router
	ends   map[event.Partition]event.Offset // of a bounded run, else nil

	inFlight  int // bytes sent and not yet applied
	limit     int
	standing  bool          // between standStill and resume
	closed    bool          // the intake is closed
	ration    int           // bytes it may route all the same
	broken    bool          // failed: the incarnation is at its end
	drained   bool          // a bounded run has read all
	waiting   []kafka.Chunk // at most fetchAhead
	prepared  bool          // the decoder has what waiting[0] needs
	preparing bool          // a goroutine uses the decoder
	tokens    chan struct{}
	stopFetch context.CancelFunc
	fetching  sync.WaitGroup
	out       []routed
	underway  underway  // chunks that the shards have not applied yet
	heldSince time.Time // since when chunks wait for the shards or a cut, zero when they do not
}

// Receive implements actor.Actor.
func (s *source) Receive(ctx actor.Context) {
	defer s.blame()
	switch m := ctx.Message().(type) {
	case *begin:
		s.start(ctx)
	case *actor.Stopping:
		s.stop()
	case *fetched:
		s.waiting = append(s.waiting, m.chunk)
	case *fetchFailed:
		s.fail(m.err)
	case *prepared:
		s.preparing, s.prepared = false, true
	case *credit:
		s.inFlight -= m.bytes
		s.underway.applied(m.chunk, s.tell)
	case *standStill:
		s.standing = true
		s.report(ctx, m)
	case *resume:
		s.standing, s.ration = false, m.ration
	case *intake:
		s.closed = !m.open
	}
	s.work(ctx)
}

// fail ends the incarnation; the source does nothing more.
func (s *source) fail(err error) {
	s.broken = true
	s.node.fail(err)
}

// blame passes a panic on to the supervisor and says which record was being
// decoded.
func (s *source) blame() {
	if reason := recover(); reason != nil {
		at := s.router.record.Position
		if at.Topic != "" {
			s.node.panicked(wholeRecord(at))
		}
		s.node.log.Error("a source panicked", "topic", s.topic.Name, "position", at.String(),
			"panic", reason, "stack", string(debug.Stack()))
		panic(reason)
	}
}

func (s *source) start(ctx actor.Context) {
	fetchCtx, stop := context.WithCancel(s.node.ctx)
	s.stopFetch = stop
	s.tokens = make(chan struct{}, fetchAhead)
	for range fetchAhead {
		s.tokens <- struct{}{}
	}
	now := s.node.now()
	for _, p := range s.router.progress {
		p.seen = now
	}
	self, root := ctx.Self(), ctx.ActorSystem().Root
	s.fetching.Go(func() {
		s.fetch(fetchCtx, func(m any) { root.Send(self, m) })
	})
	s.checkDrained(ctx)
}

// stop ends the fetch goroutine, if it was started, and waits for it.
func (s *source) stop() {
	s.broken = true
	if s.stopFetch != nil {
		s.stopFetch()
	}
	if err := s.kafka.Close(); err != nil {
		s.node.log.Warn("closing a source", "topic", s.topic.Name, "error", err)
	}
	s.fetching.Wait()
}

// fetch runs in the source's goroutine: a chunk for each token.
func (s *source) fetch(ctx context.Context, send func(any)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.tokens:
		}
		chunk, err := s.kafka.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			send(&fetchFailed{err: err})
			return
		}
		send(&fetched{chunk: chunk})
	}
}

// work routes what waits, as long as the shards keep up and nobody has asked
// to stand still.
func (s *source) work(ctx actor.Context) {
	defer s.held()
	for len(s.waiting) > 0 && s.mayRoute() {
		if !s.prepare(ctx) {
			return
		}
		chunk := s.waiting[0]
		s.waiting[0] = kafka.Chunk{} // lets go of the fetch
		s.waiting, s.prepared = s.waiting[1:], false
		s.routeChunk(ctx, &chunk)
		s.kafka.Recycle(&chunk) // batches have copies of what they need
		s.tokens <- struct{}{}
	}
}

// held counts the time for which there was something to route and it was not
// let.
func (s *source) held() {
	waits := len(s.waiting) > 0 && !s.preparing && !s.mayRoute()
	switch {
	case waits && s.heldSince.IsZero():
		s.heldSince = time.Now()
	case !waits && !s.heldSince.IsZero():
		s.node.stats.held(s.topic.Name, time.Since(s.heldSince))
		s.heldSince = time.Time{}
	}
}

// tell notes that every shard has applied a partition up to an offset.
func (s *source) tell(p event.Partition, to event.Offset) { s.node.stats.applied(p, to) }

func (s *source) mayRoute() bool {
	return !s.broken && !s.standing && (!s.closed || s.ration > 0) && s.inFlight < s.limit
}

// prepare reports whether the decoder can read the chunk that is next. If it may
// need a schema first, a goroutine looks it up, for as long as that takes: a
// record whose schema cannot be looked up is neither skipped nor rejected (F39),
// and cuts go on meanwhile. The goroutine has the decoder to itself, as nothing
// is routed before it reports.
func (s *source) prepare(ctx actor.Context) bool {
	p, needs := s.router.decoder.(codecs.Preparer)
	if !needs || s.prepared {
		return true
	}
	if s.preparing {
		return false
	}
	s.preparing = true
	chunk := s.waiting[0]
	self, root := ctx.Self(), ctx.ActorSystem().Root
	s.node.background(func() {
		if s.lookUp(p, &chunk) {
			root.Send(self, &prepared{})
		}
	})
	return false
}

// lookUp asks until it has an answer; false means the incarnation has ended.
func (s *source) lookUp(p codecs.Preparer, chunk *kafka.Chunk) bool {
	for {
		err := s.router.prepare(s.node.ctx, p, chunk)
		if err == nil {
			return true
		}
		if s.node.ctx.Err() == nil {
			s.node.log.Warn("the schema registry does not answer, the topic waits for it",
				"topic", s.topic.Name, "again_in", prepareEvery, "error", err)
		}
		select {
		case <-s.node.ctx.Done():
			return false
		case <-time.After(prepareEvery):
		}
	}
}

func (s *source) routeChunk(ctx actor.Context, chunk *kafka.Chunk) {
	s.trim(chunk)
	started := time.Now()
	out, err := s.router.route(chunk, s.out[:0])
	if err != nil {
		s.fail(err)
		return
	}
	for _, b := range out {
		s.inFlight += len(b.bytes)
		s.ration -= len(b.bytes)
		ctx.Send(s.node.users[b.shard], &apply{bytes: b.bytes, from: ctx.Self(), chunk: s.underway.next()})
	}
	s.underway.sent(chunk.Range, len(out), s.tell)
	clear(out)
	s.out = out
	if len(chunk.Records) > 0 {
		s.router.progress[chunk.Range.ID].seen = s.node.now()
	}
	s.node.stats.routed(s.topic.Name, chunk, time.Since(started))
	s.checkDrained(ctx)
}

// trim cuts a chunk at the end offset of a bounded run.
func (s *source) trim(chunk *kafka.Chunk) {
	end, bounded := s.ends[chunk.Range.Partition]
	if !bounded || chunk.Range.To <= end {
		return
	}
	n := len(chunk.Records)
	for n > 0 && chunk.Records[n-1].Offset >= end {
		n--
	}
	chunk.Records = chunk.Records[:n]
	// A partition that was read beyond the end before stays where it is.
	chunk.Range.To = max(end, s.router.progress[chunk.Range.ID].next)
	chunk.Range.From = min(chunk.Range.From, chunk.Range.To)
	s.kafka.Pause(chunk.Range.Partition)
}

// checkDrained tells the committer once when a bounded run has read all it
// was to read.
func (s *source) checkDrained(ctx actor.Context) {
	if s.drained || s.ends == nil {
		return
	}
	for p, end := range s.ends {
		if s.router.progress[p.ID].next < end {
			return
		}
	}
	s.drained = true
	ctx.Send(s.node.committer, &drained{topic: s.topic.Name})
}

// report tells every shard how far the source is, then the committer.
func (s *source) report(ctx actor.Context, m *standStill) {
	for shard, pid := range s.node.users {
		if behind := s.router.advance(s.topic.Name, event.Shard(shard)); behind != nil {
			ctx.Send(pid, &advance{ranges: behind})
		}
	}
	s.look()
	r := &stoodStill{topic: s.topic.Name, cut: m.cut, progress: map[event.Partition]progress{}}
	for id, p := range s.router.progress {
		r.progress[event.Partition{Topic: s.topic.Name, ID: id}] = *p
		p.records, p.events = 0, 0
	}
	r.userless, s.router.userless = s.router.userless, false
	ctx.Send(s.node.committer, r)
	s.grow()
}

// look finds out where the partitions stand. One counts as read to its end only
// while the broker answers and nothing that was fetched waits: state expires by
// it (T7). One is idle when nothing has come for a while although there was
// nothing to keep it from coming.
func (s *source) look() {
	now := s.node.now()
	for _, st := range s.kafka.State() {
		p := s.router.progress[st.Partition.ID]
		if p == nil {
			continue
		}
		read := p.next >= st.Position
		p.stable = max(p.stable, st.LastStable)
		p.caughtUp = read && st.Trouble == nil && st.LastStable >= 0 && p.next >= st.LastStable
		if end, bounded := s.ends[st.Partition]; bounded {
			p.caughtUp = p.next >= end
		}
		p.idle = (p.caughtUp || st.Trouble != nil) && now.Sub(p.seen) > s.node.cfg.IdleTimeout
	}
}

// grow takes up partitions that the topic has got meanwhile, from their
// beginning (F25). It follows a report: they are part of the next cut.
func (s *source) grow() {
	if s.ends != nil {
		return // a bounded run reads what was there at its start
	}
	for _, p := range s.kafka.Grown() {
		s.node.log.Info("a topic has grown, the new partition is read from its beginning", "partition", p.String())
		s.router.start(p.ID, 0).seen = s.node.now()
		s.kafka.Add(p, 0)
	}
}

// verify makes sure that what was read belongs to the topic it was thought to
// belong to: offsets of a topic that was made again must not be committed
// (F23).
func (s *source) verify(ctx context.Context) error {
	if time.Since(s.kafka.VerifiedAt()) < verifiedFor {
		return nil
	}
	if err := s.kafka.Verify(ctx); err != nil {
		return fmt.Errorf("before a commit: %w", err)
	}
	return nil
}
