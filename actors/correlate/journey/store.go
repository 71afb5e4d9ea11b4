package journey

import (
	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/internal/event"
)

// Store is every journey of the shard at rest, by ordinal.
type Store struct {
	index   column.Index
	slab    column.Slab
	route   []event.Route
	record  []column.Handle // 0: a free ordinal
	until   []event.Time    // an impression later than this changes nothing
	wake    []event.Time    // frontier at which it has something to do
	write   []event.Time    // watermark at which it has something to write
	free    []uint32
	count   int
	settle  column.Timers[uint32] // by frontier
	release column.Timers[uint32] // by watermark
}

func journeyHash(r event.Route) uint64 { return column.Mix(uint64(r), 'j') }

// Find is the ordinal of the journey of a route.
func (m *Store) Find(r event.Route) (uint32, bool) {
	p := m.index.Probe(journeyHash(r))
	for {
		n, ok := p.Next()
		if !ok || m.route[n] == r {
			return n, ok
		}
	}
}

// Put stores the bytes of a journey; none removes it.
func (m *Store) Put(r event.Route, record []byte) (uint32, bool) {
	n, ok := m.Find(r)
	if ok {
		m.slab.Free(m.record[n])
	}
	if len(record) == 0 {
		if ok {
			m.index.Remove(journeyHash(r), n)
			m.record[n] = 0
			m.free = append(m.free, n)
			m.count--
		}
		return 0, false
	}
	h := m.slab.Put(record)
	if !ok {
		n = m.newOrdinal(r)
	}
	m.record[n] = h
	return n, true
}

func (m *Store) newOrdinal(r event.Route) uint32 {
	n := uint32(len(m.route))
	if k := len(m.free); k > 0 {
		n = m.free[k-1]
		m.free = m.free[:k-1]
	} else {
		m.route = append(m.route, 0)
		m.record = append(m.record, 0)
		m.until = append(m.until, 0)
		m.wake = append(m.wake, 0)
		m.write = append(m.write, 0)
	}
	m.route[n] = r
	m.wake[n], m.write[n] = event.MaxTime, event.MaxTime
	m.count++
	if m.index.Full() {
		m.index.Rebuild(func(add func(uint64, uint32)) {
			for i, h := range m.record {
				if h != 0 {
					add(journeyHash(m.route[i]), uint32(i))
				}
			}
		})
	}
	m.index.Insert(journeyHash(r), n)
	return n
}

// Schedule says when a journey has something to do next. MaxTime is never: at
// the end of time everything is due anyway.
func (m *Store) Schedule(n uint32, until, wake, write event.Time) {
	m.until[n] = until
	if wake != m.wake[n] {
		m.wake[n] = wake
		if wake != event.MaxTime {
			m.settle.Push(wake, n)
		}
	}
	if write != m.write[n] {
		m.write[n] = write
		if write != event.MaxTime {
			m.release.Push(write, n)
		}
	}
}

// Bytes is the memory of the store.
func (m *Store) Bytes() int64 {
	return m.slab.Bytes() + m.index.Bytes() +
		int64(cap(m.route)+cap(m.until)+cap(m.wake)+cap(m.write))*8 + int64(cap(m.record)+cap(m.free))*4 +
		m.settle.Bytes() + m.release.Bytes()
}

// Len is the number of journeys.
func (m *Store) Len() int { return m.count }

// Record is the bytes of a journey. They are good until the next Put.
func (m *Store) Record(n uint32) []byte { return m.slab.Get(m.record[n]) }

// Route is the route of a journey.
func (m *Store) Route(n uint32) event.Route { return m.route[n] }

// Until is the time after which an impression does not concern a journey.
func (m *Store) Until(n uint32) event.Time { return m.until[n] }

// Times is what Schedule was told last; what has been due since is MaxTime.
func (m *Store) Times(n uint32) (until, wake, write event.Time) {
	return m.until[n], m.wake[n], m.write[n]
}

// Each calls f for every journey, in the order of ordinals.
func (m *Store) Each(f func(r event.Route, n uint32)) {
	for n, h := range m.record {
		if h != 0 {
			f(m.route[n], uint32(n))
		}
	}
}

// Due calls f for every journey that the clocks have made due.
func (m *Store) Due(watermark event.Watermark, frontier event.Time, f func(r event.Route)) {
	for {
		t, ok := m.settle.Pop(frontier)
		if !ok {
			break
		}
		if m.record[t.What] != 0 && m.wake[t.What] == t.At {
			m.wake[t.What] = event.MaxTime
			f(m.route[t.What])
		}
	}
	for {
		t, ok := m.release.Pop(watermark.Add(1))
		if !ok {
			return
		}
		if m.record[t.What] != 0 && m.write[t.What] == t.At {
			m.write[t.What] = event.MaxTime
			f(m.route[t.What])
		}
	}
}
