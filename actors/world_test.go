package actors

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/codecs/csvevents"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/finaltable"
	"github.com/advertisex/adjoin/sinks/sinktest"
)

// world is a broker, a lake and the records that were sent: what outlives an
// engine.
type world struct {
	t      *testing.T
	broker *embedded.Broker
	kafka  kafka.Config
	store  *sinktest.FaultStore
	spool  string
	set    *reference.Set
	log    *slog.Logger
	said   *transcript

	began    time.Time
	decoders map[string]func() codecs.Decoder
	sent     []codecs.Record
	next     map[event.Partition]event.Offset
}

const worldPartitions = 2

// trafficStart is when generated traffic begins, and the engine's clock: were it
// later, the ingest frontier would pass records that a test has yet to send (T7).
var trafficStart = time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)

// newWorld starts a broker and a lake. The test fails when a goroutine of it is
// left at the end.
func newWorld(t *testing.T) *world {
	t.Helper()
	before := goleak.IgnoreCurrent()
	w := &world{t: t, began: time.Now(), said: &transcript{}, next: map[event.Partition]event.Offset{}, spool: t.TempDir()}
	w.log = slog.New(slog.NewTextHandler(w.said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	t.Cleanup(func() {
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(w.said.tail())
		}
	})
	topics := []embedded.Topic{
		{Name: "journal"},
		{Name: "segments", Partitions: 2, Settings: map[string]string{"cleanup.policy": "compact"}},
		{Name: "impressions", Partitions: worldPartitions}, {Name: "clicks", Partitions: worldPartitions},
		{Name: "conversions", Partitions: worldPartitions}, {Name: "bids", Partitions: worldPartitions},
	}
	var err error
	if w.broker, err = embedded.Start(embedded.Options{Topics: topics}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.broker.Close() })
	w.kafka = kafka.Config{Brokers: w.broker.Addrs(), ReadTimeout: time.Second}
	bucket, err := sinks.OpenBucket(t.Context(), "file://"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	w.store = sinktest.NewFaultStore(bucket)
	w.set = new(reference.Set)
	w.decoders = map[string]func() codecs.Decoder{
		"impressions": func() codecs.Decoder { return jsonimp.New(codecs.Config{}) },
		"clicks":      csvDecoder(t, csvevents.Clicks), "conversions": csvDecoder(t, csvevents.Conversions),
		"bids": func() codecs.Decoder {
			d, err := avrobid.New(avrobid.Config{})
			if err != nil {
				panic(err)
			}
			return d
		},
	}
	return w
}

func csvDecoder(t *testing.T, topic csvevents.Topic) func() codecs.Decoder {
	return func() codecs.Decoder {
		d, err := csvevents.New(csvevents.Config{Topic: topic})
		if err != nil {
			t.Error(err)
		}
		return d
	}
}

// transcript keeps the log of a test.
type transcript struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *transcript) says(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.buf.String(), text)
}

func (s *transcript) tail() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.buf.String()
	return all[max(0, len(all)-6000):]
}

func (w *world) topics() []Topic {
	var out []Topic
	for _, name := range []string{"impressions", "clicks", "conversions", "bids"} {
		out = append(out, Topic{Name: name, NewDecoder: w.decoders[name]})
	}
	return out
}

func settingsOfTest() correlate.Settings {
	s := correlate.DefaultSettings()
	s.UserKeySecret, s.UserKeyID = []byte("test"), "k1"
	return s
}

func (w *world) config() Config {
	w.t.Helper()
	writer, err := sinks.NewCutWriter(w.store, sinks.Config{SpoolDir: w.spool})
	if err != nil {
		w.t.Fatal(err)
	}
	return Config{
		Node: "n1", Version: "test", UserShards: 4, CampaignShards: 2,
		Kafka: w.kafka, JournalTopic: "journal", SegmentsTopic: "segments",
		Fetch:  kafka.SourceConfig{MaxWait: 20 * time.Millisecond, Connections: 1, CheckEvery: 100 * time.Millisecond},
		Topics: w.topics(), Settings: settingsOfTest(), Reference: w.set, Writer: writer,
		CutInterval: 50 * time.Millisecond, InFlightBytes: 1 << 20,
		WatermarkDelay: 10 * event.Minute, IdleTimeout: time.Minute, FrontierSlack: event.Minute,
		ShutdownTimeout: 20 * time.Second, JournalRetention: time.Hour, Log: w.log,
		Now: func() time.Time { return trafficStart.Add(time.Since(w.began)) },
	}
}

// send writes records to Kafka and remembers them.
func (w *world) send(records ...codecs.Record) {
	w.t.Helper()
	p, err := kafka.OpenProducer(w.t.Context(), w.kafka, kafka.ProducerConfig{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer p.Close()
	for _, r := range records {
		r.Offset = w.next[r.Partition]
		w.next[r.Partition]++
		w.sent = append(w.sent, r)
		if err := p.Send(w.t.Context(), r.Partition, kafka.Message{Time: r.Time, Key: r.Key, Value: r.Value}); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := p.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// traffic is generated records, all faults of the generator included.
func traffic(t *testing.T, seed uint64, impressions int64) []codecs.Record {
	t.Helper()
	g, err := gen.New(gen.Config{
		Seed: seed, Impressions: impressions, Partitions: worldPartitions, Bids: true, Duration: 6 * event.Hour, Campaigns: 20,
		Topics: gen.Topics{Impressions: "impressions", Clicks: "clicks", Conversions: "conversions", Bids: "bids"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []codecs.Record
	var r gen.Record
	for g.Next(&r) {
		out = append(out, codecs.Record{
			Position: event.Position{Partition: event.Partition{Topic: r.Topic, ID: r.Partition}},
			Time:     event.Time(r.TimestampMS * 1000), Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value),
		})
	}
	return out
}

// running is an engine that runs.
type running struct {
	t      *testing.T
	engine *Engine
	stop   context.CancelFunc
	abort  context.CancelFunc
	done   chan struct{}
	sum    Summary
	err    error
}

func (w *world) start(cfg Config) *running {
	ctx, stop := context.WithCancel(context.Background())
	abort, cancel := context.WithCancel(context.Background())
	r := &running{t: w.t, engine: New(cfg), stop: stop, abort: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.sum, r.err = r.engine.Run(ctx, abort)
	}()
	w.t.Cleanup(func() {
		cancel()
		<-r.done
		stop()
	})
	return r
}

// wait is the end of the engine, which must come.
func (r *running) wait() (Summary, error) {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(60 * time.Second):
		r.t.Fatal("the engine does not end")
	}
	return r.sum, r.err
}

// finish stops the engine in order.
func (r *running) finish() Summary {
	r.t.Helper()
	r.stop()
	s, err := r.wait()
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// until waits for a state of the engine.
func (r *running) until(what string, is func(Status) bool) {
	r.t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for !is(r.engine.Stats().Snapshot()) {
		select {
		case <-r.done:
			r.t.Fatalf("the engine ended before %s: %v", what, r.err)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("never: %s; status %+v", what, r.engine.Stats().Snapshot())
		}
	}
}

// durable says that everything sent is in commits.
func (w *world) durable(s Status) bool {
	for p, end := range w.next {
		if s.Partitions[p].Durable < end {
			return false
		}
	}
	return true
}

// toEnd runs a bounded engine to its end.
func (w *world) toEnd(cfg Config) Summary {
	w.t.Helper()
	cfg.UntilEnd = true
	s, err := w.start(cfg).wait()
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// commits are the journal's valid commits after a token.
func (w *world) commits(after sinks.Token) []sinks.Commit {
	w.t.Helper()
	c, err := OpenCommits(w.t.Context(), w.kafka, "journal")
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	var out []sinks.Commit
	for {
		commit, ok, err := c.Next(w.t.Context(), after, false)
		if err != nil {
			w.t.Fatal(err)
		}
		if !ok {
			return out
		}
		out, after = append(out, commit), commit.Offset
	}
}

// tables is the final tables of all committed files, as a folder.
func (w *world) tables() string {
	w.t.Helper()
	set := finaltable.NewSet()
	for _, c := range w.commits(sinks.NoToken) {
		for _, f := range c.Files {
			w.readInto(set, f)
		}
	}
	return writeSet(w.t, set)
}

func writeSet(t *testing.T, set *finaltable.Set) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := set.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (w *world) readInto(set *finaltable.Set, f sinks.File) {
	w.t.Helper()
	body, err := w.store.Store.Open(w.t.Context(), f.Key, 0, -1)
	if err != nil {
		w.t.Fatal(err)
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := f.Check(bytes.NewReader(b)); err != nil {
		w.t.Fatal(err)
	}
	at, size := bytes.NewReader(b), int64(len(b))
	switch f.Table {
	case table.Bids:
		err = sinks.ReadTable(at, size, set.WriteBids)
	case table.Wins:
		err = sinks.ReadTable(at, size, set.WriteWins)
	case table.Impressions:
		err = sinks.ReadTable(at, size, set.WriteImpressions)
	case table.Clicks:
		err = sinks.ReadTable(at, size, set.WriteClicks)
	case table.Conversions:
		err = sinks.ReadTable(at, size, set.WriteConversions)
	case table.Attributions:
		err = sinks.ReadTable(at, size, set.WriteAttributions)
	case table.CampaignMinutes:
		err = sinks.ReadTable(at, size, set.WriteCampaignMinutes)
	case table.CampaignHours:
		err = sinks.ReadTable(at, size, set.WriteCampaignHours)
	case table.CampaignDays:
		err = sinks.ReadTable(at, size, set.WriteCampaignDays)
	case table.SiteDays:
		err = sinks.ReadTable(at, size, set.WriteSiteDays)
	case table.PipelineMinutes:
		err = sinks.ReadTable(at, size, set.WritePipelineMinutes)
	case table.RejectedEvents:
		err = sinks.ReadTable(at, size, set.WriteRejected)
	default:
		err = errors.New("unknown table " + string(f.Table))
	}
	if err != nil {
		w.t.Fatalf("%s: %v", f.Key, err)
	}
}

// replayed is what a run without Kafka, actors and failures makes of everything
// that was sent.
func (w *world) replayed() (string, Summary) {
	w.t.Helper()
	set := finaltable.NewSet()
	records := slices.Clone(w.sent)
	s, err := Replay(w.t.Context(), ReplayConfig{
		Topics: w.topics(), UserShards: 4, CampaignShards: 2, Settings: settingsOfTest(), Reference: w.set,
		WatermarkDelay: 10 * event.Minute, Out: set,
		Next: func() (rec codecs.Record, ok bool, err error) {
			if len(records) == 0 {
				return rec, false, nil
			}
			rec, records = records[0], records[1:]
			return rec, true, nil
		},
		Again: func(at event.Position) (codecs.Record, bool) {
			i := slices.IndexFunc(w.sent, func(r codecs.Record) bool { return r.Position == at })
			return w.sent[max(i, 0)], i >= 0
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return writeSet(w.t, set), s
}

// same compares what was committed with the replay of what was sent.
func (w *world) same() {
	w.t.Helper()
	want, _ := w.replayed()
	w.equal(want, w.tables())
}

func (w *world) equal(want, got string) {
	w.t.Helper()
	report, err := finaltable.Diff(want, got, 5)
	if err != nil {
		w.t.Fatal(err)
	}
	if !report.Equal() {
		w.t.Fatalf("the tables differ from the replay's: %+v\n%+v", report.Tables, report.First)
	}
	if report.Rows[table.Impressions][0] == 0 && len(w.sent) > 100 {
		w.t.Fatal("nothing was compared")
	}
}

// poisonsOf is where the POISON rows of a file come from.
func (w *world) poisonsOf(f sinks.File) []string {
	w.t.Helper()
	body, err := w.store.Store.Open(w.t.Context(), f.Key, 0, -1)
	if err != nil {
		w.t.Fatal(err)
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	err = sinks.ReadTable(bytes.NewReader(b), int64(len(b)), func(rows []table.Rejected) error {
		for _, r := range rows {
			if r.Reason == "POISON" {
				out = append(out, event.Position{Partition: event.Partition{Topic: r.Topic, ID: r.Partition}, Offset: event.Offset(r.Offset), Line: r.Line}.String())
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}
