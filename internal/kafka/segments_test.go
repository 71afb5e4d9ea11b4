package kafka

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

func openTestSegments(t testing.TB, cfg Config) *Segments {
	t.Helper()
	topic := makeTopic(t, cfg, 3, map[string]string{"cleanup.policy": "compact"})
	s, err := OpenSegments(within(t, 10*time.Second), cfg, topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(b)
	return b
}

func TestSegmentsComeBack(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		s := openTestSegments(t, cfg)
		ctx := within(t, 20*time.Second)
		for key, data := range map[string][]byte{"empty": nil, "small": []byte("abc"), "large": randomBytes(3_500_000), "zeros": make([]byte, 5_000_000)} {
			ref, err := s.Put(ctx, key, data)
			if err != nil {
				t.Fatal(key, err)
			}
			if want := map[string]int{"large": 4}[key]; want > 0 && len(ref.Offsets) != want {
				t.Errorf("%s has %d chunks", key, len(ref.Offsets))
			}
			got, err := s.Get(ctx, ref)
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%s: %d bytes instead of %d, %v", key, len(got), len(data), err)
			}
		}
	})
}

// Every way in which a Ref and the topic can disagree is an error that says so.
func TestF20_SegmentThatIsNotWhatWasWritten(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		s := openTestSegments(t, cfg)
		ctx := within(t, 20*time.Second)
		data := randomBytes(2_500_000)
		ref, err := s.Put(ctx, "a", data)
		if err != nil {
			t.Fatal(err)
		}
		other := sameSizeElsewhere(t, s, ref)
		for name, spoil := range map[string]func(r *Ref){
			"wrong sum":      func(r *Ref) { r.CRC++ },
			"wrong length":   func(r *Ref) { r.Bytes++ },
			"negative":       func(r *Ref) { r.Bytes = -1 },
			"chunk missing":  func(r *Ref) { r.Offsets = r.Offsets[:2] },
			"no chunks":      func(r *Ref) { r.Offsets = nil },
			"another key":    func(r *Ref) { r.Key = "b" },
			"another record": func(r *Ref) { r.Offsets[0] = other.Offsets[0]; slices.Sort(r.Offsets) },
			"beyond the end": func(r *Ref) { r.Offsets[2] = 1000 },
			"order":          func(r *Ref) { slices.Reverse(r.Offsets) },
		} {
			bad := ref
			bad.Offsets = slices.Clone(ref.Offsets)
			spoil(&bad)
			got, err := s.Get(ctx, bad)
			var detail *SegmentError
			if !errors.As(err, &detail) || codeOf(err) != CodeSegment || got != nil {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
		}
		if got, err := s.Get(ctx, ref); err != nil || !bytes.Equal(got, data) {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// sameSizeElsewhere writes segments until one is in the same partition.
func sameSizeElsewhere(t *testing.T, s *Segments, ref Ref) Ref {
	t.Helper()
	for i := range 100 {
		other, err := s.Put(within(t, 10*time.Second), strings.Repeat("x", i+1), []byte("other"))
		if err != nil {
			t.Fatal(err)
		}
		if other.Partition == ref.Partition {
			return other
		}
	}
	t.Fatal("no key falls into the partition")
	return Ref{}
}

// A chunk damaged in the topic itself: its own checksum says so.
func TestF20_SegmentChunkDamaged(t *testing.T) {
	_, cfg := startEmbedded(t)
	s := openTestSegments(t, cfg)
	ctx := within(t, 20*time.Second)
	ref := Ref{Key: "k", Bytes: 3, CRC: 0x364b3fb7, Offsets: []event.Offset{0}} // CRC-32C of "abc"
	good := appendChunk(nil, &ref, 0, 1, s.encode.EncodeAll([]byte("abc"), nil))
	p := event.Partition{Topic: s.topic}
	w, err := OpenProducer(ctx, cfg, ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	values := [][]byte{good}
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 1 << (i % 8)
		values = append(values, bad)
	}
	values = append(values, good[:20], nil, []byte{})
	for _, v := range values {
		if err := w.Send(ctx, p, Message{Key: []byte("k/0"), Value: v}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range values {
		ref.Offsets = []event.Offset{event.Offset(i)}
		got, err := s.Get(ctx, ref)
		if i == 0 {
			if err != nil || string(got) != "abc" {
				t.Fatalf("%q, %v", got, err)
			}
		} else if codeOf(err) != CodeSegment {
			t.Errorf("version %d: %q, %v", i, got, err)
		}
	}
}

func TestSegmentsTombstoneDeletes(t *testing.T) {
	b, cfg := startEmbedded(t)
	s := openTestSegments(t, cfg)
	ctx := within(t, 20*time.Second)
	gone, err := s.Put(ctx, "gone", randomBytes(2_000_000))
	if err != nil {
		t.Fatal(err)
	}
	kept := sameSizeElsewhere(t, s, gone)
	if err := s.Tombstone(ctx, gone); err != nil {
		t.Fatal(err)
	}
	sameSizeElsewhere(t, s, gone) // the last batch is never compacted
	b.Fake().Compact()
	if got, err := s.Get(ctx, gone); codeOf(err) != CodeSegment {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got, err := s.Get(ctx, kept); err != nil || string(got) != "other" {
		t.Errorf("%q, %v", got, err)
	}
}

// A failed read is tried again; it is not damage.
func TestF20_SegmentReadErrorIsRetried(t *testing.T) {
	_, plain := startEmbedded(t)
	cfg, w := through(plain)
	s := openTestSegments(t, cfg)
	ctx := within(t, 20*time.Second)
	data := randomBytes(2_000_000)
	ref, err := s.Put(ctx, "k", data)
	if err != nil {
		t.Fatal(err)
	}
	w.deaf.Store(true)
	go func() {
		time.Sleep(700 * time.Millisecond)
		w.deaf.Store(false)
		w.cut()
	}()
	if got, err := s.Get(ctx, ref); err != nil || !bytes.Equal(got, data) {
		t.Fatal(err)
	}
}
