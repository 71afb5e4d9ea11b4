package parts

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
)

// Engine is what a whole runs with. Zero values are the defaults.
type Engine struct {
	Shards   int    // user shards, default 64
	CutEvery int    // records, default 100,000
	Dir      string // for files, which are removed; default the system's folder for temporary ones
}

func (e Engine) withDefaults() Engine {
	if e.Shards == 0 {
		e.Shards = 64
	}
	if e.CutEvery == 0 {
		e.CutEvery = 100_000
	}
	return e
}

// campaignShards is as many as a node has by default.
const campaignShards = 8

// replay takes the input through the engine.
func (in *Input) replay(ctx context.Context, e Engine, next func() (*kafka.Chunk, bool, error), out sinks.Sink) (actors.Summary, error) {
	e = e.withDefaults()
	return actors.Replay(ctx, actors.ReplayConfig{
		Topics: in.topics, UserShards: uint32(e.Shards), CampaignShards: campaignShards,
		Settings: correlate.DefaultSettings(), Reference: in.reference, WatermarkDelay: 10 * event.Minute,
		NextChunk: next, Out: out, CutEvery: e.CutEvery, Segments: true,
	})
}

// Whole takes the input from record batches to Parquet files and says how many
// events it held. The error includes a ledger that does not balance.
func (in *Input) Whole(ctx context.Context, e Engine) (events int64, err error) {
	err = inCut(ctx, e.Dir, func(cut *sinks.Cut) error {
		var u kafka.Unpacker
		defer u.Close()
		s, err := in.replay(ctx, e, in.chunks(&u), cut)
		for _, n := range s.Events {
			events += n
		}
		return err
	})
	return events, err
}

// inCut opens a cut over a folder of its own, lets write fill it, makes its files
// durable and removes them.
func inCut(ctx context.Context, under string, write func(*sinks.Cut) error) (err error) {
	dir, err := os.MkdirTemp(under, "adjoin-parts-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := sinks.OpenBucket(ctx, "file://"+filepath.Join(dir, "lake"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	spool := filepath.Join(dir, "spool")
	if err := os.Mkdir(spool, 0o700); err != nil {
		return err
	}
	writer, err := sinks.NewCutWriter(store, sinks.Config{SpoolDir: spool})
	if err != nil {
		return err
	}
	cut, err := writer.NewCut("parts")
	if err != nil {
		return err
	}
	if err := write(cut); err != nil {
		return errors.Join(err, cut.Release())
	}
	_, err = cut.Close(ctx)
	return errors.Join(err, cut.Release())
}

// Live takes an input of impressions through user shards that keep them all, and
// says by how much the heap grew for each: columns, indexes, users, dictionaries
// and reach, everything a user shard remembers, after a cut has taken what is
// only on its way out.
func (in *Input) Live(shards int) (bytesEach float64, live int64, err error) {
	l := liveState{before: heap()}
	for i := range event.Shard(shards) {
		s := correlate.New(correlate.Config{
			Shard: i, Shards: uint32(shards), Reference: in.reference, Settings: correlate.DefaultSettings(), Sink: nowhere{},
		})
		s.Begin(1, 0)
		l.shards = append(l.shards, s)
	}
	if err := l.fill(in); err != nil {
		return 0, 0, err
	}
	after := heap()
	runtime.KeepAlive(in) // its memory is in both
	for _, s := range l.shards {
		live += s.Stats().Live.Impressions
	}
	return (float64(after) - float64(l.before)) / float64(max(live, 1)), live, nil
}

// liveState is a Handler that gives impressions to their shards.
type liveState struct {
	counter
	before uint64
	shards []*correlate.Shard
}

// Impression implements codecs.Handler.
func (l *liveState) Impression(e *event.Impression) {
	l.shards[event.ShardOf(e.Route, uint32(len(l.shards)))].Impression(e)
}

// fill decodes the input, and cuts now and then as a node does.
func (l *liveState) fill(in *Input) error {
	var u kafka.Unpacker
	defer u.Close()
	next := in.chunks(&u)
	decoder := in.topics[0].NewDecoder()
	const cutEvery = 100_000
	number, since := uint64(1), 0
	for {
		c, ok, err := next()
		if err != nil {
			return err
		}
		if ok {
			for i := range c.Records {
				r := &c.Records[i]
				decoder.Decode(&codecs.Record{
					Position: event.Position{Partition: c.Range.Partition, Offset: r.Offset}, Time: r.Time, Key: r.Key, Value: r.Value,
				}, l)
			}
			since += len(c.Records)
		}
		if since >= cutEvery || !ok {
			for _, s := range l.shards {
				s.Cut()
				s.Segment(number == 1)
				s.Begin(number+1, 0)
			}
			number, since = number+1, 0
		}
		if !ok {
			return nil
		}
	}
}

// heap is what lives on the heap.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
