// Package column is what a shard's state is built of: an index from hashes to
// row numbers, a dictionary of repeated text, an arena that lives and dies with
// its time bucket, and a slab for records that grow and shrink.
//
// None of them holds a pointer for each entry, so the garbage collector sees a
// few large pieces and not the millions of rows in them. Rows are named by dense
// ordinals; the caller keeps the columns.
package column
