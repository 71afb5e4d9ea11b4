// Package oracle computes the final tables the naive way: it decodes every
// record with well-kept libraries, sorts, groups and scans, and reads the rules
// of docs/semantics.md from the text and not from the engine. It shares no code
// with the engine but the vocabulary of internal/event (types, names, the route
// hash, which is part of the storage format) and the row types of
// internal/table, so that an error has to be made twice to go unseen.
//
//	tables, err := oracle.Run(oracle.Input{
//		Records:   oracle.Dir("dump"),
//		Campaigns: campaignsJSON,
//		Creatives: creativesJSON,
//		Settings:  oracle.DefaultSettings(),
//	})
//
// Everything is held in memory: about 3 KB an impression or bid request. There
// is no clock and no arrival: the watermark and the ingest frontier are at the
// end of time, every row is final, and BEHIND_STATE does not exist.
//
// # The order of the work
//
// Records are decoded (decode_*.go), judged by their own times (intake.go),
// ordered and deduplicated (dedupe.go), and put into one world with an index by
// id (world.go). Impressions find their bids (wins.go), clicks their
// impressions (clicks.go), clicks get their verdicts (validity.go), adjustments
// and duplicate orders are settled (counting.go), conversions get their paths
// and credits (attribution.go, credit.go), and the rows and sums are written
// (rows.go, aggregates.go). A join looks the parent up over all routes and then
// asks world.sees whether this child may see it; semantics R3 and J9 change
// that one answer.
package oracle
