package journal

import (
	"cmp"
	"maps"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

func (e *encoder) author(n NodeID, life Incarnation) {
	e.str(string(n))
	e.uvarint(uint64(life))
}

func (e *encoder) shardID(id ShardID) {
	if id.Role != User && id.Role != Campaign {
		e.fail("shard %s has no known role", id)
	}
	e.byte(uint8(id.Role))
	e.uvarint(uint64(id.Shard))
}

// shardIDs writes a list in shard order.
func (e *encoder) shardIDs(ids []ShardID) {
	ids = sorted(e, ids, ShardID.Compare)
	e.count(len(ids))
	for _, id := range ids {
		e.shardID(id)
	}
}

// sorted is items in order, itself if they are. Equal neighbours are an error.
func sorted[T any](e *encoder, items []T, compare func(a, b T) int) []T {
	if !slices.IsSortedFunc(items, compare) {
		items = slices.Clone(items)
		slices.SortFunc(items, compare)
	}
	for i := 1; i < len(items); i++ {
		if compare(items[i-1], items[i]) == 0 {
			e.fail("a shard or partition is named twice: %+v", items[i])
		}
	}
	return items
}

func (c *Claim) encode(e *encoder) {
	e.author(c.Node, c.Incarnation)
	e.time(c.Time)
	e.shardIDs(c.Shards)
}

func (r *Release) encode(e *encoder) {
	e.author(r.Node, r.Incarnation)
	e.shardIDs(r.Shards)
}

func (h *Heartbeat) encode(e *encoder) {
	e.author(h.Node, h.Incarnation)
	e.time(h.Time)
	e.str(h.Address)
	e.str(h.Version)
	e.byte(h.Format)
	e.uvarint(h.Load.EventsPerSecond)
	e.uvarint(h.Load.StateBytes)
}

func (c *Commit) encode(e *encoder) {
	e.author(c.Node, c.Incarnation)
	e.uvarint(uint64(c.Cut))
	e.time(c.Time)
	e.time(c.Watermark)
	e.time(c.Frontier)
	shards := sorted(e, c.Shards, func(a, b ShardCut) int { return a.ID.Compare(b.ID) })
	ledger := sorted(e, c.Ledger, compareLedger)
	t := newTables(c.TopicIDs)
	for i := range shards {
		t.addVector(shards[i].Vector)
	}
	for i := range ledger {
		t.addPartition(ledger[i].Partition)
	}
	t.close()
	e.world(c.Counts, c.ClusterID, t)
	e.count(len(shards))
	for i := range shards {
		e.shardCut(&shards[i], t)
	}
	e.count(len(c.Files))
	for i := range c.Files {
		e.file(&c.Files[i])
	}
	e.ledger(ledger, t)
}

// world writes what vectors and ledgers count in, and the tables they refer to.
func (e *encoder) world(n ShardCounts, cluster string, t *tables) {
	e.uvarint(uint64(n.User))
	e.uvarint(uint64(n.Campaign))
	e.str(cluster)
	e.tables(t)
}

func (e *encoder) shardCut(c *ShardCut, t *tables) {
	e.shardID(c.ID)
	e.natural("epoch", int64(c.Epoch))
	e.fromMinusOne("previous commit", int64(c.Previous))
	e.uvarint(c.Cut)
	e.uvarint(uint64(t.vectorOf(c.Vector)))
	e.bool(c.Base)
	e.segments(c.Segments)
	e.segments(c.Deltas)
}

func (e *encoder) segments(refs []SegmentRef) {
	e.count(len(refs))
	for i := range refs {
		e.segment(&refs[i])
	}
}

func (e *encoder) segment(s *SegmentRef) {
	e.str(s.Key)
	e.natural("segment partition", int64(s.Partition))
	e.natural("segment bytes", s.Bytes)
	e.uvarint(uint64(s.CRC))
	if len(s.Offsets) == 0 {
		e.fail("segment %q has no chunks", s.Key)
	}
	e.count(len(s.Offsets))
	last := NoOffset
	for _, o := range s.Offsets {
		if o <= last {
			e.fail("segment %q: chunk offset %d after %d", s.Key, o, last)
		}
		e.uvarint(uint64(o - last - 1))
		last = o
	}
}

func (e *encoder) file(f *File) {
	e.str(f.Table)
	e.str(f.Path)
	e.natural("rows of a file", f.Rows)
	e.natural("bytes of a file", f.Bytes)
	e.b = append(e.b, f.SHA256[:]...)
	e.fromMinusOne("date of a file", int64(f.Date))
	if f.Hour < NoHour || f.Hour > 23 {
		e.fail("hour of a file is %d, want 0 to 23 or -1", f.Hour)
	}
	e.byte(uint8(f.Hour + 1))
}

func (e *encoder) ledger(ledger []PartitionLedger, t *tables) {
	e.count(len(ledger))
	for _, l := range ledger {
		e.uvarint(uint64(t.index[l.Partition]))
		e.natural("ledger end", int64(l.To))
		c := &l.Classes
		for _, n := range [...]int64{l.Records, l.Events, c.Fact, c.DupExact, c.IDConflict, c.Erased} {
			e.varint(n)
		}
		e.count(len(c.Rejected))
		for _, reason := range slices.Sorted(maps.Keys(c.Rejected)) {
			e.str(reason)
			e.varint(c.Rejected[reason])
		}
	}
}

func compareLedger(a, b PartitionLedger) int { return a.Partition.Compare(b.Partition) }

func (s *Snapshot) encode(e *encoder) {
	st := s.State
	if st == nil || st.applied != s.Upto {
		e.fail("the state is not the one at offset %d", s.Upto)
		return
	}
	e.fromMinusOne("offset of the snapshot", int64(s.Upto))
	shards, ledger := st.Shards(), st.Ledger()
	t := newTables(st.topicIDs)
	for _, id := range shards {
		if sh := st.shards[id]; sh.committed {
			t.addVector(sh.last.Vector)
		}
	}
	for i := range ledger {
		t.addPartition(ledger[i].Partition)
	}
	t.close()
	e.world(st.counts, st.clusterID, t)
	e.count(len(st.nodes))
	for _, name := range slices.SortedFunc(maps.Keys(st.nodes), cmp.Compare[NodeID]) {
		e.node(name, st.nodes[name])
	}
	e.count(len(shards))
	for _, id := range shards {
		e.shard(id, st.shards[id], t)
	}
	e.ledger(ledger, t)
}

func (e *encoder) node(name NodeID, n node) {
	e.author(name, n.incarnation)
	e.natural("offset of a node", int64(n.seen))
	e.bool(n.beating)
	if n.beating {
		n.beat.encode(e)
	}
}

func (e *encoder) shard(id ShardID, sh shard, t *tables) {
	e.shardID(id)
	e.author(sh.owner.Node, sh.owner.Incarnation)
	e.natural("epoch", int64(sh.owner.Epoch))
	e.bool(sh.owner.Released)
	e.bool(sh.committed)
	if !sh.committed {
		return
	}
	last := &sh.last
	e.natural("offset of a commit", int64(last.Offset))
	e.uvarint(uint64(last.Number))
	e.time(last.Time)
	e.time(last.Watermark)
	e.time(last.Frontier)
	e.shardCut(&last.ShardCut, t)
	e.count(len(sh.pending))
	for _, p := range sh.pending {
		e.natural("offset of a commit", int64(p.offset))
		e.segments(p.deltas)
	}
}

// tables are what the rest of a record refers to by number: topics, partitions
// of them, and the distinct vectors over those partitions.
//
// The 64 shards of a node stand at the same offsets of the same partitions, or
// nearly so. Each distinct vector is written once, as its differences from the
// one before it: a commit of 64 shards x 64 partitions takes hundreds of bytes
// and not tens of thousands.
type tables struct {
	ids     map[string]TopicID
	topics  []string
	parts   []event.Partition
	index   map[event.Partition]int
	pending []event.Vector
	vectors []event.Vector
	number  map[string]int // a vector's bytes -> its index in vectors
}

func newTables(ids map[string]TopicID) *tables {
	return &tables{ids: ids, index: map[event.Partition]int{}, number: map[string]int{}}
}

func (t *tables) addPartition(p event.Partition) { t.index[p] = 0 }

func (t *tables) addVector(v event.Vector) {
	for p := range v {
		t.addPartition(p)
	}
	t.pending = append(t.pending, v)
}

// close numbers everything, topics and partitions in their order, vectors in the
// order they were added.
func (t *tables) close() {
	t.parts = slices.SortedFunc(maps.Keys(t.index), event.Partition.Compare)
	names := map[string]bool{}
	for i, p := range t.parts {
		t.index[p] = i
		names[p.Topic] = true
	}
	for topic := range t.ids {
		names[topic] = true
	}
	t.topics = slices.Sorted(maps.Keys(names))
	for _, v := range t.pending {
		k := t.key(v)
		if _, ok := t.number[k]; !ok {
			t.number[k] = len(t.vectors)
			t.vectors = append(t.vectors, v)
		}
	}
}

// key is a vector's bytes on its own, equal for equal vectors.
func (t *tables) key(v event.Vector) string {
	var e encoder
	e.vector(t.parts, v, nil)
	return string(e.b)
}

func (t *tables) vectorOf(v event.Vector) int { return t.number[t.key(v)] }

func (e *encoder) tables(t *tables) {
	e.count(len(t.topics))
	for _, topic := range t.topics {
		e.str(topic)
		id, ok := t.ids[topic]
		e.bool(ok)
		if ok {
			e.b = append(e.b, id[:]...)
		}
	}
	e.count(len(t.parts))
	for _, p := range t.parts {
		topic, _ := slices.BinarySearch(t.topics, p.Topic)
		e.uvarint(uint64(topic))
		e.natural("number of a partition", int64(p.ID))
	}
	e.count(len(t.vectors))
	var before event.Vector
	for _, v := range t.vectors {
		e.vector(t.parts, v, before)
		before = v
	}
}

// vector writes one cell a partition: 0 where the vector has none, else one more
// than the zigzag of its difference from the vector before (0 where that has
// none). Offsets are 0 or more, so the sum stays within 64 bits.
func (e *encoder) vector(parts []event.Partition, v, before event.Vector) {
	for _, p := range parts {
		o, ok := v[p]
		if !ok {
			e.uvarint(0)
			continue
		}
		if o < 0 {
			e.fail("vector has %s at %d", p, o)
		}
		diff := int64(o - before[p])
		e.uvarint((uint64(diff<<1) ^ uint64(diff>>63)) + 1)
	}
}
