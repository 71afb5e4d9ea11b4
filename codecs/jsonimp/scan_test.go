package jsonimp

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// reference reads an object with encoding/json: the best-named value of each
// known field, the first of those with equally good names.
func reference(t *testing.T, object []byte) map[field]codecs.Value {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	best := make(map[field]codecs.Value)
	ranks := make(map[field]int)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		f, rank := find(key.(string))
		if held, taken := ranks[f]; f == unknown || string(raw) == "null" || taken && held <= rank {
			continue
		}
		best[f], ranks[f] = valueOf(t, raw), rank
	}
	return best
}

func find(name string) (field, int) {
	for f, names := range fieldNames {
		for rank, known := range names {
			if asciiLower(name) == known {
				return field(f), rank
			}
		}
	}
	return unknown, 0
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func valueOf(t *testing.T, raw json.RawMessage) codecs.Value {
	t.Helper()
	switch c := raw[0]; c {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		return codecs.Value{Text: s, Form: codecs.Text}
	case 't', 'f':
		return codecs.Value{Text: string(raw), Form: codecs.Bool}
	case '{', '[':
		return codecs.Value{Form: codecs.Nested}
	}
	return codecs.Value{Text: string(raw), Form: codecs.Number}
}

// FuzzScan holds the scanner to encoding/json: what is JSON at all, and what
// each known member says.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"timestamp":1}`, `{"Timestamp":"x","timestamp":2,"ts":3}`, `{"ts":1,"timestamp":null}`,
		`{"user_id":"\u00e4\ud83d\ude00\ud800x\"\\\/\b\f\n\r\t"}`, `{"user\u005fid":-0.5e+7,"uid":[1,{"a":[]}]}`,
		`{"a":01}`, `{"a":1.}`, `{"a":1e}`, `{"a":-}`, `{"a":tru}`, `{"a":"` + "\t" + `"}`, `{"a" : [ ] , "b":{ }}`, `{"a":1,}`, `{"a"}`,
		`{"price":1e400,"price_cpm":true,"id":false}`, " {\"id\":\"123456789012345678\"} ", `{"a":"\u12"}`, `{"a":"\x"}`, `{"a":[1 2]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := New(codecs.Config{})
		for range 2 { // the second time with what the first left behind
			compareScan(t, d, b)
		}
	})
}

func compareScan(t *testing.T, d *Decoder, b []byte) {
	t.Helper()
	d.b, d.seen, d.scratch = b, 0, nil
	i := d.skipSpace(0)
	if i == len(b) || b[i] != '{' {
		return
	}
	next, how := d.object(i)
	if how == tooDeep || how == tooMany {
		return
	}
	whole := how == scanned && d.skipSpace(next) == len(b)
	if json.Valid(b) != whole {
		t.Fatalf("encoding/json says %t of %q, the scanner %d at %d", json.Valid(b), b, how, next)
	}
	if !whole || !utf8.Valid(b) {
		return
	}
	want := reference(t, b[i:next])
	for f := range fieldCount {
		if got := d.get(f); got != want[f] {
			t.Fatalf("%s of %q: %+v, want %+v", fieldNames[f][0], b, got, want[f])
		}
	}
	if high := d.seen&highs != 0; !high && !isASCII(b) {
		t.Fatalf("bytes beyond ASCII went unseen in %q", b)
	}
}

// TestUnescapedTextDoesNotPileUp would see the strings of every record before
// kept in the decoder.
func TestUnescapedTextDoesNotPileUp(t *testing.T) {
	d := New(codecs.Config{})
	value := []byte(`{"os":"` + strings.Repeat(`\n`, 1000) + `"}`)
	for range 1000 {
		d.Decode(&codecs.Record{Value: value}, nothing{})
	}
	if cap(d.scratch) > 16<<10 {
		t.Errorf("%d bytes are kept", cap(d.scratch))
	}
}

// nothing is a handler that forgets.
type nothing struct{}

func (nothing) Bid(*event.Bid)               {}
func (nothing) Impression(*event.Impression) {}
func (nothing) Click(*event.Click)           {}
func (nothing) Conversion(*event.Conversion) {}
func (nothing) Reject(*event.Rejected)       {}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
