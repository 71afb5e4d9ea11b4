package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/bench/dump"
	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/reference"
)

// genFlags are the flags of `adjoin gen`.
type genFlags struct {
	preset, rate, duration, to, out string
	seed                            uint64
	impressions                     int64
	users, campaigns, partitions    int
	bids, plain                     bool
	dup, late                       string
	bidsPerImpression               float64
}

func newGenCommand(a *app) *cobra.Command {
	var f genFlags
	cmd := &cobra.Command{
		Use:   "gen --out DIR",
		Short: "Make traffic with known truth",
		Long: "Makes bids, impressions, clicks and conversions in the four wire formats, and\n" +
			"truth.json with what an engine must make of them. One seed, same bytes.\n\n" +
			"Presets: realistic, dense (many joins), case_study (legacy fields only), hostile\n" +
			"(all faults ten times as often), protected.",
		Example: "  adjoin gen --preset dense --impressions 100000 --seed 7 --out dump/\n" +
			"  adjoin gen --to kafka -c adjoin.yaml --impressions 1000000 --out truth/",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.config()
			if err != nil {
				return err
			}
			if f.out == "" {
				return usagef("gen needs --out DIR for the dump, or with --to kafka for truth.json and the reference data")
			}
			switch f.to {
			case "files":
				return a.genFiles(cfg, f)
			case "kafka":
				loaded, err := a.loadConfig(config.NodeNeeds())
				if err != nil {
					return err
				}
				return a.genKafka(cmd.Context(), cfg, f, &loaded.Config)
			}
			return usagef("--to %q is neither files nor kafka", f.to)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.preset, "preset", "realistic", "`realistic|dense|case_study|hostile|protected`")
	fl.Uint64Var(&f.seed, "seed", 42, "the `SEED` of all chance")
	fl.Int64Var(&f.impressions, "impressions", 0, "how many impressions, `N` (default: --rate times --duration, else 100000)")
	fl.StringVar(&f.rate, "rate", "", "impressions a second of event time, such as `1k/s`")
	fl.StringVar(&f.duration, "duration", "", "how much event time, such as `24h`")
	fl.IntVar(&f.users, "users", 0, "how many users, `N`")
	fl.IntVar(&f.campaigns, "campaigns", 0, "how many campaigns, `N` (default 500)")
	fl.IntVar(&f.partitions, "partitions", 4, "partitions of each topic, `N`")
	fl.BoolVar(&f.bids, "bids", true, "make bid requests as well")
	fl.Float64Var(&f.bidsPerImpression, "bids-per-impression", 0, "bid requests for each impression, `X` (default: the preset's)")
	fl.StringVar(&f.dup, "dup", "", "share of exact duplicates, such as `3%`")
	fl.StringVar(&f.late, "late", "", "share of late events, such as `1%`")
	fl.StringVar(&f.to, "to", "files", "where to: `files|kafka`")
	fl.StringVar(&f.out, "out", "", "folder to make, `DIR`")
	fl.BoolVar(&f.plain, "plain", false, "write .ndjson instead of .ndjson.zst")
	return outputs(cmd, "text", "json")
}

func (f *genFlags) config() (gen.Config, error) {
	cfg := gen.Config{
		Seed: f.seed, Preset: gen.Preset(f.preset), Impressions: f.impressions, Users: f.users,
		Campaigns: f.campaigns, Partitions: f.partitions, Bids: f.bids,
	}
	var errs []error
	if f.rate != "" {
		rate, err := config.ParseRate(f.rate)
		cfg.Rate = float64(rate)
		errs = append(errs, named("--rate", err))
	}
	if f.duration != "" {
		d, err := config.ParseDuration(f.duration)
		cfg.Duration = event.Span(d / time.Microsecond)
		errs = append(errs, named("--duration", err))
	}
	rates := cfg.Preset.Rates()
	if f.bidsPerImpression > 0 {
		rates.BidsPerImpression = f.bidsPerImpression
		cfg.Rates = &rates
	}
	for _, share := range []struct {
		flag, text string
		into       *float64
	}{{"--dup", f.dup, &rates.Duplicate}, {"--late", f.late, &rates.Late}} {
		if share.text == "" {
			continue
		}
		v, err := config.ParseShare(share.text)
		*share.into = float64(v)
		cfg.Rates = &rates
		errs = append(errs, named(share.flag, err))
	}
	if err := errors.Join(errs...); err != nil {
		return cfg, usagef("%s", err)
	}
	return cfg, nil
}

// named puts the flag before an error about its value.
func named(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %w", flag, err)
}

// referenceJSON is the generator's campaigns and creatives as files.
func referenceJSON(g *gen.Generator) (campaigns, creatives []byte, err error) {
	cs, crs := g.Reference()
	campaigns, err1 := reference.EncodeCampaigns(cs)
	creatives, err2 := reference.EncodeCreatives(crs)
	return campaigns, creatives, errors.Join(err1, err2)
}

// openTruthFolder makes the folder with the reference data in it.
func openTruthFolder(g *gen.Generator, f genFlags) (*dump.Folder, error) {
	campaigns, creatives, err := referenceJSON(g)
	if err != nil {
		return nil, err
	}
	folder, err := dump.Create(f.out, !f.plain)
	if err != nil {
		return nil, outFailure(f.out, err)
	}
	return folder, errors.Join(folder.WriteFile(dump.CampaignsFile, campaigns), folder.WriteFile(dump.CreativesFile, creatives))
}

func (a *app) genFiles(cfg gen.Config, f genFlags) error {
	g, err := gen.New(cfg)
	if err != nil {
		return usagef("%s", err)
	}
	folder, err := openTruthFolder(g, f)
	if err != nil {
		return err
	}
	for _, topic := range g.Topics() {
		err = errors.Join(err, outFailure(f.out, folder.AddTopic(topic)))
	}
	var rec gen.Record
	var out dump.Record
	for err == nil && g.Next(&rec) {
		out = dump.Record{
			Topic: rec.Topic, Partition: rec.Partition, Offset: dump.NextOffset, TimestampMS: rec.TimestampMS, Key: rec.Key, Value: rec.Value,
		}
		err = folder.Write(&out)
	}
	return a.finishGen(g, folder, err)
}

// genKafka sends the records to the configured topics, which must exist.
func (a *app) genKafka(ctx context.Context, cfg gen.Config, f genFlags, c *config.Config) error {
	cfg.Topics = genTopics(c)
	g, err := gen.New(cfg)
	if err != nil {
		return usagef("%s", err)
	}
	if age := time.Since(g.Config().Start.UTC()); age > 24*time.Hour {
		a.log.Warn("the records are stamped with their own past: topics without retention.ms=-1 will delete them", "oldest", g.Config().Start.UTC())
	}
	folder, err := openTruthFolder(g, f)
	if err != nil {
		return err
	}
	producer, err := kafka.OpenProducer(ctx, kafkaConfig(c), kafka.ProducerConfig{Compression: "lz4"})
	if err != nil {
		return errors.Join(engineFailure(err), folder.Close())
	}
	var rec gen.Record
	for err == nil && g.Next(&rec) {
		err = producer.Send(ctx, event.Partition{Topic: rec.Topic, ID: rec.Partition}, message(&rec))
	}
	if err == nil {
		err = producer.Flush(ctx)
	}
	return a.finishGen(g, folder, errors.Join(err, producer.Close()))
}

// message copies a record: the generator reuses its slices.
func message(rec *gen.Record) kafka.Message {
	b := make([]byte, len(rec.Key)+len(rec.Value))
	n := copy(b, rec.Key)
	copy(b[n:], rec.Value)
	m := kafka.Message{Time: event.Time(rec.TimestampMS) * event.Time(event.Millisecond), Value: b[n:]}
	if rec.Key != nil {
		m.Key = b[:n:n]
	}
	return m
}

func genTopics(c *config.Config) gen.Topics {
	first := func(names config.Names) string {
		if len(names) == 0 {
			return ""
		}
		return names[0]
	}
	t := c.Kafka.Topics
	return gen.Topics{
		Impressions: first(t.Impressions), Clicks: first(t.Clicks), Conversions: first(t.Conversions),
		Bids: first(t.Bids), Combined: first(t.ClicksConversions),
	}
}

// finishGen writes truth.json and says what was made.
func (a *app) finishGen(g *gen.Generator, folder *dump.Folder, err error) error {
	truth := g.Truth()
	if err == nil {
		var b []byte
		if b, err = json.MarshalIndent(truth, "", "  "); err == nil {
			err = folder.WriteFile("truth.json", append(b, '\n'))
		}
	}
	if err = errors.Join(err, folder.Close()); err != nil {
		return err
	}
	if a.json() {
		return a.document(truth)
	}
	var parts []string
	for _, topic := range g.Topics() {
		parts = append(parts, fmt.Sprintf("%s %d", topic, truth.Exact.Records[topic]))
	}
	_, err = fmt.Fprintf(a.out, "%s\n", strings.Join(parts, ", "))
	return err
}
