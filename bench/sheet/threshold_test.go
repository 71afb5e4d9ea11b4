package sheet

import (
	"strings"
	"testing"
)

func TestThresholds(t *testing.T) {
	r := &Run{
		Latency: Latency{P99: 0.141, Max: 0.612, Count: 10}, Lost: 0, Wrong: 2, EventsPerSecond: 199_000,
		GCShare: 0.019, PeakRSSBytes: 3 << 30,
	}
	for expr, want := range map[string]bool{
		"e2e_p99<250ms": true, "e2e_p99 < 100ms": false, "e2e_max<=612ms": true, "lost==0": true, "wrong==0": false,
		"events_per_second>=200k/s": false, "events_per_second>150k/s": true, "gc_cpu_share<3%": true,
		"peak_rss<4GiB": true, "joined_p99<1h": false, // was not measured
	} {
		p, err := ParseThreshold(expr)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := p.Judge(r); got.OK != want {
			t.Errorf("%s is %v: %+v", expr, got.OK, got)
		}
	}
}

func TestThresholdsThatAreNone(t *testing.T) {
	for expr, say := range map[string]string{
		"e2e_p99": "has none of", "e2e_p98<1s": "no figure is called", "e2e_p99<250": "unit",
		"lost==none": "not a number", "gc_cpu_share<": "share", "peak_rss<3": "unit",
	} {
		_, err := ParseThreshold(expr)
		if err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%q: %v, want it to say %q", expr, err, say)
		}
	}
}
