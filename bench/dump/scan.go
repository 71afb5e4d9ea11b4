package dump

import (
	"bytes"
	"encoding/base64"
)

// parseFast reads a line as Writer writes it, without allocating. It says false
// for anything else, however valid, and then rec is undefined and parseAny
// decides.
func (r *Reader) parseFast(line []byte, rec *Record) bool {
	s := scanner{rest: line, ok: true}
	s.literal(`{"topic":"`)
	topic := s.text()
	s.literal(`,"partition":`)
	partition := s.number()
	s.literal(`,"offset":`)
	rec.Offset = s.number()
	s.literal(`,"timestamp_ms":`)
	negative := s.skip('-')
	rec.TimestampMS = s.number()
	if negative {
		rec.TimestampMS = -rec.TimestampMS
	}
	s.literal(`,"key_b64":`)
	key := s.encoded()
	s.literal(`,"value_b64":`)
	value := s.encoded()
	s.literal(`,"headers":[]}`)
	if !s.ok || len(s.rest) > 0 || !plainTopic(topic) || partition > 1<<31-1 {
		return false
	}
	if string(topic) != r.topic {
		r.topic = string(topic)
	}
	rec.Topic, rec.Partition, rec.Headers = r.topic, int32(partition), rec.Headers[:0]
	if need := len(key) + len(value); cap(r.arena) < need {
		r.arena = make([]byte, 0, 2*need)
	}
	var ok1, ok2 bool
	rec.Key, ok1 = r.decode(key)
	rec.Value, ok2 = r.decode(value)
	return ok1 && ok2
}

// decode appends to the arena, which is large enough: slices handed out before
// stay valid.
func (r *Reader) decode(text []byte) ([]byte, bool) {
	if text == nil {
		return nil, true
	}
	from := len(r.arena)
	out, err := base64.StdEncoding.AppendDecode(r.arena, text)
	// The decoder skips line breaks, JSON does not: then the length is wrong.
	if err != nil || len(out)-from != decodedLen(text) {
		return nil, false
	}
	r.arena = out
	return out[from:len(out):len(out)], true
}

func decodedLen(text []byte) int {
	n := len(text) / 4 * 3
	for i := len(text) - 1; i >= 0 && text[i] == '='; i-- {
		n--
	}
	return n
}

func plainTopic(topic []byte) bool {
	for _, c := range topic {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(topic) > 0
}

// scanner walks one line; the first surprise clears ok and nothing moves after.
type scanner struct {
	rest []byte
	ok   bool
}

func (s *scanner) literal(want string) {
	if !s.ok || len(s.rest) < len(want) || string(s.rest[:len(want)]) != want {
		s.ok = false
		return
	}
	s.rest = s.rest[len(want):]
}

func (s *scanner) skip(c byte) bool {
	if s.ok && len(s.rest) > 0 && s.rest[0] == c {
		s.rest = s.rest[1:]
		return true
	}
	return false
}

// text reads up to the closing quote; escapes are not for the fast way.
func (s *scanner) text() []byte {
	end := bytes.IndexByte(s.rest, '"')
	if !s.ok || end < 0 || bytes.IndexByte(s.rest[:end], '\\') >= 0 {
		s.ok = false
		return nil
	}
	out := s.rest[:end]
	s.rest = s.rest[end+1:]
	return out
}

// number reads at most 18 digits, so that it cannot overflow.
func (s *scanner) number() int64 {
	var n int64
	i := 0
	for i < len(s.rest) && i < 18 && s.rest[i] >= '0' && s.rest[i] <= '9' {
		n = 10*n + int64(s.rest[i]-'0')
		i++
	}
	if i == 0 || (i > 1 && s.rest[0] == '0') {
		s.ok = false
		return 0
	}
	s.rest = s.rest[i:]
	return n
}

// encoded reads null (nil) or a quoted base64 text (never nil).
func (s *scanner) encoded() []byte {
	if s.skip('"') {
		return s.text()
	}
	s.literal("null")
	return nil
}
