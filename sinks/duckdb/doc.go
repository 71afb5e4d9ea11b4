// Package duckdb is the embedded warehouse: one local DuckDB file that takes
// committed Parquet files exactly once.
//
//	w, err := duckdb.Open(ctx, "/var/lib/adjoin/warehouse.duckdb", store, duckdb.Config{})
//	err = w.EnsureSchema(ctx)
//	loader := sinks.NewLoader(journal, w, sinks.LoaderConfig{})
//
// A load is one transaction: the ledger row of the commit (adjoin_loads), the
// rows of its files and what is held back (adjoin_held). Files are verified
// against their commit before DuckDB sees them; from a remote store they are
// first copied to Config.TempDir, because DuckDB would want an extension from
// the internet to read them itself.
//
// Tables keep every version of a row. What is true now is in the views
// NAME_current: the highest row_version of each key, deleted keys hidden, money
// as DECIMAL beside the integers. The view bids_outcome says what became of each
// bid.
//
// One process at a time may have the file open for writing. DuckDB needs cgo; a
// build without it has the same API, and Open says so.
package duckdb
