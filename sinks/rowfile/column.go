package rowfile

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/advertisex/adjoin/internal/table"
)

// column gathers the values of one leaf: the open page, and the finished pages
// of the row group.
type column struct {
	leaf
	dict  dictionary
	plain bool // the dictionary is full

	// The open page.
	levels  int      // entries, absent ones included
	there   flags    // by entry, unless no value is ever absent
	repeats flags    // by entry of a map: it is not the first of its row
	bytes   []byte   // plain values
	numbers []uint32 // dictionary values
	truths  flags

	// The row group so far.
	pages    chain
	size     int64 // of the pages and their heads, before compression
	entries  int64
	absences int64
	low      int64 // of signed values
	high     int64
}

// maybe reports whether values may be absent.
func (c *column) maybe() bool { return c.absent != never || c.repeated() }

func (c *column) repeated() bool { return c.shape == keys || c.shape == values }

// add takes the values of n rows, each size bytes, the first at row.
func (c *column) add(row unsafe.Pointer, n int, size uintptr) {
	at := unsafe.Add(row, c.offset)
	switch c.shape {
	case long:
		addWholes[int64](c, at, n, size)
	case short:
		addWholes[int32](c, at, n, size)
	case truth:
		c.addTruths(at, n, size)
	case text:
		c.addTexts(at, n, size)
	case decimal:
		for i := range n {
			d := (*table.Decimal38)(unsafe.Add(at, uintptr(i)*size))
			c.bytes = append(c.bytes, d[:]...)
		}
		c.levels += n
	case keys, values:
		c.addMaps(at, n, size)
	}
}

// value notes whether an entry has a value.
func (c *column) value(there bool) bool {
	c.there.add(there)
	return there
}

// addWholes takes signed numbers.
func addWholes[T int32 | int64](c *column, at unsafe.Pointer, n int, size uintptr) {
	c.levels += n
	for i := range n {
		p := unsafe.Add(at, uintptr(i)*size)
		if c.absent == ifNoPtr {
			if p = *(*unsafe.Pointer)(p); !c.value(p != nil) {
				continue
			}
		}
		v := *(*T)(p)
		if c.absent == ifZero && !c.value(v != 0) {
			continue
		}
		if unsafe.Sizeof(v) == 8 {
			c.bytes = binary.LittleEndian.AppendUint64(c.bytes, uint64(v))
		} else {
			c.bytes = binary.LittleEndian.AppendUint32(c.bytes, uint32(v))
		}
		c.low, c.high = min(c.low, int64(v)), max(c.high, int64(v))
	}
}

func (c *column) addTruths(at unsafe.Pointer, n int, size uintptr) {
	c.levels += n
	for i := range n {
		p := unsafe.Add(at, uintptr(i)*size)
		if c.absent == ifNoPtr {
			if p = *(*unsafe.Pointer)(p); !c.value(p != nil) {
				continue
			}
		}
		c.truths.add(*(*bool)(p))
	}
}

func (c *column) addTexts(at unsafe.Pointer, n int, size uintptr) {
	c.levels += n
	for i := range n {
		s := *(*string)(unsafe.Add(at, uintptr(i)*size)) // a []byte begins like a string
		if c.absent == ifZero && !c.value(len(s) > 0) {
			continue
		}
		c.addText(s)
	}
}

func (c *column) addText(s string) {
	if c.coded && !c.plain {
		c.numbers = append(c.numbers, c.dict.number(s))
		return
	}
	c.bytes = appendText(c.bytes, s)
}

// addMaps adds an entry for each pair, and one without a value for a row that
// has none.
func (c *column) addMaps(at unsafe.Pointer, n int, size uintptr) {
	for i := range n {
		pairs := (*table.StringMap)(unsafe.Add(at, uintptr(i)*size)).KeyValue
		if len(pairs) == 0 {
			c.levels++
			c.repeats.add(false)
			c.there.add(false)
		}
		for j := range pairs {
			c.levels++
			c.repeats.add(j > 0)
			c.there.add(true)
			if c.shape == keys {
				c.addText(pairs[j].Key)
			} else {
				c.addText(pairs[j].Value)
			}
		}
	}
}

// held is how large the open page is.
func (c *column) held() int { return len(c.bytes) + 4*len(c.numbers) }

// appendPage appends the open page as it is before compression.
func (c *column) appendPage(b []byte) []byte {
	if c.repeated() {
		b = c.repeats.appendLevels(b)
	}
	if c.maybe() {
		b = c.there.appendLevels(b)
	}
	switch {
	case c.shape == truth:
		return append(b, c.truths.packed...)
	case c.coded && !c.plain:
		return appendNumbers(b, c.numbers, widthOf(len(c.dict.at)))
	}
	return append(b, c.bytes...)
}

// endPage counts the page that was open and begins another.
func (c *column) endPage() {
	c.entries += int64(c.levels)
	if c.maybe() {
		c.absences += int64(c.there.n - c.there.set)
	}
	c.levels, c.bytes, c.numbers = 0, c.bytes[:0], c.numbers[:0]
	c.there.reset()
	c.repeats.reset()
	c.truths.reset()
}

// endGroup makes the column ready for the next row group.
func (c *column) endGroup() {
	c.dict.reset()
	c.plain, c.size, c.entries, c.absences = false, 0, 0, 0
	c.low, c.high = math.MaxInt64, math.MinInt64
}
