package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

func TestSourceReadsWhatTheProducerWrote(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
			t.Run(codec, func(t *testing.T) { testReadBack(t, cfg, codec) })
		}
	})
}

func testReadBack(t *testing.T, cfg Config, codec string) {
	p := event.Partition{Topic: makeTopic(t, cfg, 2, nil), ID: 1}
	fill(t, cfg, p, 0, 2500, ProducerConfig{BatchRecords: 700, Compression: codec})
	for _, from := range []event.Offset{0, 1, 699, 700, 2499} {
		s := openAt(t, cfg, p, from, nil)
		records, _ := readTo(t, s, from, 2500)
		if len(records) != int(2500-from) {
			t.Fatalf("from %d: %d records", from, len(records))
		}
		for i, r := range records {
			n := int(from) + i
			want := fmtRecord(n)
			if int(r.Offset) != n || string(r.Key) != want.key || string(r.Value) != want.value || r.Time != want.time {
				t.Fatalf("record %d is %d %q %q %d", n, r.Offset, r.Key, r.Value, r.Time)
			}
		}
		s.Close()
	}
}

func TestSourceHeadersAndNulls(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		ctx := within(t, 20*time.Second)
		p := event.Partition{Topic: makeTopic(t, cfg, 1, nil)}
		w, err := OpenProducer(ctx, cfg, ProducerConfig{})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		for _, m := range []Message{
			{Time: 1_999, Value: []byte{}, Headers: []Header{{"a", []byte("1")}, {"a", nil}, {"b", []byte{}}}},
			{Time: 2_000, Key: []byte{}},
		} {
			if err := w.Send(ctx, p, m); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		records, _ := readTo(t, openAt(t, cfg, p, 0, nil), 0, 2)
		var headers []string
		for k, v := range records[0].Headers() {
			headers = append(headers, fmt.Sprintf("%s=%q nil:%t", k, v, v == nil))
		}
		if got := fmt.Sprint(headers); got != `[a="1" nil:false a="" nil:true b="" nil:false]` {
			t.Error(got)
		}
		if records[0].Key != nil || records[0].Value == nil || records[1].Key == nil || records[1].Value != nil {
			t.Errorf("nulls are not kept: %v", records)
		}
		for range records[1].Headers() {
			t.Error("a header from nowhere")
		}
		if records[0].Time != 1_000 || records[1].Time != 2_000 {
			t.Errorf("times %d, %d", records[0].Time, records[1].Time)
		}
	})
}

func TestSourceLogAppendTimeIsTheRecordsTime(t *testing.T) {
	cfg := onApache(t)
	p := event.Partition{Topic: makeTopic(t, cfg, 1, map[string]string{"message.timestamp.type": "LogAppendTime"})}
	before := event.TimeOf(time.Now()).Floor(event.Millisecond)
	fill(t, cfg, p, 0, 3, ProducerConfig{})
	after := event.TimeOf(time.Now())
	records, _ := readTo(t, openAt(t, cfg, p, 0, nil), 0, 3)
	for _, r := range records {
		if r.Time < before || r.Time > after {
			t.Errorf("record %d has the time %s", r.Offset, r.Time.UTC())
		}
	}
}

// transactions writes records in interleaved transactions of two producers,
// between plain ones, and gives offset to value of what read_committed must see,
// from what it did and the offsets the broker acknowledged, and the end of the
// log with its markers.
func transactions(t *testing.T, cfg Config, p event.Partition) (want map[event.Offset]string, end event.Offset) {
	want = make(map[event.Offset]string)
	a, b := openTxn(t, cfg, p, "a-"+p.Topic), openTxn(t, cfg, p, "b-"+p.Topic)
	plain := openTxn(t, cfg, p, "")
	for round := range 24 {
		kept := round%3 != 0
		keptB := round%4 != 1
		a.begin()
		b.begin()
		var fromA, fromB []event.Offset
		for i := range 3 {
			fromA = append(fromA, a.send(fmt.Sprintf("a%d.%d", round, i)))
			want[plain.send(fmt.Sprintf("p%d.%d", round, i))] = fmt.Sprintf("p%d.%d", round, i)
			fromB = append(fromB, b.send(fmt.Sprintf("b%d.%d", round, i)))
		}
		b.end(keptB)
		for i, o := range fromB {
			if keptB {
				want[o] = fmt.Sprintf("b%d.%d", round, i)
			}
		}
		fromA = append(fromA, a.send(fmt.Sprintf("a%d.%d", round, 3)))
		a.end(kept)
		for i, o := range fromA {
			if kept {
				want[o] = fmt.Sprintf("a%d.%d", round, i)
			}
		}
	}
	ends, err := EndOffsets(within(t, 10*time.Second), cfg, true, p.Topic)
	if err != nil {
		t.Fatal(err)
	}
	return want, ends[p]
}

// txn is a producer of sarama's, which adjoin does not use: an independent
// witness.
type txn struct {
	t  *testing.T
	p  event.Partition
	to sarama.SyncProducer
}

func openTxn(t *testing.T, cfg Config, p event.Partition, id string) *txn {
	t.Helper()
	setUp()
	conf := sarama.NewConfig()
	conf.Version = sarama.V2_8_0_0
	conf.Net.MaxOpenRequests = 1
	conf.Producer.RequiredAcks = sarama.WaitForAll
	conf.Producer.Return.Successes = true
	conf.Producer.Partitioner = sarama.NewManualPartitioner
	if id != "" {
		conf.Producer.Idempotent = true
		conf.Producer.Transaction.ID = id
		conf.Producer.Transaction.Retry.Backoff = 5 * time.Millisecond
	}
	to, err := sarama.NewSyncProducer(cfg.Brokers, conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { to.Close() })
	return &txn{t, p, to}
}

func (x *txn) begin() {
	x.t.Helper()
	if err := x.to.BeginTxn(); err != nil {
		x.t.Fatal(err)
	}
}

func (x *txn) send(value string) event.Offset {
	x.t.Helper()
	_, offset, err := x.to.SendMessage(&sarama.ProducerMessage{Topic: x.p.Topic, Partition: x.p.ID, Value: sarama.StringEncoder(value)})
	if err != nil {
		x.t.Fatal(err)
	}
	return event.Offset(offset)
}

func (x *txn) end(commit bool) {
	x.t.Helper()
	end := x.to.AbortTxn
	if commit {
		end = x.to.CommitTxn
	}
	if err := end(); err != nil {
		x.t.Fatal(err)
	}
}

func TestSourceReadsOnlyWhatIsCommitted(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		p := event.Partition{Topic: makeTopic(t, cfg, 1, nil)}
		want, end := transactions(t, cfg, p)
		for _, size := range []int{1, 700, 4 << 20} {
			for from := event.Offset(0); from < end; from += 7 {
				s := openAt(t, cfg, p, from, func(sc *SourceConfig) { sc.MaxBytesPartition = size })
				records, _ := readTo(t, s, from, end)
				s.Close()
				got := make(map[event.Offset]string)
				for _, r := range records {
					got[r.Offset] = string(r.Value)
				}
				for o, v := range want {
					if o >= from && got[o] != v {
						t.Fatalf("size %d from %d: offset %d is %q, want %q", size, from, o, got[o], v)
					}
				}
				for o, v := range got {
					if want[o] != v {
						t.Fatalf("size %d from %d: offset %d, %q, was never committed", size, from, o, v)
					}
				}
			}
		}
	})
}

func TestSourceStopsAtAnOpenTransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		p := event.Partition{Topic: makeTopic(t, cfg, 1, nil)}
		plain, x := openTxn(t, cfg, p, ""), openTxn(t, cfg, p, "open-"+p.Topic)
		plain.send("before")
		x.begin()
		x.send("inside")
		plain.send("behind")
		s := openAt(t, cfg, p, 0, nil)
		records, chunks := readTo(t, s, 0, 1)
		last := chunks[len(chunks)-1]
		if len(records) != 1 || last.LastStable != 1 || last.HighWatermark != 3 || !last.CaughtUp {
			t.Fatalf("%d records, last stable %d, high watermark %d", len(records), last.LastStable, last.HighWatermark)
		}
		ctx := within(t, 20*time.Second)
		ends, err := EndOffsets(ctx, cfg, true, p.Topic)
		if err != nil || ends[p] != 1 {
			t.Errorf("read_committed end %d, %v", ends[p], err)
		}
		if ends, err = EndOffsets(ctx, cfg, false, p.Topic); err != nil || ends[p] != 3 {
			t.Errorf("end %d, %v", ends[p], err)
		}
		x.end(true)
		records, _ = readTo(t, s, 1, 4)
		if len(records) != 2 {
			t.Fatalf("%d records after the commit", len(records))
		}
	})
}

func TestSourceSeekGoesBackAndDropsWhatWasFetched(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		p := event.Partition{Topic: makeTopic(t, cfg, 1, nil)}
		fill(t, cfg, p, 0, 1000, ProducerConfig{BatchRecords: 10})
		s := openAt(t, cfg, p, 0, func(sc *SourceConfig) { sc.MaxBytesPartition = 300; sc.Buffer = 8 })
		for _, to := range []event.Offset{500, 20, 0, 990} {
			if _, err := s.Next(within(t, 5*time.Second)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Millisecond)
			s.Seek(p, to)
			c, err := s.Next(within(t, 5*time.Second))
			if err != nil || c.Range.From != to || c.Records[0].Offset != to {
				t.Fatalf("after Seek(%d): %v, %v", to, c.Range, err)
			}
		}
		s.Seek(p, 1001)
		for {
			_, err := s.Next(within(t, 10*time.Second))
			if err == nil {
				continue
			}
			var detail *OffsetError
			if !errors.As(err, &detail) || detail.Wanted != 1001 || detail.Newest != 1000 {
				t.Fatalf("Seek beyond the end: %v", err)
			}
			return
		}
	})
}

func TestSourcePauseStopsOnePartition(t *testing.T) {
	_, cfg := startEmbedded(t)
	topic := makeTopic(t, cfg, 2, nil)
	p, q := event.Partition{Topic: topic}, event.Partition{Topic: topic, ID: 1}
	s, err := OpenSource(within(t, 5*time.Second), cfg, SourceConfig{MaxWait: 20 * time.Millisecond,
		Partitions: map[event.Partition]event.Offset{p: 0, q: 0}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Pause(p)
	time.Sleep(100 * time.Millisecond) // a fetch may be going on
	fill(t, cfg, p, 0, 5, ProducerConfig{})
	fill(t, cfg, q, 0, 5, ProducerConfig{})
	seen := map[event.Partition]event.Offset{}
	drain := func() {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		for {
			c, err := s.Next(ctx)
			if err != nil {
				return
			}
			seen[c.Range.Partition] = c.Range.To
		}
	}
	drain()
	if seen[p] != 0 || seen[q] != 5 {
		t.Errorf("while paused: %v", seen)
	}
	s.Resume(p)
	drain()
	if seen[p] != 5 {
		t.Errorf("after Resume: %v", seen)
	}
}

func TestSourceStopsWhereRecordsAreGone(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		topic := makeTopic(t, cfg, 1, nil)
		p := event.Partition{Topic: topic}
		fill(t, cfg, p, 0, 100, ProducerConfig{BatchRecords: 10})
		ctx := within(t, 20*time.Second)
		l, err := OpenLog(ctx, cfg, topic)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		// A loop that stands still while retention passes it by.
		s := openAt(t, cfg, p, 0, func(sc *SourceConfig) { sc.MaxBytesPartition = 1; sc.Buffer = 1 })
		if _, err := s.Next(ctx); err != nil {
			t.Fatal(err)
		}
		if err := l.Truncate(ctx, 80); err != nil {
			t.Fatal(err)
		}
		for err = nil; err == nil; {
			_, err = s.Next(ctx)
		}
		var detail *OffsetError
		if !errors.As(err, &detail) || detail.Oldest != 80 || detail.Newest != 100 || detail.Wanted >= 80 || detail.Lost() != int64(80-detail.Wanted) {
			t.Errorf("reading on: %v", err)
		}
		if _, again := s.Next(ctx); again != err {
			t.Errorf("the error does not stay: %v", again)
		}
		// One that starts there.
		_, err = OpenSource(ctx, cfg, SourceConfig{Partitions: map[event.Partition]event.Offset{p: 79}})
		if !errors.As(err, &detail) || codeOf(err) != CodeOffsetGone || detail.Lost() != 1 {
			t.Errorf("starting below: %v", err)
		}
		_, err = OpenSource(ctx, cfg, SourceConfig{Partitions: map[event.Partition]event.Offset{p: 101}})
		if !errors.As(err, &detail) || detail.Lost() != 0 {
			t.Errorf("starting above: %v", err)
		}
		readTo(t, openAt(t, cfg, p, 80, nil), 80, 100)
	})
}

func TestSourceStopsWhenATopicWasRecreated(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		topic := makeTopic(t, cfg, 1, nil)
		p := event.Partition{Topic: topic}
		fill(t, cfg, p, 0, 20, ProducerConfig{})
		s := openAt(t, cfg, p, 0, func(sc *SourceConfig) { sc.CheckEvery = 100 * time.Millisecond })
		readTo(t, s, 0, 20)
		ids := s.TopicIDs()
		if err := s.Verify(within(t, 5*time.Second)); err != nil {
			t.Fatal(err)
		}
		recreate(t, cfg, topic)
		fill(t, cfg, p, 0, 40, ProducerConfig{})
		ctx := within(t, 20*time.Second)
		var err error
		for err == nil {
			_, err = s.Next(ctx)
		}
		var detail *RecreatedError
		if !errors.As(err, &detail) || codeOf(err) != CodeTopicRecreated || detail.Was != ids[topic] {
			t.Errorf("while reading: %v", err)
		}
		if err := s.Verify(ctx); codeOf(err) != CodeTopicRecreated {
			t.Errorf("Verify: %v", err)
		}
		_, err = OpenSource(ctx, cfg, SourceConfig{Partitions: map[event.Partition]event.Offset{p: 20}, TopicIDs: ids})
		if codeOf(err) != CodeTopicRecreated {
			t.Errorf("at the start: %v", err)
		}
		_, err = OpenSource(ctx, cfg, SourceConfig{Partitions: map[event.Partition]event.Offset{p: 20}, ClusterID: "another"})
		if codeOf(err) != CodeTopicRecreated {
			t.Errorf("another cluster: %v", err)
		}
	})
}

// recreate deletes a topic and makes it again; the real broker needs a moment in
// between.
func recreate(t *testing.T, cfg Config, topic string) {
	t.Helper()
	ctx := within(t, 20*time.Second)
	if err := DeleteTopics(ctx, cfg, topic); err != nil {
		t.Fatal(err)
	}
	spec := TopicSpec{Name: topic, Partitions: 1, Settings: map[string]string{"retention.ms": "-1"}}
	for {
		reports, err := EnsureTopics(ctx, cfg, []TopicSpec{spec}, false)
		if err == nil && reports[0].Created {
			return
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

func TestSourceNamesAMissingTopic(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		topic := makeTopic(t, cfg, 1, nil)
		ctx := within(t, 10*time.Second)
		for _, p := range []event.Partition{{Topic: "no-such-topic"}, {Topic: topic, ID: 7}} {
			_, err := OpenSource(ctx, cfg, SourceConfig{Partitions: map[event.Partition]event.Offset{p: 0}})
			var e *Error
			if !errors.As(err, &e) || e.Code != CodeTopicMissing || e.Class.ExitCode() != 5 {
				t.Errorf("%s: %v", p, err)
			}
		}
	})
}

// A byte that is damaged on the way is fetched again; one that is always damaged
// costs its batch and nothing else.
func TestSourceDamagedBatch(t *testing.T) {
	_, plain := startEmbedded(t)
	p := event.Partition{Topic: makeTopic(t, plain, 1, nil)}
	fill(t, plain, p, 0, 10, ProducerConfig{})
	fill(t, plain, p, 10, 2000, ProducerConfig{})
	fill(t, plain, p, 2010, 10, ProducerConfig{})
	for name, c := range map[string]struct{ times, bad int }{"once": {1, 0}, "always": {1 << 30, 1}} {
		cfg, w := through(plain)
		left := c.times
		spoil := func(b []byte) {
			if len(b) > 20_000 && left > 0 {
				b[10_000] ^= 0x40
				left--
			}
		}
		s := openAt(t, cfg, p, 0, func(sc *SourceConfig) { sc.Connections = 1 })
		s.Pause(p)
		w.spoil.Store(&spoil)
		s.Seek(p, 0)
		s.Resume(p)
		records, chunks := readTo(t, s, 0, 2020)
		bad := 0
		for _, c := range chunks {
			if c.Bad != nil {
				bad++
				if c.Range.From != 10 || c.Range.To != 2010 || c.Bad.TooLarge {
					t.Errorf("%s: %v %+v", name, c.Range, c.Bad)
				}
			}
		}
		if bad != c.bad || len(records) != 2020-2000*c.bad {
			t.Errorf("%s: %d bad batches, %d records", name, bad, len(records))
		}
		s.Close()
	}
}

// A topic that is deleted for good stops the Source, after the time in which it
// might only be unknown to a broker.
func TestSourceStopsWhenATopicWasDeleted(t *testing.T) {
	t.Parallel()
	_, cfg := startEmbedded(t)
	topic := makeTopic(t, cfg, 1, nil)
	s := openAt(t, cfg, event.Partition{Topic: topic}, 0, func(sc *SourceConfig) { sc.CheckEvery = 100 * time.Millisecond })
	ctx := within(t, 20*time.Second)
	if _, err := s.Next(ctx); err != nil {
		t.Fatal(err)
	}
	if err := DeleteTopics(ctx, cfg, topic); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	_, err := s.Next(ctx)
	if codeOf(err) != CodeTopicMissing {
		t.Fatal(err)
	}
	if d := time.Since(started); d < missingFor || d > missingFor+3*time.Second {
		t.Errorf("after %s", d)
	}
}

func TestSourceSeesNewPartitions(t *testing.T) {
	_, cfg := startEmbedded(t)
	topic := makeTopic(t, cfg, 2, nil)
	p, q := event.Partition{Topic: topic}, event.Partition{Topic: topic, ID: 1}
	fill(t, cfg, q, 0, 5, ProducerConfig{})
	s := openAt(t, cfg, p, 0, func(sc *SourceConfig) { sc.CheckEvery = 20 * time.Millisecond })
	for len(s.Grown()) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if got := s.Grown(); !slices.Equal(got, []event.Partition{q}) {
		t.Fatal(got)
	}
	s.Add(q, 0)
	for {
		c, err := s.Next(within(t, 5*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if c.Range.Partition == q && c.Range.To == 5 {
			return
		}
	}
}

func TestSourceCloseIsQuick(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		p := event.Partition{Topic: makeTopic(t, cfg, 1, nil)}
		s := openAt(t, cfg, p, 0, func(sc *SourceConfig) { sc.MaxWait = 3 * time.Second })
		if _, err := s.Next(within(t, 5*time.Second)); err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error)
		go func() {
			_, err := s.Next(context.Background())
			waiting <- err
		}()
		time.Sleep(50 * time.Millisecond)
		started := time.Now()
		s.Close()
		if d := time.Since(started); d > 100*time.Millisecond {
			t.Errorf("Close took %s", d)
		}
		if err := <-waiting; err != ErrClosed {
			t.Error(err)
		}
	})
}
