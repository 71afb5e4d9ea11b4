package web

// Snapshotter makes a Snapshot of now. It is called once per scrape, never
// twice at once, and must return within milliseconds: it copies counters and
// waits for nothing outside the process.
type Snapshotter func() Snapshot

// Snapshot is everything the metrics of one scrape are made of. Counters count
// since the process started, times are Unix seconds with 0 for "not yet", sizes
// are bytes.
//
// A key that is in a map is a series, even at 0, so the caller enters every key
// it knows from the start. A nil map or a missing key is something this process
// does not measure, and makes no series. Keys of closed lists (tables, Role,
// Stage, ...) that are not on the list are added up under "other" for tables and
// left out elsewhere.
type Snapshot struct {
	Topics     map[string]Topic // the source topics, by name
	Partitions []Partition      // the partitions this node reads

	Dedupe     DedupeEntries
	Entries    StateEntries
	Bytes      StateBytes
	StateLimit int64 // byte budget of the state, 0 for none

	Joins map[Join]JoinResults

	Checkpoints Checkpoints
	Tables      map[string]Table           // committed to the lake, by table
	Loads       map[LoadTarget]Load        // by warehouse
	Restarts    map[Role]int64             // after a failure
	StageBusy   map[Stage]float64          // seconds of work, summed over all actors of the stage
	Heartbeats  map[HeartbeatStage]float64 // when the last marker passed
	Shards      map[ShardState]int64
}

// Topic is what became of a source topic. Bytes and LastRecord are of what was
// read; Ledger counts what a commit has made durable.
type Topic struct {
	Bytes      int64   // of record values
	LastRecord float64 // Kafka time of the last record read
	Watermark  float64 // event time up to which no more is expected (T3)
	Ledger     Ledger
}

// Ledger counts the events of a topic by the class they ended in (semantics
// ST4). A class may shrink by a few when a fact turns out to be something else;
// the collector holds the counters it makes of them until they grow again.
type Ledger struct {
	Facts, Duplicates, Conflicts, Erased int64
	Rejected                             map[string]int64 // by the reason column of rejected_events
}

// Partition is where one partition stands.
type Partition struct {
	Topic     string
	Partition int32
	End       int64 // end of what can be read
	Read      Position
	Durable   Position // of the last commit
}

// Position is a place in a partition.
type Position struct {
	Known bool    // false before the first read or commit: no series then
	Next  int64   // next offset
	Time  float64 // Kafka time of the last record before Next
}

// DedupeEntries counts the ids that a repetition would be recognised by.
type DedupeEntries struct{ Bids, Impressions, Clicks, Conversions int64 }

// StateEntries counts what the state holds.
type StateEntries struct {
	Bids, Impressions, Clicks, Conversions, Users int64
	CampaignBuckets                               int64 // keys of the campaign aggregates
}

// StateBytes is the memory of the state, as allocated.
type StateBytes struct {
	Bids, Impressions int64
	Indexes           int64 // ids to rows, and dictionaries
	Users             int64 // ordinals and reach
	Journeys          int64
	Campaigns         int64 // the campaign aggregates
}

// Join is one kind of join.
type Join string

// The joins (semantics J1 to J3).
const (
	JoinImpressionBid      Join = "impression_bid"
	JoinClickImpression    Join = "click_impression"
	JoinConversionJourney  Join = "conversion_touch"
	JoinAdjustmentOriginal Join = "adjustment_original"
)

func joins() []Join {
	return []Join{JoinImpressionBid, JoinClickImpression, JoinConversionJourney, JoinAdjustmentOriginal}
}

// JoinResults counts how children fared in a join.
type JoinResults struct{ Matched, Expired, Orphan, Ambiguous int64 }

// Checkpoints counts cuts. Succeeded and Failed are what is known of their end.
type Checkpoints struct {
	Succeeded, Failed int64
	LastSuccess       float64
}

// Table counts what was committed to a table of the lake.
type Table struct{ Rows, Files, Bytes int64 }

// LoadTarget is a kind of warehouse.
type LoadTarget string

// The warehouses.
const (
	LoadDuckDB    LoadTarget = "duckdb"
	LoadSnowflake LoadTarget = "snowflake"
	LoadBigQuery  LoadTarget = "bigquery"
	LoadRedshift  LoadTarget = "redshift"
	LoadSynapse   LoadTarget = "synapse"
)

func loadTargets() []LoadTarget {
	return []LoadTarget{LoadDuckDB, LoadSnowflake, LoadBigQuery, LoadRedshift, LoadSynapse}
}

// Load is how far a warehouse is.
type Load struct {
	LastSuccess float64              // of any table
	Tables      map[string]LoadTable // by table, or under AllTables alone
}

// AllTables is the key of Load.Tables for a loader that does not tell tables
// apart.
const AllTables = "all"

// LoadTable counts what became of the committed files of a table.
type LoadTable struct {
	Files, Rows   int64   // loaded
	FailedFiles   int64   // refused as damaged or missing
	FailedRows    int64   // in them, as the commit counted them
	PendingFiles  int64   // committed and not loaded
	OldestPending float64 // when the oldest of them was committed, 0 when none is
}

// Role is what an actor does.
type Role string

// The roles. RoleEngine is the restart of all of them together, from the last
// commit.
const (
	RoleEngine        Role = "engine"
	RoleSource        Role = "source"
	RoleUserShard     Role = "user_shard"
	RoleCampaignShard Role = "campaign_shard"
	RoleCommitter     Role = "committer"
	RoleLoader        Role = "loader"
)

func roles() []Role {
	return []Role{RoleEngine, RoleSource, RoleUserShard, RoleCampaignShard, RoleCommitter, RoleLoader}
}

// Stage is a step on the path of an event.
type Stage string

// The stages.
const (
	StageFetch     Stage = "fetch"     // waiting for Kafka is not busy
	StageDecode    Stage = "decode"    // decoding and routing
	StageCorrelate Stage = "correlate" // the user shards
	StageWrite     Stage = "write"     // Parquet and the object store
	StageCommit    Stage = "commit"    // segments and the journal
	StageAggregate Stage = "aggregate" // the campaign shards
	StageLoad      Stage = "load"      // the warehouse
)

func stages() []Stage {
	return []Stage{StageFetch, StageDecode, StageCorrelate, StageWrite, StageCommit, StageAggregate, StageLoad}
}

// HeartbeatStage is a place that a marker has passed.
type HeartbeatStage string

// The places.
const (
	HeartbeatCorrelated  HeartbeatStage = "correlated"
	HeartbeatInFile      HeartbeatStage = "in_file"
	HeartbeatInWarehouse HeartbeatStage = "in_warehouse"
)

func heartbeatStages() []HeartbeatStage {
	return []HeartbeatStage{HeartbeatCorrelated, HeartbeatInFile, HeartbeatInWarehouse}
}

// ShardState is what a user shard of this node is doing.
type ShardState string

// The states.
const (
	ShardRunning   ShardState = "running"
	ShardRestoring ShardState = "restoring"
	ShardDraining  ShardState = "draining"
	ShardFailed    ShardState = "failed"
)

func shardStates() []ShardState {
	return []ShardState{ShardRunning, ShardRestoring, ShardDraining, ShardFailed}
}

// Build says which binary this is.
type Build struct {
	Version   string
	Revision  string // of the source, "unknown" when it was not stamped
	GoVersion string
}
