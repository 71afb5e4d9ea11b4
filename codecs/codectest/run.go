package codectest

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// Subject is a decoder and the records it is tested with.
type Subject struct {
	// New makes the decoder.
	New func() codecs.Decoder
	// Valid are records that yield events and no rejection.
	Valid [][]byte
	// Hostile are records of the format that were made to hurt.
	Hostile [][]byte
}

// MaxHostileBytes is how much a decoder may allocate for one record, whatever
// it is: above the largest record, its copy and a full list of 4,096 elements.
const MaxHostileBytes = 64 << 20

// Run holds a decoder to the contract.
func Run(t *testing.T, s Subject) {
	t.Helper()
	t.Run("valid", func(t *testing.T) {
		for _, value := range s.Valid {
			if calls := Check(t, s.New(), value); calls.Events == 0 || len(calls.Rejects) > 0 {
				t.Errorf("%d events, rejected %v: %q", calls.Events, calls.Rejects, value)
			}
		}
	})
	t.Run("empty", func(t *testing.T) {
		for _, value := range [][]byte{nil, {}} {
			calls := Check(t, s.New(), value)
			if len(calls.Rejects) != 1 || calls.Rejects[0] != event.Empty {
				t.Errorf("an empty record is %v", calls.Rejects)
			}
		}
	})
	t.Run("truncated", s.truncated)
	t.Run("damaged", s.damaged)
	t.Run("hostile", s.hostile)
	t.Run("reused", s.reused)
}

// truncated cuts each valid record at each byte.
func (s *Subject) truncated(t *testing.T) {
	for _, value := range s.Valid {
		d := s.New()
		for n := range value {
			if Check(t, d, value[:n:n]); t.Failed() {
				t.Fatalf("cut at %d of %q", n, value)
			}
		}
	}
}

// damaged overwrites each byte of each valid record.
func (s *Subject) damaged(t *testing.T) {
	for _, value := range s.Valid {
		d, damaged := s.New(), bytes.Clone(value)
		for i := range damaged {
			for _, c := range damage(len(value)) {
				damaged[i] = c
				if Check(t, d, damaged); t.Failed() {
					t.Fatalf("byte %d is %q of %q", i, c, value)
				}
			}
			damaged[i] = value[i]
		}
	}
}

// damage is what bytes are overwritten with; a long record gets less of it.
func damage(n int) []byte {
	if n > 1024 {
		return []byte{0, 0xff}
	}
	return []byte{0, 0xff, '"', '{', ',', '\n', 0x80, '9'}
}

// hostile decodes what was made to hurt and measures what it costs.
func (s *Subject) hostile(t *testing.T) {
	for name, value := range s.bombs() {
		t.Run(name, func(t *testing.T) {
			d, discard := s.New(), new(counter)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d.Decode(record(value), discard)
			runtime.ReadMemStats(&after)
			if spent := after.TotalAlloc - before.TotalAlloc; spent > MaxHostileBytes {
				t.Errorf("%d MiB allocated for a record of %d bytes", spent>>20, len(value))
			}
			if discard.calls == 0 {
				t.Error("the record yields no call")
			}
			if len(value) < 1<<16 {
				Check(t, s.New(), value)
			}
		})
	}
}

// bombs are the subject's hostile records and those that any format may meet.
func (s *Subject) bombs() map[string][]byte {
	bombs := map[string][]byte{
		"nuls":          make([]byte, 4096),
		"high bytes":    bytes.Repeat([]byte{0xff}, 4096),
		"brackets":      []byte(strings.Repeat("[", 10_000)),
		"objects":       []byte(strings.Repeat(`{"a":`, 10_000)),
		"quotes":        []byte(strings.Repeat(`"`, 9_999)),
		"commas":        []byte(strings.Repeat(",", 100_000)),
		"newlines":      []byte(strings.Repeat("\n", 100_000)),
		"backslashes":   []byte(`{"a":"` + strings.Repeat(`\`, 10_001)),
		"10 MB of text": bytes.Repeat([]byte("0123456789"), 1<<20),
		"10 MB of nul":  make([]byte, 10<<20),
	}
	for i, value := range s.Hostile {
		bombs[fmt.Sprintf("hostile %d", i)] = value
	}
	for i, value := range s.Valid {
		bombs[fmt.Sprintf("10 MB of valid %d", i)] = bytes.Repeat(value, (10<<20)/len(value)+1)
	}
	return bombs
}

// reused decodes all records with one decoder, as a source does, and compares
// with a new decoder for each.
func (s *Subject) reused(t *testing.T) {
	d := s.New()
	for range 2 {
		for _, value := range append(s.Hostile, s.Valid...) {
			if len(value) > 1<<16 {
				continue
			}
			got, want := decode(t, d, value), decode(t, s.New(), value)
			if !bytes.Equal(got.all, want.all) {
				t.Errorf("a used decoder makes something else of %.200q", value)
			}
		}
	}
}

// counter counts calls.
type counter struct{ calls int }

func (c *counter) Bid(*event.Bid)               { c.calls++ }
func (c *counter) Impression(*event.Impression) { c.calls++ }
func (c *counter) Click(*event.Click)           { c.calls++ }
func (c *counter) Conversion(*event.Conversion) { c.calls++ }
func (c *counter) Reject(*event.Rejected)       { c.calls++ }
