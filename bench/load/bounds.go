package load

import (
	"math"
	"slices"
)

// bounds are the upper bounds of histogram buckets in seconds, ascending, from
// 100 us on.
type bounds []float64

func newBounds() bounds {
	var b bounds
	for i := 0; ; i++ {
		v := 1e-4 * math.Pow(2, float64(i)/bucketsPerOctave)
		b = append(b, v)
		if v > latencyMax.Seconds() {
			return b
		}
	}
}

// above is the least bound that is not below v.
func (b bounds) above(v float64) float64 {
	i, _ := slices.BinarySearch(b, v)
	return b[min(i, len(b)-1)]
}
