// Package batch is the format in which a source hands decoded events to a user
// shard: one batch is a range of offsets of one partition and the events in it
// that belong to one shard, possibly none.
//
//	b := batch.NewBuilder()
//	b.Reset(event.Range{Partition: p, From: 100}, shard)
//	b.Impression(&imp) // any number of events, in the order of their offsets
//	b.Extend(220)      // the range is [100, 220)
//	bytes := b.Bytes() // they are the caller's now
//
//	r, err := batch.Open(bytes)
//	for r.Next() {
//		switch r.Kind() {
//		case event.KindImpression:
//			use(r.Impression())
//		}
//	}
//	err = r.Err()
//
// # Format, version 1
//
//	checksum   8 bytes little-endian: xxh3-64 of all that follows
//	shard      4 bytes little-endian
//	events     4 bytes little-endian
//	from, to   8 bytes little-endian each
//	base       of package event/wire, with its version byte first
//	events     each its kind in one byte, then its bytes in event/wire
//
// Batches are made for one trip: no batch outlives the versions of the two
// nodes it goes between, and a reader refuses a version that is not its own.
package batch
