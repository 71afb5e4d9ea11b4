package rowfile

import (
	"bytes"
	"testing"
)

// The numbers 0 to 7 with width 3 are the example of the format's description.
func TestPackedNumbersAreThoseOfTheFormat(t *testing.T) {
	got := appendNumbers(nil, []uint32{0, 1, 2, 3, 4, 5, 6, 7}, 3)
	want := []byte{3, 1<<1 | 1, 0b10001000, 0b11000110, 0b11111010}
	if !bytes.Equal(got, want) {
		t.Errorf("%08b, want %08b", got, want)
	}
}

// A run that follows three numbers first fills their group: 5 of its 25 values are
// packed, 20 are a run, and the last number is a group of its own.
func TestRunsFillTheGroupBeforeThem(t *testing.T) {
	numbers := []uint32{1, 2, 3}
	for range 25 {
		numbers = append(numbers, 9)
	}
	got := appendNumbers(nil, append(numbers, 4), 4)
	want := []byte{4, 1<<1 | 1, 0x21, 0x93, 0x99, 0x99, 20 << 1, 9, 1<<1 | 1, 4, 0, 0, 0}
	if !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
}

func TestWideRunsHaveWholeBytes(t *testing.T) {
	numbers := make([]uint32, 300)
	for i := range numbers {
		numbers[i] = 0x1234
	}
	got := appendNumbers(nil, numbers, 13)
	if want := []byte{13, 0xd8, 0x04, 0x34, 0x12}; !bytes.Equal(got, want) { // 600 as a uvarint
		t.Errorf("% x, want % x", got, want)
	}
}

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		name string
		bits []bool
		want []byte
	}{
		{"all there", []bool{true, true, true}, []byte{2, 0, 0, 0, 6, 1}},
		{"none there", []bool{false, false, false, false}, []byte{2, 0, 0, 0, 8, 0}},
		{"mixed", []bool{true, false, true, false, false, false, false, false, true}, []byte{3, 0, 0, 0, 5, 0b101, 1}},
	} {
		var f flags
		for _, b := range c.bits {
			f.add(b)
		}
		if got := f.appendLevels(nil); !bytes.Equal(got, c.want) {
			t.Errorf("%s: % x, want % x", c.name, got, c.want)
		}
	}
}

func TestWidth(t *testing.T) {
	for n, want := range map[int]int{0: 1, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 256: 8, 257: 9} {
		if got := widthOf(n); got != want {
			t.Errorf("%d numbers have width %d, want %d", n, got, want)
		}
	}
}
