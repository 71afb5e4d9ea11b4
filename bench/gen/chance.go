package gen

import "math"

// random is a splitmix64 stream: 64 bits of state, so any seed starts one, and
// no more than a few instructions a draw.
type random struct{ state uint64 }

const golden = 0x9e3779b97f4a7c15

func (r *random) next() uint64 {
	r.state += golden
	return mix(r.state)
}

// mix is the finaliser of splitmix64: a permutation of 64 bits.
func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// derive is a number of its own for every (seed, salt).
func derive(seed, salt uint64) uint64 { return mix(seed + salt*golden) }

// below is uniform in [0, n), n at most 2^32.
func (r *random) below(n uint64) uint64 { return (r.next() >> 32) * n >> 32 }

// unit is uniform in [0, 1) with 53 bits.
func (r *random) unit() float64 { return float64(r.next()>>11) * (1.0 / (1 << 53)) }

// chance is a probability as a threshold for a 64-bit draw.
type chance uint64

func chanceOf(p float64) chance {
	switch {
	case p <= 0:
		return 0
	case p >= 1:
		return math.MaxUint64
	}
	return chance(math.Ldexp(p, 63)) * 2
}

// hit draws once.
func (r *random) hit(c chance) bool { return c != 0 && r.next() < uint64(c) }

// quantiles is a distribution of whole numbers: its value at 2049 equally
// spaced probabilities, straight lines between. Drawing needs no floating point,
// so that every machine draws the same.
type quantiles [quantileSteps + 1]int64

const quantileSteps = 2048

// tabulate fills in the inverse distribution function; its last step ends at
// most.
func tabulate(most int64, inverse func(p float64) float64) *quantiles {
	var q quantiles
	for i := range quantileSteps {
		q[i] = min(int64(math.Round(inverse((float64(i)+0.5*boolToFloat(i == 0))/quantileSteps))), most)
	}
	// The last piece reaches into the tail: half of it lies below p = 1 - 1/4096.
	q[quantileSteps] = min(int64(math.Round(inverse(1-1.0/(8*quantileSteps)))), most)
	return &q
}

func boolToFloat(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// draw uses 43 bits of one 64-bit draw.
func (q *quantiles) draw(r *random) int64 {
	u := r.next()
	i := u >> 53
	part := int64(u >> 21 & (1<<32 - 1))
	low, high := q[i], q[i+1]
	return low + (high-low)>>16*part>>16 + ((high-low)&0xffff)*part>>32
}

// lognormal has the given median and sigma.
func lognormal(median, sigma float64, most int64) *quantiles {
	return tabulate(most, func(p float64) float64 {
		return median * math.Exp(sigma*math.Sqrt2*math.Erfinv(2*p-1))
	})
}

// exponential has the given mean.
func exponential(mean float64, most int64) *quantiles {
	return tabulate(most, func(p float64) float64 { return -mean * math.Log1p(-p) })
}

// normal has mean 0.
func normal(sigma float64) *quantiles {
	return tabulate(math.MaxInt64, func(p float64) float64 { return sigma * math.Sqrt2 * math.Erfinv(2*p-1) })
}

// zipf draws ranks 0 to n-1 with weight (rank + shift)^-s, by inverting the
// continuous distribution. 1/(s-1) is a whole number for every s used here, so
// a draw needs multiplications only; the conversions to float64 forbid fused
// ones, which round differently from machine to machine.
type zipf struct {
	n           int
	shift       float64
	from, span  float64 // shift^(1-s), and how much smaller (n+shift)^(1-s) is
	multiplyOut int     // 1/(s-1)
}

func newZipf(n int, s, shift float64) zipf {
	from := math.Pow(shift, 1-s)
	return zipf{
		n: n, shift: shift, from: from, span: from - math.Pow(float64(n)+shift, 1-s),
		multiplyOut: int(math.Round(1 / (s - 1))),
	}
}

func (z *zipf) draw(r *random) int {
	y := z.from - float64(r.unit()*z.span)
	power := 1.0
	for e := z.multiplyOut; e > 0; e >>= 1 {
		if e&1 == 1 {
			power = float64(power * y)
		}
		y = float64(y * y)
	}
	return min(max(int(1/power-z.shift), 0), z.n-1)
}
