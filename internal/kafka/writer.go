package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// How a writer waits.
const (
	ackTimeout  = 3 * time.Second        // the broker's wait for its replicas; below Config.ReadTimeout
	writeAgain  = 50 * time.Millisecond  // first wait after an error
	writeAtMost = 500 * time.Millisecond // longest wait after an error
)

// writer appends batches to one partition, one at a time, idempotent, acks=all.
//
// Every batch carries (producer id, epoch, sequence). The broker keeps the last
// ones and answers a repeated batch with its first offset, so a batch whose
// answer was lost is simply sent again. When a caller gives up on a batch, it
// may still reach the log: it may sit in a socket, or on a leader whose replicas
// have not answered yet. Then the next batch carries the next epoch, and from
// its acknowledgement on the broker refuses the old one: what is not in the log
// before that offset never will be. So the same writer must go on; a new one
// would have another id and fence nothing.
//
// It is for one goroutine at a time.
type writer struct {
	cfg *Config
	dir *directory
	to  event.Partition

	link    *link
	id      int64 // producer id, -1 before the first batch
	epoch   int16
	seq     int32 // of the next record
	unknown bool  // an earlier batch may still reach the log
}

func newWriter(cfg *Config, dir *directory, to event.Partition) *writer {
	return &writer{cfg: cfg, dir: dir, to: to, id: -1}
}

// outcome is what one attempt to write a batch came to.
type outcome uint8

const (
	written    outcome = iota
	notWritten         // and may be tried again
	maybe              // it may be in the log, or get there
	never              // refused for what it is: trying again is useless
	forgotten          // refused: the broker does not know the sequence
)

// write appends a batch and gives the offset of its first record. It tries until
// ctx ends. An error that wraps ErrUnknownOutcome leaves it open whether the
// batch is in the log.
func (w *writer) write(ctx context.Context, b *sarama.RecordBatch) (event.Offset, error) {
	sent := false
	for wait := writeAgain; ; wait = min(2*wait, writeAtMost) {
		offset, what, err := w.try(ctx, b)
		switch {
		case what == written:
			w.seq = nextSequence(w.seq, len(b.Records))
			return offset, nil
		case what == maybe:
			sent = true
		case sent && what != notWritten:
			// An attempt before this one may have succeeded.
			return 0, w.undecided(err)
		case what == never:
			return 0, err
		case what == forgotten:
			w.unknown = true // begin again at sequence 0, under a new epoch
		}
		if ctx.Err() != nil || !pause(ctx, wait) {
			if sent {
				return 0, w.undecided(err)
			}
			return 0, err
		}
	}
}

// undecided is the error for a batch that may or may not be in the log.
func (w *writer) undecided(err error) error {
	w.unknown = true
	return &Error{Code: CodeUnknownOutcome, Class: Unreachable, Err: errors.Join(ErrUnknownOutcome, err),
		What: fmt.Sprintf("an append to %s may or may not be in the log: %v", w.to, err),
		Hint: "It will be decided by the next append; nothing needs to be done."}
}

// nextSequence counts records; sequences wrap around to 0 after 2^31-1.
func nextSequence(seq int32, records int) int32 {
	return int32((int64(seq) + int64(records)) % (math.MaxInt32 + 1))
}

// try makes one attempt.
func (w *writer) try(ctx context.Context, b *sarama.RecordBatch) (event.Offset, outcome, error) {
	if err := w.prepare(ctx); err != nil {
		var e *Error
		if errors.As(err, &e) && e.Class == Refused && e.Code != CodeTopicMissing {
			return 0, never, err
		}
		return 0, notWritten, err
	}
	b.ProducerID, b.ProducerEpoch, b.FirstSequence = w.id, w.epoch, w.seq
	req := &sarama.ProduceRequest{Version: 9, RequiredAcks: sarama.WaitForAll, Timeout: int32(ackTimeout.Milliseconds())}
	req.AddBatch(w.to.Topic, w.to.ID, b)
	res, err := call(ctx, w.link, w.link.broker.Produce, req)
	if err != nil {
		w.hangUp()
		var bad sarama.PacketEncodingError
		if errors.As(err, &bad) {
			return 0, never, err
		}
		return 0, maybe, err
	}
	block := res.GetBlock(w.to.Topic, w.to.ID)
	if block == nil {
		w.hangUp()
		return 0, maybe, fmt.Errorf("the broker's answer says nothing about %s", w.to)
	}
	if block.Err == sarama.ErrNoError {
		return event.Offset(block.Offset), written, nil
	}
	refused := refusal(block.Err, fmt.Sprintf("%s refused an append to %s", w.link.addr, w.to))
	return 0, w.judge(block.Err), refused
}

// judge says what an error code of a produce answer means for the batch.
func (w *writer) judge(code sarama.KError) outcome {
	switch code {
	case sarama.ErrRequestTimedOut, sarama.ErrNotEnoughReplicasAfterAppend, sarama.ErrDuplicateSequenceNumber:
		return maybe
	case sarama.ErrOutOfOrderSequenceNumber, sarama.ErrUnknownProducerID, sarama.ErrInvalidProducerEpoch:
		return forgotten
	case sarama.ErrNotLeaderForPartition, sarama.ErrLeaderNotAvailable, sarama.ErrUnknownTopicOrPartition,
		sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch, sarama.ErrKafkaStorageError,
		sarama.ErrReplicaNotAvailable:
		w.hangUp() // look for the leader again
		return notWritten
	case sarama.ErrNotEnoughReplicas, sarama.ErrThrottlingQuotaExceeded, sarama.ErrInvalidMessage:
		return notWritten
	}
	return never
}

// prepare connects to the leader, and sees to id and epoch.
func (w *writer) prepare(ctx context.Context) error {
	if w.link == nil {
		v, err := w.dir.lookup(ctx, w.to.Topic)
		if err != nil {
			return err
		}
		addr, _, notThere := v.leader(w.to)
		if notThere != nil {
			return notThere
		}
		if w.link, err = dial(ctx, w.cfg, addr); err != nil {
			return err
		}
	}
	if w.id < 0 {
		return w.register(ctx)
	}
	if w.unknown {
		if w.epoch == math.MaxInt16 {
			return &Error{Code: CodeUnknownOutcome, Class: Other,
				What: fmt.Sprintf("the writer to %s has used up its epochs after %d appends of unknown outcome.", w.to, math.MaxInt16),
				Hint: "Restart the process."}
		}
		w.epoch, w.seq, w.unknown = w.epoch+1, 0, false
	}
	return nil
}

// register asks for a producer id.
func (w *writer) register(ctx context.Context) error {
	req := &sarama.InitProducerIDRequest{Version: 4, ProducerID: -1, ProducerEpoch: -1}
	res, err := call(ctx, w.link, w.link.broker.InitProducerID, req)
	if err != nil {
		w.hangUp()
		return err
	}
	if res.Err != 0 {
		return refusal(res.Err, w.link.addr+" refused to register a producer")
	}
	w.id, w.epoch, w.seq, w.unknown = res.ProducerID, res.ProducerEpoch, 0, false
	return nil
}

func (w *writer) hangUp() {
	if w.link != nil {
		w.link.close()
		w.link = nil
	}
}

// newBatch is an empty batch of format 2 with room for n records.
func newBatch(n int) *sarama.RecordBatch {
	return &sarama.RecordBatch{Version: 2, Codec: sarama.CompressionNone, CompressionLevel: sarama.CompressionLevelDefault,
		Records: make([]*sarama.Record, 0, n)}
}

// addRecord puts a record at the end of a batch. Its time is the broker's or
// CreateTime as the topic is set.
func addRecord(b *sarama.RecordBatch, at time.Time, key, value []byte) {
	// Kafka keeps milliseconds, and cuts the first time and each difference
	// by itself: their sum could be one off.
	at = at.Truncate(time.Millisecond)
	if len(b.Records) == 0 {
		b.FirstTimestamp, b.MaxTimestamp = at, at
	}
	if at.After(b.MaxTimestamp) {
		b.MaxTimestamp = at
	}
	b.LastOffsetDelta = int32(len(b.Records))
	b.Records = append(b.Records, &sarama.Record{Key: key, Value: value,
		OffsetDelta: int64(b.LastOffsetDelta), TimestampDelta: at.Sub(b.FirstTimestamp)})
}
