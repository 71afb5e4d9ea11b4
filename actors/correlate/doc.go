// Package correlate says what the facts are: the pure state machine of one
// user shard. It dedupes bids, impressions, clicks and conversions, joins each
// child to its parents, attributes conversions, and keeps the ledger that
// accounts for every record it was given.
//
//	s := correlate.New(correlate.Config{Shard: 3, Shards: 64, Reference: set,
//		Settings: correlate.DefaultSettings(), Sink: files})
//	s.Begin(cut, now)
//	s.Impression(&imp)           // in any order, any number of them
//	s.Advance(watermark, frontier)
//	out := s.Cut()               // rows of the small tables, deltas, ledger
//	bytes := s.Segment(false)    // what changed since the last Segment
//
// # The one law
//
// What the tables finally say is a pure function of the records applied: their
// payload, Kafka timestamp and position. The order of calls, the places of the
// cuts and a Restore between any two cuts decide only when a row appears. So a
// correction never needs to know what the history was: what a route's rows
// should say is computed from its timeline, compared with what was said before,
// and only the difference goes out.
//
// # The caller's duties
//
// A Shard belongs to one goroutine. It reads no clock: the time of a cut, the
// watermark and the ingest frontier are handed in, and the last two never move
// back. Text of an event is copied where it is kept, so the batch may be reused
// once the call returns; rows given to the Sink alias that text, so the Sink
// copies what it keeps. Begin opens a cut, Cut closes it, Segment may follow
// Cut before the next Begin.
//
// # Limits
//
// An id that returns after its predecessor has expired (T7) starts anew: its
// row has the plain key again. Reference data that changes a creative's
// campaign after an impression was written does not rewrite that impression.
package correlate
