package law

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	histories = flag.Int("histories", 20_000, "random histories")
	firstSeed = flag.Uint64("seed", 1, "seed of the first history")
)

// Whatever the order of arrival, the shards, the cuts and the restores, the
// engine says what the oracle says.
func TestK1_RandomHistories(t *testing.T) {
	n := *histories
	if testing.Short() {
		n = min(n, 1000)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			e := newEngine(t)
			for i := next.Add(1) - 1; i < int64(n) && !t.Failed(); i = next.Add(1) - 1 {
				e.holds(t, *firstSeed+uint64(i))
			}
		})
	}
	wg.Wait()
}

func (e *engine) holds(t *testing.T, seed uint64) {
	history := newHistory(seed)
	r := rand.New(rand.NewPCG(seed, 2))
	for range 2 {
		w := randomWay(r)
		if complaint := e.judge(history, w); complaint != "" {
			small := e.shrink(history, w)
			t.Errorf("seed %d, %s: repeat it with -args -seed %d -histories 1\n%s\nshrunk to:\n%s\n%s",
				seed, w, seed, complaint, print(small), e.judge(small, w))
			return
		}
	}
}

// judge says how the engine differs from the oracle; "" for not at all.
func (e *engine) judge(history []record, w way) string {
	history = opened(history)
	want, err := expected(history)
	if err != nil {
		return "oracle: " + err.Error()
	}
	got, err := e.run(history, w)
	if err != nil {
		return "engine: " + err.Error()
	}
	return difference(want, got)
}

// shrink leaves out records, in ever smaller runs, as long as what is left
// still fails (delta debugging, Zeller 1999).
func (e *engine) shrink(history []record, w way) []record {
	for size := len(history) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(history); {
			without := append(append([]record{}, history[:i]...), history[i+size:]...)
			if e.judge(without, w) != "" {
				history = without
			} else {
				i += size
			}
		}
	}
	return history
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
