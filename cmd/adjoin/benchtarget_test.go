package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
)

func broker(t *testing.T, topics ...embedded.Topic) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(embedded.Options{Topics: topics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// A run against a Kafka that is given takes topics of its own and leaves none.
func TestBenchRunAgainstAKafka(t *testing.T) {
	t.Chdir(t.TempDir())
	b := broker(t, embedded.Topic{Name: "impressions"})
	r := run("bench", "run", "--timeout", "2m", "--target", "kafka", "--brokers", b.Addrs()[0], "--rate", "400/s", "--duration", "1s", "--warmup", "0s",
		"--partitions", "2", "--bids=false", "--no-progress", "--set", "sink.checkpoint_interval=500ms", "--set", "correlate.shards=4", "-o", "json")
	var doc sheet.Run
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatalf("code %d, %v\n%s", r.code, err, r.err)
	}
	if doc.Latency.Count != 400 || doc.Lost+doc.Duplicated+doc.Wrong != 0 || doc.Target != "kafka" {
		t.Errorf("%+v", doc)
	}
	cluster, err := kafka.Describe(t.Context(), kafka.Config{Brokers: b.Addrs()})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range cluster.All() {
		if strings.HasPrefix(p.Topic, "adjoin-bench") {
			t.Errorf("topic %s is left", p.Topic)
		}
	}
}

// A running node takes the records from its own topics; its journal says when they
// are committed and that every event is in its class.
func TestBenchRunAgainstANode(t *testing.T) {
	t.Chdir(t.TempDir())
	b := broker(t, embedded.Topic{Name: "impressions", Partitions: 2}, embedded.Topic{Name: "clicks", Partitions: 2}, embedded.Topic{Name: "conversions", Partitions: 2})
	at := freeAddress(t)
	file(t, "node.yaml", fmt.Sprintf(`kafka:
  brokers: [%q]
  topics: {bids: [], impressions: impressions, clicks: clicks, conversions: conversions, clicks_conversions: []}
sink: {url: %q, checkpoint_interval: 500ms}
server: {listen: %q, admin: "127.0.0.1:0"}
node: {id: n1, data_dir: data}
correlate: {shards: 4, user_key: {secret: of-the-test}}
load: []
`, b.Addrs()[0], "file://"+filepath.Join(t.TempDir(), "lake"), at))
	if r := run("topics", "create", "-c", "node.yaml"); r.code != exitOK {
		t.Fatal(r.err)
	}
	missing := run("bench", "run", "--target", "node", "-c", "node.yaml", "--duration", "1s")
	if missing.code != exitUnreachable || !strings.Contains(missing.err, "no metrics at http://"+at) {
		t.Errorf("without a node: code %d, %s", missing.code, missing.err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan result, 1)
	go func() { ended <- runWith(ctx, nil, "node", "run", "-c", "node.yaml") }()
	defer func() {
		stop()
		if r := <-ended; r.code != exitOK {
			t.Errorf("the node ended with code %d: %s", r.code, r.err)
		}
	}()
	waitFor(t, at)
	// Twice: the second run stands on the ledger and the offsets of the first.
	for range 2 {
		r := run("bench", "run", "--target", "node", "--timeout", "2m", "-c", "node.yaml", "--rate", "400/s", "--duration", "1s", "--warmup", "0s", "--no-progress", "-o", "json")
		var doc sheet.Run
		if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
			t.Fatalf("code %d, %v\n%s", r.code, err, r.err)
		}
		if doc.Latency.Count != 400 || doc.LatencyJoined != nil || doc.Lost+doc.Duplicated+doc.Wrong != 0 || doc.PeakRSSBytes == 0 {
			t.Errorf("%+v", doc)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// waitFor waits until somebody listens.
func waitFor(t *testing.T, at string) {
	t.Helper()
	for range 500 {
		c, err := net.Dial("tcp", at)
		if err == nil {
			c.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("nobody listens at %s", at)
}

// The legacy records (containers with a schema of their own, clicks and conversions
// in one topic) come out as they were sent as well.
func TestBenchRunOfTheCaseStudy(t *testing.T) {
	t.Chdir(t.TempDir())
	r := run("bench", "run", "--timeout", "2m", "--preset", "case_study", "--rate", "400/s", "--duration", "2s", "--warmup", "0s", "--no-progress",
		"--set", "sink.checkpoint_interval=500ms", "--set", "correlate.shards=4", "-o", "json")
	var doc sheet.Run
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatalf("code %d, %v\n%s", r.code, err, r.err)
	}
	if doc.Latency.Count != 800 || doc.Lost+doc.Duplicated+doc.Wrong != 0 {
		t.Errorf("lost %d, duplicated %d, wrong %d: %v", doc.Lost, doc.Duplicated, doc.Wrong, doc.Differences)
	}
}
