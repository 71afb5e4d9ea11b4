package batch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// ErrCorrupt is what Open and Err wrap for bytes that are no whole batch of
// this version.
var ErrCorrupt = errors.New("batch: truncated or corrupt; ask its sender for the range again")

// Reader goes through the events of one batch. It is used by one goroutine at
// a time; Open it again for the next batch to reuse its memory.
type Reader struct {
	rest  []byte
	base  wire.Base
	topic string // of the base, not aliasing any batch: callers keep it in keys
	rng   event.Range
	shard event.Shard
	total int
	left  int
	kind  event.Kind
	err   error

	bid        event.Bid
	run        []event.Impression // read together, and how many Next has passed
	passed     int
	impression *event.Impression // of the run
	click      event.Click
	conversion event.Conversion
	rejected   event.Rejected
}

// Open starts reading a batch. The text of its events aliases b, their topic
// does not.
func Open(b []byte) (*Reader, error) {
	r := new(Reader)
	return r, r.Open(b)
}

// Open starts reading another batch with the same reader. The text of its events
// aliases b, their topic does not.
func (r *Reader) Open(b []byte) error {
	r.rest, r.left, r.total, r.kind, r.err = nil, 0, 0, event.NoKind, nil
	r.run, r.passed = r.run[:0], 0
	if len(b) < headerSize || binary.LittleEndian.Uint64(b[checksumAt:]) != xxh3.Hash(b[shardAt:]) {
		return r.fail("checksum does not match")
	}
	r.shard = event.Shard(binary.LittleEndian.Uint32(b[shardAt:]))
	rest, err := wire.ReadBase(b[headerSize:], &r.base)
	if err != nil {
		return r.fail("no base of this version")
	}
	if r.topic != r.base.Topic {
		r.topic = strings.Clone(r.base.Topic)
	}
	r.base.Topic = r.topic
	r.rng = event.Range{
		Partition: r.base.Partition,
		From:      event.Offset(binary.LittleEndian.Uint64(b[fromAt:])),
		To:        event.Offset(binary.LittleEndian.Uint64(b[toAt:])),
	}
	r.total = int(binary.LittleEndian.Uint32(b[eventsAt:]))
	r.left, r.rest = r.total, rest
	return nil
}

func (r *Reader) fail(what string) error {
	r.kind, r.left, r.rest = event.NoKind, 0, nil
	r.err = fmt.Errorf("%w: %s", ErrCorrupt, what)
	return r.err
}

// Range is the partition and the offsets that the batch covers.
func (r *Reader) Range() event.Range { return r.rng }

// Shard is the shard the batch is for.
func (r *Reader) Shard() event.Shard { return r.shard }

// Events is how many events the batch holds.
func (r *Reader) Events() int { return r.total }

// Err is what ended Next early, nil at the end of a whole batch.
func (r *Reader) Err() error { return r.err }

// runMax is how many impressions are read together. They take 20 KiB.
const runMax = 32

// Next reads the next event. It is false after the last one and after a
// failure, which Err tells apart.
func (r *Reader) Next() bool {
	if r.passed < len(r.run) {
		r.impression = &r.run[r.passed]
		r.passed++
		r.left--
		return true
	}
	if r.left == 0 {
		if len(r.rest) > 0 {
			_ = r.fail("bytes after the last event")
		}
		r.kind = event.NoKind
		return false
	}
	if len(r.rest) == 0 {
		_ = r.fail("fewer events than its header says")
		return false
	}
	r.left--
	r.run, r.passed = r.run[:0], 0
	var err error
	r.kind = event.Kind(r.rest[0])
	body := r.rest[1:]
	switch r.kind {
	case event.KindBid:
		r.rest, err = wire.ReadBid(body, &r.base, &r.bid)
	case event.KindImpression:
		err = r.readRun()
	case event.KindClick:
		r.rest, err = wire.ReadClick(body, &r.base, &r.click)
	case event.KindConversion:
		r.rest, err = wire.ReadConversion(body, &r.base, &r.conversion)
	case event.KindRejected:
		r.rest, err = wire.ReadRejected(body, &r.base, &r.rejected)
	default:
		err = wire.ErrCorrupt
	}
	if err != nil {
		_ = r.fail("an event cannot be read")
		return false
	}
	return true
}

// readRun reads the impression at hand and those that follow it at once. One
// that cannot be read ends the run: Next fails when it comes to it.
func (r *Reader) readRun() error {
	if r.run == nil {
		r.run = make([]event.Impression, 0, runMax)
	}
	most := min(runMax, r.left+1)
	for len(r.run) < most && len(r.rest) > 0 && event.Kind(r.rest[0]) == event.KindImpression {
		r.run = r.run[:len(r.run)+1]
		rest, err := wire.ReadImpression(r.rest[1:], &r.base, &r.run[len(r.run)-1])
		if err != nil {
			if r.run = r.run[:len(r.run)-1]; len(r.run) == 0 {
				return err
			}
			break
		}
		r.rest = rest
	}
	r.impression, r.passed = &r.run[0], 1
	return nil
}

// Run is the impressions that were read together with the one that Next has
// just read, if that is the first of them: it and what Next will give next.
// Otherwise it is empty. It is valid until the last of them has been passed.
func (r *Reader) Run() []event.Impression {
	if r.kind == event.KindImpression && r.passed == 1 {
		return r.run
	}
	return nil
}

// Kind is what the event is that Next read, NoKind when it read none.
func (r *Reader) Kind() event.Kind { return r.kind }

// Bid is the bid that Next read. It is valid until the next call of Next or
// Open; its text as long as the batch's bytes.
func (r *Reader) Bid() *event.Bid { return &r.bid }

// Impression is the impression that Next read; valid like Bid.
func (r *Reader) Impression() *event.Impression { return r.impression }

// Click is the click that Next read; valid like Bid.
func (r *Reader) Click() *event.Click { return &r.click }

// Conversion is the conversion that Next read; valid like Bid.
func (r *Reader) Conversion() *event.Conversion { return &r.conversion }

// Rejected is the rejected record that Next read; valid like Bid.
func (r *Reader) Rejected() *event.Rejected { return &r.rejected }

// Envelope is the envelope of the event that Next read, whatever its kind; nil
// when it read none.
func (r *Reader) Envelope() *event.Envelope {
	switch r.kind {
	case event.KindBid:
		return &r.bid.Envelope
	case event.KindImpression:
		return &r.impression.Envelope
	case event.KindClick:
		return &r.click.Envelope
	case event.KindConversion:
		return &r.conversion.Envelope
	case event.KindRejected:
		return &r.rejected.Envelope
	}
	return nil
}
