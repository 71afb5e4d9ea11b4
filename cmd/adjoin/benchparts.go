package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/bench/parts"
	"github.com/advertisex/adjoin/bench/report"
	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/bench/sweep"
)

// benchPartsFlags are the flags of `adjoin bench parts`.
type benchPartsFlags struct {
	records, live, rounds, shards int
	seed                          uint64
	html                          string
}

func newBenchPartsCommand(a *app) *cobra.Command {
	var f benchPartsFlags
	cmd := &cobra.Command{
		Use:   "parts",
		Short: "Measure the unavoidable parts of an event and the whole, on the same data",
		Long: "Takes records that lie in memory as record batches, and measures what no engine\n" +
			"can do without (unpacking, decoding, routing, one insert into a hash table,\n" +
			"encoding Parquet), then the whole in-process path to Parquet files. The ratio of\n" +
			"the two says how much could be avoided, and holds on a busy machine.",
		Example: "  adjoin bench parts\n  adjoin bench parts --records 1000000 --rounds 5 -o json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.records < 1 || f.live < 1 || f.rounds < 1 || f.shards < 1 {
				return usagef("--records, --live, --rounds and --shards are 1 or more")
			}
			doc, err := a.benchParts(cmd.Context(), f)
			if err != nil {
				return err
			}
			if f.html != "" {
				if err := writeReport(f.html, doc); err != nil {
					return err
				}
			}
			if a.json() {
				return a.document(doc)
			}
			_, err = fmt.Fprint(a.out, report.PartsText(doc))
			return err
		},
	}
	fl := cmd.Flags()
	fl.IntVar(&f.records, "records", 200_000, "records of each input, `N`")
	fl.IntVar(&f.live, "live", 500_000, "live impressions whose memory is measured, `N`")
	fl.IntVar(&f.rounds, "rounds", 3, "measure so often and keep the least, `N`")
	fl.IntVar(&f.shards, "shards", 64, "user shards, `N`")
	fl.Uint64Var(&f.seed, "seed", 42, "the `SEED` of the records")
	fl.StringVar(&f.html, "html", "", "write a report to `FILE`")
	return outputs(cmd, "text", "json")
}

// liveShards are few, so that what a shard takes when it is empty does not
// show.
const liveShards = 4

func (a *app) benchParts(ctx context.Context, f benchPartsFlags) (*sheet.Parts, error) {
	v := buildVersion()
	doc := &sheet.Parts{
		FormatVersion: sheet.FormatVersion, Kind: sheet.KindParts, Inputs: map[string]sheet.Cost{},
		Machine: sheet.ThisMachine(v.Version, v.Revision, ""),
	}
	for _, kind := range parts.Kinds() {
		a.note("measuring %s", kind)
		in, err := parts.NewInput(parts.InputConfig{Kind: kind, Records: f.records, Seed: f.seed})
		if err != nil {
			return nil, err
		}
		cost, err := parts.Measure(ctx, in, parts.Engine{Shards: f.shards}, f.rounds)
		if err != nil {
			return nil, err
		}
		if kind == parts.Mixed {
			doc.Cost = cost
		} else {
			doc.Inputs[kind] = cost
		}
	}
	a.note("measuring live impressions")
	in, err := parts.NewInput(parts.InputConfig{Kind: parts.Impressions, Records: f.live, Seed: f.seed})
	if err != nil {
		return nil, err
	}
	doc.BytesPerLiveImpression, doc.LiveImpressions, err = in.Live(liveShards)
	return doc, err
}

// note says what takes a while.
func (a *app) note(format string, args ...any) {
	if !a.flags.noProgress {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

func newBenchSweepCommand(a *app) *cobra.Command {
	var f struct {
		only            []string
		records, rounds int
		seed            uint64
		html            string
	}
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Measure how the cost of an event grows with one thing at a time",
		Long: "Varies what is live, users a shard, the click rate, skew, partitions, the size of\n" +
			"records, and the number of shards, and measures the whole in-process path at each\n" +
			"point.",
		Example: "  adjoin bench sweep --html sweep.html\n  adjoin bench sweep --only shards,skew --records 500000",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range f.only {
				if !slices.Contains(sweep.Names(), name) {
					return usagef("--only %q is none of the sweeps %v", name, sweep.Names())
				}
			}
			if f.records < 100 || f.rounds < 1 {
				return usagef("--records is 100 or more, --rounds 1 or more")
			}
			v := buildVersion()
			doc := &sheet.Sweeps{
				FormatVersion: sheet.FormatVersion, Kind: sheet.KindSweep, Seed: f.seed, Machine: sheet.ThisMachine(v.Version, v.Revision, ""),
			}
			var err error
			doc.Sweeps, err = sweep.Run(cmd.Context(), sweep.Config{
				Seed: f.seed, Records: f.records, Rounds: f.rounds, Tell: func(name string, p sheet.Point) {
					if !a.json() {
						fmt.Fprint(a.out, report.SweepText(name, p))
					}
				},
			}, f.only...)
			if err != nil {
				return err
			}
			if f.html != "" {
				if err := writeReport(f.html, doc); err != nil {
					return err
				}
			}
			if a.json() {
				return a.document(doc)
			}
			return nil
		},
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.only, "only", nil, "only these `SWEEPS`")
	fl.IntVar(&f.records, "records", 50_000, "records at each point, `N`")
	fl.IntVar(&f.rounds, "rounds", 2, "measure each point so often and keep the least, `N`")
	fl.Uint64Var(&f.seed, "seed", 42, "the `SEED` of the records")
	fl.StringVar(&f.html, "html", "", "write a report to `FILE`")
	mustComplete(cmd, "only", fixed(sweep.Names()...))
	return outputs(cmd, "text", "json")
}

func newBenchProfileCommand(a *app) *cobra.Command {
	var f struct {
		kind, out       string
		records, rounds int
		seed            uint64
	}
	cmd := &cobra.Command{
		Use:   "profile --out DIR",
		Short: "Leave processor and heap profiles of the whole path",
		Long: "Runs the whole in-process path of adjoin bench parts over one input, several\n" +
			"times, and leaves DIR/cpu.pprof and DIR/heap.pprof for go tool pprof: what was\n" +
			"allocated in all (alloc_space), and what lived (inuse_space).",
		Example: "  adjoin bench profile --out prof/ && go tool pprof -top prof/cpu.pprof",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.out == "" {
				return usagef("profile needs --out DIR")
			}
			if f.records < 1 || f.rounds < 1 {
				return usagef("--records and --rounds are 1 or more")
			}
			in, err := parts.NewInput(parts.InputConfig{Kind: f.kind, Records: f.records, Seed: f.seed})
			if err != nil {
				return usagef("--input: %s", err)
			}
			if err := os.MkdirAll(f.out, 0o755); err != nil {
				return usagef("--out %s: %s", f.out, err)
			}
			stop, err := profiles{cpu: filepath.Join(f.out, "cpu.pprof"), mem: filepath.Join(f.out, "heap.pprof")}.start()
			if err != nil {
				return err
			}
			cost, err := parts.WholeCost(cmd.Context(), in, parts.Engine{}, f.rounds)
			if err = errors.Join(err, stop()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%s: %d events, %.0f ns of processor time an event\nwrote %s and %s\n",
				f.kind, cost.Events, cost.WholeNS, filepath.Join(f.out, "cpu.pprof"), filepath.Join(f.out, "heap.pprof"))
			return err
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.kind, "input", parts.Mixed, "kind of input: `mixed|impressions|bids|clicks|conversions`")
	fl.StringVar(&f.out, "out", "", "folder for the profiles, `DIR`")
	fl.IntVar(&f.records, "records", 500_000, "records, `N`")
	fl.IntVar(&f.rounds, "rounds", 3, "how often, `N`")
	fl.Uint64Var(&f.seed, "seed", 42, "the `SEED` of the records")
	mustComplete(cmd, "input", fixed(parts.Kinds()...))
	return cmd
}
