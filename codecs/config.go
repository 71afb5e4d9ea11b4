package codecs

import "time"

// IDMode is how an event without an id gets one (events 1.3).
type IDMode uint8

// The modes.
const (
	// Fingerprint derives the id from the event's content, so that the same
	// event sent twice is seen as a duplicate.
	Fingerprint IDMode = iota
	// Offset derives it from the record's position: every record is its own.
	Offset
)

// Limits on one record, where the configuration sets no other. Each bounds
// what hostile bytes can cost.
const (
	DefaultMaxRecordBytes = 4 << 20 // a record above it is TOO_LARGE
	DefaultMaxDepth       = 64      // nesting of JSON values
	DefaultMaxFields      = 4096    // members of one object, cells of one line
	MaxTextBytes          = 2048    // free text is cut to it (TEXT_TRUNCATED)
)

// Config is what the decoders of all formats have in common. The zero value is
// a working configuration.
type Config struct {
	// Zone reads timestamps that carry no offset; nil is UTC.
	Zone *time.Location
	// IDMode makes the ids of events that have none.
	IDMode IDMode
	// DefaultCurrency is the ISO 4217 code of amounts without one; "" is USD.
	DefaultCurrency string
	// MaxRecordBytes, MaxDepth and MaxFields bound one record; 0 is the default.
	MaxRecordBytes int
	MaxDepth       int
	MaxFields      int
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.DefaultCurrency == "" {
		c.DefaultCurrency = "USD"
	}
	if c.MaxRecordBytes == 0 {
		c.MaxRecordBytes = DefaultMaxRecordBytes
	}
	if c.MaxDepth == 0 {
		c.MaxDepth = DefaultMaxDepth
	}
	if c.MaxFields == 0 {
		c.MaxFields = DefaultMaxFields
	}
	return c
}

// What an event with an auction id has when its record does not say
// (semantics N9).
const (
	DefaultExchange = "default"
	DefaultImpID    = "1"
)
