package column

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/zeebo/xxh3"
)

// A Dictionary gives each distinct text an ordinal. Text stays where it is for
// as long as anybody refers to it, so Text may be used without copying. The
// zero Dictionary is empty and ready.
type Dictionary struct {
	index  Index
	chunks [][]byte
	places []place  // by ordinal
	free   []uint32 // ordinals to use again, largest first
}

// place is where a text is: ref is one more than the number of its chunk and its
// offset there, 0 for a free ordinal. What the owner notes of an ordinal lies
// beside it: whoever finds a text has its note at hand.
type place struct {
	ref, size uint32
	note      Note
}

// A Note is what the owner of a Dictionary keeps with an ordinal. A new ordinal
// has a zero Note.
type Note [2]uint32

const (
	dictChunkBits  = 16
	dictChunkBytes = 1 << dictChunkBits
	firstDictChunk = 1 << 10
)

// Len is one more than the largest ordinal ever in use.
func (d *Dictionary) Len() int { return len(d.places) }

// Bytes is the memory of the dictionary.
func (d *Dictionary) Bytes() int64 {
	n := d.index.Bytes() + int64(cap(d.places))*16 + int64(cap(d.free))*4
	for _, c := range d.chunks {
		n += int64(cap(c))
	}
	return n
}

// Text is the text of an ordinal in use.
func (d *Dictionary) Text(ordinal uint32) string {
	p := d.places[ordinal]
	at := (p.ref - 1) & (dictChunkBytes - 1)
	b := d.chunks[(p.ref-1)>>dictChunkBits][at : at+p.size]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Note is what was noted of an ordinal in use.
func (d *Dictionary) Note(ordinal uint32) Note { return d.places[ordinal].note }

// SetNote notes something of an ordinal in use.
func (d *Dictionary) SetNote(ordinal uint32, n Note) { d.places[ordinal].note = n }

// Has reports whether the ordinal is in use.
func (d *Dictionary) Has(ordinal uint32) bool {
	return int(ordinal) < len(d.places) && d.places[ordinal].ref != 0
}

// Find is the ordinal of the text, or false.
func (d *Dictionary) Find(text []byte) (uint32, bool) { return d.find(xxh3.Hash(text), text) }

func (d *Dictionary) find(hash uint64, text []byte) (uint32, bool) {
	p := d.index.Probe(hash)
	for {
		n, ok := p.Next()
		if !ok {
			return 0, false
		}
		if d.Text(n) == string(text) {
			return n, true
		}
	}
}

// HashText is the hash that PutHashed takes.
func HashText(text []byte) uint64 { return xxh3.Hash(text) }

// Put is the ordinal of the text and whether it is new. The text is copied.
func (d *Dictionary) Put(text []byte) (ordinal uint32, added bool) {
	return d.PutHashed(HashText(text), text)
}

// PutHashed is Put where HashText(text) is at hand.
func (d *Dictionary) PutHashed(hash uint64, text []byte) (ordinal uint32, added bool) {
	if n, ok := d.find(hash, text); ok {
		return n, false
	}
	n := uint32(len(d.places))
	if k := len(d.free); k > 0 {
		n = d.free[k-1]
		d.free = d.free[:k-1]
	} else {
		d.places = append(d.places, place{})
	}
	d.set(hash, n, text)
	return n, true
}

// TouchIndex, TouchPlace and TouchText bring near what a look-up of the hash will
// read, one step each: the caller does a step for many hashes before the next.
func (d *Dictionary) TouchIndex(hash uint64) uint32 { return d.index.Touch(hash) }

// TouchPlace is the second step.
func (d *Dictionary) TouchPlace(hash uint64) uint32 {
	if n, ok := d.index.First(hash); ok {
		return d.places[n].ref
	}
	return 0
}

// TouchText is the third step.
func (d *Dictionary) TouchText(hash uint64) uint32 {
	if n, ok := d.index.First(hash); ok && d.places[n].size > 0 {
		p := &d.places[n]
		return uint32(d.chunks[(p.ref-1)>>dictChunkBits][(p.ref-1)&(dictChunkBytes-1)])
	}
	return 0
}

// Set puts a text under the ordinal that an earlier shard gave it. It reports
// false when ordinal or text are taken or the ordinal is too large. Settle
// follows the last Set.
func (d *Dictionary) Set(ordinal uint32, text []byte) bool {
	hash := xxh3.Hash(text)
	if _, ok := d.find(hash, text); ok || ordinal > MaxOrdinal || d.Has(ordinal) {
		return false
	}
	if int(ordinal) < len(d.places) {
		i := slices.Index(d.free, ordinal)
		d.free = slices.Delete(d.free, i, i+1)
	}
	for int(ordinal) >= len(d.places) {
		if n := uint32(len(d.places)); n < ordinal {
			d.free = append(d.free, n)
		}
		d.places = append(d.places, place{})
	}
	d.set(hash, ordinal, text)
	return true
}

func (d *Dictionary) set(hash uint64, ordinal uint32, text []byte) {
	p := &d.places[ordinal]
	p.ref, p.size = d.store(text)+1, uint32(len(text))
	if d.index.Full() {
		d.index.Rebuild(func(add func(uint64, uint32)) {
			for n, p := range d.places {
				if p.ref != 0 && uint32(n) != ordinal {
					add(xxh3.HashString(d.Text(uint32(n))), uint32(n))
				}
			}
		})
	}
	d.index.Insert(hash, ordinal)
}

// Settle puts the free ordinals in the order in which Put uses them.
func (d *Dictionary) Settle() {
	slices.SortFunc(d.free, func(a, b uint32) int { return cmp.Compare(b, a) })
}

// store copies the text into the last chunk, or into a new one. Chunks never
// move; a text longer than a chunk gets one of its own.
func (d *Dictionary) store(text []byte) uint32 {
	last := len(d.chunks) - 1
	if last < 0 || len(d.chunks[last])+len(text) > cap(d.chunks[last]) || len(d.chunks[last]) >= dictChunkBytes {
		size := firstDictChunk << min(len(d.chunks), dictChunkBits-10)
		d.chunks = append(d.chunks, make([]byte, 0, max(size, len(text))))
		last++
	}
	at := len(d.chunks[last])
	d.chunks[last] = append(d.chunks[last], text...)
	return uint32(last)<<dictChunkBits | uint32(at)
}

// Sweep forgets every ordinal that keep says no to and gives its memory back.
// The other ordinals keep their text.
func (d *Dictionary) Sweep(keep func(ordinal uint32) bool) {
	old := *d
	d.chunks, d.index, d.free = nil, Index{}, nil
	for n := range d.places {
		if d.places[n].ref != 0 && !keep(uint32(n)) {
			d.places[n] = place{}
		}
	}
	end := len(d.places)
	for end > 0 && d.places[end-1].ref == 0 {
		end--
	}
	old.places = slices.Clone(d.places[:end])
	d.places = make([]place, end)
	for n := end - 1; n >= 0; n-- {
		if old.places[n].ref == 0 {
			d.free = append(d.free, uint32(n))
		}
	}
	for n := range uint32(end) {
		if old.places[n].ref != 0 {
			text := []byte(old.Text(n))
			d.set(xxh3.Hash(text), n, text)
			d.places[n].note = old.places[n].note
		}
	}
}
