package parts

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write what is measured to the file of accepted values (make gate)")

// gateFile holds what an event may cost.
const gateFile = "../gate.json"

// The tolerances. Allocations and bytes are counts: they differ by what the
// runtime does beside, and by the number of processors. The ratio is of times.
const (
	countTolerance = 0.10
	ratioTolerance = 1.00
)

// gate is the accepted values.
type gate struct {
	Records int                 `json:"records"` // of each input
	Live    int                 `json:"live"`    // records of impressions that stay live
	Inputs  map[string]accepted `json:"inputs"`

	BytesPerLiveImpression float64 `json:"bytes_per_live_impression"`
}

type accepted struct {
	AllocsPerEvent float64 `json:"allocs_per_event"`
	BytesPerEvent  float64 `json:"allocated_bytes_per_event"`
	Ratio          float64 `json:"ratio"`
}

// TestGate holds what an event costs to the accepted values: allocations, bytes,
// memory of a live impression, and the ratio of the whole to its parts. It never
// looks at a time by itself. A value that has become better by more than the
// tolerance is told, so that it can be accepted: make gate.
func TestGate(t *testing.T) {
	want := gate{Records: 30_000, Live: 120_000, Inputs: map[string]accepted{}}
	b, err := os.ReadFile(gateFile)
	if err == nil {
		err = json.Unmarshal(b, &want)
	}
	if err != nil && !*update {
		t.Fatal(err)
	}
	got := gate{Records: want.Records, Live: want.Live, Inputs: map[string]accepted{}}
	for _, kind := range Kinds() {
		c, err := Measure(t.Context(), input(t, InputConfig{Kind: kind, Records: want.Records, Seed: 42}), Engine{Dir: t.TempDir()}, 2)
		if err != nil {
			t.Fatal(err)
		}
		got.Inputs[kind] = accepted{AllocsPerEvent: round(c.AllocsPerEvent), BytesPerEvent: round(c.BytesPerEvent), Ratio: round(c.Ratio)}
	}
	each, _, err := input(t, InputConfig{Kind: Impressions, Records: want.Live, Seed: 42}).Live(4)
	if err != nil {
		t.Fatal(err)
	}
	got.BytesPerLiveImpression = round(each)
	if *update {
		write(t, got)
		return
	}
	for _, complaint := range want.complaints(got) {
		t.Error(complaint)
	}
	for _, gain := range want.gains(got) {
		t.Log(gain)
	}
}

func round(v float64) float64 { return math.Round(v*100) / 100 }

func write(t *testing.T, g gate) {
	t.Helper()
	b, err := json.MarshalIndent(g, "", "  ")
	if err == nil {
		err = os.WriteFile(gateFile, append(b, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
