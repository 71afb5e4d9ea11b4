package config

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// sizeUnits are ordered so that the first unit that divides a size prints it
// shortest.
var sizeUnits = []struct {
	name string
	size Size
}{
	{"TiB", TiB}, {"TB", TB}, {"GiB", GiB}, {"GB", GB},
	{"MiB", MiB}, {"MB", MB}, {"KiB", KiB}, {"KB", KB}, {"B", Byte},
}

// durationUnits are the units of a duration, in nanoseconds.
var durationUnits = []struct {
	name string
	size time.Duration
}{
	{"d", 24 * time.Hour}, {"h", time.Hour}, {"ms", time.Millisecond},
	{"us", time.Microsecond}, {"µs", time.Microsecond}, {"ns", time.Nanosecond},
	{"m", time.Minute}, {"s", time.Second},
}

// problem is why a value does not parse, and the rule it breaks.
type problem struct {
	rule string
	text string
}

func (p *problem) Error() string { return p.text }

func problemf(rule, format string, args ...any) error {
	return &problem{rule, fmt.Sprintf(format, args...)}
}

// ParseDuration reads a length of time: one number and unit or several, the
// larger first ("250ms", "30s", "1h30m", "7d"). The unit is mandatory and a
// fraction is allowed ("1.5h"). A day is 24 hours.
func ParseDuration(text string) (time.Duration, error) {
	if isNumber(text) {
		return 0, problemf("no-unit", "%q has no unit; write %s", text, exampleUnits(text, "s", "m", "d"))
	}
	bad := problemf("not-a-duration", "%q is not a duration; write for example 250ms, 30s, 15m, 24h or 7d", text)
	rest, negative := strings.CutPrefix(text, "-")
	if rest == "" || negative {
		return 0, bad
	}
	total, last := new(big.Rat), time.Duration(math.MaxInt64)
	for rest != "" {
		number, unit, after := cutQuantity(rest)
		size, ok := durationUnit(unit)
		value, isRat := new(big.Rat).SetString(number)
		if !ok || !isRat || size >= last {
			return 0, bad
		}
		total.Add(total, value.Mul(value, new(big.Rat).SetInt64(int64(size))))
		rest, last = after, size
	}
	n, err := wholeNumber(total)
	if err != nil {
		return 0, problemf("not-a-duration", "%q %v", text, err)
	}
	return time.Duration(n), nil
}

func durationUnit(name string) (time.Duration, bool) {
	for _, u := range durationUnits {
		if u.name == name {
			return u.size, true
		}
	}
	return 0, false
}

// FormatDuration writes d as ParseDuration reads it, in as few units as it
// takes: "7d", "1h30m", "250ms".
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, name := range []string{"d", "h", "m", "s", "ms", "us", "ns"} {
		size, _ := durationUnit(name)
		// Two days and less read better in hours, as people write 24h and 48h.
		if name == "d" && d <= 48*time.Hour {
			continue
		}
		if n := d / size; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10))
			b.WriteString(name)
			d %= size
		}
	}
	return b.String()
}

// ParseSize reads a number of bytes: a number and one of B, KB MB GB TB (powers
// of 1000) or KiB MiB GiB TiB (powers of 1024). The unit is mandatory.
func ParseSize(text string) (Size, error) {
	if isNumber(text) {
		return 0, problemf("no-unit", "%q has no unit; write %s", text, exampleUnits(text, "KiB", "MiB", "GiB"))
	}
	number, unit, rest := cutQuantity(text)
	unit += rest // not empty only for what is no size
	for _, u := range sizeUnits {
		if u.name != unit {
			continue
		}
		value, ok := new(big.Rat).SetString(number)
		if !ok {
			break
		}
		n, err := wholeNumber(value.Mul(value, new(big.Rat).SetInt64(int64(u.size))))
		if err != nil {
			return 0, problemf("not-a-size", "%q %v", text, err)
		}
		return Size(n), nil
	}
	return 0, problemf("not-a-size", "%q is not a size; write for example 512KiB, 128MiB, 24GiB or 10MB", text)
}

// ParseRate reads events per second: "500/s", "200k/s", "1.5M/s".
func ParseRate(text string) (Rate, error) {
	bad := problemf("not-a-rate", "%q is not a rate; write events per second as 200k/s (also 500/s, 1.5M/s)", text)
	number, ok := strings.CutSuffix(text, "/s")
	if !ok {
		return 0, bad
	}
	scale := 1.0
	for suffix, size := range map[string]float64{"k": 1e3, "M": 1e6} {
		if cut, ok := strings.CutSuffix(number, suffix); ok {
			number, scale = cut, size
			break
		}
	}
	if !isNumber(number) {
		return 0, bad
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || value < 0 {
		return 0, bad
	}
	return Rate(value * scale), nil
}

// ParseShare reads a share of a whole, from 0 to 1: "3%" or "0.03".
func ParseShare(text string) (Share, error) {
	number, percent := strings.CutSuffix(text, "%")
	value, err := strconv.ParseFloat(number, 64)
	if percent {
		value /= 100
	}
	if err != nil || !isNumber(number) || value < 0 || value > 1 {
		return 0, problemf("not-a-share", "%q is not a share of a whole; write 3%% or 0.03", text)
	}
	return Share(value), nil
}

// cutQuantity splits "15m30s" into "15", "m" and "30s".
func cutQuantity(text string) (number, unit, rest string) {
	i := 0
	for i < len(text) && (text[i] == '.' || isDigit(text[i])) {
		i++
	}
	j := i
	for j < len(text) && text[j] != '.' && !isDigit(text[j]) {
		j++
	}
	return text[:i], text[i:j], text[j:]
}

// wholeNumber is r as an int64; what is not whole or too large is an error
// that completes a sentence about the text.
func wholeNumber(r *big.Rat) (int64, error) {
	if !r.IsInt() {
		return 0, errors.New("is not a whole number of the smallest unit")
	}
	if !r.Num().IsInt64() {
		return 0, errors.New("is too large")
	}
	return r.Num().Int64(), nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isNumber reports whether text is a plain decimal number.
func isNumber(text string) bool {
	text = strings.TrimPrefix(text, "-")
	whole, fraction, dotted := strings.Cut(text, ".")
	for _, part := range []string{whole, fraction} {
		for i := range len(part) {
			if !isDigit(part[i]) {
				return false
			}
		}
	}
	return whole != "" && (!dotted || fraction != "")
}

// exampleUnits is "30s, 30m or 30d".
func exampleUnits(number string, units ...string) string {
	number = strings.TrimPrefix(number, "-")
	last := len(units) - 1
	parts := make([]string, last)
	for i, u := range units[:last] {
		parts[i] = number + u
	}
	return strings.Join(parts, ", ") + " or " + number + units[last]
}
