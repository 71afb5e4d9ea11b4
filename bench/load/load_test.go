package load

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var p0 = event.Partition{Topic: "t"}

// target is a Kafka and an engine in one: what is sent is joined and committed
// at once, but Send number stallAt takes a while.
type target struct {
	tracker *Tracker
	start   time.Time
	offset  event.Offset
	stallAt event.Offset
	stall   time.Duration
	failAt  event.Offset
}

func (g *target) Send(_ context.Context, _ event.Partition, m kafka.Message) error {
	if g.offset++; g.offset == g.stallAt {
		time.Sleep(g.stall)
	}
	if g.offset == g.failAt {
		return errors.New("refused")
	}
	next := map[event.Partition]event.Offset{p0: g.offset}
	g.tracker.Reached(Joined, next, time.Since(g.start))
	g.tracker.Reached(Committed, next, time.Since(g.start))
	return nil
}
func (*target) Push() error                 { return nil }
func (*target) Flush(context.Context) error { return nil }

// drive runs ten seconds of 1,000/s without warm-up against a target.
func drive(t *testing.T, g *target, make time.Duration) (Sent, *Tracker, error) {
	t.Helper()
	plan := Plan{Duration: 10 * time.Second, From: 1000, To: 1000}
	g.tracker, g.start = NewTracker(plan, nil, Joined, Committed), time.Now()
	sent, err := Drive(t.Context(), Config{
		Plan: plan, To: g, Tracker: g.tracker, Start: g.start,
		Next: func(r *gen.Record) bool {
			time.Sleep(make)
			*r = gen.Record{Topic: "t", Value: []byte("v")}
			return true
		},
	})
	return sent, g.tracker, err
}

func TestAQuickTargetIsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, tracker, err := drive(t, &target{}, 0)
		if err != nil || sent.Records != 10_000 || sent.Late != 0 || !sent.Delivered {
			t.Fatalf("%+v %v", sent, err)
		}
		l := tracker.Latency(Committed)
		if l.Count != 10_000 || l.Max > 0.0021 {
			t.Errorf("%+v: a record waits at most for the next tick", l)
		}
		if sent.Whole < 9990*time.Millisecond || sent.Whole > 10_100*time.Millisecond {
			t.Errorf("ten seconds of records took %s", sent.Whole)
		}
	})
}

// A target that stands still for one of ten seconds makes a tenth of the records
// wait, evenly from one second down to none: the slowest hundredth of all waits
// 0.9 s and more. A generator that waited with the target would have seen one
// slow record of 10,000.
func TestCoordinatedOmissionDoesNotHide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, tracker, err := drive(t, &target{stallAt: 5000, stall: time.Second}, 0)
		if err != nil {
			t.Fatal(err)
		}
		l := tracker.Latency(Joined)
		if math.Abs(l.P99-0.9) > 0.02 || math.Abs(l.Max-1) > 0.01 || l.P50 > 0.0021 {
			t.Errorf("latency %+v, want p99 0.9 s, max 1 s, p50 a tick", l)
		}
		if sent.Saturated() || sent.Late != 0 || sent.ByTarget < 900 || sent.Held < 990*time.Millisecond {
			t.Errorf("%+v: the target was slow, not the generator", sent)
		}
	})
}

// A generator that needs 2 ms for a record cannot make 1,000 a second.
func TestASaturatedGeneratorIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, _, err := drive(t, &target{}, 2*time.Millisecond)
		if err != nil || !sent.Saturated() || sent.Starved == 0 {
			t.Errorf("%+v %v", sent, err)
		}
	})
}

func TestAFailingTargetEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, _, err := drive(t, &target{failAt: 100}, 0)
		if err == nil || err.Error() != "refused" || sent.Delivered {
			t.Errorf("%+v %v", sent, err)
		}
	})
}

// Four records due at 1, 2, 3 and 4 s, of which the first is warm-up; joined at
// 5 s: latencies 3, 2 and 1 s. Committed at 14 s up to the third: 12 and 11 s.
func TestLatencyByHand(t *testing.T) {
	tracker := NewTracker(Plan{Warmup: 1500 * time.Millisecond}, map[event.Partition]event.Offset{p0: 100}, Joined, Committed)
	for s := range 4 {
		tracker.Sent(p0, time.Duration(s+1)*time.Second)
	}
	// Offsets that were not sent by us, and partitions, do not count.
	tracker.Reached(Joined, map[event.Partition]event.Offset{p0: 900, {Topic: "other"}: 5}, 5*time.Second)
	tracker.Reached(Committed, map[event.Partition]event.Offset{p0: 103}, 14*time.Second)
	tracker.Reached(Committed, map[event.Partition]event.Offset{p0: 102}, 15*time.Second) // an older vector
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > want/500 {
			t.Errorf("%s is %g, want %g", what, got, want)
		}
	}
	l := tracker.Latency(Joined)
	near("joined p50", l.P50, 2)
	near("joined max", l.Max, 3)
	near("joined count", float64(l.Count), 3)
	l = tracker.Latency(Committed)
	near("committed p50", l.P50, 11)
	near("committed p99", l.P99, 12)
	near("committed count", float64(l.Count), 2)
	if sent, joined, committed := tracker.Counts(); sent != 4 || joined != 4 || committed != 3 {
		t.Error(sent, joined, committed)
	}
	var n int64
	for _, b := range tracker.Histogram(Joined) {
		n += b.Count
		if b.Upper < 1 || b.Upper > 3*1.19 {
			t.Errorf("a bucket up to %g s", b.Upper)
		}
	}
	if n != 3 {
		t.Errorf("the histogram holds %d", n)
	}
}

// A tracker that never forgets would hold every record of a long run.
func TestWhatHasPassedIsForgotten(t *testing.T) {
	tracker := NewTracker(Plan{}, nil, Committed)
	for i := range event.Offset(100_000) {
		tracker.Sent(p0, 0)
		if i%100 == 99 {
			tracker.Reached(Committed, map[event.Partition]event.Offset{p0: i}, 0)
		}
	}
	if n := len(tracker.lanes[p0].due); n > 1000 {
		t.Errorf("%d records are still kept", n)
	}
}

// A target that answers at once and spends half a processor, seen for two seconds at
// 100/s: 100 events/s, and of 2 s of two goroutines the stage was busy 1 s and
// blocked 0.5 s.
func TestWatchByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := Plan{Warmup: time.Second, Duration: 2 * time.Second, From: 100, To: 100}
		start := time.Now()
		tracker := NewTracker(plan, nil, Joined, Committed)
		g := &target{tracker: tracker, start: start}
		probe := func() Probe {
			at := time.Since(start)
			return Probe{
				CPU: at / 2, GC: at / 20, Heap: 10, RSS: 20,
				Busy: map[string]time.Duration{"decode": at / 2}, Blocked: map[string]time.Duration{"decode": at / 4},
			}
		}
		w := Watch(t.Context(), WatchConfig{
			Plan: plan, Tracker: tracker, Start: start, Probe: probe, Stages: map[string]int{"decode": 2},
			Joined: func(next map[event.Partition]event.Offset) { next[p0] = g.offset },
		})
		sent, err := Drive(t.Context(), Config{Plan: plan, To: g, Tracker: tracker, Start: start, Next: func(r *gen.Record) bool {
			*r = gen.Record{Topic: "t"}
			return true
		}})
		if err != nil || sent.Records != 200 {
			t.Fatal(sent, err)
		}
		time.Sleep(time.Second)
		w.Stop()
		var r sheet.Run
		w.Fill(&r, 2, 0) // two events a record
		if math.Abs(r.EventsPerSecond-200) > 5 || math.Abs(r.CPUPerEvent-2500) > 60 || math.Abs(r.GCShare-0.1) > 1e-6 || r.PeakRSSBytes != 20 {
			t.Errorf("%g events/s, %g us, gc %g", r.EventsPerSecond, r.CPUPerEvent, r.GCShare)
		}
		s := r.Stages["decode"]
		if math.Abs(s.Busy-0.25) > 0.01 || math.Abs(s.Blocked-0.125) > 0.01 || math.Abs(s.Idle-0.625) > 0.01 {
			t.Errorf("%+v", s)
		}
		if len(r.Series) < 3 || math.Abs(r.Series[1].Offered-200) > 3 || r.Series[1].LagJoined > 2 || r.Series[1].HeapBytes != 10 {
			t.Errorf("%+v", r.Series)
		}
	})
}
