package load

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/event"
)

// Stage is how far a record has come.
type Stage uint8

// The stages that are measured.
const (
	Joined    Stage = iota // every shard has applied it
	Committed              // a valid commit covers it
	stages    = iota
)

// latencyMax is the largest latency that is told from larger ones.
const latencyMax = time.Hour

// Tracker knows when each record under way was due, and measures when offsets
// are reached. Its methods may be called from several goroutines.
type Tracker struct {
	plan   Plan
	starts map[event.Partition]event.Offset
	stages []Stage // that are told

	mu       sync.Mutex
	lanes    map[event.Partition]*lane
	sent     int64
	reached  [stages]int64
	measured [stages]*hdrhistogram.Histogram // microseconds
}

// lane is one partition: the due times of what has not passed every stage.
type lane struct {
	first event.Offset // offset of due[0]
	due   []time.Duration
	next  [stages]event.Offset // not reached
}

// NewTracker makes a tracker for partitions that nobody else writes to from the
// given offsets on. told are the stages that Reached will be called for.
func NewTracker(plan Plan, starts map[event.Partition]event.Offset, told ...Stage) *Tracker {
	t := &Tracker{plan: plan, starts: starts, stages: told, lanes: map[event.Partition]*lane{}}
	for i := range t.measured {
		t.measured[i] = hdrhistogram.New(1, latencyMax.Microseconds(), 3)
	}
	return t
}

// Sent notes the next record of a partition, which was due at a time since the
// start. It is called before the record is sent.
func (t *Tracker) Sent(p event.Partition, due time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lanes[p]
	if l == nil {
		from := t.starts[p]
		l = &lane{first: from}
		for s := range l.next {
			l.next[s] = from
		}
		t.lanes[p] = l
	}
	l.due = append(l.due, due)
	t.sent++
}

// Reached notes that at a time since the start every offset below those of next
// had reached a stage. Only records that were due after the warm-up are
// measured.
func (t *Tracker) Reached(s Stage, next map[event.Partition]event.Offset, at time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, to := range next {
		if l := t.lanes[p]; l != nil {
			t.pass(s, l, min(to, l.first+event.Offset(len(l.due))), at)
		}
	}
}

func (t *Tracker) pass(s Stage, l *lane, to event.Offset, at time.Duration) {
	for ; l.next[s] < to; l.next[s]++ {
		t.reached[s]++
		due := l.due[l.next[s]-l.first]
		if due < t.plan.Warmup {
			continue
		}
		// A latency beyond the histogram's range counts as the most it can hold.
		us := min(max((at-due).Microseconds(), 0), latencyMax.Microseconds())
		if err := t.measured[s].RecordValue(us); err != nil {
			panic(err) // it was cut to the range
		}
	}
	l.forget(t.stages)
}

// forget drops what has passed every stage, now and then.
func (l *lane) forget(told []Stage) {
	low := l.first + event.Offset(len(l.due))
	for _, s := range told {
		low = min(low, l.next[s])
	}
	if n := int(low - l.first); n > 0 && n >= len(l.due)/2 {
		l.due = append(l.due[:0], l.due[n:]...)
		l.first = low
	}
}

// Counts is how many records were sent and have reached each stage.
func (t *Tracker) Counts() (sent, joined, committed int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent, t.reached[Joined], t.reached[Committed]
}

// Latency is the quantiles of a stage so far.
func (t *Tracker) Latency(s Stage) sheet.Latency {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.measured[s]
	at := func(percentile float64) float64 { return float64(h.ValueAtPercentile(percentile)) / 1e6 }
	return sheet.Latency{P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: float64(h.Max()) / 1e6, Count: h.TotalCount()}
}

// bucketsPerOctave is how finely Histogram tells latencies apart: by a fifth.
const bucketsPerOctave = 4

// Histogram is the latencies of a stage in buckets whose bounds grow by the
// fourth root of two, empty ones left out.
func (t *Tracker) Histogram(s Stage) []sheet.Bucket {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []sheet.Bucket
	bounds := newBounds()
	for _, bar := range t.measured[s].Distribution() {
		if bar.Count == 0 {
			continue
		}
		upper := bounds.above(float64(bar.To) / 1e6)
		if n := len(out); n > 0 && out[n-1].Upper == upper {
			out[n-1].Count += bar.Count
			continue
		}
		out = append(out, sheet.Bucket{Upper: upper, Count: bar.Count})
	}
	return out
}
