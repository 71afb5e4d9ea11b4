package oracle

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

var (
	decimalText = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	integerText = regexp.MustCompile(`^-?[0-9]+$`)
	sealedText  = regexp.MustCompile(`^[A-Za-z0-9_+/=-]{16,}$`)
)

// maxMagnitude is far beyond every amount that is in range and far below what
// would cost memory: decimals outside 10^-maxMagnitude..10^maxMagnitude are
// decided by their exponent alone.
const maxMagnitude = 64

// parseE6 is a decimal in units of 1e-6, beyond six decimals rounded half to
// even (N4). ok is false when text is not a decimal; a decimal too large for
// int64 is the largest int64 of its sign, which no range admits.
func parseE6(text string) (v int64, ok bool) {
	if !decimalText.MatchString(text) {
		return 0, false
	}
	digits, exponent := text, int64(0)
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		digits = text[:i]
		e, err := strconv.ParseInt(text[i+1:], 10, 32)
		if err != nil { // beyond 32 bits: keep the sign
			e = 1 << 31
			if text[i+1] == '-' {
				e = -e
			}
		}
		exponent = e
	}
	mantissa, _ := new(big.Rat).SetString(strings.TrimSuffix(digits, "."))
	if mantissa == nil {
		mantissa, _ = new(big.Rat).SetString(strings.Replace(digits, ".", "0.", 1))
	}
	if mantissa.Sign() == 0 {
		return 0, true
	}
	// The mantissa is within 10^±len(digits).
	reach := int64(len(digits) + maxMagnitude)
	exponent = max(-reach, min(reach, exponent)) + 6
	if exponent >= 0 {
		mantissa.Mul(mantissa, new(big.Rat).SetInt(pow10(exponent)))
	} else {
		mantissa.Quo(mantissa, new(big.Rat).SetInt(pow10(-exponent)))
	}
	return saturate(halfEven(mantissa)), true
}

func saturate(n *big.Int) int64 {
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return -1 << 63
	}
	return 1<<63 - 1
}

// halfEven rounds to the nearest integer, ties to the even one.
func halfEven(r *big.Rat) *big.Int {
	q, rem := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	twice := new(big.Int).Lsh(new(big.Int).Abs(rem), 1)
	c := twice.Cmp(r.Denom())
	if c > 0 || (c == 0 && q.Bit(0) == 1) {
		q.Add(q, big.NewInt(int64(r.Sign())))
	}
	return q
}
