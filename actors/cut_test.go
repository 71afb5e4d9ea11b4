package actors

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
)

var clicks0 = event.Partition{Topic: "clicks", ID: 0}

func report(p event.Partition, records, events int64, next event.Offset) map[string]*stoodStill {
	return map[string]*stoodStill{p.Topic: {topic: p.Topic, progress: map[event.Partition]progress{
		p: {next: next, records: records, events: events},
	}}}
}

func account(p event.Partition, facts, dups int64, rejected map[event.Reason]int64) correlate.Account {
	a := correlate.Account{Partition: p, Facts: facts, Duplicates: dups}
	for reason, n := range rejected {
		for len(a.Rejected) <= int(reason) {
			a.Rejected = append(a.Rejected, 0)
		}
		a.Rejected[reason] = n
	}
	return a
}

func TestST4_LedgerOfACutIsWhatTheShardsAdded(t *testing.T) {
	l := ledgers{totals: map[event.Partition]journal.Classes{}}
	first, err := l.add([]correlate.Account{
		account(clicks0, 5, 1, nil),
		account(clicks0, 3, 0, map[event.Reason]int64{event.TooLate: 1}),
	}, report(clicks0, 9, 10, 9))
	if err != nil {
		t.Fatal(err)
	}
	want := []journal.PartitionLedger{{
		Partition: clicks0, To: 9, Records: 9, Events: 10,
		Classes: journal.Classes{Fact: 8, DupExact: 1, Rejected: map[string]int64{"TOO_LATE": 1}},
	}}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Fatal(diff)
	}
	l.settle(first)
	// A fact turns out to be a conflict, and two more events come.
	accounts := []correlate.Account{{Partition: clicks0, Facts: 9, Duplicates: 1, Conflicts: 1, Rejected: account(clicks0, 0, 0, map[event.Reason]int64{event.TooLate: 1}).Rejected}}
	second, err := l.add(accounts, report(clicks0, 2, 2, 11))
	if err != nil {
		t.Fatal(err)
	}
	if c := second[0].Classes; c.Fact != 1 || c.IDConflict != 1 || c.Sum() != 2 {
		t.Fatalf("added %+v, want one fact and one conflict", c)
	}
	if err := second[0].Balanced(); err != nil {
		t.Fatal(err)
	}
}

func TestST4_AnEventNobodyAccountsForStopsTheCommit(t *testing.T) {
	l := ledgers{totals: map[event.Partition]journal.Classes{}}
	added, err := l.add([]correlate.Account{account(clicks0, 9, 0, nil)}, report(clicks0, 10, 10, 10))
	if err != nil {
		t.Fatal(err)
	}
	commit := &journal.Commit{Ledger: added}
	if err := commit.Balanced(); err == nil || !strings.Contains(err.Error(), "10 events") {
		t.Fatalf("the ledger of 10 events and 9 facts: %v", err)
	}
}

func TestGrowth_AShardIsWrittenWholeWhenItsChangesOutweighIt(t *testing.T) {
	var g growth
	if !g.wantsBase() {
		t.Fatal("the first segment must be a base")
	}
	g.wrote(make([]byte, 10<<20), true)
	for i := range 10 {
		if g.wantsBase() {
			t.Fatalf("a base after %d MiB of changes to 10 MiB", i)
		}
		g.wrote(make([]byte, 1<<20), false)
	}
	g.wrote([]byte{1}, false)
	if !g.wantsBase() {
		t.Fatal("no base after changes as large as the base")
	}
	g.wrote([]byte{1}, true)
	for range maxSegments - 1 {
		g.wrote([]byte{1}, false)
	}
	if !g.wantsBase() {
		t.Fatalf("no base after %d segments", maxSegments)
	}
}

func TestEndOfRun_CutsUntilNothingWaits(t *testing.T) {
	e := endOfRun{bounded: true, topics: map[string]bool{"clicks": true}}
	if got := e.next(&openCut{}, false, false); got != carryOn {
		t.Fatalf("while a topic is being read: %v", got)
	}
	e.drain("clicks")
	if got := e.next(&openCut{}, false, false); got != cutAgain {
		t.Fatalf("a cut from before the end closes no windows: %v", got)
	}
	if got := e.next(&openCut{last: true, deltas: [][]byte{{1}}}, false, false); got != cutAgain {
		t.Fatalf("the campaign shards have not shown the deltas: %v", got)
	}
	if got := e.next(&openCut{last: true, parts: []*shardCut{{pending: true}}}, false, false); got != cutAgain {
		t.Fatalf("a shard wants another cut: %v", got)
	}
	if got := e.next(&openCut{last: true, parts: []*shardCut{{links: []event.Link{{}}}}}, false, false); got != cutAgain {
		t.Fatalf("a link has not been heard: %v", got)
	}
	if got := e.next(&openCut{last: true, parts: []*shardCut{{}}}, false, true); got != cutAgain {
		t.Fatalf("links have kept the frontier back: %v", got)
	}
	if got := e.next(&openCut{last: true, parts: []*shardCut{{}}}, false, false); got != endRun {
		t.Fatalf("nothing waits: %v", got)
	}
}

func TestSnapshots_OldOnesThatNobodyNeedsMayGo(t *testing.T) {
	day := event.Time(event.Day)
	s := snapshots{every: snapshotEvery, retention: 48 * time.Hour}
	s.noted(100, 1*day)
	s.noted(200, 2*day)
	s.noted(300, 3*day)
	if got := s.deletable(3*day, 1000); got != 0 {
		t.Fatalf("at two days to the hour: %d, want nothing", got)
	}
	if got := s.deletable(4*day+1, 150); got != 101 {
		t.Fatalf("a campaign shard wants 150: %d, want 101", got)
	}
	if got := s.deletable(4*day+1, 1000); got != 201 {
		t.Fatalf("%d, want 201: the last snapshot is a day old", got)
	}
	if s.due(300+snapshotEvery-1) || !s.due(300+snapshotEvery) {
		t.Fatal("not due after exactly snapshotEvery records")
	}
}

func TestSplitAll_UndoesAppendAllAndRefusesACut(t *testing.T) {
	want := [][]byte{{1, 2, 3}, {}, make([]byte, 300)}
	b := appendAll(nil, want)
	got, err := splitAll(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if _, err := splitAll(b[:len(b)-1]); err == nil {
		t.Fatal("blobs cut short were accepted")
	}
}
