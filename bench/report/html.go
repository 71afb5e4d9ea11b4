package report

import (
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/advertisex/adjoin/bench/sheet"
)

// HTML writes documents as one page, in the order given.
func HTML(w io.Writer, docs ...sheet.Document) error {
	page := pageData{Title: "adjoin bench"}
	for _, doc := range docs {
		switch d := doc.(type) {
		case *sheet.Run:
			page.Sections = append(page.Sections, runSection(d))
		case *sheet.Parts:
			page.Sections = append(page.Sections, partsSection(d))
		case *sheet.Sweeps:
			page.Sections = append(page.Sections, sweepsSection(d))
		default:
			return fmt.Errorf("a report of %T: it shows runs, parts and sweeps", doc)
		}
	}
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return err
	}
	return t.Execute(w, page)
}

// pageData, section, figure and grid are what the template shows.
type pageData struct {
	Title    string
	Sections []section
}

type section struct {
	Title   string
	Verdict string // with its word, not only its colour
	Good    bool
	Notes   []string
	Tables  []grid
	Figures []figure
	Machine string
}

type figure struct {
	Title  string
	SVG    template.HTML
	Legend []legend
	Table  grid
}

type legend struct{ Colour, Name string }

type grid struct {
	Title string
	Head  []string
	Rows  [][]string
}

// shown is a chart with its legend and the table of its numbers.
func (c *chart) shown() figure {
	f := figure{Title: c.title, Table: grid{Head: []string{c.x}}}
	if c.y != "" {
		f.Title += ", " + c.y
	}
	for i, l := range c.lines {
		f.Legend = append(f.Legend, legend{colour(i), l.name})
		f.Table.Head = append(f.Table.Head, l.name)
	}
	for i := range c.count() {
		label := ""
		if len(c.labels) > 0 {
			label = c.labels[i]
		} else {
			label = short(c.xs[i])
		}
		row := []string{label}
		for _, l := range c.lines {
			row = append(row, c.say(l.values[i]))
		}
		f.Table.Rows = append(f.Table.Rows, row)
	}
	if c.count() > 0 {
		f.SVG = c.svg()
	}
	return f
}

func runSection(r *sheet.Run) section {
	s := section{
		Title: fmt.Sprintf("Run against %s: %s", r.Target, r.Schedule), Good: r.Good(), Verdict: verdict(r),
		Notes: r.Invalid, Machine: r.Machine.String(),
	}
	s.Notes = append(slices.Clone(r.Invalid), r.Differences...)
	s.Tables = []grid{runTable(r), latencyTable(r)}
	if len(r.Thresholds) > 0 {
		s.Tables = append(s.Tables, thresholdTable(r))
	}
	s.Figures = append(s.Figures, histogram("Latency, scheduled send to committed row", r.Histogram))
	if r.LatencyJoined != nil {
		s.Figures = append(s.Figures, histogram("Latency, scheduled send to joined in memory", r.Joined))
	}
	s.Figures = append(s.Figures, overTime(r)...)
	if len(r.Stages) > 0 {
		s.Figures = append(s.Figures, stageShares(r))
	}
	return s
}

func verdict(r *sheet.Run) string {
	switch {
	case !r.Valid:
		return "✗ not valid: the figures say nothing about the engine"
	case r.Lost+r.Duplicated+r.Wrong > 0:
		return "✗ not correct"
	case r.Latency.Count < r.Offered:
		return "✗ records were not committed"
	case !r.Good():
		return "✗ a threshold is crossed"
	}
	return "✓ valid, and what came out is what was sent"
}

func runTable(r *sheet.Run) grid {
	return grid{Title: "What was measured", Rows: [][]string{
		{"offered", fmt.Sprintf("%d records (%s preset, seed %d)", r.Offered, r.Preset, r.Seed)},
		{"sent", fmt.Sprintf("%d records, %s late by the generator's fault", r.Sent, percent(r.LateShare))},
		{"generator", percent(r.GeneratorCPUShare) + " of one processor"},
		{"warm-up, left out", seconds(r.WarmupSeconds)},
		{"throughput", fmt.Sprintf("%s events/s", short(r.EventsPerSecond))},
		{"processor time", fmt.Sprintf("%.2f us an event (%s)", r.CPUPerEvent, r.CPUScope)},
		{"garbage collection", percent(r.GCShare) + " of the processor time"},
		{"peak resident memory", size(float64(r.PeakRSSBytes))},
		{"lost, duplicated, wrong", fmt.Sprintf("%d, %d, %d (%s)", r.Lost, r.Duplicated, r.Wrong, r.Checked)},
	}}
}

func latencyTable(r *sheet.Run) grid {
	g := grid{Title: "Latency from the scheduled time", Head: []string{"to", "p50", "p90", "p99", "p99.9", "max", "records"}}
	row := func(name string, l *sheet.Latency) {
		g.Rows = append(g.Rows, []string{name, seconds(l.P50), seconds(l.P90), seconds(l.P99), seconds(l.P999), seconds(l.Max), fmt.Sprint(l.Count)})
	}
	if r.LatencyJoined != nil {
		row("joined in memory", r.LatencyJoined)
	}
	row("committed row", &r.Latency)
	return g
}

func thresholdTable(r *sheet.Run) grid {
	g := grid{Title: "Thresholds", Head: []string{"", "condition", "measured"}}
	for _, t := range r.Thresholds {
		g.Rows = append(g.Rows, []string{mark(t.OK), t.Expr, thresholdValue(t)})
	}
	return g
}

func mark(ok bool) string {
	if ok {
		return "✓"
	}
	return "✗"
}

func histogram(title string, buckets []sheet.Bucket) figure {
	c := chart{title: title, x: "up to", bars: true, lines: []series{{name: "records"}}}
	for _, b := range buckets {
		c.labels = append(c.labels, seconds(b.Upper))
		c.lines[0].values = append(c.lines[0].values, float64(b.Count))
	}
	return c.shown()
}

// overTime are the charts with one value a second.
func overTime(r *sheet.Run) []figure {
	var xs []float64
	for _, s := range r.Series {
		xs = append(xs, s.At)
	}
	draw := func(title, unit string, format func(float64) string, lines ...series) figure {
		c := chart{title: title, x: "seconds since the start", y: unit, xs: xs, lines: lines, format: format}
		return c.shown()
	}
	pick := func(name string, of func(*sheet.Second) float64) series {
		l := series{name: name}
		for i := range r.Series {
			l.values = append(l.values, of(&r.Series[i]))
		}
		return l
	}
	through := []series{
		pick("offered", func(s *sheet.Second) float64 { return s.Offered }), pick("sent", func(s *sheet.Second) float64 { return s.Sent }),
		pick("committed", func(s *sheet.Second) float64 { return s.Committed }),
	}
	lag := []series{pick("not committed", func(s *sheet.Second) float64 { return float64(s.LagCommitted) })}
	if r.LatencyJoined != nil {
		through = append(through, pick("joined", func(s *sheet.Second) float64 { return s.Joined }))
		lag = append(lag, pick("not joined", func(s *sheet.Second) float64 { return float64(s.LagJoined) }))
	}
	out := []figure{
		draw("Throughput", "events a second", nil, through...),
		draw("Lag", "records that were due", nil, lag...),
		draw("Memory", "", size, pick("heap objects", func(s *sheet.Second) float64 { return float64(s.HeapBytes) }),
			pick("resident", func(s *sheet.Second) float64 { return float64(s.ResidentBytes) })),
		draw("Garbage collection", "share of the processor time", percent, pick("collection", func(s *sheet.Second) float64 { return s.GCShare })),
	}
	busy := []series{pick("whole process", func(s *sheet.Second) float64 { return s.CPU })}
	for _, name := range slices.Sorted(maps.Keys(r.Stages)) {
		busy = append(busy, pick(name, func(s *sheet.Second) float64 { return s.Busy[name] }))
	}
	return append(out, draw("Work", "processors, stages with their waiting inside", nil, busy...))
}

func stageShares(r *sheet.Run) figure {
	c := chart{title: "Stages, shares of the time", x: "stage", bars: true, format: percent,
		lines: []series{{name: "busy"}, {name: "blocked"}, {name: "idle"}}}
	for _, name := range []string{"decode", "correlate", "aggregate", "write", "commit"} {
		st, ok := r.Stages[name]
		if !ok {
			continue
		}
		c.labels = append(c.labels, name)
		for i, v := range []float64{st.Busy, st.Blocked, st.Idle} {
			c.lines[i].values = append(c.lines[i].values, v)
		}
	}
	return c.shown()
}

func partsSection(p *sheet.Parts) section {
	s := section{
		Title: "Cost sheet", Good: true, Machine: p.Machine.String(),
		Verdict: fmt.Sprintf("the whole is %.2f times its parts (mixed input)", p.Ratio),
		Notes:   []string{fmt.Sprintf("%.1f bytes for each of %d live impressions", p.BytesPerLiveImpression, p.LiveImpressions)},
		Tables:  []grid{costTable(p)},
	}
	c := chart{title: "Nanoseconds of processor time an event", x: "input", bars: true, lines: []series{{name: "sum of the parts"}, {name: "the whole"}}}
	for _, in := range inputsOf(p) {
		c.labels = append(c.labels, in.name)
		c.lines[0].values = append(c.lines[0].values, in.cost.SumNS)
		c.lines[1].values = append(c.lines[1].values, in.cost.WholeNS)
	}
	s.Figures = []figure{c.shown()}
	return s
}

func sweepsSection(d *sheet.Sweeps) section {
	s := section{Title: "Sweeps", Good: true, Verdict: "how the cost of an event grows with one thing at a time", Machine: d.Machine.String()}
	for _, sw := range d.Sweeps {
		s.Figures = append(s.Figures, sweepFigures(sw)...)
	}
	return s
}

func sweepFigures(sw sheet.Sweep) []figure {
	cost := chart{title: "Cost by " + sw.Unit, x: sw.Unit, y: "nanoseconds an event", lines: []series{{name: "processor time"}}}
	heap := chart{title: "Allocations by " + sw.Unit, x: sw.Unit, y: "an event", lines: []series{{name: "allocations"}}}
	for _, p := range sw.Points {
		for _, c := range []*chart{&cost, &heap} {
			c.labels = append(c.labels, p.Label)
		}
		cost.lines[0].values = append(cost.lines[0].values, p.WholeNS)
		heap.lines[0].values = append(heap.lines[0].values, p.AllocsPerEvent)
	}
	if sw.Name == "skew" {
		cost.bars, heap.bars = true, true
	}
	return []figure{cost.shown(), heap.shown()}
}

// thresholdValue is what was measured, in the unit of the condition.
func thresholdValue(t sheet.Threshold) string {
	if !t.Measured || math.IsNaN(t.Value) {
		return "not measured"
	}
	switch t.Unit() {
	case "seconds":
		return seconds(t.Value)
	case "bytes":
		return size(t.Value)
	case "share":
		return percent(t.Value)
	}
	return short(t.Value)
}
