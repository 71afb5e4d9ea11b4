// Package kafka is adjoin's only door to Kafka: nothing else imports a Kafka
// client.
//
//	src, err := kafka.OpenSource(ctx, cfg, kafka.SourceConfig{Partitions: from})
//	for {
//		chunk, err := src.Next(ctx) // records of [chunk.Range.From, chunk.Range.To)
//		...
//	}
//
// It has five parts, each with connections of its own, because a broker serves
// the requests of one connection in order and a long poll delays an append by
// a quarter of a second:
//
//   - [Source] reads partitions from given offsets, read_committed, and says
//     which offsets each chunk covers. It never chooses a position by itself
//     and never skips: an offset that is gone or a topic that was re-created
//     is an error with the numbers.
//   - [Log] is a topic of one partition with an order everybody agrees on, and
//     an append whose outcome can always be decided.
//   - [Segments] keeps blobs in a compacted topic, in checked chunks.
//   - [EnsureTopics] and [Check] make topics and say what is wrong.
//   - [Producer] writes many records fast, for generators and tests.
//
// # Two layers of client
//
// sarama opens every connection (versions, TLS, SASL) and carries every request
// but one: fetches are written and parsed by this package on the same
// connection (frame.go, batch.go). sarama's fetch costs twice the time and an
// allocation of 565 bytes a record, and one batch it cannot decode fails the
// whole response without saying which one it was. Here a bad batch is found by
// its own header, reported as [BadBatch], and everything around it goes on.
//
// # Limits
//
// A record batch may decompress to at most [MaxBatchBytes]; one fetch asks for at
// most 32 MiB over all its partitions. Brokers need Fetch v11 (Apache Kafka 2.3 or later;
// tested from 2.8 to 4.4), topic ids need 2.8.
package kafka
