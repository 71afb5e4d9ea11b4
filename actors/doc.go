// Package actors is the running engine of one node: the only goroutines of
// ours on the data path. Actors are thin shells; what they know is in the pure
// cores below them (correlate, campaign, journal).
//
//	source         one for each topic: fetched records -> events -> one batch
//	               for each user shard, stamped with the offsets it covers
//	user shard     applies batches in order; streams bids and impressions to
//	               the open cut's files; at a cut hands over the rest
//	campaign shard folds what valid commits changed, in journal order
//	committer      decides when to cut, makes files and segments durable,
//	               appends the commit, and reads back whether it is valid
//
// # A cut
//
// The committer asks every source to flush and stand still, then sends every
// shard the cut, then lets the sources go on. A mailbox keeps the order of what
// was put into it, so each shard has applied exactly what the sources had read:
// the vectors agree, and the ledger of the cut must balance against what the
// sources counted (ST4).
//
// # Failure
//
// An actor that panics is never restarted: an empty restart with a full mailbox
// would be wrong state, checkpointed. Any failure ends the whole incarnation
// of the engine, and the next one claims its shards anew and restores them from
// their last valid commit. An event that does this twice is set aside as a row
// of rejected_events (POISON).
package actors
