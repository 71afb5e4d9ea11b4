package embedded_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var journal = embedded.Topic{Name: "journal"}

func start(t *testing.T, o embedded.Options) (*embedded.Broker, *kafka.Log, context.Context) {
	t.Helper()
	b, err := embedded.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	l, err := kafka.OpenLog(ctx, kafka.Config{Brokers: b.Addrs()}, "journal")
	if err != nil {
		t.Fatal(err)
	}
	return b, l, ctx
}

// A folder brings topics and records back, under the same topic id.
func TestDataDirComesBack(t *testing.T) {
	o := embedded.Options{DataDir: t.TempDir(), Topics: []embedded.Topic{journal}}
	b, l, ctx := start(t, o)
	for i := range 5 {
		if _, err := l.Append(ctx, fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	id := l.TopicID()
	l.Close()
	b.Close()

	b, l, ctx = start(t, o)
	defer b.Close()
	defer l.Close()
	if l.TopicID() != id {
		t.Errorf("topic id %s, was %s", l.TopicID(), id)
	}
	n := 0
	err := l.Read(ctx, 0, 5, func(o event.Offset, _ event.Time, v []byte) error {
		if string(v) != fmt.Sprint(n) {
			t.Errorf("offset %d: %s", o, v)
		}
		n++
		return nil
	})
	if err != nil || n != 5 {
		t.Error(n, err)
	}
	if o, err := l.Append(ctx, []byte("5")); o != 5 || err != nil {
		t.Error(o, err)
	}
}

// Retention would delete old records of any topic, compacted ones included.
func TestNothingIsDeletedByAge(t *testing.T) {
	b, l, ctx := start(t, embedded.Options{Topics: []embedded.Topic{journal,
		{Name: "state", Settings: map[string]string{"cleanup.policy": "compact"}}}})
	defer b.Close()
	defer l.Close()
	cfg := kafka.Config{Brokers: b.Addrs()}
	w, err := kafka.OpenProducer(ctx, cfg, kafka.ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, topic := range []string{"journal", "state"} {
		err := w.Send(ctx, event.Partition{Topic: topic}, kafka.Message{Time: 1_000_000, Key: []byte("k"), Value: []byte("of 1970")})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	b.Fake().ApplyRetention()
	starts, err := kafka.StartOffsets(ctx, cfg, "journal", "state")
	if err != nil {
		t.Fatal(err)
	}
	for p, o := range starts {
		if o != 0 {
			t.Errorf("%s begins at %d", p, o)
		}
	}
}

func TestPortIsTheOneAskedFor(t *testing.T) {
	b, l, _ := start(t, embedded.Options{Topics: []embedded.Topic{journal}})
	defer b.Close()
	defer l.Close()
	var port int
	if _, err := fmt.Sscanf(b.Addrs()[0], "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Start(embedded.Options{Port: port}); err == nil {
		t.Error("two brokers on one port")
	}
}
