package web

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// collector makes constant metrics of one Snapshot per scrape. What it emits
// depends on the snapshot alone, but for the counters that are restated: of
// those it remembers the highest value.
type collector struct {
	cfg      MetricsConfig
	families map[string]described

	mu struct {
		sync.Mutex
		highest map[string]float64 // by name and label values; as many as there are such series
	}
}

type described struct {
	family
	desc *prometheus.Desc
}

func newCollector(cfg MetricsConfig) *collector {
	c := &collector{cfg: cfg, families: map[string]described{}}
	c.mu.highest = map[string]float64{}
	for _, f := range families() {
		if f.kind == histogram {
			continue
		}
		var names []string
		for _, l := range f.labels {
			if l.name != "partition" || !cfg.NoPartitionLabel {
				names = append(names, l.name)
			}
		}
		c.families[f.name] = described{f, prometheus.NewDesc(f.name, f.help, names, nil)}
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range c.families {
		ch <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	s := c.cfg.Snapshot()
	e := emitter{collector: c, ch: ch}
	e.topics(&s)
	e.lags(&s)
	e.state(&s)
	e.joins(&s)
	e.output(&s)
	e.loads(&s)
	e.node(&s)
}

// emitter writes the metrics of one scrape.
type emitter struct {
	*collector
	ch chan<- prometheus.Metric
}

func (e *emitter) put(name string, v float64, values ...string) {
	f := e.families[name]
	for i := range values {
		// One topic name that is not UTF-8 must not cost the whole scrape.
		values[i] = strings.ToValidUTF8(values[i], "\uFFFD")
	}
	if f.restated {
		v = e.hold(name+"\xff"+strings.Join(values, "\xff"), v)
	}
	m, err := prometheus.NewConstMetric(f.desc, f.kind.value(), v, values...)
	if err != nil {
		m = prometheus.NewInvalidMetric(f.desc, err)
	}
	e.ch <- m
}

func (e *emitter) count(name string, n int64, values ...string) { e.put(name, float64(n), values...) }

// hold is the highest value a series has had, and at least 0: after a restart
// the first thing a ledger says may be that an earlier fact is none.
func (c *collector) hold(series string, v float64) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	v = max(v, c.mu.highest[series])
	c.mu.highest[series] = v
	return v
}

func (e *emitter) topics(s *Snapshot) {
	dead := map[string]int64{}
	for name, t := range s.Topics {
		for outcome, n := range t.Ledger.outcomes() {
			e.count(ingestRecords, n, name, outcome)
		}
		t.Ledger.addRejected(dead)
		e.count(ingestBytes, t.Bytes, name)
		e.put(ingestLastRecord, t.LastRecord, name)
		e.put(watermark, t.Watermark, name)
	}
	for _, r := range rejections {
		e.count(dlqRecords, dead[r.label], r.label)
	}
}

// lag is what one series of the two lag metrics shows.
type lag struct {
	topic, partition, kind string
	records                int64
	seconds                float64
	dated                  bool // whether seconds is known
}

func (e *emitter) lags(s *Snapshot) {
	now := float64(e.cfg.Now().UnixMicro()) / 1e6
	var all []lag
	for i := range s.Partitions {
		p := &s.Partitions[i]
		all = appendLag(all, p, "read", &p.Read, now)
		all = appendLag(all, p, "durable", &p.Durable, now)
	}
	if e.cfg.NoPartitionLabel {
		all = byTopic(all)
	}
	for _, l := range all {
		values := []string{e.cfg.Group, l.topic, l.partition, l.kind}
		if e.cfg.NoPartitionLabel {
			values = slices.Delete(values, 2, 3)
		}
		e.count(lagRecords, l.records, slices.Clone(values)...)
		if l.dated {
			e.put(lagSeconds, l.seconds, values...)
		}
	}
}

func appendLag(all []lag, p *Partition, kind string, at *Position, now float64) []lag {
	if !at.Known {
		return all
	}
	l := lag{topic: p.Topic, partition: strconv.Itoa(int(p.Partition)), kind: kind, records: max(0, p.End-at.Next)}
	switch {
	case l.records == 0:
		l.dated = true
	case at.Time > 0:
		l.seconds, l.dated = max(0, now-at.Time), true
	}
	return append(all, l)
}

// byTopic merges the partitions of a topic: records add up, the oldest counts.
func byTopic(all []lag) []lag {
	merged := map[[2]string]lag{}
	for _, l := range all {
		key := [2]string{l.topic, l.kind}
		m := merged[key]
		m.topic, m.kind = l.topic, l.kind
		m.records += l.records
		m.seconds, m.dated = max(m.seconds, l.seconds), m.dated || l.dated
		merged[key] = m
	}
	return slices.Collect(maps.Values(merged))
}

func (e *emitter) state(s *Snapshot) {
	d, n, b := s.Dedupe, s.Entries, s.Bytes
	e.counts(dedupeEntries, []int64{d.Bids, d.Impressions, d.Clicks, d.Conversions})
	e.counts(stateEntries, []int64{n.Bids, n.Impressions, n.Clicks, n.Conversions, n.Users, n.CampaignBuckets})
	e.counts(stateBytes, []int64{b.Bids, b.Impressions, b.Indexes, b.Users, b.Journeys, b.Campaigns})
	e.count(stateLimitBytes, s.StateLimit)
}

// counts emits a metric whose last label is a closed list, one value for each.
func (e *emitter) counts(name string, values []int64, before ...string) {
	labels := e.families[name].labels
	for i, last := range labels[len(labels)-1].values {
		e.count(name, values[i], append(slices.Clone(before), last)...)
	}
}

func (e *emitter) joins(s *Snapshot) {
	for _, j := range joins() {
		if r, ok := s.Joins[j]; ok {
			e.counts(correlateResults, []int64{r.Matched, r.Expired, r.Orphan, r.Ambiguous}, string(j))
		}
	}
}

func (e *emitter) output(s *Snapshot) {
	e.counts(checkpoints, []int64{s.Checkpoints.Succeeded, s.Checkpoints.Failed})
	e.put(checkpointSuccess, s.Checkpoints.LastSuccess)
	for name, t := range fold(s.Tables, tableNames(other), func(a, b Table) Table {
		return Table{Rows: a.Rows + b.Rows, Files: a.Files + b.Files, Bytes: a.Bytes + b.Bytes}
	}) {
		e.count(sinkRows, t.Rows, name)
		e.count(sinkFiles, t.Files, name)
		e.count(sinkBytes, t.Bytes, name)
	}
}

func (e *emitter) loads(s *Snapshot) {
	for _, target := range loadTargets() {
		l, ok := s.Loads[target]
		if !ok {
			continue
		}
		e.put(loadSuccess, l.LastSuccess, string(target))
		for name, t := range fold(l.Tables, append(tableNames(AllTables), other), LoadTable.plus) {
			e.counts(loadFiles, []int64{t.Files, t.FailedFiles}, string(target), name)
			e.counts(loadRows, []int64{t.Rows, t.FailedRows}, string(target), name)
			e.count(loadPending, t.PendingFiles, string(target), name)
			e.put(loadOldest, t.OldestPending, string(target), name)
		}
	}
}

func (t LoadTable) plus(u LoadTable) LoadTable {
	oldest := cmp.Or(min(t.OldestPending, u.OldestPending), max(t.OldestPending, u.OldestPending))
	return LoadTable{
		Files: t.Files + u.Files, Rows: t.Rows + u.Rows,
		FailedFiles: t.FailedFiles + u.FailedFiles, FailedRows: t.FailedRows + u.FailedRows,
		PendingFiles: t.PendingFiles + u.PendingFiles, OldestPending: oldest,
	}
}

// fold keeps the keys of a closed list and adds up the others under "other".
func fold[T any](m map[string]T, keys []string, plus func(T, T) T) map[string]T {
	out := make(map[string]T, len(keys))
	for key, v := range m {
		if !slices.Contains(keys, key) {
			key = other
		}
		if have, ok := out[key]; ok {
			v = plus(have, v)
		}
		out[key] = v
	}
	return out
}

func (e *emitter) node(s *Snapshot) {
	keep(roles(), s.Restarts, func(r string, n int64) { e.count(actorRestarts, n, r) })
	keep(stages(), s.StageBusy, func(st string, seconds float64) { e.put(stageBusy, seconds, st) })
	keep(heartbeatStages(), s.Heartbeats, func(st string, at float64) { e.put(heartbeat, at, st) })
	keep(shardStates(), s.Shards, func(st string, n int64) { e.count(shards, n, st) })
	e.put(buildInfo, 1, e.cfg.Build.Version, e.cfg.Build.Revision, e.cfg.Build.GoVersion)
	e.put(configInfo, 1, e.cfg.ConfigHash)
}

// keep emits the keys of a closed list that are in the map.
func keep[K ~string, V any](list []K, m map[K]V, emit func(string, V)) {
	for _, k := range list {
		if v, ok := m[k]; ok {
			emit(string(k), v)
		}
	}
}
