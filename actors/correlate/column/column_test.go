package column

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

func TestIndex_AgainstAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var x Index
	hashes := map[uint32]uint64{}
	next := uint32(0)
	for range 20_000 {
		if rng.IntN(3) > 0 || len(hashes) == 0 {
			hash := Mix(uint64(rng.IntN(3_000)), 7) // many equal hashes
			if x.Full() {
				x.Rebuild(func(add func(uint64, uint32)) {
					for n, h := range hashes {
						add(h, n)
					}
				})
			}
			x.Insert(hash, next)
			hashes[next] = hash
			next++
			continue
		}
		for n, h := range hashes {
			if !x.Remove(h, n) || x.Remove(h, n) {
				t.Fatalf("ordinal %d is not there once", n)
			}
			delete(hashes, n)
			break
		}
	}
	if x.Len() != len(hashes) {
		t.Fatalf("%d entries, want %d", x.Len(), len(hashes))
	}
	for n, h := range hashes {
		found := false
		for p := x.Probe(h); ; {
			got, ok := p.Next()
			if !ok {
				break
			}
			found = found || got == n
		}
		if !found {
			t.Fatalf("ordinal %d is lost", n)
		}
	}
}

func TestDictionary_SweepAndReuse(t *testing.T) {
	var d Dictionary
	for i := range 5_000 {
		if n, added := d.Put(fmt.Appendf(nil, "text %d", i)); int(n) != i || !added {
			t.Fatalf("text %d is ordinal %d, new %v", i, n, added)
		}
	}
	kept := d.Text(4_000)
	d.Sweep(func(n uint32) bool { return n%2 == 0 && n <= 4_000 })
	if kept != "text 4000" || d.Text(4_000) != kept || d.Has(4_001) || d.Has(3) || d.Len() != 4_001 {
		t.Fatalf("after the sweep: %q, %d ordinals", d.Text(4_000), d.Len())
	}
	if n, added := d.Put([]byte("another")); n != 1 || !added {
		t.Errorf("the smallest free ordinal is 1, got %d", n)
	}
	if n, added := d.Put([]byte("text 8")); n != 8 || added {
		t.Errorf("text 8 is ordinal %d, new %v", n, added)
	}
	var again Dictionary
	for n := range uint32(d.Len()) {
		if d.Has(n) && !again.Set(n, []byte(d.Text(n))) {
			t.Fatalf("ordinal %d cannot be set", n)
		}
	}
	again.Settle()
	if again.Set(1, []byte("taken")) || again.Set(4_002, []byte("text 8")) {
		t.Error("a taken ordinal or text was set")
	}
	a, _ := d.Put([]byte("last"))
	b, _ := again.Put([]byte("last"))
	if a != b {
		t.Errorf("the next free ordinal is %d, and %d in the copy", a, b)
	}
}

func TestSlab_KeepsRecords(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var s Slab
	records := map[Handle][]byte{}
	for range 5_000 {
		if rng.IntN(3) == 0 {
			for h := range records {
				s.Free(h)
				delete(records, h)
				break
			}
			continue
		}
		size := rng.IntN(300)
		if rng.IntN(50) == 0 {
			size = rng.IntN(200_000)
		}
		record := bytes.Repeat([]byte{byte(rng.IntN(256))}, size)
		h := s.Put(record)
		if _, taken := records[h]; taken || h == 0 {
			t.Fatalf("handle %d is not free", h)
		}
		records[h] = record
	}
	for h, want := range records {
		if !bytes.Equal(s.Get(h), want) {
			t.Fatalf("handle %d: other bytes", h)
		}
	}
}

func TestID_PacksAndUnpacks(t *testing.T) {
	for text, form := range map[string]Form{
		"123e4567-e89b-12d3-a456-426614174000": UUID,
		"s:0123456789abcdef0123456789abcdef":   Synthetic,
		"0123456789abcdef0123456789abcdef":     Hex128,
		"123E4567-e89b-12d3-a456-426614174000": Plain, // would come back in lower case
		"123e4567-e89b-12d3-a456_426614174000": Plain,
		"123e4567-e89b-12d3-a456-42661417400g": Plain,
		"i1":                                   Plain,
		"":                                     Plain,
	} {
		id, f := Pack(text)
		if f != form {
			t.Errorf("%q has form %d", text, f)
		}
		if f != Plain && string(id.AppendText(nil, f)) != text {
			t.Errorf("%q comes back as %q", text, id.AppendText(nil, f))
		}
	}
}

func TestTimers_InOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var h Timers[uint32]
	var want []int64
	for i := range uint32(2_000) {
		at := rng.Int64N(1_000)
		h.Push(event.Time(at), i)
		want = append(want, at)
	}
	slices.Sort(want)
	for i, at := range want {
		if _, ok := h.Pop(event.Time(at)); ok {
			t.Fatal("an entry is due at its own time, not before now")
		}
		got, ok := h.Pop(event.Time(at + 1))
		if !ok || int64(got.At) != at {
			t.Fatalf("entry %d is %v, want %d", i, got, at)
		}
	}
}
