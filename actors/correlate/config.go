package correlate

import (
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

// Config is what a Shard is made of.
type Config struct {
	// Shard is this shard's number among Shards (R4), checked by Restore.
	Shard  event.Shard
	Shards uint32
	// CampaignShards is how many campaign shards there are: deltas are cut by
	// them. 0 is 1.
	CampaignShards uint32
	// Reference is the campaigns and creatives; nil knows none. SetReference
	// swaps it.
	Reference *reference.Set
	// Settings are the windows and limits; the zero value is not usable, start
	// from DefaultSettings.
	Settings Settings
	// Sink receives the rows of the two large tables while events are applied.
	Sink Sink
}

// Sink takes rows of the large tables at once (E1). A row and its text are
// valid only during the call: they alias the event being applied.
type Sink interface {
	Bid(*table.Bid)
	Impression(*table.Impression)
}

// Settings are the windows and limits that do not depend on a campaign.
type Settings = fact.Settings

// PerKind is one span for each kind of event.
type PerKind = fact.PerKind

// DefaultSettings are the values of the specification.
func DefaultSettings() Settings { return fact.DefaultSettings() }
