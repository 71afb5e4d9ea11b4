// Package sinks brings rows to where they are queried: it turns the rows of a
// cut into Parquet files, puts them into an object store under names that are
// never reused, and loads committed files into a warehouse exactly once.
//
// A node writes like this:
//
//	store, _ := sinks.OpenBucket(ctx, "file:///var/lib/adjoin/lake")
//	writer, _ := sinks.NewCutWriter(store, sinks.Config{SpoolDir: "/var/lib/adjoin/spool"})
//	cut, _ := writer.NewCut("n1-0000000812-00000017") // node, epoch, sequence
//	cut.WriteImpressions(rows)                        // from any goroutine
//	files, err := cut.Close(ctx)                      // upload, verify
//	// append the journal commit that names files, then
//	cut.Release()
//
// Until the commit is in the journal the files are garbage; after it they are
// the truth. When Close fails, ClassOf(err) says whether to try again, to pause
// intake until there is space, or to stop; Close may be called again and keeps
// names and bytes.
//
// A Loader follows the commits (a Source yields them in order) and drives a
// Warehouse, whose token tells how far it is. Package sinktest holds the
// conformance kit that every Warehouse passes; sinks/duckdb is the embedded
// one.
//
// The layout of files and names is in partition.go, the format in writer.go.
package sinks
