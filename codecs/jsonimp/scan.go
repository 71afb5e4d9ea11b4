package jsonimp

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/advertisex/adjoin/codecs"
)

// outcome is how scanning a value ended.
type outcome uint8

const (
	scanned outcome = iota
	syntax          // not JSON
	tooDeep         // nested deeper than allowed
	tooMany         // more members than allowed
)

// scanner goes once through the JSON of one record. Positions are indexes of
// b. seen is the union of all words of string bytes, so that its high bits
// tell whether anything beyond ASCII was there.
type scanner struct {
	b         []byte
	seen      uint64
	scratch   []byte // unescaped strings of one object
	maxDepth  int
	maxFields int
}

// The bytes of a word, and the tests on all eight at once. Each sets the high
// bit of the bytes it finds; above the first found bit there may be false ones.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

func zeroBytes(w uint64) uint64 { return (w - ones) & ^w & highs }

// special finds quotes, backslashes and control characters.
func special(w uint64) uint64 {
	control := (w - ones*0x20) & ^w & highs
	return control | zeroBytes(w^ones*'"') | zeroBytes(w^ones*'\\')
}

// stringEnd scans a string that starts behind its opening quote at i. end is
// the position of the closing quote, -1 for a syntax error.
func (s *scanner) stringEnd(i int) (end int, escaped bool) {
	b := s.b
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			s.seen |= w
			if found := special(w); found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		if i >= len(b) {
			return -1, false
		}
		switch c := b[i]; {
		case c == '"':
			return i, escaped
		case c == '\\':
			n := escapeLength(b[i:])
			if n == 0 {
				return -1, false
			}
			escaped = true
			i += n
		case c < 0x20:
			return -1, false
		default:
			s.seen |= uint64(c) // the last bytes, fewer than a word
			i++
		}
	}
}

// escapeLength is the length of the escape that b starts with, 0 for none that
// JSON knows.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if hexDigit(c) < 0 {
				return 0
			}
		}
		return 6
	}
	return 0
}

func hexDigit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}

// unescape appends to scratch what a checked string stands for. Like
// encoding/json it reads half a surrogate pair as U+FFFD.
func (s *scanner) unescape(raw []byte) string {
	start := len(s.scratch)
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' {
			s.scratch = append(s.scratch, c)
			i++
			continue
		}
		if raw[i+1] != 'u' {
			s.scratch = append(s.scratch, unescaped(raw[i+1]))
			i += 2
			continue
		}
		r := codePoint(raw[i:])
		i += 6
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
				pair = utf16.DecodeRune(r, codePoint(raw[i:]))
			}
			if pair != utf8.RuneError {
				i += 6
			}
			r = pair
		}
		s.scratch = utf8.AppendRune(s.scratch, r)
	}
	return text(s.scratch[start:])
}

func codePoint(escape []byte) rune {
	r := rune(0)
	for _, c := range escape[2:6] {
		r = r<<4 | hexDigit(c)
	}
	return r
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// text aliases b.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// skipSpace is the position of the next byte that is no white space.
func (s *scanner) skipSpace(i int) int {
	b := s.b
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// value scans any value at i. next is the position behind it. depth counts the
// containers around it.
func (s *scanner) value(i, depth int) (v codecs.Value, next int, how outcome) {
	if i >= len(s.b) {
		return v, i, syntax
	}
	switch c := s.b[i]; {
	case c == '"':
		end, escaped := s.stringEnd(i + 1)
		if end < 0 {
			return v, i, syntax
		}
		v.Form = codecs.Text
		if escaped {
			v.Text = s.unescape(s.b[i+1 : end])
		} else {
			v.Text = text(s.b[i+1 : end])
		}
		return v, end + 1, scanned
	case c == '-' || c-'0' <= 9:
		next = s.number(i)
		if next < 0 {
			return v, i, syntax
		}
		return codecs.Value{Form: codecs.Number, Text: text(s.b[i:next])}, next, scanned
	case c == '{':
		v.Form = codecs.Nested
		next, how = s.skipObject(i, depth)
		return v, next, how
	case c == '[':
		v.Form = codecs.Nested
		next, how = s.skipArray(i, depth)
		return v, next, how
	}
	return s.literal(i)
}

// literal scans true, false or null.
func (s *scanner) literal(i int) (v codecs.Value, next int, how outcome) {
	rest := s.b[i:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		return codecs.Value{Form: codecs.Bool, Text: "true"}, i + 4, scanned
	case len(rest) >= 4 && string(rest[:4]) == "null":
		return v, i + 4, scanned
	case len(rest) >= 5 && string(rest[:5]) == "false":
		return codecs.Value{Form: codecs.Bool, Text: "false"}, i + 5, scanned
	}
	return v, i, syntax
}

// number is the position behind the number at i, -1 when there is none.
func (s *scanner) number(i int) int {
	b := s.b
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i = digits(b, i); i < 0 {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		if i = digits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digits(b, i)
	}
	return i
}

// digits is the position behind one or more digits, -1 for none.
func digits(b []byte, i int) int {
	start := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// skipObject checks the object at i and returns what follows.
func (s *scanner) skipObject(i, depth int) (next int, how outcome) {
	if depth >= s.maxDepth {
		return i, tooDeep
	}
	i = s.skipSpace(i + 1)
	if i < len(s.b) && s.b[i] == '}' {
		return i + 1, scanned
	}
	for {
		if i = s.key(i); i < 0 {
			return 0, syntax
		}
		if _, i, how = s.value(i, depth+1); how != scanned {
			return i, how
		}
		more, at := s.separator(i, '}')
		if at < 0 {
			return i, syntax
		}
		if !more {
			return at, scanned
		}
		i = at
	}
}

// key checks a member's name and colon at i; the result is where its value
// starts, -1 for a syntax error.
func (s *scanner) key(i int) int {
	if i >= len(s.b) || s.b[i] != '"' {
		return -1
	}
	end, _ := s.stringEnd(i + 1)
	if end < 0 {
		return -1
	}
	return s.colon(end + 1)
}

// colon is where the value behind the colon at or after i starts.
func (s *scanner) colon(i int) int {
	if i+1 < len(s.b) && s.b[i] == ':' && s.b[i+1] > ' ' {
		return i + 1
	}
	i = s.skipSpace(i)
	if i >= len(s.b) || s.b[i] != ':' {
		return -1
	}
	return s.skipSpace(i + 1)
}

// separator reads a comma, or the end of a container: more tells which. at is
// behind it (and behind the space after a comma), -1 for anything else.
func (s *scanner) separator(i int, end byte) (more bool, at int) {
	if i+1 < len(s.b) && s.b[i] == ',' && s.b[i+1] > ' ' {
		return true, i + 1
	}
	i = s.skipSpace(i)
	if i >= len(s.b) {
		return false, -1
	}
	switch s.b[i] {
	case ',':
		return true, s.skipSpace(i + 1)
	case end:
		return false, i + 1
	}
	return false, -1
}

// skipArray checks the array at i and returns what follows.
func (s *scanner) skipArray(i, depth int) (next int, how outcome) {
	if depth >= s.maxDepth {
		return i, tooDeep
	}
	i = s.skipSpace(i + 1)
	if i < len(s.b) && s.b[i] == ']' {
		return i + 1, scanned
	}
	for {
		if _, i, how = s.value(i, depth+1); how != scanned {
			return i, how
		}
		more, at := s.separator(i, ']')
		if at < 0 {
			return i, syntax
		}
		if !more {
			return at, scanned
		}
		i = at
	}
}

// skipBalanced passes a container at i by counting brackets, for one that is
// nested too deep to check: the position behind it, -1 when it never closes.
func (s *scanner) skipBalanced(i int) int {
	depth := 0
	for i < len(s.b) {
		switch s.b[i] {
		case '"':
			end, _ := s.stringEnd(i + 1)
			if end < 0 {
				return -1
			}
			i = end
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}
