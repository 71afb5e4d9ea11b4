package kafka

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// SourceConfig says what a Source reads. Zero values are the defaults.
type SourceConfig struct {
	// Partitions maps each partition to the first offset wanted. A position is
	// always a number: ask StartOffsets or EndOffsets for "earliest" or
	// "latest".
	Partitions map[event.Partition]event.Offset
	// TopicIDs are the ids the start offsets belong to. A topic that is absent
	// here is taken as it is found; see Source.TopicIDs.
	TopicIDs map[string]TopicID
	// ClusterID is the cluster the offsets belong to, "" for any.
	ClusterID string
	// MaxBytesPartition bounds what one fetch brings for a partition, on the
	// wire; default 4 MiB. A single larger batch still comes.
	MaxBytesPartition int
	// MaxWait is how long the broker may hold a fetch that finds nothing;
	// default 250 ms.
	MaxWait time.Duration
	// Buffer is how many chunks may wait for Next; default 4. The loops stop
	// fetching while it is full. Memory is bounded by about (Buffer + 2 a
	// connection) times the larger of MaxBytesPartition and one batch.
	Buffer int
	// Connections is how many connections to open to each broker, one fetch
	// loop each; default 2.
	Connections int
	// CheckEvery is how often topic ids are compared while reading; default
	// 5 s.
	CheckEvery time.Duration
}

// withDefaults is the SourceConfig with every zero field filled in.
func (sc SourceConfig) withDefaults() SourceConfig {
	if sc.MaxBytesPartition <= 0 {
		sc.MaxBytesPartition = 4 << 20
	}
	if sc.MaxWait <= 0 {
		sc.MaxWait = 250 * time.Millisecond
	}
	if sc.Buffer <= 0 {
		sc.Buffer = 4
	}
	if sc.Connections <= 0 {
		sc.Connections = 2
	}
	if sc.CheckEvery <= 0 {
		sc.CheckEvery = 5 * time.Second
	}
	return sc
}

// Source reads partitions from the leaders of a cluster, read_committed. It
// reconnects and follows leaders by itself for as long as it takes; it stops
// only on what no retry can mend (an offset that is gone, a topic that was
// re-created or deleted, a log-in that is refused).
//
// One goroutine steers (steer.go): it asks who leads what, compares topic ids
// and hands each partition to a loop. Each loop (loop.go) is a goroutine with a
// connection to one broker. Only a loop advances a partition, and a partition
// is in one loop's hands at a time, so chunks come in order. There is one lock,
// and nothing waits while holding it.
type Source struct {
	cfg   *Config
	sc    SourceConfig
	dir   *directory
	ctx   context.Context // ends when the Source is closed or has failed
	stop  context.CancelCauseFunc
	out   chan Chunk
	spare *spare
	wake  chan struct{} // something for the steering goroutine to do
	wg    sync.WaitGroup

	mu struct {
		sync.Mutex
		parts    map[event.Partition]*part
		order    []*part // sorted by partition
		loops    map[loopKey]*loop
		ids      map[string]TopicID
		missing  map[string]time.Time // topics not found, since when
		grown    []event.Partition
		cluster  string
		verified time.Time
		refused  time.Time // since when log-ins are refused, zero when they are not
	}
}

// part is one partition of a Source. Invariant: pos only changes under the
// lock, by the loop that holds the part (busy) or by Seek, which changes gen.
type part struct {
	event.Partition
	pos     event.Offset
	gen     uint32 // number of Seeks: what was fetched under another is void
	key     loopKey
	epoch   int32 // of the leader
	paused  bool
	busy    bool         // a loop is fetching it or handing out what it fetched
	lost    bool         // no leader known, or not to be trusted: steer looks again
	suspect bool         // its offset was refused or never checked: steer asks for the log's bounds
	badAt   event.Offset // where a damaged batch was seen once
	high    event.Offset
	stable  event.Offset
	told    bool // high and stable have been told with a chunk
	trouble error
}

// PartitionState is where a Source stands in one partition.
type PartitionState struct {
	Partition     event.Partition
	Position      event.Offset // next offset to fetch
	HighWatermark event.Offset // as of the last answer, -1 before the first
	LastStable    event.Offset // as of the last answer, -1 before the first
	Paused        bool
	Trouble       error // why nothing is fetched at the moment, nil when well
}

// spareChunks is how much memory of chunks that were given back a Source keeps,
// in units of what a fetch brings for a partition.
const spareChunks = 4

// OpenSource connects, compares cluster and topic ids, checks that every start
// offset is in the log, and starts the fetch loops. ctx bounds the opening
// only. Close must be called.
func OpenSource(ctx context.Context, cfg Config, sc SourceConfig) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Source{cfg: &cfg, sc: sc.withDefaults(), dir: newDirectory(&cfg), wake: make(chan struct{}, 1)}
	s.out = make(chan Chunk, s.sc.Buffer)
	s.spare = &spare{limit: spareChunks * s.sc.MaxBytesPartition}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	s.mu.parts = make(map[event.Partition]*part)
	s.mu.loops = make(map[loopKey]*loop)
	s.mu.missing = make(map[string]time.Time)
	s.mu.ids = make(map[string]TopicID)
	maps.Copy(s.mu.ids, sc.TopicIDs)
	s.mu.cluster = sc.ClusterID
	for p, offset := range sc.Partitions {
		s.insert(p, offset)
	}
	if err := s.begin(ctx); err != nil {
		s.stop(err)
		s.wg.Wait()
		s.dir.close()
		return nil, err
	}
	s.wg.Add(1)
	go s.steer()
	return s, nil
}

// insert adds a partition that is not read yet; the caller holds the lock or is
// alone.
func (s *Source) insert(p event.Partition, offset event.Offset) {
	added := &part{Partition: p, pos: offset, lost: true, suspect: true, epoch: -1, badAt: -1, high: -1, stable: -1}
	s.mu.parts[p] = added
	s.mu.order = append(s.mu.order, added)
	slices.SortFunc(s.mu.order, func(a, b *part) int { return a.Compare(b.Partition) })
}

// Next waits for the next chunk. It is for one goroutine at a time. After an
// error other than ctx's, every later call returns the same error.
func (s *Source) Next(ctx context.Context) (Chunk, error) {
	for {
		if s.ctx.Err() != nil {
			return Chunk{}, context.Cause(s.ctx)
		}
		select {
		case c := <-s.out:
			if s.current(c) {
				return c, nil
			}
		case <-s.ctx.Done():
			return Chunk{}, context.Cause(s.ctx)
		case <-ctx.Done():
			return Chunk{}, ctx.Err()
		}
	}
}

// current reports whether no Seek came after the chunk was fetched.
func (s *Source) current(c Chunk) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.mu.parts[c.Range.Partition]
	return p != nil && p.gen == c.gen
}

// Pause stops fetching a partition; chunks already fetched still come. Resume
// goes on at the same place. Both are safe from any goroutine.
func (s *Source) Pause(p event.Partition) {
	s.change(p, func(pt *part) { pt.paused = true })
}

// Resume undoes Pause.
func (s *Source) Resume(p event.Partition) {
	s.change(p, func(pt *part) { pt.paused = false })
}

// Seek moves a partition to offset: chunks fetched before are dropped, and the
// next chunk of the partition starts there. Safe from any goroutine.
func (s *Source) Seek(p event.Partition, offset event.Offset) {
	s.change(p, func(pt *part) {
		pt.pos = offset
		pt.gen++
		pt.badAt, pt.told = -1, false
	})
}

// change alters a partition and wakes its loop. A partition that is not read is
// left alone.
func (s *Source) change(p event.Partition, f func(*part)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pt := s.mu.parts[p]; pt != nil {
		f(pt)
		if l := s.mu.loops[pt.key]; l != nil {
			poke(l.wake)
		}
	}
}

// Add starts to read another partition at an offset, as when a topic has grown.
// It has no effect on a partition that is read already.
func (s *Source) Add(p event.Partition, offset event.Offset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.parts[p] == nil {
		s.insert(p, offset)
		s.mu.grown = slices.DeleteFunc(s.mu.grown, func(q event.Partition) bool { return p == q })
		poke(s.wake)
	}
}

// poke leaves a signal unless one is waiting.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Grown lists partitions of the topics read that exist but are not read; it is
// brought up to date every CheckEvery.
func (s *Source) Grown() []event.Partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mu.grown)
}

// TopicIDs are the ids of the topics read, as found when the Source was opened;
// keep them with the offsets.
func (s *Source) TopicIDs() map[string]TopicID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.mu.ids)
}

// ClusterID is the id of the cluster.
func (s *Source) ClusterID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.cluster
}

// Verify compares topic ids now. Call it before a position is committed when
// VerifiedAt is more than a few seconds old: between two checks a re-created
// topic can pass for the old one.
func (s *Source) Verify(ctx context.Context) error {
	v, err := s.dir.lookup(ctx, s.topics()...)
	if err != nil {
		return err
	}
	if err := s.compare(v); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic := range s.mu.missing {
		return refusal(sarama.ErrUnknownTopicOrPartition, "topic "+topic)
	}
	return nil
}

// VerifiedAt is when the topic ids were last found right.
func (s *Source) VerifiedAt() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.verified
}

// State is where each partition stands, ordered by partition.
func (s *Source) State() []PartitionState {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]PartitionState, 0, len(s.mu.order))
	for _, p := range s.mu.order {
		out = append(out, PartitionState{Partition: p.Partition, Position: p.pos, HighWatermark: p.high,
			LastStable: p.stable, Paused: p.paused, Trouble: p.trouble})
	}
	return out
}

// Close stops the loops and waits for them; milliseconds, whatever the network
// does. A waiting Next returns ErrClosed.
func (s *Source) Close() error {
	s.stop(ErrClosed)
	s.wg.Wait()
	s.dir.close()
	return nil
}
