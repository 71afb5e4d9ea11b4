package correlate

import (
	"bytes"
	"slices"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/internal/event"
)

// journeys is every journey of the shard at rest, by ordinal.
type journeys struct {
	index   column.Index
	slab    column.Slab
	route   []event.Route
	record  []column.Handle // 0: a free ordinal
	until   []event.Time    // an impression later than this changes nothing
	wake    []event.Time    // frontier at which it has something to do
	write   []event.Time    // watermark at which it has something to write
	free    []uint32
	count   int
	clicks  int64
	convs   int64
	settle  timers[uint32] // by frontier
	release timers[uint32] // by watermark
}

func journeyHash(r event.Route) uint64 { return column.Mix(uint64(r), 'j') }

func (m *journeys) find(r event.Route) (uint32, bool) {
	p := m.index.Probe(journeyHash(r))
	for {
		n, ok := p.Next()
		if !ok || m.route[n] == r {
			return n, ok
		}
	}
}

// put stores the bytes of a journey; none removes it.
func (m *journeys) put(r event.Route, record []byte) (uint32, bool) {
	n, ok := m.find(r)
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

func (m *journeys) newOrdinal(r event.Route) uint32 {
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

// schedule says when a journey has something to do next. MaxTime is never: at
// the end of time everything is due anyway.
func (m *journeys) schedule(n uint32, until, wake, write event.Time) {
	m.until[n] = until
	if wake != m.wake[n] {
		m.wake[n] = wake
		if wake != event.MaxTime {
			m.settle.push(wake, n)
		}
	}
	if write != m.write[n] {
		m.write[n] = write
		if write != event.MaxTime {
			m.release.push(write, n)
		}
	}
}

func (m *journeys) bytes() int64 {
	return m.slab.Bytes() + m.index.Bytes() +
		int64(cap(m.route)+cap(m.until)+cap(m.wake)+cap(m.write))*8 + int64(cap(m.record)+cap(m.free))*4 +
		int64(cap(m.settle.list)+cap(m.release.list))*16
}

// openJourney is the journey of a route, for this cut.
func (s *Shard) openJourney(r event.Route) *journey {
	if j := s.open.journeys[r]; j != nil {
		return j
	}
	j := &journey{route: r}
	if n, ok := s.journeys.find(r); ok {
		record := slices.Clone(s.journeys.slab.Get(s.journeys.record[n]))
		if !s.decodeJourney(record, j) {
			panic("correlate: a journey in memory does not decode")
		}
		j.hadClicks, j.hadConvs = len(j.clicks), len(j.convs)
	}
	s.open.journeys[r] = j
	return j
}

// touchJourney opens the journey of a route that an impression at the given
// time can change.
func (s *Shard) touchJourney(r event.Route, at event.Time) {
	if s.journeys.count == 0 {
		return
	}
	if n, ok := s.journeys.find(r); ok && at <= s.journeys.until[n] {
		s.openJourney(r)
	}
}

// openDue opens every journey that the clocks have made due.
func (s *Shard) openDue() {
	m := &s.journeys
	for {
		t, ok := m.settle.pop(s.frontier)
		if !ok {
			break
		}
		if m.record[t.what] != 0 && m.wake[t.what] == t.at {
			m.wake[t.what] = event.MaxTime
			s.openJourney(m.route[t.what])
		}
	}
	for {
		t, ok := m.release.pop(s.watermark.Add(1))
		if !ok {
			return
		}
		if m.record[t.what] != 0 && m.write[t.what] == t.at {
			m.write[t.what] = event.MaxTime
			s.openJourney(m.route[t.what])
		}
	}
}

// resolveJourneys resolves every open journey, in the order of their routes.
func (s *Shard) resolveJourneys() {
	s.openDue()
	routes := make([]event.Route, 0, len(s.open.journeys))
	for r := range s.open.journeys {
		routes = append(routes, r)
	}
	slices.Sort(routes)
	for _, r := range routes {
		j := s.open.journeys[r]
		s.journeys.clicks -= int64(j.hadClicks)
		s.journeys.convs -= int64(j.hadConvs)
		s.resolve(j)
		s.closeJourney(j)
		s.counters.Resolved++
	}
}

// closeJourney puts a journey to rest.
func (s *Shard) closeJourney(j *journey) {
	s.journeys.clicks += int64(len(j.clicks))
	s.journeys.convs += int64(len(j.convs))
	s.scratch.buf = s.appendJourney(s.scratch.buf[:0], j)
	record := s.scratch.buf
	if len(j.clicks)+len(j.convs) == 0 {
		record = nil
	}
	n, ok := s.journeys.find(j.route)
	if !ok && record == nil {
		return
	}
	if !ok || !bytes.Equal(record, s.journeys.slab.Get(s.journeys.record[n])) {
		n, ok = s.journeys.put(j.route, record)
		s.journeyFresh = append(s.journeyFresh, j.route)
	}
	if ok {
		s.journeys.schedule(n, j.until, j.wake, j.write)
	}
}
