package avrobid

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"
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

func (c *cursor) int() int32 {
	v := c.long()
	if int64(int32(v)) != v {
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

// string aliases the record.
func (c *cursor) string() string {
	n := c.long()
	if n < 0 || n > int64(len(c.b)) {
		c.fail()
		return ""
	}
	s := unsafe.String(unsafe.SliceData(c.b), int(n))
	c.b = c.b[n:]
	if !utf8.ValidString(s) {
		c.invalid = true
	}
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
		bytes := c.long() // the block's size, for readers that skip it
		if n = -n; bytes < 0 || bytes > int64(len(c.b)) {
			c.fail()
			return 0
		}
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
