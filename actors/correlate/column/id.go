package column

import (
	"encoding/binary"
	"math/bits"

	"github.com/zeebo/xxh3"
)

// An ID is an id in 16 bytes: packed when its text has one of the usual forms,
// else the hash of the text and where an arena keeps it. Two ids are equal when
// form and bytes are (for Plain: when the texts are).
type ID struct {
	Hi, Lo uint64
}

// Form says how an ID is written.
type Form uint8

// The forms.
const (
	Plain     Form = iota // text in an arena: Lo is the Ref, Hi the length
	UUID                  // canonical, lower case: 8-4-4-4-12
	Synthetic             // "s:" and 32 lower-case hex digits (semantics N13)
	Hex128                // 32 lower-case hex digits
)

// Pack packs text that has a packed form. For any other it returns Plain and
// no ID.
func Pack(text string) (ID, Form) {
	switch len(text) {
	case 36:
		if text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
			return ID{}, Plain
		}
		a, ok1 := hexWord(text[0:8])
		b, ok2 := hexWord(text[9:13])
		c, ok3 := hexWord(text[14:18])
		d, ok4 := hexWord(text[19:23])
		e, ok5 := hexWord(text[24:36])
		if ok1 && ok2 && ok3 && ok4 && ok5 {
			return ID{Hi: a<<32 | b<<16 | c, Lo: d<<48 | e}, UUID
		}
	case 34:
		if text[:2] == "s:" {
			if id, ok := hexPair(text[2:]); ok {
				return id, Synthetic
			}
		}
	case 32:
		if id, ok := hexPair(text); ok {
			return id, Hex128
		}
	}
	return ID{}, Plain
}

func hexPair(text string) (ID, bool) {
	hi, ok1 := hexWord(text[:16])
	lo, ok2 := hexWord(text[16:])
	return ID{Hi: hi, Lo: lo}, ok1 && ok2
}

func hexWord(text string) (uint64, bool) {
	var v uint64
	var bad byte
	for i := range len(text) {
		digit := hexDigits[text[i]]
		bad |= digit
		v = v<<4 | uint64(digit&15)
	}
	return v, bad < 0x80
}

// hexDigits is the value of each lower-case hex digit, 0x80 for other bytes.
var hexDigits = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = byte(c - '0')
		case c >= 'a' && c <= 'f':
			t[c] = byte(c - 'a' + 10)
		default:
			t[c] = 0x80
		}
	}
	return t
}()

// HashID is the hash of a packed id, or of the text of a plain one.
func HashID(id ID, f Form, text string) uint64 {
	if f == Plain {
		return xxh3.HashString(text)
	}
	hi, lo := bits.Mul64(id.Hi^0x9e3779b97f4a7c15, id.Lo^0xd1342543de82ef95)
	return Mix(hi^lo, uint64(f))
}

// Mix stirs a second word into a hash.
func Mix(hash, word uint64) uint64 {
	hi, lo := bits.Mul64(hash^0xa0761d6478bd642f, word^0xe7037ed1a0b428db)
	return hi ^ lo
}

// AppendText appends the text of a packed id.
func (id ID) AppendText(b []byte, f Form) []byte {
	const digits = "0123456789abcdef"
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], id.Hi)
	binary.BigEndian.PutUint64(raw[8:], id.Lo)
	if f == Synthetic {
		b = append(b, "s:"...)
	}
	for i, c := range raw {
		if f == UUID && (i == 4 || i == 6 || i == 8 || i == 10) {
			b = append(b, '-')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}
