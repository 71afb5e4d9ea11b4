package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/bench/sheet"
)

// Counted by hand. Without ties there are (n+m over n) orders, and two of them
// separate the groups wholly.
func TestMannWhitneyByHand(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3}, []float64{4, 5, 6}, 2.0 / 20},
		{[]float64{4, 5, 6}, []float64{1, 2, 3}, 2.0 / 20},
		{[]float64{1, 2, 3, 4}, []float64{5, 6, 7, 8}, 2.0 / 70},
		// U is 1 (of 9, mean 4.5): sums 6 and 7 on the low side, as many above.
		{[]float64{1, 2, 4}, []float64{3, 5, 6}, 4.0 / 20},
		// The middle: every order is at least as far from it.
		{[]float64{1, 4}, []float64{2, 3}, 1},
		// Ties: ranks 1, 2.5 and 2.5, 4. U of {1, 2.5} is 0.5, mean 2, away 1.5;
		// the sums of the six pairs are 3.5 3.5 5 5 6.5 6.5, of which four.
		{[]float64{1, 2}, []float64{2, 3}, 4.0 / 6},
		{[]float64{7, 7, 7}, []float64{7, 7, 7}, 1},
		{nil, []float64{1}, 1},
	} {
		if got := MannWhitney(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v against %v: p = %g, want %g", c.a, c.b, got, c.want)
		}
	}
}

// With 12 a side the normal approximation takes over. Wholly separated: U = 0,
// mean 72, variance 144*25/12 = 300, z = 71.5/17.32 = 4.128, p = 3.66e-5.
func TestManyRunsAreApproximated(t *testing.T) {
	var a, b []float64
	for i := range 12 {
		a, b = append(a, float64(i)), append(b, float64(100+i))
	}
	if p := MannWhitney(a, b); math.Abs(p-3.66e-5) > 1e-6 {
		t.Errorf("p = %g, want 3.66e-5", p)
	}
	if p := MannWhitney(a, a); p < 0.95 {
		t.Errorf("equal sides: p = %g", p)
	}
}

func runs(p99 ...float64) []sheet.Document {
	var docs []sheet.Document
	for _, v := range p99 {
		docs = append(docs, &sheet.Run{
			FormatVersion: 1, Kind: sheet.KindRun, Valid: true, EventsPerSecond: 1000 / v, Latency: sheet.Latency{P99: v},
		})
	}
	return docs
}

func verdictOf(t *testing.T, r *Report, name string) Figure {
	t.Helper()
	for _, f := range r.Figures {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no figure %s in %+v", name, r.Figures)
	return Figure{}
}

func TestVerdicts(t *testing.T) {
	slow, fast := runs(2.0, 2.1, 2.2, 2.3), runs(1.0, 1.1, 1.2, 1.3)
	r, err := Sides("a", "b", slow, fast)
	if err != nil {
		t.Fatal(err)
	}
	f := verdictOf(t, r, "run/e2e_p99")
	// Medians 2.15 and 1.15: 46.5 % less.
	if f.Verdict != Better || math.Abs(f.Change+0.4651) > 1e-3 || !strings.Contains(f.Says, "95 % confident") {
		t.Errorf("%+v", f)
	}
	if f := verdictOf(t, r, "run/events_per_second"); f.Verdict != Better {
		t.Errorf("more events a second is %s", f.Verdict)
	}
	r, err = Sides("a", "b", fast, slow)
	if err != nil || verdictOf(t, r, "run/e2e_p99").Verdict != Worse {
		t.Errorf("%+v %v", r, err)
	}
	r, err = Sides("a", "b", runs(1, 2, 3, 4), runs(1.5, 2.5, 3.5, 0.5))
	if err != nil || verdictOf(t, r, "run/e2e_p99").Verdict != Same {
		t.Errorf("%+v %v", r, err)
	}
}

// Three runs a side are compared, and it is said that they cannot show much.
func TestThreeRunsShowNothingAt95(t *testing.T) {
	r, err := Sides("a", "b", runs(2, 2.1, 2.2), runs(1, 1.1, 1.2))
	if err != nil || verdictOf(t, r, "run/e2e_p99").Verdict != Same || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "p = 0.10") {
		t.Errorf("%+v %v", r, err)
	}
}

func TestNotEnoughRuns(t *testing.T) {
	two := runs(1, 2)
	invalid := append(runs(1, 2, 3), &sheet.Run{})
	invalid[0].(*sheet.Run).Valid = false
	for _, c := range [][2][]sheet.Document{{two, runs(1, 2, 3)}, {runs(1, 2, 3), two}, {invalid, runs(1, 2, 3)}, {nil, nil}} {
		if _, err := Sides("a", "b", c[0], c[1]); !errors.Is(err, ErrNotEnough) || !strings.Contains(err.Error(), "not enough runs") {
			t.Errorf("%d and %d runs: %v", len(c[0]), len(c[1]), err)
		}
	}
}

func TestLoadTakesFoldersAndLists(t *testing.T) {
	dir := t.TempDir()
	var list []string
	for i, doc := range append(runs(1, 2, 3), &sheet.Sweeps{FormatVersion: 1, Kind: sheet.KindSweep}) {
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.json", i))
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		list = append(list, path)
	}
	for _, side := range []string{dir, strings.Join(list, ",")} {
		docs, err := Load(side)
		if err != nil || len(docs) != 3 {
			t.Errorf("%s: %d documents, %v", side, len(docs), err)
		}
	}
	if _, err := Load(filepath.Join(dir, "none.json")); err == nil {
		t.Error("a file that is not there is read")
	}
	bad := filepath.Join(dir, "bad.json")
	for _, text := range []string{"", "{}", `{"format_version":9,"kind":"run"}`, `{"format_version":1,"kind":"demo"}`} {
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(bad); err == nil {
			t.Errorf("%q is a document", text)
		}
	}
}
