package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// compacted is a topic that is compacted within seconds.
func compacted(t *testing.T, cfg Config) event.Partition {
	return event.Partition{Topic: makeTopic(t, cfg, 1, map[string]string{
		"cleanup.policy": "compact", "segment.ms": "500", "min.cleanable.dirty.ratio": "0.01",
		"min.compaction.lag.ms": "0", "delete.retention.ms": "500"})}
}

// awaitCompaction appends until the record at an offset is gone, and gives the
// end of the log.
func awaitCompaction(t *testing.T, cfg Config, p event.Partition, offset event.Offset, writer string) event.Offset {
	t.Helper()
	ctx := within(t, 60*time.Second)
	w, err := OpenProducer(ctx, cfg, ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	v, err := w.dir.lookup(ctx, p.Topic)
	if err != nil {
		t.Fatal(err)
	}
	rd := &reader{cfg: w.cfg, dir: w.dir}
	defer rd.hangUp()
	for {
		if err := errors.Join(w.Send(ctx, p, Message{Time: event.TimeOf(time.Now()), Key: []byte(writer), Value: []byte("x")}), w.Flush(ctx)); err != nil {
			t.Fatal(err)
		}
		gone := false
		err := rd.read(ctx, p, []event.Offset{offset}, func(r *Record, reason string) error {
			gone = r == nil
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if gone {
			ends, err := listOffsets(ctx, w.cfg, v, []event.Partition{p}, -1, false)
			if err != nil {
				t.Fatal(err)
			}
			return ends[p]
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// F26: superseded records leave gaps, and the last batch of a producer stays
// without its records: the loop must get over both.
func TestF26_CompactedTopic(t *testing.T) {
	t.Parallel()
	cfg := onApache(t)
	p := compacted(t, cfg)
	now := event.TimeOf(time.Now())
	ctx := within(t, 90*time.Second)
	write := func(batch int, value []byte, keys ...string) {
		w, err := OpenProducer(ctx, cfg, ProducerConfig{BatchRecords: batch})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		for _, k := range keys {
			if err := w.Send(ctx, p, Message{Time: now, Key: []byte(k), Value: value}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	write(1, []byte("first"), "a", "b", "c", "a") // 0 to 3, each a batch of its own
	time.Sleep(600 * time.Millisecond)            // the next segment
	write(3, []byte("second"), "a", "b", "d")     // 4 to 6, one batch of a producer that goes
	time.Sleep(600 * time.Millisecond)
	write(10, nil, "a", "b", "d") // 7 to 9, tombstones
	end := awaitCompaction(t, cfg, p, 6, "heartbeat")
	for from := event.Offset(0); from <= 10; from++ {
		s := openAt(t, cfg, p, from, func(sc *SourceConfig) { sc.MaxBytesPartition = 1 })
		records, _ := readTo(t, s, from, end)
		s.Close()
		seen := map[event.Offset]string{}
		for _, r := range records {
			seen[r.Offset] = string(r.Key)
		}
		if from <= 2 && seen[2] != "c" {
			t.Errorf("from %d: c is not there: %v", from, seen)
		}
		for _, o := range []event.Offset{0, 1, 3, 4, 5, 6} {
			if seen[o] != "" {
				t.Errorf("from %d: offset %d should be gone", from, o)
			}
		}
	}
}

// F11: three brokers, the leader is killed and comes back, twice: every record
// once and in order, for the producer, the log and the source alike.
func TestF11_LeaderIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts three brokers")
	}
	k := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
	cfg := Config{Brokers: k.Brokers}
	ctx := within(t, 120*time.Second)
	l := openTestLog(t, cfg)
	got := make(chan string, 100_000)
	tail, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- l.Tail(tail, 0, func(o event.Offset, _ event.Time, v []byte) error {
			got <- fmt.Sprintf("%d=%d", o, binary.BigEndian.Uint64(v))
			return nil
		})
	}()
	n := uint64(0)
	appendFor := func(d time.Duration) {
		for until := time.Now().Add(d); time.Now().Before(until); n++ {
			o, err := l.Append(ctx, binary.BigEndian.AppendUint64(nil, n))
			if err != nil || o != event.Offset(n) {
				t.Fatalf("append %d: offset %d, %v", n, o, err)
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
	appendFor(time.Second)
	for range 2 {
		v, err := l.dir.lookup(ctx, l.at.Topic)
		if err != nil {
			t.Fatal(err)
		}
		id := int(v.topics[l.at.Topic].partitions[0].leader)
		if err := k.Kill(id); err != nil {
			t.Fatal(err)
		}
		appendFor(time.Second)
		if err := k.Up(id); err != nil {
			t.Fatal(err)
		}
		appendFor(time.Second)
	}
	for i := range n {
		if s, want := <-got, fmt.Sprintf("%d=%d", i, i); s != want {
			t.Fatalf("%s, want %s", s, want)
		}
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// F11: the only broker is away for a while; nothing is lost and nothing gives up.
func TestF11_AllBrokersAreDown(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a broker of its own")
	}
	k := kafkatest.Start(t, kafkatest.Options{})
	cfg := Config{Brokers: k.Brokers}
	p := event.Partition{Topic: makeTopic(t, cfg, 1, nil)}
	fill(t, cfg, p, 0, 100, ProducerConfig{})
	s := openAt(t, cfg, p, 0, nil)
	readTo(t, s, 0, 100)
	if err := k.Down(1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	for {
		if _, err := s.Next(ctx); err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
	}
	if trouble := s.State()[0].Trouble; codeOf(trouble) != CodeConnect {
		t.Errorf("trouble: %v", trouble)
	}
	if err := k.Up(1); err != nil {
		t.Fatal(err)
	}
	fill(t, cfg, p, 100, 50, ProducerConfig{})
	started := time.Now()
	if records, _ := readTo(t, s, 100, 150); len(records) != 50 {
		t.Errorf("%d records", len(records))
	}
	if d := time.Since(started); d > 5*time.Second {
		t.Errorf("flows again after %s", d)
	}
	if trouble := s.State()[0].Trouble; trouble != nil {
		t.Errorf("trouble stays: %v", trouble)
	}
}

// Kafka 2.8 with ZooKeeper and 3.9 speak the same.
func TestOlderBrokers(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches and starts other versions")
	}
	for _, version := range []string{"3", "2"} {
		t.Run(version, func(t *testing.T) {
			k := kafkatest.Start(t, kafkatest.Options{Version: version})
			cfg := Config{Brokers: k.Brokers}
			for _, codec := range []string{"none", "zstd"} {
				testReadBack(t, cfg, codec)
			}
			l := openTestLog(t, cfg)
			mustAppend(t, l, "x")
			if _, err := EnsureTopics(within(t, 30*time.Second), cfg, OwnTopics(), false); err != nil {
				t.Error(err)
			}
		})
	}
}
