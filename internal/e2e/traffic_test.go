package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/reference"
)

// traffic sends generated events as they come due, until stopped.
type traffic struct {
	gen      *gen.Generator
	producer *kafka.Producer
	stop     chan struct{}
	done     chan struct{}
	sent     int
	err      error // once done is closed
}

// partitions of each topic of generated traffic.
const partitions = 2

// generator is live traffic for the deployment's topics: everything that can
// happen to a record, much more often than in the field.
func generator(t testing.TB, d *deployment, seed uint64, perSecond float64) *gen.Generator {
	t.Helper()
	rates := gen.Dense.Rates()
	rates.Duplicate, rates.BurstDuplicate, rates.Conflict, rates.Malformed = 0.02, 0.2, 0.005, 0.005
	rates.NoImpressionID, rates.NoClickID, rates.Restate, rates.Retract = 0.3, 0.4, 0.1, 0.1
	g, err := gen.New(gen.Config{
		Seed: seed, Preset: gen.Dense, Rates: &rates, Endless: true, Rate: perSecond, Pace: gen.Brisk,
		Start: event.TimeOf(time.Now()), Partitions: partitions, Bids: true, Campaigns: 40, Users: 3000,
		Topics: gen.Topics{
			Bids: d.topic("bids"), Impressions: d.topic("impressions"), Clicks: d.topic("clicks"), Conversions: d.topic("conversions"),
		},
	})
	must(t, err)
	campaigns, creatives := g.Reference()
	c, err := reference.EncodeCampaigns(campaigns)
	must(t, err)
	cr, err := reference.EncodeCreatives(creatives)
	must(t, err)
	d.reference(t, string(c), string(cr))
	return g
}

// send starts to send; finish must be called.
func send(t testing.TB, d *deployment, g *gen.Generator) *traffic {
	t.Helper()
	p, err := kafka.OpenProducer(within(t, time.Minute), d.client(), kafka.ProducerConfig{Compression: "lz4"})
	must(t, err)
	tr := &traffic{gen: g, producer: p, stop: make(chan struct{}), done: make(chan struct{})}
	go tr.run()
	t.Cleanup(func() { tr.end(); p.Close() })
	return tr
}

func (tr *traffic) run() {
	defer close(tr.done)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for tr.err == nil {
		select {
		case <-tr.stop:
			return
		case <-tick.C:
		}
		tr.err = tr.pump(ctx)
	}
}

// pump sends what has come due and waits until it is acknowledged.
func (tr *traffic) pump(ctx context.Context) error {
	var rec gen.Record
	for tr.gen.NextBefore(event.TimeOf(time.Now()), &rec) {
		if err := tr.producer.Send(ctx, event.Partition{Topic: rec.Topic, ID: rec.Partition}, copied(&rec)); err != nil {
			return err
		}
		tr.sent++
	}
	return tr.producer.Flush(ctx)
}

// copied is a record on its own: the generator reuses its slices.
func copied(rec *gen.Record) kafka.Message {
	m := kafka.Message{Time: event.Time(rec.TimestampMS) * event.Time(event.Millisecond)}
	if rec.Key != nil {
		m.Key = append([]byte{}, rec.Key...)
	}
	if rec.Value != nil {
		m.Value = append([]byte{}, rec.Value...)
	}
	return m
}

func (tr *traffic) end() {
	select {
	case <-tr.done:
	default:
		close(tr.stop)
		<-tr.done
	}
}

// finish stops sending and reports the number of records.
func (tr *traffic) finish(t testing.TB) int {
	t.Helper()
	tr.end()
	must(t, tr.err)
	return tr.sent
}
