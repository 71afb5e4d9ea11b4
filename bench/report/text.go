package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/bench/compare"
	"github.com/advertisex/adjoin/bench/parts"
	"github.com/advertisex/adjoin/bench/sheet"
)

// RunText is a run for a terminal.
func RunText(r *sheet.Run) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-11s "+format+"\n", append([]any{name}, args...)...)
	}
	for _, t := range r.Thresholds {
		line("THRESHOLD", "%s %s (%s)", mark(t.OK), t.Expr, thresholdValue(t))
	}
	line("LOAD", "open model, seed %d, %s; offered %d, sent %d; late sends %.2f%%; generator CPU %.0f%%",
		r.Seed, r.Schedule, r.Offered, r.Sent, 100*r.LateShare, 100*r.GeneratorCPUShare)
	for _, l := range []struct {
		l    *sheet.Latency
		what string
	}{{r.LatencyJoined, "joined in memory"}, {&r.Latency, "committed row"}} {
		if l.l != nil {
			line("LATENCY", "p50 %s  p90 %s  p99 %s  p99.9 %s  max %s    from scheduled send to %s",
				seconds(l.l.P50), seconds(l.l.P90), seconds(l.l.P99), seconds(l.l.P999), seconds(l.l.Max), l.what)
		}
	}
	line("CORRECT", "lost %d, duplicated %d, wrong %d    (%s)", r.Lost, r.Duplicated, r.Wrong, r.Checked)
	for _, d := range r.Differences {
		line("", "%s", d)
	}
	line("COST", "%s events/s, %.2f us of processor time an event, RSS %s, GC %s", short(r.EventsPerSecond), r.CPUPerEvent, size(float64(r.PeakRSSBytes)), percent(r.GCShare))
	line("", "counted: %s", r.CPUScope)
	for _, name := range slices.Sorted(maps.Keys(r.Stages)) {
		s := r.Stages[name]
		line("STAGE", "%-10s busy %s  blocked %s  idle %s", name, percent(s.Busy), percent(s.Blocked), percent(s.Idle))
	}
	line("MACHINE", "%s", r.Machine)
	line("VERDICT", "%s", verdict(r))
	for _, why := range r.Invalid {
		line("", "%s", why)
	}
	return b.String()
}

// input is one row of a cost sheet.
type input struct {
	name string
	cost *sheet.Cost
}

// inputsOf are the kinds of input, the mixed one first.
func inputsOf(p *sheet.Parts) []input {
	out := []input{{parts.Mixed, &p.Cost}}
	for _, kind := range parts.Kinds() {
		if c, ok := p.Inputs[kind]; ok {
			out = append(out, input{kind, &c})
		}
	}
	return out
}

func costTable(p *sheet.Parts) grid {
	g := grid{Title: "Nanoseconds of processor time an event", Head: []string{"input"}}
	g.Head = append(append(g.Head, parts.Names()...), "sum", "whole", "ratio", "allocations", "bytes")
	for _, in := range inputsOf(p) {
		row := []string{in.name}
		for _, part := range parts.Names() {
			row = append(row, fmt.Sprintf("%.0f", in.cost.PartsNS[part]))
		}
		g.Rows = append(g.Rows, append(row, fmt.Sprintf("%.0f", in.cost.SumNS), fmt.Sprintf("%.0f", in.cost.WholeNS),
			fmt.Sprintf("%.2f", in.cost.Ratio), fmt.Sprintf("%.2f", in.cost.AllocsPerEvent), fmt.Sprintf("%.0f", in.cost.BytesPerEvent)))
	}
	return g
}

// PartsText is a cost sheet for a terminal.
func PartsText(p *sheet.Parts) string {
	var b strings.Builder
	g := costTable(p)
	b.WriteString("ns of processor time an event\n")
	for _, row := range append([][]string{g.Head}, g.Rows...) {
		fmt.Fprintf(&b, "%-12s", row[0])
		for _, cell := range row[1:] {
			fmt.Fprintf(&b, " %11s", cell)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%.1f bytes for each of %d live impressions\n%s\n", p.BytesPerLiveImpression, p.LiveImpressions, p.Machine)
	return b.String()
}

// SweepText is one line of a sweep.
func SweepText(sweep string, p sheet.Point) string {
	return fmt.Sprintf("%-12s %-22s %8.0f ns an event, %6.2f allocations, %6.0f bytes\n", sweep, p.Label, p.WholeNS, p.AllocsPerEvent, p.BytesPerEvent)
}

// CompareText is a comparison for a terminal.
func CompareText(r *compare.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "A %s (%d runs), B %s (%d runs); medians, B against A\n", r.A.Name, r.A.Runs, r.B.Name, r.B.Runs)
	for _, f := range r.Figures {
		fmt.Fprintf(&b, "%-40s %12s ±%-7s %12s ±%-7s %s\n", f.Name, short(f.A), percent(f.SpreadA/2), short(f.B), percent(f.SpreadB/2), f.Says)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "note: %s\n", w)
	}
	return b.String()
}
