package oracle

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// models are the five models of A5 in the order of the rule.
var models = []string{"last_touch", "first_touch", "linear", "time_decay", "position_based"}

// weights are the integer weights of a model over n touches with the given ages
// in whole seconds (R-A5); nil entries earn no row.
func weights(model string, ages []int64, halfLife int64) []*big.Int {
	n := len(ages)
	w := make([]*big.Int, n)
	switch model {
	case "last_touch":
		w[n-1] = big.NewInt(1)
	case "first_touch":
		w[0] = big.NewInt(1)
	case "linear":
		for i := range w {
			w[i] = big.NewInt(1)
		}
	case "time_decay":
		for i, age := range ages {
			w[i] = decay(age, halfLife)
		}
	case "position_based":
		for i := range w {
			w[i] = big.NewInt(1)
		}
		if n >= 3 {
			w[0], w[n-1] = big.NewInt(int64(2*(n-2))), big.NewInt(int64(2*(n-2)))
		}
	}
	return w
}

// precision in bits of the computation of a weight that is rounded to 40.
const precision = 200

// ln2 is the natural logarithm of 2.
const ln2 = "0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996418687"

// decay is round(2^40 * 2^(-age/halfLife)), at least 1. The fraction of the
// exponent goes through the series of exp, far beyond the precision of float64.
func decay(age, halfLife int64) *big.Int {
	age = max(age, 0)
	whole, part := age/halfLife, age%halfLife
	if whole > 64 {
		return big.NewInt(1)
	}
	float := func() *big.Float { return new(big.Float).SetPrec(precision) }
	x, _ := float().SetString(ln2)
	x.Mul(x, float().SetInt64(part))
	x.Quo(x, float().SetInt64(halfLife))
	x.Neg(x)
	sum, term := float().SetInt64(1), float().SetInt64(1)
	for k := int64(1); k < 60; k++ {
		term.Mul(term, x)
		term.Quo(term, float().SetInt64(k))
		sum.Add(sum, term)
	}
	sum.SetMantExp(sum, 40-int(whole))
	sum.Add(sum, float().SetFloat64(0.5))
	rounded, _ := sum.Int(nil)
	if rounded.Sign() == 0 {
		return big.NewInt(1)
	}
	return rounded
}

// split shares a total by weights: floors first, what is left one by one to the
// largest remainders, ties to the later touch (A6).
func split(total int64, w []*big.Int) []int64 {
	sum := new(big.Int)
	for _, each := range w {
		if each != nil {
			sum.Add(sum, each)
		}
	}
	amount := new(big.Int).Abs(big.NewInt(total))
	left := new(big.Int).Set(amount)
	shares := make([]int64, len(w))
	var order []int
	remainders := make([]*big.Int, len(w))
	for i, each := range w {
		if each == nil {
			continue
		}
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(amount, each), sum, new(big.Int))
		shares[i], remainders[i] = q.Int64(), r
		left.Sub(left, q)
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(remainders[b].Cmp(remainders[a]), cmp.Compare(b, a))
	})
	for _, i := range order[:left.Int64()] {
		shares[i]++
	}
	if total < 0 {
		for i := range shares {
			shares[i] = -shares[i]
		}
	}
	return shares
}

// ages of a path's touches against its conversion, in whole seconds.
func ages(c *conversion) []int64 {
	all := make([]int64, len(c.path.touches))
	for i, t := range c.path.touches {
		all[i] = max(0, floorDiv(c.at.Sub(t.head().at), event.Second))
	}
	return all
}
