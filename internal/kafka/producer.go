package kafka

import (
	"context"
	"fmt"
	"sync"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// ProducerConfig tunes a Producer. Zero values are the defaults.
type ProducerConfig struct {
	BatchBytes   int    // a batch is sent when its keys and values reach this; default 256 KiB
	BatchRecords int    // or this many records; default 5,000
	Compression  string // none (default), gzip, snappy, lz4, zstd
}

// codec is the compression as sarama names it.
func (pc *ProducerConfig) codec() (c sarama.CompressionCodec, err error) {
	if pc.Compression == "" {
		return sarama.CompressionNone, nil
	}
	if err := c.UnmarshalText([]byte(pc.Compression)); err != nil {
		return c, &Error{Code: CodeConfig, Class: Invalid, Err: err,
			What: fmt.Sprintf("compression %q is unknown.", pc.Compression), Hint: "Use none, gzip, snappy, lz4 or zstd."}
	}
	return c, nil
}

// Message is a record to be written.
type Message struct {
	Time    event.Time // CreateTime, cut to milliseconds
	Key     []byte     // nil for none
	Value   []byte     // nil for a tombstone
	Headers []Header
}

// Header is a header of a record.
type Header struct {
	Key   string
	Value []byte
}

// Producer writes many records fast: batches built by hand, one in flight for
// each partition, idempotent, acks=all. The caller chooses partition and time
// of each record. It is for one goroutine at a time; several Producers write at
// once.
//
// Each partition has a goroutine and a connection of its own, which Close stops
// and waits for.
type Producer struct {
	cfg   *Config
	pc    ProducerConfig
	codec sarama.CompressionCodec
	dir   *directory
	ctx   context.Context
	stop  context.CancelCauseFunc
	lanes map[event.Partition]*lane
	done  sync.WaitGroup // the goroutines
}

// lane is what a Producer keeps for a partition.
type lane struct {
	open   *sarama.RecordBatch // being filled
	bytes  int                 // of keys and values in open
	toSend chan job
}

// job is a batch to write, or a channel to close when all before is written.
type job struct {
	batch   *sarama.RecordBatch
	written chan<- struct{}
}

// OpenProducer connects. Close must be called.
func OpenProducer(ctx context.Context, cfg Config, pc ProducerConfig) (*Producer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	codec, err := pc.codec()
	if err != nil {
		return nil, err
	}
	if pc.BatchBytes <= 0 {
		pc.BatchBytes = 256 << 10
	}
	if pc.BatchRecords <= 0 {
		pc.BatchRecords = 5_000
	}
	cfg = cfg.withDefaults()
	p := &Producer{cfg: &cfg, pc: pc, codec: codec, dir: newDirectory(&cfg), lanes: make(map[event.Partition]*lane)}
	if _, err := p.dir.lookup(ctx); err != nil {
		p.dir.close()
		return nil, err
	}
	p.ctx, p.stop = context.WithCancelCause(context.Background())
	return p, nil
}

// Partitions is the number of partitions of a topic.
func (p *Producer) Partitions(ctx context.Context, topic string) (int32, error) {
	v, err := p.dir.lookup(ctx, topic)
	if err != nil {
		return 0, err
	}
	t := v.topics[topic]
	if len(t.partitions) == 0 {
		return 0, refusal(orUnknown(t.err), "topic "+topic)
	}
	return int32(len(t.partitions)), nil
}

// Send adds a record to its partition's batch. It blocks while the batch before
// is still being written, and reports the first error of any earlier batch. Key,
// Value and Headers must not change until Flush.
func (p *Producer) Send(ctx context.Context, to event.Partition, m Message) error {
	l := p.lanes[to]
	if l == nil {
		l = p.openLane(to)
	}
	size := len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		size += len(h.Key) + len(h.Value)
	}
	if len(l.open.Records) > 0 && (l.bytes+size > p.pc.BatchBytes || len(l.open.Records) >= p.pc.BatchRecords) {
		if err := p.handOver(ctx, l); err != nil {
			return err
		}
	}
	addRecord(l.open, m.Time.UTC(), m.Key, m.Value)
	for _, h := range m.Headers {
		r := l.open.Records[len(l.open.Records)-1]
		r.Headers = append(r.Headers, &sarama.RecordHeader{Key: []byte(h.Key), Value: h.Value})
	}
	l.bytes += size
	return nil
}

// openLane starts the goroutine of a partition.
func (p *Producer) openLane(to event.Partition) *lane {
	l := &lane{toSend: make(chan job, 1)}
	p.renew(l)
	p.lanes[to] = l
	p.done.Add(1)
	go p.run(l, newWriter(p.cfg, p.dir, to))
	return l
}

// renew gives a lane an empty batch.
func (p *Producer) renew(l *lane) {
	room := 64
	if l.open != nil {
		room = len(l.open.Records)
	}
	l.open, l.bytes = newBatch(room), 0
	l.open.Codec = p.codec
}

// run writes the batches of one partition until the Producer ends.
func (p *Producer) run(l *lane, w *writer) {
	defer p.done.Done()
	defer w.hangUp()
	for {
		select {
		case j := <-l.toSend:
			if j.written != nil {
				close(j.written)
			} else if _, err := w.write(p.ctx, j.batch); err != nil {
				p.stop(err)
			}
		case <-p.ctx.Done():
			return
		}
	}
}

// hand gives a lane's goroutine something to do.
func (p *Producer) hand(ctx context.Context, l *lane, j job) error {
	select {
	case l.toSend <- j:
		return nil
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// handOver gives a lane's batch to its goroutine.
func (p *Producer) handOver(ctx context.Context, l *lane) error {
	if len(l.open.Records) == 0 {
		return context.Cause(p.ctx)
	}
	err := p.hand(ctx, l, job{batch: l.open})
	if err == nil {
		p.renew(l)
	}
	return err
}

// Push sends what is pending wherever the batch before has been taken up, and
// waits for nothing: a batch whose turn has not come stays open and grows. It is
// for a sender that must keep to a clock. It reports the first error of any
// earlier batch.
func (p *Producer) Push() error {
	for _, l := range p.lanes {
		if len(l.open.Records) == 0 {
			continue
		}
		select {
		case l.toSend <- job{batch: l.open}:
			p.renew(l)
		default:
		}
	}
	return context.Cause(p.ctx)
}

// Flush sends what is pending and waits until every record is acknowledged.
func (p *Producer) Flush(ctx context.Context) error {
	var waits []chan struct{}
	for _, l := range p.lanes {
		if err := p.handOver(ctx, l); err != nil {
			return err
		}
	}
	for _, l := range p.lanes {
		written := make(chan struct{})
		if err := p.hand(ctx, l, job{written: written}); err != nil {
			return err
		}
		waits = append(waits, written)
	}
	for _, written := range waits {
		select {
		case <-written:
		case <-p.ctx.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// A batch that failed ended ctx before its lane closed the channel.
	return context.Cause(p.ctx)
}

// Close abandons what is not flushed and closes the connections.
func (p *Producer) Close() error {
	p.stop(ErrClosed)
	p.done.Wait()
	p.dir.close()
	return nil
}
