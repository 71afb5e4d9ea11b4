package actors

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/advertisex/adjoin/actors/campaign"
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// Stats is what the engine counts. Counters of the hot path are plain atomics
// of one topic, bumped once a chunk; the rest is a snapshot behind a mutex,
// written at cuts. It outlives incarnations.
type Stats struct {
	topics   map[string]*topicStats // never changes once made
	isReady  atomic.Bool
	restarts atomic.Int64
	failed   atomic.Int64
	stages   [stages]atomic.Int64 // nanoseconds

	joined struct { // apart from mu: it is written once a chunk
		sync.Mutex
		next map[event.Partition]event.Offset
	}

	mu struct {
		sync.Mutex
		Status
		users     map[event.Shard]correlate.Stats
		campaigns map[event.Shard]campaign.Stats
		onCommit  func(seconds float64)
	}
}

// stage is a step on the path of an event beyond the sources, which count by
// topic.
type stage uint8

const (
	stageCorrelate stage = iota
	stageAggregate
	stageWrite
	stageCommit
	stages = iota
)

type topicStats struct {
	records, bytes, busy, held atomic.Int64
	lastRecord                 atomic.Int64 // Kafka time in microseconds
}

// Status is a snapshot of the engine.
type Status struct {
	Ready    bool
	NotReady string // why, "" when ready
	Restarts int64

	Topics     map[string]TopicStatus
	Partitions map[event.Partition]PartitionStatus
	Watermark  event.Watermark // MinTime before the first event
	Frontier   event.Time
	Users      correlate.Stats
	Campaigns  campaign.Stats
	Tables     map[string]TableStatus
	Ledger     map[event.Partition]journal.Classes // since the engine started

	Busy       Busy
	Cuts       int64      // committed
	FailedCuts int64      // attempts to write or commit one that failed, retried ones included
	LastCommit event.Time // MinTime before the first
	CutSeconds float64    // of the last one, from standing still to the verdict
	StateBytes int64
	Stalled    string // why the intake is shut, "" when it is open
	Paused     bool   // the intake is shut
}

// Busy is the time spent in each stage, summed over its actors. Decoding is in
// TopicStatus. Write and Commit include the waiting for store and Kafka.
type Busy struct{ Correlate, Aggregate, Write, Commit time.Duration }

// TopicStatus counts what was read of a topic.
type TopicStatus struct {
	Records, Bytes int64
	Busy           time.Duration // spent decoding and routing
	Blocked        time.Duration // spent waiting for the shards or a cut, with records at hand
	LastRecord     event.Time
}

// PartitionStatus is where a partition stands, as of the last cut.
type PartitionStatus struct {
	Read    event.Offset // next offset to read
	Durable event.Offset // next offset not in a commit
	Stable  event.Offset // end of what can be read
	Time    event.Time   // Kafka time of the last record read, MinTime for none
	// DurableTime is the Kafka time of the last record in a commit of this
	// process, MinTime for none.
	DurableTime event.Time
}

// TableStatus counts what was committed to a table.
type TableStatus struct{ Rows, Files, Bytes int64 }

func newStats(topics []Topic) *Stats {
	s := &Stats{topics: map[string]*topicStats{}}
	for _, t := range topics {
		s.topics[t.Name] = &topicStats{}
	}
	s.joined.next = map[event.Partition]event.Offset{}
	s.mu.Watermark, s.mu.Frontier, s.mu.LastCommit = event.MinTime, event.MinTime, event.MinTime
	s.mu.Partitions = map[event.Partition]PartitionStatus{}
	s.mu.Tables = map[string]TableStatus{}
	s.mu.Ledger = map[event.Partition]journal.Classes{}
	s.mu.users = map[event.Shard]correlate.Stats{}
	s.mu.campaigns = map[event.Shard]campaign.Stats{}
	return s
}

// Snapshot is the engine's status now.
func (s *Stats) Snapshot() Status {
	s.mu.Lock()
	out := s.mu.Status
	out.Partitions = maps.Clone(out.Partitions)
	out.Tables = maps.Clone(out.Tables)
	out.Ledger = maps.Clone(out.Ledger)
	for _, u := range s.mu.users {
		out.Users = out.Users.Plus(u)
	}
	for _, c := range s.mu.campaigns {
		out.Campaigns = out.Campaigns.Plus(c)
	}
	s.mu.Unlock()
	out.Ready, out.Restarts, out.FailedCuts = s.isReady.Load(), s.restarts.Load(), s.failed.Load()
	out.Busy = Busy{
		Correlate: s.spent(stageCorrelate), Aggregate: s.spent(stageAggregate),
		Write: s.spent(stageWrite), Commit: s.spent(stageCommit),
	}
	switch {
	case !out.Ready:
		out.NotReady = "restoring from the journal"
	case out.Paused:
		out.NotReady = "reading is paused: " + out.Stalled
	}
	out.StateBytes = out.Users.Live.Bytes.Total() + out.Campaigns.Bytes
	out.Topics = map[string]TopicStatus{}
	for name, t := range s.topics {
		out.Topics[name] = TopicStatus{
			Records: t.records.Load(), Bytes: t.bytes.Load(),
			Busy: time.Duration(t.busy.Load()), Blocked: time.Duration(t.held.Load()), LastRecord: event.Time(t.lastRecord.Load()),
		}
	}
	return out
}

// Joined puts into next, for each partition, the offset below which every shard
// has applied everything since this engine started: what is joined in memory,
// and durable only after the next cut. It is cheap enough to be asked every
// millisecond.
func (s *Stats) Joined(next map[event.Partition]event.Offset) {
	s.joined.Lock()
	defer s.joined.Unlock()
	maps.Copy(next, s.joined.next)
}

// OnCommit sets what is told the seconds that each committed cut took. It must
// not block.
func (s *Stats) OnCommit(f func(seconds float64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.onCommit = f
}

func (s *Stats) ready(is bool) { s.isReady.Store(is) }

func (s *Stats) restarted() { s.restarts.Add(1) }

func (s *Stats) cutFailed() { s.failed.Add(1) }

func (s *Stats) busy(in stage, took time.Duration) { s.stages[in].Add(int64(took)) }

func (s *Stats) spent(in stage) time.Duration { return time.Duration(s.stages[in].Load()) }

// routed counts a chunk a source has worked through.
func (s *Stats) routed(topic string, c *kafka.Chunk, took time.Duration) {
	t := s.topics[topic]
	t.records.Add(int64(len(c.Records)))
	t.busy.Add(int64(took))
	var bytes int
	for i := range c.Records {
		bytes += len(c.Records[i].Value)
	}
	t.bytes.Add(int64(bytes))
	if n := len(c.Records); n > 0 {
		t.lastRecord.Store(int64(c.Records[n-1].Time))
	}
}

// held counts the time a source had records and could not route them.
func (s *Stats) held(topic string, took time.Duration) { s.topics[topic].held.Add(int64(took)) }

// applied notes that all shards have applied a partition up to an offset.
func (s *Stats) applied(p event.Partition, to event.Offset) {
	s.joined.Lock()
	defer s.joined.Unlock()
	s.joined.next[p] = to
}

func (s *Stats) shard(id event.Shard, st correlate.Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.users[id] = st
}

func (s *Stats) campaign(id event.Shard, st campaign.Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.campaigns[id] = st
}

func (s *Stats) load() journal.Load {
	s.mu.Lock()
	defer s.mu.Unlock()
	var held int64
	for _, u := range s.mu.users {
		held += u.Live.Bytes.Total()
	}
	return journal.Load{StateBytes: uint64(held)}
}

func (s *Stats) progress(reports map[string]*stoodStill, watermark event.Watermark, frontier event.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.Watermark, s.mu.Frontier = watermark, frontier
	for _, r := range reports {
		for partition, p := range r.progress {
			st, known := s.mu.Partitions[partition]
			if !known {
				st.DurableTime = event.MinTime
			}
			st.Read, st.Stable, st.Time = p.next, p.stable, p.lastIngest
			s.mu.Partitions[partition] = st
		}
	}
}

// intake notes why the intake is shut, "" when it is open.
func (s *Stats) intake(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.Stalled, s.mu.Paused = why, why != ""
}

func (s *Stats) committed(cut *openCut, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.Cuts++
	s.mu.LastCommit = event.TimeOf(now)
	s.mu.CutSeconds = float64(event.TimeOf(now).Sub(cut.at)) / float64(event.Second)
	if s.mu.onCommit != nil {
		s.mu.onCommit(s.mu.CutSeconds)
	}
	for _, f := range cut.commit.Files {
		t := s.mu.Tables[f.Table]
		s.mu.Tables[f.Table] = TableStatus{Rows: t.Rows + f.Rows, Files: t.Files + 1, Bytes: t.Bytes + f.Bytes}
	}
	for _, l := range cut.commit.Ledger {
		p := s.mu.Partitions[l.Partition]
		p.Durable = l.To
		if r := cut.reports[l.Topic]; r != nil {
			p.DurableTime = max(p.DurableTime, r.progress[l.Partition].lastIngest)
		}
		s.mu.Partitions[l.Partition] = p
		have := journal.PartitionLedger{Classes: s.mu.Ledger[l.Partition]}
		s.mu.Ledger[l.Partition] = have.Plus(journal.PartitionLedger{Classes: l.Classes}).Classes
	}
}
