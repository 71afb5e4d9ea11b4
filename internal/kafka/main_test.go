package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// apache is a real broker for all tests of the package.
var apache kafkatest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	apache.Stop()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// onBoth runs a test against the embedded broker and a real one.
func onBoth(t *testing.T, test func(t *testing.T, cfg Config)) {
	t.Run("embedded", func(t *testing.T) {
		_, cfg := startEmbedded(t)
		test(t, cfg)
	})
	t.Run("apache", func(t *testing.T) { test(t, onApache(t)) })
}

func onApache(t testing.TB) Config {
	return Config{Brokers: apache.Start(t, kafkatest.Options{Secure: true}).Brokers}
}

// makeTopic makes a topic with a name of its own that never deletes by age.
func makeTopic(t testing.TB, cfg Config, partitions int32, settings map[string]string) string {
	t.Helper()
	spec := TopicSpec{Name: fmt.Sprintf("t-%d", rand.Uint64()), Partitions: partitions, Settings: map[string]string{"retention.ms": "-1"}}
	maps.Copy(spec.Settings, settings)
	if _, err := EnsureTopics(within(t, 20*time.Second), cfg, []TopicSpec{spec}, false); err != nil {
		t.Fatal(err)
	}
	return spec.Name
}

// codeOf is the code of an Error, "" for another error.
func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// startEmbedded is a broker inside the test, and how to reach it.
func startEmbedded(t testing.TB, topics ...embedded.Topic) (*embedded.Broker, Config) {
	t.Helper()
	b, err := embedded.Start(embedded.Options{Topics: topics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, Config{Brokers: b.Addrs()}
}

// within is a context for one test.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// fill writes n records "from".."from+n-1" to a partition, with times of one
// second each and the number as key.
func fill(t testing.TB, cfg Config, p event.Partition, from, n int, pc ProducerConfig) {
	t.Helper()
	ctx := within(t, 30*time.Second)
	w, err := OpenProducer(ctx, cfg, pc)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i := from; i < from+n; i++ {
		m := Message{Time: event.Time(i) * 1_000_000, Key: fmt.Append(nil, i), Value: fmt.Appendf(nil, "value %d", i)}
		if err := w.Send(ctx, p, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// openAt opens a Source on one partition.
func openAt(t testing.TB, cfg Config, p event.Partition, from event.Offset, change func(*SourceConfig)) *Source {
	t.Helper()
	sc := SourceConfig{Partitions: map[event.Partition]event.Offset{p: from}}
	if change != nil {
		change(&sc)
	}
	s, err := OpenSource(within(t, 20*time.Second), cfg, sc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// readTo reads one partition up to an offset and checks that the chunks join.
func readTo(t testing.TB, s *Source, from, to event.Offset) (records []Record, chunks []Chunk) {
	t.Helper()
	ctx := within(t, 30*time.Second)
	for at := from; at < to; {
		c, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("at offset %d of %d: %v", at, to, err)
		}
		if c.Range.From != at {
			t.Fatalf("chunk begins at %d, the one before ended at %d", c.Range.From, at)
		}
		for _, r := range c.Records {
			if r.Offset < c.Range.From || r.Offset >= c.Range.To {
				t.Fatalf("record %d is outside of its chunk [%d, %d)", r.Offset, c.Range.From, c.Range.To)
			}
		}
		at = c.Range.To
		records = append(records, c.Records...)
		chunks = append(chunks, c)
	}
	return records, chunks
}

type wanted struct {
	key, value string
	time       event.Time
}

// fmtRecord is what fill wrote as number n.
func fmtRecord(n int) wanted {
	return wanted{fmt.Sprint(n), fmt.Sprintf("value %d", n), event.Time(n) * 1_000_000}
}
