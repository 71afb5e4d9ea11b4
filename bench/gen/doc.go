// Package gen makes advertising traffic with known truth: bids, impressions,
// clicks and conversions in the four wire formats, as Kafka records in ingest
// order, and a Truth that says what an engine must make of them.
//
//	g, err := gen.New(gen.Config{Seed: 42, Preset: gen.Realistic, Impressions: 100_000})
//	var rec gen.Record
//	for g.Next(&rec) {
//		// rec.Topic, rec.Partition, rec.TimestampMS, rec.Key, rec.Value
//	}
//	truth := g.Truth()
//
// The same Config gives the same bytes on every machine: all chance comes from
// the seed, distributions are tables of whole milliseconds, and nothing reads a
// clock. For live traffic set Endless and call NextBefore with the time of the
// caller's clock.
//
// An auction is drawn at its time and its consequences (bid, impression, clicks,
// conversions, their duplicates) are put into a heap by the time they reach
// Kafka, as about 100 bytes each; a record is rendered when its time comes. So memory
// holds what is under way, not the run.
//
// Every event gets at most one fault, so that what follows from the fault is
// certain. Truth.Exact holds only what is certain by construction and is built
// here, without any code of the engine; the rest of Truth is for reports.
package gen
