package parts

import (
	"context"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
)

// Names of the parts, in the order of the path.
func Names() []string { return []string{"unpack", "decode", "route", "insert", "encode"} }

// bench is an input prepared for its parts.
type bench struct {
	in      *Input
	engine  Engine
	chunks  []*kafka.Chunk // unpacked
	ids     [][]byte       // one for each event
	rows    kept
	events  int64
	decoded int64 // what the handler counts, so that nothing is optimised away
}

// Measure measures the parts and the whole of an input, rounds times in turn,
// and keeps the least of each.
func Measure(ctx context.Context, in *Input, e Engine, rounds int) (sheet.Cost, error) {
	b := &bench{in: in, engine: e}
	if err := b.prepare(ctx); err != nil {
		return sheet.Cost{}, err
	}
	parts := map[string]func() error{
		"unpack": b.unpack, "decode": b.decode, "route": b.route, "insert": b.insert,
		"encode": func() error { return b.encode(ctx) },
	}
	best := map[string]spent{}
	var whole spent
	for range max(rounds, 1) {
		for _, name := range Names() {
			s, err := measure(parts[name])
			if err != nil {
				return sheet.Cost{}, fmt.Errorf("%s: %w", name, err)
			}
			best[name] = least(best[name], s)
		}
		s, err := measure(func() error {
			n, err := in.Whole(ctx, e)
			if err == nil && n != b.events {
				err = fmt.Errorf("%d events went through, %d were decoded: a defect, please report it", n, b.events)
			}
			return err
		})
		if err != nil {
			return sheet.Cost{}, fmt.Errorf("the whole of %s: %w", in.Kind, err)
		}
		whole = least(whole, s)
	}
	return b.cost(best, whole), nil
}

func (b *bench) cost(parts map[string]spent, whole spent) sheet.Cost {
	n := float64(b.events)
	c := sheet.Cost{
		Events: b.events, PartsNS: map[string]float64{}, WholeNS: float64(whole.cpu) / n,
		AllocsPerEvent: float64(whole.allocs) / n, BytesPerEvent: float64(whole.bytes) / n,
	}
	for _, name := range Names() { // in one order, so that the sum is one number
		if s, measured := parts[name]; measured {
			c.PartsNS[name] = float64(s.cpu) / n
			c.SumNS += c.PartsNS[name]
		}
	}
	if c.SumNS > 0 {
		c.Ratio = c.WholeNS / c.SumNS
	}
	return c
}

// prepare makes what the parts begin with: records unpacked, ids, rows.
func (b *bench) prepare(ctx context.Context) error {
	var u kafka.Unpacker
	defer u.Close()
	next := b.in.chunks(&u)
	for {
		c, ok, err := next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		b.chunks = append(b.chunks, c)
	}
	ids := idSeer{}
	if err := b.decodeTo(&ids); err != nil {
		return err
	}
	b.ids, b.events = ids.ids, int64(len(ids.ids))
	if b.events == 0 {
		return errors.New("the input holds no events")
	}
	_, err := b.in.replay(ctx, b.engine, b.in.chunks(&u), &b.rows)
	return err
}

// unpack reads the batches.
func (b *bench) unpack() error {
	var u kafka.Unpacker
	defer u.Close()
	next := b.in.chunks(&u)
	for {
		if _, ok, err := next(); err != nil || !ok {
			return err
		}
	}
}

// decode decodes every record and drops the events.
func (b *bench) decode() error {
	var n counter
	err := b.decodeTo(&n)
	b.decoded = n.events
	return err
}

func (b *bench) decodeTo(h codecs.Handler) error {
	decoders := map[string]codecs.Decoder{}
	for _, t := range b.in.topics {
		decoders[t.Name] = t.NewDecoder()
	}
	for _, c := range b.chunks {
		d := decoders[c.Range.Topic]
		for i := range c.Records {
			r := &c.Records[i]
			d.Decode(&codecs.Record{
				Position: event.Position{Partition: c.Range.Partition, Offset: r.Offset}, Time: r.Time, Key: r.Key, Value: r.Value,
			}, h)
		}
	}
	return nil
}

// route finds each record's shard by its key and copies it there once.
func (b *bench) route() error {
	const full = 64 << 10
	buffers := make([][]byte, b.engine.withDefaults().Shards)
	for _, c := range b.chunks {
		for i := range c.Records {
			r := &c.Records[i]
			shard := xxh3.Hash(r.Key) % uint64(len(buffers))
			if to := buffers[shard]; len(to) > full {
				buffers[shard] = to[:0]
			}
			buffers[shard] = append(buffers[shard], r.Value...)
		}
	}
	return nil
}

// insert puts each event's id into a table that is large enough.
func (b *bench) insert() error {
	t := newHashTable(len(b.ids))
	for _, id := range b.ids {
		t.insert(xxh3.Hash(id))
	}
	if t.used == 0 {
		return errors.New("nothing was inserted")
	}
	return nil
}

// encode writes the rows as files.
func (b *bench) encode(ctx context.Context) error {
	return inCut(ctx, b.engine.Dir, func(cut *sinks.Cut) error {
		for _, write := range b.rows.writes {
			if err := write(cut); err != nil {
				return err
			}
		}
		return nil
	})
}

// WholeCost measures the whole alone, rounds times, and keeps the least.
func WholeCost(ctx context.Context, in *Input, e Engine, rounds int) (sheet.Cost, error) {
	b := &bench{in: in}
	var whole spent
	for range max(rounds, 1) {
		s, err := measure(func() (err error) {
			b.events, err = in.Whole(ctx, e)
			return err
		})
		if err != nil {
			return sheet.Cost{}, err
		}
		whole = least(whole, s)
	}
	if b.events == 0 {
		return sheet.Cost{}, errors.New("the input holds no events")
	}
	return b.cost(nil, whole), nil
}
