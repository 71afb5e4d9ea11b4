package event

import (
	"strings"
	"unicode/utf8"
)

// MaxIDBytes is the longest id (events 1.1).
const MaxIDBytes = 128

// testMarker stands in ids and prices of auctions that are audits, not
// business.
const testMarker = "AUDIT"

// CleanID normalises an id (semantics N1): a sentinel, an unresolved macro or
// nothing becomes "", absent. audit reports the sentinel AUDIT, which also
// makes the event test traffic (N10). why is BadID or BadEncoding for text no
// id may be, else NotRejected. The result aliases text.
func CleanID(text string) (id string, audit bool, why Reason) {
	if isPlainID(text) {
		return text, false, NotRejected
	}
	var seen byte
	for i := range len(text) {
		seen |= idClass[text[i]]
	}
	return cleanUnusualID(text, seen)
}

// isPlainID reports whether an id is one as it stands: long enough to be no
// sentinel, printable ASCII without what may open a macro, and not all zeros and
// dashes. It looks at eight bytes at a time; false says nothing.
func isPlainID(text string) bool {
	n := len(text)
	if n < 8 || n > MaxIDBytes || n == len("undefined") {
		return false
	}
	unusual := unusualBytes(wordAt(text, n-8))
	for i := 0; i+8 < n; i += 8 {
		unusual |= unusualBytes(wordAt(text, i))
	}
	if unusual != 0 {
		return false
	}
	for i := range n {
		if c := text[i]; c != '0' && c != '-' {
			return true // nearly always the first
		}
	}
	return false
}

// wordAt is the eight bytes of s at i, little-endian.
func wordAt(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// unusualBytes has the high bit of every byte of a word that is beyond ASCII, a
// control character, or one of $, % and {. Sums stay within their byte, for the
// high bits are taken out before.
func unusualBytes(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	low := w &^ highs
	printable := low + ones*(0x80-' ')
	dollar := (low&^ones ^ ones*'$') + ones*0x7f      // and percent, which differs in bit 0
	brace := ((low | ones*4) ^ ones*0x7f) + ones*0x7f // and DEL, which differs in bit 2
	return (w | ^(printable & dollar & brace)) & highs
}

// The classes of bytes in an id.
const (
	idPlain   = 1 << iota
	idZero    // 0 and -, which may make a sentinel
	idMacro   // may open a macro
	idControl // never allowed
	idHigh    // needs valid UTF-8
)

// idClass is the class of each byte.
var idClass = func() (t [256]byte) {
	for c := range t {
		switch {
		case c < 0x20 || c == 0x7f:
			t[c] = idControl
		case c >= utf8.RuneSelf:
			t[c] = idHigh
		case c == '0' || c == '-':
			t[c] = idZero
		case c == '$' || c == '{' || c == '%':
			t[c] = idMacro
		default:
			t[c] = idPlain
		}
	}
	return t
}()

// cleanUnusualID is CleanID for what is short, long, or holds an unusual byte.
func cleanUnusualID(text string, seen byte) (id string, audit bool, why Reason) {
	switch {
	case isSentinel(text, seen):
		return "", text == testMarker, NotRejected
	case seen&idMacro != 0 && HasMacro(text):
		return "", false, NotRejected
	case seen&idHigh != 0 && !utf8.ValidString(text):
		return "", false, BadEncoding
	case len(text) > MaxIDBytes || seen&idControl != 0:
		return "", false, BadID
	}
	return text, false, NotRejected
}

// isSentinel reports whether text stands for "no id". seen is the union of the
// classes of its bytes.
func isSentinel(text string, seen byte) bool {
	if seen == idZero {
		return text == "-1" || strings.IndexByte(text, '0') >= 0
	}
	switch len(text) {
	case 0:
		return true
	case 2:
		return text == "-1"
	case 4:
		return strings.EqualFold(text, "null") || strings.EqualFold(text, "none")
	case 5:
		return text == testMarker
	case 9:
		return strings.EqualFold(text, "undefined")
	}
	return false
}

// HasMacro reports whether text still holds an unresolved macro: ${...},
// {{...}} or %%...%% (semantics N1).
func HasMacro(text string) bool {
	return strings.Contains(text, "${") || strings.Contains(text, "{{") || strings.Contains(text, "%%")
}

// IsAudit reports whether a price or id is the marker of an audit (N10).
func IsAudit(text string) bool { return text == testMarker }
