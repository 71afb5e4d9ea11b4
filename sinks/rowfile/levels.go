package rowfile

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Parquet's hybrid of runs and packed groups of eight:
//
//	run:    uvarint(length << 1), the value in as many bytes as its width needs
//	packed: uvarint(groups << 1 | 1), groups of 8 values, least significant bit first

// groupValues are packed together.
const groupValues = 8

// runMin is from which length on a run is shorter than packing it.
const runMin = 2 * groupValues

// flags is a list of bits: presence, repetition, truth values.
type flags struct {
	packed []byte
	n      int
	set    int
}

func (f *flags) add(v bool) {
	if f.n%8 == 0 {
		f.packed = append(f.packed, 0)
	}
	if v {
		f.packed[f.n/8] |= 1 << (f.n % 8)
		f.set++
	}
	f.n++
}

func (f *flags) reset() { f.packed, f.n, f.set = f.packed[:0], 0, 0 }

// appendLevels appends the bits as levels of width 1, with their length in front.
func (f *flags) appendLevels(b []byte) []byte {
	from := len(b)
	b = append(b, 0, 0, 0, 0)
	if f.set == 0 || f.set == f.n {
		b = appendRun(b, min(1, uint32(f.set)), f.n, 1)
	} else {
		b = binary.AppendUvarint(b, uint64(len(f.packed))<<1|1)
		b = append(b, f.packed...)
	}
	binary.LittleEndian.PutUint32(b[from:], uint32(len(b)-from-lengthBytes))
	return b
}

// widthOf is how many bits the numbers below n need. No reader is sure of width 0.
func widthOf(n int) int { return max(1, bits.Len(uint(max(n, 1)-1))) }

// appendNumbers appends numbers of a width, which stands in front.
func appendNumbers(b []byte, numbers []uint32, width int) []byte {
	b = append(b, byte(width))
	begin := 0 // of what waits to be packed
	for i := 0; i < len(numbers); {
		end := i + 1
		for end < len(numbers) && numbers[end] == numbers[i] {
			end++
		}
		// Packed groups are whole: a run gives the last of them what it lacks.
		lacks := (groupValues - (i-begin)%groupValues) % groupValues
		if end-i-lacks >= runMin {
			b = appendPacked(b, numbers[begin:i+lacks], width)
			b = appendRun(b, numbers[i], end-i-lacks, width)
			begin = end
		}
		i = end
	}
	return appendPacked(b, numbers[begin:], width)
}

func appendRun(b []byte, value uint32, n, width int) []byte {
	b = binary.AppendUvarint(b, uint64(n)<<1)
	for ; width > 0; width -= 8 {
		b = append(b, byte(value))
		value >>= 8
	}
	return b
}

// appendPacked packs numbers; the last group is filled up with zeros.
func appendPacked(b []byte, numbers []uint32, width int) []byte {
	if len(numbers) == 0 {
		return b
	}
	groups := (len(numbers) + groupValues - 1) / groupValues
	b = binary.AppendUvarint(b, uint64(groups)<<1|1)
	whole := len(b) + groups*width
	var word uint64
	used := 0
	for _, v := range numbers {
		word |= uint64(v) << used
		if used += width; used >= 32 {
			b = binary.LittleEndian.AppendUint32(b, uint32(word))
			word >>= 32
			used -= 32
		}
	}
	for len(b) < whole {
		b = append(b, byte(word))
		word >>= 8
	}
	return b
}

// stringOf is a text that shares the bytes.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
