package actors

import (
	"errors"
	"testing"
	"time"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/finaltable"
)

func TestF9_SnapshotsLetTheJournalBeCut(t *testing.T) {
	w := newWorld(t)
	records := traffic(t, 20, 200)
	w.send(records[:len(records)/2]...)
	r := w.start(w.config())
	r.until("all is durable", w.durable)
	r.finish()
	follower, err := OpenCommits(t.Context(), w.kafka, "journal")
	if err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	var commits []sinks.Commit
	follow := func() {
		for at := sinks.NoToken; ; {
			if n := len(commits); n > 0 {
				at = commits[n-1].Offset
			}
			c, ok, err := follower.Next(t.Context(), at, false)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				return
			}
			commits = append(commits, c)
		}
	}

	cfg := w.config()
	cfg.snapshotEvery, cfg.JournalRetention = 10, -24*365*time.Hour // the broker's clock is not the engine's here
	r = w.start(cfg)
	l, err := kafka.OpenLog(t.Context(), w.kafka, "journal")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ghost, err := journal.Append(nil, &journal.Heartbeat{Node: "ghost", Incarnation: 1})
	if err != nil {
		t.Fatal(err)
	}
	sent := len(records) / 2
	for first := event.Offset(0); first == 0 && sent < len(records); sent += 10 {
		w.send(records[sent:min(sent+10, len(records))]...)
		for range 10 {
			if _, err := l.Append(t.Context(), ghost); err != nil {
				t.Fatal(err)
			}
		}
		r.until("all is durable", w.durable)
		follow()
		if first, _, err = l.Bounds(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if sent >= len(records) {
		t.Fatal("nothing was deleted from the journal")
	}
	r.finish()
	w.send(records[sent:]...)
	w.toEnd(w.config())
	follow()
	late, err := OpenCommits(t.Context(), w.kafka, "journal")
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if _, _, err := late.Next(t.Context(), sinks.NoToken, false); !errors.Is(err, journal.ErrNoSnapshot) {
		t.Errorf("a loader that wants what is gone: %v", err)
	}
	w.sameWith(commits)
}

func TestCommits_FromAnyToken(t *testing.T) {
	w := newWorld(t)
	records := traffic(t, 21, 100)
	for part := range 3 {
		w.send(records[part*len(records)/3 : (part+1)*len(records)/3]...)
		r := w.start(w.config())
		r.until("all is durable", w.durable)
		r.finish()
	}
	all := w.commits(sinks.NoToken)
	if len(all) < 3 {
		t.Fatalf("%d commits", len(all))
	}
	for i := range all {
		rest := w.commits(all[i].Offset)
		if len(rest) != len(all)-i-1 {
			t.Fatalf("after commit %d of %d come %d", i+1, len(all), len(rest))
		}
		for j := range rest {
			if rest[j].Offset != all[i+1+j].Offset || len(rest[j].Files) != len(all[i+1+j].Files) {
				t.Fatalf("commit %d differs when it is read from %d on", i+1+j, i)
			}
		}
	}
}

// sameWith compares the files of commits with the replay.
func (w *world) sameWith(commits []sinks.Commit) {
	w.t.Helper()
	set := finaltable.NewSet()
	for _, c := range commits {
		for _, f := range c.Files {
			w.readInto(set, f)
		}
	}
	want, _ := w.replayed()
	w.equal(want, writeSet(w.t, set))
}
