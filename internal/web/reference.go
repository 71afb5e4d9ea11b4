package web

import (
	"fmt"
	"strings"
)

// ReferencePage is docs/metrics.md, made from the table of metrics.
func ReferencePage() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, f := range families() {
		fmt.Fprintf(&b, "\n### `%s`\n\n%s\n\n- type: %s\n", f.name, f.help, f.kind)
		for _, l := range f.labels {
			fmt.Fprintf(&b, "- label `%s`: %s\n", l.name, l.bound())
		}
		if f.kind == histogram {
			fmt.Fprintf(&b, "- buckets: %s; native buckets for scrapers that ask in protobuf\n", numbers(f.buckets))
		}
		if f.restated {
			b.WriteString("- a figure that later turns out to be smaller is held until it grows again\n")
		}
	}
	b.WriteString("\n## Groups of reasons\n\n| `reason` | codes in `rejected_events.reason` |\n|---|---|\n")
	for _, r := range rejections {
		var codes []string
		for _, c := range r.reasons {
			codes = append(codes, "`"+c.String()+"`")
		}
		if len(codes) == 0 {
			codes = []string{"any other"}
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.label, strings.Join(codes, ", "))
	}
	b.WriteString(referenceTail)
	return b.String()
}

func (l label) bound() string {
	if l.values == nil {
		return l.open
	}
	return "`" + strings.Join(l.values, "`, `") + "`"
}

func numbers(values []float64) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, fmt.Sprint(v))
	}
	return strings.Join(texts, ", ")
}

const referenceHead = `# Metrics

<!-- Written by the code: make docs. -->

` + "`GET /metrics`" + ` on the public listener (` + "`server.listen`" + `) answers in the
Prometheus text format, in OpenMetrics or in protobuf, as the client asks.
` + "`/metrics?name[]=adjoin_shards&name[]=...`" + ` answers with those alone.

- Units are seconds and bytes. Times are Unix seconds, not ages: write
  ` + "`time() - adjoin_checkpoint_last_success_timestamp_seconds`" + `.
- Counters start at 0 with the process and exist from the start, so that
  ` + "`rate()`" + ` sees the first increase. What a process does not measure or do has
  no series.
- Label values come from closed lists and from the configuration. Ids of users,
  events, campaigns and creatives are never labels.

## Metrics of adjoin
`

const referenceTail = `
## Other metrics

| Prefix | What |
|---|---|
| ` + "`go_*`" + ` | the Go runtime, with ` + "`go_sched_latencies_seconds`" + `: how long a goroutine that could run waits for a thread |
| ` + "`process_*`" + ` | CPU time, memory, file descriptors, network bytes and start time of the process (Linux) |
| ` + "`promhttp_*`" + ` | scrapes by result and in flight, and errors while answering them |

## Lag under the names of other tools

| Tool | Its metric | Here |
|---|---|---|
| kafka_exporter, AWS | ` + "`kafka_consumergroup_lag{consumergroup,topic,partition}`" + ` | ` + "`adjoin_kafka_consumer_lag_records{group,topic,partition,kind=\"durable\"}`" + `; there -1 stands for no commit, here there is no series |
| kminion | ` + "`kminion_kafka_consumer_group_topic_partition_lag{group_id,topic_name,partition_id}`" + ` | the same |
| lag exporters | ` + "`kafka_consumergroup_group_lag_seconds{group,...}`" + ` | ` + "`adjoin_kafka_consumer_lag_seconds`" + ` |
| OpenTelemetry collector | ` + "`kafka.consumer_group.lag`" + ` | ` + "`adjoin_kafka_consumer_lag_records`" + ` |
`
