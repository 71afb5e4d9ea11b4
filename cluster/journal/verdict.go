package journal

import "fmt"

// Reason is why a record took no effect.
type Reason uint8

// The reasons. Accepted is none: the record took effect.
const (
	Accepted          Reason = iota
	AlreadyApplied           // at or below the offset the state has reached
	NoShards                 // a claim, release or commit of nothing
	StaleIncarnation         // a later life of the node is in the journal
	UnknownShard             // never claimed, or beyond the shard count
	StaleEpoch               // the shard is under another claim than the commit names (I6)
	NotOwner                 // the claim named is another node's or incarnation's
	AfterRelease             // its author had released the shard
	BrokenChain              // Previous is not the shard's last valid commit (I1)
	CutWentBack              // the shard's cut number does not grow (X1)
	VectorWentBack           // a partition is missing or at an earlier offset (I2)
	VectorAhead              // a campaign shard claims to have folded what comes after it
	Unbalanced               // the ledger's classes do not sum to its events (ST4)
	ClusterChanged           // another Kafka cluster
	TopicChanged             // a topic was deleted and created again (F23)
	ShardCountChanged        // another number of shards
)

// String is the reason in snake case, fit for logs and metric labels.
func (r Reason) String() string {
	switch r {
	case Accepted:
		return "accepted"
	case AlreadyApplied:
		return "already_applied"
	case NoShards:
		return "no_shards"
	case StaleIncarnation:
		return "stale_incarnation"
	case UnknownShard:
		return "unknown_shard"
	case StaleEpoch:
		return "stale_epoch"
	case NotOwner:
		return "not_owner"
	case AfterRelease:
		return "after_release"
	case BrokenChain:
		return "broken_chain"
	case CutWentBack:
		return "cut_went_back"
	case VectorWentBack:
		return "vector_went_back"
	case VectorAhead:
		return "vector_ahead"
	case Unbalanced:
		return "unbalanced"
	case ClusterChanged:
		return "cluster_changed"
	case TopicChanged:
		return "topic_changed"
	case ShardCountChanged:
		return "shard_count_changed"
	}
	return fmt.Sprintf("reason%d", uint8(r))
}

// Verdict is what a record did. Every reader of the same records comes to the
// same verdicts.
type Verdict struct {
	Reason Reason
	Shard  ShardID // the first shard the reason is about, zero when it is about none
	Detail string  // the numbers behind the reason, empty when accepted

	// Lost says who lost shards to an accepted claim, in the order of the nodes'
	// names. A node that finds itself here stops those shards at once. Shards that
	// were released, and those of the claimant's own incarnation, are not lost.
	Lost []Loss

	// Unneeded are the segments that an accepted commit has made useless: state
	// segments its shards no longer name, and deltas that its campaign shards were
	// the last to fold. The commit's author, and nobody else, may now tombstone
	// them.
	Unneeded []SegmentRef
}

// Loss is the shards one incarnation of a node lost, in shard order.
type Loss struct {
	Node        NodeID
	Incarnation Incarnation
	Shards      []ShardID
}

// Valid says whether the record took effect.
func (v Verdict) Valid() bool { return v.Reason == Accepted }

// Err is nil for a valid record, else a *VoidError.
func (v Verdict) Err() error {
	if v.Valid() {
		return nil
	}
	return &VoidError{Reason: v.Reason, Shard: v.Shard, Detail: v.Detail}
}

// VoidError says why a record took no effect. The author of a void commit drops
// the cut and restores its shards from their last valid commits.
type VoidError struct {
	Reason Reason
	Shard  ShardID
	Detail string
}

// Error names the reason, the shard if any, and the numbers.
func (e *VoidError) Error() string {
	if e.Shard == (ShardID{}) {
		return fmt.Sprintf("journal: record is void: %s: %s", e.Reason, e.Detail)
	}
	return fmt.Sprintf("journal: record is void: %s: %s: %s", e.Reason, e.Shard, e.Detail)
}
