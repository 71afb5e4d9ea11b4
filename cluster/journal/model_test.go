package journal

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"pgregory.net/rapid"
)

// The model answers every question about a journal by looking through the whole
// list of records before a place; it keeps nothing but which of them were valid.

type model struct {
	log   []Entry
	valid []bool
}

func names(ids []ShardID, id ShardID) bool { return slices.Contains(ids, id) }

// life is the greatest incarnation of a node before place i, false for none.
func (m *model) life(i int, n NodeID) (Incarnation, bool) {
	var lives []Incarnation
	for k := range i {
		switch r := m.log[k].Record.(type) {
		case *Claim:
			if m.valid[k] && r.Node == n {
				lives = append(lives, r.Incarnation)
			}
		case *Release:
			if m.valid[k] && r.Node == n {
				lives = append(lives, r.Incarnation)
			}
		case *Heartbeat:
			if m.valid[k] && r.Node == n {
				lives = append(lives, r.Incarnation)
			}
		}
	}
	if len(lives) == 0 {
		return 0, false
	}
	return slices.Max(lives), true
}

// claimOf is the place of the latest valid claim on a shard before i, or -1.
func (m *model) claimOf(i int, id ShardID) int {
	for k := i - 1; k >= 0; k-- {
		if c, ok := m.log[k].Record.(*Claim); ok && m.valid[k] && names(c.Shards, id) {
			return k
		}
	}
	return -1
}

// released says whether the claim at place c has been given back before i.
func (m *model) released(c, i int, id ShardID) bool {
	by := m.log[c].Record.(*Claim)
	for k := c + 1; k < i; k++ {
		r, ok := m.log[k].Record.(*Release)
		if ok && m.valid[k] && names(r.Shards, id) && r.Node == by.Node && r.Incarnation == by.Incarnation {
			return true
		}
	}
	return false
}

// commits are the places of the valid commits before i.
func (m *model) commits(i int) (places []int) {
	for k := range i {
		if _, ok := m.log[k].Record.(*Commit); ok && m.valid[k] {
			places = append(places, k)
		}
	}
	return places
}

// lastCut is the last valid cut of a shard before i and its offset.
func (m *model) lastCut(i int, id ShardID) (*ShardCut, event.Offset) {
	for _, k := range slices.Backward(m.commits(i)) {
		for _, cut := range m.log[k].Record.(*Commit).Shards {
			if cut.ID == id {
				return &cut, m.log[k].Offset
			}
		}
	}
	return nil, -1
}

func (m *model) isValid(i int) bool {
	counts := ShardCounts{math.MaxUint32, math.MaxUint32}
	places := m.commits(i)
	if len(places) > 0 {
		counts = m.log[places[0]].Record.(*Commit).Counts
	}
	fresh := func(n NodeID, life Incarnation) bool {
		latest, ok := m.life(i, n)
		return !ok || life >= latest
	}
	switch r := m.log[i].Record.(type) {
	case *Heartbeat:
		return fresh(r.Node, r.Incarnation)
	case *Release:
		return len(r.Shards) > 0 && fresh(r.Node, r.Incarnation)
	case *Claim:
		for _, id := range r.Shards {
			if uint32(id.Shard) >= counts.Of(id.Role) {
				return false
			}
		}
		return len(r.Shards) > 0 && fresh(r.Node, r.Incarnation)
	case *Commit:
		for _, k := range places {
			before := m.log[k].Record.(*Commit)
			if before.ClusterID != "" && r.ClusterID != "" && before.ClusterID != r.ClusterID {
				return false
			}
			for topic, id := range r.TopicIDs {
				if other, ok := before.TopicIDs[topic]; ok && other != id {
					return false
				}
			}
		}
		for _, l := range r.Ledger {
			c := l.Classes
			if l.Events != c.Fact+c.DupExact+c.IDConflict+c.Erased+c.Rejected["EMPTY"]+c.Rejected["BAD_TIME"] {
				return false
			}
		}
		for _, cut := range r.Shards {
			if !m.cutValid(i, r, cut) || len(places) > 0 && r.Counts != counts {
				return false
			}
		}
		return len(r.Shards) > 0
	}
	return true
}

func (m *model) cutValid(i int, c *Commit, cut ShardCut) bool {
	k := m.claimOf(i, cut.ID)
	if k < 0 || uint32(cut.ID.Shard) >= c.Counts.Of(cut.ID.Role) {
		return false
	}
	by := m.log[k].Record.(*Claim)
	if m.log[k].Offset != event.Offset(cut.Epoch) || by.Node != c.Node || by.Incarnation != c.Incarnation || m.released(k, i, cut.ID) {
		return false
	}
	if cut.ID.Role == Campaign {
		if to, ok := cut.Vector[JournalPartition()]; !ok || to > m.log[i].Offset {
			return false
		}
	}
	last, at := m.lastCut(i, cut.ID)
	if cut.Previous != at {
		return false
	}
	if last == nil {
		return true
	}
	for p, o := range last.Vector {
		if to, ok := cut.Vector[p]; !ok || to < o {
			return false
		}
	}
	return cut.Cut > last.Cut
}

// wanted is the least offset a campaign shard has to fold at the end of the log.
func (m *model) wanted() event.Offset {
	n := len(m.log)
	places := m.commits(n)
	if len(places) == 0 {
		return math.MaxInt64
	}
	least := event.Offset(math.MaxInt64)
	for k := range m.log[places[0]].Record.(*Commit).Counts.Campaign {
		last, _ := m.lastCut(n, ShardID{Campaign, event.Shard(k)})
		if last == nil {
			return 0
		}
		least = min(least, last.Vector[JournalPartition()])
	}
	return least
}

// live are the keys needed at the end of the log.
func (m *model) live() map[string]bool {
	n, keys := len(m.log), map[string]bool{}
	for _, k := range m.commits(n) {
		for _, cut := range m.log[k].Record.(*Commit).Shards {
			if _, at := m.lastCut(n, cut.ID); at == m.log[k].Offset {
				for _, r := range cut.Segments {
					keys[r.Key] = true
				}
			}
			if m.log[k].Offset >= m.wanted() {
				for _, r := range cut.Deltas {
					keys[r.Key] = true
				}
			}
		}
	}
	return keys
}

// totals sums the ledgers of the valid commits.
func (m *model) totals() map[event.Partition]Classes {
	out := map[event.Partition]Classes{}
	for _, k := range m.commits(len(m.log)) {
		for _, l := range m.log[k].Record.(*Commit).Ledger {
			c := out[l.Partition]
			if c.Rejected == nil {
				c.Rejected = map[string]int64{}
			}
			c.Fact += l.Classes.Fact
			c.DupExact += l.Classes.DupExact
			c.IDConflict += l.Classes.IDConflict
			c.Erased += l.Classes.Erased
			for reason, n := range l.Classes.Rejected {
				c.Rejected[reason] += n
			}
			out[l.Partition] = c
		}
	}
	return out
}

// history draws journals that are mostly right, with every way to be wrong.
type history struct {
	t       *rapid.T
	s       *State // to know what a right author would write
	offset  event.Offset
	claims  []Entry
	commits []event.Offset
	serial  int
}

func (h *history) chance(percent int) bool {
	return rapid.IntRange(1, 100).Draw(h.t, "chance") <= percent
}

func (h *history) shards() []ShardID {
	all := []ShardID{u0, u1, {User, 2}, c0, {Campaign, 1}}
	if h.chance(3) {
		all = append(all, ShardID{User, 9})
	}
	least := 1
	if h.chance(5) {
		least = 0
	}
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom(all), least, 4, rapid.ID).Draw(h.t, "shards")
	slices.SortFunc(ids, ShardID.Compare)
	return ids
}

func (h *history) node() (NodeID, Incarnation) {
	return rapid.SampledFrom([]NodeID{"a", "b", "c"}).Draw(h.t, "node"),
		Incarnation(rapid.SampledFrom([]int{1, 1, 1, 1, 2}).Draw(h.t, "life"))
}

func (h *history) next() Record {
	n, life := h.node()
	switch k := rapid.IntRange(0, 19).Draw(h.t, "what"); {
	case k < 2 || len(h.claims) == 0:
		c := &Claim{Node: n, Incarnation: life, Shards: h.shards()}
		h.claims = append(h.claims, Entry{h.offset, c})
		return c
	case k == 2:
		return &Release{Node: n, Incarnation: life, Shards: h.shards()}
	case k < 4:
		return &Heartbeat{Node: n, Incarnation: life, Time: event.Time(h.offset)}
	}
	return h.commit()
}

// commit is by the author of some claim, not always one that still holds.
func (h *history) commit() Record {
	by := rapid.SampledFrom(h.claims).Draw(h.t, "claim")
	if ids := h.s.Shards(); len(ids) > 0 && h.chance(85) {
		own, _ := h.s.Owner(rapid.SampledFrom(ids).Draw(h.t, "shard"))
		i := slices.IndexFunc(h.claims, func(e Entry) bool { return Epoch(e.Offset) == own.Epoch })
		by = h.claims[i]
	}
	claimed := by.Record.(*Claim)
	c := &Commit{Node: claimed.Node, Incarnation: claimed.Incarnation, Counts: ShardCounts{3, 2}}
	for _, id := range claimed.Shards {
		own, ok := h.s.Owner(id)
		if ok && own.Epoch == Epoch(by.Offset) && !own.Released || h.chance(10) {
			c.Shards = append(c.Shards, h.cut(id, Epoch(by.Offset)))
		}
	}
	if h.chance(50) {
		c.ClusterID, c.TopicIDs = "k1", map[string]TopicID{"bids": {1}}
	}
	fact := int64(rapid.IntRange(-2, 5).Draw(h.t, "fact"))
	c.Ledger = []PartitionLedger{{Partition: bids0, To: 1, Events: fact + 3, Classes: Classes{Fact: fact, DupExact: 1, IDConflict: -2, Erased: 1, Rejected: map[string]int64{"EMPTY": 3}}}}
	switch rapid.IntRange(0, 40).Draw(h.t, "fault") {
	case 30:
		c.ClusterID = "k2"
	case 31:
		c.TopicIDs = map[string]TopicID{"bids": {2}}
	case 32:
		c.Counts.User++
	case 33:
		c.Ledger[0].Events++
	case 34:
		c.Node = "c"
	case 35:
		c.Incarnation++
	}
	h.commits = append(h.commits, h.offset)
	return c
}

func (h *history) cut(id ShardID, epoch Epoch) ShardCut {
	last, ok := h.s.LastCommit(id)
	cut := ShardCut{ID: id, Epoch: epoch, Previous: NoOffset, Cut: last.Cut + 1, Vector: last.Vector.Clone()}
	if ok {
		cut.Previous = last.Offset
	}
	if id.Role == Campaign {
		to := cut.Vector[JournalPartition()]
		cut.Vector[JournalPartition()] = to + (h.offset-to)*event.Offset(rapid.IntRange(0, 2).Draw(h.t, "folded"))/2
	} else {
		cut.Vector[event.Partition{Topic: "bids", ID: rapid.Int32Range(0, 2).Draw(h.t, "p")}] += 1
		h.serial++
		name := string(rune('A' + h.serial))
		cut.Segments = []SegmentRef{segment(id.String() + name)}
		if h.chance(70) {
			cut.Segments = slices.Concat(last.Segments, cut.Segments)
		}
		cut.Deltas = []SegmentRef{segment(id.String() + name + "d")}
		if h.chance(20) {
			cut.Deltas = cut.Segments[len(cut.Segments)-1:]
		}
	}
	switch rapid.IntRange(0, 50).Draw(h.t, "shard fault") {
	case 35:
		cut.Epoch--
	case 36:
		cut.Previous = rapid.SampledFrom(append(h.commits, NoOffset)).Draw(h.t, "previous")
	case 37:
		cut.Cut = last.Cut
	case 38:
		delete(cut.Vector, bids0)
	case 39:
		cut.Vector[bids1] = max(0, cut.Vector[bids1]-2)
	case 40:
		cut.Vector[JournalPartition()] = h.offset + 1
	}
	return cut
}

// TestModel_FoldAgreesWithTheWholeList draws journals and compares the fold, step
// by step, with what the list of records says. It fails if some reason to be void
// never came up.
func TestModel_FoldAgreesWithTheWholeList(t *testing.T) {
	met, cuts := map[Reason]int{}, 0
	check := func(rt *rapid.T) {
		h := &history{t: rt, s: NewState()}
		m := &model{}
		for range rapid.IntRange(10, 80).Draw(rt, "records") {
			h.offset += event.Offset(rapid.IntRange(1, 3).Draw(rt, "gap"))
			rec := h.next()
			before := m.live()
			v := h.s.Apply(h.offset, rec)
			met[v.Reason]++
			if _, ok := rec.(*Commit); ok && v.Valid() {
				cuts++
			}
			i := len(m.log)
			m.log = append(m.log, Entry{h.offset, rec})
			m.valid = append(m.valid, m.isValid(i))
			if v.Valid() != m.valid[i] {
				rt.Fatalf("offset %d: %s %s %s, the model says valid: %v", h.offset, v.Reason, v.Shard, v.Detail, m.valid[i])
			}
			checkSegments(rt, h.s, m, rec, before, v)
		}
		checkState(rt, h.s, m)
		checkSnapshots(rt, h.s, m)
	}
	for range 4 {
		rapid.Check(t, check)
	}
	for r := Accepted; r <= ShardCountChanged; r++ {
		if r != AlreadyApplied && met[r] == 0 {
			t.Errorf("no record was %s", r)
		}
	}
	t.Log(met, "valid commits", cuts)
}

// checkSegments: what was needed, or is named by this commit, and is not needed
// after it, is what the verdict calls unneeded, each once.
func checkSegments(rt *rapid.T, s *State, m *model, rec Record, before map[string]bool, v Verdict) {
	after := m.live()
	var want, got, live []string
	if c, ok := rec.(*Commit); ok && v.Valid() {
		for _, cut := range c.Shards {
			for _, r := range cut.Deltas {
				before[r.Key] = true
			}
		}
	}
	for key := range before {
		if !after[key] {
			want = append(want, key)
		}
	}
	for _, r := range v.Unneeded {
		got = append(got, r.Key)
	}
	for _, r := range s.LiveSegments() {
		live = append(live, r.Key)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		rt.Fatalf("unneeded %v, the model says %v", got, want)
	}
	slices.Sort(live)
	keys := make([]string, 0, len(after))
	for key := range after {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if !slices.Equal(live, keys) {
		rt.Fatalf("live %v, the model says %v", live, keys)
	}
}

func checkState(rt *rapid.T, s *State, m *model) {
	n := len(m.log)
	if s.Wanted() != m.wanted() {
		rt.Fatalf("wanted %d, the model says %d", s.Wanted(), m.wanted())
	}
	for _, id := range []ShardID{u0, u1, {User, 2}, {User, 9}, c0, {Campaign, 1}} {
		own, ok := s.Owner(id)
		k := m.claimOf(n, id)
		if ok != (k >= 0) {
			rt.Fatalf("%s owned: %v, the model says %v", id, ok, k >= 0)
		}
		if ok {
			by := m.log[k].Record.(*Claim)
			want := Ownership{by.Node, by.Incarnation, Epoch(m.log[k].Offset), m.released(k, n, id)}
			if own != want {
				rt.Fatalf("%s of %+v, the model says %+v", id, own, want)
			}
		}
		last, ok := s.LastCommit(id)
		cut, at := m.lastCut(n, id)
		if ok != (cut != nil) || ok && (last.Offset != at || !reflect.DeepEqual(last.ShardCut, *cut)) {
			rt.Fatalf("%s at %+v, the model says %d %+v", id, last, at, cut)
		}
	}
	for p, want := range m.totals() {
		i := slices.IndexFunc(s.Ledger(), func(l PartitionLedger) bool { return l.Partition == p })
		if got := s.Ledger()[i].Classes; !reflect.DeepEqual(got, want) {
			rt.Fatalf("ledger of %s: %+v, the model says %+v", p, got, want)
		}
	}
}

// checkSnapshots: from a snapshot at any place, through its bytes, the rest of the
// records leads to the same state and the same verdicts.
func checkSnapshots(rt *rapid.T, whole *State, m *model) {
	at := rapid.IntRange(0, len(m.log)-1).Draw(rt, "snapshot after")
	s := NewState()
	for _, e := range m.log[:at+1] {
		s.Apply(e.Offset, e.Record)
	}
	b, err := Append(nil, s.Snapshot())
	if err != nil {
		rt.Fatal(err)
	}
	rec, err := Decode(b)
	if err != nil {
		rt.Fatal(err)
	}
	snap := rec.(*Snapshot)
	if !reflect.DeepEqual(snap.State, s) {
		rt.Fatalf("snapshot of %+v\nbecame %+v", s, snap.State)
	}
	// The snapshot is appended at the end; older records may then be deleted.
	log := append(slices.Clone(m.log), Entry{m.log[len(m.log)-1].Offset + 1, snap})
	start := rapid.IntRange(0, at+1).Draw(rt, "deleted")
	first := log[start].Offset
	if start == at+1 {
		first = snap.Upto + 1
	}
	got, rest, err := Recover(first, log[start:], Latest)
	if err != nil {
		rt.Fatal(err)
	}
	for _, e := range rest {
		v := got.Apply(e.Offset, e.Record)
		i, ok := slices.BinarySearchFunc(m.log, e.Offset, func(e Entry, o event.Offset) int { return cmp.Compare(e.Offset, o) })
		if ok && v.Valid() != m.valid[i] {
			rt.Fatalf("offset %d after the snapshot: %s", e.Offset, v.Reason)
		}
	}
	got.applied = whole.applied // the snapshot itself lies one further
	if !reflect.DeepEqual(got, whole) {
		rt.Fatalf("snapshot and rest give %+v\nthe whole %+v", got, whole)
	}
}
