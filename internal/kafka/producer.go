package kafka

import (
	"context"

	"github.com/advertisex/adjoin/internal/event"
)

// ProducerConfig tunes a Producer. Zero values are the defaults.
type ProducerConfig struct {
	BatchBytes   int    // a batch is sent when its keys and values reach this; default 256 KiB
	BatchRecords int    // or this many records; default 5,000
	Compression  string // none (default), gzip, snappy, lz4, zstd
}

// Message is a record to be written.
type Message struct {
	Time  event.Time // CreateTime, cut to milliseconds
	Key   []byte     // nil for none
	Value []byte     // nil for a tombstone
}

// Producer writes many records fast: batches built by hand, one in flight for
// each partition, idempotent, acks=all. The caller chooses partition and time
// of each record.
type Producer struct{}

// OpenProducer connects. Close must be called.
func OpenProducer(ctx context.Context, cfg Config, pc ProducerConfig) (*Producer, error) {
	return nil, errSkeleton
}

// Partitions is the number of partitions of a topic.
func (p *Producer) Partitions(ctx context.Context, topic string) (int32, error) {
	return 0, errSkeleton
}

// Send adds a record to its partition's batch. It blocks while the batch before
// is still being written, and reports the first error of any earlier batch. Key
// and Value must not change until Flush.
func (p *Producer) Send(ctx context.Context, to event.Partition, m Message) error {
	return errSkeleton
}

// Flush sends what is pending and waits until every record is acknowledged.
func (p *Producer) Flush(ctx context.Context) error { return errSkeleton }

// Close abandons what is not flushed and closes the connections.
func (p *Producer) Close() error { return nil }
