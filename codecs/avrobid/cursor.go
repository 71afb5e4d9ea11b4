package avrobid

import (
	"encoding/binary"
	"unicode/utf8"
)

// cursor reads Avro's binary encoding from the front of b. After the first
// failure bad is set and every read gives zero.
type cursor struct {
	b       []byte
	bad     bool // the bytes do not match the schema
	crowded bool // a list has more elements than allowed
	invalid bool // a string is not valid UTF-8
	most    int  // elements of a list
}

func (c *cursor) fail() {
	c.bad = true
	c.b = nil
}

// long reads a zigzag varint.
func (c *cursor) long() int64 {
	if len(c.b) > 0 && c.b[0] < 0x80 {
		u := uint64(c.b[0])
		c.b = c.b[1:]
		return int64(u>>1) ^ -int64(u&1)
	}
	u, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return int64(u>>1) ^ -int64(u&1)
}

// longestInt is how many bytes an int may take. One padded to more is refused
// like one that is too large, as other readers do.
const longestInt = 5

func (c *cursor) int() int32 {
	before := len(c.b)
	v := c.long()
	if int64(int32(v)) != v || before-len(c.b) > longestInt {
		c.fail()
		return 0
	}
	return int32(v)
}

// boolean reads a byte; like other readers, what is not 1 is false.
func (c *cursor) boolean() bool {
	if len(c.b) == 0 {
		c.fail()
		return false
	}
	v := c.b[0]
	c.b = c.b[1:]
	return v == 1
}

// string aliases the record. Most are empty, or shorter than 64 bytes and so
// have a length of one byte.
func (c *cursor) string() string {
	if len(c.b) > 0 && c.b[0] == 0 {
		c.b = c.b[1:]
		return ""
	}
	if len(c.b) > 0 && c.b[0] < 0x80 && c.b[0]&1 == 0 && int(c.b[0]/2) < len(c.b) {
		n := 1 + int(c.b[0]/2)
		s := textOf(c.b[1:n])
		if !c.isASCII(n) {
			c.invalid = c.invalid || !utf8.ValidString(s)
		}
		c.b = c.b[n:]
		return s
	}
	return c.longString()
}

// isASCII reports whether the bytes from 1 to n are ASCII. It looks at eight at
// a time; false says nothing where fewer than eight follow the last ones.
func (c *cursor) isASCII(n int) bool {
	const highs = 0x8080808080808080
	i, seen := 1, uint64(0)
	for ; i+8 <= n; i += 8 {
		seen |= binary.LittleEndian.Uint64(c.b[i:])
	}
	if i < n {
		if i+8 > len(c.b) {
			return false
		}
		seen |= binary.LittleEndian.Uint64(c.b[i:]) & (1<<(8*(n-i)) - 1)
	}
	return seen&highs == 0
}

func (c *cursor) longString() string {
	n := c.long()
	if n < 0 || n > int64(len(c.b)) {
		c.fail()
		return ""
	}
	s := textOf(c.b[:n])
	c.b = c.b[n:]
	c.invalid = c.invalid || !utf8.ValidString(s)
	return s
}

// present reads the branch of a ["null", T] union.
func (c *cursor) present() bool {
	switch c.long() {
	case 0:
		return false
	case 1:
		return true
	}
	c.fail()
	return false
}

// block reads the count of the next block of an array or map, 0 at its end.
// Its elements take at least size bytes each; before have been read.
func (c *cursor) block(size, before int) int {
	n := c.long()
	if n < 0 {
		c.long() // the block's size, for readers that skip it: nothing to hold it to
		n = -n
	}
	switch {
	case n < 0 || n > int64(len(c.b)/size):
		c.fail()
		return 0
	case n > int64(c.most-before):
		c.crowded = true
		c.fail()
		return 0
	}
	return int(n)
}
