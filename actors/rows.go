package actors

import (
	"slices"
	"unsafe"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// rowsAhead is how many rows of a streamed table a shard gathers before it
// hands them to the cut: long enough to make the hand-over cheap, short enough
// that 64 shards hold little.
const rowsAhead = 128

// rowStream gathers what a core streams (correlate.Sink) and gives it to the
// open cut. The first error is kept: a Sink cannot return one.
//
// A row is the core's for the length of the call. What it points to in the
// batch stays as it is for ever; the rest (user key, numbers behind pointers,
// targeting) is copied here, into pieces that go with the rows.
type rowStream struct {
	cut         sinks.Sink
	bids        []table.Bid
	impressions []table.Impression
	written     int64
	err         error
	copies      copies
}

// Bid implements correlate.Sink.
func (r *rowStream) Bid(row *table.Bid) {
	if r.bids == nil {
		r.bids = make([]table.Bid, 0, rowsAhead)
	}
	r.bids = append(r.bids, *row)
	kept := &r.bids[len(r.bids)-1]
	kept.UserKey = r.copies.text(row.UserKey)
	kept.BidMicros = r.copies.long(row.BidMicros)
	kept.MinToWinMicros = r.copies.long(row.MinToWinMicros)
	kept.LossCode = r.copies.short(row.LossCode)
	kept.NoBidReason = r.copies.short(row.NoBidReason)
	kept.Targeting.KeyValue = slices.Clone(row.Targeting.KeyValue)
	if len(r.bids) == rowsAhead {
		r.flush()
	}
}

// Impression implements correlate.Sink.
func (r *rowStream) Impression(row *table.Impression) {
	if r.impressions == nil {
		r.impressions = make([]table.Impression, 0, rowsAhead)
	}
	r.impressions = append(r.impressions, *row)
	kept := &r.impressions[len(r.impressions)-1]
	kept.UserKey = r.copies.text(row.UserKey)
	kept.PriceMicros = r.copies.long(row.PriceMicros)
	kept.InViewMS = r.copies.long(row.InViewMS)
	kept.Measurable = r.copies.truth(row.Measurable)
	kept.Viewable = r.copies.truth(row.Viewable)
	if len(r.impressions) == rowsAhead {
		r.flush()
	}
}

// copies is what rows point to. Pieces are never written again once full, and
// live as long as the rows do: a sink may hold rows until it is closed.
type copies struct {
	longs  []int64
	shorts []int32
	bytes  []byte
	truths [2]*bool // to false and true
}

func (c *copies) long(v *int64) *int64 {
	if v == nil {
		return nil
	}
	if len(c.longs) == cap(c.longs) {
		c.longs = make([]int64, 0, 2*rowsAhead)
	}
	c.longs = append(c.longs, *v)
	return &c.longs[len(c.longs)-1]
}

func (c *copies) short(v *int32) *int32 {
	if v == nil {
		return nil
	}
	if len(c.shorts) == cap(c.shorts) {
		c.shorts = make([]int32, 0, 2*rowsAhead)
	}
	c.shorts = append(c.shorts, *v)
	return &c.shorts[len(c.shorts)-1]
}

func (c *copies) truth(v *bool) *bool {
	if v == nil {
		return nil
	}
	if c.truths[0] == nil {
		c.truths = [2]*bool{new(bool), new(bool)}
		*c.truths[1] = true
	}
	if *v {
		return c.truths[1]
	}
	return c.truths[0]
}

func (c *copies) text(s string) string {
	if s == "" {
		return ""
	}
	if cap(c.bytes)-len(c.bytes) < len(s) {
		c.bytes = make([]byte, 0, max(32*rowsAhead, len(s)))
	}
	at := len(c.bytes)
	c.bytes = append(c.bytes, s...)
	return unsafe.String(&c.bytes[at], len(s)) // written once, above
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
