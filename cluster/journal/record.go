package journal

import "github.com/advertisex/adjoin/internal/event"

// Kind is the kind of a record. The numbers are part of the format.
type Kind uint8

// The kinds of record.
const (
	KindClaim     Kind = 1
	KindRelease   Kind = 2
	KindHeartbeat Kind = 3
	KindCommit    Kind = 4
	KindSnapshot  Kind = 5
)

// Record is one record of the journal: *Claim, *Release, *Heartbeat, *Commit or
// *Snapshot, and nothing else.
type Record interface {
	// Kind is the record's kind byte.
	Kind() Kind

	encode(e *encoder)
}

// Entry is a record at its place in the journal.
type Entry struct {
	Offset event.Offset
	Record Record
}

// Claim makes Shards the claimant's from the claim's offset on, which becomes
// their epoch, whoever had them before.
type Claim struct {
	Node        NodeID
	Incarnation Incarnation
	Shards      []ShardID  // no shard twice
	Time        event.Time // the claimant's clock, for people
}

// Release gives Shards back: the next claim need not wait for silence. Shards
// that are not the releaser's any more are passed over.
type Release struct {
	Node        NodeID
	Incarnation Incarnation
	Shards      []ShardID // no shard twice
}

// Heartbeat says that a node is alive, where it is reached and what it runs.
type Heartbeat struct {
	Node        NodeID
	Incarnation Incarnation
	Address     string // host:port of the node's actor endpoint
	Version     string // of the binary, for people
	Format      uint8  // highest journal format the binary reads, see Version
	Load        Load
	Time        event.Time // the sender's clock
}

// Load is how busy a node says it is. Nothing is decided by it yet.
type Load struct {
	EventsPerSecond uint64
	StateBytes      uint64
}

// Commit makes one cut of some of a node's shards durable. Whether it is valid
// is not written in it: State.Apply decides.
type Commit struct {
	Node        NodeID
	Incarnation Incarnation
	Cut         CutNumber
	Counts      ShardCounts

	// ClusterID and TopicIDs say which Kafka cluster and which topics the vectors
	// count in; empty or missing means the broker gives none. A commit that
	// contradicts what an earlier valid one said is void (I2, F23).
	ClusterID string
	TopicIDs  map[string]TopicID

	Watermark event.Watermark // of the node at the cut (T3)
	Frontier  event.Time      // ingest frontier at the cut (T7)
	Time      event.Time      // the author's clock, for people

	Shards []ShardCut        // at least one, no shard twice
	Files  []File            // what the cut adds to the lake, in load order
	Ledger []PartitionLedger // what the cut adds to each partition's ledger, no partition twice
}

// ShardCounts is how many shards of each role the deployment has. It is part of
// what a shard number means, so it never changes within a journal.
type ShardCounts struct {
	User     uint32
	Campaign uint32
}

// Of is the count of a role, 0 for an unknown role.
func (c ShardCounts) Of(r Role) uint32 {
	switch r {
	case User:
		return c.User
	case Campaign:
		return c.Campaign
	}
	return 0
}

// ShardCut is the part of one shard in a commit.
type ShardCut struct {
	ID       ShardID
	Epoch    Epoch
	Previous event.Offset // of the shard's last valid commit, NoOffset for none: the chain (I1)
	Cut      uint64       // the shard's cut number, row_version of its rows (X1); grows along the chain

	// Vector is the next offset wanted of every source partition, or, for a
	// campaign shard, of JournalPartition. Equal vectors of one decoded record
	// are one map; never write into it.
	Vector event.Vector

	// Segments are all the segments that make up the state after this cut, oldest
	// first. Base says that this cut wrote the state anew, so that no segment of
	// an earlier cut is among them.
	Base     bool
	Segments []SegmentRef

	// Deltas are the segments with what this cut changes for campaign shards. They
	// are no part of the state: they are needed until every campaign shard has
	// folded this commit, however often the state is written anew meanwhile. One
	// segment may be in both lists.
	Deltas []SegmentRef
}

// SegmentRef names a state segment and where its chunks lie in the segment
// topic. Bytes and CRC (CRC-32C) are of the whole segment, all chunks joined.
type SegmentRef struct {
	Key       string // see SegmentKey
	Partition int32
	Offsets   []event.Offset // of the chunks, growing, at least one
	Bytes     int64
	CRC       uint32
}

// File is one file that a commit adds to a table of the lake.
type File struct {
	Table  string
	Path   string // below the lake's root, docs/formats/files.md
	Rows   int64
	Bytes  int64
	SHA256 [32]byte
	Date   int32 // days since 1970-01-01 of the dt partition, NoDate for none
	Hour   int8  // 0 to 23 of the hour partition, -1 for none
}

// NoDate is the Date of a file that lies in no date partition.
const NoDate int32 = -1

// NoHour is the Hour of a file that lies in no hour partition.
const NoHour int8 = -1

// Snapshot is the fold of every record up to and including Upto. It is written
// now and then by any node; it changes nothing, and a reader may start from it.
type Snapshot struct {
	Upto  event.Offset
	State *State
}

// Kind is KindClaim.
func (*Claim) Kind() Kind { return KindClaim }

// Kind is KindRelease.
func (*Release) Kind() Kind { return KindRelease }

// Kind is KindHeartbeat.
func (*Heartbeat) Kind() Kind { return KindHeartbeat }

// Kind is KindCommit.
func (*Commit) Kind() Kind { return KindCommit }

// Kind is KindSnapshot.
func (*Snapshot) Kind() Kind { return KindSnapshot }
