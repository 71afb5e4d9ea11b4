package actors

import (
	"context"
	"fmt"
	"time"

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
	shards   uint32
	progress map[int32]*progress
	userless bool // a child without a user has come since the last cut

	// Of the range under way. A builder is opened by the first event for its
	// shard: most ranges of a quiet topic concern a single one.
	rng      event.Range
	at       *progress
	builders []batch.Builder // by shard
	opened   []bool          // by shard
	open     []event.Shard

	record  codecs.Record // reused
	headers []codecs.Header
	late    event.Rejected // reused for events set aside
}

// progress is what a source knows of one of its partitions.
type progress struct {
	next         event.Offset // everything below has been routed
	records      int64        // since the last cut
	events       int64        // since the last cut
	maxEventTime event.Time   // for the watermark (T3), MinTime before the first event
	lastIngest   event.Time   // Kafka time of the last record (T7)
	stable       event.Offset // last stable offset as of the last answer
	caughtUp     bool         // read to its end, and the broker answers
	idle         bool         // silent for so long that the watermark does not wait for it

	seen time.Time      // when the last record came
	sent []event.Offset // by shard: ranges up to here have been sent
}

// routed is a batch ready to be sent.
type routed struct {
	shard event.Shard
	bytes []byte
}

func newRouter(topic Topic, shards uint32, poison map[event.Position]struct{}) *router {
	return &router{
		decoder:  topic.NewDecoder(),
		backfill: topic.Backfill,
		poison:   poison,
		shards:   shards,
		progress: map[int32]*progress{},
		builders: make([]batch.Builder, shards),
		opened:   make([]bool, shards),
	}
}

// start sets where a partition begins: the least offset any shard wants.
func (r *router) start(partition int32, from event.Offset) *progress {
	p := &progress{
		next: from, maxEventTime: event.MinTime, lastIngest: event.MinTime,
		sent: make([]event.Offset, r.shards),
	}
	for shard := range p.sent {
		p.sent[shard] = from
	}
	r.progress[partition] = p
	return p
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
	r.begin(c.Range, p)
	if c.Bad != nil {
		r.rejectBatch(c)
	}
	for i := range c.Records {
		r.describe(c.Range.Partition, &c.Records[i])
		r.take(&r.record)
	}
	p.stable = c.LastStable
	return r.finish(out), nil
}

// begin starts a range of one partition.
func (r *router) begin(rng event.Range, p *progress) { r.rng, r.at = rng, p }

// builder is the open batch of the shard that a routing key belongs to.
func (r *router) builder(route event.Route) *batch.Builder {
	shard := event.ShardOf(route, r.shards)
	b := &r.builders[shard]
	if !r.opened[shard] {
		b.Reset(event.Range{Partition: r.rng.Partition, From: r.at.sent[shard], To: r.rng.To}, shard)
		r.opened[shard] = true
		r.open = append(r.open, shard)
	}
	return b
}

// finish ends the range and appends its batches.
func (r *router) finish(out []routed) []routed {
	p := r.at
	p.next = r.rng.To
	for _, shard := range r.open {
		b := &r.builders[shard]
		p.events += int64(b.Events())
		p.sent[shard] = r.rng.To
		r.opened[shard] = false
		out = append(out, routed{shard: shard, bytes: b.Bytes()})
	}
	r.open = r.open[:0]
	r.record = codecs.Record{} // no panic from here on is about it
	return out
}

// prepare looks up what the decoder needs for a chunk's records beyond their
// bytes: schemas of a registry.
func (r *router) prepare(ctx context.Context, p codecs.Preparer, c *kafka.Chunk) error {
	for i := range c.Records {
		r.describe(c.Range.Partition, &c.Records[i])
		if err := p.Prepare(ctx, &r.record); err != nil {
			return err
		}
	}
	return nil
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
func (r *router) take(rec *codecs.Record) {
	r.at.records++
	r.at.lastIngest = max(r.at.lastIngest, rec.Time)
	if len(r.poison) > 0 && r.poisoned(rec) {
		return
	}
	r.decoder.Decode(rec, r)
}

// poisoned rejects a record that no decoder is to see any more.
func (r *router) poisoned(rec *codecs.Record) bool {
	whole := wholeRecord(rec.Position)
	if _, bad := r.poison[whole]; !bad {
		return false
	}
	r.late = event.Rejected{
		Envelope: event.Envelope{
			Position: rec.Position, EventTime: event.MinTime, Ingest: rec.Time, Route: event.RouteRecord(rec.Position),
		},
		Reason: event.Poison, Detail: poisonDetail,
	}
	r.Reject(&r.late)
	return true
}

// poisonDetail is what the row of an event that was set aside says.
const poisonDetail = "the engine failed twice on this event and goes on without it; the log has the panic"

// wholeRecord is how a record is named that panicked while it was decoded: its
// lines are not known.
func wholeRecord(p event.Position) event.Position {
	p.Line = -1
	return p
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

// of is the open batch of an event's shard. An event moves the watermark, but a
// fast clock does not (T1).
func (r *router) of(e *event.Envelope) *batch.Builder {
	r.at.maxEventTime = max(r.at.maxEventTime, min(e.EventTime, e.Ingest))
	return r.builder(e.Route)
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
	r.late = event.Rejected{Envelope: *e, Reason: event.Poison, Intended: kind, Detail: poisonDetail}
	r.late.Route = event.RouteRecord(e.Position)
	r.Reject(&r.late)
	return true
}

// Bid implements codecs.Handler.
func (r *router) Bid(e *event.Bid) {
	if !r.setAside(&e.Envelope, event.KindBid) {
		r.of(&e.Envelope).Bid(e)
	}
}

// Impression implements codecs.Handler.
func (r *router) Impression(e *event.Impression) {
	if !r.setAside(&e.Envelope, event.KindImpression) {
		r.of(&e.Envelope).Impression(e)
	}
}

// Click implements codecs.Handler.
func (r *router) Click(e *event.Click) {
	r.userless = r.userless || e.UserID == ""
	if !r.setAside(&e.Envelope, event.KindClick) {
		r.of(&e.Envelope).Click(e)
	}
}

// Conversion implements codecs.Handler.
func (r *router) Conversion(e *event.Conversion) {
	r.userless = r.userless || e.UserID == ""
	if !r.setAside(&e.Envelope, event.KindConversion) {
		r.of(&e.Envelope).Conversion(e)
	}
}

// Reject implements codecs.Handler.
func (r *router) Reject(e *event.Rejected) {
	r.builder(e.Route).Reject(e)
}

// advance is the ranges a shard has not heard of yet, and marks them as sent.
func (r *router) advance(topic string, shard event.Shard) []event.Range {
	var behind []event.Range
	for partition, p := range r.progress {
		if p.sent[shard] < p.next {
			behind = append(behind, event.Range{
				Partition: event.Partition{Topic: topic, ID: partition}, From: p.sent[shard], To: p.next,
			})
			p.sent[shard] = p.next
		}
	}
	return behind
}
