// Package journal says what is true: who may write a shard, and which cut of it
// is durable. It is the format of the records of the one-partition topic
// adjoin.journal and their fold as a pure function; it reads and writes nothing
// itself.
//
// Four kinds of record make the truth and one shortens it:
//
//   - Claim: from this offset on, the shards are that node's. A shard's Epoch is
//     the offset of its latest claim.
//   - Commit: a cut of one node's shards is durable: vectors, state segments,
//     files, ledger. It is valid or void as a whole, decided by the records
//     before it alone, so that every reader decides alike.
//   - Release: a clean hand-over, the next claim need not wait.
//   - Heartbeat: a node is alive. Membership is the journal too.
//   - Snapshot: the fold up to an offset, so that older records can be deleted.
//
// # Reading
//
// A reader fetches the records from the start of the log to its end, decodes
// each with Decode, hands them to Recover, and applies what Recover returns and
// every later record with State.Apply, in offset order, each once:
//
//	state, rest, err := journal.Recover(start, entries, journal.Latest)
//	for _, e := range rest {
//		verdict := state.Apply(e.Offset, e.Record)
//		...
//	}
//
// Verdict says whether the record took effect and, if not, why; which nodes lost
// shards to a claim; which segments a valid commit no longer needs.
//
// # Writing
//
// Encode with Append, which refuses what Decode would refuse. Write segments and
// files first, then the commit; judge the outcome by reading it back, never by
// the produce call's error alone. Who reads that its own commit is void restores
// the shards from State.LastCommit. A cut number is not used twice under one
// epoch, even where the first use never became a commit (see SegmentKey).
//
// # Limits
//
// A record is at most MaxRecord bytes. A State is owned by one goroutine. Slices
// and vectors of a decoded record are shared with the State it is applied to and
// are never written again: clone before changing one.
//
// The bytes are described in docs/formats/journal.md.
package journal
