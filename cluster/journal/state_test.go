package journal

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

var (
	u0, u1 = ShardID{User, 0}, ShardID{User, 1}
	c0     = ShardID{Campaign, 0}
	bids0  = event.Partition{Topic: "bids"}
	bids1  = event.Partition{Topic: "bids", ID: 1}
)

// script is a journal written by hand; each put is at the next offset from 0.
type script struct {
	t *testing.T
	s *State
	n event.Offset
}

func newScript(t *testing.T) *script { return &script{t: t, s: NewState()} }

// put applies rec and returns the verdict.
func (j *script) put(rec Record) Verdict {
	v := j.s.Apply(j.n, rec)
	j.n++
	return v
}

// ok applies rec, which must be accepted, and returns its offset.
func (j *script) ok(rec Record) event.Offset {
	j.t.Helper()
	if v := j.put(rec); !v.Valid() {
		j.t.Fatalf("offset %d: %v", j.n-1, v.Err())
	}
	return j.n - 1
}

// void applies rec, which must be void for the reason.
func (j *script) void(rec Record, want Reason) {
	j.t.Helper()
	before := j.s.Clone()
	if v := j.put(rec); v.Reason != want {
		j.t.Errorf("offset %d: %s (%s), want %s", j.n-1, v.Reason, v.Detail, want)
	}
	before.applied = j.s.applied
	if !reflect.DeepEqual(before, j.s) {
		j.t.Errorf("offset %d: a void record changed the state", j.n-1)
	}
}

func claim(n NodeID, life Incarnation, ids ...ShardID) *Claim {
	return &Claim{Node: n, Incarnation: life, Shards: ids}
}

// cutOf is a cut of a shard at bids/0 offset to.
func cutOf(id ShardID, claimed, previous event.Offset, cut uint64, to event.Offset) ShardCut {
	return ShardCut{ID: id, Epoch: Epoch(claimed), Previous: previous, Cut: cut, Vector: event.Vector{bids0: to}}
}

func commit(n NodeID, life Incarnation, cuts ...ShardCut) *Commit {
	return &Commit{Node: n, Incarnation: life, Counts: ShardCounts{User: 2, Campaign: 1}, Shards: cuts}
}

func TestI6_ZombieCommitAfterALaterClaimIsVoid(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0, u1))
	first := j.ok(commit("a", 1, cutOf(u0, a, NoOffset, 1, 10), cutOf(u1, a, NoOffset, 1, 10)))

	v := j.put(claim("b", 1, u1))
	b := j.n - 1
	if want := []Loss{{"a", 1, []ShardID{u1}}}; !reflect.DeepEqual(v.Lost, want) {
		t.Errorf("lost %v, want %v", v.Lost, want)
	}
	// Both of a's shards are in the commit, only u1 is lost: void as a whole.
	j.void(commit("a", 1, cutOf(u0, a, first, 2, 20), cutOf(u1, a, first, 2, 20)), StaleEpoch)
	if last, _ := j.s.LastCommit(u0); last.Offset != first || last.Vector[bids0] != 10 {
		t.Errorf("u0 stands at %+v", last)
	}
	second := j.ok(commit("b", 1, cutOf(u1, b, first, 2, 15)))
	j.void(commit("a", 1, cutOf(u1, a, second, 3, 30)), StaleEpoch)
	j.ok(commit("a", 1, cutOf(u0, a, first, 3, 30))) // u0 is still a's
}

func TestI6_CommitBeforeTheClaimStands(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	first := j.ok(commit("a", 1, cutOf(u0, a, NoOffset, 1, 10)))
	b := j.ok(claim("b", 1, u0))
	j.void(commit("b", 1, cutOf(u0, b, NoOffset, 1, 5)), BrokenChain) // restored before it claimed
	j.ok(commit("b", 1, cutOf(u0, b, first, 2, 12)))
}

func TestI6_OnlyTheClaimantCommitsUnderItsClaim(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	j.void(commit("b", 1, cutOf(u0, a, NoOffset, 1, 10)), NotOwner)
	j.void(commit("a", 2, cutOf(u0, a, NoOffset, 1, 10)), NotOwner)
	j.void(commit("a", 1, cutOf(u0, a+1, NoOffset, 1, 10)), StaleEpoch)
	j.void(commit("a", 1, cutOf(u1, a, NoOffset, 1, 10)), UnknownShard)
	j.void(commit("a", 1, cutOf(ShardID{User, 2}, a, NoOffset, 1, 10)), UnknownShard)
	j.void(commit("a", 1), NoShards)
	j.ok(commit("a", 1, cutOf(u0, a, NoOffset, 1, 10)))
	j.void(claim("a", 1, ShardID{User, 2}), UnknownShard) // there are two user shards, we know now
	j.void(claim("a", 1), NoShards)
	j.void(&Release{Node: "a", Incarnation: 1}, NoShards)
}

func TestI6_AClaimAnewEndsTheOldEpochOfTheSameNode(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	v := j.put(claim("a", 1, u0))
	again := j.n - 1
	if len(v.Lost) != 0 {
		t.Errorf("lost to itself: %v", v.Lost)
	}
	j.void(commit("a", 1, cutOf(u0, a, NoOffset, 1, 10)), StaleEpoch)
	j.ok(commit("a", 1, cutOf(u0, again, NoOffset, 1, 10)))
}

func TestI1_OneChainPerShard(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	j.void(commit("a", 1, cutOf(u0, a, 0, 1, 10)), BrokenChain)
	first := j.ok(commit("a", 1, cutOf(u0, a, NoOffset, 1, 10)))
	same := commit("a", 1, cutOf(u0, a, NoOffset, 1, 10))
	j.void(same, BrokenChain) // the same commit produced twice counts once
	second := j.ok(commit("a", 1, cutOf(u0, a, first, 2, 20)))
	j.void(commit("a", 1, cutOf(u0, a, first, 3, 30)), BrokenChain)
	j.void(commit("a", 1, cutOf(u0, a, second, 2, 30)), CutWentBack)
	j.ok(commit("a", 1, cutOf(u0, a, second, 5, 20))) // numbers may be left out, a vector may stand
}

func TestI2_VectorsNeverGoBack(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	cut := cutOf(u0, a, NoOffset, 1, 10)
	cut.Vector = event.Vector{bids0: 10, bids1: 7}
	first := j.ok(commit("a", 1, cut))

	next := cutOf(u0, a, first, 2, 9)
	next.Vector[bids1] = 8
	j.void(commit("a", 1, next), VectorWentBack)
	j.void(commit("a", 1, cutOf(u0, a, first, 2, 11)), VectorWentBack) // bids/1 is missing
	next.Vector = event.Vector{bids0: 10, bids1: 7, {Topic: "clicks"}: 0}
	j.ok(commit("a", 1, next)) // a new partition joins
}

func TestF23_TheWorldOfTheVectorsNeverChanges(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	c := commit("a", 1, cutOf(u0, a, NoOffset, 1, 10))
	first := j.ok(c) // says nothing of cluster and topics: allowed, also later
	next := func(previous event.Offset, cut uint64, cluster string, topics map[string]TopicID) *Commit {
		c := commit("a", 1, cutOf(u0, a, previous, cut, 10))
		c.ClusterID, c.TopicIDs = cluster, topics
		return c
	}
	second := j.ok(next(first, 2, "k1", map[string]TopicID{"bids": {1}}))
	j.void(next(second, 3, "k2", nil), ClusterChanged)
	j.void(next(second, 3, "k1", map[string]TopicID{"bids": {2}}), TopicChanged)
	third := j.ok(next(second, 3, "", map[string]TopicID{"clicks": {2}}))
	more := next(third, 4, "k1", nil)
	more.Counts.User = 3
	j.void(more, ShardCountChanged)
	j.ok(next(third, 4, "k1", map[string]TopicID{"bids": {1}, "clicks": {2}}))
	if id, ok := j.s.TopicID("clicks"); !ok || id != (TopicID{2}) || j.s.ClusterID() != "k1" {
		t.Errorf("clicks %x %v, cluster %q", id, ok, j.s.ClusterID())
	}
}

func TestRelease_EndsTheRightToCommitAndTheWaiting(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0, u1))
	j.ok(&Release{"a", 1, []ShardID{u0}})
	j.void(commit("a", 1, cutOf(u0, a, NoOffset, 1, 10)), AfterRelease)
	if own, _ := j.s.Owner(u0); !own.Released || own.Node != "a" {
		t.Errorf("owner of u0 is %+v", own)
	}
	if got := j.s.Owned("a", 1); !slices.Equal(got, []ShardID{u1}) {
		t.Errorf("a owns %v", got)
	}
	if v := j.put(claim("b", 1, u0)); len(v.Lost) != 0 {
		t.Errorf("a released shard was lost: %v", v.Lost)
	}
	j.ok(&Release{"a", 1, []ShardID{u0, u1}}) // u0 is b's now and stays it
	if own, _ := j.s.Owner(u0); own.Released || own.Node != "b" {
		t.Errorf("owner of u0 is %+v", own)
	}
}

func TestIncarnation_AnEarlierLifeHasNoSay(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	j.ok(&Heartbeat{Node: "a", Incarnation: 2})
	j.ok(commit("a", 1, cutOf(u0, a, NoOffset, 1, 10))) // only a claim ends an epoch
	j.void(claim("a", 1, u0), StaleIncarnation)
	j.void(&Heartbeat{Node: "a", Incarnation: 1}, StaleIncarnation)
	j.void(&Release{"a", 1, []ShardID{u0}}, StaleIncarnation)
	v := j.put(claim("a", 2, u0))
	if want := []Loss{{"a", 1, []ShardID{u0}}}; !reflect.DeepEqual(v.Lost, want) {
		t.Errorf("lost %v, want %v", v.Lost, want)
	}
}

func TestClaim_LossesAreSortedByNode(t *testing.T) {
	j := newScript(t)
	j.ok(claim("z", 1, u0, c0))
	j.ok(claim("b", 1, u1))
	v := j.put(claim("c", 1, u0, u1, c0))
	if want := []Loss{{"b", 1, []ShardID{u1}}, {"z", 1, []ShardID{u0, c0}}}; !reflect.DeepEqual(v.Lost, want) {
		t.Errorf("lost %v, want %v", v.Lost, want)
	}
}

func TestApply_ARecordReadTwiceCountsOnce(t *testing.T) {
	j := newScript(t)
	j.ok(claim("a", 1, u0))
	before := j.s.Clone()
	if v := j.s.Apply(0, claim("b", 1, u0)); v.Reason != AlreadyApplied {
		t.Errorf("%v", v)
	}
	if !reflect.DeepEqual(before, j.s) {
		t.Error("the state changed")
	}
}

func segment(key string) SegmentRef {
	return SegmentRef{Key: key, Offsets: []event.Offset{1}, Bytes: 1}
}

func keys(refs []SegmentRef) string {
	var k []string
	for _, r := range refs {
		k = append(k, r.Key)
	}
	return strings.Join(k, " ")
}

func TestC8_SegmentsAreUnneededOnceAValidCommitDropsThem(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	base, d1, d2 := segment("user-0-0-1-base"), segment("user-0-0-2-delta"), segment("user-0-0-3-base")
	cut := cutOf(u0, a, NoOffset, 1, 1)
	cut.Segments = []SegmentRef{base}
	first := j.ok(commit("a", 1, cut))
	cut = cutOf(u0, a, first, 2, 2)
	cut.Segments = []SegmentRef{base, d1}
	v := j.put(commit("a", 1, cut))
	second := j.n - 1
	if len(v.Unneeded) != 0 {
		t.Errorf("unneeded: %s", keys(v.Unneeded))
	}
	cut = cutOf(u0, a, first, 3, 3) // broken chain
	cut.Segments = []SegmentRef{d2}
	if v := j.put(commit("a", 1, cut)); len(v.Unneeded) != 0 {
		t.Errorf("a void commit made %s unneeded", keys(v.Unneeded))
	}
	if got := keys(j.s.LiveSegments()); got != "user-0-0-1-base user-0-0-2-delta" {
		t.Errorf("live: %s", got)
	}
	cut.Previous = second
	if v := j.put(commit("a", 1, cut)); keys(v.Unneeded) != "user-0-0-1-base user-0-0-2-delta" {
		t.Errorf("unneeded: %s", keys(v.Unneeded))
	}
	for key, want := range map[string]bool{
		"user-0-0-1-base":     true,  // dropped
		"user-0-0-1-base/4":   true,  // its chunk
		"user-0-0-3-base":     false, // live
		"user-0-0-3-base/0":   false,
		"user-0-0-3-other":    true,  // an abandoned cut 3
		"user-0-0-4-base":     false, // a cut in the making
		"user-1-0-1-base":     false, // a shard the journal does not know
		"user-0-0-1":          false, // no key of ours
		"campaign-0-0-1-base": false,
	} {
		if got := j.s.Garbage(key); got != want {
			t.Errorf("Garbage(%q) = %v", key, got)
		}
	}
	j.ok(claim("b", 1, u0))
	if !j.s.Garbage("user-0-0-4-base") || j.s.Garbage("user-0-0-3-base") {
		t.Error("after a claim, the cut in the making is garbage and the live one is not")
	}
}

func TestDeltas_AreNeededUntilEveryCampaignShardHasFoldedThem(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0, c0))
	campaign := func(previous event.Offset, cut uint64, folded event.Offset) ShardCut {
		return ShardCut{ID: c0, Epoch: Epoch(a), Previous: previous, Cut: cut, Vector: event.Vector{JournalPartition(): folded}}
	}
	user := func(previous event.Offset, cut uint64, delta string) ShardCut {
		c := cutOf(u0, a, previous, cut, event.Offset(cut))
		c.Segments, c.Deltas = []SegmentRef{segment("base")}, []SegmentRef{segment(delta)}
		return c
	}
	one := j.ok(commit("a", 1, user(NoOffset, 1, "d1")))
	two := j.ok(commit("a", 1, user(one, 2, "d2")))
	if got := keys(j.s.LiveSegments()); got != "base d1 d2" || j.s.Wanted() != 0 {
		t.Errorf("live %s, wanted %d", got, j.s.Wanted())
	}
	j.void(commit("a", 1, campaign(NoOffset, 1, j.n+1)), VectorAhead)
	j.void(commit("a", 1, ShardCut{ID: c0, Epoch: Epoch(a), Previous: NoOffset, Cut: 1}), VectorAhead)

	v := j.put(commit("a", 1, campaign(NoOffset, 1, two))) // has folded offset one, not two
	folded := j.n - 1
	if keys(v.Unneeded) != "d1" || keys(j.s.LiveSegments()) != "base d2" || j.s.Wanted() != two {
		t.Errorf("unneeded %s, live %s, wanted %d", keys(v.Unneeded), keys(j.s.LiveSegments()), j.s.Wanted())
	}
	// A delta that is a state segment as well stays while either needs it.
	both := user(two, 3, "base")
	v = j.put(commit("a", 1, both, campaign(folded, 2, j.n))) // up to here, this commit not
	three := j.n - 1
	if keys(v.Unneeded) != "d2" || keys(j.s.LiveSegments()) != "base" {
		t.Errorf("unneeded %s, live %s", keys(v.Unneeded), keys(j.s.LiveSegments()))
	}
	anew := cutOf(u0, a, three, 4, 4)
	if v = j.put(commit("a", 1, anew)); len(v.Unneeded) != 0 {
		t.Errorf("unneeded %s before it was folded", keys(v.Unneeded))
	}
	if v = j.put(commit("a", 1, campaign(three, 3, three+1))); keys(v.Unneeded) != "base" {
		t.Errorf("unneeded %s", keys(v.Unneeded))
	}
}

func TestWanted_NoCampaignShardsHoldNothingBack(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	c := commit("a", 1, cutOf(u0, a, NoOffset, 1, 1))
	c.Counts.Campaign = 0
	j.ok(c)
	if w := j.s.Wanted(); w != math.MaxInt64 {
		t.Errorf("wanted %d", w)
	}
}

func TestST4_LedgerSumsOverNodesAndVoidCommitsDoNotCount(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	b := j.ok(claim("b", 1, u1))
	add := func(to event.Offset, events, fact int64, rejected map[string]int64) []PartitionLedger {
		return []PartitionLedger{{Partition: bids0, To: to, Records: events, Events: events,
			Classes: Classes{Fact: fact, Rejected: rejected}}}
	}
	c := commit("a", 1, cutOf(u0, a, NoOffset, 1, 10))
	c.Ledger = add(10, 5, 4, map[string]int64{"EMPTY": 1})
	first := j.ok(c)
	c = commit("b", 1, cutOf(u1, b, NoOffset, 1, 8))
	c.Ledger = add(8, 3, 1, map[string]int64{"EMPTY": 1, "BAD_TIME": 1})
	j.ok(c)
	c = commit("a", 1, cutOf(u0, a, first, 2, 20))
	c.Ledger = add(20, 5, 4, nil)
	j.void(c, Unbalanced)
	if err := c.Balanced(); err == nil || !strings.Contains(err.Error(), "5 events taken, 4 accounted for") {
		t.Errorf("%v", err)
	}
	c.Ledger = add(20, 5, 5, nil)
	c.Shards[0].Previous = NoOffset
	j.void(c, BrokenChain)
	want := []PartitionLedger{{Partition: bids0, To: 10, Records: 8, Events: 8,
		Classes: Classes{Fact: 5, Rejected: map[string]int64{"EMPTY": 2, "BAD_TIME": 1}}}}
	if got := j.s.Ledger(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if err := j.s.Balanced(); err != nil {
		t.Error(err)
	}
}

func TestK2_BalancedSeesABrokenTotal(t *testing.T) {
	for name, l := range map[string]PartitionLedger{
		"sum":            {Partition: bids0, Events: 2, Classes: Classes{Fact: 1}},
		"negative class": {Partition: bids0, Events: 1, Classes: Classes{Fact: 2, IDConflict: -1}},
		"negative reject": {Partition: bids0, Events: 0,
			Classes: Classes{Erased: 1, Rejected: map[string]int64{"EMPTY": -1}}},
	} {
		s := NewState()
		s.ledger[bids0] = l
		if s.Balanced() == nil {
			t.Errorf("%s: not seen", name)
		}
	}
}

func TestLedger_AnEventMayChangeClass(t *testing.T) {
	// S13: the second record of an id comes first in order. It becomes the fact,
	// the one committed before turns into a conflict, in another partition.
	total := PartitionLedger{Partition: bids0, To: 5, Records: 1, Events: 1, Classes: Classes{Fact: 1}}
	turn := PartitionLedger{Partition: bids0, To: 5, Classes: Classes{Fact: -1, IDConflict: 1}}
	if err := turn.Balanced(); err != nil {
		t.Error(err)
	}
	sum := total.Plus(turn)
	want := PartitionLedger{Partition: bids0, To: 5, Records: 1, Events: 1, Classes: Classes{IDConflict: 1}}
	if !reflect.DeepEqual(sum, want) {
		t.Errorf("got %+v", sum)
	}
	if back := sum.Minus(turn); !reflect.DeepEqual(back, total) {
		t.Errorf("got %+v", back)
	}
}

func TestVoidError_IsAskedNotParsed(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0))
	j.ok(claim("b", 1, u0))
	err := j.put(commit("a", 1, cutOf(u0, a, NoOffset, 1, 10))).Err()
	var void *VoidError
	if !errors.As(err, &void) || void.Reason != StaleEpoch || void.Shard != u0 {
		t.Fatalf("%#v", err)
	}
	if want := "journal: record is void: stale_epoch: user-0: names claim 0, the latest is 1 by b"; err.Error() != want {
		t.Errorf("%q", err)
	}
	seen := map[string]bool{}
	for r := Accepted; r <= ShardCountChanged; r++ {
		if name := r.String(); seen[name] || strings.HasPrefix(name, "reason") {
			t.Errorf("reason %d is called %q", r, name)
		} else {
			seen[name] = true
		}
	}
}

func TestMembers_ByTheSendersClocks(t *testing.T) {
	j := newScript(t)
	beat := func(n NodeID, life Incarnation, at event.Time) {
		j.ok(&Heartbeat{Node: n, Incarnation: life, Address: fmt.Sprintf("%s:%d", n, life), Time: at})
	}
	beat("b", 1, 100)
	beat("a", 1, 104)
	beat("c", 1, 90)
	j.ok(claim("d", 1, u0)) // has claimed, but not said where it is
	got := j.s.Members(110, 10)
	want := []Member{
		{Node: "a", Incarnation: 1, Address: "a:1", Time: 104, Seen: 1},
		{Node: "b", Incarnation: 1, Address: "b:1", Time: 100, Seen: 0},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	j.ok(claim("a", 2, u0)) // a new life that has not beaten yet
	if got := j.s.Members(110, 10); len(got) != 1 || got[0].Node != "b" {
		t.Errorf("got %+v", got)
	}
}

func TestF27_PresenceGoesByTheReadersClockAlone(t *testing.T) {
	j := newScript(t)
	var p Presence
	names := func(now event.Time) (s string) {
		for _, m := range p.Members(j.s, now, 6) {
			s += string(m.Node)
		}
		return s
	}
	hour := event.Time(event.Hour)
	j.ok(&Heartbeat{Node: "a", Incarnation: 1, Time: -hour}) // clocks an hour off
	j.ok(&Heartbeat{Node: "b", Incarnation: 1, Time: hour})
	p.Observe(j.s, 100)
	if got := names(106); got != "ab" {
		t.Errorf("members %q", got)
	}
	j.ok(&Heartbeat{Node: "a", Incarnation: 1, Time: -hour})
	p.Observe(j.s, 105)
	p.Observe(j.s, 107) // nothing new
	for now, want := range map[event.Time]string{106: "ab", 107: "a", 111: "a", 112: ""} {
		if got := names(now); got != want {
			t.Errorf("at %d members %q, want %q", now, got, want)
		}
	}
}

func TestNodes_WithoutShardsAreForgotten(t *testing.T) {
	s := NewState()
	s.Apply(0, claim("owner", 1, u0))
	s.Apply(1, &Heartbeat{Node: "gone", Incarnation: 9})
	s.Apply(2, &Heartbeat{Node: "here", Incarnation: 1})
	s.Apply(1+forgetAfter, &Heartbeat{Node: "new", Incarnation: 1})
	if _, ok := s.Incarnation("gone"); !ok {
		t.Error("forgotten too early")
	}
	s.Apply(2+forgetAfter, &Heartbeat{Node: "newer", Incarnation: 1})
	for name, want := range map[NodeID]bool{"owner": true, "gone": false, "here": true, "newer": true} {
		if _, ok := s.Incarnation(name); ok != want {
			t.Errorf("%s known: %v", name, ok)
		}
	}
}

func TestClone_NeitherSideSeesTheOthersRecords(t *testing.T) {
	j := newScript(t)
	a := j.ok(claim("a", 1, u0, c0))
	next := func(previous event.Offset, cut uint64, delta string) *Commit {
		c := cutOf(u0, a, previous, cut, 1)
		c.Deltas = []SegmentRef{segment(delta)}
		return commit("a", 1, c)
	}
	last := NoOffset
	for cut := uint64(1); cut <= 5; cut++ { // lengths at which a slice has and has not room to grow
		left, right := j.s.Clone(), j.s.Clone()
		left.Apply(j.n, next(last, cut, "left"))
		right.Apply(j.n, next(last, cut, "right"))
		if got := keys(left.LiveSegments()); !strings.HasSuffix(got, "left") {
			t.Fatalf("cut %d: left has %s", cut, got)
		}
		last = j.ok(next(last, cut, "both"))
	}
}
