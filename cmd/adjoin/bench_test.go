package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/bench/sheet"
)

func TestBenchFlagsThatAreWrong(t *testing.T) {
	t.Chdir(t.TempDir())
	file(t, "no.json", "{}")
	for says, args := range map[string][]string{
		`is not a rate`:              {"run", "--rate", "fast"},
		`has no unit`:                {"run", "--duration", "30"},
		`--warmup`:                   {"run", "--warmup", "soon"},
		`rate above zero`:            {"run", "--rate", "0/s"},
		`duration above zero`:        {"run", "--duration", "0s"},
		`is not a ramp`:              {"run", "--ramp", "1k/s:2k/s"},
		`--ramp says rate`:           {"run", "--ramp", "1k/s:2k/s:1m", "--rate", "1k/s"},
		`--target "cloud"`:           {"run", "--target", "cloud"},
		`--brokers goes with`:        {"run", "--brokers", "localhost:9092"},
		`--metrics goes with`:        {"run", "--metrics", "http://localhost"},
		`no figure is called "p99"`:  {"run", "--threshold", "p99<1s"},
		`has none of`:                {"run", "--threshold", "lost"},
		`preset "wild"`:              {"run", "--preset", "wild"},
		`-1 partitions`:              {"run", "--partitions", "-1"},
		`takes no arguments`:         {"run", "now"},
		`1 or more`:                  {"parts", "--rounds", "0"},
		`none of the sweeps`:         {"sweep", "--only", "moon"},
		`100 or more`:                {"sweep", "--records", "1"},
		`needs --out DIR`:            {"profile"},
		`--input`:                    {"profile", "--out", "p", "--input", "views"},
		`needs a FILE`:               {"report"},
		`none.json`:                  {"report", "none.json"},
		`format_version 0`:           {"report", "no.json"},
		`two folders`:                {"compare", "a"},
		`a: no such file`:            {"compare", "a", "b"},
		`--max-regression`:           {"compare", "no.json", "no.json", "--max-regression", "much"},
		`is not a command of adjoin`: {"walk"},
	} {
		r := run(append([]string{"bench"}, args...)...)
		if r.code != exitUsage || !strings.Contains(r.err, says) {
			t.Errorf("bench %v: code %d, %q; want 2 and %q", args, r.code, r.err, says)
		}
	}
}

// A short run against the embedded Kafka: everything that was sent comes out, the
// document has the promised fields, and the report is written. The second condition
// cannot be met, which is code 3.
func TestBenchRunAgainstTheDemo(t *testing.T) {
	t.Chdir(t.TempDir())
	args := []string{"bench", "run", "--timeout", "2m", "--rate", "500/s", "--duration", "2s", "--warmup", "500ms", "--partitions", "2", "--no-progress",
		"--set", "sink.checkpoint_interval=500ms", "--set", "correlate.shards=4", "--html", "out/run.html", "-o", "json",
		"--threshold", "lost==0", "--threshold", "e2e_max<1us"}
	r := run(args...)
	if r.code != exitNo {
		t.Fatalf("code %d, want 3\n%s%s", r.code, r.out, r.err)
	}
	var doc sheet.Run
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Offered != 1000 || doc.Sent != 1000 || doc.Latency.Count != 1000 || doc.LatencyJoined.Count != 1000 {
		t.Errorf("1,000 records in two seconds: %+v", doc)
	}
	if doc.Lost+doc.Duplicated+doc.Wrong != 0 || len(doc.Differences) != 0 || !strings.Contains(doc.Checked, "warehouse") {
		t.Errorf("lost %d, duplicated %d, wrong %d, %v", doc.Lost, doc.Duplicated, doc.Wrong, doc.Differences)
	}
	// A cut every half second: no row is visible much before, and none before it is
	// joined.
	if doc.LatencyJoined.P50 >= doc.Latency.P50 || doc.Latency.P50 < 0.05 || doc.WarmupSeconds != 0.5 {
		t.Errorf("joined %+v, committed %+v", doc.LatencyJoined, doc.Latency)
	}
	if !doc.Thresholds[0].OK || doc.Thresholds[1].OK {
		t.Errorf("%+v", doc.Thresholds)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(r.out), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"format_version", "valid", "offered", "sent", "events_per_second", "cpu_microseconds_per_event",
		"latency_seconds", "lost", "duplicated", "wrong", "thresholds", "machine"} {
		if _, there := fields[name]; !there {
			t.Errorf("the document has no %s", name)
		}
	}
	page, err := os.ReadFile("out/run.html")
	if err != nil || !strings.Contains(string(page), "Lag") {
		t.Errorf("%d bytes of report, %v", len(page), err)
	}
	again := run("bench", "report", filepath.Base(file(t, "run.json", r.out)), "--html", "-")
	if again.code != exitOK || !strings.Contains(again.out, "<svg") {
		t.Errorf("code %d: %s", again.code, again.err)
	}
}

func TestBenchPartsSweepAndProfile(t *testing.T) {
	t.Chdir(t.TempDir())
	r := run("bench", "parts", "--records", "2000", "--live", "5000", "--rounds", "1", "--shards", "4", "-o", "json", "--html", "p.html", "--no-progress")
	var fields map[string]any
	if err := json.Unmarshal([]byte(r.out), &fields); r.code != exitOK || err != nil {
		t.Fatal(r.code, err, r.err)
	}
	for _, name := range []string{"format_version", "parts_ns", "whole_ns", "ratio", "allocs_per_event", "bytes_per_live_impression", "inputs"} {
		if _, there := fields[name]; !there {
			t.Errorf("the document has no %s", name)
		}
	}
	if n := len(fields["inputs"].(map[string]any)); n != 4 {
		t.Errorf("%d kinds of input beside the mixed one", n)
	}
	r = run("bench", "sweep", "--only", "skew", "--records", "400", "--rounds", "1", "-o", "json", "--html", "s.html")
	if r.code != exitOK || !strings.Contains(r.out, "a user with 50 %") {
		t.Error(r.code, r.out, r.err)
	}
	r = run("bench", "profile", "--records", "500", "--rounds", "1", "--out", "prof")
	for _, name := range []string{"cpu.pprof", "heap.pprof"} {
		if info, err := os.Stat(filepath.Join("prof", name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v (code %d, %s)", name, err, r.code, r.err)
		}
	}
}

func TestBenchCompareVerdicts(t *testing.T) {
	t.Chdir(t.TempDir())
	side := func(name string, values ...float64) {
		for i, v := range values {
			b, err := json.Marshal(&sheet.Parts{FormatVersion: 1, Kind: sheet.KindParts, Cost: sheet.Cost{WholeNS: v}})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(name, 0o700); err != nil {
				t.Fatal(err)
			}
			file(t, filepath.Join(name, fmt.Sprintf("%d.json", i)), string(b))
		}
	}
	side("fast", 100, 101, 102, 103)
	side("slow", 120, 121, 122, 123)
	side("two", 100, 101)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"fast", "slow"}, exitOK, "over 95 % confident"},
		{[]string{"fast", "slow", "--max-regression", "5%"}, exitNo, "worse"},
		{[]string{"fast", "slow", "--max-regression", "50%"}, exitOK, "worse"},
		{[]string{"slow", "fast", "--max-regression", "5%"}, exitOK, "better"},
		{[]string{"fast", "two"}, exitNo, "not enough runs"},
	} {
		r := run(append([]string{"bench", "compare"}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.out+r.err, c.says) {
			t.Errorf("%v: code %d, want %d and %q\n%s%s", c.args, r.code, c.code, c.says, r.out, r.err)
		}
	}
}

// readProbe takes what it needs from a page of metrics and passes over the rest.
func TestReadProbe(t *testing.T) {
	p, err := readProbe(strings.NewReader(`# HELP process_cpu_seconds_total x
process_cpu_seconds_total 12.5
process_resident_memory_bytes 1.048576e+06
adjoin_stage_busy_seconds_total{stage="decode"} 3
adjoin_stage_blocked_seconds_total{stage="decode"} 0.5
adjoin_records_total{topic="a b"} 7
nonsense
`))
	if err != nil || p.CPU.Seconds() != 12.5 || p.RSS != 1<<20 || p.Busy["decode"].Seconds() != 3 || p.Blocked["decode"].Seconds() != 0.5 {
		t.Errorf("%+v %v", p, err)
	}
}
