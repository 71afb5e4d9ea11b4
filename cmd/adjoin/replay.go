package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/bench/dump"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/sinks/finaltable"
)

// replayFlags are the flags of `adjoin replay`.
type replayFlags struct {
	input, out string
	shards     uint32
	shuffle    uint64
	tables     []string
	restore    bool
	cutEvery   int
}

func newReplayCommand(a *app) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay --input DIR --out DIR",
		Short: "Run the engine over a record dump and write the final tables",
		Long: "The same engine without Kafka, clock or network. Writes OUT/<table>/part-0.parquet,\n" +
			"one row a key. The same input gives the same bytes, whatever --shards and\n" +
			"--shuffle.",
		Example: "  adjoin gen --impressions 100000 --out dump/\n  adjoin replay --input dump/ --out tables/ --shards 7 --shuffle 3",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.input == "" || f.out == "" {
				return usagef("replay needs --input DIR and --out DIR")
			}
			loaded, err := a.loadConfig(nil)
			if err != nil {
				return err
			}
			started := time.Now()
			summary, rows, err := a.replay(cmd.Context(), &loaded.Config, f)
			if err != nil {
				return err
			}
			doc := runDocument(&summary, time.Since(started))
			doc.Rows, doc.Commit = rows, nil
			return a.printRun(doc)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.input, "input", "", "folder of the record dump, `DIR`")
	fl.StringVar(&f.out, "out", "", "folder for the tables, `DIR`")
	fl.Uint32Var(&f.shards, "shards", 0, "number of user shards, `N` (default: correlate.shards)")
	fl.Uint64Var(&f.shuffle, "shuffle", 0, "interleave the partitions by this `SEED` instead of by time")
	fl.StringSliceVar(&f.tables, "tables", nil, "write only these `TABLES`; ledger writes none and prints the ledger")
	fl.BoolVar(&f.restore, "restore", false, "put the state of every shard through its segments after every cut")
	fl.IntVar(&f.cutEvery, "cut-every", 0, "cut after this many `RECORDS`")
	return outputs(cmd, "text", "json")
}

func (a *app) replay(ctx context.Context, c *config.Config, f replayFlags) (actors.Summary, map[string]int64, error) {
	var none actors.Summary
	if err := checkDump(c, f.input); err != nil {
		return none, nil, err
	}
	set, err := dumpReference(c, f.input)
	if err != nil {
		return none, nil, err
	}
	sources, err := topics(c)
	if err != nil {
		return none, nil, err
	}
	rules, err := settings(c)
	if err != nil {
		return none, nil, err
	}
	records, err := dump.OpenInterleaved(f.input, c.Kafka.Topics.All(), f.shuffle)
	if err != nil {
		return none, nil, err
	}
	shards := f.shards
	if shards == 0 {
		shards = uint32(c.Correlate.Shards)
	}
	tables, err := finaltable.NewSetIn(f.out)
	if err != nil {
		return none, nil, outFailure(f.out, err)
	}
	defer tables.Close()
	summary, err := actors.Replay(ctx, actors.ReplayConfig{
		Topics: sources, UserShards: shards, CampaignShards: uint32(c.Correlate.CampaignShards),
		Settings: rules, Reference: set, WatermarkDelay: c.Correlate.WatermarkDelay,
		Next: nextOf(records), Again: againOf(records), Out: tables, CutEvery: f.cutEvery, Restore: f.restore,
	})
	if err = errors.Join(err, records.Close()); err != nil {
		return none, nil, err
	}
	rows, err := writeTables(tables, f.out, f.tables)
	return summary, rows, err
}

// dumpReference is the reference data of the configuration, else what lies
// beside the dump.
func dumpReference(c *config.Config, dir string) (*reference.Set, error) {
	if c.Reference.Campaigns != "" || c.Reference.Creatives != "" {
		return referenceData(c)
	}
	set, err := dump.Reference(dir, defaultCampaign(c))
	if err != nil {
		return nil, err
	}
	return withRates(c, set)
}

func nextOf(records *dump.Interleaved) func() (rec actorsRecord, ok bool, err error) {
	var r dump.Record
	return func() (actorsRecord, bool, error) {
		err := records.Next(&r)
		if errors.Is(err, io.EOF) {
			return actorsRecord{}, false, nil
		}
		return recordOf(&r), err == nil, err
	}
}

func againOf(records *dump.Interleaved) func(event.Position) (actorsRecord, bool) {
	return func(at event.Position) (actorsRecord, bool) {
		var r dump.Record
		if !records.Find(at.Topic, at.ID, int64(at.Offset), &r) {
			return actorsRecord{}, false
		}
		return recordOf(&r), true
	}
}

// writeTables writes the tables that were asked for, all when none was named.
func writeTables(set *finaltable.Set, out string, only []string) (map[string]int64, error) {
	rows := map[string]int64{}
	if slices.Equal(only, []string{"ledger"}) {
		return rows, nil
	}
	written, err := set.Write(out, tableNames(only)...)
	err = outFailure(out, err)
	for name, n := range written {
		rows[string(name)] = n
	}
	return rows, err
}

func newDiffCommand(a *app) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "diff DIR DIR",
		Short: "Compare the final tables in two folders",
		Long:  "Prints the first differences by table and key, and ends with code 3 when there are any.",
		Args:  arguments(2, 2, "two folders"),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, dir := range args {
				if info, err := os.Stat(dir); err != nil || !info.IsDir() {
					return usagef("%s is no folder of tables; replay and oracle write one to their --out", dir)
				}
			}
			report, err := finaltable.Diff(filepath.Clean(args[0]), filepath.Clean(args[1]), limit)
			if err != nil {
				return err
			}
			return a.printDiff(report)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 10, "at most this many examples, `N` a table")
	return outputs(cmd, "text", "json")
}
