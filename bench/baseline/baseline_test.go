package baseline

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// The measurement takes minutes and both processors, so that it is asked for.
var (
	measure     = flag.Bool("measure", false, "measure (make baseline)")
	binary      = flag.String("binary", "", "the built `adjoin`")
	runs        = flag.Int("runs", 3, "runs of each case")
	impressions = flag.Int64("impressions", 1_000_000, "impressions of the first case; the second has a quarter")
	keep        = flag.String("keep", "", "`DIR` for the profiles of the last run of each case")
)

// partitions of each topic.
const partitions = 4

// A case is a kind of traffic: what gen is told, and the topics it fills.
type traffic struct {
	name   string
	topics []string
	gen    []string
}

// cases are live traffic, whose event time passes about as fast as a node can
// read it, and a backlog of a quiet stream, where the same number of impressions
// lies in a hundred times as many minutes: nearly every impression is a group of
// agg_campaign_minute of its own.
func cases() []traffic {
	n := *impressions
	three, four := []string{"impressions", "clicks", "conversions"}, []string{"bids", "impressions", "clicks", "conversions"}
	return []traffic{
		{"impressions", three, []string{"--bids=false", "--rate", "100k/s", "--impressions", fmt.Sprint(n)}},
		{"bids", four, []string{"--bids-per-impression=4", "--rate", "100k/s", "--impressions", fmt.Sprint(n / 4)}},
		{"backlog", three, []string{"--bids=false", "--rate", "1k/s", "--impressions", fmt.Sprint(n)}},
	}
}

func TestBaseline(t *testing.T) {
	if !*measure {
		t.Skip("measures only with -measure; use make baseline")
	}
	broker := kafkatest.Start(t, kafkatest.Options{})
	fmt.Printf("%d processors, %s, Apache Kafka on the same machine, topics with %d partitions\n", runtime.NumCPU(), runtime.Version(), partitions)
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) { measureCase(t, broker, c) })
	}
}

func measureCase(t *testing.T, broker *kafkatest.Kafka, c traffic) {
	in := load(t, broker, c)
	var all []figures
	for n := range *runs {
		all = append(all, in.run(t, n))
	}
	in.verify(t, *runs-1)
	slices.SortFunc(all, func(a, b figures) int { return int(a.run.CPUSeconds*1e6) - int(b.run.CPUSeconds*1e6) })
	if !t.Failed() {
		all[len(all)/2].print(c.name, all)
	}
}

// input is a loaded set of topics and what the generator knows of it.
type input struct {
	dir    string
	broker *kafkatest.Kafka
	prefix string
	truth  truth
	events int64
}

// truth is the part of truth.json that a run is compared with.
type truth struct {
	Exact struct {
		Records map[string]int64
		Rows    map[string]int64
		Ledger  map[string]struct {
			Consumed   int64
			Fact       int64
			DupExact   int64 `json:"dup_exact"`
			IDConflict int64 `json:"id_conflict"`
			Rejected   map[string]int64
		}
	}
}

// load makes the topics and fills them.
func load(t *testing.T, broker *kafkatest.Kafka, c traffic) *input {
	t.Helper()
	in := &input{dir: t.TempDir(), broker: broker, prefix: c.name + "."}
	// Generated records are older than a broker keeps them by default.
	forever := map[string]string{"retention.ms": "-1"}
	var specs []kafka.TopicSpec
	for _, name := range c.topics {
		specs = append(specs, kafka.TopicSpec{Name: in.prefix + name, Partitions: partitions, Settings: forever})
	}
	_, err := kafka.EnsureTopics(t.Context(), kafka.Config{Brokers: broker.Brokers}, specs, false)
	must(t, err)
	topics := "bids: [], "
	if slices.Contains(c.topics, "bids") {
		topics = "bids: " + in.prefix + "bids, "
	}
	topics += fmt.Sprintf("impressions: %[1]simpressions, clicks: %[1]sclicks, conversions: %[1]sconversions", in.prefix)
	in.writeConfig(t, "gen", topics, "")
	for n := range *runs {
		in.writeConfig(t, fmt.Sprint(n), topics, "reference: {campaigns: truth/campaigns.json, creatives: truth/creatives.json}\n")
	}
	started := time.Now()
	in.adjoin(t, "gen", append([]string{"gen", "--to", "kafka", "--seed", "42", "--out", "truth"}, c.gen...)...)
	must(t, json.Unmarshal(read(t, in.path("truth/truth.json")), &in.truth))
	for _, l := range in.truth.Exact.Ledger {
		in.events += l.Consumed
	}
	fmt.Printf("\n%s: loaded %d events in %.0f s\n", c.name, in.events, time.Since(started).Seconds())
	return in
}

func (in *input) path(name string) string { return filepath.Join(in.dir, name) }

// writeConfig writes the configuration of one run, which has a journal, a lake
// and a warehouse of its own. The node itself loads nothing.
func (in *input) writeConfig(t *testing.T, name, topics, reference string) {
	t.Helper()
	text := fmt.Sprintf("config_version: 1\nkafka:\n  brokers: [%q]\n  topics: {%s}\n", strings.Join(in.broker.Brokers, `", "`), topics)
	text += fmt.Sprintf("  journal: %[1]s%[2]s.journal\n  segments: %[1]s%[2]s.segments\n  links: %[1]s%[2]s.links\n", in.prefix, name)
	text += fmt.Sprintf("node: {id: n1, data_dir: data%[1]s}\nsink: {url: %[2]q}\n", name, "file://"+in.path("data"+name+"/lake"))
	text += "server: {listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\"}\ncorrelate: {user_key: {secret: measured-with-this}}\n" + reference
	must(t, os.WriteFile(in.path(name+".yaml"), []byte(text+"load: []\n"), 0o600))
	must(t, os.WriteFile(in.path(name+"-load.yaml"), []byte(text+"load: [{target: duckdb, path: warehouse.duckdb}]\n"), 0o600))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}
