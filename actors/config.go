package actors

import (
	"log/slog"
	"time"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/sinks"
)

// Topic is one source topic and how its records are read.
type Topic struct {
	Name       string
	NewDecoder func() codecs.Decoder
	Backfill   bool // T2 does not apply
}

// Start says where a source begins when the journal knows nothing of a
// partition.
type Start struct {
	Latest bool       // at the end; otherwise at the beginning
	At     event.Time // at the first record of this time or later; 0 for unset
}

// Config is what an Engine runs with. All fields without a default named are
// required.
type Config struct {
	Node    journal.NodeID
	Address string // where the node is reached, for its heartbeats; may be ""
	Version string // of the binary, for its heartbeats

	// UserShards and CampaignShards are fixed for the life of a deployment: they
	// decide in which shard a key lives (R4).
	UserShards, CampaignShards uint32

	Kafka         kafka.Config
	JournalTopic  string
	SegmentsTopic string
	Fetch         kafka.SourceConfig // limits only; positions are the journal's
	Topics        []Topic
	Start         Start

	Settings  correlate.Settings
	Reference *reference.Set
	Writer    *sinks.CutWriter

	// CutInterval is how often what has been read becomes durable and visible.
	CutInterval time.Duration
	// InFlightBytes bounds what the sources have sent and the shards have not
	// applied, over all of them.
	InFlightBytes int
	// StateLimit is the byte budget of the shards' state (ST2), 0 for none.
	StateLimit int64
	// WatermarkDelay is how far the watermark trails the newest event (T3);
	// IdleTimeout is after how long a silent partition is left out of it.
	WatermarkDelay event.Span
	IdleTimeout    time.Duration
	// FrontierSlack is how far behind the clock a partition that is read to its
	// end is taken to be (T7).
	FrontierSlack event.Span
	// ShutdownTimeout bounds the last cut of a run that was asked to stop.
	ShutdownTimeout time.Duration

	// JournalRetention is how long commits are kept for a loader that is away;
	// older ones go once a snapshot covers them.
	JournalRetention time.Duration

	// UntilEnd makes the run bounded: it reads up to the end offsets found at
	// the start, closes every window, commits, and ends.
	UntilEnd bool

	Log *slog.Logger
	Now func() time.Time // default time.Now

	// For tests of the package. probe is asked before each event whether to apply
	// it, appendWithin and snapshotEvery replace the constants of their names.
	probe         func(event.Kind, event.Position) bool
	appendWithin  time.Duration
	snapshotEvery event.Offset
}

func (c *Config) counts() journal.ShardCounts {
	return journal.ShardCounts{User: c.UserShards, Campaign: c.CampaignShards}
}
