package kafka

import (
	"context"

	"github.com/advertisex/adjoin/internal/event"
)

// The topics of adjoin itself.
const (
	JournalTopic  = "adjoin.journal"
	SegmentsTopic = "adjoin.segments"
	LinksTopic    = "adjoin.links"
)

// TopicSpec is a topic to be made, and what an existing one must be.
type TopicSpec struct {
	Name        string
	Partitions  int32             // 0: the broker's default, or any
	Exactly     bool              // an existing topic must have just this many partitions
	Replication int16             // 0: the broker's default
	Settings    map[string]string // set on creation
	Require     []Requirement     // checked on an existing topic
}

// Requirement is a setting an existing topic must satisfy.
type Requirement struct {
	Setting string
	Want    string // shown in messages, and the value that mends it
	Why     string // what would happen otherwise
	OK      func(value string) bool
}

// TopicReport is what EnsureTopics found or did for one topic.
type TopicReport struct {
	Name       string
	Created    bool
	ID         TopicID
	Partitions int32
}

// OwnTopics are the three topics adjoin needs: the journal (one partition,
// never deleted by time), the segments (compacted) and the links.
func OwnTopics() []TopicSpec { return nil }

// EnsureTopics makes the topics that are missing and checks those that exist.
// With dryRun nothing is made. Existing topics are never altered: wrong ones
// are an Error of CodeTopicConfig, joined over all topics.
func EnsureTopics(ctx context.Context, cfg Config, want []TopicSpec, dryRun bool) ([]TopicReport, error) {
	return nil, errSkeleton
}

// DeleteTopics deletes topics; it is for tests and demos.
func DeleteTopics(ctx context.Context, cfg Config, topics ...string) error { return errSkeleton }

// StartOffsets are the first offsets of every partition of the topics.
func StartOffsets(ctx context.Context, cfg Config, topics ...string) (map[event.Partition]event.Offset, error) {
	return nil, errSkeleton
}

// EndOffsets are the offsets after the last record of every partition: the last
// stable offset, behind which a transaction may be open, or with readCommitted
// false the high watermark.
func EndOffsets(ctx context.Context, cfg Config, readCommitted bool, topics ...string) (map[event.Partition]event.Offset, error) {
	return nil, errSkeleton
}

// OffsetsAt are the first offsets whose record has a time of at least t, the
// end where there is none.
func OffsetsAt(ctx context.Context, cfg Config, t event.Time, topics ...string) (map[event.Partition]event.Offset, error) {
	return nil, errSkeleton
}

// Cluster is who a cluster is and what it has.
type Cluster struct {
	ID      string
	Brokers map[int32]string // id to address
	Topics  map[string]TopicInfo
}

// TopicInfo is one topic of a cluster.
type TopicInfo struct {
	ID         TopicID
	Partitions int32
}

// Describe asks for the cluster's id and the topics named; a missing topic is
// an error.
func Describe(ctx context.Context, cfg Config, topics ...string) (Cluster, error) {
	return Cluster{}, errSkeleton
}
