package suite

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

var (
	measure = flag.Bool("measure", false, "measure (make bench)")
	binary  = flag.String("binary", "", "the built `adjoin`")
	out     = flag.String("out", "", "folder for documents and report, `DIR`")
	rate    = flag.String("rate", "10k/s", "records a second of the runs, `RATE`")
	length  = flag.String("duration", "30s", "how long each run is measured, `TIME`")
)

// answerNo is the exit code of a run that ran fine and was not good.
const answerNo = 3

func TestSuite(t *testing.T) {
	if !*measure {
		t.Skip("measures only with -measure; use make bench")
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	documents := []string{step(t, "parts", "parts", "--records", "100000", "--live", "500000", "--rounds", "2")}
	load := []string{"--rate", *rate, "--duration", *length, "--warmup", "5s"}
	documents = append(documents, run(t, "run-embedded", append(load, "--target", "demo")...))
	t.Run("kafka", func(t *testing.T) {
		broker := kafkatest.Start(t, kafkatest.Options{})
		documents = append(documents, run(t, "run-kafka", append(load, "--target", "kafka", "--brokers", strings.Join(broker.Brokers, ","))...))
	})
	documents = append(documents, step(t, "sweep", "sweep", "--records", "30000", "--rounds", "2"))
	page := filepath.Join(*out, "bench.html")
	adjoin(t, append(append([]string{"bench", "report"}, documents...), "--html", page)...)
	fmt.Printf("\n%.0f s; the report is %s\n", time.Since(began).Seconds(), page)
}

// step runs a command of bench and keeps its document.
func step(t *testing.T, name, command string, args ...string) string {
	t.Helper()
	began := time.Now()
	b, _ := adjoin(t, append([]string{"bench", command, "-o", "json", "--no-progress"}, args...)...)
	path := filepath.Join(*out, name+".json")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%-14s %4.0f s\n", name, time.Since(began).Seconds())
	return path
}

// run is a step whose rows must be right.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := step(t, name, "run", args...)
	doc, err := sheet.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	r, ok := doc.(*sheet.Run)
	if !ok {
		t.Fatalf("%s is no run", path)
	}
	fmt.Printf("               joined p99 %.3f s, committed p99 %.3f s, %.2f us an event, valid %v\n",
		r.LatencyJoined.P99, r.Latency.P99, r.CPUPerEvent, r.Valid)
	if r.Lost+r.Duplicated+r.Wrong > 0 || r.Latency.Count < r.Offered {
		t.Errorf("%s: lost %d, duplicated %d, wrong %d, %d of %d committed: %v", name, r.Lost, r.Duplicated, r.Wrong, r.Latency.Count, r.Offered, r.Differences)
	}
	return path
}

// adjoin runs the program; code 3 is for the caller to judge.
func adjoin(t *testing.T, args ...string) (output []byte, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), *binary, args...)
	var stdout, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == answerNo && json.Valid(stdout.Bytes()) {
		return stdout.Bytes(), answerNo
	}
	if err != nil {
		t.Fatalf("adjoin %v: %v\n%s%s", args, err, stdout.Bytes(), said.Bytes())
	}
	return stdout.Bytes(), 0
}
