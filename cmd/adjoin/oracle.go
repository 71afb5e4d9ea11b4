package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/bench/dump"
	"github.com/advertisex/adjoin/bench/oracle"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/sinks/finaltable"
)

func newOracleCommand(a *app) *cobra.Command {
	var input, out string
	cmd := &cobra.Command{
		Use:   "oracle --input DIR --out DIR",
		Short: "Compute the final tables of a record dump the naive way",
		Long: "Reads the whole dump, decodes it with plain libraries and applies the rules one\n" +
			"after the other. It shares no code with the engine, so that adjoin diff of its\n" +
			"tables and those of adjoin replay proves something.",
		Example: "  adjoin oracle --input dump/ --out expected/\n  adjoin diff tables/ expected/",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			if input == "" || out == "" {
				return usagef("oracle needs --input DIR and --out DIR")
			}
			loaded, err := a.loadConfig(nil)
			if err != nil {
				return err
			}
			started := time.Now()
			doc, err := runOracle(&loaded.Config, input, out)
			if err != nil {
				return err
			}
			doc.Seconds = time.Since(started).Seconds()
			return a.printRun(doc)
		},
	}
	cmd.Flags().StringVar(&input, "input", "", "folder of the record dump, `DIR`")
	cmd.Flags().StringVar(&out, "out", "", "folder for the tables, `DIR`")
	return outputs(cmd, "text", "json")
}

func runOracle(c *config.Config, input, out string) (runResult, error) {
	if err := checkDump(c, input); err != nil {
		return runResult{}, err
	}
	set, err := oracleSettings(c)
	if err != nil {
		return runResult{}, err
	}
	campaigns, creatives, err := referenceFiles(c, input)
	if err != nil {
		return runResult{}, err
	}
	var fx []byte
	if c.Reference.FX != "" {
		if fx, err = os.ReadFile(string(c.Reference.FX)); err != nil {
			return runResult{}, fmt.Errorf("reference data: %w", err)
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return runResult{}, outFailure(out, err)
	}
	// Bounded input and large tables: rather collect often than grow to twice the
	// facts that are held.
	debug.SetMemoryLimit(oracleMemory)
	files := finaltable.NewFiles(out)
	summary, err := oracle.Compute(oracle.Input{
		Records: oracle.Dir(input), Campaigns: campaigns, Creatives: creatives, FX: fx, Settings: set, Scratch: out,
	}, files)
	written, closeErr := files.Close()
	if err := errors.Join(err, closeErr); err != nil {
		return runResult{}, outFailure(out, err)
	}
	rows := map[string]int64{}
	for name, n := range written {
		rows[string(name)] = n
	}
	cpu, rss := usage()
	return runResult{
		FormatVersion: 1, CPUSeconds: cpu.Seconds(), PeakRSSBytes: rss,
		Records: orEmpty(summary.Records), Rows: rows, Ledger: oracleLedger(summary.Ledger),
	}, nil
}

// oracleMemory is from where on the collector works harder.
const oracleMemory = 3 << 30

func oracleLedger(l oracle.Ledger) ledgerResult {
	out := ledgerResult{Balanced: true, Events: map[string]int64{}, Classes: map[string]map[string]int64{}}
	for topic, c := range l {
		m := map[string]int64{"fact": c.Fact, "dup_exact": c.DupExact, "id_conflict": c.IDConflict, "erased": 0}
		for reason, n := range c.Rejected {
			m["rejected:"+reason.String()] = n
		}
		out.Classes[topic], out.Events[topic] = m, c.Total()
	}
	return out
}

// referenceFiles are the bytes of campaigns and creatives: the oracle reads them
// itself.
func referenceFiles(c *config.Config, dir string) (campaigns, creatives []byte, err error) {
	paths := [2]string{filepath.Join(dir, dump.CampaignsFile), filepath.Join(dir, dump.CreativesFile)}
	if c.Reference.Campaigns != "" || c.Reference.Creatives != "" {
		paths = [2]string{string(c.Reference.Campaigns), string(c.Reference.Creatives)}
	}
	var files [2][]byte
	for i, path := range paths {
		if path == "" {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, nil, fmt.Errorf("reference data: %w", err)
		}
		files[i] = b
	}
	return files[0], files[1], nil
}

// oracleSettings are the configuration as the oracle wants it.
func oracleSettings(c *config.Config) (oracle.Settings, error) {
	s := oracle.DefaultSettings()
	t, x, w := c.Kafka.Topics, c.Correlate, c.Correlate.Windows
	s.Topics = oracle.Topics{
		Bids: t.Bids, Impressions: t.Impressions, Clicks: t.Clicks, Conversions: t.Conversions, ClicksConversions: t.ClicksConversions,
	}
	s.ReportingCurrency = c.Reference.ReportingCurrency
	s.Backfill, s.Zone, s.Currency, s.IDMode = c.Kafka.Backfill, c.Decode.Zone.Location(), c.Decode.Currency, c.Decode.IDMode
	s.CSVDelimiter = rune(c.Decode.CSV.Delimiter)
	for _, columns := range []struct {
		from []string
		to   *[]string
	}{
		{c.Decode.CSV.ClicksColumns, &s.ClicksColumns}, {c.Decode.CSV.ConversionsColumns, &s.ConversionsColumns},
		{c.Decode.CSV.CombinedColumns, &s.CombinedColumns},
	} {
		if len(columns.from) > 0 {
			*columns.to = columns.from
		}
	}
	if c.Decode.Avro.SchemaFile != "" {
		b, err := os.ReadFile(string(c.Decode.Avro.SchemaFile))
		if err != nil {
			return s, err
		}
		s.AvroSchema = string(b)
	}
	s.RecordMaxBytes, s.NestingMax = int(c.Limits.RecordMaxBytes), c.Limits.NestingMax
	s.Windows = oracle.Windows{
		BidJoinWeb: w.BidJoinWeb, BidJoinApp: w.BidJoinApp, ClickJoin: w.ClickJoin,
		ClickThrough: w.ClickThrough, ViewThrough: w.ViewThrough, ClickRefractory: w.ClickRefractory,
	}
	s.WatermarkDelay = x.WatermarkDelay
	s.Horizons, s.ConflictHorizons = oracle.Horizons(x.Horizons), oracle.Horizons(x.ConflictHorizons)
	s.JoinLateness = oracle.JoinLateness{
		BidImpression: x.JoinLateness.BidImpression, ImpressionClick: x.JoinLateness.ImpressionClick,
		ViewConversion: x.JoinLateness.ViewConversion, ClickConversion: x.Horizons.Conversions,
	}
	s.HalfLife, s.Scope, s.PathSet = x.Attribution.HalfLife, x.Attribution.Scope, x.Attribution.PathSet
	s.MaxClicksPerImpression, s.MaxTouchesPerPath = x.MaxClicksPerImpression, x.MaxTouchesPerPath
	rules, err := settings(c)
	s.UserKeySecret = rules.UserKeySecret
	return s, err
}
