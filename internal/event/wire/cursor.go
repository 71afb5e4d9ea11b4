package wire

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Cursor takes values off the front of Rest. After the first failure Bad is set,
// Rest is empty and every read gives zero, so that a caller may read on and ask
// once at the end. It is the one reader of the bytes that the engine writes:
// events, deltas and segments.
type Cursor struct {
	Rest []byte
	Bad  bool
}

// Fail marks the input as bad.
func (c *Cursor) Fail() {
	c.Bad = true
	c.Rest = nil
}

// Byte reads a byte.
func (c *Cursor) Byte() byte {
	if len(c.Rest) == 0 {
		c.Fail()
		return 0
	}
	v := c.Rest[0]
	c.Rest = c.Rest[1:]
	return v
}

// Bool reads a byte that is not 0 for true.
func (c *Cursor) Bool() bool { return c.Byte() != 0 }

// Uvarint reads an unsigned varint.
func (c *Cursor) Uvarint() uint64 {
	if len(c.Rest) > 0 && c.Rest[0] < 0x80 {
		v := c.Rest[0]
		c.Rest = c.Rest[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(c.Rest)
	if n <= 0 {
		c.Fail()
		return 0
	}
	c.Rest = c.Rest[n:]
	return v
}

// Varint reads a zigzag varint.
func (c *Cursor) Varint() int64 {
	u := c.Uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// Uint32 reads an unsigned varint of at most 32 bits.
func (c *Cursor) Uint32() uint32 {
	v := c.Uvarint()
	if v > math.MaxUint32 {
		c.Fail()
		return 0
	}
	return uint32(v)
}

// Int32 reads a zigzag varint of at most 32 bits.
func (c *Cursor) Int32() int32 {
	v := c.Varint()
	if int64(int32(v)) != v {
		c.Fail()
		return 0
	}
	return int32(v)
}

// Fixed32 reads 4 bytes, little-endian.
func (c *Cursor) Fixed32() uint32 {
	if len(c.Rest) < 4 {
		c.Fail()
		return 0
	}
	v := binary.LittleEndian.Uint32(c.Rest)
	c.Rest = c.Rest[4:]
	return v
}

// Fixed64 reads 8 bytes, little-endian.
func (c *Cursor) Fixed64() uint64 {
	if len(c.Rest) < 8 {
		c.Fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(c.Rest)
	c.Rest = c.Rest[8:]
	return v
}

// Bytes reads a length and the bytes, which alias the input.
func (c *Cursor) Bytes() []byte {
	n := c.Uvarint()
	if n > uint64(len(c.Rest)) {
		c.Fail()
		return nil
	}
	v := c.Rest[:n:n]
	c.Rest = c.Rest[n:]
	return v
}

// Text is Bytes as text; it aliases the input.
func (c *Cursor) Text() string {
	v := c.Bytes()
	return unsafe.String(unsafe.SliceData(v), len(v))
}

// Count reads the length of a list whose elements take at least size bytes
// each, so that a forged count fails before anything is allocated for it.
func (c *Cursor) Count(size int) int {
	n := c.Uvarint()
	if n > uint64(len(c.Rest)/size) {
		c.Fail()
		return 0
	}
	return int(n)
}
