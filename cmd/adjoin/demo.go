package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
)

// The demo's sizes: small enough for a laptop, large enough to see joins.
const (
	demoPartitions = 2
	demoPump       = 20 * time.Millisecond
	demoCut        = "1s"
	demoSettle     = 30 * time.Second
)

// demoFlags are the flags of `adjoin demo`.
type demoFlags struct {
	rate, duration string
	seed           uint64
	listen         string
	kafkaPort      int
	noGenerate     bool
	keep           bool
	dir            string
}

func newDemoCommand(a *app) *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch it work: Kafka, traffic, engine and warehouse in one process",
		Long: "Starts an in-process Kafka, a generator, one node and a DuckDB warehouse, and\n" +
			"prints the living funnel. At the end (Ctrl-C, or --duration) it compares what the\n" +
			"warehouse says with what the generator knows it sent; code 3 when they differ.",
		Example: "  adjoin demo\n  adjoin demo --duration 10s -o json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runDemo(cmd.Context(), f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.rate, "rate", "200/s", "impressions, `RATE`; bids come on top")
	fl.StringVar(&f.duration, "duration", "", "end by itself after this `TIME`, such as 10s")
	fl.Uint64Var(&f.seed, "seed", 42, "the `SEED` of the traffic")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "`ADDR` of health and metrics")
	fl.IntVar(&f.kafkaPort, "kafka-port", 0, "port of the in-process Kafka, `N` (0: any)")
	fl.BoolVar(&f.noGenerate, "no-generate", false, "send nothing: for traffic of your own")
	fl.BoolVar(&f.keep, "keep", false, "keep the demo's folder at the end")
	fl.StringVar(&f.dir, "dir", "", "folder for files and warehouse, `DIR` (default: a temporary one)")
	return outputs(cmd, "text", "json")
}

func (a *app) runDemo(ctx context.Context, f demoFlags) error {
	d, err := a.openDemo(ctx, f)
	if err != nil {
		return err
	}
	runErr := d.run(ctx)
	if err := errors.Join(runErr, d.close()); err != nil {
		return err
	}
	return d.report()
}

// demo is everything the demo has open.
type demo struct {
	app      *app
	flags    demoFlags
	started  time.Time
	ready    time.Duration
	duration time.Duration
	dir      string
	broker   *embedded.Broker
	gen      *gen.Generator
	producer *kafka.Producer
	loaded   *config.Loaded
	node     *runningNode
	user     string // a user with clicks, to look at
	result   demoResult
}

// openDemo starts the broker, makes topics and files, and opens the node.
func (a *app) openDemo(ctx context.Context, f demoFlags) (d *demo, err error) {
	d = &demo{app: a, flags: f, started: time.Now(), dir: f.dir}
	rate, err := config.ParseRate(f.rate)
	if err != nil {
		return nil, usagef("--rate: %s", err)
	}
	if f.duration != "" {
		if d.duration, err = config.ParseDuration(f.duration); err != nil {
			return nil, usagef("--duration: %s", err)
		}
	}
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "adjoin-demo-"); err != nil {
			return nil, err
		}
	} else if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, err
	}
	rates := demoRates()
	d.gen, err = gen.New(gen.Config{
		Seed: f.seed, Preset: gen.Dense, Rates: &rates, Endless: true, Rate: float64(rate), Pace: gen.Brisk, Start: event.TimeOf(d.started),
		Partitions: demoPartitions, Bids: true,
	})
	if err == nil {
		err = d.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// demoRates are those of the dense preset with children enough to watch.
func demoRates() gen.Rates {
	r := gen.Dense.Rates()
	r.CTR, r.CTRPremium, r.CVR, r.CVRRetargeting = 0.10, 0.10, 0.30, 0.30
	return r
}

func (d *demo) start(ctx context.Context) (err error) {
	var topics []embedded.Topic
	for _, name := range d.gen.Topics() {
		topics = append(topics, embedded.Topic{Name: name, Partitions: demoPartitions})
	}
	if d.broker, err = embedded.Start(embedded.Options{Port: d.flags.kafkaPort, Topics: topics}); err != nil {
		return err
	}
	if err := d.writeConfig(); err != nil {
		return err
	}
	d.app.flags.files = []string{filepath.Join(d.dir, "adjoin.yaml")}
	if d.loaded, err = d.app.loadConfig(config.NodeNeeds()); err != nil {
		return err
	}
	k := kafkaConfig(&d.loaded.Config)
	if _, err := kafka.EnsureTopics(ctx, k, ownTopics(&d.loaded.Config), false); err != nil {
		return engineFailure(err)
	}
	if d.producer, err = kafka.OpenProducer(ctx, k, kafka.ProducerConfig{}); err != nil {
		return engineFailure(err)
	}
	d.node, err = d.app.openNode(ctx, d.loaded, false)
	return err
}

// writeConfig writes the demo's configuration and reference data: other
// commands use them from a second terminal.
func (d *demo) writeConfig() error {
	campaigns, creatives, err := referenceJSON(d.gen)
	if err != nil {
		return err
	}
	topics := d.gen.Config().Topics
	yaml := fmt.Sprintf(`config_version: 1
kafka:
  brokers: [%q]
  topics: {bids: %s, impressions: %s, clicks: %s, conversions: %s, clicks_conversions: []}
reference: {campaigns: campaigns.json, creatives: creatives.json}
correlate: {shards: 8, campaign_shards: 2, user_key: {secret_file: user-key}}
sink: {url: %q, checkpoint_interval: %s}
load: [{target: duckdb, path: warehouse.duckdb}]
server: {listen: %q, admin: "127.0.0.1:0"}
node: {id: demo, data_dir: %q}
`, d.broker.Addrs()[0], topics.Bids, topics.Impressions, topics.Clicks, topics.Conversions,
		"file://"+filepath.Join(d.dir, "lake"), demoCut, d.flags.listen, filepath.Join(d.dir, "node"))
	for name, content := range map[string][]byte{
		"adjoin.yaml": []byte(yaml), "campaigns.json": campaigns, "creatives.json": creatives, "user-key": []byte("demo"),
	} {
		if err := os.WriteFile(filepath.Join(d.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// run feeds and watches until the end, then settles and compares.
func (d *demo) run(ctx context.Context) error {
	engineCtx, stopEngine := context.WithCancel(context.Background())
	defer stopEngine()
	engine := make(chan error, 1)
	go func() {
		_, err := d.node.run(engineCtx)
		engine <- err
	}()
	err := d.feed(ctx, engine)
	if err == nil {
		err = d.drain(engine)
	}
	stopEngine()
	if err != nil {
		return errors.Join(err, ignoreStopped(<-engine))
	}
	if err := <-engine; err != nil {
		return err
	}
	return d.settle()
}

func ignoreStopped(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// close gives everything back; the folder goes unless it was asked for.
func (d *demo) close() error {
	var errs []error
	if d.node != nil {
		errs = append(errs, d.node.close())
	}
	if d.producer != nil {
		errs = append(errs, d.producer.Close())
	}
	if d.broker != nil {
		errs = append(errs, d.broker.Close())
	}
	if !d.flags.keep && d.flags.dir == "" && d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}
