package compare

import (
	"math"
	"slices"
)

// exactOrders bounds the number of orders that are counted out: 10 runs against
// 10 have 184,756.
const exactOrders = 200_000

// MannWhitney is the two-sided probability that two samples of one distribution
// are separated at least as clearly as these. Ties share their ranks. It is 1
// when a side is empty.
func MannWhitney(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 1
	}
	ranks, ties := midRanks(slices.Concat(a, b))
	sum := 0.0
	for _, r := range ranks[:len(a)] {
		sum += r
	}
	// U is how many pairs A wins; its mean is half of them.
	n, m := float64(len(a)), float64(len(b))
	u := sum - n*(n+1)/2
	away := math.Abs(u - n*m/2)
	if orders(len(a)+len(b), len(a)) <= exactOrders {
		return exact(ranks, len(a), away)
	}
	all := n + m
	variance := n * m / 12 * (all + 1 - ties/(all*(all-1)))
	if variance <= 0 {
		return 1
	}
	z := max(away-0.5, 0) / math.Sqrt(variance)
	return math.Erfc(z / math.Sqrt2)
}

// midRanks are the ranks from 1 in the order of the values, ties with their mean
// rank, and the sum of t³ - t over the groups of ties.
func midRanks(values []float64) (ranks []float64, ties float64) {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case values[i] < values[j]:
			return -1
		case values[i] > values[j]:
			return 1
		}
		return 0
	})
	ranks = make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+to+1) / 2
		}
		t := float64(to - from)
		ties += t*t*t - t
		from = to
	}
	return ranks, ties
}

// orders is n over k, or more than exactOrders.
func orders(n, k int) int {
	c := 1
	for i := 1; i <= min(k, n-k); i++ {
		if c = c * (n - i + 1) / i; c > exactOrders {
			return c
		}
	}
	return c
}

// exact is the share of all choices of k ranks whose U is at least so far from
// its mean.
func exact(ranks []float64, k int, away float64) float64 {
	mean := float64(k) * float64(len(ranks)-k) / 2
	least := float64(k) * float64(k+1) / 2
	hits, all := 0, 0
	var choose func(from, left int, sum float64)
	choose = func(from, left int, sum float64) {
		if left == 0 {
			all++
			if math.Abs(sum-least-mean) >= away-1e-9 {
				hits++
			}
			return
		}
		for i := from; i <= len(ranks)-left; i++ {
			choose(i+1, left-1, sum+ranks[i])
		}
	}
	choose(0, k, 0)
	return float64(hits) / float64(all)
}

// median of values, which it sorts.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}
