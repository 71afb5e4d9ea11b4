package journal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// node is what the journal says of a node's latest life. beating is false until
// that life has sent a heartbeat; beat is its last one.
type node struct {
	incarnation Incarnation
	seen        event.Offset // of the last claim, release or heartbeat
	beating     bool
	beat        Heartbeat
}

// Member is a node as its last heartbeat describes it, with the place of the
// last record of its life in the journal, commits not counted.
type Member struct {
	Node        NodeID
	Incarnation Incarnation
	Address     string
	Version     string
	Format      uint8
	Load        Load
	Time        event.Time
	Seen        event.Offset
}

// forgetAfter is how many journal offsets a node without shards is remembered.
// Names of nodes that never come back (pods) must not pile up in the state; a
// name remembered for a day guards against a claim that was long on its way.
const forgetAfter event.Offset = 1 << 20

// enter admits a record of a node's life: no later life may be known, and shards
// must be within the counts. A void record leaves the node as it is.
func (s *State) enter(offset event.Offset, name NodeID, life Incarnation, shards []ShardID) Verdict {
	n, known := s.nodes[name]
	if known && life < n.incarnation {
		return Verdict{Reason: StaleIncarnation, Detail: fmt.Sprintf("%s/%d, %s/%d is in the journal", name, life, name, n.incarnation)}
	}
	for _, id := range shards {
		if s.counts != (ShardCounts{}) && uint32(id.Shard) >= s.counts.Of(id.Role) {
			return Verdict{Reason: UnknownShard, Shard: id, Detail: fmt.Sprintf("there are %d shards of its role", s.counts.Of(id.Role))}
		}
	}
	if !known {
		s.forget(offset)
	}
	if life != n.incarnation {
		n = node{incarnation: life}
	}
	n.seen = offset
	s.nodes[name] = n
	return Verdict{}
}

// forget drops the nodes that own no shard and were not seen for long.
func (s *State) forget(offset event.Offset) {
	owners := map[NodeID]bool{}
	for _, sh := range s.shards {
		owners[sh.owner.Node] = true
	}
	maps.DeleteFunc(s.nodes, func(name NodeID, n node) bool {
		return !owners[name] && offset-n.seen > forgetAfter
	})
}

func (s *State) heartbeat(offset event.Offset, h *Heartbeat) Verdict {
	if v := s.enter(offset, h.Node, h.Incarnation, nil); !v.Valid() {
		return v
	}
	n := s.nodes[h.Node]
	n.beating, n.beat = true, *h
	s.nodes[h.Node] = n
	return Verdict{}
}

// Incarnation is the latest life of a node in the journal, false if the journal
// does not know the node.
func (s *State) Incarnation(name NodeID) (Incarnation, bool) {
	n, ok := s.nodes[name]
	return n.incarnation, ok
}

// Members are the nodes whose last heartbeat is not older than silence, by the
// senders' clocks, in the order of their names. It suits a tool that reads the
// journal once. A node that decides over claims uses Presence, which compares no
// two clocks.
func (s *State) Members(now event.Time, silence event.Span) []Member {
	return s.members(func(_ NodeID, n node) bool { return now.Sub(n.beat.Time) <= silence })
}

func (s *State) members(alive func(NodeID, node) bool) []Member {
	var out []Member
	for name, n := range s.nodes {
		if n.beating && alive(name, n) {
			h := n.beat
			out = append(out, Member{
				Node: name, Incarnation: n.incarnation, Address: h.Address, Version: h.Version,
				Format: h.Format, Load: h.Load, Time: h.Time, Seen: n.seen,
			})
		}
	}
	slices.SortFunc(out, func(a, b Member) int { return cmp.Compare(a.Node, b.Node) })
	return out
}

// Presence tells live nodes from silent ones by the reader's own clock: it notes
// when the reader first saw that a node had written again. Clocks of other nodes
// play no part, so a node whose clock is wrong is a member like any other (F27).
// A reader that has just started takes every node for alive until it has
// listened for the silence. The zero value is ready; one goroutine owns it.
type Presence struct {
	heard map[NodeID]heard
}

type heard struct {
	offset event.Offset
	at     event.Time
}

// Observe notes at time now which nodes have written since the last call. Call it
// after every batch of records applied to s; now is the reader's clock and does
// not go back.
func (p *Presence) Observe(s *State, now event.Time) {
	if p.heard == nil {
		p.heard = map[NodeID]heard{}
	}
	for name, n := range s.nodes {
		if h, ok := p.heard[name]; !ok || n.seen > h.offset {
			p.heard[name] = heard{offset: n.seen, at: now}
		}
	}
	maps.DeleteFunc(p.heard, func(name NodeID, _ heard) bool {
		_, ok := s.nodes[name]
		return !ok
	})
}

// Members are the nodes heard of within silence before now, in the order of
// their names.
func (p *Presence) Members(s *State, now event.Time, silence event.Span) []Member {
	return s.members(func(name NodeID, _ node) bool {
		h, ok := p.heard[name]
		return ok && now.Sub(h.at) <= silence
	})
}

func compareLoss(a, b Loss) int {
	return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Incarnation, b.Incarnation))
}
