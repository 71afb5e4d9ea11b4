package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/bench/load"
	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
)

// ownTarget is an engine in this process, over an embedded Kafka or a real one,
// with topics, lake and warehouse of its own.
type ownTarget struct {
	run    *benchRun
	dir    string
	files  []string // the user's configuration
	broker *embedded.Broker
	loaded *config.Loaded
	topics []string // made by us
	node   *runningNode
	engine chan error
	stop   context.CancelFunc
}

func (t *ownTarget) config() *config.Loaded { return t.loaded }
func (t *ownTarget) failed() <-chan error   { return t.engine }

func (t *ownTarget) scope() string {
	if t.broker != nil {
		return "this process without the thread that makes records: engine, producer and embedded Kafka"
	}
	return "this process without the thread that makes records: engine and producer, without Kafka"
}

func (t *ownTarget) open(ctx context.Context) (err error) {
	if t.dir, err = os.MkdirTemp("", "adjoin-bench-"); err != nil {
		return err
	}
	t.files = slices.Clone(t.run.app.flags.files)
	brokers := t.run.flags.brokers
	if t.run.flags.target == "demo" {
		if t.broker, err = embedded.Start(embedded.Options{}); err != nil {
			return err
		}
		brokers = t.broker.Addrs()
	}
	if err := t.writeConfigs(brokers); err != nil {
		return err
	}
	if t.loaded, err = t.load("run.yaml"); err != nil {
		return err
	}
	if err := t.makeTopics(ctx); err != nil {
		return err
	}
	if t.node, err = t.run.app.openNode(ctx, t.loaded, false); err != nil {
		return err
	}
	return t.begin(ctx)
}

// load is the user's configuration with one of ours above it.
func (t *ownTarget) load(name string) (*config.Loaded, error) {
	a := t.run.app
	a.flags.files = append(slices.Clone(t.files), filepath.Join(t.dir, name))
	return a.loadConfig(config.NodeNeeds())
}

// writeConfigs writes what the run sets itself. Measured is a node that loads
// nothing; the check at the end loads.
func (t *ownTarget) writeConfigs(brokers []string) error {
	g := t.run.gen
	campaigns, creatives, err := referenceJSON(g)
	if err != nil {
		return err
	}
	prefix, c := t.run.prefix, g.Config().Topics
	name := func(topic string) string {
		if !slices.Contains(g.Topics(), topic) {
			return "[]"
		}
		return topic
	}
	var b strings.Builder
	b.WriteString("kafka:\n")
	if len(brokers) > 0 {
		fmt.Fprintf(&b, "  brokers: [%q]\n", strings.Join(brokers, `", "`))
	}
	fmt.Fprintf(&b, "  topics: {bids: %s, impressions: %s, clicks: %s, conversions: %s, clicks_conversions: %s}\n",
		name(c.Bids), name(c.Impressions), name(c.Clicks), name(c.Conversions), name(c.Combined))
	fmt.Fprintf(&b, "  journal: %[1]sadjoin.journal\n  segments: %[1]sadjoin.segments\n  links: %[1]sadjoin.links\n", prefix)
	fmt.Fprintf(&b, "reference: {campaigns: campaigns.json, creatives: creatives.json}\nsink: {url: %q}\n", "file://"+filepath.Join(t.dir, "lake"))
	b.WriteString("server: {listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\"}\nnode: {id: bench, data_dir: data}\nlog: {level: warn}\ncorrelate: {user_key: {secret_file: user-key}}\n")
	for name, content := range map[string][]byte{
		"run.yaml": []byte(b.String() + "load: []\n"), "check.yaml": []byte(b.String() + "load: [{target: duckdb, path: warehouse.duckdb}]\n"),
		"campaigns.json": campaigns, "creatives.json": creatives, "user-key": []byte("bench"),
	} {
		if err := os.WriteFile(filepath.Join(t.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (t *ownTarget) makeTopics(ctx context.Context) error {
	c := &t.loaded.Config
	specs := ownTopics(c)
	for _, name := range t.run.gen.Topics() {
		specs = append(specs, kafka.TopicSpec{Name: name, Partitions: int32(t.run.flags.partitions), Exactly: true, Settings: map[string]string{"retention.ms": "-1"}})
	}
	reports, err := kafka.EnsureTopics(ctx, kafkaConfig(c), specs, false)
	for _, r := range reports {
		if r.Created {
			t.topics = append(t.topics, r.Name)
		}
	}
	return err
}

// begin starts the engine and waits until it reads.
func (t *ownTarget) begin(ctx context.Context) error {
	engineCtx, stop := context.WithCancel(context.Background())
	t.stop, t.engine = stop, make(chan error, 1)
	go func() {
		_, err := t.node.run(engineCtx)
		t.engine <- err
	}()
	deadline := time.After(benchReady)
	for !t.node.engine.Stats().Snapshot().Ready {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-t.engine:
			t.engine <- nil
			return errors.Join(errors.New("the engine did not start"), err)
		case <-deadline:
			return fmt.Errorf("the engine was not ready after %s", benchReady)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

func (t *ownTarget) stages() map[string]int {
	return engineStages(&t.loaded.Config, len(t.run.gen.Topics()))
}

func (t *ownTarget) joined() func(map[event.Partition]event.Offset) {
	return t.node.engine.Stats().Joined
}

func (t *ownTarget) probe() load.Probe {
	cpu, _ := usage()
	// Marking with processors that have nothing else to do costs nobody anything.
	m := []metrics.Sample{
		{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
	}
	metrics.Read(m)
	s := t.node.engine.Stats().Snapshot()
	p := load.Probe{
		CPU: cpu, GC: time.Duration((m[0].Value.Float64() - m[2].Value.Float64()) * float64(time.Second)), Heap: int64(m[1].Value.Uint64()), RSS: resident(),
		Busy: map[string]time.Duration{
			"correlate": s.Busy.Correlate, "aggregate": s.Busy.Aggregate, "write": s.Busy.Write, "commit": s.Busy.Commit,
		},
		Blocked: map[string]time.Duration{},
	}
	for _, topic := range s.Topics {
		p.Busy["decode"] += topic.Busy
		p.Blocked["decode"] += topic.Blocked
	}
	return p
}

// resident is the resident memory of the process now, 0 where the system does
// not say.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// check ends the engine, runs a second one to the end of everything over the same
// journal, which loads a warehouse, and compares that with the truth.
func (t *ownTarget) check(ctx context.Context, truth *gen.Truth, doc *sheet.Run) error {
	if err := t.end(); err != nil {
		return err
	}
	loaded, err := t.load("check.yaml")
	if err != nil {
		return err
	}
	if t.node, err = t.run.app.openNode(ctx, loaded, true); err != nil {
		return err
	}
	if _, err := t.node.run(ctx); err != nil {
		return err
	}
	figures, err := readFigures(t.node.loaders[0].warehouse)
	if err != nil {
		return err
	}
	totals, err := journalTotals(&t.loaded.Config)
	if err != nil {
		return err
	}
	doc.Checked = "rows, ledger and campaign figures of the warehouse"
	countRows(doc, figures.rows, truth.Exact.Rows)
	ledger := ledgerDifferences(truth, ledgerOf(totals.Events, totals.Classes))
	diffs := figures.differences(truth)
	doc.Wrong = int64(len(ledger) + figures.wrongCampaigns(truth))
	noteDifferences(doc, append(diffs, ledger...))
	return nil
}

// end stops the measured engine.
func (t *ownTarget) end() error {
	t.stop()
	err := <-t.engine
	t.engine <- nil
	if err = errors.Join(err, t.node.close()); err != nil {
		return err
	}
	t.node = nil
	return nil
}

func (t *ownTarget) close() error {
	var errs []error
	if t.stop != nil {
		t.stop()
		errs = append(errs, ignoreStopped(<-t.engine))
	}
	if t.node != nil {
		errs = append(errs, t.node.close())
	}
	if t.broker == nil && t.loaded != nil && !t.run.flags.keep && len(t.topics) > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), benchReady)
		defer cancel()
		errs = append(errs, kafka.DeleteTopics(ctx, kafkaConfig(&t.loaded.Config), t.topics...))
	}
	if t.broker != nil {
		errs = append(errs, t.broker.Close())
	}
	if t.dir != "" && !t.run.flags.keep {
		errs = append(errs, os.RemoveAll(t.dir))
	}
	return errors.Join(errs...)
}

// wrongCampaigns is how many campaigns have other figures than the truth.
func (f *figures) wrongCampaigns(truth *gen.Truth) int {
	n := 0
	all := maps.Clone(truth.Exact.Campaigns)
	for id := range f.campaigns {
		if _, known := all[id]; !known {
			all[id] = gen.Figures{}
		}
	}
	for id, want := range all {
		want.Currency = ""
		if f.campaigns[id] != want {
			n++
		}
	}
	return n
}
