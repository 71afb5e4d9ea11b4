package sinks

import (
	"encoding/hex"

	"github.com/advertisex/adjoin/internal/table"
)

// Sink takes the rows of every table as they are produced. The slices and the
// structs in them belong to the caller again when a method returns; text and
// bytes they point to must not change before the sink is closed (they alias
// record batches, which nobody writes to). Methods may be called from several
// goroutines at once.
//
// A *Cut is the sink of a running node, a *finaltable.Set that of a replay.
type Sink interface {
	WriteBids([]table.Bid) error
	WriteWins([]table.Win) error
	WriteImpressions([]table.Impression) error
	WriteClicks([]table.Click) error
	WriteConversions([]table.Conversion) error
	WriteAttributions([]table.Attribution) error
	WriteCampaignMinutes([]table.CampaignMinute) error
	WriteCampaignHours([]table.CampaignHour) error
	WriteCampaignDays([]table.CampaignDay) error
	WriteSiteDays([]table.SiteDay) error
	WritePipelineMinutes([]table.PipelineMinute) error
	WriteRejected([]table.Rejected) error
}

// File is one committed Parquet file: what a journal commit names and what a
// loader verifies before it reads a single row (S18).
type File struct {
	Table  table.Name `json:"table"`
	Key    string     `json:"key"` // in the store: TABLE/dt=D/hour=H/part-CUT-N.parquet, docs/formats/files.md
	Rows   int64      `json:"rows"`
	Bytes  int64      `json:"bytes"`
	SHA256 Digest     `json:"sha256"`
}

// Digest is a SHA-256.
type Digest [32]byte

// String is 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText is String.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Digest) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(d) {
		return errDigest
	}
	_, err := hex.Decode(d[:], text)
	return err
}
