package sinktest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// Harness tells the kit how to handle one kind of warehouse.
type Harness struct {
	// New returns a function that opens one warehouse, empty the first time, with
	// what was committed the next times: a restart.
	New func(t *testing.T) (open func(s sinks.Store) sinks.Warehouse)
	// Rows counts the rows of a table.
	Rows func(t *testing.T, w sinks.Warehouse, n table.Name) int64
	// Fail makes the warehouse call f before each step of a load; nil ends that.
	Fail func(w sinks.Warehouse, f func(step string) error)
	// Steps names the steps in order. Committed is the one after the commit.
	Steps     []string
	Committed string
}

// errKilled is what the kit injects.
var errKilled = errors.New("killed by the test")

// Run tests a warehouse.
func Run(t *testing.T, h Harness) {
	t.Run("EmptyHasNoToken", h.emptyHasNoToken)
	t.Run("F17_ReplayChangesNothing", h.replayChangesNothing)
	t.Run("F17_OutOfOrderIsRefused", h.outOfOrderIsRefused)
	t.Run("F16_BrokenAtEachStep", h.brokenAtEachStep)
	t.Run("F17_TwoLoaders", h.twoLoaders)
	t.Run("F15_DamagedFileIsNamed", h.damagedFileIsNamed)
	t.Run("I5_RowCountIsCompared", h.rowCountIsCompared)
	t.Run("F15_HeldFilesAreReleasedOnce", h.heldFilesAreReleasedOnce)
	t.Run("RemoteStoreIsCopied", h.remoteStoreIsCopied)
}

func (h Harness) open(t *testing.T, s sinks.Store) (w sinks.Warehouse, reopen func() sinks.Warehouse) {
	t.Helper()
	open := h.New(t)
	w = open(s)
	if err := w.EnsureSchema(context.Background()); err != nil {
		t.Fatal(err)
	}
	current := w
	t.Cleanup(func() {
		if err := current.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, func() sinks.Warehouse {
		t.Helper()
		if err := current.Close(); err != nil {
			t.Fatal(err)
		}
		current = open(s)
		if err := current.EnsureSchema(context.Background()); err != nil {
			t.Fatal(err)
		}
		return current
	}
}

// holds checks that the warehouse has exactly the first n commits.
func (h Harness) holds(t *testing.T, w sinks.Warehouse, l *Lake, n int) {
	t.Helper()
	want := sinks.NoToken
	if n > 0 {
		want = l.Commits[n-1].Offset
	}
	if got, err := w.Token(context.Background()); err != nil || got != want {
		t.Fatalf("token %d (%v), want %d", got, err, want)
	}
	for _, name := range table.Names() {
		if got, want := h.Rows(t, w, name), l.Rows(n, name); got != want {
			t.Fatalf("%s has %d rows, want %d", name, got, want)
		}
	}
}

func load(t *testing.T, w sinks.Warehouse, l *Lake, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if r, err := w.Load(context.Background(), l.Batch(i)); err != nil || r.Already {
			t.Fatalf("commit %d: %+v, %v", i, r, err)
		}
	}
}

func (h Harness) emptyHasNoToken(t *testing.T) {
	l := NewLake(t, 1)
	w, reopen := h.open(t, l.Store)
	h.holds(t, w, l, 0)
	h.holds(t, reopen(), l, 0)
}

func (h Harness) replayChangesNothing(t *testing.T) {
	l := NewLake(t, 3)
	w, reopen := h.open(t, l.Store)
	load(t, w, l, 0, 3)
	h.holds(t, w, l, 3)
	for n := range 100 {
		r, err := w.Load(context.Background(), l.Batch(n%3))
		if err != nil || !r.Already || r.Rows != 0 {
			t.Fatalf("replay %d: %+v, %v", n, r, err)
		}
	}
	h.holds(t, w, l, 3)
	h.holds(t, reopen(), l, 3)
}

func (h Harness) outOfOrderIsRefused(t *testing.T) {
	l := NewLake(t, 3)
	w, _ := h.open(t, l.Store)
	ctx := context.Background()
	refused := func(b sinks.Batch) {
		t.Helper()
		if _, err := w.Load(ctx, b); !errors.Is(err, sinks.ErrOutOfOrder) {
			t.Fatalf("commit %d after %d: %v, want ErrOutOfOrder", b.Token, b.Prev, err)
		}
	}
	refused(l.Batch(1))
	h.holds(t, w, l, 0)
	load(t, w, l, 0, 1)
	refused(l.Batch(2))
	skipping := l.Batch(2)
	skipping.Prev = l.Commits[0].Offset - 5
	refused(skipping)
	h.holds(t, w, l, 1)
	load(t, w, l, 1, 3)
	// A commit below the token that the ledger does not know was never loaded.
	unknown := l.Batch(1)
	unknown.Token++
	refused(unknown)
	h.holds(t, w, l, 3)
}

// brokenAtEachStep stops a load before each step, every time it comes, with the
// process going on or starting again.
func (h Harness) brokenAtEachStep(t *testing.T) {
	l := NewLake(t, 2)
	for _, step := range h.Steps {
		for nth := 1; h.breakAt(t, l, step, nth); nth++ {
		}
	}
}

func (h Harness) breakAt(t *testing.T, l *Lake, step string, nth int) (reached bool) {
	t.Run(step, func(t *testing.T) {
		w, reopen := h.open(t, l.Store)
		load(t, w, l, 0, 1)
		seen := 0
		h.Fail(w, func(s string) error {
			if s == step {
				if seen++; seen == nth {
					reached = true
					return errKilled
				}
			}
			return nil
		})
		_, err := w.Load(context.Background(), l.Batch(1))
		h.Fail(w, nil)
		if !reached {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("step %s: error %v, want the injected one", step, err)
		}
		done := 1
		if step == h.Committed {
			done = 2
		}
		h.holds(t, w, l, done)
		w = reopen()
		h.holds(t, w, l, done)
		if r, err := w.Load(context.Background(), l.Batch(1)); err != nil || r.Already != (done == 2) {
			t.Fatalf("again: %+v, %v", r, err)
		}
		h.holds(t, w, l, 2)
	})
	return reached && !t.Failed()
}

func (h Harness) twoLoaders(t *testing.T) {
	l := NewLake(t, 20)
	w, _ := h.open(t, l.Store)
	j := &Journal{}
	j.Append(l.Commits...)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := sinks.NewLoader(j, w, sinks.LoaderConfig{BackoffMin: 1}).Once(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h.holds(t, w, l, 20)
}

func (h Harness) damagedFileIsNamed(t *testing.T) {
	damage := map[string]func(t *testing.T, path string){
		"missing": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"truncated": func(t *testing.T, path string) {
			if err := os.Truncate(path, 100); err != nil {
				t.Fatal(err)
			}
		},
		"one bit": func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 4
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			l := NewLake(t, 2)
			w, _ := h.open(t, l.Store)
			load(t, w, l, 0, 1)
			f := l.File(t, 1, table.Clicks)
			spoil(t, filepath.Join(l.Dir, filepath.FromSlash(f.Key)))
			_, err := w.Load(context.Background(), l.Batch(1))
			var fe *sinks.FileError
			if !errors.As(err, &fe) || fe.File.Key != f.Key || !errors.Is(err, sinks.ErrCorrupt) {
				t.Fatalf("error %v, want a FileError for %s", err, f.Key)
			}
			h.holds(t, w, l, 1)
		})
	}
}

func (h Harness) rowCountIsCompared(t *testing.T) {
	l := NewLake(t, 1)
	w, _ := h.open(t, l.Store)
	b := l.Batch(0)
	b.Files = append([]sinks.File(nil), b.Files...)
	for i := range b.Files {
		if b.Files[i].Table == table.RejectedEvents {
			b.Files[i].Rows++
		}
	}
	_, err := w.Load(context.Background(), b)
	var fe *sinks.FileError
	if !errors.As(err, &fe) || fe.File.Table != table.RejectedEvents {
		t.Fatalf("error %v, want a FileError for the rejects", err)
	}
	h.holds(t, w, l, 0)
}

func (h Harness) heldFilesAreReleasedOnce(t *testing.T) {
	l := NewLake(t, 2)
	w, reopen := h.open(t, l.Store)
	ctx := context.Background()
	for i := range 2 {
		b := l.Batch(i)
		var files []sinks.File
		for _, f := range b.Files {
			if f.Table == table.Clicks {
				b.Held = append(b.Held, sinks.Held{Commit: b.Token, File: f, Reason: "test"})
			} else {
				files = append(files, f)
			}
		}
		b.Files = files
		if _, err := w.Load(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.Rows(t, w, table.Clicks); got != 0 {
		t.Fatalf("%d rows of a held table, want 0", got)
	}
	w = reopen()
	held, err := w.Held(ctx)
	if err != nil || len(held) != 2 || held[0].File != l.File(t, 0, table.Clicks) || held[1].Commit != 20 || held[1].Reason != "test" {
		t.Fatalf("held %+v, %v", held, err)
	}
	if r, err := w.Release(ctx, held); err != nil || r.Rows != 4 {
		t.Fatalf("release: %+v, %v; want 4 rows", r, err)
	}
	h.holds(t, w, l, 2)
	if r, err := w.Release(ctx, held); err != nil || r.Rows != 0 {
		t.Fatalf("second release: %+v, %v; want nothing", r, err)
	}
	h.holds(t, w, l, 2)
	if left, err := w.Held(ctx); err != nil || len(left) != 0 {
		t.Fatalf("still held: %v, %v", left, err)
	}
}

func (h Harness) remoteStoreIsCopied(t *testing.T) {
	l := NewLake(t, 2)
	l.Store.ActRemote()
	w, _ := h.open(t, l.Store)
	load(t, w, l, 0, 2)
	h.holds(t, w, l, 2)
}
