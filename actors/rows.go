package actors

import (
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// rowsAhead is how many rows of a streamed table a shard gathers before it
// hands them to the cut: long enough to make the hand-over cheap, short enough
// that 64 shards hold little.
const rowsAhead = 128

// rowStream gathers what a core streams (correlate.Sink) and gives it to the
// open cut. The first error is kept: a Sink cannot return one.
type rowStream struct {
	cut         sinks.Sink
	bids        []table.Bid
	impressions []table.Impression
	written     int64
	err         error
}

// Bid implements correlate.Sink.
func (r *rowStream) Bid(row *table.Bid) {
	if r.bids == nil {
		r.bids = make([]table.Bid, 0, rowsAhead)
	}
	if r.bids = append(r.bids, *row); len(r.bids) == rowsAhead {
		r.flush()
	}
}

// Impression implements correlate.Sink.
func (r *rowStream) Impression(row *table.Impression) {
	if r.impressions == nil {
		r.impressions = make([]table.Impression, 0, rowsAhead)
	}
	if r.impressions = append(r.impressions, *row); len(r.impressions) == rowsAhead {
		r.flush()
	}
}

// flush hands over what was gathered.
func (r *rowStream) flush() {
	write(r, r.bids, r.cut.WriteBids)
	write(r, r.impressions, r.cut.WriteImpressions)
	// The rows point into batches; let those go.
	clear(r.bids)
	clear(r.impressions)
	r.bids, r.impressions = r.bids[:0], r.impressions[:0]
}

// write hands rows of one table to the cut, if there are any and nothing has
// failed before.
func write[R any](r *rowStream, rows []R, to func([]R) error) {
	if len(rows) == 0 || r.err != nil {
		return
	}
	r.err = to(rows)
	r.written += int64(len(rows))
}
