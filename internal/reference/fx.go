package reference

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// RateOne is the rate 1.
const RateOne int64 = 1_000_000_000_000

// rateMax is the largest rate, 1,000,000.
const rateMax = 1_000_000 * RateOne

// DefaultReportingCurrency is the reporting currency where none is configured.
const DefaultReportingCurrency = "USD"

// Rate is an exchange rate of one UTC date (semantics G2).
type Rate struct {
	E12     int64  // units of the reporting currency for one unit, in 1e-12
	Version string // "" for none
}

// FXRate is a row of dim_fx.
type FXRate struct {
	Day      int32 // UTC, days since 1970-01-01
	From, To string
	Rate
}

type fxKey struct {
	day  int32
	from string
}

// ParseFX reads fx.json: a JSON array of {date, from, to, rate, version}. It
// reports every faulty row at once.
func ParseFX(data []byte) ([]FXRate, error) { return parseRows(data, "fx", fxRow.rate) }

// WithFX is a Set with the rates to the reporting currency; "" is
// DefaultReportingCurrency. It refuses two rows of one date and pair.
func (s *Set) WithFX(reporting string, rates []FXRate) (*Set, error) {
	if reporting == "" {
		reporting = DefaultReportingCurrency
	}
	out := *s
	out.reporting, out.fx = reporting, make(map[fxKey]Rate)
	seen := make(map[FXRate]bool, len(rates))
	var faults []error
	for _, r := range rates {
		k := FXRate{Day: r.Day, From: r.From, To: r.To}
		if seen[k] {
			date := event.Time(event.Span(r.Day) * event.Day).UTC().Format(time.DateOnly)
			faults = append(faults, fmt.Errorf("fx: two rows for %s from %s to %s: keep one", date, r.From, r.To))
		}
		seen[k] = true
		if r.To == reporting {
			out.fx[fxKey{r.Day, r.From}] = r.Rate
		}
	}
	return &out, errors.Join(faults...)
}

// Rate is the rate from a currency to the reporting currency on a UTC date, 1
// for that currency itself; false where none is known.
func (s *Set) Rate(day int32, currency string) (Rate, bool) {
	reporting := s.reporting
	if reporting == "" {
		reporting = DefaultReportingCurrency
	}
	if currency == reporting {
		return Rate{E12: RateOne}, true
	}
	r, ok := s.fx[fxKey{day, currency}]
	return r, ok
}

type fxRow struct {
	Date    string      `json:"date"`
	From    string      `json:"from"`
	To      string      `json:"to"`
	Rate    json.Number `json:"rate"`
	Version string      `json:"version"`
}

func (w fxRow) rate() (FXRate, error) {
	date, err := time.Parse(time.DateOnly, w.Date)
	if err != nil {
		return FXRate{}, fmt.Errorf("date %q: write it like 2026-03-29", w.Date)
	}
	r := FXRate{Day: int32(date.Unix() / 86_400)}
	for _, c := range [...]struct {
		text string
		into *string
	}{{w.From, &r.From}, {w.To, &r.To}} {
		code, ok := event.Currency(c.text)
		if !ok {
			return r, fmt.Errorf("currency %q is no ISO 4217 code", c.text)
		}
		*c.into = code
	}
	e12, ok := parseRate(string(w.Rate))
	if !ok {
		return r, fmt.Errorf("rate %q: a decimal above 0, at most 1000000, with at most 12 decimals", w.Rate)
	}
	r.Rate = Rate{E12: e12, Version: w.Version}
	return r, nil
}

// parseRate reads a plain decimal in 1e-12.
func parseRate(text string) (int64, bool) {
	whole, decimals, _ := strings.Cut(text, ".")
	if whole == "" || len(whole) > 7 || len(decimals) > 12 || strings.HasSuffix(text, ".") {
		return 0, false
	}
	n := int64(0)
	for _, d := range whole + decimals + strings.Repeat("0", 12-len(decimals)) {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int64(d-'0')
		if n > rateMax {
			return 0, false
		}
	}
	return n, n > 0
}
