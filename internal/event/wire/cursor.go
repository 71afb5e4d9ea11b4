package wire

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/advertisex/adjoin/internal/event"
)

// ErrCorrupt is what every Read function returns for bytes that no Append
// function of this version wrote.
var ErrCorrupt = errors.New("wire: truncated or corrupt event")

// Version is the version of the format that this package writes and reads.
const Version = 1

// cursor reads from the front of b. After the first failure bad is set and
// every read gives zero.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) fail() {
	c.bad = true
	c.b = nil
}

func (c *cursor) byte() byte {
	if len(c.b) == 0 {
		c.fail()
		return 0
	}
	v := c.b[0]
	c.b = c.b[1:]
	return v
}

func (c *cursor) uint() uint64 {
	if len(c.b) > 0 && c.b[0] < 0x80 {
		v := c.b[0]
		c.b = c.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) int() int64 {
	u := c.uint()
	return int64(u>>1) ^ -int64(u&1)
}

// int32 reads an int and fails outside 32 bits.
func (c *cursor) int32() int32 {
	v := c.int()
	if int64(int32(v)) != v {
		c.fail()
		return 0
	}
	return int32(v)
}

func (c *cursor) bytes() []byte {
	n := c.uint()
	if n > uint64(len(c.b)) {
		c.fail()
		return nil
	}
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

// text aliases the input.
func (c *cursor) text() string {
	v := c.bytes()
	return unsafe.String(unsafe.SliceData(v), len(v))
}

// texts reads the texts whose bits are set and empties the others.
func (c *cursor) texts(mask uint32, texts []*string) {
	b := c.b
	for i, text := range texts {
		if mask&(1<<i) == 0 {
			*text = ""
			continue
		}
		if len(b) > 0 && b[0] < 0x80 && int(b[0]) < len(b) {
			n := int(b[0])
			*text = unsafe.String(unsafe.SliceData(b[1:]), n)
			b = b[1+n:]
			continue
		}
		c.b = b
		*text = c.text()
		b = c.b
	}
	c.b = b
}

// appendTexts appends the texts that are not empty and returns their bits.
func appendTexts(b []byte, texts []*string) (_ []byte, mask uint32) {
	for i, text := range texts {
		s := *text
		if s == "" {
			continue
		}
		mask |= 1 << i
		if len(s) < 0x80 {
			b = append(append(b, byte(len(s))), s...)
		} else {
			b = appendText(b, s)
		}
	}
	return b, mask
}

func (c *cursor) uint32() uint32 {
	if len(c.b) < 4 {
		c.fail()
		return 0
	}
	v := binary.LittleEndian.Uint32(c.b)
	c.b = c.b[4:]
	return v
}

// count reads the length of a list whose elements take at least size bytes
// each, so that a forged count fails before anything is allocated for it.
func (c *cursor) count(size int) int {
	n := c.uint()
	if n > uint64(len(c.b)/size) {
		c.fail()
		return 0
	}
	return int(n)
}

// end is the result of a Read function.
func (c *cursor) end() ([]byte, error) {
	if c.bad {
		return nil, ErrCorrupt
	}
	return c.b, nil
}

func appendInt(b []byte, v int64) []byte {
	return appendUint(b, uint64(v)<<1^uint64(v>>63))
}

func appendUint(b []byte, v uint64) []byte {
	if v < 0x80 {
		return append(b, byte(v))
	}
	return binary.AppendUvarint(b, v)
}

func appendText(b []byte, s string) []byte {
	return append(appendUint(b, uint64(len(s))), s...)
}

// tri reads two bits of a byte of small fields.
func (c *cursor) tri(bits uint64) event.Tri {
	if bits &= 3; bits > uint64(event.True) {
		c.fail()
		return event.Unknown
	}
	return event.Tri(bits)
}
