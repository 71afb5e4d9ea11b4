package kafka

import (
	"encoding/base64"
	"iter"

	"github.com/advertisex/adjoin/internal/event"
)

// TopicID is the id a broker gave a topic when it was created; a topic that is
// deleted and made again has another one. Zero: the broker has no topic ids.
type TopicID [16]byte

// String is the id as Kafka's own tools print it: base64, 22 characters.
func (t TopicID) String() string { return base64.RawURLEncoding.EncodeToString(t[:]) }

// Record is one record of a partition. Key and Value alias the bytes of a
// fetch, which nobody writes again: keep them as long as you like, but one kept
// slice keeps its whole fetch (or decompressed batch) in memory.
type Record struct {
	Offset  event.Offset
	Time    event.Time // broker's or producer's, in whole milliseconds; event.MinTime for none
	Key     []byte     // nil when the record has none
	Value   []byte     // nil for a tombstone
	headers []byte     // as on the wire: count, then key and value, each with its length
}

// Headers yields the record's headers in their order. Keys may repeat.
func (r Record) Headers() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		c := cursor{b: r.headers}
		for n := c.varint(); n > 0 && !c.bad; n-- {
			key := c.bytes(c.varint())
			value := c.bytes(c.varint())
			if c.bad || !yield(string(key), value) {
				return
			}
		}
	}
}

// Chunk is what one fetch brought for one partition, or a part of it.
//
// The chunks of a partition join: the first starts at the start offset (or the
// one given to Seek), every other at the To of the one before. A range may hold
// offsets without a record: transaction markers, aborted or compacted records.
// A chunk's Records slice is the caller's; the bytes in it are shared as Record
// says. A chunk may have no record at all, and may even have From == To when it only
// brings news of HighWatermark or LastStable.
type Chunk struct {
	Range         event.Range
	Records       []Record     // in offset order, all within Range
	HighWatermark event.Offset // end of what is replicated, as of this fetch
	LastStable    event.Offset // end of what read_committed may see, as of this fetch
	CaughtUp      bool         // Range.To had reached LastStable
	Bad           *BadBatch    // set instead of Records
	memory        memory       // what the records lie in
	gen           uint32       // of the partition's position when this was fetched
}

// BadBatch is a record batch that cannot be decoded: a wrong checksum, damaged
// compression, or more than MaxBatchBytes when decompressed. The whole range of
// the Chunk that brings it is lost to the reader; the broker still has it.
type BadBatch struct {
	Reason    string // one sentence
	TooLarge  bool   // over MaxBatchBytes, not damaged
	WireBytes int    // size on the wire
}
