// Package fact is what both halves of a user shard speak: which records of an id
// are facts (semantics D1 to D3), the ledger that accounts for every record
// (ST4), the rows of the cut that is open, the settings, and the few bytes in
// which state is written.
package fact
