package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// broker is an embedded Kafka for one test.
func broker(t *testing.T) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(embedded.Options{})
	must(t, err)
	t.Cleanup(func() { b.Close() })
	return b
}

// Nobody answers: which broker, what to do, code 4, from every command that
// needs one.
func TestBadMoments_Unreachable(t *testing.T) {
	d := newDeployment(t, []string{"127.0.0.1:1"}, "")
	d.write(t)
	for _, command := range [][]string{
		{"node", "run"}, {"node", "run", "--until-end"}, {"topics", "create"}, {"check", "kafka"}, {"lag"}, {"load", "run"}, {"dump", "--out", d.path("dump")},
	} {
		t.Run(strings.Join(command, "_"), func(t *testing.T) {
			r := d.run(t, append(command, "-o", "json")...).ok(t, 4)
			if command[0] == "check" {
				return // its report is on standard output
			}
			var doc struct {
				Error struct {
					Code, Message, Hint string
					Retryable           bool
				}
			}
			lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
			decode(t, lines[len(lines)-1], &doc)
			if doc.Error.Code != "E-KAFKA-CONNECT" || !doc.Error.Retryable || doc.Error.Hint == "" || !strings.Contains(doc.Error.Message, "127.0.0.1:1") {
				t.Errorf("the error is %+v", doc.Error)
			}
		})
	}
}

// A wrong password is refused with code 5 and names the user; the right one
// works over TLS and SCRAM.
func TestBadMoments_WrongPassword(t *testing.T) {
	k := apache.Start(t, kafkatest.Options{Secure: true})
	d := newDeployment(t, k.Secure, "secure.")
	must(t, os.WriteFile(d.path("password"), []byte("not-"+k.Password+"\n"), 0o600))
	d.write(t, fmt.Sprintf("tls: {enabled: true, ca_file: %q}", k.CAFile),
		fmt.Sprintf("sasl: {mechanism: SCRAM-SHA-512, username: %s, password_file: password}", k.User))
	for _, command := range [][]string{{"node", "run"}, {"topics", "create"}} {
		r := d.run(t, command...).ok(t, 5).says(t, "E-KAFKA-AUTH", k.User, k.Secure[0])
		if strings.Contains(r.stderr+r.stdout, k.Password) {
			t.Errorf("the password is in the output:\n%s", r.stderr)
		}
	}
	must(t, os.WriteFile(d.path("password"), []byte(k.Password+"\n"), 0o600))
	d.run(t, "topics", "create").ok(t, 0)
}

// A missing topic: code 5, its name, and which command makes our own.
func TestBadMoments_MissingTopic(t *testing.T) {
	d := newDeployment(t, broker(t).Addrs(), "x.")
	d.write(t)
	d.run(t, "node", "run").ok(t, 5).says(t, "E-KAFKA-TOPIC-MISSING", "x.", "adjoin topics create")
	d.run(t, "topics", "create").ok(t, 0)
	r := d.run(t, "node", "run").ok(t, 5).says(t, "E-KAFKA-TOPIC-MISSING")
	if !regexp.MustCompile(`x\.(bids|impressions|clicks|conversions)`).MatchString(r.stderr) {
		t.Errorf("no topic is named:\n%s", r.stderr)
	}
}

// Everything that is wrong with a configuration is said at once, with its
// place, and nothing is started (F40).
func TestBadMoments_WrongConfiguration(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "adjoin.yaml")
	must(t, os.WriteFile(file, []byte(`config_version: 1
kafka:
  brokers: [kafka-1:9092]
  tls: {enabeld: true}
correlate:
  windows: {click_join: 30}
  attribution: {scope: everybody}
sink: {checkpoint_interval: 1ms}
node: {id: n1, data_dir: data}
load: [{target: duckdb, path: w.duckdb}]
`), 0o600))
	for _, args := range [][]string{{"node", "run", "-c", file}, {"config", "check", file}} {
		r := start(t, dir, nil, append([]string{binary}, args...)...).wait(t, time.Minute).ok(t, 78)
		text := r.stderr + r.stdout
		for _, want := range []string{
			`adjoin\.yaml:4:\d+: error: .*enabeld.*enabled`, `adjoin\.yaml:6:\d+: error: .*click_join.*"30"`,
			`adjoin\.yaml:7:\d+: error: .*everybody`, `adjoin\.yaml:8:\d+: error: .*checkpoint_interval`, `4 errors`,
		} {
			if !regexp.MustCompile(want).MatchString(text) {
				t.Errorf("%v does not say %s:\n%s", args[:2], want, text)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Error("a refused configuration left a data folder")
	}
}

// A journal that would lose commits is refused with what is wrong, and not
// altered.
func TestBadMoments_WrongJournal(t *testing.T) {
	d := newDeployment(t, broker(t).Addrs(), "")
	d.write(t)
	_, err := kafka.EnsureTopics(within(t, time.Minute), d.client(), []kafka.TopicSpec{
		{Name: d.topic("journal"), Partitions: 3, Settings: map[string]string{"cleanup.policy": "compact", "retention.ms": "86400000"}},
	}, false)
	must(t, err)
	for range 2 {
		d.run(t, "topics", "create").ok(t, 5).says(t, "E-KAFKA-TOPIC-CONFIG", "journal", "partitions is 3", "cleanup.policy is compact", "retention.ms is 86400000")
	}
}

// Offsets that were deleted before they were read, and a topic made again, stop
// the node with the numbers; it never skips over the hole (F23, F24).
func TestBadMoments_OffsetsGone(t *testing.T) {
	d := newDeployment(t, broker(t).Addrs(), "")
	d.write(t)
	d.create(t, 1, nil)
	d.impressions(t, 0, 10)
	if s := d.untilEnd(t); s.Records[d.topic("impressions")] != 10 {
		t.Fatalf("records: %v", s.Records)
	}
	d.impressions(t, 10, 20)
	l, err := kafka.OpenLog(within(t, time.Minute), d.client(), d.topic("impressions"))
	must(t, err)
	defer l.Close()
	must(t, l.Truncate(within(t, time.Minute), 15))
	for range 2 { // and the second start does not find it mended
		r := d.run(t, "node", "run", "--until-end").says(t, "E-KAFKA-OFFSET-GONE", "impressions", "10", "15", "5")
		if r.code == 0 {
			t.Fatal("the node went on over a hole")
		}
	}
	same(t, "rows", d.table(t, "select count(*) from fact_impressions_current"), "10")

	ctx := within(t, time.Minute)
	must(t, kafka.DeleteTopics(ctx, d.client(), d.topic("impressions")))
	_, err = kafka.EnsureTopics(ctx, d.client(), []kafka.TopicSpec{{Name: d.topic("impressions"), Partitions: 1}}, false)
	must(t, err)
	d.impressions(t, 100, 130)
	if r := d.run(t, "node", "run", "--until-end").says(t, "E-KAFKA-TOPIC-RECREATED", "impressions"); r.code == 0 {
		t.Fatal("the node took a new topic for the old one")
	}
	same(t, "rows", d.table(t, "select count(*) from fact_impressions_current"), "10")
}

// impressions sends impressions from..to-1 to partition 0.
func (d *deployment) impressions(t testing.TB, from, to int) {
	t.Helper()
	var values [][]byte
	for i := from; i < to; i++ {
		b, err := json.Marshal(map[string]any{
			"impression_id": fmt.Sprint("i", i), "timestamp": time.Now().UnixMilli(), "user_id": fmt.Sprint("u", i), "creative_id": "cr1", "website": "a.example",
		})
		must(t, err)
		values = append(values, b)
	}
	d.produce(t, "impressions", kafka.ProducerConfig{}, values...)
}

// produce sends values, each in a batch of its own.
func (d *deployment) produce(t testing.TB, topic string, pc kafka.ProducerConfig, values ...[]byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p, err := kafka.OpenProducer(ctx, d.client(), pc)
	must(t, err)
	defer p.Close()
	for _, v := range values {
		must(t, p.Send(ctx, event.Partition{Topic: d.topic(topic)}, kafka.Message{Time: event.TimeOf(time.Now()), Value: v}))
		must(t, p.Flush(ctx))
	}
}
