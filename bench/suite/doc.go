// Package suite is `make bench`: everything that is measured, in under ten
// minutes, and one page about it. It holds a test only, as it starts the built
// program like a user would, and the test suite's own Apache Kafka:
//
//	make bench        # writes bin/bench/bench.html and the documents behind it
//
// In order: the cost sheet, a short run against the embedded Kafka, one against a
// real one, the sweeps, the report. A run that loses, doubles or changes a row
// fails. One that is not valid, because the machine was too busy to send on time,
// is shown as such and does not.
package suite
