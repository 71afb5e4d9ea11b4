// Package baseline measures the whole path on one node: records in a real Apache
// Kafka become committed Parquet files. It holds tests only, as it starts the
// built program like a user would:
//
//	make baseline
//
// Each case makes its topics, loads them with `adjoin gen --to kafka`, and runs
// `adjoin node run --until-end` several times over the same records, each time
// with a journal and a lake of its own. The figures are the program's own summary
// and the broker's processor time from /proc; of the runs the one in the middle by
// processor time is shown (of two, the dearer), as elapsed time on a shared machine
// says little.
//
// Speed that loses a row is a failure: after the last run, outside the
// measurement, the committed files are loaded into DuckDB and their rows counted
// against truth.json, and every run's ledger is compared with it class by class.
package baseline
