package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/bench/load"
	"github.com/advertisex/adjoin/bench/report"
	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
)

func newBenchCommand(a *app) *cobra.Command {
	cmd := group(&cobra.Command{Use: "bench", Short: "Measure what an event costs, how fast it is, and where the time goes"})
	cmd.AddCommand(newBenchRunCommand(a), newBenchPartsCommand(a), newBenchSweepCommand(a),
		newBenchProfileCommand(a), newBenchReportCommand(a), newBenchCompareCommand(a))
	return cmd
}

// benchRunFlags are the flags of `adjoin bench run`.
type benchRunFlags struct {
	target, preset, rate, ramp, duration, warmup, html, metrics string
	brokers, thresholds                                         []string
	seed                                                        uint64
	partitions                                                  int
	bids, keep                                                  bool
}

func newBenchRunCommand(a *app) *cobra.Command {
	var f benchRunFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Send records at a rate and measure latency, cost and correctness",
		Long: "Sends records when they are due, whatever the engine does meanwhile (an open\n" +
			"model), and measures each from the moment it was due to the moment it is joined\n" +
			"in memory, and to the moment a commit makes its row visible. Then every window is\n" +
			"closed, and rows, ledger and campaign figures are compared with what was sent.\n\n" +
			"Targets: demo is an in-process Kafka; kafka is the one of -c or --brokers, with\n" +
			"topics of its own that are deleted at the end, and the engine in this process;\n" +
			"node is a running node, whose configuration -c names: the records go to its topics.\n\n" +
			"Code 3 when a threshold is crossed, a row is lost, doubled or wrong, or the run is\n" +
			"not valid because the generator could not keep up.",
		Example: "  adjoin bench run --rate 20k/s --duration 30s --threshold 'e2e_p99<1500ms' --html run.html\n" +
			"  adjoin bench run --target kafka --brokers localhost:9092 --ramp 50k/s:400k/s:2m -o json",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := a.newBenchRun(cmd, f)
			if err != nil {
				return err
			}
			doc, err := b.measure(cmd.Context())
			if err != nil {
				return err
			}
			return a.finishBenchRun(doc, f.html)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.target, "target", "demo", "what to measure: `demo|kafka|node`")
	fl.StringVar(&f.preset, "preset", "dense", "`realistic|dense|case_study|hostile|protected`")
	fl.StringVar(&f.rate, "rate", "10k/s", "records a second, all topics together, `RATE`")
	fl.StringVar(&f.ramp, "ramp", "", "instead of --rate and --duration, an even rise or fall, `FROM:TO:DURATION`")
	fl.StringVar(&f.duration, "duration", "30s", "how long to measure, `TIME`")
	fl.StringVar(&f.warmup, "warmup", "5s", "how long to send before measuring, `TIME`")
	fl.Uint64Var(&f.seed, "seed", 42, "the `SEED` of the records (target node: drawn anew unless given)")
	fl.IntVar(&f.partitions, "partitions", 4, "partitions of each topic, `N` (target node: those it has)")
	fl.BoolVar(&f.bids, "bids", true, "send bid requests as well")
	fl.StringSliceVar(&f.brokers, "brokers", nil, "the Kafka of --target kafka, `HOST:PORT,...` (kafka.brokers)")
	fl.StringVar(&f.metrics, "metrics", "", "`URL` of the metrics of --target node (default: server.listen)")
	fl.StringArrayVar(&f.thresholds, "threshold", nil, "a condition such as 'e2e_p99<250ms', `EXPR`; may be given several times")
	fl.StringVar(&f.html, "html", "", "write a report to `FILE`")
	fl.BoolVar(&f.keep, "keep", false, "keep topics and files of the run at the end")
	mustComplete(cmd, "target", fixed("demo", "kafka", "node"))
	mustComplete(cmd, "preset", fixed("realistic", "dense", "case_study", "hostile", "protected"))
	mustComplete(cmd, "threshold", fixed(sheet.FigureNames()...))
	return outputs(cmd, "text", "json")
}

// newBenchRun checks the flags.
func (a *app) newBenchRun(cmd *cobra.Command, f benchRunFlags) (*benchRun, error) {
	b := &benchRun{app: a, flags: f}
	var err error
	if b.plan, err = f.plan(cmd); err != nil {
		return nil, err
	}
	switch f.target {
	case "demo", "kafka":
	case "node":
		if !cmd.Flags().Changed("seed") {
			// A seed that was sent before would be all duplicates.
			b.flags.seed = uint64(time.Now().UnixNano())
		}
	default:
		return nil, usagef("--target %q is none of demo, kafka, node", f.target)
	}
	if len(f.brokers) > 0 && f.target != "kafka" {
		return nil, usagef("--brokers goes with --target kafka")
	}
	if f.metrics != "" && f.target != "node" {
		return nil, usagef("--metrics goes with --target node")
	}
	for _, expr := range f.thresholds {
		t, err := sheet.ParseThreshold(expr)
		if err != nil {
			return nil, usagef("--%s", err)
		}
		b.thresholds = append(b.thresholds, t)
	}
	prefix := ""
	if f.target == "kafka" {
		prefix = fmt.Sprintf("adjoin-bench-%d.", time.Now().UnixNano())
	}
	b.prefix = prefix
	if err := b.makeGenerator(gen.Config{Partitions: f.partitions, Topics: gen.Topics{
		Impressions: prefix + "impressions", Clicks: prefix + "clicks", Conversions: prefix + "conversions",
		Bids: prefix + "bids", Combined: prefix + "clicks_conversions",
	}}); err != nil {
		return nil, usagef("%s", err)
	}
	return b, nil
}

func (f *benchRunFlags) plan(cmd *cobra.Command) (load.Plan, error) {
	var p load.Plan
	var err error
	if p.Warmup, err = config.ParseDuration(f.warmup); err != nil {
		return p, usagef("--warmup: %s", err)
	}
	if f.ramp != "" {
		if cmd.Flags().Changed("rate") || cmd.Flags().Changed("duration") {
			return p, usagef("--ramp says rate and duration itself; leave out --rate and --duration")
		}
		if p.From, p.To, p.Duration, err = load.ParseRamp(f.ramp); err != nil {
			return p, usagef("--ramp: %s", err)
		}
	} else {
		rate, err := config.ParseRate(f.rate)
		if err != nil {
			return p, usagef("--rate: %s", err)
		}
		p.From, p.To = float64(rate), float64(rate)
		if p.Duration, err = config.ParseDuration(f.duration); err != nil {
			return p, usagef("--duration: %s", err)
		}
	}
	if err := p.Check(); err != nil {
		return p, usagef("%s", err)
	}
	return p, nil
}

// The probe of the generator: how many records an impression brings, once the
// first consequences have come.
const (
	probeRate = 1000 // impressions a second
	probeFrom = 15 * event.Second
	probeTo   = 30 * event.Second
)

// makeGenerator makes the generator so that its own time passes about as fast
// as the clock at the plan's rate.
func (b *benchRun) makeGenerator(cfg gen.Config) error {
	cfg.Preset, cfg.Seed, cfg.Bids = gen.Preset(b.flags.preset), b.flags.seed, b.flags.bids
	cfg.Endless, cfg.Pace, cfg.Rate = true, gen.Brisk, probeRate
	probe, err := gen.New(cfg)
	if err != nil {
		return err
	}
	start := probe.Config().Start
	var rec gen.Record
	records := 0
	for probe.NextBefore(start.Add(probeTo), &rec) {
		if event.Time(rec.TimestampMS)*event.Time(event.Millisecond) >= start.Add(probeFrom) {
			records++
		}
	}
	perImpression := float64(records) / (probeRate * float64((probeTo-probeFrom)/event.Second))
	cfg.Rate, cfg.Start = b.plan.MeanRate()/perImpression, event.TimeOf(time.Now())
	b.gen, err = gen.New(cfg)
	return err
}

// finishBenchRun prints the document, writes the report, and says no when the
// run was not good.
func (a *app) finishBenchRun(doc *sheet.Run, html string) error {
	if html != "" {
		if err := writeReport(html, doc); err != nil {
			return err
		}
	}
	var err error
	if a.json() {
		err = a.document(doc)
	} else {
		_, err = fmt.Fprint(a.out, report.RunText(doc))
	}
	if err != nil {
		return err
	}
	if !doc.Good() {
		return answerNo()
	}
	return nil
}

// writeReport writes documents as one HTML page.
func writeReport(path string, docs ...sheet.Document) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return usagef("the report %s: %s", path, err)
	}
	file, err := os.Create(path)
	if err != nil {
		return usagef("the report %s: %s", path, err)
	}
	return errors.Join(report.HTML(file, docs...), file.Close())
}
