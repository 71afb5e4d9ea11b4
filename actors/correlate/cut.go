package correlate

import (
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// Cut is what one cut hands over. It is the caller's for good. Rows come in the order of their keys; no key is in a cut twice
// (X1), rows streamed to the Sink included.
type Cut struct {
	Number    uint64     // the row_version of every row since Begin
	EmittedAt event.Time // their emitted_at

	Wins         []table.Win
	Clicks       []table.Click
	Conversions  []table.Conversion
	Attributions []table.Attribution
	Rejected     []table.Rejected

	// Deltas is what the campaign shards fold (package delta), nil for nothing.
	Deltas []byte
	// Ledger accounts for every record ever applied, by partition, in order
	// (ST4).
	Ledger []Account
	// Recalls are records the shard needs once more, whole: apply each with
	// RecallImpression or RecallBid in a later cut. A record is named when a
	// third record under its id makes it a fact again after its content was
	// dropped (D2, D3); a chain that is all but never seen.
	Recalls []event.Position
	// Links are for other timelines: each goes to the shard of its route, or with
	// All to every shard, this one included, and is applied there with Shard.Link,
	// after this cut is committed and before the next one. The frontier stays behind
	// them (LinkHops; package actors, frontier.go).
	Links []event.Link
	// Linked is true while the shard has to do with children without a user.
	Linked bool
	// Pending is true while rows wait: for a later cut, a recall, or a timer
	// that the watermark has passed. A bounded run cuts until it is false.
	Pending bool
}

// Account is the ledger of one partition (ST4).
type Account = fact.Account
