package correlate

import (
	"slices"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/internal/event"
)

// The live rows of a shard, impressions and bids alike: rows lie in chunks of
// columns, chunks in buckets of one hour, and a bucket is dropped whole. A row
// has an ordinal, which is that of its chunk and its place there, and a number
// in its bucket, which is what segments name it by.

const (
	chunkBits  = 8
	chunkRows  = 1 << chunkBits
	bucketSpan = event.Hour
)

// chunkHead begins every chunk.
type chunkHead struct {
	bucket  *bucket
	first   int // number of row 0 in the bucket
	rows    int
	changed [chunkRows / 64]uint64 // a bit for each row of bucket.changed
}

func (h *chunkHead) head() *chunkHead { return h }

// bucket is the rows of one hour.
type bucket struct {
	hour    event.Time
	chunks  []uint32 // numbers in rowStore.chunks
	rows    int
	texts   column.Arena
	saved   int      // rows that an earlier segment has
	changed []uint32 // rows among them that changed since
}

// chunkOf is a pointer to chunkRows rows of columns.
type chunkOf[T any] interface {
	*T
	head() *chunkHead
	make() // the columns that every row has
}

// rowStore is the rows of one kind.
type rowStore[T any, P chunkOf[T]] struct {
	chunks  []P
	free    []uint32
	buckets map[event.Time]*bucket
	hours   []event.Time // of the buckets, ascending
	recent  *bucket      // the one used last
	count   int
}

func (m *rowStore[T, P]) at(row uint32) (P, uint32) {
	return m.chunks[row>>chunkBits], row & (chunkRows - 1)
}

// bucket is the bucket of the hour, made when it is new.
func (m *rowStore[T, P]) bucket(hour event.Time) *bucket {
	if m.recent != nil && m.recent.hour == hour {
		return m.recent
	}
	b := m.buckets[hour]
	if b == nil {
		b = &bucket{hour: hour}
		if m.buckets == nil {
			m.buckets = make(map[event.Time]*bucket)
		}
		m.buckets[hour] = b
		i, _ := slices.BinarySearch(m.hours, hour)
		m.hours = slices.Insert(m.hours, i, hour)
	}
	m.recent = b
	return b
}

// add makes room for a row at the end of a bucket. Its columns hold nothing yet.
func (m *rowStore[T, P]) add(hour event.Time) uint32 {
	b := m.bucket(hour)
	if b.rows%chunkRows == 0 {
		b.chunks = append(b.chunks, m.newChunk(b))
	}
	n := b.chunks[len(b.chunks)-1]
	h := m.chunks[n].head()
	row := n<<chunkBits | uint32(h.rows)
	h.rows++
	b.rows++
	m.count++
	return row
}

func (m *rowStore[T, P]) newChunk(b *bucket) uint32 {
	c := P(new(T))
	c.make()
	*c.head() = chunkHead{bucket: b, first: b.rows}
	if k := len(m.free); k > 0 {
		n := m.free[k-1]
		m.free = m.free[:k-1]
		m.chunks[n] = c
		return n
	}
	n := uint32(len(m.chunks))
	if n >= column.MaxOrdinal>>chunkBits {
		panic("correlate: a shard holds at most 67 million live impressions or bids: run with more shards")
	}
	m.chunks = append(m.chunks, c)
	return n
}

// change notes that a row has to be written again in the next segment.
func (m *rowStore[T, P]) change(row uint32) {
	c, i := m.at(row)
	h := c.head()
	if word, bit := i/64, uint64(1)<<(i%64); h.first+int(i) < h.bucket.saved && h.changed[word]&bit == 0 {
		h.changed[word] |= bit
		h.bucket.changed = append(h.bucket.changed, row)
	}
}

// each calls f for every row, bucket by bucket in order of time.
func (m *rowStore[T, P]) each(f func(row uint32)) {
	for _, hour := range m.hours {
		for _, n := range m.buckets[hour].chunks {
			for i := range m.chunks[n].head().rows {
				f(n<<chunkBits | uint32(i))
			}
		}
	}
}

// unsaved is how many rows are new since the last segment, or for a base all.
func (m *rowStore[T, P]) unsaved(base bool) int {
	if base {
		return m.count
	}
	n := 0
	for _, b := range m.buckets {
		n += b.rows - b.saved
	}
	return n
}

// drop forgets a bucket: the caller has taken its rows out of every index.
func (m *rowStore[T, P]) drop(b *bucket) {
	for _, n := range b.chunks {
		m.chunks[n] = nil
		m.free = append(m.free, n)
	}
	m.count -= b.rows
	delete(m.buckets, b.hour)
	if m.recent == b {
		m.recent = nil
	}
}

// over takes the buckets out of the store whose hour is before the time, drop
// being asked to drop each.
func (m *rowStore[T, P]) over(before event.Time, drop func(*bucket)) {
	for len(m.hours) > 0 && m.hours[0] < before {
		drop(m.buckets[m.hours[0]])
		m.hours = m.hours[1:]
	}
}

// placeOf is the bucket of a row and its number there.
func (m *rowStore[T, P]) placeOf(row uint32) (event.Time, int) {
	c, i := m.at(row)
	h := c.head()
	return h.bucket.hour, h.first + int(i)
}

// rowOf is the row at a place, or false.
func (m *rowStore[T, P]) rowOf(hour event.Time, i uint64) (uint32, bool) {
	b := m.buckets[hour]
	if b == nil || i >= uint64(b.rows) {
		return 0, false
	}
	return b.row(int(i)), true
}

// row is the ordinal of the i-th row of a bucket.
func (b *bucket) row(i int) uint32 {
	return b.chunks[i/chunkRows]<<chunkBits | uint32(i%chunkRows)
}

// firstHour is the hour of the first bucket, MaxTime when there is none.
func (m *rowStore[T, P]) firstHour() event.Time {
	if len(m.hours) == 0 {
		return event.MaxTime
	}
	return m.hours[0]
}
