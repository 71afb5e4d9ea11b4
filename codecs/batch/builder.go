package batch

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// The places of the fixed header.
const (
	checksumAt = 0
	shardAt    = 8
	eventsAt   = 12
	fromAt     = 16
	toAt       = 24
	headerSize = 32
)

// smallestBuffer is what a builder allocates before it has learned how large
// its batches become.
const smallestBuffer = 4 << 10

// Builder collects the events of one shard from one range of offsets. It is
// used by one goroutine at a time and reused from batch to batch.
type Builder struct {
	b      []byte
	base   wire.Base
	rng    event.Range
	events uint32
	based  bool // base is written: the first event has come
	likely int  // the size of recent batches
}

// NewBuilder makes a builder, to be Reset before its first use.
func NewBuilder() *Builder { return &Builder{likely: smallestBuffer} }

// Reset starts a batch. The range may grow later, by Extend.
func (b *Builder) Reset(rng event.Range, shard event.Shard) {
	if cap(b.b) == 0 {
		b.b = make([]byte, 0, b.likely)
	}
	b.b = append(b.b[:0], make([]byte, headerSize)...)
	binary.LittleEndian.PutUint32(b.b[shardAt:], uint32(shard))
	b.rng, b.events, b.based = rng, 0, false
}

// Reuse gives the builder a buffer that nobody reads any more, for the next
// batch after Bytes took the last one away.
func (b *Builder) Reuse(buffer []byte) {
	if cap(buffer) > cap(b.b) {
		b.b = buffer[:0]
	}
}

// Extend moves the end of the range to to, which must not be before its start.
func (b *Builder) Extend(to event.Offset) { b.rng.To = to }

// Range is what the batch covers so far.
func (b *Builder) Range() event.Range { return b.rng }

// Events is how many events the batch holds.
func (b *Builder) Events() int { return int(b.events) }

// Size is how many bytes the batch takes so far.
func (b *Builder) Size() int { return len(b.b) }

// Bid adds a bid of the batch's partition and range.
func (b *Builder) Bid(e *event.Bid) {
	b.add(event.KindBid, &e.Envelope)
	b.b = wire.AppendBid(b.b, &b.base, e)
}

// Impression adds an impression of the batch's partition and range.
func (b *Builder) Impression(e *event.Impression) {
	b.add(event.KindImpression, &e.Envelope)
	b.b = wire.AppendImpression(b.b, &b.base, e)
}

// Click adds a click of the batch's partition and range.
func (b *Builder) Click(e *event.Click) {
	b.add(event.KindClick, &e.Envelope)
	b.b = wire.AppendClick(b.b, &b.base, e)
}

// Conversion adds a conversion of the batch's partition and range.
func (b *Builder) Conversion(e *event.Conversion) {
	b.add(event.KindConversion, &e.Envelope)
	b.b = wire.AppendConversion(b.b, &b.base, e)
}

// Reject adds a rejected record of the batch's partition and range. With the
// four methods above it makes a Builder a codecs.Handler for a single shard.
func (b *Builder) Reject(e *event.Rejected) {
	b.add(event.KindRejected, &e.Envelope)
	b.b = wire.AppendRejected(b.b, &b.base, e)
}

// add writes what stands before an event.
func (b *Builder) add(kind event.Kind, e *event.Envelope) {
	if !b.based {
		b.writeBase(e.Ingest)
	}
	b.events++
	b.b = append(b.b, byte(kind))
}

func (b *Builder) writeBase(ingest event.Time) {
	b.base = wire.Base{Partition: b.rng.Partition, Offset: b.rng.From, Ingest: ingest}
	b.b = wire.AppendBase(b.b, &b.base)
	b.based = true
}

// Bytes closes the batch. The bytes are the caller's: the builder forgets them
// and must be Reset before its next use. They are never written again unless
// the caller gives them to Reuse.
func (b *Builder) Bytes() []byte {
	if !b.based {
		b.writeBase(0)
	}
	binary.LittleEndian.PutUint32(b.b[eventsAt:], b.events)
	binary.LittleEndian.PutUint64(b.b[fromAt:], uint64(b.rng.From))
	binary.LittleEndian.PutUint64(b.b[toAt:], uint64(b.rng.To))
	binary.LittleEndian.PutUint64(b.b[checksumAt:], xxh3.Hash(b.b[shardAt:]))
	done := b.b
	b.b = nil
	b.likely = max(smallestBuffer, (3*b.likely+len(done)+len(done)/4)/4)
	return done
}
