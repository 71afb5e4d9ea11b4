package kafka

import (
	"errors"
	"fmt"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// walk goes through the batches of one fetchBlock and cuts them into pieces of
// a bounded size. It leaves out what read_committed must not see:
//
//   - control batches, which end transactions;
//   - the batches of a producer from the first offset of an aborted
//     transaction of its up to the marker that ends it. The answer lists the
//     aborted transactions that overlap it, in no order, so nothing is kept
//     from one answer to the next.
//
// Offsets go on over everything: a batch may begin below the position wanted, or
// far above it, may have no record left (compaction keeps the last batch of a
// producer, emptied), and only its head says where the next one may begin.
type walk struct {
	d       *decoder
	rest    []byte
	pos     event.Offset
	aborted []abortedTxn   // by first offset, those not yet reached
	gone    map[int64]bool // producers in an aborted transaction at pos
	limit   int            // decoded bytes after which a piece ends
}

// piece is what walk found for [from, to).
type piece struct {
	from, to event.Offset
	records  []Record
	bad      *BadBatch
	unpacked [][]byte // memory that records lie in
	inAnswer bool     // records lie in the answer itself
}

// newWalk begins at the position the block was fetched from.
func newWalk(d *decoder, bl *fetchBlock, pos event.Offset, limit int) *walk {
	w := &walk{d: d, rest: bl.records, pos: pos, aborted: bl.aborted, limit: limit}
	if len(w.aborted) > 0 {
		slices.SortFunc(w.aborted, func(a, b abortedTxn) int { return int(a.first - b.first) })
		w.gone = make(map[int64]bool, len(w.aborted))
	}
	return w
}

// next is the next piece with the memory it is in; ok is false when no whole batch is left. The error is
// for bytes that say nothing about where the next batch begins.
func (w *walk) next() (p piece, ok bool, err error) {
	p, ok, err = w.piece()
	p.unpacked, w.d.lent = w.d.lent, nil
	return p, ok, err
}

func (w *walk) piece() (p piece, ok bool, err error) {
	p.from = w.pos
	size := 0
	for size < w.limit {
		b, rest, whole, err := cutBatch(w.rest)
		switch {
		case err != nil:
			return piece{}, false, formatError(err.Error())
		case !whole:
			p.to = w.pos
			return p, p.to > p.from, nil
		case b.format != 2:
			return piece{}, false, formatError(fmt.Sprintf("the batch at offset %d has message format %d, which Kafka 0.11 replaced", b.base, b.format))
		}
		bad, n := w.take(&b, rest, &p)
		if bad != nil {
			if w.pos > p.from {
				// First what is good; the batch is looked at again.
				p.to = w.pos
				return p, true, nil
			}
			w.rest, w.pos = rest, b.next
			return piece{from: p.from, to: b.next, bad: bad}, true, nil
		}
		w.rest, w.pos = rest, max(w.pos, b.next)
		size += n
	}
	p.to = w.pos
	return p, true, nil
}

// take adds one batch to the piece and gives the bytes decoded, or says why it
// is bad. rest is what follows it.
func (w *walk) take(b *batch, rest []byte, p *piece) (*BadBatch, int) {
	if b.next <= w.pos {
		return nil, 0
	}
	if !b.intact() {
		w.distrust(b, rest)
		return badBatch(b, errors.New("its checksum is wrong")), 0
	}
	for len(w.aborted) > 0 && w.aborted[0].first < b.next {
		w.gone[w.aborted[0].producer] = true
		w.aborted = w.aborted[1:]
	}
	if b.attrs&attrControl != 0 {
		abort, err := w.d.abortMarker(b)
		if err != nil {
			return badBatch(b, err), 0
		}
		if abort {
			delete(w.gone, b.producer)
		}
		return nil, 0
	}
	if b.attrs&attrTxn != 0 && w.gone[b.producer] {
		return nil, 0
	}
	if p.records == nil {
		p.records = w.d.spare.takeRecords(w.countAhead(b, rest))
	}
	kept := len(p.records)
	records, n, err := w.d.records(b, w.pos, p.records)
	if err != nil {
		p.records = records[:kept]
		return badBatch(b, err), 0
	}
	p.records = records
	p.inAnswer = p.inAnswer || b.attrs&attrCodec == 0
	return nil, n
}

// countAhead is how many records a piece that begins with b may get, by what the
// heads of the batches say; wrong numbers are cut to what the bytes can hold.
func (w *walk) countAhead(b *batch, rest []byte) int {
	n, size, limit := 0, 0, w.limit
	if b.attrs&attrCodec != 0 {
		limit = limit * 16 / max(16, w.d.ratio) // the limit is for decoded bytes
	}
	for at := *b; size < limit; {
		n += max(0, min(at.count, len(at.raw)))
		size += len(at.raw)
		next, after, whole, err := cutBatch(rest)
		if err != nil || !whole || next.format != 2 {
			break
		}
		at, rest = next, after
	}
	return n
}

// distrust corrects the end of a batch whose head may be damaged: the next
// batch, if it is there, says where this one must have ended; a senseless
// number would skip good records.
func (w *walk) distrust(b *batch, rest []byte) {
	if after, _, ok, err := cutBatch(rest); ok && err == nil && after.format == 2 && after.base > w.pos {
		b.next = min(max(b.next, w.pos+1), after.base)
	}
	if b.next <= w.pos || b.next-w.pos > 1<<24 {
		b.next = w.pos + 1
	}
}

func badBatch(b *batch, err error) *BadBatch {
	return &BadBatch{
		Reason:    fmt.Sprintf("the batch at offset %d (%d bytes) cannot be decoded: %v", b.base, len(b.raw), err),
		TooLarge:  errors.Is(err, errTooLarge),
		WireBytes: len(b.raw),
	}
}

func formatError(what string) error {
	return &Error{Code: CodeFormat, Class: Other, What: what + ".",
		Hint: "Copy the topic with a current client, or start behind these records."}
}
