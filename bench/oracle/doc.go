// Package oracle computes the final tables the naive way: it decodes every
// record with well-kept libraries, sorts, groups and scans, and reads the rules
// of docs/semantics.md from the text and not from the engine. It shares no code
// with the engine but the vocabulary of internal/event (types, names, the route
// hash, which is part of the storage format) and the row types of
// internal/table, so that an error has to be made twice to go unseen.
//
//	sum, err := oracle.Compute(oracle.Input{
//		Records:   oracle.Dir("dump"),
//		Campaigns: campaignsJSON,
//		Creatives: creativesJSON,
//		Settings:  oracle.DefaultSettings(),
//		Scratch:   "tables",
//	}, finaltable.NewFiles("tables"))
//
// Run does the same with every row in memory, for tests. There is no clock and
// no arrival: the watermark and the ingest frontier are at the end of time, every
// row is final, and BEHIND_STATE does not exist.
//
// # The order of the work
//
// Records are decoded on every processor (read.go, decode_*.go) and judged by
// their own times (intake.go). Bid requests, most of the input, are sorted on
// disk (pack.go); everything else stays in memory, about 1.5 KB an impression.
// Records are ordered and deduplicated (dedupe.go) and put into one world with
// indexes by id (world.go). Bid requests are gone through once, auction by
// auction, and impressions find their bids (requests.go, wins.go). Clicks find
// their impressions (clicks.go, keepers.go) and get their verdicts (validity.go),
// adjustments and duplicate orders are settled (counting.go), conversions get
// their paths and credits (attribution.go, credit.go). Rows are written in the
// order of their keys (tables.go, rows.go), then the sums of minutes
// (aggregates.go), hours and days (coarse.go, fx.go), sites (sites.go) and the
// pipeline (pipeline.go).
package oracle
