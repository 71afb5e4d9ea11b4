package event

import (
	"math"
	"time"
)

// The instants a timestamp may name: years 1 to 9999 (semantics N2).
const (
	firstSecond = -62135596800 // 0001-01-01T00:00:00Z
	lastSecond  = 253402300799 // 9999-12-31T23:59:59Z
)

// secondsPerDay has no leap second: a second of 60 is refused.
const secondsPerDay = 86400

// ParseTime reads a timestamp (semantics N2): RFC 3339 with an offset, the
// naive form in zone (nil is UTC), or an epoch number whose magnitude says its
// unit. Digits below a microsecond are dropped. It allocates nothing.
func ParseTime(text string, zone *time.Location) (Time, bool) {
	if len(text) >= 19 && text[4] == '-' && isDigit(text[0]) {
		return parseCalendar(text, zone)
	}
	return parseEpoch(text)
}

// parseCalendar reads YYYY-MM-DD[Tt ]HH:MM:SS[.fraction][Z|z|+hh:mm|-hh:mm].
// The caller has checked the length of the fixed part.
func parseCalendar(s string, zone *time.Location) (Time, bool) {
	if s[7] != '-' || s[13] != ':' || s[16] != ':' || (s[10] != 'T' && s[10] != ' ' && s[10] != 't') {
		return 0, false
	}
	century, bad0 := twoDigits(s, 0)
	year, bad1 := twoDigits(s, 2)
	month, bad2 := twoDigits(s, 5)
	day, bad3 := twoDigits(s, 8)
	hour, bad4 := twoDigits(s, 11)
	minute, bad5 := twoDigits(s, 14)
	second, bad6 := twoDigits(s, 17)
	if bad0 || bad1 || bad2 || bad3 || bad4 || bad5 || bad6 {
		return 0, false
	}
	year += century * 100
	if year == 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	local := daysSinceEpoch(year, month, day)*secondsPerDay + int64(hour*3600+minute*60+second)
	micros, rest, ok := parseFraction(s[19:])
	if !ok {
		return 0, false
	}
	unix := local
	if rest == "" {
		unix = resolveNaive(local, zone)
	} else {
		offset, ok := parseOffset(rest)
		if !ok {
			return 0, false
		}
		unix -= offset
	}
	if unix < firstSecond || unix > lastSecond {
		return 0, false
	}
	return Time(unix*1_000_000 + micros), true
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// twoDigits is the number at s[i:i+2]; bad when that is not two digits.
func twoDigits(s string, i int) (n int, bad bool) {
	a, b := s[i]-'0', s[i+1]-'0'
	return int(a)*10 + int(b), a > 9 || b > 9
}

// parseFraction reads an optional ".ddd": microseconds, and what follows.
func parseFraction(s string) (micros int64, rest string, ok bool) {
	if s == "" || s[0] != '.' {
		return 0, s, true
	}
	i, scale := 1, int64(100_000)
	for i < len(s) && isDigit(s[i]) {
		micros += int64(s[i]-'0') * scale
		scale /= 10
		i++
	}
	return micros, s[i:], i > 1
}

// parseOffset reads Z or +hh:mm as seconds east of UTC.
func parseOffset(s string) (seconds int64, ok bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != 6 || s[3] != ':' || (s[0] != '+' && s[0] != '-') {
		return 0, false
	}
	hour, bad0 := twoDigits(s, 1)
	minute, bad1 := twoDigits(s, 4)
	if bad0 || bad1 || hour > 23 || minute > 59 {
		return 0, false
	}
	seconds = int64(hour*3600 + minute*60)
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// resolveNaive is the instant at which zone's clocks show local (seconds as if
// UTC). Of two the earlier counts; a time the clocks skip is read with the
// offset before the change (semantics N2). time.Date does not promise either.
func resolveNaive(local int64, zone *time.Location) int64 {
	if zone == nil || zone == time.UTC {
		return local
	}
	before := offsetAt(local-secondsPerDay, zone)
	after := offsetAt(local+secondsPerDay, zone)
	early, late := local-max(before, after), local-min(before, after)
	switch {
	case offsetAt(early, zone) == local-early:
		return early
	case offsetAt(late, zone) == local-late:
		return late
	}
	return local - before
}

func offsetAt(unix int64, zone *time.Location) int64 {
	_, offset := time.Unix(unix, 0).In(zone).Zone()
	return int64(offset)
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSinceEpoch counts days from 1970-01-01 in the proleptic Gregorian
// calendar. Years start in March, so that the leap day comes last.
func daysSinceEpoch(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return int64(era)*146097 + int64(dayOfEra) - 719468
}

// parseEpoch reads [-]digits[.digits]. The number of digits before the point,
// leading zeros apart, says the unit.
func parseEpoch(s string) (Time, bool) {
	negative := s != "" && s[0] == '-'
	if negative {
		s = s[1:]
	}
	digits := 0
	for digits < len(s) && isDigit(s[digits]) {
		digits++
	}
	whole, fraction := s[:digits], s[digits:]
	if digits == 0 {
		return 0, false
	}
	if fraction != "" && (fraction[0] != '.' || !allDigits(fraction[1:])) {
		return 0, false
	}
	for len(whole) > 1 && whole[0] == '0' {
		whole = whole[1:]
	}
	micros, ok := epochMicros(whole, fraction)
	if !ok {
		return 0, false
	}
	if negative {
		micros = -micros
	}
	if micros < firstSecond*1_000_000 || micros > lastSecond*1_000_000+999_999 {
		return 0, false
	}
	return Time(micros), true
}

// epochMicros scales digits to microseconds: fewer than 12 are seconds, fewer
// than 15 milliseconds, fewer than 18 microseconds, more nanoseconds. The
// fraction is "" or starts with its point.
func epochMicros(whole, fraction string) (int64, bool) {
	keep := 0 // digits of the fraction above a microsecond
	switch {
	case len(whole) <= 11:
		keep = 6
	case len(whole) <= 14:
		keep = 3
	case len(whole) > 17:
		whole = whole[:len(whole)-3]
	}
	if len(whole) > 18 {
		return 0, false
	}
	n := int64(0)
	for i := range len(whole) {
		n = n*10 + int64(whole[i]-'0')
	}
	for i := 1; i <= keep; i++ {
		if n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n *= 10
		if i < len(fraction) {
			n += int64(fraction[i] - '0')
		}
	}
	return n, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
