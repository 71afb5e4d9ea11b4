package actors

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/codecs/batch"
	"github.com/advertisex/adjoin/internal/event"
)

// userShard is the shell around one correlate.Shard: it keeps the vector and
// moves batches in and rows out.
type userShard struct {
	node    *node
	id      event.Shard
	core    *correlate.Shard
	rows    *rowStream
	vector  event.Vector
	reader  batch.Reader
	growth  growth
	current event.Position // being applied, zero between batches: what a panic is about
	broken  bool           // failed half-way: its state must not be cut
	changed bool           // since the last segment
	probe   func(event.Kind, event.Position) bool
}

// Receive implements actor.Actor.
func (u *userShard) Receive(ctx actor.Context) {
	defer u.blame()
	if u.broken {
		return
	}
	var err error
	switch m := ctx.Message().(type) {
	case *apply:
		started := time.Now()
		err = u.apply(m.bytes)
		u.node.stats.busy(stageCorrelate, time.Since(started))
		ctx.Send(m.from, &credit{bytes: len(m.bytes), chunk: m.chunk})
	case *advance:
		for _, r := range m.ranges {
			if err = u.advance(r); err != nil {
				break
			}
		}
	case *linked:
		err = u.link(m.bodies)
	case *recall:
		u.recall(m)
	case *takeCut:
		started := time.Now()
		err = u.cut(ctx, m)
		u.node.stats.busy(stageCorrelate, time.Since(started))
	}
	if err != nil {
		u.broken = true
		u.node.fail(fmt.Errorf("user shard %d: %w", u.id, err))
	}
}

// blame passes a panic on to the supervisor and says which event was being
// applied, if one was.
func (u *userShard) blame() {
	if reason := recover(); reason != nil {
		u.broken = true
		if u.current.Topic != "" {
			u.node.panicked(u.current)
		}
		u.node.log.Error("a user shard panicked", "shard", u.id, "position", u.current.String(),
			"panic", reason, "stack", string(debug.Stack()))
		panic(reason)
	}
}

// apply puts one batch through the core, as far as it is new.
func (u *userShard) apply(b []byte) error {
	if err := u.reader.Open(b); err != nil {
		return err
	}
	r := u.reader.Range()
	have, err := u.continues(r)
	if err != nil {
		return err
	}
	for u.reader.Next() {
		if run := u.reader.Run(); run != nil {
			u.core.Ahead(run)
		}
		u.one(have)
	}
	u.current, u.changed = event.Position{}, true
	if err := u.reader.Err(); err != nil {
		return err
	}
	u.vector[r.Partition] = max(have, r.To)
	return u.rows.err
}

// one applies the event the reader stands at, unless the shard has it already.
func (u *userShard) one(have event.Offset) {
	env := u.reader.Envelope()
	if env.Offset < have {
		return
	}
	u.current = env.Position
	if u.probe != nil && !u.probe(u.reader.Kind(), env.Position) {
		return
	}
	switch u.reader.Kind() {
	case event.KindBid:
		u.core.Bid(u.reader.Bid())
	case event.KindImpression:
		u.core.Impression(u.reader.Impression())
	case event.KindClick:
		u.core.Click(u.reader.Click())
	case event.KindConversion:
		u.core.Conversion(u.reader.Conversion())
	case event.KindRejected:
		u.core.Reject(u.reader.Rejected())
	}
}

// continues is the offset the shard wants next in the range's partition. A
// range that begins beyond it has a hole before it: messages between actors of
// one process are not lost, so that is a defect and never skipped over.
func (u *userShard) continues(r event.Range) (event.Offset, error) {
	have, known := u.vector[r.Partition]
	if !known {
		return r.From, nil
	}
	if r.From > have {
		return 0, fmt.Errorf("range [%d, %d) of %s leaves a hole after %d", r.From, r.To, r.Partition, have)
	}
	return have, nil
}

func (u *userShard) advance(r event.Range) error {
	have, err := u.continues(r)
	if err != nil {
		return err
	}
	u.vector[r.Partition] = max(have, r.To)
	return nil
}

// recall hands a record over to the core again, whole.
func (u *userShard) recall(m *recall) {
	u.current = m.at
	for i := range m.bids {
		u.core.RecallBid(&m.bids[i])
	}
	for i := range m.impressions {
		u.core.RecallImpression(&m.impressions[i])
	}
	u.current, u.changed = event.Position{}, true
}

// link applies what other timelines said.
func (u *userShard) link(bodies [][]byte) error {
	for _, b := range bodies {
		if err := u.core.Link(b); err != nil {
			return fmt.Errorf("a link of another shard: %w", err)
		}
	}
	u.changed = true
	return nil
}

// cut closes the shard's part of the open cut and begins the next.
func (u *userShard) cut(ctx actor.Context, m *takeCut) error {
	u.core.Advance(m.watermark, m.frontier)
	out := u.core.Cut()
	u.writeCut(out)
	if u.rows.err != nil {
		return u.rows.err
	}
	stats := u.core.Stats()
	c := &shardCut{
		id: journal.ShardID{Role: journal.User, Shard: u.id}, number: m.number,
		vector: u.vector.Clone(), pending: out.Pending, rows: u.rows.written,
		ledger: cloneLedger(out.Ledger), held: stats.Live.Bytes.Total(), recalls: slices.Clone(out.Recalls),
		links: out.Links, linked: out.Linked,
	}
	c.deltas = out.Deltas
	// Ranges without events change the vector, which is in the commit, not the
	// state: a quiet shard writes no segment.
	if u.changed || c.rows > 0 || c.deltas != nil || u.growth.segments == 0 {
		c.segment, c.base = u.growth.segment(u.core.Segment)
		u.changed = len(out.Links) > 0 // the next state is without them
	}
	u.node.stats.shard(u.id, stats)
	u.rows.cut, u.rows.written = m.next, 0
	u.core.Begin(uint64(m.number)+1, m.at)
	ctx.Send(u.node.committer, c)
	return nil
}

// writeCut gives the cut's rows to its files; an error stays in u.rows.
func (u *userShard) writeCut(out *correlate.Cut) {
	u.rows.flush()
	write(u.rows, out.Wins, u.rows.cut.WriteWins)
	write(u.rows, out.Clicks, u.rows.cut.WriteClicks)
	write(u.rows, out.Conversions, u.rows.cut.WriteConversions)
	write(u.rows, out.Attributions, u.rows.cut.WriteAttributions)
	write(u.rows, out.Rejected, u.rows.cut.WriteRejected)
}

func cloneLedger(ledger []correlate.Account) []correlate.Account {
	out := make([]correlate.Account, len(ledger))
	for i, a := range ledger {
		a.Rejected = append([]int64(nil), a.Rejected...)
		out[i] = a
	}
	return out
}
