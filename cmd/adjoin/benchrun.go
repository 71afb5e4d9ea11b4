package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/bench/load"
	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// How long a run waits for others.
const (
	benchReady = time.Minute            // an engine to start
	benchDrain = 2 * time.Minute        // the last record to be committed
	benchCheck = 10 * time.Minute       // every window to be closed and loaded
	benchLead  = 200 * time.Millisecond // before the first record is due
)

// benchRun is one open-model run.
type benchRun struct {
	app        *app
	flags      benchRunFlags
	plan       load.Plan
	thresholds []sheet.Threshold
	prefix     string // of the topics of a run against Kafka
	gen        *gen.Generator
	target     benchTarget
	producer   *kafka.Producer
	tracker    *load.Tracker
	starts     map[event.Partition]event.Offset
}

// benchTarget is what is measured.
type benchTarget interface {
	// open makes everything ready to take records.
	open(ctx context.Context) error
	// config is the configuration of the engine that reads the records.
	config() *config.Loaded
	// failed yields the error with which the engine ended before its time; nil
	// where it is not ours.
	failed() <-chan error
	// probe, joined and stages are what load.Watch asks; joined is nil where
	// the target does not say.
	probe() load.Probe
	joined() func(map[event.Partition]event.Offset)
	stages() map[string]int
	scope() string // what the processor time counts
	// check compares what became of the records with the truth.
	check(ctx context.Context, truth *gen.Truth, doc *sheet.Run) error
	close() error
}

// measure does the run.
func (b *benchRun) measure(ctx context.Context) (doc *sheet.Run, err error) {
	if b.flags.target == "node" {
		b.target = &nodeTarget{run: b}
	} else {
		b.target = &ownTarget{run: b}
	}
	defer func() { err = errors.Join(err, b.target.close()) }()
	if err := b.target.open(ctx); err != nil {
		return nil, engineFailure(err)
	}
	c := &b.target.config().Config
	k := kafkaConfig(c)
	if b.starts, err = kafka.EndOffsets(ctx, k, false, b.gen.Topics()...); err != nil {
		return nil, engineFailure(err)
	}
	if b.producer, err = kafka.OpenProducer(ctx, k, kafka.ProducerConfig{Compression: "lz4"}); err != nil {
		return nil, engineFailure(err)
	}
	defer func() { err = errors.Join(err, b.producer.Close()) }()
	doc = b.document()
	if err := b.drive(ctx, k, c.Kafka.Journal, doc); err != nil {
		return nil, engineFailure(err)
	}
	if err := b.exclusive(ctx, k, doc); err != nil {
		return nil, engineFailure(err)
	}
	truth := b.gen.Truth()
	checking, cancel := context.WithTimeout(ctx, benchCheck)
	defer cancel()
	if err := b.target.check(checking, &truth, doc); err != nil {
		return nil, engineFailure(err)
	}
	if checking.Err() != nil {
		return nil, fmt.Errorf("what came out was not complete within %s of the last record", benchCheck)
	}
	for _, t := range b.thresholds {
		doc.Thresholds = append(doc.Thresholds, t.Judge(doc))
	}
	return doc, nil
}

func (b *benchRun) document() *sheet.Run {
	v := buildVersion()
	return &sheet.Run{
		FormatVersion: sheet.FormatVersion, Kind: sheet.KindRun, Valid: true, Invalid: []string{},
		Target: b.flags.target, Preset: b.flags.preset, Seed: b.flags.seed, Schedule: b.plan.String(),
		WarmupSeconds: b.plan.Warmup.Seconds(), DurationSeconds: b.plan.Duration.Seconds(),
		Offered: b.plan.Records() - b.plan.WarmupRecords(), CPUScope: b.target.scope(),
		Differences: []string{}, Thresholds: []sheet.Threshold{}, Stages: map[string]sheet.Stage{},
		Machine: sheet.ThisMachine(v.Version, v.Revision, b.target.config().Hash()),
	}
}

// drive sends the records and watches until the last is committed.
func (b *benchRun) drive(ctx context.Context, k kafka.Config, journal string, doc *sheet.Run) error {
	told := []load.Stage{load.Committed}
	joined := b.target.joined()
	if joined != nil {
		told = append(told, load.Joined)
	}
	b.tracker = load.NewTracker(b.plan, b.starts, told...)
	start := time.Now().Add(benchLead)
	var following sync.WaitGroup
	followCtx, stop := context.WithCancel(ctx)
	var followErr error
	following.Go(func() {
		followErr = actors.FollowDurable(followCtx, k, journal, func(d actors.Durable) {
			b.tracker.Reached(load.Committed, d.Vector, time.Since(start))
		})
	})
	watcher := load.Watch(ctx, load.WatchConfig{
		Plan: b.plan, Tracker: b.tracker, Start: start, Probe: b.target.probe, Joined: joined, Stages: b.target.stages(),
	})
	sent, err := load.Drive(ctx, load.Config{
		Plan: b.plan, Next: b.gen.Next, To: b.producer, Tracker: b.tracker, Start: start, CPU: load.ThreadCPU,
		Sending: b.progress(start),
	})
	if err == nil {
		err = b.drain(ctx)
	}
	watcher.Stop()
	stop()
	following.Wait()
	if err = errors.Join(err, followErr); err != nil {
		return err
	}
	truth := b.gen.Truth()
	watcher.Fill(doc, eventsPerRecord(&truth), sent.CPU)
	b.fill(doc, sent, joined != nil)
	return nil
}

// fill puts what was sent and measured into the document.
func (b *benchRun) fill(doc *sheet.Run, sent load.Sent, joined bool) {
	doc.Sent, doc.LateSends, doc.LateShare = sent.Records, sent.Late, sent.LateShare()
	if sent.Whole > 0 {
		doc.GeneratorCPUShare = sent.CPU.Seconds() / sent.Whole.Seconds()
	}
	doc.Latency, doc.Histogram = b.tracker.Latency(load.Committed), b.tracker.Histogram(load.Committed)
	if joined {
		l := b.tracker.Latency(load.Joined)
		doc.LatencyJoined, doc.Joined = &l, b.tracker.Histogram(load.Joined)
	}
	if sent.Saturated() {
		doc.Invalidate(fmt.Sprintf("the generator could not keep to the schedule: %.1f %% of the records were made late; lower the rate, or give it processors of its own", 100*sent.LateShare()))
	}
	if doc.Latency.Count < doc.Offered {
		doc.Differences = append(doc.Differences, fmt.Sprintf("%d of %d records were not committed %s after the last was sent",
			doc.Offered-doc.Latency.Count, doc.Offered, config.FormatDuration(benchDrain)))
	}
}

func eventsPerRecord(truth *gen.Truth) float64 {
	var records, events int64
	for topic, n := range truth.Exact.Records {
		records += n
		events += truth.Exact.Ledger[topic].Consumed
	}
	if records == 0 {
		return 1
	}
	return float64(events) / float64(records)
}

// progress shows how far the sending is, once in ten seconds.
func (b *benchRun) progress(start time.Time) func(records, bytes int64) {
	if b.app.flags.noProgress {
		return nil
	}
	next := 10 * time.Second
	return func(records, _ int64) {
		at := time.Since(start)
		if at < next {
			return
		}
		next += 10 * time.Second
		_, _, committed := b.tracker.Counts()
		fmt.Fprintf(b.app.err, "%4.0fs  sent %s of %s, committed %s\n", at.Seconds(), thousands(records), thousands(b.plan.Records()), thousands(committed))
	}
}

// drain waits until every record is committed, or for so long that those that
// are not count as lost.
func (b *benchRun) drain(ctx context.Context) error {
	deadline := time.After(benchDrain)
	for {
		if sent, _, committed := b.tracker.Counts(); committed == sent {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-b.target.failed():
			return errors.Join(errors.New("the engine ended before the run did"), err)
		case <-deadline:
			return nil
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// exclusive makes sure that nobody else wrote to the partitions: offsets would
// belong to other records than it was taken for.
func (b *benchRun) exclusive(ctx context.Context, k kafka.Config, doc *sheet.Run) error {
	ends, err := kafka.EndOffsets(ctx, k, false, b.gen.Topics()...)
	if err != nil {
		return err
	}
	var grown int64
	for p, end := range ends {
		grown += int64(end - b.starts[p])
	}
	if sent, _, _ := b.tracker.Counts(); grown != sent {
		doc.Invalidate(fmt.Sprintf("the topics grew by %d records and %d were sent: another producer writes to them", grown, sent))
	}
	return nil
}

// countRows counts what rows say against the truth.
func countRows(doc *sheet.Run, got, want map[string]int64) {
	for name, n := range want {
		doc.Lost += max(n-got[name], 0)
		doc.Duplicated += max(got[name]-n, 0)
	}
}

// engineStages are the stages of an engine in this process, and how many of their
// goroutines can run at once.
func engineStages(c *config.Config, topics int) map[string]int {
	cores := runtime.GOMAXPROCS(0)
	return map[string]int{
		"decode": min(topics, cores), "correlate": min(c.Correlate.Shards, cores),
		"aggregate": min(c.Correlate.CampaignShards, cores), "write": 1, "commit": 1,
	}
}

// noteDifferences keeps the first differences.
func noteDifferences(doc *sheet.Run, more []string) {
	const most = 20
	doc.Differences = append(doc.Differences, more[:min(len(more), most)]...)
}
