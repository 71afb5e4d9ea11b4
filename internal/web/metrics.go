package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

// scrapesMax bounds the scrapes that are answered at once; more get a 503. A
// handful of Prometheus servers scrape a node, not dozens.
const scrapesMax = 16

// MetricsConfig is what Metrics are made from.
type MetricsConfig struct {
	Snapshot Snapshotter // required
	Build    Build
	// ConfigHash names the effective configuration.
	ConfigHash string
	// Group is the label of the lag metrics.
	Group string
	// NoPartitionLabel merges the lag of the partitions of a topic: records add
	// up, and of seconds the largest counts. For topics of many partitions.
	NoPartitionLabel bool
	// Targets are the warehouses whose load histograms exist from the start.
	Targets []LoadTarget

	Log *slog.Logger     // default: nothing is logged
	Now func() time.Time // default time.Now
}

// Metrics is one registry and its HTTP handler. Its methods may be called from
// any goroutine.
type Metrics struct {
	registry   *prometheus.Registry
	handler    http.Handler
	checkpoint prometheus.Histogram
	load       *prometheus.HistogramVec
}

// NewMetrics makes the registry: our own metrics, those of the Go runtime and
// of the process, and those of the handler itself.
func NewMetrics(cfg MetricsConfig) *Metrics {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m := &Metrics{registry: prometheus.NewRegistry()}
	rows := map[string]family{}
	for _, f := range families() {
		rows[f.name] = f
	}
	m.checkpoint = prometheus.NewHistogram(histogramOpts(rows[checkpointSeconds]))
	m.load = prometheus.NewHistogramVec(histogramOpts(rows[loadSeconds]), []string{"target"})
	for _, t := range cfg.Targets {
		m.load.WithLabelValues(string(t))
	}
	m.registry.MustRegister(newCollector(cfg), m.checkpoint, m.load,
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
			// Of the scheduler's, the one the alerts ask for: how long a goroutine
			// that could run waits for a thread.
			collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/sched/latencies:seconds$`)})),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.InstrumentMetricHandler(m.registry,
		promhttp.HandlerFor(&shared{gatherer: m.registry}, promhttp.HandlerOpts{
			ErrorLog:            scrapeLog{cfg.Log},
			ErrorHandling:       promhttp.ContinueOnError, // one bad series must not blind the rest
			Registry:            m.registry,
			EnableOpenMetrics:   true,
			MaxRequestsInFlight: scrapesMax,
		}))
	return m
}

// histogramOpts is the one place where histograms are made: classic buckets for
// every agent, and native ones for those that ask in protobuf. The limits keep a
// native histogram from growing without end.
func histogramOpts(f family) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: f.name, Help: f.help, Buckets: f.buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// Handler answers scrapes: text, OpenMetrics or protobuf as the client asks,
// only the families that name[] names if it does.
func (m *Metrics) Handler() http.Handler { return m.handler }

// ObserveCheckpoint tells how many seconds a checkpoint took, from standing
// still to the verdict. Successful or not: a slow failure is worth seeing.
func (m *Metrics) ObserveCheckpoint(seconds float64) { m.checkpoint.Observe(seconds) }

// ObserveLoad tells how many seconds the successful load of a commit took.
// Targets that are on no list are left out.
func (m *Metrics) ObserveLoad(target LoadTarget, seconds float64) {
	for _, t := range loadTargets() {
		if t == target {
			m.load.WithLabelValues(string(t)).Observe(seconds)
		}
	}
}

// scrapeLog takes the errors of the handler.
type scrapeLog struct{ log *slog.Logger }

// Println implements promhttp.Logger.
func (l scrapeLog) Println(v ...any) {
	l.log.Error("metrics could not be gathered in full", "error", strings.TrimSpace(fmt.Sprintln(v...)))
}

// shared lets scrapes that arrive while one is being gathered have its result,
// so that many scrapers cost no more than one. promhttp can do this too, but
// keeps handing out a result for as long as any of its readers is still being
// written to: readers slow enough to overlap would freeze the metrics of all.
// Here a result is shared by those who waited for it, and by nobody after. It
// is only read, so they need no copy.
type shared struct {
	gatherer prometheus.Gatherer

	mu      sync.Mutex
	current *gathering // nil when none is under way
}

type gathering struct {
	done     chan struct{} // closed when the two below are set
	families []*dto.MetricFamily
	err      error
}

var errGatherAborted = errors.New("gathering the metrics was aborted by a panic")

// Gather implements prometheus.Gatherer.
func (s *shared) Gather() ([]*dto.MetricFamily, error) {
	s.mu.Lock()
	if g := s.current; g != nil {
		s.mu.Unlock()
		<-g.done
		return g.families, g.err
	}
	g := &gathering{done: make(chan struct{}), err: errGatherAborted}
	s.current = g
	s.mu.Unlock()
	defer func() { // also when Gather panics: those who wait must not wait for ever
		s.mu.Lock()
		s.current = nil
		s.mu.Unlock()
		close(g.done)
	}()
	g.families, g.err = s.gatherer.Gather()
	return g.families, g.err
}
