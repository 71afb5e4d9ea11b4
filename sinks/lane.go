package sinks

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/sinks/rowfile"
)

// How rows become files. A table of a cut has lanes; a lane has one open file
// for each partition; a file gathers rows in a stage and encodes a stage at a
// time. A caller takes the first lane that nobody is in; a lane is added only
// when all are busy, up to Config.Lanes. So one shard at a time makes one file
// an hour, and many shards at once encode in parallel, in the callers' own
// goroutines: no queue, no copy but the stage, and a writer that cannot keep up
// slows its callers down.

// tableCut is one table of one cut.
type tableCut[T any] struct {
	cut  *Cut
	kind *tableKind[T]

	mu     sync.Mutex // guards lanes; lock order: mu, then a lane's mu
	lanes  []*lane[T]
	turn   int          // next lane to wait for when all are busy
	number atomic.Int64 // of the next file
}

// lane is a set of open files that one caller at a time writes to.
type lane[T any] struct {
	mu     sync.Mutex
	open   map[event.Time]*part[T] // by start of partition
	last   *part[T]                // the one most recently written to
	clock  int64                   // counts uses, for the choice of a victim
	busy   int                     // files with a writer, at most Config.OpenFiles
	sealed bool
}

// part is one file being written.
type part[T any] struct {
	start, end event.Time // [start, end) of its partition
	key        string
	stage      []T
	rows       int64
	out        *spool
	writer     *rowfile.Writer[T] // nil before the first full stage
	used       int64              // lane.clock at the last use
}

// write takes rows into the cut.
func (t *tableCut[T]) write(rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	l := t.enter()
	defer l.mu.Unlock()
	if l.sealed {
		return ErrSealed
	}
	for len(rows) > 0 {
		p := t.partOf(l, &rows[0])
		n := t.run(p, rows)
		if err := errors.Join(t.append(l, p, rows[:n]), t.limit(l, p)); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// enter returns a locked lane.
func (t *tableCut[T]) enter() *lane[T] {
	t.mu.Lock()
	for _, l := range t.lanes {
		if l.mu.TryLock() {
			t.mu.Unlock()
			return l
		}
	}
	if len(t.lanes) < t.cut.owner.cfg.Lanes {
		l := &lane[T]{open: make(map[event.Time]*part[T]), sealed: t.cut.isSealed()}
		l.mu.Lock()
		t.lanes = append(t.lanes, l)
		t.mu.Unlock()
		return l
	}
	t.turn = (t.turn + 1) % len(t.lanes)
	l := t.lanes[t.turn]
	t.mu.Unlock()
	l.mu.Lock()
	return l
}

// run is how many leading rows lie in the partition of p.
func (t *tableCut[T]) run(p *part[T], rows []T) int {
	n := 1
	for n < len(rows) {
		at := t.kind.grain.at(&rows[n])
		if at < p.start || at >= p.end {
			break
		}
		n++
	}
	return n
}

// partOf is the open file for a row's partition.
func (t *tableCut[T]) partOf(l *lane[T], row *T) *part[T] {
	at := t.kind.grain.at(row)
	l.clock++
	if p := l.last; p != nil && at >= p.start && at < p.end {
		p.used = l.clock
		return p
	}
	start, end := t.kind.grain.partition(at)
	p := l.open[start]
	if p == nil {
		p = t.openPart(start, end)
		l.open[start] = p
	}
	p.used, l.last = l.clock, p
	return p
}

func (t *tableCut[T]) openPart(start, end event.Time) *part[T] {
	w := t.cut.owner
	out := newSpool(&w.chunks, &w.budget, w.cfg.SpoolDir, w.cfg.SpoolBytes)
	number := t.number.Add(1) - 1
	return &part[T]{
		start: start,
		end:   end,
		key:   fileKey(t.kind.name, t.kind.grain.span, start, t.cut.id, number),
		out:   out,
	}
}

// begin gives a file a writer; a lane that has none left finishes the file that
// was left alone the longest.
func (t *tableCut[T]) begin(l *lane[T], p *part[T]) error {
	if p.writer != nil {
		return nil
	}
	if l.busy >= t.cut.owner.cfg.OpenFiles {
		var victim *part[T]
		for _, q := range l.open {
			if q.writer != nil && (victim == nil || q.used < victim.used) {
				victim = q
			}
		}
		delete(l.open, victim.start)
		l.busy--
		if err := t.finish(victim); err != nil {
			return err
		}
	}
	l.busy++
	p.writer = t.kind.pool.get(p.out)
	return nil
}

// append stages rows, or encodes them at once where there are many: those of a
// file that has shown that it will be large need not be.
func (t *tableCut[T]) append(l *lane[T], p *part[T], rows []T) error {
	p.rows += int64(len(rows))
	if len(p.stage) == 0 && (len(rows) >= stageRows || p.writer != nil && len(rows) >= directRows) {
		if err := t.begin(l, p); err != nil {
			return err
		}
		return p.encode(rows)
	}
	for len(rows) > 0 {
		n := min(len(rows), stageRows-len(p.stage))
		p.stage = append(p.stage, rows[:n]...)
		rows = rows[n:]
		if len(p.stage) == stageRows {
			if err := errors.Join(t.begin(l, p), p.encodeStage()); err != nil {
				return err
			}
		}
	}
	return nil
}

// limit finishes a file that has become large enough; the next row of its
// partition begins another.
func (t *tableCut[T]) limit(l *lane[T], p *part[T]) error {
	if p.out.size < t.cut.owner.cfg.FileBytes {
		return nil
	}
	delete(l.open, p.start)
	l.last = nil
	l.busy--
	return t.finish(p)
}

func (p *part[T]) encodeStage() error {
	err := p.encode(p.stage)
	clear(p.stage) // or it keeps the record batches alive that its text aliases
	p.stage = p.stage[:0]
	return err
}

func (p *part[T]) encode(rows []T) error {
	if err := p.writer.Write(rows); err != nil {
		return fmt.Errorf("sinks: encoding %s failed, the cut must be made again: %w", p.key, err)
	}
	return nil
}

func (p *part[T]) complete() error {
	if len(p.stage) > 0 {
		if err := p.encodeStage(); err != nil {
			return err
		}
	}
	if err := p.writer.Close(); err != nil {
		return fmt.Errorf("sinks: completing %s failed, the cut must be made again: %w", p.key, err)
	}
	return nil
}

// finish completes the file and hands it to the cut.
func (t *tableCut[T]) finish(p *part[T]) error {
	if p.writer == nil {
		p.writer = t.kind.pool.get(p.out)
	}
	if err := p.complete(); err != nil {
		return errors.Join(err, p.out.release())
	}
	t.kind.pool.put(p.writer)
	p.writer, p.stage = nil, nil
	t.cut.done(&finished{
		File: File{Table: t.kind.name, Key: p.key, Rows: p.rows, Bytes: p.out.size, SHA256: p.out.digest()},
		out:  p.out,
	})
	return nil
}

// seal refuses further rows and lists the lanes' open files as work.
func (t *tableCut[T]) seal() (work []func() error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.lanes {
		l.mu.Lock()
		l.sealed = true
		for _, p := range l.open {
			work = append(work, func() error { return t.finish(p) })
		}
		l.open, l.last = nil, nil
		l.mu.Unlock()
	}
	return work
}

// drop gives back what open files hold, without completing them.
func (t *tableCut[T]) drop() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, l := range t.lanes {
		l.mu.Lock()
		l.sealed = true
		for _, p := range l.open {
			errs = append(errs, p.out.release())
		}
		l.open, l.last = nil, nil
		l.mu.Unlock()
	}
	return errors.Join(errs...)
}
