package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/advertisex/adjoin/actors/campaign"
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/sinks"
)

// replayCut is after how many records a replay cuts. It shows in no final
// table: rows of one key meet only as versions.
const replayCut = 100_000

// ReplayConfig is a bounded run over records at hand: the same decoders, cores
// and rows as a node, without Kafka, clock or network.
type ReplayConfig struct {
	Topics                     []Topic
	UserShards, CampaignShards uint32
	Settings                   correlate.Settings
	Reference                  *reference.Set
	WatermarkDelay             event.Span

	// Next yields the records in any order that keeps the order inside each
	// partition; ok is false at the end.
	Next func() (rec codecs.Record, ok bool, err error)
	// Again yields a record that Next has yielded: a rare one is needed once
	// more, whole (semantics D2, D3). False when it is gone, which ends the run.
	Again func(event.Position) (codecs.Record, bool)
	// NextChunk is asked instead of Next where it is set: whole chunks, as a node
	// fetches them. The chunks of a partition must join.
	NextChunk func() (chunk *kafka.Chunk, ok bool, err error)
	// Out takes the rows of every cut; versions of one key come in order.
	Out sinks.Sink

	// CutEvery is after how many records to cut, 0 for the default.
	CutEvery int
	// Segments makes the segments of every cut, as a node does, and drops them.
	Segments bool
	// Restore puts every shard through its segments after every cut: for tests
	// that state survives.
	Restore bool
}

// Replay runs the records through. The Summary has no files and no commit.
func Replay(ctx context.Context, cfg ReplayConfig) (Summary, error) {
	r, err := newReplay(cfg)
	if err != nil {
		return Summary{}, err
	}
	step := r.nextRecord
	if cfg.NextChunk != nil {
		step = r.nextChunk
	}
	for since := 0; ; {
		n, ok, err := step(ctx)
		if err != nil {
			return Summary{}, err
		}
		if !ok {
			break
		}
		if since += n; since >= r.every {
			since = 0
			if _, err := r.cut(r.watermark()); err != nil {
				return Summary{}, err
			}
			if err := ctx.Err(); err != nil {
				return Summary{}, err
			}
		}
	}
	return r.end()
}

// nextRecord takes one record through; n is 1.
func (r *replay) nextRecord(ctx context.Context) (n int, ok bool, err error) {
	rec, ok, err := r.cfg.Next()
	if err != nil || !ok {
		return 0, false, err
	}
	return 1, true, r.record(ctx, &rec)
}

// nextChunk takes the records of one chunk through; n is how many.
func (r *replay) nextChunk(ctx context.Context) (n int, ok bool, err error) {
	chunk, ok, err := r.cfg.NextChunk()
	if err != nil || !ok {
		return 0, false, err
	}
	return len(chunk.Records), true, r.chunk(ctx, chunk)
}

type replay struct {
	cfg       ReplayConfig
	every     int
	routers   map[string]*router
	users     []*userShard
	campaigns []*campaign.Shard
	segments  map[journal.ShardID][][]byte
	number    uint64
	used      event.Time // the frontier of the last cut
	linked    bool       // a shard has to do with children without a user
	links     []event.Link
	out       []routed
	summary   Summary
}

func newReplay(cfg ReplayConfig) (*replay, error) {
	r := &replay{
		cfg: cfg, every: cfg.CutEvery, routers: map[string]*router{},
		segments: map[journal.ShardID][][]byte{}, number: 1, used: event.MinTime,
	}
	if r.every == 0 {
		r.every = replayCut
	}
	for _, t := range cfg.Topics {
		r.routers[t.Name] = newRouter(t, cfg.UserShards, nil)
	}
	for i := range event.Shard(cfg.UserShards) {
		u := &userShard{id: i, rows: &rowStream{cut: cfg.Out}, vector: event.Vector{}}
		u.core = correlate.New(r.userConfig(u))
		u.core.Begin(r.number, 0)
		r.users = append(r.users, u)
	}
	for i := range event.Shard(cfg.CampaignShards) {
		c := campaign.New(r.campaignConfig(i))
		c.Begin(r.number, 0)
		r.campaigns = append(r.campaigns, c)
	}
	return r, nil
}

func (r *replay) userConfig(u *userShard) correlate.Config {
	return correlate.Config{
		Shard: u.id, Shards: r.cfg.UserShards, CampaignShards: r.cfg.CampaignShards, Reference: r.cfg.Reference, Settings: r.cfg.Settings, Sink: u.rows,
	}
}

func (r *replay) campaignConfig(id event.Shard) campaign.Config {
	return campaign.Config{Shard: id, Shards: r.cfg.CampaignShards, Reference: r.cfg.Reference}
}

// record routes one record and applies what comes of it.
func (r *replay) record(ctx context.Context, rec *codecs.Record) error {
	router := r.routers[rec.Topic]
	if router == nil {
		return fmt.Errorf("a record of topic %q: no topic of that name is configured (kafka.topics)", rec.Topic)
	}
	p := router.progress[rec.ID]
	if p == nil {
		p = router.start(rec.ID, rec.Offset)
	}
	if rec.Offset < p.next {
		return fmt.Errorf("record %s comes after offset %d of its partition: dumps must keep the order inside a partition",
			rec.Position, p.next-1)
	}
	rec.Backfill = router.backfill
	if p, ok := router.decoder.(codecs.Preparer); ok {
		if err := p.Prepare(ctx, rec); err != nil {
			return fmt.Errorf("record %s: %w", rec.Position, err)
		}
	}
	rng := event.Range{Partition: rec.Partition, From: p.next, To: rec.Offset + 1}
	router.begin(rng, p)
	router.take(rec)
	r.out = router.finish(r.out[:0])
	return r.apply()
}

// chunk routes a chunk as a source does and applies what comes of it.
func (r *replay) chunk(ctx context.Context, c *kafka.Chunk) error {
	router := r.routers[c.Range.Topic]
	if router == nil {
		return fmt.Errorf("a chunk of topic %q: no topic of that name is configured (kafka.topics)", c.Range.Topic)
	}
	if router.progress[c.Range.ID] == nil {
		router.start(c.Range.ID, c.Range.From)
	}
	if p, ok := router.decoder.(codecs.Preparer); ok {
		if err := router.prepare(ctx, p, c); err != nil {
			return fmt.Errorf("chunk [%d, %d) of %s: %w", c.Range.From, c.Range.To, c.Range.Partition, err)
		}
	}
	out, err := router.route(c, r.out[:0])
	if r.out = out; err != nil {
		return err
	}
	return r.apply()
}

// apply gives what was routed to the shards.
func (r *replay) apply() error {
	for _, b := range r.out {
		if err := r.users[b.shard].apply(b.bytes); err != nil {
			return err
		}
	}
	return nil
}

// watermark is T3 over all partitions; nothing is idle without a clock.
func (r *replay) watermark() event.Watermark {
	low := event.MaxTime
	for _, router := range r.routers {
		for _, p := range router.progress {
			low = min(low, p.maxEventTime)
		}
	}
	if low == event.MaxTime || low == event.MinTime {
		return event.MinTime
	}
	return low.Add(-r.cfg.WatermarkDelay)
}

func (r *replay) frontier() event.Time {
	low := event.MaxTime
	for _, router := range r.routers {
		for _, p := range router.progress {
			low = min(low, p.lastIngest)
		}
	}
	if low == event.MaxTime {
		return event.MinTime
	}
	return low
}

// cut takes every shard through a cut; more is true while something waits for the
// next. Where children without a user are about, the frontier waits until links
// have gone round (frontier.go).
func (r *replay) cut(watermark event.Watermark) (more bool, err error) {
	for hops := 0; r.restless(); hops++ {
		if _, err := r.cutAt(watermark, r.used); err != nil {
			return false, err
		}
		if len(r.links) == 0 {
			break
		}
		if hops > correlate.LinkHops {
			return false, fmt.Errorf("links between timelines do not come to rest in %d cuts: a defect, please report it", hops)
		}
	}
	r.used = r.frontier()
	more, err = r.cutAt(watermark, r.used)
	return more || len(r.links) > 0, err
}

// restless reports whether links may have to go round.
func (r *replay) restless() bool {
	userless := r.linked
	for _, router := range r.routers {
		userless = userless || router.userless
		router.userless = false
	}
	return userless
}

// cutAt takes every shard through one cut and folds what it changed.
func (r *replay) cutAt(watermark event.Watermark, frontier event.Time) (more bool, err error) {
	var deltas [][]byte
	links := r.links
	r.links, r.linked = nil, false
	deliver(links, r.cfg.UserShards, func(to event.Shard, body []byte) {
		err = errors.Join(err, r.users[to].link([][]byte{body}))
	})
	if err != nil {
		return false, err
	}
	var ledger []correlate.Account
	for _, u := range r.users {
		u.core.Advance(watermark, frontier)
		out := u.core.Cut()
		u.writeCut(out)
		if u.rows.err != nil {
			return false, u.rows.err
		}
		more = more || out.Pending
		r.links, r.linked = append(r.links, out.Links...), r.linked || out.Linked
		if out.Deltas != nil {
			deltas = append(deltas, out.Deltas)
		}
		ledger = append(ledger, cloneLedger(out.Ledger)...)
		if err := r.renew(u); err != nil {
			return false, err
		}
		u.core.Begin(r.number+1, 0)
		if err := r.recall(u, out.Recalls); err != nil {
			return false, err
		}
	}
	for i, c := range r.campaigns {
		for j := range deltas {
			more = true
			if err := c.Fold(deltas[j]); err != nil {
				return false, err
			}
		}
		if err := r.cutCampaign(i, c, watermark, frontier); err != nil {
			return false, err
		}
	}
	r.number++
	r.settle(ledger)
	return more, nil
}

func (r *replay) cutCampaign(i int, c *campaign.Shard, watermark event.Watermark, frontier event.Time) error {
	c.Advance(watermark, frontier)
	if err := writeAggregates(r.cfg.Out, c.Cut()); err != nil {
		return err
	}
	if r.cfg.Restore {
		id := journal.ShardID{Role: journal.Campaign, Shard: event.Shard(i)}
		r.save(id, c.Segment)
		restored, err := campaign.Restore(r.campaignConfig(event.Shard(i)), r.segments[id])
		if err != nil {
			return err
		}
		c = restored
		r.campaigns[i] = c
		c.Advance(watermark, frontier)
	}
	c.Begin(r.number+1, 0)
	return nil
}

// chainLength is how many segments a shard is put through before a base again.
const chainLength = 4

// save adds what a shard has to say since its last segment, or all of it.
func (r *replay) save(id journal.ShardID, segment func(base bool) []byte) {
	base := len(r.segments[id]) == 0 || len(r.segments[id]) == chainLength
	b := segment(base)
	if base {
		r.segments[id] = nil
	}
	if b != nil {
		r.segments[id] = append(r.segments[id], b)
	}
}

// renew replaces a shard's core by what its segments restore.
func (r *replay) renew(u *userShard) error {
	if !r.cfg.Restore {
		if r.cfg.Segments {
			u.core.Segment(r.number == 1)
		}
		return nil
	}
	id := journal.ShardID{Role: journal.User, Shard: u.id}
	r.save(id, u.core.Segment)
	core, err := correlate.Restore(r.userConfig(u), r.segments[id])
	if err != nil {
		return fmt.Errorf("user shard %d: %w", u.id, err)
	}
	u.core = core
	return nil
}

// recall hands a shard the records that it needs once more.
func (r *replay) recall(u *userShard, positions []event.Position) error {
	for _, at := range positions {
		rec, ok := r.cfg.Again(at)
		if !ok {
			return fmt.Errorf("record %s is needed once more and is gone", at)
		}
		topic := r.cfg.Topics[slices.IndexFunc(r.cfg.Topics, func(t Topic) bool { return t.Name == at.Topic })]
		router := newRouter(topic, 1, nil)
		router.record = rec
		again, err := decodeAgain(context.Background(), router, at)
		if err != nil {
			return fmt.Errorf("record %s: %w", at, err)
		}
		u.recall(again)
	}
	return nil
}

// settle adds the cut to the summary.
func (r *replay) settle(ledger []correlate.Account) {
	s := Summary{
		Records: map[string]int64{}, Events: map[string]int64{},
		Classes: map[string]journal.Classes{}, Rows: map[string]int64{}, Commit: journal.NoOffset, Cuts: int64(r.number - 1),
	}
	for topic, router := range r.routers {
		for _, p := range router.progress {
			s.Records[topic] += p.records
			s.Events[topic] += p.events
		}
	}
	for i := range ledger {
		s.Classes[ledger[i].Topic] = plus(s.Classes[ledger[i].Topic], &ledger[i])
	}
	r.summary = s
}

// end closes every window and cuts until nothing waits, then checks that every
// event is accounted for (K2).
func (r *replay) end() (Summary, error) {
	for range maxClosingCuts {
		more, err := r.cut(event.MaxTime)
		if err != nil {
			return Summary{}, err
		}
		if !more {
			break
		}
	}
	for topic, events := range r.summary.Events {
		if sum := r.summary.Classes[topic].Sum(); sum != events {
			return r.summary, fmt.Errorf("%s: %d events were read and %d are accounted for: a defect, please report it", topic, events, sum)
		}
	}
	return r.summary, nil
}
