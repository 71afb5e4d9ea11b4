package placement

import (
	"fmt"
	"maps"
	"math/bits"
	"reflect"
	"slices"
	"testing"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"pgregory.net/rapid"
)

func members(names ...string) (ms []journal.Member) {
	for _, n := range names {
		ms = append(ms, journal.Member{Node: journal.NodeID(n)})
	}
	return ms
}

func shardsOf(r journal.Role, n int) (ids []journal.ShardID) {
	for i := range n {
		ids = append(ids, journal.ShardID{Role: r, Shard: event.Shard(i)})
	}
	return ids
}

func user(n event.Shard) journal.ShardID { return journal.ShardID{Role: journal.User, Shard: n} }

func TestAssign_NobodyGetsNothing(t *testing.T) {
	if got := Assign(nil, shardsOf(journal.User, 3), nil); got != nil {
		t.Error(got)
	}
	if got := Assign(members("a"), nil, nil); len(got) != 0 {
		t.Error(got)
	}
}

func TestAssign_ANewMemberTakesItsShareAndNoMore(t *testing.T) {
	current := map[journal.ShardID]journal.NodeID{
		user(0): "a", user(1): "a", user(2): "a", user(3): "b", user(4): "b", user(5): "b",
	}
	got := Assign(members("c", "b", "a"), shardsOf(journal.User, 6), current)
	want := map[journal.ShardID]journal.NodeID{
		user(0): "a", user(1): "a", user(2): "c", user(3): "b", user(4): "b", user(5): "c",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestAssign_ADeadMembersShardsAreSpread(t *testing.T) {
	current := map[journal.ShardID]journal.NodeID{
		user(0): "a", user(1): "dead", user(2): "b", user(3): "dead", user(4): "b",
	}
	got := Assign(members("a", "b"), shardsOf(journal.User, 5), current)
	// Five among two: b holds more, so the odd one is b's.
	want := map[journal.ShardID]journal.NodeID{
		user(0): "a", user(1): "a", user(2): "b", user(3): "b", user(4): "b",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestAssign_OddShardsOfDifferentRolesGoToDifferentMembers(t *testing.T) {
	shards := append(shardsOf(journal.User, 1), shardsOf(journal.Campaign, 1)...)
	got := Assign(members("a", "b"), shards, nil)
	if got[shards[0]] != "a" || got[shards[1]] != "b" {
		t.Errorf("got %v", got)
	}
}

// problem draws a cluster small enough to try every assignment of one role.
func problem(t *rapid.T) ([]journal.Member, []journal.ShardID, map[journal.ShardID]journal.NodeID) {
	m := rapid.IntRange(1, 4).Draw(t, "members")
	shards := shardsOf(journal.User, rapid.IntRange(0, 6).Draw(t, "shards"))
	var names []string
	for i := range m {
		names = append(names, fmt.Sprintf("n%d", i))
	}
	current := map[journal.ShardID]journal.NodeID{}
	for _, id := range shards {
		// n4 is no member, "" is nobody
		if n := rapid.SampledFrom([]string{"n0", "n1", "n2", "n3", "n4", ""}).Draw(t, "owner"); n != "" {
			current[id] = journal.NodeID(n)
		}
	}
	return members(names...), shards, current
}

func TestAssign_IsBalancedWithTheFewestMovesThereAre(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ms, shards, current := problem(rt)
		got := Assign(ms, shards, current)
		counts := map[journal.NodeID]int{}
		kept := 0
		for _, id := range shards {
			counts[got[id]]++
			if got[id] == current[id] {
				kept++
			}
		}
		if len(got) != len(shards) {
			rt.Fatalf("%d shards placed, %d given", len(got), len(shards))
		}
		lo, hi := len(shards), 0
		for _, m := range ms {
			lo, hi = min(lo, counts[m.Node]), max(hi, counts[m.Node])
		}
		if hi-lo > 1 {
			rt.Fatalf("unbalanced: %v", counts)
		}
		if best := mostKept(ms, shards, current); kept != best {
			rt.Fatalf("%d kept, %d could be", kept, best)
		}
	})
}

// mostKept tries which members get the odd shards, as bit sets: given the numbers,
// each member keeps what it holds up to its number.
func mostKept(ms []journal.Member, shards []journal.ShardID, current map[journal.ShardID]journal.NodeID) int {
	best := -1
	for set := range uint(1) << len(ms) {
		if bits.OnesCount(set) != len(shards)%len(ms) {
			continue
		}
		kept := 0
		for i, m := range ms {
			number := len(shards)/len(ms) + int(set>>i&1)
			for _, id := range shards {
				if current[id] == m.Node && number > 0 {
					kept++
					number--
				}
			}
		}
		best = max(best, kept)
	}
	return best
}

func TestAssign_DependsOnNoOrderAndSettles(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ms, shards, current := problem(rt)
		shards = append(shards, shardsOf(journal.Campaign, rapid.IntRange(0, 5).Draw(rt, "campaigns"))...)
		got := Assign(ms, shards, current)
		mixedMembers := append(rapid.Permutation(ms).Draw(rt, "order"), ms[0])
		mixedShards := rapid.Permutation(shards).Draw(rt, "shard order")
		if len(shards) > 0 {
			mixedShards = append(mixedShards, shards[0])
		}
		if again := Assign(mixedMembers, mixedShards, current); !maps.Equal(got, again) {
			rt.Fatalf("another order, another answer: %v, %v", got, again)
		}
		if next := Assign(ms, shards, got); !maps.Equal(got, next) {
			rt.Fatalf("does not settle: %v, then %v", got, next)
		}
		if !slices.IsSortedFunc(shards, journal.ShardID.Compare) {
			rt.Fatal("the caller's list was changed")
		}
	})
}
