package actors

import (
	"context"
	"fmt"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/batch"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// router turns the records of one topic into batches, one for each user shard
// that has a part in them. It is the whole of a source but for the fetching.
type router struct {
	decoder  codecs.Decoder
	backfill bool
	poison   map[event.Position]struct{}
	builders []batch.Builder // by shard
	sent     []map[int32]event.Offset
	shards   uint32

	record  codecs.Record // reused
	headers []codecs.Header
	late    event.Rejected // reused for events set aside

	progress map[int32]*progress
}

// progress is what a source knows of one of its partitions.
type progress struct {
	next         event.Offset // everything below has been routed
	records      int64        // since the last cut
	events       int64        // since the last cut
	maxEventTime event.Time   // for the watermark (T3)
	lastIngest   event.Time   // Kafka time of the last record (T7)
	highest      event.Offset // high watermark as of the last fetch
	stable       event.Offset // last stable offset as of the last fetch
	caughtUp     bool
}

// routed is a batch ready to be sent.
type routed struct {
	shard  event.Shard
	bytes  []byte
	events int
}

func newRouter(topic Topic, shards uint32, poison map[event.Position]struct{}) *router {
	r := &router{
		decoder:  topic.NewDecoder(),
		backfill: topic.Backfill,
		poison:   poison,
		builders: make([]batch.Builder, shards),
		sent:     make([]map[int32]event.Offset, shards),
		shards:   shards,
		progress: map[int32]*progress{},
	}
	for i := range r.sent {
		r.sent[i] = map[int32]event.Offset{}
	}
	return r
}

// start sets where a partition begins: the least offset any shard wants.
func (r *router) start(partition int32, from event.Offset) {
	r.progress[partition] = &progress{
		next: from, maxEventTime: event.MinTime, lastIngest: event.MinTime,
	}
	for shard := range r.sent {
		r.sent[shard][partition] = from
	}
}

// route decodes a chunk and appends a batch for each shard with events in it.
// Shards without any learn of the range later, with the next batch or with
// advance.
func (r *router) route(c *kafka.Chunk, out []routed) ([]routed, error) {
	p := r.progress[c.Range.ID]
	if p == nil || p.next != c.Range.From {
		return out, fmt.Errorf("chunk [%d, %d) of %s does not continue the source: a defect, please report it",
			c.Range.From, c.Range.To, c.Range.Partition)
	}
	r.begin(c.Range)
	if c.Bad != nil {
		r.rejectBatch(c)
	}
	for i := range c.Records {
		r.decode(c.Range.Partition, &c.Records[i], p)
	}
	p.highest, p.stable, p.caughtUp = c.HighWatermark, c.LastStable, c.CaughtUp
	return r.finish(c.Range, p, out), nil
}

// begin opens a batch for every shard over a range of one partition.
func (r *router) begin(rng event.Range) {
	for shard := range r.builders {
		r.builders[shard].Reset(event.Range{
			Partition: rng.Partition, From: r.sent[shard][rng.ID], To: rng.To,
		}, event.Shard(shard))
	}
}

// finish appends the batches that hold events.
func (r *router) finish(rng event.Range, p *progress, out []routed) []routed {
	p.next = rng.To
	for shard := range r.builders {
		b := &r.builders[shard]
		if b.Events() == 0 {
			continue
		}
		p.events += int64(b.Events())
		r.sent[shard][rng.ID] = rng.To
		out = append(out, routed{shard: event.Shard(shard), bytes: b.Bytes(), events: b.Events()})
	}
	return out
}

// prepare looks up what the decoder needs for a chunk's records beyond their
// bytes: schemas of a registry.
func (r *router) prepare(ctx context.Context, c *kafka.Chunk) error {
	p, ok := r.decoder.(codecs.Preparer)
	if !ok {
		return nil
	}
	for i := range c.Records {
		r.describe(c.Range.Partition, &c.Records[i])
		if err := p.Prepare(ctx, &r.record); err != nil {
			return err
		}
	}
	return nil
}

func (r *router) decode(partition event.Partition, rec *kafka.Record, p *progress) {
	r.describe(partition, rec)
	r.take(&r.record, p)
}

// describe is the record as the decoders want it, in r.record.
func (r *router) describe(partition event.Partition, rec *kafka.Record) {
	r.headers = r.headers[:0]
	for k, v := range rec.Headers() {
		r.headers = append(r.headers, codecs.Header{Key: []byte(k), Value: v})
	}
	r.record = codecs.Record{
		Position: event.Position{Partition: partition, Offset: rec.Offset},
		Time:     rec.Time, Key: rec.Key, Value: rec.Value, Headers: r.headers, Backfill: r.backfill,
	}
}

// take decodes one record into the builders.
func (r *router) take(rec *codecs.Record, p *progress) {
	p.records++
	p.lastIngest = max(p.lastIngest, rec.Time)
	r.decoder.Decode(rec, r)
}

// rejectBatch gives a batch nobody can decode one row, at its first offset.
func (r *router) rejectBatch(c *kafka.Chunk) {
	reason := event.UnreadableBatch
	if c.Bad.TooLarge {
		reason = event.TooLarge
	}
	pos := event.Position{Partition: c.Range.Partition, Offset: c.Range.From}
	r.Reject(&event.Rejected{
		Envelope: event.Envelope{
			Position: pos, EventTime: event.MinTime, Ingest: event.MinTime,
			Route: event.RouteRecord(pos),
		},
		Reason: reason,
		Detail: fmt.Sprintf("record batch [%d, %d), %d bytes: %s", c.Range.From, c.Range.To, c.Bad.WireBytes, c.Bad.Reason),
	})
}

func (r *router) builder(e *event.Envelope) *batch.Builder {
	p := r.progress[e.ID]
	p.maxEventTime = max(p.maxEventTime, min(e.EventTime, e.Ingest)) // a fast clock does not move the watermark (T1)
	return &r.builders[event.ShardOf(e.Route, r.shards)]
}

// setAside reports whether the event is one that the engine goes on without,
// and sends its rejection.
func (r *router) setAside(e *event.Envelope, kind event.Kind) bool {
	if len(r.poison) == 0 {
		return false
	}
	if _, bad := r.poison[e.Position]; !bad {
		return false
	}
	r.late = event.Rejected{
		Envelope: *e, Reason: event.Poison, Intended: kind,
		Detail: "the engine failed twice on this event and goes on without it; the log has the panic",
	}
	r.late.Route = event.RouteRecord(e.Position)
	r.Reject(&r.late)
	return true
}

// Bid implements codecs.Handler.
func (r *router) Bid(e *event.Bid) {
	if !r.setAside(&e.Envelope, event.KindBid) {
		r.builder(&e.Envelope).Bid(e)
	}
}

// Impression implements codecs.Handler.
func (r *router) Impression(e *event.Impression) {
	if !r.setAside(&e.Envelope, event.KindImpression) {
		r.builder(&e.Envelope).Impression(e)
	}
}

// Click implements codecs.Handler.
func (r *router) Click(e *event.Click) {
	if !r.setAside(&e.Envelope, event.KindClick) {
		r.builder(&e.Envelope).Click(e)
	}
}

// Conversion implements codecs.Handler.
func (r *router) Conversion(e *event.Conversion) {
	if !r.setAside(&e.Envelope, event.KindConversion) {
		r.builder(&e.Envelope).Conversion(e)
	}
}

// Reject implements codecs.Handler.
func (r *router) Reject(e *event.Rejected) {
	r.builders[event.ShardOf(e.Route, r.shards)].Reject(e)
}

// advance is the ranges a shard has not heard of yet, and marks them as sent.
func (r *router) advance(topic string, shard event.Shard) []event.Range {
	var behind []event.Range
	sent := r.sent[shard]
	for partition, p := range r.progress {
		if sent[partition] < p.next {
			behind = append(behind, event.Range{
				Partition: event.Partition{Topic: topic, ID: partition}, From: sent[partition], To: p.next,
			})
			sent[partition] = p.next
		}
	}
	return behind
}
