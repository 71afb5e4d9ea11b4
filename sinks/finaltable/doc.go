// Package finaltable holds what the tables finally say: one row for each key,
// the highest version, deleted keys gone.
//
// A Set is the sink of a bounded run: it takes the rows of every cut, in any
// order and from any goroutine, and writes the final tables as Parquet, sorted by
// key, with everything that may differ between two runs over the same input
// removed (row_version, emitted_at and attribution_version are zero). So equal
// tables are equal bytes (K1).
//
//	set := finaltable.NewSet()
//	... the engine writes to it ...
//	rows, err := set.Write("OUT") // OUT/fact_bids/part-0.parquet, ...
//
// A Set keeps rows in a compact encoding (codec.go), 210 bytes for a
// fact_impressions row and nothing for the garbage collector to scan. One with a
// folder (NewSetIn) sorts there what exceeds 192 MB a table, so that any number
// of rows fits.
//
// Files is the sink of a program that has the final rows in the order of their
// keys already.
//
// Diff compares two such folders. Files with the same bytes it takes for equal;
// others it streams, so it needs next to no memory; a table that is not sorted by
// key (some other program wrote it) is sorted in memory first.
package finaltable
