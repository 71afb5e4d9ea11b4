package correlate

import "github.com/advertisex/adjoin/internal/event"

// A position in a row is 64 bits: partition ordinal of the ledger, offset,
// line. What does not fit is kept beside the columns.
const (
	positionLineBits   = 12
	positionOffsetBits = 40
	positionPartBits   = 12
)

// widePosition stands for a position that is kept beside the columns. No
// position packs to it: the largest partition ordinal is left out.
const widePosition = ^uint64(0)

func packPosition(part uint32, p *event.Position) (packed uint64, ok bool) {
	if part >= 1<<positionPartBits-1 || uint64(p.Offset)>>positionOffsetBits != 0 || uint32(p.Line)>>positionLineBits != 0 {
		return 0, false
	}
	return uint64(part)<<(positionOffsetBits+positionLineBits) | uint64(p.Offset)<<positionLineBits | uint64(p.Line), true
}

// unpackPosition is the position that packPosition packed.
func (s *Shard) unpackPosition(packed uint64) event.Position {
	return event.Position{
		Partition: s.ledger.Partition(uint32(packed >> (positionOffsetBits + positionLineBits))),
		Offset:    event.Offset(packed >> positionLineBits & (1<<positionOffsetBits - 1)),
		Line:      int32(packed & (1<<positionLineBits - 1)),
	}
}

// offsetMS is an ingest time as milliseconds from the start of a bucket.
func offsetMS(ingest, hour event.Time) (ms int32, ok bool) {
	const unit = event.Time(event.Millisecond)
	d := ingest.Sub(hour)
	v := int64(d) / int64(unit)
	if int64(d)%int64(unit) != 0 || v != int64(int32(v)) {
		return 0, false
	}
	return int32(v), true
}
