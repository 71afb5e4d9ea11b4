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

// texts reads the texts whose bits are set and empties the others.
func (c *Cursor) texts(mask uint32, texts []*string) {
	b := c.Rest
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
		c.Rest = b
		*text = c.Text()
		b = c.Rest
	}
	c.Rest = b
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

// end is the result of a Read function.
func (c *Cursor) end() ([]byte, error) {
	if c.Bad {
		return nil, ErrCorrupt
	}
	return c.Rest, nil
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
func (c *Cursor) tri(bits uint64) event.Tri {
	if bits &= 3; bits > uint64(event.True) {
		c.Fail()
		return event.Unknown
	}
	return event.Tri(bits)
}
