package load

import (
	"context"
	"time"
)

// driver is the sending side of Drive.
type driver struct {
	Config
	ready   <-chan []made
	sent    Sent
	excused bool // behind because the target held us up
	pushed  time.Time
	now     time.Time
	bytes   int64
}

func (d *driver) sendAll(ctx context.Context) error {
	total := d.Plan.Records()
	d.now = time.Now()
	for k := int64(0); k < total; {
		block, ok := d.take(d.Start.Add(d.Plan.At(k)))
		if !ok {
			return ctx.Err()
		}
		for i := range block {
			if err := d.one(ctx, k, &block[i]); err != nil {
				return err
			}
			k++
		}
		if d.Sending != nil {
			d.Sending(k, d.bytes)
		}
	}
	d.sent.Whole = time.Since(d.Start)
	return nil
}

// take is the next block. Waiting for it after its first record became due is
// the generator's own fault.
func (d *driver) take(due time.Time) ([]made, bool) {
	select {
	case block, ok := <-d.ready:
		return block, ok
	default:
	}
	block, ok := <-d.ready
	d.now = time.Now()
	if late := d.now.Sub(due); late > 0 {
		d.sent.Starved += late
		d.excused = false
	}
	return block, ok
}

// one sends record k at its time.
func (d *driver) one(ctx context.Context, k int64, rec *made) error {
	due := d.Plan.At(k)
	if err := d.await(ctx, d.Start.Add(due)); err != nil {
		return err
	}
	behind := d.now.Sub(d.Start.Add(due))
	if behind <= 2*tick {
		d.excused = false
	}
	if due >= d.Plan.Warmup {
		d.sent.Records++
		switch {
		case behind <= lateAfter:
		case d.excused:
			d.sent.ByTarget++
		default:
			d.sent.Late++
		}
	}
	d.Tracker.Sent(rec.to, due)
	began := d.now
	if err := d.To.Send(ctx, rec.to, rec.m); err != nil {
		return err
	}
	d.bytes += int64(len(rec.m.Value))
	d.now = time.Now()
	if took := d.now.Sub(began); took > held {
		d.sent.Held += took
		d.excused = true
	}
	return nil
}

// await sleeps until a record is due, and pushes what was added once a linger.
func (d *driver) await(ctx context.Context, due time.Time) error {
	for {
		if d.now.Sub(d.pushed) >= linger {
			d.pushed = d.now
			if err := d.To.Push(); err != nil {
				return err
			}
		}
		early := due.Sub(d.now)
		if early <= 0 {
			return nil
		}
		timer := time.NewTimer(max(min(early, d.pushed.Add(linger).Sub(d.now)), tick))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		d.now = time.Now()
	}
}
