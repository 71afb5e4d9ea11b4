package column

import (
	"encoding/binary"
	"math/bits"
)

// Integer is a number that fits a column of integers.
type Integer interface {
	~uint32 | ~int32 | ~uint64 | ~int64
}

// AppendInts appends a column of numbers: the bytes that each takes (0 to 8), the
// smallest as a zigzag varint, then what each has beyond the smallest in that
// many bytes, little-endian. ReadInts needs to be told how many there are.
func AppendInts[T Integer](b []byte, list []T) []byte {
	if len(list) == 0 {
		return append(b, 0, 0)
	}
	low, high := list[0], list[0]
	for _, v := range list[1:] {
		low, high = min(low, v), max(high, v)
	}
	width := (bits.Len64(uint64(high)-uint64(low)) + 7) / 8
	b = append(b, byte(width))
	b = binary.AppendVarint(b, int64(low))
	if width == 0 {
		return b
	}
	at, end := len(b), len(b)+len(list)*width
	const spare = 8 // numbers are written 8 bytes at a time, over each other's zeros
	for cap(b) < end+spare {
		b = append(b[:cap(b)], 0)
	}
	b = b[:end+spare]
	for _, v := range list {
		binary.LittleEndian.PutUint64(b[at:], uint64(v)-uint64(low))
		at += width
	}
	return b[:end]
}

// ReadInts fills dst from what AppendInts wrote for as many numbers and returns
// what follows, or false for bytes that it did not write.
func ReadInts[T Integer](b []byte, dst []T) (rest []byte, ok bool) {
	if len(b) == 0 || b[0] > 8 {
		return nil, false
	}
	width := int(b[0])
	low, n := binary.Varint(b[1:])
	b = b[1:]
	if n <= 0 || len(b)-n < len(dst)*width {
		return nil, false
	}
	b = b[n:]
	mask := uint64(1)<<(8*width) - 1 // of width 8: all bits, as 1<<64 is 0
	for i := range dst {
		at := i * width
		if at+8 <= len(b) {
			dst[i] = T(uint64(low) + binary.LittleEndian.Uint64(b[at:])&mask)
			continue
		}
		var last [8]byte
		copy(last[:], b[at:at+width])
		dst[i] = T(uint64(low) + binary.LittleEndian.Uint64(last[:]))
	}
	return b[len(dst)*width:], true
}
