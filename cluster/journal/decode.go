package journal

import (
	"math"

	"github.com/advertisex/adjoin/internal/event"
)

// The least bytes one item of each list takes; they bound what Decode allocates.
const (
	minShardID   = 2
	minTopic     = 2
	minPartition = 2
	minShardCut  = minShardID + 7
	minSegment   = 6
	minFile      = 4 + 32 + 2
	minLedger    = 9
	minReason    = 2
	minNode      = 4
	minShard     = minShardID + 5
	minPending   = 2
)

func (d *decoder) author() (NodeID, Incarnation) {
	n := NodeID(d.str("bytes of a node's name"))
	return n, Incarnation(d.uvarint())
}

func (d *decoder) shardID() ShardID {
	r := Role(d.byte())
	if d.err == nil && r != User && r != Campaign {
		d.fail("role is %d, want 1 or 2", r)
	}
	return ShardID{Role: r, Shard: event.Shard(d.uint32("shard"))}
}

// ascending fails unless b comes after a; it keeps lists in their one order and
// free of doubles.
func (d *decoder) ascending(what string, compared int) {
	if d.err == nil && compared >= 0 {
		d.fail("%s out of order or named twice", what)
	}
}

func (d *decoder) shardIDs() []ShardID {
	var last ShardID
	return list(d, d.count("shards", minShardID), func() ShardID {
		id := d.shardID()
		d.ascending("shard", last.Compare(id))
		last = id
		return id
	})
}

func (d *decoder) claim() *Claim {
	c := &Claim{}
	c.Node, c.Incarnation = d.author()
	c.Time = d.time()
	c.Shards = d.shardIDs()
	return c
}

func (d *decoder) release() *Release {
	r := &Release{}
	r.Node, r.Incarnation = d.author()
	r.Shards = d.shardIDs()
	return r
}

func (d *decoder) heartbeat() *Heartbeat {
	h := &Heartbeat{}
	h.Node, h.Incarnation = d.author()
	h.Time = d.time()
	h.Address = d.str("bytes of an address")
	h.Version = d.str("bytes of a version")
	h.Format = d.byte()
	h.Load = Load{EventsPerSecond: d.uvarint(), StateBytes: d.uvarint()}
	return h
}

func (d *decoder) commit() *Commit {
	c := &Commit{}
	c.Node, c.Incarnation = d.author()
	c.Cut = CutNumber(d.uvarint())
	c.Time, c.Watermark, c.Frontier = d.time(), d.time(), d.time()
	t := d.world(&c.Counts, &c.ClusterID)
	if len(t.ids) > 0 {
		c.TopicIDs = t.ids
	}
	var last ShardID
	c.Shards = list(d, d.count("shards", minShardCut), func() ShardCut {
		cut := d.shardCut(t)
		d.ascending("shard", last.Compare(cut.ID))
		last = cut.ID
		return cut
	})
	c.Files = list(d, d.count("files", minFile), d.file)
	c.Ledger = d.ledger(t)
	return c
}

func (d *decoder) world(n *ShardCounts, cluster *string) *tables {
	n.User, n.Campaign = d.uint32("number of user shards"), d.uint32("number of campaign shards")
	*cluster = d.str("bytes of a cluster id")
	return d.tables()
}

func (d *decoder) tables() *tables {
	t := newTables(map[string]TopicID{})
	t.topics = list(d, d.count("topics", minTopic), func() string {
		topic := d.str("bytes of a topic's name")
		if d.bool() {
			t.ids[topic] = TopicID(d.fixed(len(TopicID{})))
		}
		return topic
	})
	for i := 1; i < len(t.topics); i++ {
		if t.topics[i-1] >= t.topics[i] {
			d.fail("topic out of order or named twice")
		}
	}
	first := true
	var last event.Partition
	t.parts = list(d, d.count("partitions", minPartition), func() event.Partition {
		p := event.Partition{Topic: d.topic(t), ID: d.int32("number of a partition")}
		if !first {
			d.ascending("partition", last.Compare(p))
		}
		first, last = false, p
		return p
	})
	var before event.Vector
	t.vectors = list(d, d.count("vectors", max(1, len(t.parts))), func() event.Vector {
		before = d.vector(t.parts, before)
		return before
	})
	return t
}

// fixed is the next n bytes, zeros after an error.
func (d *decoder) fixed(n int) []byte {
	if b := d.take(n); b != nil {
		return b
	}
	return make([]byte, n)
}

func (d *decoder) topic(t *tables) string {
	i := d.uvarint()
	if i >= uint64(len(t.topics)) {
		d.fail("topic number %d of %d", i, len(t.topics))
		return ""
	}
	return t.topics[i]
}

func (d *decoder) vector(parts []event.Partition, before event.Vector) event.Vector {
	v := event.Vector{}
	for _, p := range parts {
		cell := d.uvarint()
		if cell == 0 || d.err != nil {
			continue
		}
		zigzag := cell - 1
		o := before[p] + event.Offset(int64(zigzag>>1)^-int64(zigzag&1))
		if o < 0 {
			d.fail("vector has %s below 0", p)
		}
		v[p] = o
	}
	return v
}

func (d *decoder) shardCut(t *tables) ShardCut {
	c := ShardCut{ID: d.shardID()}
	c.Epoch = Epoch(d.natural("epoch"))
	c.Previous = event.Offset(d.fromMinusOne("previous commit"))
	c.Cut = d.uvarint()
	n := d.uvarint()
	switch {
	case d.err != nil:
	case n >= uint64(len(t.vectors)):
		d.fail("vector number %d of %d", n, len(t.vectors))
	default:
		c.Vector = t.vectors[n]
	}
	c.Base = d.bool()
	c.Segments, c.Deltas = d.segments(), d.segments()
	return c
}

func (d *decoder) segments() []SegmentRef {
	return list(d, d.count("segments", minSegment), d.segment)
}

func (d *decoder) segment() SegmentRef {
	s := SegmentRef{Key: d.str("bytes of a segment's key")}
	s.Partition = d.int32("segment partition")
	s.Bytes = d.natural("segment bytes")
	s.CRC = d.uint32("segment checksum")
	n := d.count("chunks", 1)
	if d.err == nil && n == 0 {
		d.fail("segment %q has no chunks", s.Key)
	}
	last := NoOffset
	s.Offsets = list(d, n, func() event.Offset {
		last += 1 + event.Offset(d.below("step to a chunk", uint64(math.MaxInt64-last-1)))
		return last
	})
	return s
}

func (d *decoder) file() File {
	f := File{Table: d.str("bytes of a table's name"), Path: d.str("bytes of a path")}
	f.Rows, f.Bytes = d.natural("rows of a file"), d.natural("bytes of a file")
	f.SHA256 = [32]byte(d.fixed(len(f.SHA256)))
	f.Date = int32(int64(d.below("date of a file", math.MaxInt32+1)) - 1)
	hour := d.byte()
	if hour > 24 {
		d.fail("hour of a file is %d, want 0 to 24", hour)
	}
	f.Hour = int8(hour) - 1
	return f
}

func (d *decoder) ledger(t *tables) []PartitionLedger {
	last := -1
	return list(d, d.count("ledgers", minLedger), func() PartitionLedger {
		var l PartitionLedger
		n := d.uvarint()
		if n >= uint64(len(t.parts)) {
			d.fail("partition number %d of %d", n, len(t.parts))
			return l
		}
		d.ascending("ledger", last-int(n))
		last = int(n)
		l.Partition = t.parts[n]
		l.To = event.Offset(d.natural("ledger end"))
		c := &l.Classes
		for _, field := range [...]*int64{&l.Records, &l.Events, &c.Fact, &c.DupExact, &c.IDConflict, &c.Erased} {
			*field = d.varint()
		}
		c.Rejected = d.reasons()
		return l
	})
}

func (d *decoder) reasons() map[string]int64 {
	n := d.count("reasons", minReason)
	if n == 0 {
		return nil
	}
	counts := make(map[string]int64, n)
	for range n {
		reason := d.str("bytes of a reason")
		counts[reason] = d.varint()
	}
	if len(counts) != n {
		d.fail("a reason is named twice")
	}
	return counts
}

func (d *decoder) snapshot() *Snapshot {
	st := NewState()
	st.applied = event.Offset(d.fromMinusOne("offset of the snapshot"))
	t := d.world(&st.counts, &st.clusterID)
	st.topicIDs = t.ids
	for n := d.count("nodes", minNode); n > 0 && d.err == nil; n-- {
		d.node(st)
	}
	for n := d.count("shards", minShard); n > 0 && d.err == nil; n-- {
		d.shard(st, t)
	}
	for _, l := range d.ledger(t) {
		st.ledger[l.Partition] = l
	}
	return &Snapshot{Upto: st.applied, State: st}
}

func (d *decoder) node(st *State) {
	var n node
	var name NodeID
	name, n.incarnation = d.author()
	n.seen = event.Offset(d.natural("offset of a node"))
	if n.beating = d.bool(); n.beating {
		n.beat = *d.heartbeat()
		if d.err == nil && (n.beat.Node != name || n.beat.Incarnation != n.incarnation) {
			d.fail("node %s/%d holds a heartbeat of %s/%d", name, n.incarnation, n.beat.Node, n.beat.Incarnation)
		}
	}
	if _, twice := st.nodes[name]; twice {
		d.fail("node %q is named twice", name)
	}
	st.nodes[name] = n
}

func (d *decoder) shard(st *State, t *tables) {
	id := d.shardID()
	var sh shard
	sh.owner.Node, sh.owner.Incarnation = d.author()
	sh.owner.Epoch = Epoch(d.natural("epoch"))
	sh.owner.Released = d.bool()
	if sh.committed = d.bool(); sh.committed {
		last := &sh.last
		last.Offset = event.Offset(d.natural("offset of a commit"))
		last.Number = CutNumber(d.uvarint())
		last.Time, last.Watermark, last.Frontier = d.time(), d.time(), d.time()
		last.ShardCut = d.shardCut(t)
		sh.pending = list(d, d.count("commits with deltas", minPending), func() pending {
			return pending{offset: event.Offset(d.natural("offset of a commit")), deltas: d.segments()}
		})
	}
	if _, twice := st.shards[id]; twice {
		d.fail("shard %s is named twice", id)
	}
	st.shards[id] = sh
}
