package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/advertisex/adjoin/actors/campaign"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/sinks"
)

// campaignShard is the shell around one campaign.Shard.
type campaignShard struct {
	node   *node
	id     event.Shard
	core   *campaign.Shard
	cut    sinks.Sink
	folded event.Offset // next journal offset to fold
	growth growth
	broken bool // failed half-way: its state must not be cut
}

// Receive implements actor.Actor.
func (c *campaignShard) Receive(ctx actor.Context) {
	if c.broken {
		return
	}
	started := time.Now()
	var err error
	switch m := ctx.Message().(type) {
	case *fold:
		if err = c.fold(m); err != nil {
			err = fmt.Errorf("folding the commit at journal offset %d: %w", m.offset, err)
		}
	case *takeCut:
		err = c.takeCut(ctx, m)
	default:
		return
	}
	c.node.stats.busy(stageAggregate, time.Since(started))
	if err != nil {
		c.broken = true
		c.node.fail(fmt.Errorf("campaign shard %d: %w", c.id, err))
	}
}

// fold adds a valid commit's deltas. What was folded before is passed over, so
// a journal that is read again changes nothing.
func (c *campaignShard) fold(m *fold) error {
	if m.offset < c.folded {
		return nil
	}
	for _, b := range m.deltas {
		if err := c.core.Fold(b); err != nil {
			return err
		}
	}
	c.folded = m.offset + 1
	return nil
}

func (c *campaignShard) takeCut(ctx actor.Context, m *takeCut) error {
	c.core.Advance(m.watermark, m.frontier)
	out := c.core.Cut()
	if err := writeAggregates(c.cut, out); err != nil {
		return err
	}
	segment, base := c.growth.segment(c.core.Segment)
	stats := c.core.Stats()
	c.node.stats.campaign(c.id, stats)
	c.cut = m.next
	c.core.Begin(uint64(m.number)+1, m.at)
	ctx.Send(c.node.committer, &shardCut{
		id: journal.ShardID{Role: journal.Campaign, Shard: c.id}, number: m.number,
		segment: segment, base: base, held: stats.Bytes,
		vector: event.Vector{journal.JournalPartition(): c.folded},
		rows:   int64(out.Rows()),
	})
	return nil
}

// writeAggregates gives the rows of a campaign shard's cut to a sink.
func writeAggregates(to sinks.Sink, out *campaign.Cut) error {
	return errors.Join(
		writeRows(out.Minutes, to.WriteCampaignMinutes), writeRows(out.Hours, to.WriteCampaignHours),
		writeRows(out.Days, to.WriteCampaignDays), writeRows(out.Sites, to.WriteSiteDays),
		writeRows(out.Pipeline, to.WritePipelineMinutes),
	)
}

func writeRows[R any](rows []R, to func([]R) error) error {
	if len(rows) == 0 {
		return nil
	}
	return to(rows)
}
