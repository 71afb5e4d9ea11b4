package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/kafka"
)

// deployment is a folder with a configuration, as a user has it.
type deployment struct {
	dir     string
	brokers []string
	// names begin with prefix, so that several deployments share a broker.
	prefix string
	// config is what the file says beside brokers and topics, by section.
	config map[string]string
	// combined: clicks and conversions are in one topic.
	combined bool
}

// newDeployment makes a deployment with short cuts and few shards; tests change
// d.config before they call write.
func newDeployment(t testing.TB, brokers []string, prefix string) *deployment {
	t.Helper()
	d := &deployment{dir: t.TempDir(), brokers: brokers, prefix: prefix}
	d.config = map[string]string{
		"correlate": `{shards: 8, campaign_shards: 2, user_key: {secret: end-to-end-tests-only}}`,
		"reference": `{campaigns: campaigns.json, creatives: creatives.json}`,
		"sink":      `{url: "file://` + d.path("lake") + `", checkpoint_interval: 300ms}`,
		"load":      `[{target: duckdb, path: warehouse.duckdb}]`,
		"server":    `{listen: "127.0.0.1:0", admin: "127.0.0.1:0"}`,
		"node":      `{id: n1, data_dir: data}`,
	}
	d.reference(t, `[]`, `[]`)
	return d
}

func (d *deployment) path(name string) string { return filepath.Join(d.dir, name) }

// topic is the name of one of the deployment's topics.
func (d *deployment) topic(name string) string { return d.prefix + name }

// sources are the input topics.
func (d *deployment) sources() []string {
	if d.combined {
		return []string{d.topic("bids"), d.topic("impressions"), d.topic("clicks_conversions")}
	}
	return []string{d.topic("bids"), d.topic("impressions"), d.topic("clicks"), d.topic("conversions")}
}

func (d *deployment) reference(t testing.TB, campaigns, creatives string) {
	t.Helper()
	must(t, os.WriteFile(d.path("campaigns.json"), []byte(campaigns), 0o600))
	must(t, os.WriteFile(d.path("creatives.json"), []byte(creatives), 0o600))
}

// write writes the configuration. kafkaMore is added to section kafka.
func (d *deployment) write(t testing.TB, kafkaMore ...string) {
	t.Helper()
	var b strings.Builder
	clicks, both := fmt.Sprintf("clicks: %s, conversions: %s", d.topic("clicks"), d.topic("conversions")), "[]"
	if d.combined {
		clicks, both = "clicks: [], conversions: []", d.topic("clicks_conversions")
	}
	fmt.Fprintf(&b, "config_version: 1\nkafka:\n  brokers: [%q]\n", strings.Join(d.brokers, `", "`))
	fmt.Fprintf(&b, "  topics: {bids: %s, impressions: %s, %s, clicks_conversions: %s}\n",
		d.topic("bids"), d.topic("impressions"), clicks, both)
	fmt.Fprintf(&b, "  journal: %s\n  segments: %s\n  links: %s\n", d.topic("journal"), d.topic("segments"), d.topic("links"))
	for _, line := range kafkaMore {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	for name, value := range d.config {
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	must(t, os.WriteFile(d.path("adjoin.yaml"), []byte(b.String()), 0o600))
}

// command is a command line of the program with this configuration.
func (d *deployment) command(args ...string) []string {
	return append(append([]string{binary}, args...), "-c", d.path("adjoin.yaml"))
}

// runLimit bounds a command that ends by itself.
const runLimit = 90 * time.Second

// run runs a command to its end.
func (d *deployment) run(t testing.TB, args ...string) result {
	t.Helper()
	return start(t, d.dir, nil, d.command(args...)...).wait(t, runLimit)
}

// start starts a node.
func (d *deployment) start(t testing.TB, args ...string) *process {
	t.Helper()
	return start(t, d.dir, nil, d.command(append([]string{"node", "run"}, args...)...)...)
}

// create makes the input topics by hand, as their owners would have, and ours
// with the program.
func (d *deployment) create(t testing.TB, partitions int32, settings map[string]string) {
	t.Helper()
	var specs []kafka.TopicSpec
	for _, name := range d.sources() {
		specs = append(specs, kafka.TopicSpec{Name: name, Partitions: partitions, Settings: settings})
	}
	_, err := kafka.EnsureTopics(within(t, 30*time.Second), d.client(), specs, false)
	must(t, err)
	d.run(t, "topics", "create").ok(t, 0)
}

// client reaches the deployment's brokers.
func (d *deployment) client() kafka.Config { return kafka.Config{Brokers: d.brokers} }

// summary is `adjoin node run --until-end -o json`.
type summary struct {
	Records map[string]int64
	Rows    map[string]int64
	Files   int64
	Ledger  struct {
		Balanced bool
		Events   map[string]int64
		Classes  map[string]map[string]int64
	}
	Commit int64
}

// untilEnd runs a node to the end of the topics; the ledger must balance.
func (d *deployment) untilEnd(t testing.TB) summary {
	t.Helper()
	var s summary
	r := d.run(t, "node", "run", "--until-end", "-o", "json").ok(t, 0)
	decode(t, r.stdout, &s)
	if !s.Ledger.Balanced {
		t.Errorf("the ledger does not balance:\n%s", r.stdout)
	}
	return s
}

// query asks the warehouse; the rows are objects by column.
func (d *deployment) query(t testing.TB, sql string) []map[string]any {
	t.Helper()
	var doc struct{ Rows []map[string]any }
	decode(t, d.run(t, "query", "-o", "json", sql).ok(t, 0).stdout, &doc)
	return doc.Rows
}

// table is the answer as text: a row a line, its columns as listed, NULL as
// "-".
func (d *deployment) table(t testing.TB, sql string) string {
	t.Helper()
	var doc struct {
		Columns []string
		Rows    []map[string]any
	}
	decode(t, d.run(t, "query", "-o", "json", sql).ok(t, 0).stdout, &doc)
	var lines []string
	for _, row := range doc.Rows {
		var cells []string
		for _, c := range doc.Columns {
			cell := "-"
			if row[c] != nil {
				cell = fmt.Sprint(row[c])
			}
			cells = append(cells, cell)
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return strings.Join(lines, "\n")
}

// decode reads exactly one JSON document.
func decode(t testing.TB, text string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil || d.More() {
		t.Fatalf("not one JSON document: %v\n%s", err, tail(text, 2000))
	}
}

// same compares tables line by line.
func same(t testing.TB, what, got, want string) {
	t.Helper()
	if want = strings.TrimSpace(want); got != want {
		t.Errorf("%s\n got:\n%s\nwant:\n%s", what, got, want)
	}
}

// lag is `adjoin lag`: offsets that are in a commit, and records that are not.
func (d *deployment) lag(t testing.TB) (durable, behind int64) {
	t.Helper()
	var doc struct {
		Partitions []struct {
			Durable int64 `json:"durable_offset"`
			Lag     int64 `json:"durable_lag"`
		}
	}
	decode(t, d.run(t, "lag", "-o", "json").ok(t, 0).stdout, &doc)
	for _, p := range doc.Partitions {
		durable += p.Durable
		behind += p.Lag
	}
	return durable, behind
}

// beyond reports whether more than so many records are in a commit.
func (d *deployment) beyond(t testing.TB, records int64) func() bool {
	return func() bool {
		durable, _ := d.lag(t)
		return durable > records
	}
}

// settled reports whether every record is in a commit.
func (d *deployment) settled(t testing.TB) func() bool {
	return func() bool {
		durable, behind := d.lag(t)
		return durable > 0 && behind == 0
	}
}
