package campaign

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// reported is money in the reporting currency (R-G6): NULL without a rate that
// is needed.
type reported struct {
	spend, value *int64
	version      string // the largest of those of the rates used
}

// inReportingCurrency converts sums of one currency, each at the rate of its UTC
// date.
func (s *Shard) inReportingCurrency(currency string, sums ...datedSums) (out reported) {
	var spend, value []scaled
	lacksSpend, lacksValue := false, false
	for i := range sums {
		d := &sums[i]
		if d.spend.IsZero() && d.valueCT == 0 {
			continue
		}
		rate, known := s.cfg.Reference.Rate(d.date, currency)
		if known {
			out.version = max(out.version, rate.Version)
		}
		if !d.spend.IsZero() {
			spend = append(spend, scaled{d.spend, rate.E12})
			lacksSpend = lacksSpend || !known
		}
		if d.valueCT != 0 {
			value = append(value, scaled{event.Int128Of(d.valueCT), rate.E12})
			lacksValue = lacksValue || !known
		}
	}
	if !lacksSpend {
		out.spend = s.keep(converted(spend, 1_000))
	}
	if !lacksValue {
		out.value = s.keep(converted(value, 1))
	}
	return out
}

// scaled is an amount and its rate.
type scaled struct {
	amount event.Int128
	rate   int64 // 1e-12
}

// converted is the sum of amounts times their rates, divided by down, half to
// even, saturated.
func converted(list []scaled, down int64) int64 {
	switch {
	case len(list) == 0:
		return 0
	case len(list) == 1 && list[0].rate == reference.RateOne && down == 1_000:
		return microsOf(list[0].amount)
	}
	sum := new(big.Int)
	for _, x := range list {
		amount := new(big.Int).Lsh(big.NewInt(x.amount.Hi), 64)
		amount.Add(amount, new(big.Int).SetUint64(x.amount.Lo))
		sum.Add(sum, amount.Mul(amount, big.NewInt(x.rate)))
	}
	by := new(big.Int).Mul(big.NewInt(reference.RateOne), big.NewInt(down))
	negative := sum.Sign() < 0
	q, rest := new(big.Int).QuoRem(sum.Abs(sum), by, new(big.Int))
	if c := rest.Lsh(rest, 1).Cmp(by); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	switch {
	case !q.IsInt64():
		return saturated(negative)
	case negative:
		return -q.Int64()
	}
	return q.Int64()
}

// microsOf divides nanos by 1000, half to even (events 1.1: sum first, divide
// once, at emission). Sums beyond 9.2e12 units saturate; the nanos column
// keeps them exact.
func microsOf(nanos event.Int128) int64 {
	negative := nanos.Hi < 0
	if negative {
		nanos = nanos.Neg()
	}
	if uint64(nanos.Hi) >= 1000 {
		return saturated(negative)
	}
	q, r := bits.Div64(uint64(nanos.Hi), nanos.Lo, 1000)
	if r > 500 || r == 500 && q&1 == 1 {
		q++
	}
	switch {
	case q > math.MaxInt64:
		return saturated(negative)
	case negative:
		return -int64(q)
	}
	return int64(q)
}

func saturated(negative bool) int64 {
	if negative {
		return -math.MaxInt64
	}
	return math.MaxInt64
}
