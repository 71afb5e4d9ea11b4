// Package dump reads and writes record dumps: Kafka records as files, for
// replays, oracles and bug reports.
//
// A dump is a folder with one file per topic, <topic>.ndjson or
// <topic>.ndjson.zst, one record a line in any order:
//
//	{"topic":"clicks","partition":0,"offset":7,"timestamp_ms":1767225600000,"key_b64":null,"value_b64":"...","headers":[["k","dg=="]]}
//
// Reference data may lie beside them in campaigns.json and creatives.json.
//
// Reader and Writer stream and hold one record at a time; Folder writes all
// topics at once and can number the records itself; OpenSorted gives a file's
// records in partition and offset order whatever the order of its lines,
// spilling to temporary files where it must, so that a dump may be larger than
// memory.
package dump
