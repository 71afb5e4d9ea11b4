package actors

import (
	"fmt"
	"slices"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
)

// draft is the commit of the cut but for what writing it adds: the files and
// the segments.
func (c *committer) draft() (*journal.Commit, error) {
	cut := c.cut
	slices.SortFunc(cut.parts, func(a, b *shardCut) int { return a.id.Compare(b.id) })
	commit := &journal.Commit{
		Node: c.node.cfg.Node, Incarnation: c.node.life, Cut: cut.number, Counts: c.node.cfg.counts(),
		ClusterID: c.node.clusterID, TopicIDs: c.node.topicIDs(),
		Watermark: c.watermark, Frontier: c.frontier, Time: cut.at,
	}
	var accounts []correlate.Account
	for _, p := range cut.parts {
		last, known := c.chain[p.id]
		s := journal.ShardCut{
			ID: p.id, Epoch: c.node.epoch, Previous: journal.NoOffset,
			Cut: uint64(p.number), Vector: p.vector, Base: p.base,
		}
		if known {
			s.Previous = last.Offset
			if !p.base {
				s.Segments = slices.Clone(last.Segments)
			}
		}
		commit.Shards = append(commit.Shards, s)
		accounts = append(accounts, p.ledger...)
		if p.deltas != nil {
			cut.deltas = append(cut.deltas, p.deltas)
		}
	}
	ledger, err := c.ledger.add(accounts, cut.reports)
	commit.Ledger = ledger
	if err == nil {
		err = cut.agree()
	}
	if err == nil {
		err = commit.Balanced()
	}
	if err != nil {
		return nil, fmt.Errorf("cut %d does not add up, so it is not committed: %w; "+
			"records would be lost or counted twice; please report this with the log", cut.number, err)
	}
	return commit, nil
}

// agree checks that every user shard has applied all that the sources had routed
// when they stood still. A mailbox keeps its order, so anything else is a defect,
// and its state must not be committed.
func (c *openCut) agree() error {
	for _, r := range c.reports {
		for partition, p := range r.progress {
			for _, part := range c.parts {
				if part.id.Role != journal.User {
					continue
				}
				if at := part.vector[partition]; at < p.next {
					return fmt.Errorf("%s is at offset %d of %s and its source at %d", part.id, at, partition, p.next)
				}
			}
		}
	}
	return nil
}

// changes reports whether the cut holds anything worth a commit. That a campaign
// shard has folded a commit is worth one only when there was something to fold,
// or else every commit would call for the next.
func (c *openCut) changes(chain map[journal.ShardID]journal.Committed, folded bool) bool {
	for _, p := range c.parts {
		last, known := chain[p.id]
		if !known || p.segment != nil || p.rows > 0 || p.deltas != nil {
			return true
		}
		if (folded || p.id.Role == journal.User) && !sameVector(last.Vector, p.vector) {
			return true
		}
	}
	return false
}

func sameVector(a, b event.Vector) bool {
	if len(a) != len(b) {
		return false
	}
	for p, o := range a {
		if have, ok := b[p]; !ok || have != o {
			return false
		}
	}
	return true
}

// ledgers is the conservation ledger of the node's partitions as of the last
// valid commit (ST4).
type ledgers struct {
	totals map[event.Partition]journal.Classes
}

// add is what the cut adds: the classes by what the shards account for, the
// records and events by what the sources counted. That the two agree is what
// makes a commit balanced.
func (l *ledgers) add(accounts []correlate.Account, reports map[string]*stoodStill) ([]journal.PartitionLedger, error) {
	sums := map[event.Partition]journal.Classes{}
	for i := range accounts {
		a := &accounts[i]
		sums[a.Partition] = plus(sums[a.Partition], a)
	}
	var out []journal.PartitionLedger
	for _, r := range reports {
		for partition, p := range r.progress {
			total := journal.PartitionLedger{Classes: sums[partition]}
			before := journal.PartitionLedger{Classes: l.totals[partition]}
			added := total.Minus(before)
			added.Partition, added.To = partition, p.next
			added.Records, added.Events = p.records, p.events
			delete(sums, partition)
			out = append(out, added)
		}
	}
	for partition, sum := range sums {
		if sum.Sum() != l.totals[partition].Sum() {
			return nil, fmt.Errorf("%s: shards account for %d events, the commits before for %d, and no source reads it",
				partition, sum.Sum(), l.totals[partition].Sum())
		}
	}
	slices.SortFunc(out, func(a, b journal.PartitionLedger) int { return a.Partition.Compare(b.Partition) })
	return out, nil
}

// settle makes a valid commit's additions part of the totals.
func (l *ledgers) settle(added []journal.PartitionLedger) {
	for _, a := range added {
		total := journal.PartitionLedger{Classes: l.totals[a.Partition]}
		l.totals[a.Partition] = total.Plus(journal.PartitionLedger{Classes: a.Classes}).Classes
	}
}

func plus(c journal.Classes, a *correlate.Account) journal.Classes {
	c.Fact += a.Facts
	c.DupExact += a.Duplicates
	c.IDConflict += a.Conflicts
	c.Erased += a.Erased
	for reason, n := range a.Rejected {
		if n == 0 {
			continue
		}
		if c.Rejected == nil {
			c.Rejected = map[string]int64{}
		}
		c.Rejected[event.Reason(reason).String()] += n
	}
	return c
}
