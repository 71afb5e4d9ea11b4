package placement

import (
	"cmp"
	"slices"

	"github.com/advertisex/adjoin/cluster/journal"
)

// Assign gives every shard to a member. Per role no member has more than one
// shard more than another; no assignment so balanced moves fewer shards away from
// owners that are still members; the order of members and shards plays no part.
// The answer is nil when there are no members. current may name nodes that are no
// members and miss shards: those are placed anew.
//
// Members that had more shards keep the odd ones; among equals the member that
// has fewer shards of the other roles gets them, then the lesser name.
func Assign(members []journal.Member, shards []journal.ShardID, current map[journal.ShardID]journal.NodeID) map[journal.ShardID]journal.NodeID {
	if len(members) == 0 {
		return nil
	}
	shards = slices.Compact(slices.SortedFunc(slices.Values(shards), journal.ShardID.Compare))
	seats := seatsOf(members)
	out := make(map[journal.ShardID]journal.NodeID, len(shards))
	for len(shards) > 0 {
		n := slices.IndexFunc(shards, func(id journal.ShardID) bool { return id.Role != shards[0].Role })
		if n < 0 {
			n = len(shards)
		}
		assignRole(seats, shards[:n], current, out)
		shards = shards[n:]
	}
	return out
}

// seat is one member while shards are handed out.
type seat struct {
	node  journal.NodeID
	held  []journal.ShardID // of the role at hand, by its current owner
	free  int               // shards of the role at hand it may still take
	total int               // shards given to it so far, of all roles
}

// seatsOf is one seat a member, in the order of their names.
func seatsOf(members []journal.Member) []*seat {
	seats := make([]*seat, 0, len(members))
	for _, m := range members {
		seats = append(seats, &seat{node: m.Node})
	}
	slices.SortFunc(seats, byName)
	return slices.CompactFunc(seats, func(a, b *seat) bool { return a.node == b.node })
}

func byName(a, b *seat) int { return cmp.Compare(a.node, b.node) }

// assignRole places the shards of one role, given in order.
//
// With n shards and m members, n mod m members get one more than the others. A
// member keeps what it holds up to its number, so giving the larger numbers to
// those that hold most keeps most in place.
func assignRole(seats []*seat, shards []journal.ShardID, current, out map[journal.ShardID]journal.NodeID) {
	var homeless []journal.ShardID
	for _, s := range seats {
		s.held = nil
	}
	for _, id := range shards {
		owner := current[id]
		i, ok := slices.BinarySearchFunc(seats, owner, func(s *seat, n journal.NodeID) int { return cmp.Compare(s.node, n) })
		if !ok {
			homeless = append(homeless, id)
			continue
		}
		seats[i].held = append(seats[i].held, id)
	}
	least, odd := len(shards)/len(seats), len(shards)%len(seats)
	for i, s := range byNeed(seats) {
		s.free = least
		if i < odd {
			s.free++
		}
		keep := min(len(s.held), s.free)
		homeless = append(homeless, s.held[keep:]...)
		s.give(s.held[:keep], out)
	}
	slices.SortFunc(homeless, journal.ShardID.Compare)
	for _, s := range seats {
		n := s.free
		s.give(homeless[:n], out)
		homeless = homeless[n:]
	}
}

// byNeed is the seats in the order in which they are given the odd shards.
func byNeed(seats []*seat) []*seat {
	return slices.SortedFunc(slices.Values(seats), func(a, b *seat) int {
		return cmp.Or(-cmp.Compare(len(a.held), len(b.held)), cmp.Compare(a.total, b.total), byName(a, b))
	})
}

func (s *seat) give(shards []journal.ShardID, out map[journal.ShardID]journal.NodeID) {
	for _, id := range shards {
		out[id] = s.node
	}
	s.free -= len(shards)
	s.total += len(shards)
}
