package sinks_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/sinktest"
)

// quick makes failures cheap.
func quick() sinks.LoaderConfig {
	return sinks.LoaderConfig{BackoffMin: time.Microsecond, BackoffMax: time.Millisecond}
}

func setup(t *testing.T, commits int) (*sinktest.Lake, *sinktest.Memory, *sinktest.Journal) {
	t.Helper()
	l := sinktest.NewLake(t, commits)
	j := &sinktest.Journal{}
	j.Append(l.Commits...)
	return l, sinktest.NewMemory(l.Store), j
}

func once(t *testing.T, l *sinks.Loader, want int) {
	t.Helper()
	if n, err := l.Once(context.Background()); err != nil || n != want {
		t.Fatalf("%d commits, %v; want %d", n, err, want)
	}
}

func holds(t *testing.T, m *sinktest.Memory, l *sinktest.Lake, n int, tables ...table.Name) {
	t.Helper()
	for _, name := range tables {
		if got, want := m.Rows(name), l.Rows(n, name); got != want {
			t.Errorf("%s has %d rows, want %d", name, got, want)
		}
	}
}

// TestLoaderResumesAfterTheToken: a new loader loads what the last one did not.
func TestLoaderResumesAfterTheToken(t *testing.T) {
	l := sinktest.NewLake(t, 5)
	m := sinktest.NewMemory(l.Store)
	j := &sinktest.Journal{}
	j.Append(l.Commits[:3]...)
	once(t, sinks.NewLoader(j, m, quick()), 3)
	j.Append(l.Commits[3:]...)
	again := sinks.NewLoader(j, m, quick())
	once(t, again, 2)
	once(t, again, 0)
	holds(t, m, l, 5, table.Names()...)
	if s := again.Status(); s.Token != 50 || s.Commits != 2 || s.Files != 5 || s.Rows != l.Rows(5, table.Impressions)-l.Rows(3, table.Impressions)+4+3 || s.LastError != nil || s.LastSuccess.IsZero() {
		t.Errorf("status %+v", s)
	}
}

// TestRunFollowsAndStops: commits that come later are loaded; the end of ctx is
// no error.
func TestRunFollowsAndStops(t *testing.T) {
	l := sinktest.NewLake(t, 3)
	m := sinktest.NewMemory(l.Store)
	j := &sinktest.Journal{}
	ctx, stop := context.WithCancel(context.Background())
	loaded := make(chan sinks.Token, 10)
	cfg := quick()
	cfg.OnEvent = func(e sinks.LoadEvent) { loaded <- e.Commit }
	done := make(chan error, 1)
	go func() { done <- sinks.NewLoader(j, m, cfg).Run(ctx) }()
	for _, c := range l.Commits {
		j.Append(c)
		if got := <-loaded; got != c.Offset {
			t.Fatalf("loaded %d, want %d", got, c.Offset)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	holds(t, m, l, 3, table.Names()...)
}

// TestF16_FailuresAreRetried, before the commit and after it.
func TestF16_FailuresAreRetried(t *testing.T) {
	// An answer lost after the commit is lost once for each of the three commits.
	for step, want := range map[string]int64{"verify": 5, "commit": 5, "committed": 3} {
		l, m, j := setup(t, 3)
		failures := 0
		m.Fail(func(s string) error {
			if s == step && failures < 5 {
				failures++
				return errors.New("the connection is lost")
			}
			return nil
		})
		loader := sinks.NewLoader(j, m, quick())
		once(t, loader, 3)
		holds(t, m, l, 3, table.Names()...)
		if got := loader.Status().Failures; got != want {
			t.Errorf("step %s: %d failures counted, want %d", step, got, want)
		}
	}
}

func TestRefusalEndsTheLoader(t *testing.T) {
	l, m, j := setup(t, 2)
	m.Fail(func(string) error {
		return &sinks.Error{Op: "load", Class: sinks.Refused, Err: errors.New("no permission")}
	})
	loader := sinks.NewLoader(j, m, quick())
	if err := loader.Run(context.Background()); sinks.ClassOf(err) != sinks.Refused {
		t.Errorf("error %v", err)
	}
	holds(t, m, l, 0, table.Names()...)
	if loader.Status().LastError == nil {
		t.Error("the status has no error")
	}
}

// TestF15_BadFileStopsItsTableOnly, whatever comes after; other tables go on,
// also in another loader; RetryHeld catches up once the file is back.
func TestF15_BadFileStopsItsTableOnly(t *testing.T) {
	l, m, j := setup(t, 5)
	bad := l.File(t, 1, table.Clicks)
	path := filepath.Join(l.Dir, bad.Key)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	first := &sinktest.Journal{}
	first.Append(l.Commits[:3]...)
	loader := sinks.NewLoader(first, m, quick())
	once(t, loader, 3)
	if s := loader.Status(); len(s.Stopped) != 1 || s.Stopped[table.Clicks] != 2 {
		t.Errorf("stopped %v, want 2 files of the clicks", s.Stopped)
	}
	second := sinks.NewLoader(j, m, quick())
	once(t, second, 2)
	holds(t, m, l, 5, table.Impressions, table.RejectedEvents)
	holds(t, m, l, 1, table.Clicks)
	held, err := m.Held(context.Background())
	if err != nil || len(held) != 4 {
		t.Fatalf("held %v, %v; want 4 files", held, err)
	}
	if !strings.Contains(held[0].Reason, "no such object") || held[0].File.Key != bad.Key || !strings.Contains(held[1].Reason, "earlier file") {
		t.Errorf("reasons %q, %q", held[0].Reason, held[1].Reason)
	}
	if n, err := second.RetryHeld(context.Background()); n != 0 || !errors.Is(err, sinks.ErrCorrupt) || !strings.Contains(err.Error(), bad.Key) {
		t.Errorf("retry of a file that is still missing: %d, %v", n, err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := second.RetryHeld(context.Background()); n != 4 || err != nil {
		t.Errorf("retry: %d files, %v; want 4", n, err)
	}
	holds(t, m, l, 5, table.Names()...)
	if s := second.Status(); len(s.Stopped) != 0 {
		t.Errorf("stopped %v", s.Stopped)
	}
}

// TestF20_AReadErrorIsNoCorruption: the store is away for a while.
func TestF20_AReadErrorIsNoCorruption(t *testing.T) {
	l, m, j := setup(t, 2)
	away := 20
	l.Store.FailOpen(func(string) error {
		if away--; away > 0 {
			return &sinks.Error{Op: "read", Class: sinks.Retryable, Err: errors.New("503")}
		}
		return nil
	})
	loader := sinks.NewLoader(j, m, quick())
	once(t, loader, 2)
	holds(t, m, l, 2, table.Names()...)
	if s := loader.Status(); len(s.Stopped) != 0 {
		t.Errorf("stopped %v", s.Stopped)
	}
}

// TestWarehouseThatWentBackIsRefused: somebody restored an old copy under a
// running loader.
func TestWarehouseThatWentBackIsRefused(t *testing.T) {
	l := sinktest.NewLake(t, 3)
	m := &swapped{Memory: sinktest.NewMemory(l.Store)}
	j := &sinktest.Journal{}
	j.Append(l.Commits[:2]...)
	loader := sinks.NewLoader(j, m, quick())
	once(t, loader, 2)
	m.Memory = sinktest.NewMemory(l.Store)
	j.Append(l.Commits[2])
	if _, err := loader.Once(context.Background()); sinks.ClassOf(err) != sinks.Refused || !strings.Contains(err.Error(), "went back") {
		t.Errorf("error %v", err)
	}
}

type swapped struct{ *sinktest.Memory }

// TestF14_UploadsAreRetriedUnderTheSameNames: errors, and answers lost after the
// upload.
func TestF14_UploadsAreRetriedUnderTheSameNames(t *testing.T) {
	l := sinktest.NewLake(t, 0)
	w, err := sinks.NewCutWriter(l.Store, sinks.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.NewCut("n1-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.WriteClicks(make([]table.Click, 3)), c.WriteWins(make([]table.Win, 2))); err != nil {
		t.Fatal(err)
	}
	lost := &sinks.Error{Op: "upload", Class: sinks.Retryable, Err: errors.New("the answer was lost")}
	l.Store.FailPut(func(string) error { return lost }, nil)
	if _, err := c.Close(context.Background()); sinks.ClassOf(err) != sinks.Retryable {
		t.Fatalf("error %v", err)
	}
	l.Store.FailPut(nil, func(string) error { return lost })
	if _, err := c.Close(context.Background()); sinks.ClassOf(err) != sinks.Retryable {
		t.Fatalf("error %v", err)
	}
	l.Store.FailPut(nil, nil)
	files, err := c.Close(context.Background())
	if err != nil || len(files) != 2 || files[0].Rows != 2 || files[1].Rows != 3 {
		t.Fatalf("files %+v, %v", files, err)
	}
	if again, err := c.Close(context.Background()); err != nil || again[0] != files[0] || again[1] != files[1] {
		t.Errorf("a second close: %+v, %v", again, err)
	}
	if err := c.Release(); err != nil {
		t.Error(err)
	}
	other, err := w.NewCut("n1-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.WriteWins(make([]table.Win, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Close(context.Background()); !errors.Is(err, sinks.ErrNameTaken) {
		t.Errorf("the same id with other rows: %v", err)
	}
	if err := other.Release(); err != nil {
		t.Error(err)
	}
}

// TestEvery_LoadsTogetherWhatCameMeanwhile: with a period, a commit waits for its
// turn; without one it does not.
func TestEvery_LoadsTogetherWhatCameMeanwhile(t *testing.T) {
	l := sinktest.NewLake(t, 2)
	m := sinktest.NewMemory(l.Store)
	j := &sinktest.Journal{}
	const every = 200 * time.Millisecond
	cfg := quick()
	cfg.Every = every
	loaded := make(chan time.Time, 10)
	cfg.OnEvent = func(sinks.LoadEvent) { loaded <- time.Now() }
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sinks.NewLoader(j, m, cfg).Run(ctx) }()
	time.Sleep(every / 4) // it has looked, and found nothing
	began := time.Now()
	j.Append(l.Commits...)
	first, second := <-loaded, <-loaded
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if first.Sub(began) < every/4 || second.Sub(first) > every/2 {
		t.Errorf("loaded after %v and %v, want both in the next turn of %v", first.Sub(began), second.Sub(began), every)
	}
	holds(t, m, l, 2, table.Names()...)
}
