package batch_test

import (
	"encoding/binary"
	"testing"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/codecs/batch"
	"github.com/advertisex/adjoin/internal/event"
)

// impressionsAround is 50 impressions with a click after the tenth: runs of 10,
// 32 and 8.
func impressionsAround() []byte {
	b := batch.NewBuilder()
	b.Reset(event.Range{Partition: partition, From: 0, To: 51}, 1)
	for i := range event.Offset(51) {
		if i == 10 {
			b.Click(click(i))
			continue
		}
		b.Impression(impression(i))
	}
	return b.Bytes()
}

// A run is announced with its first impression, once, and holds what Next then
// gives, in order; Next says the same as without.
func TestRun_IsWhatNextGives(t *testing.T) {
	r, err := batch.Open(impressionsAround())
	if err != nil {
		t.Fatal(err)
	}
	var run []event.Impression
	var lengths []int
	for i := event.Offset(0); r.Next(); i++ {
		if env := r.Envelope(); env.Offset != i {
			t.Fatalf("event %d is read at offset %d", i, env.Offset)
		}
		if now := r.Run(); len(now) > 0 {
			if len(run) > 0 {
				t.Fatalf("a run begins at %d while %d of the last one are to come", i, len(run))
			}
			run, lengths = now, append(lengths, len(now))
		}
		if r.Kind() == event.KindImpression {
			if r.Impression() != &run[0] {
				t.Fatalf("impression %d is not the next of its run", i)
			}
			run = run[1:]
		}
	}
	if r.Err() != nil || len(lengths) != 3 || lengths[0] != 10 || lengths[1] != 32 || lengths[2] != 8 {
		t.Errorf("runs of %v, then %v", lengths, r.Err())
	}
}

// Damage inside a run is met where it is: what stands before it is given first.
func TestRun_EndsBeforeDamage(t *testing.T) {
	b := impressionsAround()
	body := b[:len(b)-20] // the last impression is cut off
	binary.LittleEndian.PutUint64(body, xxh3.Hash(body[8:]))
	r, err := batch.Open(body)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r.Next() {
		n++
	}
	if n != 50 || r.Err() == nil {
		t.Errorf("%d events, then %v; want 50 and an error", n, r.Err())
	}
}
