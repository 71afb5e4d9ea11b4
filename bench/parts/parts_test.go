package parts

import (
	"bytes"
	"testing"

	"go.uber.org/goleak"

	"github.com/advertisex/adjoin/bench/gen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func input(t *testing.T, c InputConfig) *Input {
	t.Helper()
	in, err := NewInput(c)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// Every kind has all its parts, and the whole takes as many events as decoding
// gives, which Measure checks itself.
func TestEveryKindIsMeasured(t *testing.T) {
	for _, kind := range Kinds() {
		in := input(t, InputConfig{Kind: kind, Records: 5_000, Seed: 1})
		c, err := Measure(t.Context(), in, Engine{Dir: t.TempDir(), Shards: 4}, 1)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		sum := 0.0
		for _, name := range Names() {
			if c.PartsNS[name] < 0 {
				t.Errorf("%s: part %s is %g", kind, name, c.PartsNS[name])
			}
			sum += c.PartsNS[name]
		}
		if in.Records != 5_000 || c.Events < 5_000 || c.WholeNS <= 0 || sum != c.SumNS || len(c.PartsNS) != 5 || c.AllocsPerEvent <= 0 {
			t.Errorf("%s: %d records, %+v", kind, in.Records, c)
		}
	}
	if _, err := NewInput(InputConfig{Kind: "views"}); err == nil {
		t.Error("a kind that does not exist is made")
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	a, b := input(t, InputConfig{Kind: Mixed, Records: 3_000, Seed: 7}), input(t, InputConfig{Kind: Mixed, Records: 3_000, Seed: 7})
	for i := range a.fetches {
		if !bytes.Equal(a.fetches[i].raw, b.fetches[i].raw) {
			t.Fatalf("batch %d differs", i)
		}
	}
	other := input(t, InputConfig{Kind: Mixed, Records: 3_000, Seed: 8})
	if bytes.Equal(a.fetches[0].raw, other.fetches[0].raw) {
		t.Error("another seed, the same bytes")
	}
}

// 50,000 live impressions take between a pointer-free minimum (an id, a time and a
// user: 20 bytes) and ten times the goal.
func TestLiveGrowsWithWhatIsKept(t *testing.T) {
	in := input(t, InputConfig{Kind: Impressions, Records: 50_000, Seed: 3})
	each, live, err := in.Live(4)
	if err != nil || live < 45_000 || each < 20 || each > 1_280 {
		t.Errorf("%g bytes for each of %d, %v", each, live, err)
	}
}

func TestMutateSeesEveryRecord(t *testing.T) {
	seen := 0
	in := input(t, InputConfig{Kind: Impressions, Records: 1_000, Mutate: func(n int, rec *gen.Record) {
		if n != seen {
			t.Errorf("record %d is called %d", seen, n)
		}
		seen++
		rec.Value = append(rec.Value, ' ')
	}})
	if seen != 1_000 || in.Records != 1_000 {
		t.Error(seen, in.Records)
	}
}

func TestTableTellsNewFromSeen(t *testing.T) {
	table := newHashTable(3)
	if len(table.slots) != 8 {
		t.Errorf("%d slots for 3 hashes", len(table.slots))
	}
	// 1, 9 and 17 share a slot; 0 is taken for 1.
	for _, step := range []struct {
		hash  uint64
		isNew bool
	}{{1, true}, {9, true}, {17, true}, {9, false}, {0, false}, {2, true}, {1, false}} {
		if table.insert(step.hash) != step.isNew {
			t.Errorf("hash %d is new: %v", step.hash, !step.isNew)
		}
	}
	if table.used != 4 {
		t.Errorf("%d used, want 4", table.used)
	}
}
