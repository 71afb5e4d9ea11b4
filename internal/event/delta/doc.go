// Package delta is the bytes in which a cut of a user shard tells the campaign
// shards what it adds to the aggregates.
//
// A Writer gathers a section for each campaign shard, so that each reads its own
// and nothing else; a Reader walks one section. Groups are named by places in
// the section's texts, which stand once each. The layout is in
// docs/formats/deltas.md.
//
//	w := delta.NewWriter(shards)
//	s := w.Section(shard)
//	at := s.Text(entry)      // the caller sees to it that an entry is added once
//	s.Minute(&delta.Minute{At: minute, Creative: at, ...})
//	b := w.Bytes()           // nil when nothing was added
//
//	r, err := delta.Open(b, shard, shards)
//	for entry, ok := r.Text(); ok; entry, ok = r.Text() { ... }
//	for r.Minute(&m) { ... } // then Audience, Site, Pipeline, in this order
//	err = r.Err()
//
// Every number is a difference, so sections add up in any order.
package delta
