package kafka

import (
	"slices"
	"sync"
	"sync/atomic"
)

// spare is memory of chunks that was given back to a Source (Recycle), for the
// chunks to come. Batches of a topic are alike, so that what one was unpacked
// into fits the next. Without it every event costs its own size, and more, of
// garbage. It may be used from any goroutine.
type spare struct {
	limit int // bytes it keeps; what comes beyond is left to the collector

	mu      sync.Mutex
	held    int
	bytes   [][]byte
	records [][]Record
}

// spareSlack is how many times the size asked for a piece may have: one much
// larger would be missed by those that need it.
const spareSlack = 4

// spareRecords is how many slices of records are kept.
const spareRecords = 8

// take is an empty slice with room for n bytes. A nil spare makes it.
func (s *spare) take(n int) []byte {
	if s == nil {
		return make([]byte, 0, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	best := -1
	for i, b := range s.bytes {
		if cap(b) >= n && cap(b) <= spareSlack*n && (best < 0 || cap(b) < cap(s.bytes[best])) {
			best = i
		}
	}
	if best < 0 {
		return make([]byte, 0, n)
	}
	b := s.bytes[best]
	s.bytes = slices.Delete(s.bytes, best, best+1)
	s.held -= cap(b)
	return b[:0]
}

// takeRecords is an empty slice with room for n records.
func (s *spare) takeRecords(n int) []Record {
	if s == nil {
		return make([]Record, 0, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.records {
		if cap(r) >= n {
			s.records = slices.Delete(s.records, i, i+1)
			return r[:0]
		}
	}
	return make([]Record, 0, n)
}

// put keeps bytes that nobody reads any more.
func (s *spare) put(b []byte) {
	if s == nil || cap(b) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held+cap(b) > s.limit {
		return
	}
	s.held += cap(b)
	s.bytes = append(s.bytes, b)
}

// putRecords keeps the room of records that nobody reads any more.
func (s *spare) putRecords(r []Record) {
	if cap(r) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.records) == spareRecords {
		s.records = slices.Delete(s.records, 0, 1) // the oldest may have become too small
	}
	s.records = append(s.records, r)
}

// answer is the bytes of one fetch answer and by how many they are read: the
// loop that takes it apart, and every chunk with records that were not packed.
type answer struct {
	bytes   []byte
	readers atomic.Int32
}

// release is called by each reader when it has done.
func (a *answer) release(s *spare) {
	if a.readers.Add(-1) == 0 {
		s.put(a.bytes)
	}
}

// memory is what the records of a chunk lie in.
type memory struct {
	unpacked [][]byte
	answer   *answer // nil when no record lies in it
}

// Recycle gives back the memory of a chunk once nobody reads its records, their
// keys, values and headers any more, and empties it. A chunk that is not given
// back is left to the collector. Safe from any goroutine.
func (s *Source) Recycle(c *Chunk) {
	for _, b := range c.memory.unpacked {
		s.spare.put(b)
	}
	if c.memory.answer != nil {
		c.memory.answer.release(s.spare)
	}
	s.spare.putRecords(c.Records)
	*c = Chunk{}
}
