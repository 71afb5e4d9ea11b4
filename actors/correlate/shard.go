package correlate

import (
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// Shard is the state of one user shard. See the package comment for how it is
// driven and what it promises. It belongs to one goroutine.
type Shard struct {
	cfg       Config
	reference *reference.Set

	watermark event.Watermark
	frontier  event.Time

	open   Cut // the cut being filled, from Begin to Cut
	ledger ledger
}

// New makes an empty shard.
func New(cfg Config) *Shard {
	s := &Shard{cfg: cfg, watermark: event.MinTime, frontier: event.MinTime}
	s.SetReference(cfg.Reference)
	return s
}

// Restore makes a shard from what Segment wrote: a base, then every later
// segment, oldest first. Anything else, or any damage, is an error and no
// shard: the caller restores from an earlier commit or starts from offset 0.
func Restore(cfg Config, segments [][]byte) (*Shard, error) {
	return New(cfg), nil
}

// SetReference swaps the reference data; nil knows none. Later decisions use
// it, and what was decided is looked at again where a route is touched.
func (s *Shard) SetReference(set *reference.Set) {
	if set == nil {
		set = new(reference.Set)
	}
	s.reference = set
}

// Begin opens a cut: until Cut, rows carry number as their row_version and
// emittedAt as their emitted_at. Numbers grow along a shard's life, whoever
// owns it (X1). Corrections of large rows that waited for this cut are
// streamed at once.
func (s *Shard) Begin(number uint64, emittedAt event.Time) {
	s.open = Cut{Number: number, EmittedAt: emittedAt}
}

// Bid applies one bid record. It may set e.EventTime and e.Flags (T1).
func (s *Shard) Bid(e *event.Bid) {
	if !s.admit(event.KindBid, &e.Envelope, "") {
		return
	}
}

// Impression applies one impression record. It may set e.EventTime and e.Flags
// (T1).
func (s *Shard) Impression(e *event.Impression) {
	if !s.admit(event.KindImpression, &e.Envelope, e.CampaignID) {
		return
	}
}

// Click applies one click record. It may set e.EventTime and e.Flags (T1).
func (s *Shard) Click(e *event.Click) {
	if !s.admit(event.KindClick, &e.Envelope, e.CampaignID) {
		return
	}
}

// Conversion applies one conversion record, an adjustment included. It may set
// e.EventTime and e.Flags (T1).
func (s *Shard) Conversion(e *event.Conversion) {
	if !s.admit(event.KindConversion, &e.Envelope, e.CampaignID) {
		return
	}
}

// Reject counts a record that no decoder could read, and writes its row.
func (s *Shard) Reject(e *event.Rejected) {
	s.ledger.at(e.Partition).Rejected[e.Reason]++
	s.writeReject(e)
}

// RecallImpression hands over again, whole, a record that Cut.Recalls named. It
// counts in no ledger. A record that is no longer needed is ignored.
func (s *Shard) RecallImpression(e *event.Impression) {
}

// RecallBid is RecallImpression for bids.
func (s *Shard) RecallBid(e *event.Bid) {
}

// Advance moves the clocks: the watermark says when to write (T3), the ingest
// frontier what to forget (T7). Neither moves back; a smaller value is ignored.
// MaxTime for both closes every window of a bounded run.
func (s *Shard) Advance(watermark event.Watermark, frontier event.Time) {
	s.watermark = max(s.watermark, watermark)
	s.frontier = max(s.frontier, frontier)
}

// Cut closes the cut that Begin opened and returns its rows.
func (s *Shard) Cut() *Cut {
	s.open.Ledger = s.ledger.accounts()
	return &s.open
}

// Segment is the state as bytes: what changed since the last Segment, or with
// base all of it. It is called after Cut and before the next Begin, and only
// for cuts that are to be committed. A base needs no earlier segment. The
// format is documented in docs/formats/shard-segment.md.
func (s *Shard) Segment(base bool) []byte {
	return nil
}

// Stats counts what the shard holds. It costs a pass over counters, not state.
func (s *Shard) Stats() Stats { return Stats{} }
