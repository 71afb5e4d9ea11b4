package config

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

func mustLoad(t *testing.T, s Source) *Loaded {
	t.Helper()
	loaded, err := Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestPrecedence climbs the layers one by one: each must win over all below,
// and the origin must say so.
func TestPrecedence(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "low.yaml", "node: {id: from-low}\n")
	write(t, "high.yaml", "# a comment\nnode:\n  id: from-high\n")
	steps := []struct {
		add    func(*Source)
		want   string
		origin string
	}{
		{func(s *Source) { s.Hostname = "from-host" }, "from-host", "default"},
		{func(s *Source) { s.Files = []string{"low.yaml"} }, "from-low", "low.yaml:1:12"},
		{func(s *Source) { s.Files = append(s.Files, "high.yaml") }, "from-high", "high.yaml:3:7"},
		{func(s *Source) { s.Environ = []string{"ADJOIN_NODE__ID=from-env"} }, "from-env", "env ADJOIN_NODE__ID"},
		{func(s *Source) { s.Set = []string{"node.id=from-set"} }, "from-set", "--set node.id"},
		{func(s *Source) { s.Set = append(s.Set, "node.id=from-later-set") }, "from-later-set", "--set node.id"},
		{func(s *Source) { s.Flags = []Override{{"--node-id", "node.id", "from-flag"}} }, "from-flag", "--node-id"},
	}
	var s Source
	for _, step := range steps {
		step.add(&s)
		loaded := mustLoad(t, s)
		if got := loaded.Config.Node.ID; got != step.want {
			t.Errorf("node.id = %q, want %q", got, step.want)
		}
		if got := loaded.Origin("node.id"); got != step.origin {
			t.Errorf("origin of node.id = %q, want %q", got, step.origin)
		}
	}
}

// TestMerge: maps merge key by key, lists replace each other whole.
func TestMerge(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.yaml", `
kafka:
  brokers: [localhost:1, localhost:2]
  topics: {clicks: [c1, c2], conversions: v1}
load:
  - {target: duckdb, path: one.db, schedule: 1m}
  - {target: duckdb, path: two.db}
`)
	write(t, "b.yaml", `
kafka:
  brokers: [localhost:3]
  topics: {clicks: c3}
load:
  - {target: duckdb}
`)
	c := mustLoad(t, Source{Files: []string{"a.yaml", "b.yaml"}}).Config
	if want := []string{"localhost:3"}; !slices.Equal(c.Kafka.Brokers, want) {
		t.Errorf("brokers = %v, want %v: a list replaces", c.Kafka.Brokers, want)
	}
	if want := (Names{"c3"}); !slices.Equal(c.Kafka.Topics.Clicks, want) {
		t.Errorf("clicks = %v, want %v", c.Kafka.Topics.Clicks, want)
	}
	if want := (Names{"v1"}); !slices.Equal(c.Kafka.Topics.Conversions, want) {
		t.Errorf("conversions = %v, want %v: the map merges", c.Kafka.Topics.Conversions, want)
	}
	if len(c.Load) != 1 || c.Load[0].Schedule != 0 {
		t.Errorf("load = %+v, want one target with the default schedule, nothing of the older list", c.Load)
	}
}

// TestOverrides: how lists are written where there is no YAML.
func TestOverrides(t *testing.T) {
	c := mustLoad(t, Source{
		Environ: []string{"ADJOIN_KAFKA__BROKERS=localhost:1, localhost:2", "ADJOIN_KAFKA__TOPICS__BIDS=", "PATH=/bin", "ADJOIN_PORT=tcp://10.0.0.1:80", "ADJOIN_METRICS_PORT_80_TCP_ADDR=10.0.0.1"},
		Set:     []string{"kafka.topics.clicks=a,b", "kafka.backfill=[a]", "load=[{target: duckdb, path: /x.db}, {target: duckdb, path: /y.db}]", "correlate.windows.impression_to_click=1h"},
	}).Config
	if want := []string{"localhost:1", "localhost:2"}; !slices.Equal(c.Kafka.Brokers, want) {
		t.Errorf("brokers = %v, want %v", c.Kafka.Brokers, want)
	}
	if len(c.Kafka.Topics.Bids) != 0 {
		t.Errorf("bids = %v, want none", c.Kafka.Topics.Bids)
	}
	if want := (Names{"a", "b"}); !slices.Equal(c.Kafka.Topics.Clicks, want) {
		t.Errorf("clicks = %v, want %v", c.Kafka.Topics.Clicks, want)
	}
	if want := []string{"a"}; !slices.Equal(c.Kafka.Backfill, want) {
		t.Errorf("backfill = %v, want %v", c.Kafka.Backfill, want)
	}
	if len(c.Load) != 2 || c.Load[1].Path != "/y.db" {
		t.Errorf("load = %+v", c.Load)
	}
	if c.Correlate.Windows.ClickJoin != event.Hour {
		t.Errorf("click_join = %v, want 1h set through its alias", c.Correlate.Windows.ClickJoin)
	}
}

// TestReferences: ${...} is replaced inside a value and can never add
// structure.
func TestReferences(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "topic"), "from-file\n")
	write(t, filepath.Join(dir, "a.yaml"), `
kafka:
  brokers: ["${env:HOST}:${env:PORT:-9092}"]
  client_id: ${file:topic}
  insecure: ${env:FLAG}
  sasl: {mechanism: PLAIN, username: "a$${b}", password: "${env:HARD}"}
  topics: {clicks: "${env:EMPTY:-c}"}
correlate: {shards: "${env:SHARDS}"}
`)
	environ := []string{"HOST=localhost", "FLAG=true", "HARD=p]: {x: y}, \"", "EMPTY=", "SHARDS=16"}
	c := mustLoad(t, Source{Files: []string{filepath.Join(dir, "a.yaml")}, Environ: environ}).Config
	got := []any{c.Kafka.Brokers[0], c.Kafka.ClientID, c.Kafka.Insecure, c.Kafka.SASL.Username, c.Kafka.SASL.Password.Reveal(), c.Kafka.Topics.Clicks[0], c.Correlate.Shards}
	want := []any{"localhost:9092", "from-file", true, "a${b}", "p]: {x: y}, \"", "c", 16}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	_, err := Load(Source{Set: []string{"kafka.brokers=${env:TWO}"}, Environ: []string{"TWO=localhost:1,localhost:2"}})
	if err == nil || !strings.Contains(err.Error(), "not-an-address") {
		t.Errorf("a variable with a comma gave %v, want one broker that is refused", err)
	}
}

// TestPaths: relative to the file that names them, and to the working directory
// for flags and the environment.
func TestPaths(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	elsewhere := t.TempDir()
	write(t, filepath.Join(elsewhere, "a.yaml"), "reference: {campaigns: c.json, creatives: /abs.json}\nsink: {url: lake}\nnode: {data_dir: data}\n")
	s := Source{
		Files: []string{filepath.Join(elsewhere, "a.yaml")}, SkipFiles: true,
		Environ: []string{"ADJOIN_DECODE__AVRO__SCHEMA_FILE=bids.avsc"}, Set: []string{"load=[{target: duckdb}]"},
	}
	c := mustLoad(t, s).Config
	for got, want := range map[string]string{
		string(c.Reference.Campaigns):    filepath.Join(elsewhere, "c.json"),
		string(c.Reference.Creatives):    "/abs.json",
		string(c.Decode.Avro.SchemaFile): filepath.Join(here, "bids.avsc"),
		c.Sink.URL:                       "file://" + filepath.Join(elsewhere, "lake"),
		string(c.Node.DataDir):           filepath.Join(elsewhere, "data"),
		string(c.Load[0].Path):           filepath.Join(elsewhere, "data", "warehouse.duckdb"),
	} {
		if got != want {
			t.Errorf("path %q, want %q", got, want)
		}
	}
}

// TestDefaults compares the defaults with the table of windows and limits of
// the semantics, written down here by hand.
func TestDefaults(t *testing.T) {
	c := Default()
	w := c.Correlate
	for name, pair := range map[string][2]any{
		"bid_join_web":      {w.Windows.BidJoinWeb, 10 * event.Minute},
		"bid_join_app":      {w.Windows.BidJoinApp, 60 * event.Minute},
		"click_join":        {w.Windows.ClickJoin, 24 * event.Hour},
		"click_through":     {w.Windows.ClickThrough, 30 * event.Day},
		"view_through":      {w.Windows.ViewThrough, 24 * event.Hour},
		"click_refractory":  {w.Windows.ClickRefractory, 30 * event.Second},
		"orphan_hold":       {w.OrphanHold, 15 * event.Minute},
		"watermark_delay":   {w.WatermarkDelay, 10 * event.Minute},
		"idle_timeout":      {w.IdleTimeout, 60 * event.Second},
		"horizons":          {w.Horizons, Horizons{2 * event.Hour, 48 * event.Hour, 48 * event.Hour, 35 * event.Day}},
		"conflict_horizons": {w.ConflictHorizons, Horizons{event.Hour, 24 * event.Hour, 24 * event.Hour, 90 * event.Day}},
		"join_lateness":     {w.JoinLateness, JoinLateness{2 * event.Hour, 48 * event.Hour, 48 * event.Hour}},
		"half_life":         {w.Attribution.HalfLife, 7 * event.Day},
		"max_touches":       {w.MaxTouchesPerPath, 200},
		"max_live_touches":  {w.MaxLiveTouchesPerUser, 2000},
		"shards":            {w.Shards, 64},
		"checkpoint":        {c.Sink.CheckpointInterval, 5 * time.Second},
		"bids":              {c.Kafka.Topics.Bids, Names{"bid_requests"}},
		"impressions":       {c.Kafka.Topics.Impressions, Names{"ad_impressions"}},
		"clicks":            {c.Kafka.Topics.Clicks, Names{"clicks"}},
		"conversions":       {c.Kafka.Topics.Conversions, Names{"conversions"}},
		"start":             {c.Kafka.Start, Start{}},
		"currency":          {c.Decode.Currency, "USD"},
		"delimiter":         {c.Decode.CSV.Delimiter, Delimiter(',')},
		"zone":              {c.Decode.Zone.Location(), time.UTC},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("default of %s = %v, want %v", name, pair[0], pair[1])
		}
	}
}

// TestS4_LoopbackByDefault: the default listeners cannot be reached from other
// machines.
func TestS4_LoopbackByDefault(t *testing.T) {
	c := Default()
	for _, address := range []string{c.Server.Listen, c.Server.Admin} {
		if !isLoopback(address) {
			t.Errorf("%s is not a loopback address", address)
		}
	}
}

// TestS1_ClearTextNeedsAWord: the combinations of TLS, SASL, loopback and
// kafka.insecure.
func TestS1_ClearTextNeedsAWord(t *testing.T) {
	sasl := []string{"kafka.sasl.mechanism=PLAIN", "kafka.sasl.username=a", "kafka.sasl.password=${env:PW}"}
	for _, test := range []struct {
		set  []string
		want string // rule, "" for accepted
	}{
		{[]string{"kafka.brokers=localhost:9092"}, ""},
		{[]string{"kafka.brokers=127.0.0.2:9092,[::1]:9092"}, ""},
		{append([]string{"kafka.brokers=localhost:9092"}, sasl...), ""},
		{[]string{"kafka.brokers=localhost:9092,k:9092"}, "plaintext"},
		{[]string{"kafka.brokers=10.0.0.1:9092"}, "plaintext"},
		{[]string{"kafka.brokers=localhost.example.com:9092"}, "plaintext"},
		{append([]string{"kafka.brokers=k:9092"}, sasl...), "sasl-without-tls"},
		{append([]string{"kafka.brokers=k:9092", "kafka.tls.enabled=true"}, sasl...), ""},
		{append([]string{"kafka.brokers=k:9092", "kafka.insecure=true"}, sasl...), ""},
		{[]string{"kafka.brokers=k:9092", "kafka.insecure=true"}, ""},
	} {
		found := diagnose(t, Source{Set: test.set, Environ: []string{"PW=x"}})
		got := ""
		if len(found) > 0 {
			got = found[0].Rule
		}
		if got != test.want || len(found) > 1 {
			t.Errorf("%v: found %v, want %q", test.set, found, test.want)
		}
	}
}

// TestShowReadsBack: what config show prints is a configuration with the same
// values.
func TestShowReadsBack(t *testing.T) {
	t.Chdir(t.TempDir())
	first := mustLoad(t, Source{Hostname: "h", Set: []string{
		"kafka.brokers=localhost:9092", "kafka.topics.clicks=a,b", "kafka.topics.bids=", "kafka.start=2026-09-01T00:00:00Z",
		"decode.csv.delimiter=tab", "correlate.windows.click_join=90m", "sink.partition_by=", "log.level=debug",
		"load=[{target: duckdb, schedule: 90s}, {target: duckdb, path: '/with: colon.db'}]",
	}})
	for _, sources := range []bool{false, true} {
		write(t, "shown.yaml", first.YAML(sources, false))
		second := mustLoad(t, Source{Files: []string{"shown.yaml"}})
		if !reflect.DeepEqual(first.Config, second.Config) {
			t.Errorf("sources=%v: read back\n%+v\nwant\n%+v", sources, second.Config, first.Config)
		}
		if first.Hash() != second.Hash() {
			t.Errorf("the hash changed from %s to %s", first.Hash(), second.Hash())
		}
	}
	if other := mustLoad(t, Source{Hostname: "h", Set: []string{"correlate.shards=65"}}); other.Hash() == first.Hash() {
		t.Error("two configurations have one hash")
	}
}

// TestShowChanged: only what some layer names, with its origin.
func TestShowChanged(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.yaml", "kafka:\n  brokers: [localhost:9092]\nlog: {level: debug}\n")
	loaded := mustLoad(t, Source{Files: []string{"a.yaml"}, Environ: []string{"ADJOIN_CORRELATE__WINDOWS__CLICK_JOIN=1h"}})
	want := `kafka:
  brokers: ["localhost:9092"]                        # a.yaml:2:12
correlate:
  windows:
    click_join: 1h                                   # env ADJOIN_CORRELATE__WINDOWS__CLICK_JOIN
log:
  level: debug                                       # a.yaml:3:14
`
	if got := loaded.YAML(true, true); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
