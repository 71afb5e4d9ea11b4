package kafka

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// TestRecycledMemoryIsUsedAgainAndNeverTooSoon reads topics of every codec twice
// over, giving back every other chunk, and holds what is kept to what was sent.
// A piece of memory lent twice would show another record's value.
func TestRecycledMemoryIsUsedAgainAndNeverTooSoon(t *testing.T) {
	_, cfg := startEmbedded(t)
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		t.Run(codec, func(t *testing.T) { recycleHalf(t, cfg, codec) })
	}
}

func recycleHalf(t *testing.T, cfg Config, codec string) {
	const n = 3000
	topic := makeTopic(t, cfg, 2, nil)
	ctx := within(t, 30*time.Second)
	w, err := OpenProducer(ctx, cfg, ProducerConfig{BatchRecords: 50, Compression: codec})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	value := func(at event.Offset) []byte { return bytes.Repeat(fmt.Appendf(nil, "%d,", at), 40) }
	for i := range event.Offset(n) {
		for id := range int32(2) {
			if err := w.Send(ctx, event.Partition{Topic: topic, ID: id}, Message{Time: 1000, Value: value(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSource(ctx, cfg, SourceConfig{MaxBytesPartition: 16 << 10,
		Partitions: map[event.Partition]event.Offset{{Topic: topic}: 0, {Topic: topic, ID: 1}: 0}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var kept []Chunk
	for read, chunks := 0, 0; read < 2*n; chunks++ {
		c, err := s.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		read += len(c.Records)
		for _, r := range c.Records {
			if !bytes.Equal(r.Value, value(r.Offset)) {
				t.Fatalf("offset %d: %.20q", r.Offset, r.Value)
			}
		}
		if chunks%2 == 0 {
			s.Recycle(&c)
			s.Recycle(&c) // an empty one is no harm
		} else {
			kept = append(kept, c)
		}
	}
	for _, c := range kept {
		for _, r := range c.Records {
			if !bytes.Equal(r.Value, value(r.Offset)) {
				t.Fatalf("offset %d changed after it was read: %.20q", r.Offset, r.Value)
			}
		}
	}
}

func TestSpareLendsWhatFits(t *testing.T) {
	s := &spare{limit: 1000}
	s.put(make([]byte, 300))
	s.put(make([]byte, 600))
	s.put(make([]byte, 200)) // over the limit: not kept
	if b := s.take(50); cap(b) != 50 {
		t.Errorf("50 bytes were given %d", cap(b))
	}
	if b := s.take(250); cap(b) != 300 {
		t.Errorf("250 bytes were given %d, want the smallest that fits", cap(b))
	}
	if b := s.take(400); cap(b) != 600 || len(b) != 0 {
		t.Errorf("400 bytes were given %d of %d", len(b), cap(b))
	}
	if b := s.take(400); cap(b) != 400 || s.held != 0 {
		t.Errorf("nothing was left, yet 400 bytes were given %d", cap(b))
	}
	s.putRecords(make([]Record, 3, 10))
	if r := s.takeRecords(11); cap(r) != 11 {
		t.Error("too small a slice was lent")
	}
	if r := s.takeRecords(9); cap(r) != 10 || len(r) != 0 {
		t.Error("a slice that fits was not lent")
	}
}
