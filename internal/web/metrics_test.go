package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/advertisex/adjoin/internal/event"
)

// seriesMax is the promise about a node of the demo (all of /metrics).
const seriesMax = 1200

func TestSeriesOfADemoNodeAreFew(t *testing.T) {
	n := len(samples(scrape(t, demoMetrics())))
	t.Logf("%d series", n)
	if n >= seriesMax {
		t.Errorf("%d series, want fewer than %d", n, seriesMax)
	}
}

// TestNamesAreAPromise: a rename breaks dashboards, so the list is kept by hand.
func TestNamesAreAPromise(t *testing.T) {
	b, err := os.ReadFile("testdata/metric_names.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(b)), "\n")
	var got []string
	for _, f := range families() {
		var labels []string
		for _, l := range f.labels {
			labels = append(labels, l.name)
		}
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", f.name, f.kind, strings.Join(labels, ","))))
	}
	slices.Sort(got)
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("new or renamed: %s", name)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("gone: %s", name)
		}
	}
}

// TestEveryFamilyIsScraped: no row of the table is without a metric, and the
// types and labels on the wire are those of the table.
func TestEveryFamilyIsScraped(t *testing.T) {
	m := demoMetrics()
	m.ObserveCheckpoint(0.2)
	m.ObserveLoad(LoadDuckDB, 0.2)
	wire, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*dto.MetricFamily{}
	for _, mf := range wire {
		found[mf.GetName()] = mf
		if strings.HasPrefix(mf.GetName(), "adjoin_") && !slices.ContainsFunc(families(), func(f family) bool { return f.name == mf.GetName() }) {
			t.Errorf("%s is scraped but not in the table", mf.GetName())
		}
	}
	for _, f := range families() {
		mf := found[f.name]
		if mf == nil {
			t.Errorf("%s is in the table but not scraped", f.name)
			continue
		}
		if got := strings.ToLower(mf.GetType().String()); got != string(f.kind) {
			t.Errorf("%s is a %s on the wire, want %s", f.name, got, f.kind)
		}
		for _, metric := range mf.GetMetric() {
			checkLabels(t, f, metric)
		}
	}
}

func checkLabels(t *testing.T, f family, m *dto.Metric) {
	t.Helper()
	if len(m.GetLabel()) != len(f.labels) {
		t.Errorf("%s has %d labels, want %d", f.name, len(m.GetLabel()), len(f.labels))
	}
	for _, pair := range m.GetLabel() {
		i := slices.IndexFunc(f.labels, func(l label) bool { return l.name == pair.GetName() })
		if i < 0 {
			t.Errorf("%s has an unknown label %s", f.name, pair.GetName())
			continue
		}
		if closed := f.labels[i].values; closed != nil && !slices.Contains(closed, pair.GetValue()) {
			t.Errorf("%s: %s=%q is not on the list", f.name, pair.GetName(), pair.GetValue())
		}
	}
}

// TestNamingRules reproduces those of promtool on our own metrics: units,
// _total, help texts, reserved characters.
func TestNamingRules(t *testing.T) {
	text := scrape(t, demoMetrics())
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "adjoin_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	unit := regexp.MustCompile(`_(seconds|bytes|records|entries|files|info|shards)(_total)?$|_(rows|results|restarts|checkpoints)_total$|^adjoin_shards$`)
	for _, f := range families() {
		if !unit.MatchString(f.name) {
			t.Errorf("%s does not end in what it counts", f.name)
		}
		if (f.kind == counter) != strings.HasSuffix(f.name, "_total") {
			t.Errorf("%s: _total is for counters, and for all of them", f.name)
		}
		if !strings.HasSuffix(f.help, ".") || len(f.help) < 20 {
			t.Errorf("%s: the help text %q is no sentence", f.name, f.help)
		}
		if len(f.buckets) > 10 {
			t.Errorf("%s has %d classic buckets, want 10 at most", f.name, len(f.buckets))
		}
	}
}

// TestPromtoolIsContent asks the real tool about everything that is scraped.
func TestPromtoolIsContent(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIPPED: promtool is not installed, so its own word on the metrics is missing; apt-get install prometheus brings it")
	}
	cmd := exec.CommandContext(t.Context(), tool, "check", "metrics")
	cmd.Stdin = strings.NewReader(scrape(t, demoMetrics()))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

func TestS16_HostileKeysMakeNoSeries(t *testing.T) {
	before := len(samples(scrape(t, demoMetrics())))
	s := demoSnapshot()
	rejected := map[string]int64{}
	for i := range 100_000 {
		rejected[fmt.Sprint("reason-", i)] = 1
	}
	s.Topics["bids"] = Topic{Ledger: Ledger{Rejected: rejected}}
	for i := range 1000 {
		key := fmt.Sprint("campaign-", i)
		s.Tables[key] = Table{Rows: 1}
		s.Loads[LoadDuckDB].Tables[key] = LoadTable{Rows: 1}
		s.Loads[LoadTarget(key)] = Load{}
		s.Joins[Join(key)] = JoinResults{}
		s.Restarts[Role(key)] = 1
		s.StageBusy[Stage(key)] = 1
		s.Heartbeats[HeartbeatStage(key)] = 1
		s.Shards[ShardState(key)] = 1
	}
	m := demoMetrics(withSnapshot(s))
	m.ObserveLoad("campaign-1", 1)
	text := scrape(t, m)
	// Unknown tables share one series of each of the three lake metrics and the six
	// of the one warehouse.
	if after := len(samples(text)); after != before+3+6 {
		t.Errorf("%d series before, %d after, want 9 more", before, after)
	}
	expect(t, text, map[string]string{
		`adjoin_dlq_records_total{reason="other"}`:                                        "100003", // and one of each of 3 other topics
		`adjoin_sink_rows_total{table="other"}`:                                           "1000",
		`adjoin_load_rows_total{outcome="success",table="other",target="duckdb"}`:         "1000",
		`adjoin_ingest_records_total{outcome="invalid",topic="bids"}`:                     "100000",
		`adjoin_load_oldest_pending_timestamp_seconds{table="other",target="duckdb"}`:     "0",
		`adjoin_load_oldest_pending_timestamp_seconds{table="fact_bids",target="duckdb"}`: "1.799999998e+09",
	})
}

// TestST4_OutcomesSumToTheLedger: what each class of the ledger is shown as.
func TestST4_OutcomesSumToTheLedger(t *testing.T) {
	text := scrape(t, demoMetrics())
	expect(t, text, map[string]string{
		`adjoin_ingest_records_total{outcome="accepted",topic="clicks"}`:   "100",
		`adjoin_ingest_records_total{outcome="duplicate",topic="clicks"}`:  "5",
		`adjoin_ingest_records_total{outcome="late",topic="clicks"}`:       "5", // TOO_LATE 4, BEHIND_STATE 1
		`adjoin_ingest_records_total{outcome="invalid",topic="clicks"}`:    "6", // conflicts 2, BAD_JSON 3, unknown code 1
		`adjoin_ingest_records_total{outcome="suppressed",topic="clicks"}`: "1",
		`adjoin_ingest_bytes_total{topic="clicks"}`:                        "4300",
		// Over four topics.
		`adjoin_dlq_records_total{reason="malformed"}`:   "12",
		`adjoin_dlq_records_total{reason="late"}`:        "20",
		`adjoin_dlq_records_total{reason="id_conflict"}`: "8",
		`adjoin_dlq_records_total{reason="other"}`:       "4",
		`adjoin_dlq_records_total{reason="poison"}`:      "0",
	})
}

func TestST4_EveryReasonHasOneGroup(t *testing.T) {
	times := map[event.Reason]int{}
	for _, r := range rejections {
		for _, reason := range r.reasons {
			times[reason]++
		}
	}
	for _, reason := range event.Reasons() {
		if times[reason] != 1 {
			t.Errorf("%s is in %d groups, want 1", reason, times[reason])
		}
	}
	if len(rejections) > 12 {
		t.Errorf("%d groups, want 12 at most", len(rejections))
	}
}

// TestCountersNeverFall: a fact that turns out to be a conflict lowers the
// facts by one, which Prometheus would take for a restart.
func TestCountersNeverFall(t *testing.T) {
	var facts atomic.Int64
	m := demoMetrics(func(c *MetricsConfig) {
		c.Snapshot = func() Snapshot {
			return Snapshot{Topics: map[string]Topic{"bids": {Ledger: Ledger{Facts: facts.Load()}}}}
		}
	})
	const series = `adjoin_ingest_records_total{outcome="accepted",topic="bids"}`
	for _, step := range []struct {
		facts int64
		want  string
	}{{-1, "0"}, {10, "10"}, {9, "10"}, {10, "10"}, {12, "12"}} {
		facts.Store(step.facts)
		if got := value(t, scrape(t, m), series); got != step.want {
			t.Errorf("at %d facts: %s, want %s", step.facts, got, step.want)
		}
	}
}

func TestLag(t *testing.T) {
	at := func(next int64, time float64) Position { return Position{Known: true, Next: next, Time: time} }
	s := Snapshot{Partitions: []Partition{
		{Topic: "a", Partition: 0, End: 100, Read: at(90, 1_799_999_970), Durable: at(40, 1_799_999_910)},
		{Topic: "a", Partition: 1, End: 100, Read: at(100, 1_799_000_000)}, // at the end, nothing committed
		{Topic: "b", Partition: 0, End: 7, Read: at(9, 0)},                 // the end is older than the position
		{Topic: "b", Partition: 1, End: 7, Read: at(0, 0)},                 // behind, and nothing read yet
	}}
	text := scrape(t, demoMetrics(withSnapshot(s)), lagRecords, lagSeconds)
	want := []string{
		`adjoin_kafka_consumer_lag_records{group="adjoin",kind="durable",partition="0",topic="a"} 60`,
		`adjoin_kafka_consumer_lag_records{group="adjoin",kind="read",partition="0",topic="a"} 10`,
		`adjoin_kafka_consumer_lag_records{group="adjoin",kind="read",partition="0",topic="b"} 0`,
		`adjoin_kafka_consumer_lag_records{group="adjoin",kind="read",partition="1",topic="a"} 0`,
		`adjoin_kafka_consumer_lag_records{group="adjoin",kind="read",partition="1",topic="b"} 7`,
		`adjoin_kafka_consumer_lag_seconds{group="adjoin",kind="durable",partition="0",topic="a"} 90`,
		`adjoin_kafka_consumer_lag_seconds{group="adjoin",kind="read",partition="0",topic="a"} 30`,
		`adjoin_kafka_consumer_lag_seconds{group="adjoin",kind="read",partition="0",topic="b"} 0`,
		`adjoin_kafka_consumer_lag_seconds{group="adjoin",kind="read",partition="1",topic="a"} 0`,
	}
	if got := samples(text); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	merged := scrape(t, demoMetrics(withSnapshot(s), func(c *MetricsConfig) { c.NoPartitionLabel = true }), lagRecords, lagSeconds)
	want = []string{
		`adjoin_kafka_consumer_lag_records{group="adjoin",kind="durable",topic="a"} 60`,
		`adjoin_kafka_consumer_lag_records{group="adjoin",kind="read",topic="a"} 10`,
		`adjoin_kafka_consumer_lag_records{group="adjoin",kind="read",topic="b"} 7`,
		`adjoin_kafka_consumer_lag_seconds{group="adjoin",kind="durable",topic="a"} 90`,
		`adjoin_kafka_consumer_lag_seconds{group="adjoin",kind="read",topic="a"} 30`,
		`adjoin_kafka_consumer_lag_seconds{group="adjoin",kind="read",topic="b"} 0`,
	}
	if got := samples(merged); !slices.Equal(got, want) {
		t.Errorf("without the partition label: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestListsMeetTheirValues: the order of a closed list is the order in which
// its values are emitted.
func TestListsMeetTheirValues(t *testing.T) {
	expect(t, scrape(t, demoMetrics()), map[string]string{
		`adjoin_dedupe_entries{kind="bids"}`:                                               "1",
		`adjoin_dedupe_entries{kind="conversions"}`:                                        "4",
		`adjoin_state_entries{kind="impressions"}`:                                         "12",
		`adjoin_state_entries{kind="campaign_buckets"}`:                                    "16",
		`adjoin_state_bytes{kind="indexes"}`:                                               "23",
		`adjoin_state_bytes{kind="campaigns"}`:                                             "26",
		`adjoin_state_limit_bytes`:                                                         "1.073741824e+09",
		`adjoin_correlate_results_total{kind="click_impression",result="matched"}`:         "50",
		`adjoin_correlate_results_total{kind="click_impression",result="expired"}`:         "3",
		`adjoin_correlate_results_total{kind="click_impression",result="orphan"}`:          "2",
		`adjoin_correlate_results_total{kind="click_impression",result="ambiguous"}`:       "1",
		`adjoin_checkpoints_total{outcome="success"}`:                                      "7",
		`adjoin_checkpoints_total{outcome="failure"}`:                                      "1",
		`adjoin_load_files_total{outcome="success",table="fact_bids",target="duckdb"}`:     "9",
		`adjoin_load_files_total{outcome="failure",table="fact_bids",target="duckdb"}`:     "0",
		`adjoin_load_pending_files{table="fact_bids",target="duckdb"}`:                     "1",
		`adjoin_shards{state="running"}`:                                                   "64",
		`adjoin_build_info{goversion="go1.26.0",revision="abcdef012345",version="v0.1.0"}`: "1",
		`adjoin_config_info{hash="0123456789ab"}`:                                          "1",
	})
}

// TestKnownSeriesExistAtZero: an empty node shows what it knows, and nothing of
// what it does not measure.
func TestKnownSeriesExistAtZero(t *testing.T) {
	text := scrape(t, demoMetrics(withSnapshot(Snapshot{Topics: map[string]Topic{"bids": {}}, Restarts: map[Role]int64{RoleEngine: 0}})))
	expect(t, text, map[string]string{
		`adjoin_ingest_records_total{outcome="accepted",topic="bids"}`:   "0",
		`adjoin_ingest_records_total{outcome="suppressed",topic="bids"}`: "0",
		`adjoin_dlq_records_total{reason="poison"}`:                      "0",
		`adjoin_checkpoints_total{outcome="failure"}`:                    "0",
		`adjoin_checkpoint_last_success_timestamp_seconds`:               "0",
		`adjoin_checkpoint_duration_seconds_count`:                       "0",
		`adjoin_load_duration_seconds_count{target="duckdb"}`:            "0",
		`adjoin_actor_restarts_total{role="engine"}`:                     "0",
		`promhttp_metric_handler_errors_total{cause="gathering"}`:        "0",
	})
	for _, absent := range []string{lagRecords, correlateResults, heartbeat, sinkRows, `role="source"`} {
		if strings.Contains(text, absent) {
			t.Errorf("%s is not measured and must not be there", absent)
		}
	}
}

func TestHistogramsObserve(t *testing.T) {
	m := demoMetrics()
	m.ObserveCheckpoint(0.07)
	m.ObserveCheckpoint(7)
	m.ObserveLoad(LoadDuckDB, 20)
	expect(t, scrape(t, m, checkpointSeconds, loadSeconds), map[string]string{
		`adjoin_checkpoint_duration_seconds_bucket{le="0.05"}`:         "0",
		`adjoin_checkpoint_duration_seconds_bucket{le="0.1"}`:          "1",
		`adjoin_checkpoint_duration_seconds_bucket{le="10"}`:           "2",
		`adjoin_checkpoint_duration_seconds_sum`:                       "7.07",
		`adjoin_load_duration_seconds_bucket{target="duckdb",le="15"}`: "0",
		`adjoin_load_duration_seconds_bucket{target="duckdb",le="60"}`: "1",
	})
}

func TestRuntimeAndProcessMetrics(t *testing.T) {
	text := scrape(t, demoMetrics())
	for _, name := range []string{"go_goroutines", "go_sched_latencies_seconds_count", "go_gc_duration_seconds_count", "promhttp_metric_handler_requests_in_flight"} {
		if !strings.Contains(text, "\n"+name+" ") {
			t.Errorf("no %s", name)
		}
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil && !strings.Contains(text, "\nprocess_resident_memory_bytes ") {
		t.Error("no process_resident_memory_bytes")
	}
}

func TestNameFilter(t *testing.T) {
	text := scrape(t, demoMetrics(), buildInfo, "adjoin_no_such_metric")
	if got := samples(text); len(got) != 1 || !strings.HasPrefix(got[0], buildInfo+"{") {
		t.Errorf("asked for %s alone, got %q", buildInfo, got)
	}
}

func TestFormatsAreNegotiated(t *testing.T) {
	for accept, want := range map[string]string{
		"": "text/plain; version=0.0.4",
		"application/openmetrics-text; version=1.0.0":                                                "application/openmetrics-text; version=1.0.0",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited": "application/vnd.google.protobuf",
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		demoMetrics().Handler().ServeHTTP(w, r)
		if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("Accept %q: %q, want %q", accept, got, want)
		}
		if strings.Contains(want, "openmetrics") && !strings.HasSuffix(w.Body.String(), "# EOF\n") {
			t.Error("OpenMetrics does not end in # EOF")
		}
	}
}

// TestOneBadNameDoesNotBlindTheRest: a topic whose name is not UTF-8.
func TestOneBadNameDoesNotBlindTheRest(t *testing.T) {
	s := demoSnapshot()
	s.Topics["b\xffd"] = Topic{Bytes: 1}
	expect(t, scrape(t, demoMetrics(withSnapshot(s))), map[string]string{
		"adjoin_ingest_bytes_total{topic=\"b\uFFFDd\"}": "1",
		`adjoin_ingest_bytes_total{topic="bids"}`:       "4300",
	})
}

// TestScrapesShareASnapshot: those that arrive while one is taken get its
// result; one that comes after gets a new one, however slow its readers are.
func TestScrapesShareASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		taken := 0
		g := &shared{gatherer: prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
			taken++
			name := fmt.Sprint("snapshot_", taken)
			<-goOn
			return []*dto.MetricFamily{{Name: &name}}, nil
		})}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				mfs, err := g.Gather()
				if err != nil || len(mfs) != 1 || mfs[0].GetName() != "snapshot_1" {
					t.Errorf("got %v, %v, want snapshot_1", mfs, err)
				}
			})
		}
		synctest.Wait() // one gathers, seven wait for it
		close(goOn)
		wg.Wait()
		if mfs, err := g.Gather(); err != nil || mfs[0].GetName() != "snapshot_2" {
			t.Errorf("the scrape after got %v, %v, want snapshot_2", mfs, err)
		}
	})
}

// TestAPanicWhileGatheringFreesThoseWhoWait: they get an error, and the next
// scrape starts afresh.
func TestAPanicWhileGatheringFreesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		g := &shared{gatherer: prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
			<-goOn
			panic("broken")
		})}
		var wg sync.WaitGroup
		wg.Go(func() {
			defer func() { _ = recover() }() // net/http would
			_, _ = g.Gather()
		})
		synctest.Wait()
		wg.Go(func() {
			if _, err := g.Gather(); err == nil {
				t.Error("want an error for the one who waited")
			}
		})
		synctest.Wait()
		close(goOn)
		wg.Wait()
		if g.current != nil {
			t.Error("the aborted gathering is still the current one")
		}
	})
}

// TestScrapesRunAtOnce is for the race detector.
func TestScrapesRunAtOnce(t *testing.T) {
	s := startServer(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				res, err := http.Get("http://" + s.PublicAddr() + "/metrics")
				if err != nil {
					t.Error(err)
					return
				}
				n, err := io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if err != nil || res.StatusCode != http.StatusOK || n < 10_000 {
					t.Errorf("status %d, %d bytes, %v", res.StatusCode, n, err)
				}
				s.cfg.Metrics.ObserveCheckpoint(0.1)
			}
		})
	}
	wg.Wait()
}

// TestAPanicOfTheSnapshotIsAnError: the scrape fails or shows the rest, the
// process lives, and the next scrape is whole.
func TestAPanicOfTheSnapshotIsAnError(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	m := demoMetrics(func(c *MetricsConfig) {
		c.Snapshot = func() Snapshot {
			if broken.Load() {
				panic("no engine")
			}
			return demoSnapshot()
		}
	})
	if text := scrape(t, m); strings.Contains(text, ingestBytes) || !strings.Contains(text, "go_goroutines ") {
		t.Error("want the runtime's metrics and none of ours")
	}
	broken.Store(false)
	text := scrape(t, m)
	expect(t, text, map[string]string{`promhttp_metric_handler_errors_total{cause="gathering"}`: "1"})
	if !strings.Contains(text, ingestBytes) {
		t.Error("our metrics do not come back")
	}
}
