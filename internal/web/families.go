package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/advertisex/adjoin/internal/table"
)

// The names of the metrics. A name is a promise to dashboards and alerts:
// changing one is a breaking change.
const (
	ingestRecords     = "adjoin_ingest_records_total"
	ingestBytes       = "adjoin_ingest_bytes_total"
	ingestLastRecord  = "adjoin_ingest_last_record_timestamp_seconds"
	watermark         = "adjoin_watermark_timestamp_seconds"
	lagRecords        = "adjoin_kafka_consumer_lag_records"
	lagSeconds        = "adjoin_kafka_consumer_lag_seconds"
	dedupeEntries     = "adjoin_dedupe_entries"
	stateEntries      = "adjoin_state_entries"
	stateBytes        = "adjoin_state_bytes"
	stateLimitBytes   = "adjoin_state_limit_bytes"
	correlateResults  = "adjoin_correlate_results_total"
	checkpointSeconds = "adjoin_checkpoint_duration_seconds"
	checkpoints       = "adjoin_checkpoints_total"
	checkpointSuccess = "adjoin_checkpoint_last_success_timestamp_seconds"
	sinkRows          = "adjoin_sink_rows_total"
	sinkFiles         = "adjoin_sink_files_total"
	sinkBytes         = "adjoin_sink_bytes_total"
	loadFiles         = "adjoin_load_files_total"
	loadRows          = "adjoin_load_rows_total"
	loadPending       = "adjoin_load_pending_files"
	loadOldest        = "adjoin_load_oldest_pending_timestamp_seconds"
	loadSuccess       = "adjoin_load_last_success_timestamp_seconds"
	loadSeconds       = "adjoin_load_duration_seconds"
	dlqRecords        = "adjoin_dlq_records_total"
	actorRestarts     = "adjoin_actor_restarts_total"
	stageBusy         = "adjoin_stage_busy_seconds_total"
	shards            = "adjoin_shards"
	heartbeat         = "adjoin_heartbeat_timestamp_seconds"
	buildInfo         = "adjoin_build_info"
	configInfo        = "adjoin_config_info"
)

// kind is the type of a metric, as the reference names it.
type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
)

func (k kind) value() prometheus.ValueType {
	if k == counter {
		return prometheus.CounterValue
	}
	return prometheus.GaugeValue
}

// label is one label of a metric and the values it may take.
type label struct {
	name   string
	values []string // the closed list; nil when open
	open   string   // what bounds an open one
}

// family is one metric: the row that its description, its help text and its
// place in the reference are made from.
type family struct {
	name   string
	kind   kind
	help   string
	labels []label
	// restated: made of figures that may shrink a little; the collector holds
	// the highest value until they grow again, because Prometheus takes any
	// smaller value of a counter for a restart and adds it all up once more.
	restated bool
	buckets  []float64 // of a histogram, upper bounds
}

func closed[S ~string](name string, values []S) label {
	l := label{name: name}
	for _, v := range values {
		l.values = append(l.values, string(v))
	}
	return l
}

func tableNames(more string) []string {
	var names []string
	for _, n := range table.Names() {
		names = append(names, string(n))
	}
	return append(names, more)
}

func rejectionLabels() []string {
	var names []string
	for _, r := range rejections {
		names = append(names, r.label)
	}
	return names
}

// families is the table of all metrics of our own, in the order of the
// reference.
func families() []family {
	return append(append(ingestFamilies(), stateFamilies()...), append(outputFamilies(), nodeFamilies()...)...)
}

func ingestFamilies() []family {
	topic := label{name: "topic", open: "the configured source topics"}
	lag := []label{
		{name: "group", open: "one, the configured consumer group"}, topic,
		{name: "partition", open: "the partitions this node reads; the label can be switched off"},
		{name: "kind", values: []string{"read", "durable"}},
	}
	outcome := label{name: "outcome", values: []string{outcomeAccepted, outcomeDuplicate, outcomeLate, outcomeInvalid, outcomeSuppressed}}
	return []family{
		{name: ingestRecords, kind: counter, restated: true, labels: []label{topic, outcome},
			help: "Events of a source topic that a commit has made durable, by the class they ended in: accepted (a fact), duplicate, late (beyond the horizon, or behind the state), invalid (any other rejection, conflicting ids included), suppressed (erased)."},
		{name: ingestBytes, kind: counter, labels: []label{topic},
			help: "Bytes of the record values read from a source topic."},
		{name: ingestLastRecord, kind: gauge, labels: []label{topic},
			help: "Kafka time of the last record read from a source topic, 0 before the first."},
		{name: watermark, kind: gauge, labels: []label{topic},
			help: "Event time up to which no more events of a source topic are expected, 0 before the first."},
		{name: lagRecords, kind: gauge, labels: lag,
			help: "Records between a position and the end of the partition: not yet read (kind read), or not yet in a commit (kind durable). No series before the first read or commit."},
		{name: lagSeconds, kind: gauge, labels: lag,
			help: "Age of the last record before a position, 0 at the end of the partition. No series before the first read or commit."},
		{name: dlqRecords, kind: counter, restated: true, labels: []label{closed("reason", rejectionLabels())},
			help: "Events that a commit has put into rejected_events, by group of reasons."},
	}
}

func stateFamilies() []family {
	return []family{
		{name: dedupeEntries, kind: gauge, labels: []label{{name: "kind", values: []string{"bids", "impressions", "clicks", "conversions"}}},
			help: "Ids in memory by which a repeated event is recognised."},
		{name: stateEntries, kind: gauge, labels: []label{{name: "kind", values: []string{"bids", "impressions", "clicks", "conversions", "users", "campaign_buckets"}}},
			help: "Entries of the state in memory."},
		{name: stateBytes, kind: gauge, labels: []label{{name: "kind", values: []string{"bids", "impressions", "indexes", "users", "journeys", "campaigns"}}},
			help: "Memory of the state, as allocated."},
		{name: stateLimitBytes, kind: gauge,
			help: "Memory the state may use before reading is paused, 0 for no limit."},
		{name: correlateResults, kind: counter, restated: true,
			labels: []label{closed("kind", joins()), {name: "result", values: []string{"matched", "expired", "orphan", "ambiguous"}}},
			help:   "Children that were joined with a parent or not, by kind of join."},
		{name: stageBusy, kind: counter, labels: []label{closed("stage", stages())},
			help: "Seconds of work of a stage, summed over its actors: its rate is the number of busy actors."},
		{name: actorRestarts, kind: counter, labels: []label{closed("role", roles())},
			help: "Restarts of actors after a failure; role engine is all of them from the last commit."},
		{name: shards, kind: gauge, labels: []label{closed("state", shardStates())},
			help: "User shards of this node."},
		{name: heartbeat, kind: gauge, labels: []label{closed("stage", heartbeatStages())},
			help: "When the last marker passed a stage, 0 before the first."},
	}
}

func outputFamilies() []family {
	outcome := label{name: "outcome", values: []string{"success", "failure"}}
	tables := closed("table", tableNames(other))
	target := closed("target", loadTargets())
	loaded := closed("table", append(tableNames(AllTables), other))
	return []family{
		{name: checkpointSeconds, kind: histogram, buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
			help: "Duration of a checkpoint, from standing still to the verdict of the journal."},
		{name: checkpoints, kind: counter, labels: []label{outcome},
			help: "Checkpoints that ended: in the journal (success), or without a valid commit (failure)."},
		{name: checkpointSuccess, kind: gauge,
			help: "When the last checkpoint succeeded, 0 before the first."},
		{name: sinkRows, kind: counter, labels: []label{tables}, help: "Rows committed to a table of the lake."},
		{name: sinkFiles, kind: counter, labels: []label{tables}, help: "Parquet files committed to a table of the lake."},
		{name: sinkBytes, kind: counter, labels: []label{tables}, help: "Bytes of the Parquet files committed to a table of the lake."},
		{name: loadFiles, kind: counter, labels: []label{target, loaded, outcome}, help: "Files loaded into a warehouse, or refused as damaged or missing."},
		{name: loadRows, kind: counter, labels: []label{target, loaded, outcome}, help: "Rows loaded into a warehouse, or in files that were refused."},
		{name: loadPending, kind: gauge, labels: []label{target, loaded}, help: "Files that are committed and not yet in a warehouse."},
		{name: loadOldest, kind: gauge, labels: []label{target, loaded}, help: "When the oldest file that a warehouse does not have yet was committed, 0 when it has all."},
		{name: loadSuccess, kind: gauge, labels: []label{target}, help: "When a load last succeeded, 0 before the first."},
		{name: loadSeconds, kind: histogram, labels: []label{target}, buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1800},
			help: "Duration of the successful load of one commit."},
	}
}

func nodeFamilies() []family {
	return []family{
		{name: buildInfo, kind: gauge, help: "Always 1; the labels say which build this is.",
			labels: []label{{name: "version", open: "one"}, {name: "revision", open: "one"}, {name: "goversion", open: "one"}}},
		{name: configInfo, kind: gauge, help: "Always 1; the label is the hash of the effective configuration.",
			labels: []label{{name: "hash", open: "one"}}},
	}
}
