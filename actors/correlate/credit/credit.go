package credit

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// PPM is the whole of a conversion in parts per million (A6).
const PPM = 1_000_000

// Models are the models in the order in which rows are written.
func Models() [5]reference.Model {
	return [...]reference.Model{
		reference.LastTouch, reference.FirstTouch, reference.Linear,
		reference.TimeDecay, reference.PositionBased,
	}
}

// Weights appends to dst the model's weight of each touch (A5). ages are how
// long before the conversion each touch was, in the order of the path; a
// negative age counts as 0. A touch of weight 0 takes no part. The weights
// never sum to 0 where there is a touch: if every touch is too old for
// time_decay to tell them from nothing, the last one has all.
func Weights(dst []int64, m reference.Model, ages []event.Span, halfLife event.Span) []int64 {
	n := len(ages)
	from := len(dst)
	for range n {
		dst = append(dst, 0)
	}
	w := dst[from:]
	if n == 0 {
		return dst
	}
	switch m {
	case reference.LastTouch:
		w[n-1] = 1
	case reference.FirstTouch:
		w[0] = 1
	case reference.Linear:
		fill(w, 1)
	case reference.PositionBased:
		fill(w, 1)
		if n > 2 { // 40 %, 20 % between, 40 %, over 5(n-2)
			w[0], w[n-1] = int64(2*(n-2)), int64(2*(n-2))
		}
	case reference.TimeDecay:
		var sum int64
		for i, age := range ages {
			w[i] = decayed(age, halfLife)
			sum += w[i]
		}
		if sum == 0 {
			w[n-1] = 1
		}
	}
	return dst
}

func fill(w []int64, v int64) {
	for i := range w {
		w[i] = v
	}
}

// decayed is round(2^40 x 2^(-age/H)), both in whole seconds.
func decayed(age, halfLife event.Span) int64 {
	seconds := float64(max(age, 0) / event.Second)
	half := float64(max(halfLife/event.Second, 1))
	return int64(math.Round((1 << 40) * math.Exp2(-seconds/half)))
}

// Split appends to dst the parts of total by the weights: each the floor of its
// share, and what is left over one by one to the largest remainders, ties to
// the later touch (A6). A negative total is split by its absolute value. The
// weights sum to at least 1 and at most 2^53, none is negative.
func Split(dst []int64, total int64, weights []int64) []int64 {
	negative := total < 0
	whole := uint64(total)
	if negative {
		whole = -whole
	}
	var sum uint64
	for _, w := range weights {
		sum += uint64(w)
	}
	from := len(dst)
	rest := make([]remainder, len(weights))
	left := whole
	for i, w := range weights {
		hi, lo := bits.Mul64(whole, uint64(w))
		part, r := bits.Div64(hi, lo, sum)
		dst = append(dst, int64(part))
		rest[i] = remainder{r, i}
		left -= part
	}
	slices.SortFunc(rest, func(a, b remainder) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(b.touch, a.touch))
	})
	parts := dst[from:]
	for i := range left { // fewer than there are touches
		parts[rest[i].touch]++
	}
	if negative {
		for i := range parts {
			parts[i] = -parts[i]
		}
	}
	return dst
}

type remainder struct {
	value uint64
	touch int
}
