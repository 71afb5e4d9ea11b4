package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// How a reader waits.
const (
	readWait    = 100 * time.Millisecond // the broker's wait for an offset it does not have yet
	emptyAtMost = 30                     // such answers until the record counts as missing
)

// reader reads single records at known offsets, for one goroutine at a time.
type reader struct {
	cfg  *Config
	dir  *directory
	link *link
	at   event.Partition // whose leader link goes to
	d    decoder
}

// found is called with a wanted record, or with the reason why there is none.
type found func(r *Record, reason string) error

// read calls each for every offset, in order. Failed reads are tried again until
// ctx ends; only what a broker says of its log makes a record missing.
func (rd *reader) read(ctx context.Context, at event.Partition, offsets []event.Offset, each found) error {
	for empty := 0; len(offsets) > 0; {
		bl, err := rd.fetch(ctx, at, offsets[0])
		switch {
		case err != nil:
		case kerr(bl.err) == sarama.ErrOffsetOutOfRange, bl.err == 0 && empty > emptyAtMost:
			return each(nil, noRecord(offsets[0]))
		case bl.err != 0:
			err = refusal(kerr(bl.err), "a read of "+at.String()+" failed")
		}
		if err != nil {
			rd.hangUp()
			if isFinal(err) || !pause(ctx, lookAgain) {
				return err
			}
			continue
		}
		n, err := rd.pick(bl, offsets, each)
		if err != nil {
			return err
		}
		if offsets = offsets[n:]; n == 0 {
			empty++
		}
	}
	return nil
}

func noRecord(at event.Offset) string { return fmt.Sprintf("there is no record at offset %d", at) }

// fetch fetches from one offset of the partition's leader.
func (rd *reader) fetch(ctx context.Context, at event.Partition, offset event.Offset) (*fetchBlock, error) {
	if rd.link == nil || rd.at != at {
		if err := rd.connect(ctx, at); err != nil {
			return nil, err
		}
	}
	stop := context.AfterFunc(ctx, rd.link.abort)
	defer stop()
	blocks, err := rd.link.fetch(&fetchRequest{maxWait: readWait, maxBytes: 4 << 20,
		wants: []want{{Partition: at, offset: offset, epoch: -1}}})
	switch {
	case ctx.Err() != nil:
		return nil, stopped(ctx, rd.link.addr)
	case err != nil:
		return nil, err
	case len(blocks) != 1:
		return nil, refusal(sarama.ErrUnknownTopicOrPartition, "a read of "+at.String()+" failed")
	}
	return &blocks[0], nil
}

// connect makes link go to the leader of a partition.
func (rd *reader) connect(ctx context.Context, at event.Partition) error {
	v, err := rd.dir.lookup(ctx, at.Topic)
	if err != nil {
		return err
	}
	addr, _, notThere := v.leader(at)
	if notThere != nil {
		return notThere
	}
	rd.at = at
	if rd.link != nil && rd.link.addr == addr {
		return nil
	}
	rd.hangUp()
	rd.link, err = dial(ctx, rd.cfg, addr)
	return err
}

// pick hands out the wanted records of an answer and says how many it did.
func (rd *reader) pick(bl *fetchBlock, offsets []event.Offset, each found) (done int, err error) {
	walk := newWalk(&rd.d, bl, offsets[0], MaxBatchBytes)
	for done < len(offsets) {
		p, ok, err := walk.next()
		if err != nil || !ok {
			return done, err
		}
		for i := range p.records {
			if done < len(offsets) && p.records[i].Offset == offsets[done] {
				if err := each(&p.records[i], ""); err != nil {
					return done, err
				}
				done++
			}
		}
		if done < len(offsets) && offsets[done] < p.to {
			reason := noRecord(offsets[done])
			if p.bad != nil {
				reason = p.bad.Reason
			}
			return done, each(nil, reason)
		}
	}
	return done, nil
}

func (rd *reader) hangUp() {
	if rd.link != nil {
		rd.link.close()
		rd.link = nil
	}
}
