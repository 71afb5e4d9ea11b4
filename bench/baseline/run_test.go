package baseline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// summary is `adjoin node run --until-end -o json`.
type summary struct {
	Seconds      float64
	CPUSeconds   float64 `json:"cpu_seconds"`
	PeakRSSBytes int64   `json:"peak_rss_bytes"`
	Records      map[string]int64
	Rows         map[string]int64
	Files        int64
	Bytes        int64
	Heap         struct {
		Allocations    int64
		AllocatedBytes int64   `json:"allocated_bytes"`
		GCCycles       int64   `json:"gc_cycles"`
		GCCPUSeconds   float64 `json:"gc_cpu_seconds"`
	}
	Ledger struct {
		Balanced bool
		Events   map[string]int64
		Classes  map[string]map[string]int64
	}
}

// figures are what one run showed.
type figures struct {
	run    summary
	events int64
	kafka  time.Duration // processor time of the broker
}

// adjoin runs the program and returns its standard output.
func (in *input) adjoin(t *testing.T, config string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), *binary, append(args, "-c", in.path(config+".yaml"))...)
	cmd.Dir = in.dir
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("adjoin %v: %v\n%s%s", args, err, out.Bytes(), said.Bytes())
	}
	return out.Bytes()
}

// run measures one run over the whole input.
func (in *input) run(t *testing.T, n int) figures {
	t.Helper()
	name := fmt.Sprint(n)
	in.adjoin(t, name, "topics", "create")
	args := []string{"node", "run", "--until-end", "-o", "json"}
	if *keep != "" && n == *runs-1 {
		at := filepath.Join(*keep, in.prefix)
		args = append(args, "--cpuprofile", at+"cpu.pprof", "--memprofile", at+"mem.pprof")
	}
	before, err := in.broker.CPU(1)
	must(t, err)
	f := figures{events: in.events}
	must(t, json.Unmarshal(in.adjoin(t, name, args...), &f.run))
	after, err := in.broker.CPU(1)
	must(t, err)
	f.kafka = after - before
	in.compareLedger(t, &f.run)
	if n < *runs-1 {
		must(t, os.RemoveAll(in.path("data"+name)))
	}
	return f
}

// compareLedger compares every class of every topic with the truth.
func (in *input) compareLedger(t *testing.T, s *summary) {
	t.Helper()
	if !s.Ledger.Balanced {
		t.Error("the ledger does not balance")
	}
	for topic, want := range in.truth.Exact.Ledger {
		classes := map[string]int64{"fact": want.Fact, "dup_exact": want.DupExact, "id_conflict": want.IDConflict, "erased": 0}
		for reason, n := range want.Rejected {
			classes["rejected:"+reason] = n
		}
		if got := s.Ledger.Classes[topic]; !maps.Equal(got, classes) {
			t.Errorf("ledger of %s is %v, the truth is %v", topic, got, classes)
		}
	}
	if !maps.Equal(s.Records, in.truth.Exact.Records) {
		t.Errorf("%v records were read, there are %v", s.Records, in.truth.Exact.Records)
	}
}

// verify loads the committed files of a run into DuckDB and counts their rows.
func (in *input) verify(t *testing.T, n int) {
	t.Helper()
	config := fmt.Sprintf("%d-load", n)
	in.adjoin(t, config, "load", "run")
	for _, name := range slices.Sorted(maps.Keys(in.truth.Exact.Rows)) {
		var doc struct{ Rows []struct{ N int64 } }
		must(t, json.Unmarshal(in.adjoin(t, config, "query", "-o", "json", "select count(*) n from "+name+"_current"), &doc))
		if want := in.truth.Exact.Rows[name]; len(doc.Rows) != 1 || doc.Rows[0].N != want {
			t.Errorf("%s has %v rows, %d were made", name, doc.Rows, want)
		}
	}
}

// print shows one run, and how far the others were from it.
func (f *figures) print(name string, all []figures) {
	n, s := float64(f.events), &f.run
	var rows int64
	for _, r := range s.Rows {
		rows += r
	}
	line := func(what, format string, args ...any) {
		fmt.Printf("  %-26s "+format+"\n", append([]any{what}, args...)...)
	}
	fmt.Printf("%s: %d runs, the one in the middle by processor time (of two, the dearer)\n", name, len(all))
	line("events/s", "%.0f", n/s.Seconds)
	line("events/CPU-second", "%.0f", n/s.CPUSeconds)
	line("CPU per event", "%.2f us  (all runs:%s)", 1e6*s.CPUSeconds/n, spread(all))
	line("Kafka CPU per event", "%.2f us", 1e6*f.kafka.Seconds()/n)
	line("elapsed", "%.1f s, processor %.1f s", s.Seconds, s.CPUSeconds)
	line("written", "%d rows, %d files, %.1f MB, %.1f MB/s", rows, s.Files, float64(s.Bytes)/1e6, float64(s.Bytes)/1e6/s.Seconds)
	line("peak resident memory", "%d MiB", s.PeakRSSBytes>>20)
	line("allocations per event", "%.2f, %.0f bytes", float64(s.Heap.Allocations)/n, float64(s.Heap.AllocatedBytes)/n)
	line("garbage collection", "%.1f %% of the processor time, %d cycles", 100*s.Heap.GCCPUSeconds/s.CPUSeconds, s.Heap.GCCycles)
	line("rows against the truth", "equal, ledger equal in every class")
}

func spread(all []figures) string {
	var out string
	for _, f := range all {
		out += fmt.Sprintf(" %.2f", 1e6*f.run.CPUSeconds/float64(f.events))
	}
	return out
}
