package correlate

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

// What Ahead is told changes no row, no sum and no segment: whether the events
// come as announced, some of them or another in their place, or after the clocks
// and the reference data have moved.
func TestAhead_ChangesNothing(t *testing.T) {
	for seed := range uint64(20) {
		plain, want := runAhead(t, seed, false)
		told, got := runAhead(t, seed, true)
		if plain != told {
			t.Fatalf("seed %d: the tables differ:\n%s\n---\n%s", seed, plain, told)
		}
		if !bytes.Equal(want, got) {
			t.Fatalf("seed %d: the states differ", seed)
		}
	}
}

func runAhead(t *testing.T, seed uint64, tell bool) (string, []byte) {
	w := newWorld(t, func(c *Config) { c.Reference = lawReference(t) })
	rng := rand.New(rand.NewPCG(seed, 3))
	var all []event.Impression
	for _, e := range (&history{rng: rng}).make(200) {
		if imp, ok := e.(*event.Impression); ok {
			all = append(all, *imp)
		}
	}
	buf := make([]event.Impression, 48) // used again for every run, as a reader does
	for len(all) > 0 {
		n := min(1+rng.IntN(len(buf)), len(all))
		copy(buf, all[:n])
		announced := rng.IntN(4) != 0 // else what was said of the last run is all there is
		if tell && announced {
			w.shards[0].Ahead(buf[:n])
		}
		if rng.IntN(5) == 0 {
			w.shards[0].SetReference(lawReference(t))
		}
		for i := range n {
			if rng.IntN(10) == 0 {
				continue // one that the shard has already
			}
			w.consumed++
			w.shards[0].Impression(&buf[i])
		}
		all = all[n:]
		if rng.IntN(3) == 0 {
			w.end()
		}
	}
	w.fold(0, w.shards[0].Cut())
	return w.final(), w.shards[0].Segment(true)
}
