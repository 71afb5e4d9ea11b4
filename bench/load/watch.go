package load

import (
	"context"
	"sync"
	"time"

	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/event"
)

// Probe is what a target says of itself: sums since its start, and sizes now.
type Probe struct {
	CPU, GC   time.Duration
	Heap, RSS int64
	Busy      map[string]time.Duration // by stage, summed over its goroutines
	Blocked   map[string]time.Duration
}

// How often a run is looked at.
const (
	sampleEvery = 500 * time.Millisecond
	joinedEvery = time.Millisecond
)

// WatchConfig is what Watch looks at.
type WatchConfig struct {
	Plan    Plan
	Tracker *Tracker
	Start   time.Time
	Probe   func() Probe
	// Joined puts in what is joined in memory by partition; nil where the target
	// does not say.
	Joined func(map[event.Partition]event.Offset)
	// Stages is by stage how many of its goroutines can run at once.
	Stages map[string]int
}

// Watcher looks at a run until Stop.
type Watcher struct {
	cfg  WatchConfig
	stop context.CancelFunc
	done sync.WaitGroup
	all  []sample // of the sampling goroutine, until Stop
}

type sample struct {
	at                      time.Duration
	sent, joined, committed int64
	probe                   Probe
}

// Watch starts to look; Stop must be called.
func Watch(ctx context.Context, cfg WatchConfig) *Watcher {
	ctx, stop := context.WithCancel(ctx)
	w := &Watcher{cfg: cfg, stop: stop}
	w.done.Go(func() { w.sample(ctx) })
	if cfg.Joined != nil {
		w.done.Go(func() { w.poll(ctx) })
	}
	return w
}

func (w *Watcher) sample(ctx context.Context) {
	for i := 0; ; i++ {
		timer := time.NewTimer(time.Until(w.cfg.Start.Add(time.Duration(i) * sampleEvery)))
		select {
		case <-timer.C:
			w.look()
		case <-ctx.Done():
			timer.Stop()
			w.look()
			return
		}
	}
}

func (w *Watcher) look() {
	s := sample{at: time.Since(w.cfg.Start), probe: w.cfg.Probe()}
	s.sent, s.joined, s.committed = w.cfg.Tracker.Counts()
	w.all = append(w.all, s)
}

func (w *Watcher) poll(ctx context.Context) {
	next := map[event.Partition]event.Offset{}
	ticker := time.NewTicker(joinedEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.cfg.Joined(next)
			w.cfg.Tracker.Reached(Joined, next, time.Since(w.cfg.Start))
		}
	}
}

// Stop ends the watching and waits for it.
func (w *Watcher) Stop() {
	w.stop()
	w.done.Wait()
}

// Fill puts what was seen into the document. It is called after Stop. perRecord
// is how many events a record holds.
func (w *Watcher) Fill(r *sheet.Run, perRecord float64, generator time.Duration) {
	r.Series = w.series(perRecord)
	for _, s := range w.all {
		r.PeakRSSBytes = max(r.PeakRSSBytes, s.probe.RSS)
	}
	first, last := w.window()
	if first == nil || last.at <= first.at {
		return
	}
	seconds := (last.at - first.at).Seconds()
	through := last.committed - first.committed
	if w.cfg.Joined != nil {
		through = last.joined - first.joined
	}
	events := float64(through) * perRecord
	r.EventsPerSecond = events / seconds
	cpu := last.probe.CPU - first.probe.CPU
	if cpu <= 0 || events == 0 {
		return
	}
	r.GCShare = shareOf(last.probe.GC-first.probe.GC, cpu)
	// The generator works evenly over the whole run.
	whole := w.all[len(w.all)-1].at.Seconds()
	cpu -= time.Duration(float64(generator) * min(seconds/whole, 1))
	r.CPUPerEvent = cpu.Seconds() * 1e6 / events
	r.Stages = w.stagesBetween(first, last)
}

// shareOf is a part of the processor time, from 0 to 1: the runtime books a
// collection when it ends, and a little more than it took on a busy machine.
func shareOf(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return min(max(float64(part)/float64(whole), 0), 1)
}

// window is the first and last sample while the measured schedule ran.
func (w *Watcher) window() (first, last *sample) {
	for i := range w.all {
		s := &w.all[i]
		if first == nil && s.at >= w.cfg.Plan.Warmup {
			first = s
		}
		if s.at <= w.cfg.Plan.Warmup+w.cfg.Plan.Duration+sampleEvery/2 {
			last = s
		}
	}
	return first, last
}

func (w *Watcher) stagesBetween(a, b *sample) map[string]sheet.Stage {
	out := map[string]sheet.Stage{}
	for name, width := range w.cfg.Stages {
		all := (b.at - a.at).Seconds() * float64(width)
		s := sheet.Stage{
			Busy:    (b.probe.Busy[name] - a.probe.Busy[name]).Seconds() / all,
			Blocked: (b.probe.Blocked[name] - a.probe.Blocked[name]).Seconds() / all,
		}
		s.Busy = min(s.Busy, 1)
		s.Blocked = min(s.Blocked, 1-s.Busy)
		s.Idle = 1 - s.Busy - s.Blocked
		out[name] = s
	}
	return out
}

// series is a Second for every two samples.
func (w *Watcher) series(perRecord float64) []sheet.Second {
	out := []sheet.Second{}
	const step = int(time.Second / sampleEvery)
	for i := step; i < len(w.all); i += step {
		a, b := &w.all[i-step], &w.all[i]
		took := (b.at - a.at).Seconds()
		if took <= 0 {
			continue
		}
		rate := func(from, to int64) float64 { return float64(to-from) * perRecord / took }
		due := w.cfg.Plan.Due(b.at)
		s := sheet.Second{
			At: b.at.Seconds(), Offered: rate(w.cfg.Plan.Due(a.at), due), Sent: rate(a.sent, b.sent),
			Joined: rate(a.joined, b.joined), Committed: rate(a.committed, b.committed),
			LagJoined: max(due-b.joined, 0), LagCommitted: max(due-b.committed, 0),
			HeapBytes: b.probe.Heap, ResidentBytes: b.probe.RSS,
			CPU: (b.probe.CPU - a.probe.CPU).Seconds() / took, Busy: map[string]float64{},
		}
		s.GCShare = shareOf(b.probe.GC-a.probe.GC, b.probe.CPU-a.probe.CPU)
		for name, width := range w.cfg.Stages {
			s.Busy[name] = min((b.probe.Busy[name]-a.probe.Busy[name]).Seconds()/took, float64(width))
		}
		out = append(out, s)
	}
	return out
}
