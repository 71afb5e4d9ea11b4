package compare

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/bench/sheet"
)

// MinRuns is the least number of runs a side.
const MinRuns = 3

// confident is the probability of chance below which two sides differ.
const confident = 0.05

// ErrNotEnough is the error of a comparison of fewer than MinRuns a side.
var ErrNotEnough = errors.New("not enough runs")

// Report is a comparison of two sides.
type Report struct {
	FormatVersion int      `json:"format_version"`
	A             Side     `json:"a"`
	B             Side     `json:"b"`
	Figures       []Figure `json:"figures"`
	Warnings      []string `json:"warnings"`
}

// Side is where the runs of a side come from.
type Side struct {
	Name string `json:"name"`
	Runs int    `json:"runs"`
}

// Verdict is what can be said of a figure.
type Verdict string

// The verdicts, of B against A.
const (
	Better Verdict = "better"
	Worse  Verdict = "worse"
	Same   Verdict = "no difference shown"
)

// Figure is one figure on both sides. Change is B against A, -0.1 for a tenth
// less; P is the probability of chance.
type Figure struct {
	Name    string  `json:"name"`
	A       float64 `json:"a_median"`
	B       float64 `json:"b_median"`
	SpreadA float64 `json:"a_spread"` // from least to greatest, as a share of the median
	SpreadB float64 `json:"b_spread"`
	Change  float64 `json:"change"`
	P       float64 `json:"p"`
	Verdict Verdict `json:"verdict"`
	Says    string  `json:"says"` // the verdict in a sentence
}

// value is one figure of a document.
type value struct {
	name       string
	v          float64
	moreIsGood bool
}

// Load reads the documents of a side: a folder with *.json, or files separated by
// commas. Documents of sweeps are left out.
func Load(side string) ([]sheet.Document, error) {
	paths := strings.Split(side, ",")
	if info, err := os.Stat(side); err == nil && info.IsDir() {
		if paths, err = filepath.Glob(filepath.Join(side, "*.json")); err != nil {
			return nil, err
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var docs []sheet.Document
	for _, path := range paths {
		doc, err := sheet.Read(path)
		if err != nil {
			return nil, err
		}
		if _, isSweep := doc.(*sheet.Sweeps); !isSweep {
			docs = append(docs, doc)
		}
	}
	return docs, nil
}

// Sides compares two sides figure by figure. The error is ErrNotEnough, with
// the numbers, when either has too few valid runs.
func Sides(nameA, nameB string, a, b []sheet.Document) (*Report, error) {
	r := &Report{FormatVersion: sheet.FormatVersion, Figures: []Figure{}, Warnings: []string{}}
	valuesA, orderA := r.gather(nameA, a, &r.A)
	valuesB, _ := r.gather(nameB, b, &r.B)
	if r.A.Runs < MinRuns || r.B.Runs < MinRuns {
		return r, fmt.Errorf("%w: %s has %d and %s has %d valid ones, and each side needs %d", ErrNotEnough, nameA, r.A.Runs, nameB, r.B.Runs, MinRuns)
	}
	for _, f := range orderA {
		va, vb := valuesA[f.name], valuesB[f.name]
		if len(va) < MinRuns || len(vb) < MinRuns {
			continue
		}
		r.Figures = append(r.Figures, judge(f, va, vb))
	}
	if len(r.Figures) == 0 {
		return r, fmt.Errorf("%w of one kind: %s and %s have no figure in common", ErrNotEnough, nameA, nameB)
	}
	if least := 2 / float64(orders(r.A.Runs+r.B.Runs, r.A.Runs)); least >= confident {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d and %d runs can show nothing at 95 %%: even sides that do not overlap have p = %.2f; make four a side",
			r.A.Runs, r.B.Runs, least))
	}
	return r, nil
}

// gather collects the figures of the valid runs of a side.
func (r *Report) gather(name string, docs []sheet.Document, side *Side) (map[string][]float64, []value) {
	side.Name = name
	all := map[string][]float64{}
	var order []value
	machines := map[string]bool{}
	for _, doc := range docs {
		if run, ok := doc.(*sheet.Run); ok && !run.Valid {
			r.Warnings = append(r.Warnings, name+": a run that is not valid is left out")
			continue
		}
		side.Runs++
		machines[machineOf(doc)] = true
		for _, v := range figuresOf(doc) {
			if _, known := all[v.name]; !known {
				order = append(order, v)
			}
			all[v.name] = append(all[v.name], v.v)
		}
	}
	if len(machines) > 1 {
		r.Warnings = append(r.Warnings, name+": the runs are of more than one machine")
	}
	return all, order
}

func machineOf(doc sheet.Document) string {
	var m sheet.Machine
	switch d := doc.(type) {
	case *sheet.Run:
		m = d.Machine
	case *sheet.Parts:
		m = d.Machine
	}
	return fmt.Sprint(m.CPUs, m.Model, m.MemoryBytes)
}

// figuresOf are the figures of a document, in the order they are shown.
func figuresOf(doc sheet.Document) []value {
	switch d := doc.(type) {
	case *sheet.Run:
		out := []value{
			{"run/events_per_second", d.EventsPerSecond, true}, {"run/cpu_microseconds_per_event", d.CPUPerEvent, false},
			{"run/e2e_p50", d.Latency.P50, false}, {"run/e2e_p99", d.Latency.P99, false}, {"run/e2e_p999", d.Latency.P999, false},
			{"run/peak_rss_bytes", float64(d.PeakRSSBytes), false}, {"run/gc_cpu_share", d.GCShare, false},
		}
		if l := d.LatencyJoined; l != nil {
			out = append(out, value{"run/joined_p50", l.P50, false}, value{"run/joined_p99", l.P99, false})
		}
		return out
	case *sheet.Parts:
		out := costFigures("parts/mixed/", &d.Cost)
		for _, kind := range slices.Sorted(maps.Keys(d.Inputs)) {
			c := d.Inputs[kind]
			out = append(out, costFigures("parts/"+kind+"/", &c)...)
		}
		return append(out, value{"parts/bytes_per_live_impression", d.BytesPerLiveImpression, false})
	}
	return nil
}

func costFigures(prefix string, c *sheet.Cost) []value {
	return []value{
		{prefix + "whole_ns", c.WholeNS, false}, {prefix + "parts_sum_ns", c.SumNS, false}, {prefix + "ratio", c.Ratio, false},
		{prefix + "allocs_per_event", c.AllocsPerEvent, false}, {prefix + "allocated_bytes_per_event", c.BytesPerEvent, false},
	}
}

// judge compares one figure.
func judge(f value, a, b []float64) Figure {
	out := Figure{Name: f.name, P: MannWhitney(a, b), Verdict: Same}
	out.A, out.B = median(slices.Clone(a)), median(slices.Clone(b))
	out.SpreadA, out.SpreadB = spread(a, out.A), spread(b, out.B)
	if out.A != 0 {
		out.Change = out.B/out.A - 1
	}
	if out.P < confident && out.A != out.B {
		out.Verdict = Worse
		if (out.B > out.A) == f.moreIsGood {
			out.Verdict = Better
		}
		out.Says = fmt.Sprintf("%+.1f %%, %s; chance of no real difference %.3f (over 95 %% confident)", 100*out.Change, out.Verdict, out.P)
		return out
	}
	out.Says = fmt.Sprintf("no difference shown (%+.1f %%, p = %.2f, %d and %d runs)", 100*out.Change, out.P, len(a), len(b))
	return out
}

func spread(values []float64, middle float64) float64 {
	if middle == 0 {
		return 0
	}
	return (slices.Max(values) - slices.Min(values)) / math.Abs(middle)
}
