package journal

import (
	"cmp"
	"fmt"

	"github.com/advertisex/adjoin/internal/event"
)

// Epoch is the journal offset of a shard's latest claim. A commit names the
// epoch it was made under and is void under any other (I6).
type Epoch int64

// NoEpoch is the epoch of a shard nobody has claimed.
const NoEpoch Epoch = -1

// NoOffset stands for "no such record": the Previous of a shard's first commit.
const NoOffset event.Offset = -1

// Role is what a shard does. User shards correlate events by user, campaign
// shards follow the journal and keep the aggregates.
type Role uint8

// The roles. Their numbers are part of the format.
const (
	User     Role = 1
	Campaign Role = 2
)

// String is the role's name in keys and messages.
func (r Role) String() string {
	switch r {
	case User:
		return "user"
	case Campaign:
		return "campaign"
	}
	return fmt.Sprintf("role%d", uint8(r))
}

// ShardID names a shard: its role and its number within that role.
type ShardID struct {
	Role  Role
	Shard event.Shard
}

// String is "user-17".
func (id ShardID) String() string { return fmt.Sprintf("%s-%d", id.Role, id.Shard) }

// Compare orders shards by role, then number.
func (id ShardID) Compare(other ShardID) int {
	return cmp.Or(cmp.Compare(id.Role, other.Role), cmp.Compare(id.Shard, other.Shard))
}

// NodeID is the name of a node. It outlives restarts; an Incarnation does not.
type NodeID string

// Incarnation tells the lives of one node apart. A later life has the greater
// number: a node takes one above every incarnation of its name in the journal.
// Two processes that bear one name must not choose the same number, so take the
// start time in microseconds unless the journal holds a greater one.
type Incarnation uint64

// CutNumber counts the cuts of one incarnation of a node.
type CutNumber uint64

// TopicID is the id Kafka gave a topic when it was created. A topic deleted and
// created again under its name has another one (I2, F23).
type TopicID [16]byte

// JournalPartition is the key under which a campaign shard's vector holds its
// position: the next journal offset it has not folded. The name stands for the
// journal whatever its topic is called in a deployment.
//
// It is a function because a Partition cannot be a constant.
func JournalPartition() event.Partition { return event.Partition{Topic: "adjoin.journal"} }
