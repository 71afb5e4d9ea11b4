package column

import "encoding/binary"

// A Slab holds byte records that come, change their size and go. Records of
// about one size share chunks, a freed place is used again, so memory follows
// what is live and not what once was. The zero Slab is empty and ready.
type Slab struct {
	classes [slabClasses]slabClass
	big     [][]byte // records over the largest class, by number
	bigFree []uint32
	bytes   int64
}

type slabClass struct {
	chunks [][]byte
	next   uint32 // the first place never used
	free   []uint32
}

// A Handle names a record of a slab. 0 names none.
type Handle uint32

const (
	slabClasses   = 30
	bigClass      = slabClasses
	slabIndexBits = 27
	slabMinBytes  = 64
	slabChunk     = 16 << 10
	slabHeader    = 4 // length of the record
)

// slabSize is the size of the places of a class: 64 bytes, then steps of a
// quarter, rounded to 16.
func slabSize(class int) int {
	size := slabMinBytes
	for range class {
		size = (size + size/4 + 15) &^ 15
	}
	return size
}

func slabClassOf(n int) int {
	size := slabMinBytes
	for class := range slabClasses {
		if n <= size {
			return class
		}
		size = (size + size/4 + 15) &^ 15
	}
	return bigClass
}

func slabPerChunk(size int) int { return max(1, slabChunk/size) }

// Bytes is the memory of the slab.
func (s *Slab) Bytes() int64 { return s.bytes }

// Put copies the record and returns its name.
func (s *Slab) Put(record []byte) Handle {
	class := slabClassOf(len(record) + slabHeader)
	if class == bigClass {
		return s.putBig(record)
	}
	c := &s.classes[class]
	size := slabSize(class)
	var at uint32
	if k := len(c.free); k > 0 {
		at = c.free[k-1]
		c.free = c.free[:k-1]
	} else {
		at = c.next
		c.next++
		if int(at)/slabPerChunk(size) == len(c.chunks) {
			n := size * slabPerChunk(size)
			c.chunks = append(c.chunks, make([]byte, n))
			s.bytes += int64(n)
		}
	}
	place := c.place(at, size)
	binary.LittleEndian.PutUint32(place, uint32(len(record)))
	copy(place[slabHeader:], record)
	return Handle(uint32(class)<<slabIndexBits | at + 1)
}

func (c *slabClass) place(at uint32, size int) []byte {
	n := uint32(slabPerChunk(size))
	chunk, i := c.chunks[at/n], int(at%n)
	return chunk[i*size : (i+1)*size]
}

func (s *Slab) putBig(record []byte) Handle {
	at := uint32(len(s.big))
	if k := len(s.bigFree); k > 0 {
		at = s.bigFree[k-1]
		s.bigFree = s.bigFree[:k-1]
	} else {
		s.big = append(s.big, nil)
	}
	s.big[at] = append([]byte(nil), record...)
	s.bytes += int64(len(record))
	return Handle(uint32(bigClass)<<slabIndexBits | at + 1)
}

// Get is the record. It aliases the slab and is good until Free.
func (s *Slab) Get(h Handle) []byte {
	class, at := int(h>>slabIndexBits), uint32(h)&(1<<slabIndexBits-1)-1
	if class == bigClass {
		return s.big[at]
	}
	place := s.classes[class].place(at, slabSize(class))
	n := binary.LittleEndian.Uint32(place)
	return place[slabHeader : slabHeader+n]
}

// Free gives the place of a record back.
func (s *Slab) Free(h Handle) {
	class, at := int(h>>slabIndexBits), uint32(h)&(1<<slabIndexBits-1)-1
	if class == bigClass {
		s.bytes -= int64(len(s.big[at]))
		s.big[at] = nil
		s.bigFree = append(s.bigFree, at)
		return
	}
	s.classes[class].free = append(s.classes[class].free, at)
}
