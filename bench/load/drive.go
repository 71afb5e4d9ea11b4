package load

import (
	"context"
	"runtime"
	"time"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// The pace of sending.
const (
	tick      = time.Millisecond      // the shortest sleep: records due within it are added together
	linger    = 5 * time.Millisecond  // how long what was added may wait for more before it is pushed
	lateAfter = 10 * time.Millisecond // how late a record is before it counts as late
	held      = time.Millisecond      // a Send that takes longer was held up by the target
	blockSize = 256                   // records made at a time
	blocks    = 64                    // made ahead
	slabBytes = 1 << 20               // memory that records of one block share
	lateLimit = 0.01                  // share of late records from which on a run is void
)

// To is where records go. *kafka.Producer is one.
type To interface {
	Send(ctx context.Context, to event.Partition, m kafka.Message) error
	Push() error
	Flush(ctx context.Context) error
}

// Config is one run of Drive.
type Config struct {
	Plan    Plan
	Next    func(*gen.Record) bool // gives records without end; what it gives may be reused
	To      To
	Tracker *Tracker
	Start   time.Time                  // the zero of the schedule
	CPU     func() time.Duration       // processor time of the calling thread, nil where unknown
	Sending func(records, bytes int64) // told now and then, nil for nobody
}

// Sent is what a Drive did after the warm-up.
type Sent struct {
	Records   int64
	Late      int64         // by the generator's own fault
	Starved   time.Duration // waited for records to be made while some were due
	Held      time.Duration // waited for the target
	CPU       time.Duration // of the thread that made the records, warm-up included
	Whole     time.Duration // from the start to the last record
	ByTarget  int64         // late because the target held the sender up
	Delivered bool          // every record is acknowledged
}

// LateShare is the share of late records.
func (s Sent) LateShare() float64 {
	if s.Records == 0 {
		return 0
	}
	return float64(s.Late) / float64(s.Records)
}

// Saturated reports whether the generator could not keep to the schedule, so
// that the run measures the generator and not the target.
func (s Sent) Saturated() bool { return s.LateShare() > lateLimit }

// made is a record ready to be sent.
type made struct {
	to event.Partition
	m  kafka.Message
}

// Drive sends every record of the plan when it is due, or as soon after as the
// target lets it, and returns when the last is acknowledged. The goroutine it
// starts makes the records and has ended when it returns.
func Drive(ctx context.Context, c Config) (Sent, error) {
	ready := make(chan []made, blocks)
	ctx, cancel := context.WithCancel(ctx)
	spent, done := time.Duration(0), make(chan struct{})
	go func() {
		defer close(done)
		defer close(ready)
		spent = c.makeAll(ctx, ready)
	}()
	d := driver{Config: c, ready: ready}
	err := d.sendAll(ctx)
	if err == nil {
		err = c.To.Flush(ctx)
		d.sent.Delivered = err == nil
	}
	cancel()
	<-done
	d.sent.CPU = spent
	return d.sent, err
}

// makeAll makes exactly the records of the plan, so that the generator's truth is
// that of what is sent. It keeps to one thread, whose processor time it returns.
func (c *Config) makeAll(ctx context.Context, ready chan<- []made) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	clock := c.CPU
	if clock == nil {
		clock = func() time.Duration { return 0 }
	}
	began := clock()
	var rec gen.Record
	var slab []byte
	for left := c.Plan.Records(); left > 0; {
		block := make([]made, 0, min(left, blockSize))
		for len(block) < cap(block) && c.Next(&rec) {
			var m kafka.Message
			m, slab = copied(&rec, slab)
			block = append(block, made{event.Partition{Topic: rec.Topic, ID: rec.Partition}, m})
		}
		if len(block) == 0 {
			break
		}
		left -= int64(len(block))
		select {
		case ready <- block:
		case <-ctx.Done():
			return clock() - began
		}
	}
	return clock() - began
}

// copied is a record in memory of its own, cut from a slab.
func copied(rec *gen.Record, slab []byte) (kafka.Message, []byte) {
	need := len(rec.Key) + len(rec.Value)
	if cap(slab)-len(slab) < need {
		slab = make([]byte, 0, max(slabBytes, need))
	}
	at := len(slab)
	slab = append(append(slab, rec.Key...), rec.Value...)
	mid, end := at+len(rec.Key), len(slab)
	m := kafka.Message{Time: event.Time(rec.TimestampMS) * event.Time(event.Millisecond)}
	if rec.Key != nil {
		m.Key = slab[at:mid:mid]
	}
	if rec.Value != nil {
		m.Value = slab[mid:end:end]
	}
	return m, slab
}
