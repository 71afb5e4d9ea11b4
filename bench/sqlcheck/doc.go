// Package sqlcheck is a second opinion on the engine, written in SQL: DuckDB
// reads the raw records of a dump, applies the rules in the files of sql/ and
// compares what comes out with the engine's final tables, in both directions,
// with EXCEPT ALL.
//
//	report, err := sqlcheck.Check(ctx, sqlcheck.Input{Dump: "dump", Tables: "tables", UserKeySecret: key})
//	if !report.Equal() { ... }
//
// A file is a table or a step towards it, run in the order of the names; each
// begins with the rules it states. Impressions, clicks and conversions are
// decoded by SQL itself. Bid requests are turned from Avro into JSON by the Avro
// library first.
//
// # What is compared
//
//   - fact_impressions, fact_wins, fact_clicks, fact_conversions: the columns the
//     rules decide
//   - fact_attributions of the model last_touch
//   - agg_campaign_minute: impressions, clicks, conversions, value and spend
//   - rejected_events of all topics but bids: position, and the reason where a
//     rule of time, dedupe or adjustment gives it
//
// # What is left out
//
// The four other models and the paths, requests, bids, assists and late events of
// the aggregates, fact_bids, the route's hash, flags and positions; two clicks of
// one id of which one has a user and one has not (R-R3.5); settings other than
// the defaults, several versions of a campaign, and what no preset of
// the generator writes: JSON arrays, quoted line breaks, amounts with more than
// six decimals, names in another case, framings of Avro other than bare data, two
// different bid requests of one id at the same microsecond.
//
// DuckDB needs cgo; a build without it has only this page.
package sqlcheck
