package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/bench/compare"
	"github.com/advertisex/adjoin/bench/sheet"
)

func aRun() *sheet.Run {
	return &sheet.Run{
		FormatVersion: 1, Kind: sheet.KindRun, Valid: true, Target: "demo", Schedule: "1,000/s for 3s", Offered: 3000, Sent: 3000,
		Latency: sheet.Latency{P50: 0.5, P99: 1.2, Max: 1.5, Count: 3000}, LatencyJoined: &sheet.Latency{P50: 0.002, P99: 0.009, Max: 0.01, Count: 3000},
		Histogram: []sheet.Bucket{{Upper: 0.5, Count: 1000}, {Upper: 1, Count: 2000}}, Joined: []sheet.Bucket{{Upper: 0.01, Count: 3000}},
		Thresholds: []sheet.Threshold{{Expr: "e2e_p99<2s", Value: 1.2, OK: true, Measured: true}},
		Stages:     map[string]sheet.Stage{"decode": {Busy: 0.2, Blocked: 0.1, Idle: 0.7}, "write": {Busy: 0.5, Idle: 0.5}},
		Series: []sheet.Second{
			{At: 1, Offered: 1000, Sent: 1000, Joined: 990, Committed: 500, LagJoined: 10, LagCommitted: 500, HeapBytes: 1 << 20, ResidentBytes: 5 << 20, GCShare: 0.01, CPU: 0.4, Busy: map[string]float64{"decode": 0.2}},
			{At: 2, Offered: 1000, Sent: 1000, Joined: 1010, Committed: 1500, HeapBytes: 2 << 20, ResidentBytes: 6 << 20, CPU: 0.5, Busy: map[string]float64{"decode": 0.3}},
		},
		Differences: []string{`<script>alert("x")</script>`},
	}
}

func someParts() *sheet.Parts {
	cost := sheet.Cost{Events: 10, PartsNS: map[string]float64{"unpack": 50, "decode": 300, "route": 40, "insert": 20, "encode": 590}, SumNS: 1000, WholeNS: 1300, Ratio: 1.3, AllocsPerEvent: 0.25}
	return &sheet.Parts{FormatVersion: 1, Kind: sheet.KindParts, Cost: cost, Inputs: map[string]sheet.Cost{"clicks": cost}, BytesPerLiveImpression: 96.5, LiveImpressions: 10}
}

func someSweeps() *sheet.Sweeps {
	return &sheet.Sweeps{FormatVersion: 1, Kind: sheet.KindSweep, Sweeps: []sheet.Sweep{
		{Name: "shards", Unit: "user shards", Points: []sheet.Point{{Label: "1", WholeNS: 900}, {Label: "256", WholeNS: 1100}}},
		{Name: "skew", Unit: "kind of skew", Points: []sheet.Point{{Label: "even", WholeNS: 900}}},
	}}
}

// The page loads nothing, runs nothing, and escapes what it shows.
func TestThePageNeedsNothingElse(t *testing.T) {
	var b bytes.Buffer
	if err := HTML(&b, aRun(), someParts(), someSweeps()); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if bad := regexp.MustCompile(`(?i)<script|<link|<img|<iframe|src=|href=|url\(|@import|https?://`).FindString(page); bad != "" {
		t.Errorf("the page holds %q", bad)
	}
	for _, want := range []string{
		"Latency, scheduled send to committed row", "joined in memory", "Throughput", "Lag", "Memory", "Garbage collection",
		"Stages, shares of the time", "blocked", "Cost sheet", "1.30", "96.5 bytes", "Cost by user shards", "&lt;script&gt;", "e2e_p99&lt;2s",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if figures, tables := strings.Count(page, "<svg"), strings.Count(page, "As a table"); figures < 12 || figures != tables {
		t.Errorf("%d charts, %d of them as a table", figures, tables)
	}
}

// Every chart is XML by itself.
func TestChartsAreWellFormed(t *testing.T) {
	for _, c := range []chart{
		{title: `a "b" <c>`, x: "x & y", xs: []float64{1, 2, 3}, lines: []series{{"l<", []float64{1, math.NaN(), 3}}}},
		{title: "bars", labels: []string{"<a>", "b"}, bars: true, lines: []series{{"l", []float64{0, 5}}, {"m", []float64{2, math.NaN()}}}},
		{title: "one point", xs: []float64{7}, lines: []series{{"l", []float64{0}}}},
		{title: "log", logX: true, xs: []float64{0, 10, 100}, lines: []series{{"l", []float64{1, 2, 3}}}},
	} {
		d := xml.NewDecoder(strings.NewReader(string(c.svg())))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Errorf("%s: %v\n%s", c.title, err, c.svg())
				break
			}
		}
		if strings.Contains(string(c.svg()), "NaN") || strings.Contains(string(c.svg()), "Inf") {
			t.Errorf("%s draws what is no number", c.title)
		}
	}
}

// Height 240, margins 12 and 44: 184 for the values, 0 at 196.
func TestValuesAreDrawnToScale(t *testing.T) {
	if y := level(0, 10); y != 196 {
		t.Error(y)
	}
	if y := level(10, 10); y != 12 {
		t.Error(y)
	}
	if y := level(5, 10); y != 104 {
		t.Error(y)
	}
	for v, want := range map[float64]float64{0: 1, 1: 1, 1.1: 2, 3: 5, 7: 10, 180: 200, 0.03: 0.05} {
		if got := roundUp(v); math.Abs(got-want) > want/1e6 {
			t.Errorf("above %g is %g, want %g", v, got, want)
		}
	}
}

func TestText(t *testing.T) {
	run := RunText(aRun())
	for _, want := range []string{"p99 1.2s", "p99 9ms", "lost 0, duplicated 0, wrong 0", "✓ e2e_p99<2s (1.2s)", "✓ valid"} {
		if !strings.Contains(run, want) {
			t.Errorf("no %q in\n%s", want, run)
		}
	}
	for change, want := range map[string]func(*sheet.Run){
		"✗ not valid":        func(r *sheet.Run) { r.Invalidate("because") },
		"✗ not correct":      func(r *sheet.Run) { r.Lost = 1 },
		"✗ a threshold":      func(r *sheet.Run) { r.Thresholds[0].OK = false },
		"✗ records were not": func(r *sheet.Run) { r.Offered = 4000 },
	} {
		r := aRun()
		want(r)
		if text := RunText(r); !strings.Contains(text, change) || r.Good() {
			t.Errorf("no %q in\n%s", change, text)
		}
	}
	if text := PartsText(someParts()); !strings.Contains(text, "1.30") || !strings.Contains(text, "clicks") {
		t.Error(text)
	}
	if text := CompareText(&compare.Report{Figures: []compare.Figure{{Name: "f", Says: "worse"}}, Warnings: []string{"careful"}}); !strings.Contains(text, "worse") || !strings.Contains(text, "note: careful") {
		t.Error(text)
	}
	if err := HTML(io.Discard, 7); err == nil {
		t.Error("a report of a number")
	}
}

func TestUnits(t *testing.T) {
	for got, want := range map[string]string{
		seconds(0.000_05): "50us", seconds(0.0123): "12.3ms", seconds(5.05): "5.05s", short(5000): "5000", short(123_456): "123k",
		size(3 << 30): "3 GiB", size(100): "100 B", percent(0.0263): "2.63 %",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
