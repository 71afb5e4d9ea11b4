package codecs

import (
	"context"

	"github.com/advertisex/adjoin/internal/event"
)

// Header is one Kafka record header.
type Header struct {
	Key, Value []byte
}

// Record is one Kafka record. Value is nil for a tombstone.
type Record struct {
	event.Position // Line is 0
	Time           event.Time
	Key, Value     []byte
	Headers        []Header
	Backfill       bool // the topic is marked so (T2)
}

// Handler receives what a record holds, in the order of its lines. The structs
// belong to the decoder and are valid during the call only; their text aliases
// the record or the decoder's scratch memory, which the next Decode reuses.
type Handler interface {
	Bid(*event.Bid)
	Impression(*event.Impression)
	Click(*event.Click)
	Conversion(*event.Conversion)
	Reject(*event.Rejected)
}

// Decoder turns records of one topic into events: envelope complete but for
// nothing (position, times, route, fingerprint, flags), ids normalised,
// defaults filled in. A Decoder is used by one goroutine at a time.
type Decoder interface {
	Decode(rec *Record, h Handler)
	// Drift is how many fields or columns no rule knows were seen, in all (events
	// 1.1, schema_drift).
	Drift() int64
}

// Preparer is a Decoder that may need something from outside, such as a schema,
// before it can decode a record. The caller calls Prepare before Decode; it is
// cheap when nothing is needed. An error means that what is needed is not to be
// had now: pause the partition and call Prepare again, as nothing is known about
// the record. Decode without Prepare rejects the record.
type Preparer interface {
	Prepare(ctx context.Context, rec *Record) error
}
