package kafka

import "encoding/binary"

// cursor reads wire bytes. The first read beyond the end sets bad, after which
// every read gives zero: callers check once, at the end.
type cursor struct {
	b   []byte
	bad bool
}

// take is the next n bytes, not copied.
func (c *cursor) take(n int) []byte {
	if c.bad || n < 0 || n > len(c.b) {
		c.bad = true
		return nil
	}
	out := c.b[:n:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) int8() int8 {
	if b := c.take(1); b != nil {
		return int8(b[0])
	}
	return 0
}

func (c *cursor) int16() int16 {
	if b := c.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) int32() int32 {
	if b := c.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (c *cursor) int64() int64 {
	if b := c.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// varint is a zigzag number of up to ten bytes.
func (c *cursor) varint() int64 {
	// One byte is the common case: deltas and most lengths.
	if len(c.b) > 0 && c.b[0] < 0x80 && !c.bad {
		u := uint64(c.b[0])
		c.b = c.b[1:]
		return int64(u>>1) ^ -int64(u&1)
	}
	v, n := binary.Varint(c.b)
	if n <= 0 || c.bad {
		c.bad = true
		return 0
	}
	c.b = c.b[n:]
	return v
}

// bytes is the next n bytes, nil for a negative n: Kafka's null.
func (c *cursor) bytes(n int64) []byte {
	if n < 0 {
		return nil
	}
	if n > int64(len(c.b)) {
		c.bad = true
		return nil
	}
	return c.take(int(n))
}
