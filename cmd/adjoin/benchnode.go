package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/bench/load"
	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// nodeTarget is a node that runs already: its topics take the records, its
// journal says what is committed, its metrics what it costs. What is joined and
// not yet committed cannot be seen from outside.
type nodeTarget struct {
	run    *benchRun
	loaded *config.Loaded
	url    string
	before actors.Summary
	last   load.Probe
}

// scrapeWithin bounds one look at the metrics.
const scrapeWithin = 400 * time.Millisecond

func (t *nodeTarget) config() *config.Loaded                         { return t.loaded }
func (t *nodeTarget) failed() <-chan error                           { return nil }
func (t *nodeTarget) joined() func(map[event.Partition]event.Offset) { return nil }
func (t *nodeTarget) close() error                                   { return nil }
func (t *nodeTarget) scope() string                                  { return "the node's process, by its metrics" }

func (t *nodeTarget) open(ctx context.Context) (err error) {
	if t.loaded, err = t.run.app.loadConfig(config.NodeNeeds()); err != nil {
		return err
	}
	c := &t.loaded.Config
	if t.url = t.run.flags.metrics; t.url == "" {
		t.url = "http://" + c.Server.Listen + "/metrics"
	}
	if _, err := t.scrape(ctx); err != nil {
		return &failure{
			exit: exitUnreachable, id: "E-TIMEOUT", message: fmt.Sprintf("no metrics at %s: %s", t.url, err), cause: err, retryable: true,
			hint: []string{"Start the node (adjoin node run -c FILE), or name its metrics with --metrics URL."},
		}
	}
	if err := t.fit(ctx); err != nil {
		return err
	}
	t.before, err = actors.ReadTotals(ctx, kafkaConfig(c), c.Kafka.Journal)
	return err
}

// fit makes a generator for the topics that the node reads.
func (t *nodeTarget) fit(ctx context.Context) error {
	c, b := &t.loaded.Config, t.run
	topics := genTopics(c)
	if topics.Bids == "" {
		b.flags.bids = false
	}
	p, err := kafka.OpenProducer(ctx, kafkaConfig(c), kafka.ProducerConfig{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	least := 0
	for _, name := range []string{topics.Impressions, topics.Clicks, topics.Conversions, topics.Bids} {
		if name == "" {
			continue
		}
		n, err := p.Partitions(ctx, name)
		if err != nil {
			return err
		}
		if least == 0 || int(n) < least {
			least = int(n)
		}
	}
	b.flags.partitions = least
	return b.makeGenerator(gen.Config{Partitions: least, Topics: topics})
}

func (t *nodeTarget) stages() map[string]int {
	return engineStages(&t.loaded.Config, len(t.run.gen.Topics()))
}

// probe is the node's metrics, or the last that could be read.
func (t *nodeTarget) probe() load.Probe {
	p, err := t.scrape(context.Background())
	if err != nil {
		t.run.app.log.Debug("the node's metrics could not be read", "url", t.url, "error", err)
		return t.last
	}
	t.last = p
	return p
}

func (t *nodeTarget) scrape(ctx context.Context) (p load.Probe, err error) {
	ctx, cancel := context.WithTimeout(ctx, scrapeWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return p, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return p, fmt.Errorf("status %s", answer.Status)
	}
	return readProbe(answer.Body)
}

// readProbe reads what a probe needs from the text form of metrics.
func readProbe(r io.Reader) (load.Probe, error) {
	p := load.Probe{Busy: map[string]time.Duration{}, Blocked: map[string]time.Duration{}}
	seconds := func(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, rest, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		v, err := strconv.ParseFloat(strings.Fields(rest + " x")[0], 64)
		if err != nil {
			continue
		}
		name, labels, _ := strings.Cut(name, "{")
		stage := strings.TrimSuffix(strings.TrimPrefix(labels, `stage="`), `"}`)
		switch name {
		case "process_cpu_seconds_total":
			p.CPU = seconds(v)
		case "go_cpu_classes_gc_total_cpu_seconds_total":
			p.GC = seconds(v)
		case "process_resident_memory_bytes":
			p.RSS = int64(v)
		case "go_memory_classes_heap_objects_bytes", "go_memstats_heap_alloc_bytes":
			p.Heap = int64(v)
		case "adjoin_stage_busy_seconds_total":
			p.Busy[stage] = seconds(v)
		case "adjoin_stage_blocked_seconds_total":
			p.Blocked[stage] = seconds(v)
		}
	}
	return p, lines.Err()
}

// check compares the ledger's growth with the truth: every event in its class. Rows
// of the warehouse are the node's own affair.
func (t *nodeTarget) check(ctx context.Context, truth *gen.Truth, doc *sheet.Run) error {
	c := &t.loaded.Config
	after, err := actors.ReadTotals(ctx, kafkaConfig(c), c.Kafka.Journal)
	if err != nil {
		return err
	}
	got := ledgerOf(after.Events, after.Classes)
	before := ledgerOf(t.before.Events, t.before.Classes)
	for topic, classes := range got.Classes {
		for class := range classes {
			classes[class] -= before.Classes[topic][class]
		}
	}
	doc.Checked = "the growth of the ledger in the journal, class by class"
	facts, want := map[string]int64{}, map[string]int64{}
	for topic, l := range truth.Exact.Ledger {
		facts[topic], want[topic] = got.Classes[topic]["fact"], l.Fact
	}
	countRows(doc, facts, want)
	diffs := ledgerDifferences(truth, got)
	doc.Wrong = int64(len(diffs))
	noteDifferences(doc, diffs)
	return nil
}
