package actors

import (
	"context"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

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

	inFlight   int // bytes sent and not yet applied
	limit      int
	standing   bool // between standStill and resume
	closed     bool // intake closed
	drained    bool
	unprepared bool          // the schema registry did not answer; asked again later
	waiting    []kafka.Chunk // at most fetchAhead+1
	lastSeen   map[int32]time.Time
	tokens     chan struct{}
	stopFetch  context.CancelFunc
	fetching   sync.WaitGroup
	out        []routed
}

// Receive implements actor.Actor.
func (s *source) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case *actor.Stopping:
		s.stop()
	case *fetched:
		s.waiting = append(s.waiting, m.chunk)
		s.work(ctx)
	case *fetchFailed:
		s.node.fail(m.err)
	case *prepareAgain:
		s.unprepared = false
		s.work(ctx)
	case *credit:
		s.inFlight -= m.bytes
		s.work(ctx)
	case *standStill:
		s.standing = true
		s.report(ctx, m)
	case *resume:
		s.standing = false
		s.work(ctx)
	case *intake:
		s.closed = !m.open
		s.work(ctx)
	}
}

func (s *source) start(ctx actor.Context) {
	fetchCtx, stop := context.WithCancel(context.Background())
	s.stopFetch = stop
	s.tokens = make(chan struct{}, fetchAhead)
	for range fetchAhead {
		s.tokens <- struct{}{}
	}
	now := s.node.now().UTC()
	for partition := range s.router.progress {
		s.lastSeen[partition] = now
	}
	self, root := ctx.Self(), ctx.ActorSystem().Root
	s.fetching.Add(1)
	go func() {
		defer s.fetching.Done()
		s.fetch(fetchCtx, func(m any) { root.Send(self, m) })
	}()
	s.checkDrained(ctx)
}

// stop ends the fetch goroutine and waits for it.
func (s *source) stop() {
	s.stopFetch()
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
	for len(s.waiting) > 0 && !s.standing && !s.closed && !s.unprepared && s.inFlight < s.limit {
		chunk := s.waiting[0]
		if err := s.router.prepare(s.node.ctx, &chunk); err != nil {
			s.pause(ctx, err)
			return
		}
		s.waiting = s.waiting[1:]
		s.routeChunk(ctx, &chunk)
		s.tokens <- struct{}{}
	}
}

// pause waits for the schema registry: a record whose schema cannot be looked up
// is neither skipped nor rejected (F39).
func (s *source) pause(ctx actor.Context, err error) {
	if s.node.ctx.Err() != nil {
		return
	}
	s.unprepared = true
	s.node.log.Warn("the schema registry does not answer, the topic waits for it", "topic", s.topic.Name, "again_in", prepareEvery, "error", err)
	self, root := ctx.Self(), ctx.ActorSystem().Root
	s.node.background(func() {
		select {
		case <-s.node.ctx.Done():
		case <-time.After(prepareEvery):
			root.Send(self, &prepareAgain{})
		}
	})
}

func (s *source) routeChunk(ctx actor.Context, chunk *kafka.Chunk) {
	s.trim(chunk)
	started := time.Now()
	out, err := s.router.route(chunk, s.out[:0])
	if err != nil {
		s.node.fail(err)
		return
	}
	for _, b := range out {
		s.inFlight += len(b.bytes)
		ctx.Send(s.node.users[b.shard], &apply{bytes: b.bytes, from: ctx.Self()})
	}
	clear(out)
	s.out = out
	if len(chunk.Records) > 0 {
		s.lastSeen[chunk.Range.ID] = started
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
	chunk.Range.From = min(chunk.Range.From, end)
	chunk.Range.To = end
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
	r := &stoodStill{
		topic: s.topic.Name, cut: m.cut,
		progress: map[event.Partition]progress{},
		idle:     map[event.Partition]bool{},
	}
	now := s.node.now().UTC()
	for id, p := range s.router.progress {
		partition := event.Partition{Topic: s.topic.Name, ID: id}
		r.progress[partition] = *p
		r.idle[partition] = now.Sub(s.lastSeen[id]) > s.node.cfg.IdleTimeout
		p.records, p.events = 0, 0
	}
	ctx.Send(s.node.committer, r)
}
