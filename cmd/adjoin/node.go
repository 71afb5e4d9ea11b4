package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/config"
)

func newNodeCommand(a *app) *cobra.Command {
	cmd := group(&cobra.Command{Use: "node", Short: "Run a node of the engine"})
	cmd.AddCommand(newNodeRunCommand(a))
	return cmd
}

func newNodeRunCommand(a *app) *cobra.Command {
	var untilEnd bool
	var profile profiles
	cmd := &cobra.Command{
		Use:   "run -c FILE",
		Short: "Read the topics, join, commit and load, until stopped or to the end",
		Long: "Runs one node: it claims the shards in the journal, restores them from the last\n" +
			"commit, and reads on from there. Ctrl-C or SIGTERM makes a last commit and ends\n" +
			"with code 0; a second one ends at once, which loses nothing either.\n\n" +
			"With --until-end it reads every topic up to the end it finds at the start, closes\n" +
			"all windows, commits, loads, and prints a summary.",
		Example: "  adjoin node run -c adjoin.yaml\n  adjoin node run -c adjoin.yaml --until-end -o json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := a.loadConfig(config.NodeNeeds(), slices.Concat(
				override(cmd, "node-id", "node.id"), override(cmd, "data-dir", "node.data_dir"),
				override(cmd, "listen", "server.listen"), override(cmd, "admin", "server.admin"))...)
			if err != nil {
				return err
			}
			stop, err := profile.start()
			if err != nil {
				return err
			}
			return errors.Join(a.runNode(cmd.Context(), loaded, untilEnd), stop())
		},
	}
	f := cmd.Flags()
	f.String("node-id", "", "name of the node, `ID` (node.id)")
	f.String("data-dir", "", "folder of the node, `DIR` (node.data_dir)")
	f.String("listen", "", "`ADDR` of health and metrics (server.listen)")
	f.String("admin", "", "`ADDR` of administration (server.admin)")
	f.BoolVar(&untilEnd, "until-end", false, "read up to the ends found at the start, commit, load and end")
	f.StringVar(&profile.cpu, "cpuprofile", "", "write a processor profile of the whole run to `FILE`, for go tool pprof")
	f.StringVar(&profile.mem, "memprofile", "", "write a profile of all allocations to `FILE` at the end")
	return outputs(cmd, "text", "json")
}

func (a *app) runNode(ctx context.Context, loaded *config.Loaded, untilEnd bool) error {
	n, err := a.openNode(ctx, loaded, untilEnd)
	if err != nil {
		return engineFailure(err)
	}
	summary, err := n.run(ctx)
	if err = errors.Join(err, n.close()); err != nil {
		return engineFailure(err)
	}
	if !untilEnd {
		return nil
	}
	return a.printRun(runDocument(&summary, n.took))
}

// runResult is `adjoin node run --until-end -o json` and, less the commit,
// `adjoin replay -o json` (interface 2.1a).
type runResult struct {
	FormatVersion int              `json:"format_version"`
	Seconds       float64          `json:"seconds"`
	CPUSeconds    float64          `json:"cpu_seconds"`
	PeakRSSBytes  int64            `json:"peak_rss_bytes"`
	Records       map[string]int64 `json:"records"`
	Rows          map[string]int64 `json:"rows"`
	Files         int64            `json:"files"`
	Bytes         int64            `json:"bytes"`
	Heap          heapWork         `json:"heap"`
	Ledger        ledgerResult     `json:"ledger"`
	Commit        *int64           `json:"commit,omitempty"`
}

// ledgerResult is the conservation ledger: for each topic the number of events
// that ended in each class. Balanced says that they sum to the events read.
type ledgerResult struct {
	Balanced bool                        `json:"balanced"`
	Events   map[string]int64            `json:"events"`
	Classes  map[string]map[string]int64 `json:"classes"`
}

func runDocument(s *actors.Summary, took time.Duration) runResult {
	cpu, rss := usage()
	commit := int64(s.Commit)
	return runResult{
		FormatVersion: 1, Seconds: took.Seconds(), CPUSeconds: cpu.Seconds(), PeakRSSBytes: rss,
		Records: orEmpty(s.Records), Rows: orEmpty(s.Rows), Files: s.Files, Bytes: s.Bytes,
		Heap: heapWorkNow(), Ledger: ledgerOf(s.Events, s.Classes), Commit: &commit,
	}
}

func orEmpty(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return m
}

func ledgerOf(events map[string]int64, classes map[string]journal.Classes) ledgerResult {
	out := ledgerResult{Balanced: true, Events: orEmpty(events), Classes: map[string]map[string]int64{}}
	for topic, n := range events {
		out.Balanced = out.Balanced && classes[topic].Sum() == n
	}
	for topic, c := range classes {
		m := map[string]int64{"fact": c.Fact, "dup_exact": c.DupExact, "id_conflict": c.IDConflict, "erased": c.Erased}
		for reason, n := range c.Rejected {
			m["rejected:"+reason] = n
		}
		out.Classes[topic] = m
	}
	return out
}

// usage is the processor time and the greatest resident memory of the process.
// The kernel's own peak counts since the program was loaded; ru_maxrss would
// count what forked it as well.
func usage() (cpu time.Duration, rss int64) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, 0
	}
	cpu, rss = time.Duration(r.Utime.Nano()+r.Stime.Nano()), r.Maxrss<<10
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return cpu, rss // not Linux
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return cpu, kib << 10
		}
	}
	return cpu, rss
}

func (a *app) printRun(r runResult) error {
	if a.json() {
		return a.document(r)
	}
	for _, topic := range slices.Sorted(maps.Keys(r.Records)) {
		fmt.Fprintf(a.out, "%-24s %12d records\n", topic, r.Records[topic])
	}
	for _, name := range slices.Sorted(maps.Keys(r.Rows)) {
		fmt.Fprintf(a.out, "%-24s %12d rows\n", name, r.Rows[name])
	}
	balance := "balanced: every event ended in exactly one class"
	if !r.Ledger.Balanced {
		balance = "NOT balanced"
	}
	_, err := fmt.Fprintf(a.out, "%d files, %d bytes, %.1f s, %.1f s of processor time\nledger %s\n",
		r.Files, r.Bytes, r.Seconds, r.CPUSeconds, balance)
	return err
}
