// Package wire writes events as bytes and reads them back: between the actors
// of one node, between nodes, and into a shard's state for the few records it
// has to keep whole.
//
// # Format, version 1
//
// Integers are unsigned varints of 7 bits a byte, least first (uint), or such
// a varint of the zigzag form (int). Text is its length as uint, then its
// bytes. An event stands without its kind: the holder writes that.
//
//	base      version byte, topic text, partition int, offset int, ingest int
//	envelope  1 byte: bit 0 backfill, bit 1 line follows, bit 2 flags follow
//	          offset int, less the base's
//	          ingest time int, less the base's
//	          event time int, less the ingest time
//	          [line uint] [flags uint]
//	          route 8 bytes little-endian, fingerprint 16 bytes
//
// An impression, click or conversion is its envelope, a presence mask (4 bytes
// little-endian: a bit for each text field in the order of its table below,
// then one for each number that is not its default), a byte of small fields,
// then the present fields in the order of their bits. A bid is its envelope, a
// mask of its texts, a uint of small fields, its numbers as int, then its
// lists: a count as uint and the elements. A rejected record is its envelope,
// reason byte, intended kind byte, then field, detail, raw and campaign as text.
//
// Readers of one version refuse another. Nothing here carries a checksum: the
// holder's frame does.
//
// # Memory
//
// Append functions write into the caller's buffer and allocate only to grow
// it. Read functions alias their input: the text of an event lives as long as
// the bytes it was read from. They reuse the slices of the event they fill.
package wire
