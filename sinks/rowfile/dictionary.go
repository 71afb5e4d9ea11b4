package rowfile

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"
)

// lengthBytes stand before every plain text.
const lengthBytes = 4

// slotsMin is the size of an empty table, a power of two.
const slotsMin = 64

// dictionary numbers the texts of a column in the order they come in.
type dictionary struct {
	plain []byte   // the texts as a dictionary page holds them
	at    []uint32 // where each text begins in plain
	slots []uint64 // open addressing: upper half of the hash, number + 1; 0 is free
	last  uint32   // the number most recently given
}

// number is that of a text, which is added when it is new.
func (d *dictionary) number(s string) uint32 {
	if len(d.at) > 0 && d.text(d.last) == s {
		return d.last
	}
	if 2*len(d.at) >= len(d.slots) {
		d.grow()
	}
	h := xxh3.HashString(s)
	tag, mask := h>>32<<32, uint64(len(d.slots)-1)
	for i := h & mask; ; i = (i + 1) & mask {
		slot := d.slots[i]
		if slot == 0 {
			d.last = d.add(s)
			d.slots[i] = tag | uint64(d.last+1)
			return d.last
		}
		if n := uint32(slot) - 1; slot>>32<<32 == tag && d.text(n) == s {
			d.last = n
			return n
		}
	}
}

func (d *dictionary) add(s string) uint32 {
	d.plain = appendText(d.plain, s)
	d.at = append(d.at, uint32(len(d.plain)-len(s)))
	return uint32(len(d.at) - 1)
}

// text is the text of a number. It is valid until the next one is added.
func (d *dictionary) text(n uint32) string {
	at := d.at[n]
	size := binary.LittleEndian.Uint32(d.plain[at-lengthBytes:])
	return stringOf(d.plain[at : at+size])
}

func (d *dictionary) grow() {
	d.slots = make([]uint64, max(slotsMin, 2*len(d.slots)))
	mask := uint64(len(d.slots) - 1)
	for n := range d.at {
		h := xxh3.HashString(d.text(uint32(n)))
		i := h & mask
		for d.slots[i] != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = h>>32<<32 | uint64(n+1)
	}
}

// bounds are the least and the greatest text.
func (d *dictionary) bounds() (least, greatest string) {
	for n := range d.at {
		s := d.text(uint32(n))
		if n == 0 || s < least {
			least = s
		}
		if n == 0 || s > greatest {
			greatest = s
		}
	}
	return least, greatest
}

func (d *dictionary) reset() {
	d.plain, d.at, d.last = d.plain[:0], d.at[:0], 0
	clear(d.slots)
}

// appendText appends a text as plain encoding has it.
func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}
