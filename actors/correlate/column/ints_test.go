package column_test

import (
	"math"
	"slices"
	"testing"

	"github.com/advertisex/adjoin/actors/correlate/column"
)

// Every width, both signs, and what follows a column stays.
func TestInts_ComeBack(t *testing.T) {
	signed := [][]int64{
		{0}, {-1}, {math.MinInt64}, {math.MinInt64, math.MaxInt64}, {5, 5, 5}, {-3, 200, 7}, {1, 256}, {0, 65_535, 65_536},
		{1 << 40, 1<<40 + 3}, {-(1 << 55), 1 << 55, 0}, {0, 1<<56 - 1}, {0, 1 << 56},
	}
	sizes := []int{0, 0, 0, 8, 0, 1, 1, 3, 1, 8, 7, 8} // bytes a number
	for k, list := range signed {
		b := column.AppendInts([]byte("head"), list)
		if got := int(b[4]); got != sizes[k] {
			t.Errorf("%v: %d bytes a number, want %d", list, got, sizes[k])
		}
		for _, tail := range []string{"", "t", "a longer tail"} {
			got := make([]int64, len(list))
			rest, ok := column.ReadInts(append(slices.Clone(b[4:]), tail...), got)
			if !ok || string(rest) != tail || !slices.Equal(got, list) {
				t.Errorf("%v comes back as %v, then %q, %v", list, got, rest, ok)
			}
		}
	}
	unsigned := []uint64{math.MaxUint64, 0, 1 << 63}
	got := make([]uint64, len(unsigned))
	if _, ok := column.ReadInts(column.AppendInts(nil, unsigned), got); !ok || !slices.Equal(got, unsigned) {
		t.Errorf("%v comes back as %v", unsigned, got)
	}
	narrow := []uint32{math.MaxUint32, 0}
	back := make([]uint32, 2)
	if _, ok := column.ReadInts(column.AppendInts(nil, narrow), back); !ok || !slices.Equal(back, narrow) {
		t.Errorf("%v comes back as %v", narrow, back)
	}
}

func TestInts_RefusesWhatIsCutOff(t *testing.T) {
	b := column.AppendInts(nil, []int64{1, 70_000, 5})
	dst := make([]int64, 3)
	for n := range b {
		if _, ok := column.ReadInts(b[:n], dst); ok {
			t.Errorf("%d of %d bytes are taken", n, len(b))
		}
	}
	if _, ok := column.ReadInts([]byte{9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, dst[:1]); ok {
		t.Error("9 bytes a number are taken")
	}
}
