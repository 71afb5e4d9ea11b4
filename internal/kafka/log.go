package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// ErrUnknownOutcome is in the chain of an append's error when the record may or
// may not be in the log, now or later. Call Barrier and read up to its offset
// to know.
var ErrUnknownOutcome = errors.New("the record may or may not be in the log")

// ErrClosed is returned by calls on something that was closed.
var ErrClosed = errors.New("kafka: closed")

// errEnough ends Read at its last offset.
var errEnough = errors.New("read as far as wanted")

// Log is a topic of one partition: a total order. Its appends are idempotent
// and acknowledged by all in-sync replicas. It is safe for concurrent use;
// appends go one after another.
type Log struct {
	cfg   *Config
	dir   *directory
	at    event.Partition
	id    TopicID
	ctx   context.Context // ends with Close
	stop  context.CancelCauseFunc
	write chan *writer // holds the one writer while nobody uses it
}

// OpenLog checks that the topic exists and has exactly one partition. Close must
// be called.
func OpenLog(ctx context.Context, cfg Config, topic string) (*Log, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	l := &Log{cfg: &cfg, dir: newDirectory(&cfg), at: event.Partition{Topic: topic}, write: make(chan *writer, 1)}
	v, err := l.dir.lookup(ctx, topic)
	if err == nil {
		err = l.check(v)
	}
	if err != nil {
		l.dir.close()
		return nil, err
	}
	l.id = v.topics[topic].id
	l.ctx, l.stop = context.WithCancelCause(context.Background())
	l.write <- newWriter(&cfg, l.dir, l.at)
	return l, nil
}

func (l *Log) check(v *view) error {
	t := v.topics[l.at.Topic]
	switch n := len(t.partitions); {
	case n == 0:
		return refusal(orUnknown(t.err), "topic "+l.at.Topic)
	case n > 1:
		detail := &TopicConfigError{Topic: l.at.Topic, Problems: []TopicProblem{onePartition(n)}}
		return topicConfigError(detail)
	}
	return nil
}

// Append writes one record and returns its offset. It retries, without ever
// writing twice, until ctx ends. An error that wraps ErrUnknownOutcome leaves
// it open whether the record is there; any other error means it is not and
// never will be.
func (l *Log) Append(ctx context.Context, value []byte) (event.Offset, error) {
	ctx, cancel := l.until(ctx)
	defer cancel(nil)
	var w *writer
	select {
	case w = <-l.write:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	defer func() { l.write <- w }()
	b := newBatch(1)
	addRecord(b, time.Now(), nil, value)
	return w.write(ctx, b)
}

// until is a context that ends with ctx and with the Log.
func (l *Log) until(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	return join(ctx, l.ctx)
}

// join is a context that ends when either does.
func join(ctx, other context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return ctx, func(cause error) {
		stop()
		cancel(cause)
	}
}

// Barrier writes a record, too, and decides every earlier append of this Log
// whose outcome is unknown: once it has returned an offset, such a record is in
// the log before that offset or will never be. Read up to it to know which.
// (Any successful Append does the same.)
func (l *Log) Barrier(ctx context.Context, value []byte) (event.Offset, error) {
	return l.Append(ctx, value)
}

// Read calls each with the records of [from, to) in order and returns when it
// has reached to, waiting for records not yet written. each's error ends it.
func (l *Log) Read(ctx context.Context, from, to event.Offset, each func(offset event.Offset, at event.Time, value []byte) error) error {
	if from >= to {
		return nil
	}
	err := l.follow(ctx, from, func(c Chunk) error {
		for _, r := range c.Records {
			if r.Offset >= to {
				return errEnough
			}
			if err := each(r.Offset, r.Time, r.Value); err != nil {
				return err
			}
		}
		if c.Range.To >= to {
			return errEnough
		}
		return nil
	})
	if err == errEnough {
		return nil
	}
	return err
}

// Tail calls each with every record from an offset on, as they are appended,
// until ctx ends, each returns an error, or the log cannot be read any more.
func (l *Log) Tail(ctx context.Context, from event.Offset, each func(offset event.Offset, at event.Time, value []byte) error) error {
	return l.follow(ctx, from, func(c Chunk) error {
		for _, r := range c.Records {
			if err := each(r.Offset, r.Time, r.Value); err != nil {
				return err
			}
		}
		return nil
	})
}

// follow hands the log's chunks to each, on a connection of its own. A damaged
// batch ends it: the log has no record that may be left out.
func (l *Log) follow(ctx context.Context, from event.Offset, each func(Chunk) error) (err error) {
	ctx, cancel := l.until(ctx)
	defer cancel(nil)
	src, err := OpenSource(ctx, *l.cfg, SourceConfig{
		Partitions:  map[event.Partition]event.Offset{l.at: from},
		TopicIDs:    map[string]TopicID{l.at.Topic: l.id},
		Connections: 1,
	})
	if err != nil {
		return err
	}
	defer src.Close()
	for {
		c, err := src.Next(ctx)
		if err != nil {
			return err
		}
		if c.Bad != nil {
			return formatError(fmt.Sprintf("%s, offsets %d to %d: %s", l.at, c.Range.From, c.Range.To-1, c.Bad.Reason))
		}
		if err := each(c); err != nil {
			return err
		}
	}
}

// Bounds are the offset of the first record and the one after the last.
func (l *Log) Bounds(ctx context.Context) (first, end event.Offset, err error) {
	ctx, cancel := l.until(ctx)
	defer cancel(nil)
	for {
		first, end, err = l.bounds(ctx)
		if err == nil || !isTransient(err) || !pause(ctx, lookAgain) {
			return first, end, err
		}
	}
}

func (l *Log) bounds(ctx context.Context) (first, end event.Offset, err error) {
	v, err := l.dir.lookup(ctx, l.at.Topic)
	if err != nil {
		return 0, 0, err
	}
	oldest, err := listOffsets(ctx, l.cfg, v, []event.Partition{l.at}, sarama.OffsetOldest, false)
	if err != nil {
		return 0, 0, err
	}
	newest, err := listOffsets(ctx, l.cfg, v, []event.Partition{l.at}, sarama.OffsetNewest, true)
	return oldest[l.at], newest[l.at], err
}

// Truncate deletes the records before an offset. A later reader that starts
// before it gets CodeOffsetGone.
func (l *Log) Truncate(ctx context.Context, before event.Offset) error {
	ctx, cancel := l.until(ctx)
	defer cancel(nil)
	v, err := l.dir.lookup(ctx, l.at.Topic)
	if err != nil {
		return err
	}
	addr, _, notThere := v.leader(l.at)
	if notThere != nil {
		return notThere
	}
	to, err := dial(ctx, l.cfg, addr)
	if err != nil {
		return err
	}
	defer to.close()
	req := &sarama.DeleteRecordsRequest{Timeout: ackTimeout, Topics: map[string]*sarama.DeleteRecordsRequestTopic{
		l.at.Topic: {PartitionOffsets: map[int32]int64{l.at.ID: int64(before)}},
	}}
	res, err := call(ctx, to, to.broker.DeleteRecords, req)
	if err != nil {
		return err
	}
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			if p.Err != 0 {
				return refusal(p.Err, fmt.Sprintf("%s refused to delete the records of %s before offset %d", addr, l.at, before))
			}
		}
	}
	return nil
}

// TopicID is the id of the log's topic.
func (l *Log) TopicID() TopicID { return l.id }

// Close ends what is going on (an append that was on its way has an unknown
// outcome, ErrClosed in its chain) and closes the connections.
func (l *Log) Close() error {
	l.stop(ErrClosed)
	w := <-l.write
	w.hangUp()
	l.write <- w
	l.dir.close()
	return nil
}
