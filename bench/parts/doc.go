// Package parts is the cost sheet of an event: what the parts cost that no
// engine can do without, and what the whole path costs, on the same records in
// the same run. Their ratio says how much of the whole is avoidable, and holds on
// a noisy machine, where nanoseconds do not.
//
// The parts, each over records that lie in memory as record batches:
//
//	unpack   checksum, lz4, records            internal/kafka
//	decode   record to event, by format        codecs
//	route    hash of the key, one copy of the bytes to a shard's buffer
//	insert   hash of the id, one insert into an open table of 8-byte keys
//	encode   the rows that come of it, as Parquet files  sinks
//
// The whole is the same records through the engine: unpacked, decoded, routed,
// deduplicated, joined, attributed, aggregated, state segments made, rows written
// as Parquet files to a folder, as actors.Replay does it with the chunks of a
// node. What is not in it: network, Kafka, actors' mailboxes. Those are in
// `adjoin bench run`.
//
// All figures are processor time of the process, garbage collection included,
// and the least of several rounds: what disturbs a measurement only adds to it.
package parts
