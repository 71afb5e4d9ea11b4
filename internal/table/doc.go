// Package table says what a row of each output table is: one Go struct for
// each table, its columns in order with their Parquet types, and the columns
// that make up its key (semantics X1).
//
// The structs are flat, so that one row is one copy into the Parquet column
// buffers. Text columns are NULL when empty. A numeric column that is a
// pointer is NULL when nil; where zero has no meaning of its own (width,
// device type) a plain number is NULL when zero. Times are microseconds UTC,
// money is an integer in the unit its name says: "_micros" 1e-6 and "_nanos"
// 1e-9 of a currency unit, "_cpm_micros" 1e-6 of a unit for a thousand
// impressions, "_e6" 1e-6 of the thing counted, "_ppm" 1e-6 of the whole.
package table
