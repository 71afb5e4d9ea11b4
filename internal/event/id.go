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
	var seen byte
	for i := range len(text) {
		seen |= idClass[text[i]]
	}
	if seen&^(idPlain|idZero) == 0 && len(text) >= 10 && len(text) <= MaxIDBytes && seen&idPlain != 0 {
		return text, false, NotRejected
	}
	return cleanUnusualID(text, seen)
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
