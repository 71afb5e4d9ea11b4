// Package web shows a node from outside: Prometheus metrics, health, readiness
// and version on a public listener, profiles and the list of endpoints on an
// administrative one.
//
// It knows nothing of the engine. The caller adapts what the engine counts to a
// Snapshot, plain numbers under keys from closed lists, and hands over a
// Snapshotter that makes one:
//
//	m := web.NewMetrics(web.MetricsConfig{Snapshot: snapshot, Group: "adjoin", Build: build})
//	s, err := web.Start(web.ServerConfig{Metrics: m, Checks: checks, Build: build})
//	...
//	err = s.Close(ctx)
//
// Start it first and close it last: a node that is restoring, or that cannot
// reach Kafka, must still answer /healthz, and say on /readyz what it waits for.
//
// # Metrics
//
// Nothing on the data path touches a metric. One Snapshot is taken per scrape
// and written out as constant metrics; scrapes that arrive while one is being
// made share it. Histograms cannot be made that way and are told through
// Metrics.ObserveCheckpoint and Metrics.ObserveLoad, some few times a second at
// most. Every metric is one row of a table, which also writes docs/metrics.md.
//
// Labels come from closed lists and the configuration. User, event, campaign
// and creative ids, URLs and error texts are never labels: a hostile producer
// cannot make series.
//
// # Listeners
//
// Both bind loopback unless the caller names another address, and the
// administrative one refuses any other. Every request is bounded: in time, in
// size, in number. /healthz reads no state and waits for nothing, because what
// restarts a process must not depend on Kafka, on a bucket or on a lock.
//
// Limits: there is no TLS and no login here; put a proxy in front where the
// public listener must be open to strangers.
package web
