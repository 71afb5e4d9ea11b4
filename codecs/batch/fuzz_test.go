package batch_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/codecs/batch"
)

// seal puts the checksum of its bytes into a batch, so that damage behind it
// reaches the reader.
func seal(b []byte) []byte {
	if len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, xxh3.Hash(b[8:]))
	}
	return b
}

// FuzzRead reads any bytes as a batch: never a panic, and what can be read is
// written back as an equal batch.
func FuzzRead(f *testing.F) {
	whole, _ := oneOfEach()
	f.Add(whole)
	empty := batch.NewBuilder()
	empty.Reset(batchRange, 0)
	f.Add(empty.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.Clone(b)
		if _, err := batch.Open(b); err == nil && len(b) < 8 {
			t.Fatal("a checksum of nothing matches")
		}
		r, err := batch.Open(seal(b))
		if err != nil {
			return
		}
		again := batch.NewBuilder()
		again.Reset(r.Range(), r.Shard())
		events := 0
		for ; r.Next(); events++ {
			add(again, current(r))
		}
		if r.Err() != nil {
			return
		}
		if events != r.Events() {
			t.Fatalf("%d events, the header says %d", events, r.Events())
		}
		compareBatches(t, b, again.Bytes())
	})
}

// compareBatches reads both and compares event by event, as one may be written
// with longer varints than needed.
func compareBatches(t *testing.T, a, b []byte) {
	t.Helper()
	ra, errA := batch.Open(a)
	rb, errB := batch.Open(b)
	if errA != nil || errB != nil || ra.Range() != rb.Range() || ra.Shard() != rb.Shard() {
		t.Fatalf("%v %v, %v %v", errA, errB, ra.Range(), rb.Range())
	}
	for ra.Next() {
		if !rb.Next() {
			t.Fatalf("written again it has fewer events: %v", rb.Err())
		}
		if diff := diffEvents(current(ra), current(rb)); diff != "" {
			t.Fatal(diff)
		}
	}
	if rb.Next() {
		t.Fatal("written again it has more events")
	}
}
