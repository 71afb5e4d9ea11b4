package actors

import "github.com/advertisex/adjoin/internal/event"

// underway is the chunks of one source that the shards have not applied yet, in
// the order they were routed. A chunk counts as applied when it and every chunk
// before it has been, so the offsets of a partition are told in order.
type underway struct {
	first  uint64 // number of chunks[0]
	chunks []openChunk
}

// openChunk is a chunk whose batches are on their way.
type openChunk struct {
	partition event.Partition
	to        event.Offset
	left      int // batches not applied
}

// next is the number of the chunk that is sent next.
func (u *underway) next() uint64 { return u.first + uint64(len(u.chunks)) }

// sent notes a chunk of some batches, which may be none.
func (u *underway) sent(r event.Range, batches int, tell func(event.Partition, event.Offset)) {
	u.chunks = append(u.chunks, openChunk{partition: r.Partition, to: r.To, left: batches})
	u.settle(tell)
}

// applied notes that one batch of a chunk was applied.
func (u *underway) applied(chunk uint64, tell func(event.Partition, event.Offset)) {
	u.chunks[chunk-u.first].left--
	u.settle(tell)
}

// settle tells and forgets the chunks at the front that are applied.
func (u *underway) settle(tell func(event.Partition, event.Offset)) {
	n := 0
	for n < len(u.chunks) && u.chunks[n].left == 0 {
		tell(u.chunks[n].partition, u.chunks[n].to)
		n++
	}
	u.chunks = u.chunks[n:]
	u.first += uint64(n)
}
