package sinktest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// Journal is a sinks.Source from a list. Safe for concurrent use.
type Journal struct {
	mu      sync.Mutex
	commits []sinks.Commit
	grown   chan struct{} // closed when a commit is added
}

// Append adds commits; their offsets must grow.
func (j *Journal) Append(commits ...sinks.Commit) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.commits = append(j.commits, commits...)
	if j.grown != nil {
		close(j.grown)
		j.grown = nil
	}
}

// Next implements sinks.Source.
func (j *Journal) Next(ctx context.Context, after sinks.Token, wait bool) (sinks.Commit, bool, error) {
	for {
		j.mu.Lock()
		for _, c := range j.commits {
			if c.Offset > after {
				j.mu.Unlock()
				return c, true, nil
			}
		}
		if j.grown == nil {
			j.grown = make(chan struct{})
		}
		grown := j.grown
		j.mu.Unlock()
		if !wait {
			return sinks.Commit{}, false, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return sinks.Commit{}, false, ctx.Err()
		}
	}
}

// start is 2026-09-21T14:00:00Z.
const start event.Time = 1_789_999_200_000_000

// Lake is a store with commits in it.
type Lake struct {
	Store   *FaultStore
	Dir     string
	Commits []sinks.Commit
}

// NewLake makes a local store with n commits at offsets 10, 20, ...; commit i
// (from 0) has i+1 impressions, 2 clicks and, in even commits, 3 rejects.
func NewLake(t testing.TB, n int) *Lake {
	t.Helper()
	dir := t.TempDir()
	bucket, err := sinks.OpenBucket(context.Background(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bucket.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &Lake{Store: NewFaultStore(bucket), Dir: dir}
	w, err := sinks.NewCutWriter(l.Store, sinks.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		l.Commits = append(l.Commits, sinks.Commit{Offset: sinks.Token(10 * (i + 1)), Files: cut(t, w, i)})
	}
	return l
}

func cut(t testing.TB, w *sinks.CutWriter, i int) []sinks.File {
	t.Helper()
	c, err := w.NewCut(fmt.Sprintf("n1-%d", i))
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	meta := table.Meta{RowVersion: int64(i + 1), Op: table.Upsert, EmittedAt: start, IngestTime: start}
	for k := range i + 1 {
		must(c.WriteImpressions([]table.Impression{{
			Route: int64(i), ImpressionID: fmt.Sprintf("i-%d-%d", i, k), EventTime: start, CampaignID: "c", Meta: meta,
		}}))
	}
	for k := range 2 {
		must(c.WriteClicks([]table.Click{{
			Route: int64(i), ClickID: fmt.Sprintf("k-%d-%d", i, k), EventTime: start, MatchStatus: "ORPHAN", MatchMethod: "NONE", Meta: meta,
		}}))
	}
	if i%2 == 0 {
		for k := range 3 {
			must(c.WriteRejected([]table.Rejected{{Topic: "t", Offset: int64(i), Line: int32(k), Reason: "BAD_JSON", Meta: meta}}))
		}
	}
	files, err := c.Close(context.Background())
	must(err)
	must(c.Release())
	return files
}

// Rows is how many rows of a table the first n commits have.
func (l *Lake) Rows(n int, name table.Name) (rows int64) {
	for _, c := range l.Commits[:n] {
		for _, f := range c.Files {
			if f.Table == name {
				rows += f.Rows
			}
		}
	}
	return rows
}

// Batch is commit i as a warehouse takes it in order.
func (l *Lake) Batch(i int) sinks.Batch {
	b := sinks.Batch{Prev: sinks.NoToken, Token: l.Commits[i].Offset, Files: l.Commits[i].Files}
	if i > 0 {
		b.Prev = l.Commits[i-1].Offset
	}
	return b
}

// File is commit i's file of a table; it must be the only one.
func (l *Lake) File(t testing.TB, i int, name table.Name) sinks.File {
	t.Helper()
	var found []sinks.File
	for _, f := range l.Commits[i].Files {
		if f.Table == name {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("commit %d has %d files of %s, want 1", i, len(found), name)
	}
	return found[0]
}
