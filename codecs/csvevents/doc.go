// Package csvevents decodes clicks and conversions (events 1.4 and 1.5), and
// the legacy topic that holds both: CSV, one or more lines for each Kafka
// record.
//
// What CSV is, is what encoding/csv says it is, RFC 4180 taken strictly; a
// differential fuzz test holds the two together. Beyond that:
//
//   - A byte order mark is skipped; blank lines are none; a blank cell is null,
//     so an alias beside it is read.
//   - A first line whose cells are all names of columns, in any case, is a
//     header and orders the columns of its record. The names of both tables
//     count; a line takes the columns of its own kind.
//   - Trailing blank cells beyond the columns are ignored; any other wrong
//     number of cells rejects the line (CSV_ARITY).
//   - A quote where none may be rejects its line (BAD_CSV). A quote that never
//     closes takes the rest of the record with it, since nothing says which of
//     the lines behind it are still inside: one rejection.
//   - A record with a header and nothing else is EMPTY.
package csvevents
