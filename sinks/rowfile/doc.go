// Package rowfile writes rows of a table as a Parquet file, a column at a time:
//
//	w := rowfile.New[table.Click](out, rowfile.Format{Schema: schema, Codec: codec, ...})
//	w.Write(rows)  // any number of times
//	w.Close()      // the file is complete
//	w.Reset(other) // the buffers serve the next file
//
// It writes only what our tables need: one level of fields, text with or without a
// dictionary, numbers, truth values, one kind of map. In return a value goes straight
// from its row to its page: no value type, no reflection, no map of strings. The
// library (parquet-go) still says what the schema is, and reads the files.
//
// The bytes of a file depend on its rows alone, not on how they were handed over.
// Data pages are of version 1, texts are plain or dictionary encoded, everything else
// is plain. There is no page index: a file holds one to three row groups, whose bounds
// (Format.Bounded) are in the footer.
package rowfile
