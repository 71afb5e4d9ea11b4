package journal

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// State is the fold of the journal up to an offset: owners, last valid commits,
// nodes and ledger totals. Same records, same state, on every reader. The zero
// value is not ready: use NewState or Recover. One goroutine owns it.
type State struct {
	applied event.Offset // of the last record applied, NoOffset for none

	shards map[ShardID]shard
	nodes  map[NodeID]node
	ledger map[event.Partition]PartitionLedger

	// What the valid commits have said of the world; zero until one has.
	counts    ShardCounts
	clusterID string
	topicIDs  map[string]TopicID
}

// shard is what the journal says of one shard. A shard is in State.shards once
// it was claimed. committed is false until it has a valid commit.
type shard struct {
	owner     Ownership
	committed bool
	last      Committed
	pending   []pending // deltas some campaign shard has yet to fold, oldest first
}

// pending are the deltas of the commit at offset. Never changed once made: clones
// of a state share it.
type pending struct {
	offset event.Offset
	deltas []SegmentRef
}

// needs says whether a segment is part of the state or waits to be folded.
func (sh *shard) needs(key string) bool {
	if named(sh.last.Segments, key) {
		return true
	}
	return slices.ContainsFunc(sh.pending, func(p pending) bool { return named(p.deltas, key) })
}

func named(refs []SegmentRef, key string) bool {
	return slices.ContainsFunc(refs, func(r SegmentRef) bool { return r.Key == key })
}

// Ownership is who may commit a shard: Node in its life Incarnation, since the
// claim at offset Epoch. Released says that it has given the shard back, so that
// anyone may claim it without waiting.
type Ownership struct {
	Node        NodeID
	Incarnation Incarnation
	Epoch       Epoch
	Released    bool
}

// Committed is a shard's part of a valid commit, with what the commit says for
// all its shards.
type Committed struct {
	Offset    event.Offset // of the commit in the journal
	Number    CutNumber    // Commit.Cut
	Time      event.Time
	Watermark event.Watermark
	Frontier  event.Time
	ShardCut
}

// NewState is the state before the first record of a journal.
func NewState() *State {
	return &State{
		applied:  NoOffset,
		shards:   map[ShardID]shard{},
		nodes:    map[NodeID]node{},
		ledger:   map[event.Partition]PartitionLedger{},
		topicIDs: map[string]TopicID{},
	}
}

// Apply folds in the record at offset and says what it did. Records come in
// offset order, gaps are fine; one at or below Applied changes nothing. rec is as
// Decode returned it and belongs to the state from now on.
func (s *State) Apply(offset event.Offset, rec Record) Verdict {
	if offset <= s.applied {
		return Verdict{Reason: AlreadyApplied, Detail: fmt.Sprintf("offset %d, the state is at %d", offset, s.applied)}
	}
	s.applied = offset
	switch r := rec.(type) {
	case *Claim:
		return s.claim(offset, r)
	case *Release:
		return s.release(offset, r)
	case *Heartbeat:
		return s.heartbeat(offset, r)
	case *Commit:
		return s.commit(offset, r)
	}
	return Verdict{} // a snapshot repeats what the state has
}

// Applied is the offset of the last record applied, NoOffset for none.
func (s *State) Applied() event.Offset { return s.applied }

// claim makes the claimant the owner of all shards named, or of none.
func (s *State) claim(offset event.Offset, c *Claim) Verdict {
	if len(c.Shards) == 0 {
		return Verdict{Reason: NoShards, Detail: "the claim names none"}
	}
	if v := s.enter(offset, c.Node, c.Incarnation, c.Shards); !v.Valid() {
		return v
	}
	var lost losses
	for _, id := range c.Shards {
		sh, claimed := s.shards[id]
		if own := sh.owner; claimed && !own.Released && (own.Node != c.Node || own.Incarnation != c.Incarnation) {
			lost.add(own, id)
		}
		sh.owner = Ownership{Node: c.Node, Incarnation: c.Incarnation, Epoch: Epoch(offset)}
		s.shards[id] = sh
	}
	return Verdict{Lost: lost.sorted()}
}

func (s *State) release(offset event.Offset, r *Release) Verdict {
	if len(r.Shards) == 0 {
		return Verdict{Reason: NoShards, Detail: "the release names none"}
	}
	if v := s.enter(offset, r.Node, r.Incarnation, nil); !v.Valid() {
		return v
	}
	for _, id := range r.Shards {
		sh, claimed := s.shards[id]
		if claimed && sh.owner.Node == r.Node && sh.owner.Incarnation == r.Incarnation {
			sh.owner.Released = true
			s.shards[id] = sh
		}
	}
	return Verdict{}
}

// losses collects who lost what; claims take from few nodes, so a list will do.
type losses []Loss

func (l *losses) add(from Ownership, id ShardID) {
	for i := range *l {
		if (*l)[i].Node == from.Node && (*l)[i].Incarnation == from.Incarnation {
			(*l)[i].Shards = append((*l)[i].Shards, id)
			return
		}
	}
	*l = append(*l, Loss{Node: from.Node, Incarnation: from.Incarnation, Shards: []ShardID{id}})
}

func (l losses) sorted() []Loss {
	slices.SortFunc(l, compareLoss)
	return l
}

// Owner is who may commit a shard; false when nobody has claimed it.
func (s *State) Owner(id ShardID) (Ownership, bool) {
	sh, ok := s.shards[id]
	return sh.owner, ok
}

// LastCommit is a shard's last valid commit: what its next owner restores from.
// False when there is none: the shard starts empty.
func (s *State) LastCommit(id ShardID) (Committed, bool) {
	sh := s.shards[id]
	return sh.last, sh.committed
}

// Shards are the shards that were ever claimed, in order.
func (s *State) Shards() []ShardID {
	return slices.SortedFunc(maps.Keys(s.shards), ShardID.Compare)
}

// Owned are the shards of a node's life that are neither lost nor released.
func (s *State) Owned(n NodeID, life Incarnation) []ShardID {
	var ids []ShardID
	for id, sh := range s.shards {
		if sh.owner.Node == n && sh.owner.Incarnation == life && !sh.owner.Released {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, ShardID.Compare)
	return ids
}

// Counts is the number of shards per role, zero before the first valid commit.
func (s *State) Counts() ShardCounts { return s.counts }

// ClusterID is the Kafka cluster the vectors count in, empty while unknown.
func (s *State) ClusterID() string { return s.clusterID }

// TopicID is the id of a source topic the vectors count in, false while unknown.
func (s *State) TopicID(topic string) (TopicID, bool) {
	id, ok := s.topicIDs[topic]
	return id, ok
}

// LiveSegments are the segments still needed, in shard order, oldest first: those
// the last valid commits name, and the deltas that wait for campaign shards. Any
// other segment is garbage or of a cut in the making.
func (s *State) LiveSegments() []SegmentRef {
	var live []SegmentRef
	for _, id := range s.Shards() {
		sh := s.shards[id]
		live = append(live, sh.last.Segments...)
		for _, p := range sh.pending {
			for _, r := range p.deltas {
				if !named(sh.last.Segments, r.Key) {
					live = append(live, r)
				}
			}
		}
	}
	return live
}

// Garbage says whether a segment key, or a chunk's key, can never be needed: it
// is not live, and it is of an earlier epoch than the shard's, or of a cut the
// shard's commits have passed. Keys it cannot read are not garbage.
func (s *State) Garbage(key string) bool {
	id, epoch, cut, part, err := ParseSegmentKey(key)
	if err != nil {
		return false
	}
	sh, ok := s.shards[id]
	if !ok {
		return false
	}
	name := SegmentKey(id, epoch, cut, part)
	if sh.needs(name) {
		return false
	}
	return epoch < sh.owner.Epoch || sh.committed && epoch == sh.owner.Epoch && cut <= sh.last.Cut
}

// Ledger is the total of every partition over all valid commits, in order.
func (s *State) Ledger() []PartitionLedger {
	out := make([]PartitionLedger, 0, len(s.ledger))
	for _, p := range slices.SortedFunc(maps.Keys(s.ledger), event.Partition.Compare) {
		out = append(out, s.ledger[p])
	}
	return out
}

// Balanced checks conservation over all valid commits: per partition, consumed
// events = fact + dup_exact + id_conflict + rejected + erased (K2, ST4), and no
// class is below zero. The error is the first partition that fails.
func (s *State) Balanced() error {
	for _, l := range s.Ledger() {
		if err := l.Balanced(); err != nil {
			return err
		}
		c := l.Classes
		least := min(l.Records, l.Events, c.Fact, c.DupExact, c.IDConflict, c.Erased)
		for _, n := range c.Rejected {
			least = min(least, n)
		}
		if least < 0 {
			return fmt.Errorf("journal: ledger of %s below offset %d: a count is %d; more was taken out of a class than put in, report this", l.Partition, l.To, least)
		}
	}
	return nil
}

// Wanted is the least journal offset a campaign shard has yet to fold. Records
// from there on, and their deltas, stay, whatever a snapshot covers. 0 while some campaign shard has
// no valid commit; the greatest offset when the deployment has none.
func (s *State) Wanted() event.Offset {
	least := event.Offset(math.MaxInt64)
	for n := range s.counts.Campaign {
		last, ok := s.LastCommit(ShardID{Role: Campaign, Shard: event.Shard(n)})
		if !ok {
			return 0
		}
		least = min(least, last.Vector[JournalPartition()])
	}
	return least
}

// Snapshot is the state as a record. It shares the state: encode it before the
// next Apply.
func (s *State) Snapshot() *Snapshot { return &Snapshot{Upto: s.applied, State: s} }

// Clone is a copy that Apply on either side does not change for the other.
func (s *State) Clone() *State {
	c := *s
	c.shards = maps.Clone(s.shards)
	c.nodes = maps.Clone(s.nodes)
	c.ledger = maps.Clone(s.ledger)
	c.topicIDs = maps.Clone(s.topicIDs)
	return &c
}
