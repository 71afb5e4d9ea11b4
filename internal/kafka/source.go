package kafka

import (
	"context"
	"time"

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

// Source reads partitions from the leaders of a cluster, read_committed. It
// reconnects and follows leaders by itself for as long as it takes; it stops
// only on what no retry can mend (an offset that is gone, a topic that was
// re-created or deleted, a log-in that is refused).
type Source struct{}

// PartitionState is where a Source stands in one partition.
type PartitionState struct {
	Partition     event.Partition
	Position      event.Offset // next offset to fetch
	HighWatermark event.Offset // as of the last answer, -1 before the first
	LastStable    event.Offset // as of the last answer, -1 before the first
	Paused        bool
	Trouble       error // why nothing is fetched at the moment, nil when well
}

// OpenSource connects, compares cluster and topic ids, checks that every start
// offset is in the log, and starts the fetch loops. ctx bounds the opening
// only. Close must be called.
func OpenSource(ctx context.Context, cfg Config, sc SourceConfig) (*Source, error) {
	return nil, errSkeleton
}

// Next waits for the next chunk. It is for one goroutine at a time. After an
// error other than ctx's, every later call returns the same error.
func (s *Source) Next(ctx context.Context) (Chunk, error) { return Chunk{}, errSkeleton }

// Pause stops fetching a partition; chunks already fetched still come. Resume
// goes on at the same place. Both are safe from any goroutine.
func (s *Source) Pause(p event.Partition) {}

// Resume undoes Pause.
func (s *Source) Resume(p event.Partition) {}

// Seek moves a partition to offset: chunks fetched before are dropped, and the
// next chunk of the partition starts there. Safe from any goroutine.
func (s *Source) Seek(p event.Partition, offset event.Offset) {}

// Add starts to read another partition at an offset, as when a topic has grown.
func (s *Source) Add(ctx context.Context, p event.Partition, offset event.Offset) error {
	return errSkeleton
}

// Grown lists partitions of the topics read that exist but are not read.
func (s *Source) Grown() []event.Partition { return nil }

// TopicIDs are the ids of the topics read, as found when the Source was opened;
// keep them with the offsets.
func (s *Source) TopicIDs() map[string]TopicID { return nil }

// ClusterID is the id of the cluster.
func (s *Source) ClusterID() string { return "" }

// Verify compares topic ids now. Call it before a position is committed when
// VerifiedAt is more than a few seconds old: between two checks a re-created
// topic can pass for the old one.
func (s *Source) Verify(ctx context.Context) error { return errSkeleton }

// VerifiedAt is when the topic ids were last found right.
func (s *Source) VerifiedAt() time.Time { return time.Time{} }

// State is where each partition stands, ordered by partition.
func (s *Source) State() []PartitionState { return nil }

// Close stops the loops and waits for them; milliseconds, whatever the network
// does. A waiting Next returns ErrClosed.
func (s *Source) Close() error { return nil }
