package column

import "math/bits"

// An Index maps 64-bit hashes to ordinals. It is an open-addressing table of
// one 32-bit word an entry: 26 bits of ordinal and 6 bits of the hash, so that
// a probe looks at a foreign row once in 64 times. It holds several ordinals
// under equal hashes; the caller compares what a probe gives it with what it
// looks for. The zero Index is empty and ready.
type Index struct {
	slots []uint32
	live  int
	dead  int // slots of removed entries, gone at the next rebuild
}

// MaxOrdinal is the largest ordinal an Index can hold.
const MaxOrdinal = 1<<ordinalBits - 3

const (
	ordinalBits = 26
	ordinalMask = 1<<ordinalBits - 1
	tagMask     = 1<<(32-ordinalBits) - 1
	emptySlot   = 0
	deadSlot    = ordinalMask // no entry has it: it would be ordinal MaxOrdinal+1
	firstSlots  = 16
)

// Len is the number of entries.
func (x *Index) Len() int { return x.live }

// Bytes is the memory of the table.
func (x *Index) Bytes() int64 { return int64(len(x.slots)) * 4 }

// Full reports whether the next Insert needs a Rebuild first: the table never
// holds more than 3/4 of its slots.
func (x *Index) Full() bool { return (x.live+x.dead+1)*4 > len(x.slots)*3 }

// Rebuild makes room for one more entry. each calls its argument once for every
// entry, in whatever order is cheap for the caller, with its hash.
func (x *Index) Rebuild(each func(add func(hash uint64, ordinal uint32))) { x.Build(x.live+1, each) }

// Build is Rebuild with room for n entries.
func (x *Index) Build(n int, each func(add func(hash uint64, ordinal uint32))) {
	size := firstSlots
	for n*2 > size {
		size += size / 2
	}
	x.slots = make([]uint32, size)
	x.live, x.dead = 0, 0
	each(x.place)
}

// Insert adds an entry. The index must not be Full.
func (x *Index) Insert(hash uint64, ordinal uint32) { x.place(hash, ordinal) }

func (x *Index) place(hash uint64, ordinal uint32) {
	i := x.home(hash)
	for x.slots[i] != emptySlot && x.slots[i] != deadSlot {
		i = x.after(i)
	}
	if x.slots[i] == deadSlot {
		x.dead--
	}
	x.slots[i] = word(hash, ordinal)
	x.live++
}

// Remove takes the entry away and reports whether it was there.
func (x *Index) Remove(hash uint64, ordinal uint32) bool {
	if len(x.slots) == 0 {
		return false
	}
	want := word(hash, ordinal)
	for i := x.home(hash); x.slots[i] != emptySlot; i = x.after(i) {
		if x.slots[i] != want {
			continue
		}
		x.slots[i] = deadSlot
		x.dead++
		if x.slots[x.after(i)] == emptySlot {
			x.slots[i] = emptySlot // ends a chain, nobody probes past it
			x.dead--
		}
		x.live--
		return true
	}
	return false
}

// A Probe walks the entries that may have a hash.
type Probe struct {
	x    *Index
	slot int
	tag  uint32
}

// Probe starts at the entries of the hash.
func (x *Index) Probe(hash uint64) Probe {
	if len(x.slots) == 0 {
		return Probe{}
	}
	return Probe{x: x, slot: x.home(hash), tag: tagOf(hash)}
}

// Next is the next candidate, or false when there is none left. The table must
// not change during a probe.
func (p *Probe) Next() (uint32, bool) {
	if p.x == nil {
		return 0, false
	}
	for {
		w := p.x.slots[p.slot]
		if w == emptySlot {
			return 0, false
		}
		p.slot = p.x.after(p.slot)
		if w>>ordinalBits == p.tag && w != deadSlot {
			return w&ordinalMask - 1, true
		}
	}
}

// Touch reads the slot where a probe of the hash begins: it brings the slot near.
func (x *Index) Touch(hash uint64) uint32 {
	if len(x.slots) == 0 {
		return 0
	}
	return x.slots[x.home(hash)]
}

// First is the first candidate of the hash.
func (x *Index) First(hash uint64) (ordinal uint32, ok bool) {
	p := x.Probe(hash)
	return p.Next()
}

// home spreads the hash over a table of any size, by its high bits; the tag
// takes the low ones.
func (x *Index) home(hash uint64) int {
	hi, _ := bits.Mul64(hash, uint64(len(x.slots)))
	return int(hi)
}

func (x *Index) after(i int) int {
	if i++; i == len(x.slots) {
		return 0
	}
	return i
}

func tagOf(hash uint64) uint32 { return uint32(hash) & tagMask }

func word(hash uint64, ordinal uint32) uint32 { return tagOf(hash)<<ordinalBits | (ordinal + 1) }
