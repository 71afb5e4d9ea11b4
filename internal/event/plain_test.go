package event

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// texts are random texts of the letters, joined as they come.
func texts(t *testing.T, n int, letters ...string) func(func(string) bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	return func(yield func(string) bool) {
		for range n {
			var b strings.Builder
			for range r.IntN(24) {
				b.WriteString(letters[r.IntN(len(letters))])
			}
			if !yield(b.String()) {
				return
			}
		}
	}
}

// TestN1_IdsAreReadByWordsAsByBytes holds the look at eight bytes at a time to
// the rules as they are written, byte by byte.
func TestN1_IdsAreReadByWordsAsByBytes(t *testing.T) {
	plain := 0
	for text := range texts(t, 200_000, "0", "0", "-", "a", "Z", "z~", "9abcdef", " !", "0123456789", "news", "undefined", "#&", "|}", "%", "$", "{", "\x7f", "\x1f", "\x00", "\u00e4", "\xff") {
		if !isPlainID(text) {
			continue
		}
		plain++
		bad := strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f || r == '$' || r == '{' || r == '%' }) ||
			!utf8.ValidString(text) || len(text) > MaxIDBytes || strings.Trim(text, "0-") == "" || text == "undefined"
		if bad {
			t.Fatalf("%q is taken for a plain id", text)
		}
	}
	if plain < 5_000 {
		t.Errorf("only %d plain ids were tried", plain)
	}
	for _, text := range []string{"12345678", "0-000000-1", "550e8400-e29b-41d4-a716-446655440000"} {
		if !isPlainID(text) {
			t.Errorf("%q is not read by words", text)
		}
	}
}

// TestN4_PlainDecimalsAreReadAsOthers compares the short way with the long one,
// which a sign forces.
func TestN4_PlainDecimalsAreReadAsOthers(t *testing.T) {
	for text := range texts(t, 200_000, "0", "1", "5", "9", "00", "123456", ".", "e1", " ") {
		for _, limit := range []int64{MaxPriceMicros, 1_000_000} {
			got, ok := ParseMicros(text, limit)
			want, wanted := ParseMicros("+"+text, limit)
			if ok != wanted || ok && got != want {
				t.Fatalf("%q: %d %t, with a sign %d %t", text, got, ok, want, wanted)
			}
		}
	}
}

// TestN6_PlainSitesAreReadAsOthers compares the short way with the long one,
// which a scheme forces.
func TestN6_PlainSitesAreReadAsOthers(t *testing.T) {
	for text := range texts(t, 200_000, "a", "site-1", "_", "www.", ".", "Z", "/", "/p", "?", "#x", "@", ":", ":80", "\u00e4", " ") {
		host, path := SplitSite(text)
		if schemeLength(text) > 0 {
			continue
		}
		wantHost, wantPath := SplitSite("https://" + text)
		if host != wantHost || path != wantPath {
			t.Fatalf("%q: %q %q, with a scheme %q %q", text, host, path, wantHost, wantPath)
		}
	}
}
