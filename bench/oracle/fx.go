package oracle

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// fx is the exchange rates into the reporting currency (R-G6).
type fx struct {
	reporting string
	rates     map[dateOf]rate
}

type dateOf struct {
	day  int64 // UTC
	from string
}

type rate struct {
	units   *big.Rat // of the reporting currency for one unit
	version string
}

type rateJSON struct {
	Date    string    `json:"date"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Rate    looseText `json:"rate"`
	Version looseText `json:"version"`
}

var rateText = regexp.MustCompile(`^[0-9]{1,7}(\.[0-9]{1,12})?$`)

func parseFX(data []byte, reporting string) (*fx, error) {
	f := &fx{reporting: reporting, rates: map[dateOf]rate{}}
	var rows []rateJSON
	if len(data) > 0 {
		if err := json.Unmarshal(data, &rows); err != nil {
			return nil, fmt.Errorf("fx: %w", err)
		}
	}
	for i, row := range rows {
		day, err := time.Parse(time.DateOnly, row.Date)
		units, ok := new(big.Rat).SetString(string(row.Rate))
		if err != nil || !ok || !rateText.MatchString(string(row.Rate)) || units.Sign() == 0 {
			return nil, fmt.Errorf("fx: row %d: date %q, rate %q", i+1, row.Date, row.Rate)
		}
		if upperASCII(row.To) == reporting {
			f.rates[dateOf{day.Unix() / 86400, upperASCII(row.From)}] = rate{units, string(row.Version)}
		}
	}
	return f, nil
}

// amounts is what a row spent (nanos) and earned from clicks (micros) on each
// UTC date.
type amounts map[int64]*[2]big.Int

const (
	spendOf = 0
	valueOf = 1
)

func (a amounts) add(at event.Time, spend *big.Int, value int64) {
	if spend.Sign() == 0 && value == 0 {
		return
	}
	day := floorDiv(event.Span(at), event.Day)
	if a[day] == nil {
		a[day] = &[2]big.Int{}
	}
	of := a[day]
	of[spendOf].Add(&of[spendOf], spend)
	of[valueOf].Add(&of[valueOf], big.NewInt(value))
}

// convert is one of the amounts in the reporting currency, divided and rounded
// once; nil when a rate is missing. The versions are those of the rates found.
func (f *fx) convert(currency string, in amounts, which int, divisor int64) (micros *int64, versions []string) {
	if len(in) == 0 {
		return new(int64), nil
	}
	sum, missing := new(big.Rat), false
	for day, of := range in {
		amount := new(big.Rat).SetInt(&of[which])
		if amount.Sign() == 0 {
			continue
		}
		if currency != f.reporting {
			r, found := f.rates[dateOf{day, currency}]
			if !found {
				missing = true
				continue
			}
			amount.Mul(amount, r.units)
			versions = append(versions, r.version)
		}
		sum.Add(sum, amount)
	}
	if missing {
		return nil, versions
	}
	n := max(saturate(halfEven(sum.Quo(sum, new(big.Rat).SetInt64(divisor)))), -math.MaxInt64)
	return &n, versions
}

// latest is the largest of several versions in byte order, "" for none.
func latest(versions ...[]string) string {
	all := append(slices.Concat(versions...), "")
	return slices.Max(all)
}

// thousandth is nanos as micros, half to even.
func thousandth(nanos *big.Int) int64 {
	if nanos.Sign() == 0 {
		return 0
	}
	return max(saturate(halfEven(new(big.Rat).SetFrac(nanos, big.NewInt(1000)))), -math.MaxInt64)
}
