package web

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/table"
)

// demoNow is when the tests scrape.
func demoNow() time.Time { return time.Unix(1_800_000_000, 0) }

// demoSnapshot is a node about as large as that of the demo, with every map
// filled: 4 topics of 6 partitions, all tables, one warehouse.
func demoSnapshot() Snapshot {
	s := Snapshot{
		Topics:      map[string]Topic{},
		Dedupe:      DedupeEntries{Bids: 1, Impressions: 2, Clicks: 3, Conversions: 4},
		Entries:     StateEntries{Bids: 11, Impressions: 12, Clicks: 13, Conversions: 14, Users: 15, CampaignBuckets: 16},
		Bytes:       StateBytes{Bids: 21, Impressions: 22, Indexes: 23, Users: 24, Journeys: 25, Campaigns: 26},
		StateLimit:  1 << 30,
		Joins:       map[Join]JoinResults{},
		Checkpoints: Checkpoints{Succeeded: 7, Failed: 1, LastSuccess: 1_799_999_998},
		Tables:      map[string]Table{},
		Loads:       map[LoadTarget]Load{LoadDuckDB: {LastSuccess: 1_799_999_999, Tables: map[string]LoadTable{}}},
		Restarts:    map[Role]int64{}, StageBusy: map[Stage]float64{},
		Heartbeats: map[HeartbeatStage]float64{}, Shards: map[ShardState]int64{ShardRunning: 64},
	}
	for _, topic := range []string{"bids", "impressions", "clicks", "conversions"} {
		s.Topics[topic] = Topic{Bytes: 4300, LastRecord: 1_799_999_990, Watermark: 1_799_999_900, Ledger: Ledger{
			Facts: 100, Duplicates: 5, Conflicts: 2, Erased: 1,
			Rejected: map[string]int64{"BAD_JSON": 3, "TOO_LATE": 4, "BEHIND_STATE": 1, "FROM_THE_FUTURE": 1},
		}}
		for p := range int32(6) {
			s.Partitions = append(s.Partitions, Partition{Topic: topic, Partition: p, End: 1000,
				Read:    Position{Known: true, Next: 1000, Time: 1_799_999_990},
				Durable: Position{Known: true, Next: 900, Time: 1_799_999_980}})
		}
	}
	for _, n := range table.Names() {
		s.Tables[string(n)] = Table{Rows: 1000, Files: 10, Bytes: 50_000}
		s.Loads[LoadDuckDB].Tables[string(n)] = LoadTable{Files: 9, Rows: 900, PendingFiles: 1, OldestPending: 1_799_999_998}
	}
	for _, j := range joins() {
		s.Joins[j] = JoinResults{Matched: 50, Expired: 3, Orphan: 2, Ambiguous: 1}
	}
	for _, r := range roles() {
		s.Restarts[r] = 0
	}
	for _, st := range stages() {
		s.StageBusy[st] = 1.5
	}
	for _, st := range heartbeatStages() {
		s.Heartbeats[st] = 1_799_999_997
	}
	return s
}

func demoMetrics(change ...func(*MetricsConfig)) *Metrics {
	cfg := MetricsConfig{
		Snapshot: demoSnapshot, Group: "adjoin", ConfigHash: "0123456789ab", Now: demoNow,
		Build:   Build{Version: "v0.1.0", Revision: "abcdef012345", GoVersion: "go1.26.0"},
		Targets: []LoadTarget{LoadDuckDB},
	}
	for _, c := range change {
		c(&cfg)
	}
	return NewMetrics(cfg)
}

func withSnapshot(s Snapshot) func(*MetricsConfig) {
	return func(c *MetricsConfig) { c.Snapshot = func() Snapshot { return s } }
}

// scrape is the text format of the named families, all when none is named.
func scrape(t *testing.T, m *Metrics, names ...string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics?"+url.Values{"name[]": names}.Encode(), nil)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// samples are the lines of an exposition that are no comments.
func samples(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// value is the value of one series, with an error when it is not there.
func value(t *testing.T, text, series string) string {
	t.Helper()
	for _, line := range samples(text) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			return rest
		}
	}
	t.Errorf("no series %s", series)
	return ""
}

func expect(t *testing.T, text string, want map[string]string) {
	t.Helper()
	for series, v := range want {
		if got := value(t, text, series); got != v {
			t.Errorf("%s is %s, want %s", series, got, v)
		}
	}
}

func startServer(t *testing.T, change ...func(*ServerConfig)) *Server {
	t.Helper()
	cfg := ServerConfig{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", Metrics: demoMetrics(),
		Checks: func() []Check { return []Check{{Name: "journal", OK: true}} },
		Build:  Build{Version: "v0.1.0", Revision: "abcdef012345", GoVersion: "go1.26.0"}}
	for _, c := range change {
		c(&cfg)
	}
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s
}

func request(t *testing.T, method, addr, path string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://%s%s", addr, path), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func get(t *testing.T, addr, path string) (int, string) {
	t.Helper()
	res, body := request(t, http.MethodGet, addr, path)
	return res.StatusCode, body
}

// textLog is a log into b.
func textLog(mu *sync.Mutex, b *strings.Builder) *slog.Logger {
	return slog.New(slog.NewTextHandler(locked{mu, b}, nil))
}

type locked struct {
	mu *sync.Mutex
	b  *strings.Builder
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
