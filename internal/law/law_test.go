package law

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	histories = flag.Int("histories", 100_000, "random histories")
	firstSeed = flag.Uint64("seed", 1, "seed of the first run of histories")
)

// together is how many histories one run of the engine takes. They share no
// user and no id, only campaigns and clocks.
const together = 100

// Whatever the order of arrival, the shards, the cuts and the restores, the
// engine says what the oracle says.
func TestK1_RandomHistories(t *testing.T) {
	runs := max(*histories/together, 1)
	if testing.Short() {
		runs = min(runs, 20)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			e := newEngine(t)
			for i := next.Add(1) - 1; i < int64(runs) && !t.Failed(); i = next.Add(1) - 1 {
				e.holds(t, *firstSeed+uint64(i))
			}
		})
	}
	wg.Wait()
}

func (e *engine) holds(t *testing.T, seed uint64) {
	run := runOf(seed, together)
	want, err := expected(run)
	if err != nil {
		t.Errorf("seed %d: the oracle: %v", seed, err)
		return
	}
	r := rand.New(rand.NewPCG(seed, 2))
	for range 2 {
		w := randomWay(r, len(run))
		if e.differs(run, w, want) == "" {
			continue
		}
		small, how := e.shrink(run, w)
		t.Errorf("seed %d, %s; again with -args -seed %d -histories 1; the fewest records that fail:\n%s\n%s",
			seed, how, seed, print(small), e.judge(small, how))
		return
	}
}

// judge says how the engine differs from the oracle; "" for not at all.
func (e *engine) judge(history []record, w way) string {
	want, err := expected(history)
	if err != nil {
		return "the oracle: " + err.Error()
	}
	return e.differs(history, w, want)
}

func (e *engine) differs(history []record, w way, want tables) string {
	got, err := e.run(history, w)
	if err != nil {
		return "the engine: " + err.Error()
	}
	return difference(want, got)
}

// shrink leaves out whole histories and then ever smaller runs of records, as
// long as what is left still fails (delta debugging, Zeller 1999), with a cut
// after every record if it fails that way too.
func (e *engine) shrink(run []record, w way) ([]record, way) {
	often := w
	often.cutEvery = 1
	if e.judge(run, often) != "" {
		w = often
	}
	try := func(less []record) bool {
		fails := e.judge(less, w) != ""
		if fails {
			run = less
		}
		return fails
	}
	for story := range together {
		try(slices.DeleteFunc(slices.Clone(run), func(r record) bool { return r.story == story }))
	}
	for size := max(len(run)/2, 1); size > 0; size /= 2 {
		for i := 0; i+size <= len(run); {
			if !try(slices.Delete(slices.Clone(run), i, i+size)) {
				i += size
			}
		}
	}
	return run, w
}

func print(history []record) string {
	var b strings.Builder
	for _, p := range split(history) {
		for offset, r := range p {
			fmt.Fprintf(&b, "%s/%d@%d %s %q\n", r.topic, r.partition, offset, stamp(r.time), r.value)
		}
	}
	return b.String()
}
