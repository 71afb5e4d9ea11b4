package parts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// value is one thing the gate holds.
type value struct {
	name      string
	want, got float64
	tolerance float64
}

func (g gate) values(got gate) []value {
	out := []value{{"bytes for each live impression", g.BytesPerLiveImpression, got.BytesPerLiveImpression, countTolerance}}
	for _, kind := range slices.Sorted(maps.Keys(g.Inputs)) {
		a, b := g.Inputs[kind], got.Inputs[kind]
		out = append(out, value{kind + ": allocations an event", a.AllocsPerEvent, b.AllocsPerEvent, countTolerance},
			value{kind + ": allocated bytes an event", a.BytesPerEvent, b.BytesPerEvent, countTolerance},
			value{kind + ": ratio of the whole to its parts", a.Ratio, b.Ratio, ratioTolerance})
	}
	return out
}

// complaints are the values beyond what is accepted; a tenth of an allocation is
// below what the runtime does beside.
func (g gate) complaints(got gate) []string {
	var out []string
	for _, v := range g.values(got) {
		if v.got > v.want*(1+v.tolerance)+0.1 {
			out = append(out, fmt.Sprintf("%s: %.2f, accepted is %.2f; if that is meant, accept it with make gate and say why", v.name, v.got, v.want))
		}
	}
	return out
}

// gains are the values well below what is accepted.
func (g gate) gains(got gate) []string {
	var out []string
	for _, v := range g.values(got) {
		if v.tolerance == countTolerance && v.got < v.want*(1-v.tolerance)-0.1 {
			out = append(out, fmt.Sprintf("%s: %.2f, better than the accepted %.2f; keep it with make gate", v.name, v.got, v.want))
		}
	}
	return out
}

// The gate fails for what is worse by more than the tolerance, and for nothing
// else.
func TestTheGateCloses(t *testing.T) {
	base := gate{BytesPerLiveImpression: 100, Inputs: map[string]accepted{Mixed: {AllocsPerEvent: 4, BytesPerEvent: 5000, Ratio: 2}}}
	with := func(change func(*accepted, *gate)) gate {
		a, g := base.Inputs[Mixed], base
		change(&a, &g)
		g.Inputs = map[string]accepted{Mixed: a}
		return g
	}
	for _, c := range []struct {
		got       gate
		complains string
	}{
		{base, ""},
		{with(func(a *accepted, _ *gate) { a.AllocsPerEvent = 4.2 }), ""},
		{with(func(a *accepted, _ *gate) { a.AllocsPerEvent = 4.6 }), "allocations an event"},
		{with(func(a *accepted, _ *gate) { a.BytesPerEvent = 5600 }), "allocated bytes"},
		{with(func(_ *accepted, g *gate) { g.BytesPerLiveImpression = 111 }), "live impression"},
		{with(func(a *accepted, _ *gate) { a.Ratio = 3 }), ""},
		{with(func(a *accepted, _ *gate) { a.Ratio = 4.2 }), "ratio"},
		{with(func(a *accepted, _ *gate) { a.AllocsPerEvent = 1 }), ""},
	} {
		got := base.complaints(c.got)
		if c.complains == "" && len(got) > 0 || c.complains != "" && (len(got) != 1 || !strings.Contains(got[0], c.complains)) {
			t.Errorf("%+v: %v, want %q", c.got, got, c.complains)
		}
	}
	if gains := base.gains(with(func(a *accepted, _ *gate) { a.AllocsPerEvent = 1 })); len(gains) != 1 {
		t.Errorf("gains %v", gains)
	}
}
