package event

// The bounds of money on the wire (semantics N4), in micros.
const (
	MaxPriceMicros = 1_000_000_000_000     // CPM micros; the least is 0
	MaxValueMicros = 1_000_000_000_000_000 // either way
)

// microDigits is how many decimal digits a micro is below one unit.
const microDigits = 6

// maxExponent bounds the exponent that is told apart from "far too much".
const maxExponent = 100_000

// ParseMicros reads decimal text as millionths, exactly: sign and exponent
// allowed, half to even beyond six decimals (semantics N4). ok is false for
// text that is no decimal number and for a magnitude above limit.
func ParseMicros(text string, limit int64) (micros int64, ok bool) {
	if micros, ok = plainMicros(text); ok && micros <= limit {
		return micros, true
	}
	negative := text != "" && text[0] == '-'
	if text != "" && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	digits, whole, exponent, ok := splitDecimal(text)
	if !ok {
		return 0, false
	}
	micros, ok = scaleDecimal(digits, whole+exponent+microDigits, limit)
	if negative {
		micros = -micros
	}
	return micros, ok
}

// plainMicros reads a decimal as most are written: digits, at most twelve, and
// up to six more behind a point. ok is false for anything else.
func plainMicros(text string) (micros int64, ok bool) {
	i := 0
	for i < len(text) && isDigit(text[i]) {
		micros = micros*10 + int64(text[i]-'0')
		if i++; i > 12 {
			return 0, false
		}
	}
	if i == 0 {
		return 0, false
	}
	scale := int64(1_000_000)
	if i < len(text) && text[i] == '.' {
		for i++; i < len(text) && isDigit(text[i]) && scale > 1; i++ {
			micros, scale = micros*10+int64(text[i]-'0'), scale/10
		}
	}
	return micros * scale, i == len(text)
}

// splitDecimal checks unsigned decimal text. digits is the mantissa with its
// point, whole how many of its digits stand before the point.
func splitDecimal(s string) (digits string, whole, exponent int, ok bool) {
	i, count, point := 0, 0, -1
	for ; i < len(s); i++ {
		if s[i] == '.' && point < 0 {
			point = count
			continue
		}
		if !isDigit(s[i]) {
			break
		}
		count++
	}
	if count == 0 {
		return "", 0, 0, false
	}
	if point < 0 {
		point = count
	}
	digits = s[:i]
	if i == len(s) {
		return digits, point, 0, true
	}
	if s[i] != 'e' && s[i] != 'E' {
		return "", 0, 0, false
	}
	exponent, ok = parseExponent(s[i+1:])
	return digits, point, exponent, ok
}

// parseExponent reads [+-]digits, clamped to maxExponent either way.
func parseExponent(s string) (int, bool) {
	negative := s != "" && s[0] == '-'
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	if !allDigits(s) {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s) && n < maxExponent; i++ {
		n = n*10 + int(s[i]-'0')
	}
	n = min(n, maxExponent)
	if negative {
		n = -n
	}
	return n, true
}

// scaleDecimal keeps the first keep digits of the mantissa, padded with zeros,
// and rounds the rest half to even.
func scaleDecimal(digits string, keep int, limit int64) (int64, bool) {
	n, at, first, sticky := int64(0), 0, byte(0), false
	for i := range len(digits) {
		if digits[i] == '.' {
			continue
		}
		d := digits[i] - '0'
		switch {
		case at < keep:
			if n > limit {
				return 0, false
			}
			n = n*10 + int64(d)
		case at == keep:
			first = d
		default:
			sticky = sticky || d != 0
		}
		at++
	}
	for ; at < keep && n != 0; at++ {
		if n > limit {
			return 0, false
		}
		n *= 10
	}
	if keep < 0 {
		return 0, true // below a tenth of a micro
	}
	if first > 5 || first == 5 && (sticky || n%2 == 1) {
		n++
	}
	return n, n <= limit
}

// IsInteger reports whether a number's text has neither fraction nor exponent,
// so that it may be an id (semantics N1).
func IsInteger(number string) bool {
	for i := range len(number) {
		if c := number[i]; c == '.' || c|0x20 == 'e' {
			return false
		}
	}
	return true
}

// ParseInt reads [-]digits as an integer within [lo, hi]. readable is false
// when text is no integer at all; ok is true only inside the range.
func ParseInt(text string, lo, hi int64) (n int64, readable, ok bool) {
	digits := text
	negative := text != "" && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	if !allDigits(digits) {
		return 0, false, false
	}
	const most = 1<<63 - 1
	for i := range len(digits) {
		d := int64(digits[i] - '0')
		if n > (most-d)/10 {
			return 0, true, false
		}
		n = n*10 + d
	}
	if negative {
		n = -n
	}
	return n, true, n >= lo && n <= hi
}

// IsDecimal reports whether text is a decimal number of any size, which tells
// an encrypted price from one that is only out of range (semantics N4).
func IsDecimal(text string) bool {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	_, _, _, ok := splitDecimal(text)
	return ok
}
