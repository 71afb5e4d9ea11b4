package oracle

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

var (
	numberTime = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	writtenDay = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?$`)
)

// The first and the last instant of the years 1 to 9999, in UTC microseconds.
var (
	firstInstant = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	lastInstant  = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)

// parseTime reads a timestamp (N2): a number of any of four magnitudes, RFC
// 3339, or the naive form in the zone.
func parseTime(text string, zone *time.Location) (event.Time, bool) {
	if numberTime.MatchString(text) {
		return numericTime(text)
	}
	part := writtenDay.FindStringSubmatch(text)
	if part == nil {
		return 0, false
	}
	var n [6]int
	for i := range n {
		n[i], _ = strconv.Atoi(part[i+1])
	}
	wall := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	same := wall.Year() == n[0] && int(wall.Month()) == n[1] && wall.Day() == n[2] &&
		wall.Hour() == n[3] && wall.Minute() == n[4] && wall.Second() == n[5]
	if !same || n[0] < 1 {
		return 0, false
	}
	seconds, ok := placeWall(wall, part[8], zone)
	if !ok {
		return 0, false
	}
	return inYears(seconds*1_000_000 + fraction(part[7]))
}

func inYears(micros int64) (event.Time, bool) {
	return event.Time(micros), micros >= firstInstant && micros <= lastInstant
}

// fraction is the microseconds of a text like ".123456789", digits below one
// dropped.
func fraction(text string) int64 {
	digits := (strings.TrimPrefix(text, ".") + "000000")[:6]
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

// placeWall is the Unix second of a wall clock reading with the offset written
// behind it, or in the zone when there is none.
func placeWall(wall time.Time, offset string, zone *time.Location) (int64, bool) {
	switch {
	case offset == "":
		return naive(wall, zone), true
	case strings.EqualFold(offset, "z"):
		return wall.Unix(), true
	}
	h, _ := strconv.Atoi(offset[1:3])
	m, _ := strconv.Atoi(offset[4:6])
	if h > 23 || m > 59 {
		return 0, false
	}
	shift := int64(h*3600 + m*60)
	if offset[0] == '-' {
		shift = -shift
	}
	return wall.Unix() - shift, true
}

// naive is the earliest instant at which clocks of the zone show wall; where
// none does, wall is read with the offset before the change (N2).
func naive(wall time.Time, zone *time.Location) int64 {
	offsetAt := func(unix int64) int64 {
		_, off := time.Unix(unix, 0).In(zone).Zone()
		return int64(off)
	}
	w := wall.Unix()
	before, after := offsetAt(w-86_400), offsetAt(w+86_400)
	best, found := int64(0), false
	for _, off := range []int64{before, after} {
		at := w - off
		if offsetAt(at) == off && (!found || at < best) {
			best, found = at, true
		}
	}
	if !found {
		return w - before
	}
	return best
}

// numericTime reads a number by its magnitude: seconds, milliseconds,
// microseconds, nanoseconds.
func numericTime(text string) (event.Time, bool) {
	// Digits that cannot matter would only cost time.
	whole, rest, _ := strings.Cut(text, ".")
	if len(strings.TrimLeft(whole, "-0")) > 30 {
		return 0, false
	}
	if len(rest) > 12 {
		text = whole + "." + rest[:12]
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	abs := new(big.Rat).Abs(n)
	below := func(exp int64) bool {
		return abs.Cmp(new(big.Rat).SetInt(pow10(exp))) < 0
	}
	switch {
	case below(11):
		n.Mul(n, new(big.Rat).SetInt64(1_000_000))
	case below(14):
		n.Mul(n, new(big.Rat).SetInt64(1_000))
	case below(17):
	default:
		n.Quo(n, new(big.Rat).SetInt64(1_000))
	}
	// Quo truncates towards zero, as dropping digits does.
	micros := new(big.Int).Quo(n.Num(), n.Denom())
	if !micros.IsInt64() {
		return 0, false
	}
	return inYears(micros.Int64())
}

func pow10(exp int64) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(exp), nil)
}
