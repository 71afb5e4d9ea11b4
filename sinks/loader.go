package sinks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/advertisex/adjoin/internal/table"
)

// How a loader deals with a bad file. A commit is one transaction, but one
// damaged object must not stop everything. So the table of a missing or corrupt
// file stops there, loudly: the file and all later files of that table are held
// (remembered in the warehouse in the same transaction as their commits), and
// the other tables go on. The stopped table keeps the state of a true prefix of
// the journal, which sums can be trusted for; loading past the hole would make
// them silently wrong. Retry loads what is held once the object is back.

// Source yields commits in journal order.
type Source interface {
	// Next is the first valid commit beyond after. With wait it blocks until there
	// is one; otherwise ok is false when the journal has been read to its end.
	Next(ctx context.Context, after Token, wait bool) (c Commit, ok bool, err error)
}

// LoaderConfig bounds the patience of a Loader. The zero value is good.
type LoaderConfig struct {
	// BackoffMin and BackoffMax bound the pause after a failure that may pass;
	// it doubles. 0 means 100 ms and 30 s.
	BackoffMin, BackoffMax time.Duration
	// FileAttempts is how often a file must be found damaged before its table is
	// stopped; 0 means 3.
	FileAttempts int
	// Every is how long Run waits after it has loaded all there is, so that what
	// is committed meanwhile is loaded together; 0 means it loads each commit as
	// soon as it is there.
	Every time.Duration
	// OnEvent is told of every load, failure and stop; it must not block. May be
	// nil.
	OnEvent func(LoadEvent)
}

// LoadEvent is one thing a loader did.
type LoadEvent struct {
	Commit Token
	Files  int           // loaded
	Rows   int64         // loaded
	Held   []Held        // newly held by this commit
	Took   time.Duration // of the successful load
	Err    error         // a failure; the loader retries unless Class says Refused
}

// LoadStatus is what a loader knows about itself.
type LoadStatus struct {
	Token       Token              // last commit in the warehouse
	Commits     int64              // taken by this loader
	Files, Rows int64              // loaded by this loader
	Stopped     map[table.Name]int // tables stopped by a bad file, with how many files wait
	Failures    int64              // attempts that failed
	LastError   error              // nil after a success
	LastSuccess time.Time          // zero before the first
}

// Loader follows a Source and keeps a Warehouse up to date. It is driven by one
// goroutine, that of Run or Once; Status may be called from any.
type Loader struct {
	source    Source
	warehouse Warehouse
	cfg       LoaderConfig

	mu     sync.Mutex // guards status
	status LoadStatus

	at      Token // owned by the driving goroutine
	started bool
}

// NewLoader connects a journal to a warehouse whose schema exists.
func NewLoader(s Source, w Warehouse, cfg LoaderConfig) *Loader {
	if cfg.BackoffMin <= 0 {
		cfg.BackoffMin = 100 * time.Millisecond
	}
	if cfg.BackoffMax < cfg.BackoffMin {
		cfg.BackoffMax = max(30*time.Second, cfg.BackoffMin)
	}
	if cfg.FileAttempts <= 0 {
		cfg.FileAttempts = 3
	}
	return &Loader{source: s, warehouse: w, cfg: cfg, status: LoadStatus{Token: NoToken, Stopped: map[table.Name]int{}}}
}

// Status is a copy of the loader's state.
func (l *Loader) Status() LoadStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.status
	s.Stopped = make(map[table.Name]int, len(s.Stopped))
	for n, files := range l.status.Stopped {
		s.Stopped[n] = files
	}
	return s
}

// Run loads commits as they come, or every so often, until ctx ends; then it
// returns nil. A
// failure that may pass is retried for ever, with back-off; one that needs a
// person is returned.
func (l *Loader) Run(ctx context.Context) error {
	_, err := l.follow(ctx, l.cfg.Every <= 0)
	for err == nil && l.cfg.Every > 0 {
		if err = sleep(ctx, l.cfg.Every); err == nil {
			_, err = l.follow(ctx, false)
		}
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// Once loads the commits that are there now and returns how many. It ends with
// ctx's error when that ends first.
func (l *Loader) Once(ctx context.Context) (commits int, err error) {
	return l.follow(ctx, false)
}

func (l *Loader) follow(ctx context.Context, wait bool) (commits int, err error) {
	if err := l.retrying(ctx, l.start); err != nil {
		return 0, err
	}
	for {
		var c Commit
		var ok bool
		err := l.retrying(ctx, func() (err error) {
			c, ok, err = l.source.Next(ctx, l.at, wait)
			return err
		})
		if err != nil || !ok {
			return commits, err
		}
		if err := l.take(ctx, c); err != nil {
			return commits, err
		}
		commits++
	}
}

// start reads where the warehouse is and which tables are stopped.
func (l *Loader) start() error {
	if l.started {
		return nil
	}
	at, err := l.warehouse.Token(context.Background())
	if err != nil {
		return err
	}
	held, err := l.warehouse.Held(context.Background())
	if err != nil {
		return err
	}
	l.at, l.started = at, true
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status.Token = at
	clear(l.status.Stopped)
	for _, h := range held {
		l.status.Stopped[h.File.Table]++
	}
	return nil
}

// take brings one commit into the warehouse, whatever that takes.
func (l *Loader) take(ctx context.Context, c Commit) error {
	bad := map[string]int{} // file key -> times found damaged
	reasons := map[string]string{}
	return l.retrying(ctx, func() error {
		b := l.batch(c, reasons)
		began := time.Now()
		r, err := l.warehouse.Load(ctx, b)
		var fe *FileError
		switch {
		case err == nil:
			l.loaded(c, b, r, time.Since(began))
			return nil
		case errors.Is(err, ErrOutOfOrder):
			return l.resync(ctx, c, err)
		case errors.As(err, &fe):
			if bad[fe.File.Key]++; bad[fe.File.Key] >= l.cfg.FileAttempts {
				reasons[fe.File.Key] = fe.Err.Error()
			}
		}
		return err
	})
}

// batch sorts the files of a commit into those to load and those to hold.
func (l *Loader) batch(c Commit, reasons map[string]string) Batch {
	b := Batch{Prev: l.at, Token: c.Offset}
	stoppedBy := map[table.Name]string{}
	l.mu.Lock()
	for n := range l.status.Stopped {
		stoppedBy[n] = "an earlier file of the table is held"
	}
	l.mu.Unlock()
	for _, f := range c.Files {
		if reasons[f.Key] != "" && stoppedBy[f.Table] == "" {
			stoppedBy[f.Table] = fmt.Sprintf("file %s of the same commit is held", f.Key)
		}
	}
	for _, f := range c.Files {
		reason := stoppedBy[f.Table]
		if reason == "" {
			b.Files = append(b.Files, f)
			continue
		}
		if own := reasons[f.Key]; own != "" {
			reason = own
		}
		b.Held = append(b.Held, Held{Commit: c.Offset, File: f, Reason: reason})
	}
	return b
}

func (l *Loader) loaded(c Commit, b Batch, r Result, took time.Duration) {
	l.at = c.Offset
	l.mu.Lock()
	l.status.Token = c.Offset
	l.status.Commits++
	l.status.LastError = nil
	l.status.LastSuccess = time.Now()
	if !r.Already {
		l.status.Files += int64(len(b.Files))
		l.status.Rows += r.Rows
		for _, h := range b.Held {
			l.status.Stopped[h.File.Table]++
		}
	}
	l.mu.Unlock()
	l.event(LoadEvent{Commit: c.Offset, Files: len(b.Files), Rows: r.Rows, Held: b.Held, Took: took})
}

// resync deals with a warehouse that is elsewhere: when another loader went
// ahead over this commit, this one follows; a commit that is missing before it
// is an error that repeating cannot heal.
func (l *Loader) resync(ctx context.Context, c Commit, cause error) error {
	at, err := l.warehouse.Token(ctx)
	if err != nil {
		return err
	}
	if at < l.at {
		return &Error{Op: "load", Class: Refused, Err: fmt.Errorf("the warehouse went back from commit %d to %d; restart the loader: %w", l.at, at, cause)}
	}
	if at >= c.Offset {
		l.started = false
		return l.start()
	}
	l.at = at
	return cause
}

// retrying repeats f until it succeeds, fails for good, or ctx ends.
func (l *Loader) retrying(ctx context.Context, f func() error) error {
	pause := l.cfg.BackoffMin
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := f()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.mu.Lock()
		l.status.Failures++
		l.status.LastError = err
		l.mu.Unlock()
		l.event(LoadEvent{Commit: l.at, Err: err})
		if ClassOf(err) == Refused {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, l.cfg.BackoffMax)
	}
}

func (l *Loader) event(e LoadEvent) {
	if l.cfg.OnEvent != nil {
		l.cfg.OnEvent(e)
	}
}

// RetryHeld loads the held files of every table whose files are all good again,
// and returns how many; tables with a file that is still bad stay stopped, and
// the error says which file. It must not run beside Run or Once.
func (l *Loader) RetryHeld(ctx context.Context) (files int, err error) {
	held, err := l.warehouse.Held(ctx)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, n := range table.Names() {
		of := slices.DeleteFunc(slices.Clone(held), func(h Held) bool { return h.File.Table != n })
		if len(of) == 0 {
			continue
		}
		r, err := l.warehouse.Release(ctx, of)
		if err != nil {
			errs = append(errs, fmt.Errorf("table %s stays stopped with %d files: %w", n, len(of), err))
			continue
		}
		files += len(of)
		l.mu.Lock()
		delete(l.status.Stopped, n)
		l.status.Files += int64(len(of))
		l.status.Rows += r.Rows
		l.mu.Unlock()
	}
	return files, errors.Join(errs...)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
