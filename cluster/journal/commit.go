package journal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// A commit is valid when, at its place in the journal,
//
//   - it speaks of the cluster, the topics and the shard counts that the valid
//     commits before it spoke of, and its ledger balances;
//   - every shard in it is under the epoch it names, claimed by its author and not
//     released since (I6);
//   - every shard's Previous is that shard's last valid commit (I1), its cut
//     number is greater and its vector nowhere smaller (I2);
//   - no campaign shard claims to have folded more than lies before the commit.
//
// One shard that fails makes the whole commit void: its files and ledger belong
// to all its shards together, so half of it cannot be true.

// commit judges first and changes the state only if the whole commit is valid.
func (s *State) commit(offset event.Offset, c *Commit) Verdict {
	if v := s.judgeWorld(c); !v.Valid() {
		return v
	}
	for i := range c.Shards {
		if v := s.judgeShard(offset, c, &c.Shards[i]); !v.Valid() {
			return v
		}
	}
	var unneeded []SegmentRef
	for i := range c.Shards {
		unneeded = s.advance(unneeded, offset, c, &c.Shards[i])
	}
	for _, l := range c.Ledger {
		sum := s.ledger[l.Partition].Plus(l)
		sum.Partition = l.Partition
		s.ledger[l.Partition] = sum
	}
	s.counts = c.Counts
	s.clusterID = cmp.Or(s.clusterID, c.ClusterID)
	maps.Copy(s.topicIDs, c.TopicIDs)
	return Verdict{Unneeded: s.fold(unneeded)}
}

// advance takes over one shard of a valid commit and appends to unneeded the
// state segments that served only the commits before.
func (s *State) advance(unneeded []SegmentRef, offset event.Offset, c *Commit, cut *ShardCut) []SegmentRef {
	sh := s.shards[cut.ID]
	before := sh.last.Segments
	sh.committed = true
	sh.last = Committed{
		Offset: offset, Number: c.Cut, Time: c.Time,
		Watermark: c.Watermark, Frontier: c.Frontier, ShardCut: *cut,
	}
	if len(cut.Deltas) > 0 {
		sh.pending = append(slices.Clip(sh.pending), pending{offset: offset, deltas: cut.Deltas})
	}
	s.shards[cut.ID] = sh
	return appendUnneeded(unneeded, before, &sh)
}

// fold lets go of the deltas that every campaign shard has folded and appends
// them to unneeded, in shard order, unless they are part of the state as well.
func (s *State) fold(unneeded []SegmentRef) []SegmentRef {
	wanted := s.Wanted()
	for _, id := range s.Shards() {
		sh := s.shards[id]
		n := 0
		for n < len(sh.pending) && sh.pending[n].offset < wanted {
			n++
		}
		if n == 0 {
			continue
		}
		folded := sh.pending[:n]
		if sh.pending = slices.Clone(sh.pending[n:]); len(sh.pending) == 0 {
			sh.pending = nil
		}
		s.shards[id] = sh
		for _, p := range folded {
			unneeded = appendUnneeded(unneeded, p.deltas, &sh)
		}
	}
	return unneeded
}

// judgeWorld checks what a commit says for all its shards.
func (s *State) judgeWorld(c *Commit) Verdict {
	if len(c.Shards) == 0 {
		return Verdict{Reason: NoShards, Detail: "the commit names none"}
	}
	if s.counts != (ShardCounts{}) && c.Counts != s.counts {
		return Verdict{Reason: ShardCountChanged, Detail: fmt.Sprintf("%d user and %d campaign shards, the journal was begun with %d and %d; start the node with those",
			c.Counts.User, c.Counts.Campaign, s.counts.User, s.counts.Campaign)}
	}
	if s.clusterID != "" && c.ClusterID != "" && c.ClusterID != s.clusterID {
		return Verdict{Reason: ClusterChanged, Detail: fmt.Sprintf("cluster %q, the journal's vectors count in %q", c.ClusterID, s.clusterID)}
	}
	for _, topic := range slices.Sorted(maps.Keys(c.TopicIDs)) {
		if known, ok := s.topicIDs[topic]; ok && known != c.TopicIDs[topic] {
			return Verdict{Reason: TopicChanged, Detail: fmt.Sprintf("topic %s has id %x, the journal's vectors count in %x: it was created again", topic, c.TopicIDs[topic], known)}
		}
	}
	if err := c.Balanced(); err != nil {
		return Verdict{Reason: Unbalanced, Detail: err.Error()}
	}
	return Verdict{}
}

// judgeShard checks one shard of a commit against what the journal says of it.
func (s *State) judgeShard(offset event.Offset, c *Commit, cut *ShardCut) Verdict {
	void := func(r Reason, format string, args ...any) Verdict {
		return Verdict{Reason: r, Shard: cut.ID, Detail: fmt.Sprintf(format, args...)}
	}
	if n := c.Counts.Of(cut.ID.Role); uint32(cut.ID.Shard) >= n {
		return void(UnknownShard, "there are %d shards of its role", n)
	}
	sh, ok := s.shards[cut.ID]
	own := sh.owner
	switch {
	case !ok:
		return void(UnknownShard, "nobody has claimed it")
	case cut.Epoch != own.Epoch:
		return void(StaleEpoch, "names claim %d, the latest is %d by %s", cut.Epoch, own.Epoch, own.Node)
	case c.Node != own.Node || c.Incarnation != own.Incarnation:
		return void(NotOwner, "by %s/%d, claim %d is of %s/%d", c.Node, c.Incarnation, own.Epoch, own.Node, own.Incarnation)
	case own.Released:
		return void(AfterRelease, "%s released it before", own.Node)
	}
	last := NoOffset
	if sh.committed {
		last = sh.last.Offset
	}
	switch {
	case cut.Previous != last:
		return void(BrokenChain, "follows commit %d, the last valid one is %d", cut.Previous, last)
	case sh.committed && cut.Cut <= sh.last.Cut:
		return void(CutWentBack, "cut %d after cut %d", cut.Cut, sh.last.Cut)
	}
	if p, bad := wentBack(sh.last.Vector, cut.Vector); bad {
		return void(VectorWentBack, "%s at %d after %d", p, cut.Vector[p], sh.last.Vector[p])
	}
	if to, ok := cut.Vector[JournalPartition()]; cut.ID.Role == Campaign && (!ok || to > offset) {
		return void(VectorAhead, "has folded the journal up to %d", to)
	}
	return Verdict{}
}

// wentBack is the first partition, in order, that is further in before than in
// after, or missing in after.
func wentBack(before, after event.Vector) (first event.Partition, bad bool) {
	for p, o := range before {
		if to, ok := after[p]; ok && to >= o {
			continue
		}
		if !bad || p.Compare(first) < 0 {
			first, bad = p, true
		}
	}
	return first, bad
}

// appendUnneeded appends those of refs that the shard does not need any more.
func appendUnneeded(dst, refs []SegmentRef, sh *shard) []SegmentRef {
	for _, r := range refs {
		if !sh.needs(r.Key) {
			dst = append(dst, r)
		}
	}
	return dst
}
