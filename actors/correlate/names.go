package correlate

import (
	"slices"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/journey"
	"github.com/advertisex/adjoin/internal/event"
)

// A child without a user names its parent by id and does not know its routing
// key, by which all else is indexed. These indexes find a name in any timeline
// of the shard. They are made when the first guest asks and go with the last:
// where every child has a user they cost nothing.
type names struct {
	rows     nameIndex // impression ids -> rows
	journeys nameIndex // ids of clicks and conversions, orders -> journeys
}

func (n *names) bytes() int64 { return n.rows.bytes() + n.journeys.bytes() }

// hotName is how many entries of one hash the table holds before further ones go
// to a set of their own: equal hashes lie in one run, and a run that grows makes
// every probe near it slower.
const hotName = 24

// nameIndex maps hashes to ordinals, many to many.
type nameIndex struct {
	on    bool
	table column.Index
	hot   map[uint64]map[uint32]struct{}
}

// add puts in an entry; each calls its argument with all others, for the table
// to grow.
func (x *nameIndex) add(hash uint64, n uint32, each func(add func(uint64, uint32))) {
	if set := x.hot[hash]; set != nil {
		set[n] = struct{}{}
		return
	}
	run := 0
	for p := x.table.Probe(hash); run < hotName; run++ {
		have, ok := p.Next()
		if !ok {
			break
		}
		if have == n {
			return
		}
	}
	if run == hotName {
		if x.hot == nil {
			x.hot = make(map[uint64]map[uint32]struct{})
		}
		x.hot[hash] = map[uint32]struct{}{n: {}}
		return
	}
	if x.table.Full() {
		x.build(x.table.Len()+1, each)
		return
	}
	x.table.Insert(hash, n)
}

// build makes the table anew.
func (x *nameIndex) build(n int, each func(add func(uint64, uint32))) {
	hot := x.hot
	x.table.Build(n, func(add func(uint64, uint32)) {
		each(func(hash uint64, n uint32) {
			if _, there := hot[hash][n]; !there {
				add(hash, n)
			}
		})
	})
	x.on = true
}

func (x *nameIndex) remove(hash uint64, n uint32) {
	if set := x.hot[hash]; set != nil {
		if _, there := set[n]; there {
			delete(set, n)
			return
		}
	}
	x.table.Remove(hash, n)
}

// find is every ordinal under a hash, and a few others: the caller compares.
func (x *nameIndex) find(hash uint64) []uint32 {
	var out []uint32
	p := x.table.Probe(hash)
	for n, ok := p.Next(); ok; n, ok = p.Next() {
		out = append(out, n)
	}
	for n := range x.hot[hash] {
		out = append(out, n)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (x *nameIndex) bytes() int64 { return x.table.Bytes() + int64(len(x.hot))*64 }

func (m *impressions) nameOf(row uint32) uint64 { return m.idHash(row, nameImpression) }

func (s *Shard) eachRowName(add func(uint64, uint32)) {
	s.imps.each(func(row uint32) { add(s.imps.nameOf(row), row) })
}

// nameRows makes the index of impression ids.
func (s *Shard) nameRows() {
	if x := &s.links.named.rows; !x.on {
		x.on = true
		x.table.Build(s.imps.count+1, func(func(uint64, uint32)) {})
		s.eachRowName(func(hash uint64, row uint32) { x.add(hash, row, s.eachRowName) })
	}
}

// journeyNames is the hashes of the names in a journey at rest, each once.
func (s *Shard) journeyNames(r event.Route, n uint32) []uint64 {
	j, ok := journey.Decode(r, s.journeys.Record(n), &s.ledger)
	if !ok {
		panic("correlate: a journey in memory does not decode")
	}
	return namesOf(j)
}

func namesOf(j *journey.Journey) []uint64 {
	var hashes []uint64
	j.Names(func(kind byte, name string) { hashes = append(hashes, nameHash(kind, name)) })
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

func (s *Shard) eachJourneyName(add func(uint64, uint32)) {
	s.journeys.Each(func(r event.Route, n uint32) {
		for _, hash := range s.journeyNames(r, n) {
			add(hash, n)
		}
	})
}

// nameJourneys makes the index of clicks and conversions.
func (s *Shard) nameJourneys() {
	if x := &s.links.named.journeys; !x.on {
		x.on = true
		n := 1
		s.eachJourneyName(func(uint64, uint32) { n++ })
		x.table.Build(n, func(func(uint64, uint32)) {})
		s.eachJourneyName(func(hash uint64, n uint32) { x.add(hash, n, s.eachJourneyName) })
	}
}

// renameJourney keeps the index in line with a journey that was put to rest: was
// is the ordinal of what stood there before under the names before, n the one it
// has now, if it is there.
func (s *Shard) renameJourney(j *journey.Journey, was, n uint32, there bool, before []uint64) {
	x := &s.links.named.journeys
	if !x.on {
		return
	}
	var now []uint64
	if there {
		now = namesOf(j)
	} else {
		n = was
	}
	for _, hash := range before {
		if _, still := slices.BinarySearch(now, hash); !still {
			x.remove(hash, n)
		}
	}
	for _, hash := range now {
		if _, already := slices.BinarySearch(before, hash); !already {
			x.add(hash, n, s.eachJourneyName)
		}
	}
}
