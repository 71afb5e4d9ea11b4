package sheet

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/advertisex/adjoin/internal/config"
)

// Threshold is a condition on a run, such as e2e_p99<250ms, and what came of it.
type Threshold struct {
	Expr  string  `json:"expr"`
	Value float64 `json:"value"` // measured, in the unit of the limit: seconds, share, number
	OK    bool    `json:"ok"`
	// Measured is false when the run has no such figure, which fails.
	Measured bool `json:"measured"`

	name, op string
	limit    float64
}

// unit is how a figure's limit is written.
type unit uint8

const (
	number unit = iota
	duration
	share
	size
	rate
)

// figure is something that a threshold may name.
type figure struct {
	unit unit
	of   func(*Run) (float64, bool)
}

// figures are all of them. e2e is from the scheduled send to the committed row.
func figures() map[string]figure {
	latency := func(pick func(*Latency) float64) func(*Run) (float64, bool) {
		return func(r *Run) (float64, bool) { return pick(&r.Latency), r.Latency.Count > 0 }
	}
	joined := func(pick func(*Latency) float64) func(*Run) (float64, bool) {
		return func(r *Run) (float64, bool) {
			if r.LatencyJoined == nil || r.LatencyJoined.Count == 0 {
				return 0, false
			}
			return pick(r.LatencyJoined), true
		}
	}
	plain := func(pick func(*Run) float64) func(*Run) (float64, bool) {
		return func(r *Run) (float64, bool) { return pick(r), true }
	}
	out := map[string]figure{
		"lost":                       {number, plain(func(r *Run) float64 { return float64(r.Lost) })},
		"duplicated":                 {number, plain(func(r *Run) float64 { return float64(r.Duplicated) })},
		"wrong":                      {number, plain(func(r *Run) float64 { return float64(r.Wrong) })},
		"events_per_second":          {rate, plain(func(r *Run) float64 { return r.EventsPerSecond })},
		"cpu_microseconds_per_event": {number, func(r *Run) (float64, bool) { return r.CPUPerEvent, r.CPUPerEvent > 0 }},
		"late_share":                 {share, plain(func(r *Run) float64 { return r.LateShare })},
		"gc_cpu_share":               {share, plain(func(r *Run) float64 { return r.GCShare })},
		"peak_rss":                   {size, func(r *Run) (float64, bool) { return float64(r.PeakRSSBytes), r.PeakRSSBytes > 0 }},
	}
	for name, pick := range map[string]func(*Latency) float64{
		"p50": func(l *Latency) float64 { return l.P50 }, "p90": func(l *Latency) float64 { return l.P90 },
		"p99": func(l *Latency) float64 { return l.P99 }, "p999": func(l *Latency) float64 { return l.P999 },
		"max": func(l *Latency) float64 { return l.Max },
	} {
		out["e2e_"+name] = figure{duration, latency(pick)}
		out["joined_"+name] = figure{duration, joined(pick)}
	}
	return out
}

// FigureNames are the names that a threshold may use, sorted.
func FigureNames() []string { return slices.Sorted(maps.Keys(figures())) }

// operators, longer ones first: <= begins with <.
func operators() []string { return []string{"<=", ">=", "==", "<", ">"} }

// ParseThreshold reads NAME OP LIMIT: a figure, one of < <= == >= >, and a limit
// in the figure's unit (250ms, 1%, 2GiB, 100k/s, or a plain number).
func ParseThreshold(expr string) (Threshold, error) {
	t := Threshold{Expr: expr}
	var text string
	for _, op := range operators() {
		if name, limit, ok := strings.Cut(expr, op); ok {
			t.name, t.op, text = strings.TrimSpace(name), op, strings.TrimSpace(limit)
			break
		}
	}
	if t.op == "" {
		return t, fmt.Errorf("threshold %q has none of < <= == >= >; write for example e2e_p99<250ms or lost==0", expr)
	}
	f, known := figures()[t.name]
	if !known {
		return t, fmt.Errorf("threshold %q: no figure is called %q; there are %s", expr, t.name, strings.Join(FigureNames(), ", "))
	}
	var err error
	if t.limit, err = parseLimit(text, f.unit); err != nil {
		return t, fmt.Errorf("threshold %q: %w", expr, err)
	}
	return t, nil
}

func parseLimit(text string, u unit) (float64, error) {
	switch u {
	case duration:
		d, err := config.ParseDuration(text)
		return d.Seconds(), err
	case share:
		v, err := config.ParseShare(text)
		return float64(v), err
	case size:
		v, err := config.ParseSize(text)
		return float64(v), err
	case rate:
		v, err := config.ParseRate(text)
		return float64(v), err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return v, nil
}

// Judge is the threshold with what the run came to.
func (t Threshold) Judge(r *Run) Threshold {
	t.Value, t.Measured = figures()[t.name].of(r)
	switch t.op {
	case "<":
		t.OK = t.Value < t.limit
	case "<=":
		t.OK = t.Value <= t.limit
	case "==":
		t.OK = t.Value == t.limit
	case ">=":
		t.OK = t.Value >= t.limit
	case ">":
		t.OK = t.Value > t.limit
	}
	t.OK = t.OK && t.Measured
	return t
}

// Unit is what Value counts: seconds, share, bytes, or number.
func (t Threshold) Unit() string {
	switch figures()[figureOf(t.Expr)].unit {
	case duration:
		return "seconds"
	case share:
		return "share"
	case size:
		return "bytes"
	}
	return "number"
}

// figureOf is the name at the front of a threshold, which may have been read from
// a document.
func figureOf(expr string) string {
	end := strings.IndexAny(expr, "<>=")
	return strings.TrimSpace(expr[:max(end, 0)])
}
