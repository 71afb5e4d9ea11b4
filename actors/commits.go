package actors

import (
	"context"
	"errors"
	"fmt"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// Commits is the valid commits of a journal, in order, for a loader
// (sinks.Source). It judges them as every other reader does. One goroutine may
// use it.
type Commits struct {
	journal *kafka.Log
	state   *journal.State
	next    event.Offset // of the journal, to read
	ready   []sinks.Commit
}

// OpenCommits opens the journal. Close must be called.
func OpenCommits(ctx context.Context, cfg kafka.Config, topic string) (*Commits, error) {
	l, err := kafka.OpenLog(ctx, cfg, topic)
	if err != nil {
		return nil, err
	}
	return &Commits{journal: l}, nil
}

// Close closes the connections.
func (c *Commits) Close() error { return c.journal.Close() }

// Next implements sinks.Source.
func (c *Commits) Next(ctx context.Context, after sinks.Token, wait bool) (sinks.Commit, bool, error) {
	if c.state == nil {
		if err := c.start(ctx, event.Offset(after)+1); err != nil {
			return sinks.Commit{}, false, err
		}
	}
	for {
		// A commit stays until the loader asks for one beyond it: a load that was
		// interrupted asks for the same again.
		for len(c.ready) > 0 && c.ready[0].Offset <= after {
			c.ready = c.ready[1:]
		}
		if len(c.ready) > 0 {
			return c.ready[0], true, nil
		}
		_, end, err := c.journal.Bounds(ctx)
		if err != nil {
			return sinks.Commit{}, false, err
		}
		if c.next >= end {
			if !wait {
				return sinks.Commit{}, false, nil
			}
			end = c.next + 1 // Read waits for it
		}
		if err := c.read(ctx, end); err != nil {
			return sinks.Commit{}, false, err
		}
	}
}

// start folds the journal as it is and keeps the valid commits from want on. A
// journal that no longer holds them is an error: the warehouse would miss rows.
func (c *Commits) start(ctx context.Context, want event.Offset) error {
	first, entries, err := readJournal(ctx, c.journal, nil)
	if err != nil {
		return err
	}
	state, err := recoverState(first, entries, max(want, 0), func(at event.Offset, commit *journal.Commit) error {
		c.ready = append(c.ready, loadable(at, commit))
		return nil
	})
	if err != nil {
		return fmt.Errorf("the journal does not reach back to commit %d, the first the warehouse wants: %w; "+
			"load the files of the lake by hand or build the warehouse anew", want, err)
	}
	c.state, c.next = state, first
	if n := len(entries); n > 0 {
		c.next = entries[n-1].Offset + 1
	}
	return nil
}

func (c *Commits) read(ctx context.Context, end event.Offset) error {
	return c.journal.Read(ctx, c.next, end, func(at event.Offset, _ event.Time, value []byte) error {
		rec, err := journal.Decode(value)
		if err != nil {
			return fmt.Errorf("journal record at offset %d: %w", at, err)
		}
		verdict := c.state.Apply(at, rec)
		if commit, ok := rec.(*journal.Commit); ok && verdict.Reason == journal.Accepted {
			c.ready = append(c.ready, loadable(at, commit))
		}
		c.next = at + 1
		return nil
	})
}

func loadable(at event.Offset, commit *journal.Commit) sinks.Commit {
	out := sinks.Commit{Offset: sinks.Token(at)}
	for _, f := range commit.Files {
		out.Files = append(out.Files, sinks.File{
			Table: table.Name(f.Table), Key: f.Path, Rows: f.Rows, Bytes: f.Bytes, SHA256: f.SHA256,
		})
	}
	return out
}

// Durable is how far the valid commits of a journal have come.
type Durable struct {
	Vector  event.Vector // least of all user shards, by partition
	Commits int          // shards with a commit
	Time    event.Time   // of the latest commit, MinTime before the first
}

// ReadDurable reads the journal once.
func ReadDurable(ctx context.Context, cfg kafka.Config, topic string) (Durable, error) {
	var d Durable
	l, err := kafka.OpenLog(ctx, cfg, topic)
	if err != nil {
		return d, err
	}
	first, entries, err := readJournal(ctx, l, nil)
	if err = errors.Join(err, l.Close()); err != nil {
		return d, err
	}
	state, err := recoverState(first, entries, journal.Latest, nil)
	if err != nil {
		return d, err
	}
	return durableOf(state), nil
}

// durableOf is how far the valid commits that a state has folded have come.
func durableOf(state *journal.State) Durable {
	d := Durable{Vector: event.Vector{}, Time: event.MinTime}
	for _, id := range state.Shards() {
		last, ok := state.LastCommit(id)
		if !ok || id.Role != journal.User {
			continue
		}
		d.Commits++
		d.Time = max(d.Time, last.Time)
		for p, o := range last.Vector {
			if have, known := d.Vector[p]; !known || o < have {
				d.Vector[p] = o
			}
		}
	}
	return d
}

// FollowDurable reads the journal and then follows it until ctx ends, which is
// its only good end and gives a nil error. seen is told how far the commits have
// come, once for what is there and again after every valid commit, as soon as
// the record can be read: what a commit covers is visible to a loader from then
// on. The Durable is seen's to keep.
func FollowDurable(ctx context.Context, cfg kafka.Config, topic string, seen func(Durable)) error {
	l, err := kafka.OpenLog(ctx, cfg, topic)
	if err != nil {
		return err
	}
	err = followDurable(ctx, l, seen)
	if ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, l.Close())
}

func followDurable(ctx context.Context, l *kafka.Log, seen func(Durable)) error {
	first, entries, err := readJournal(ctx, l, nil)
	if err != nil {
		return err
	}
	state, err := recoverState(first, entries, journal.Latest, nil)
	if err != nil {
		return err
	}
	seen(durableOf(state))
	next := first
	if n := len(entries); n > 0 {
		next = entries[n-1].Offset + 1
	}
	for {
		err := l.Read(ctx, next, next+1, func(at event.Offset, _ event.Time, value []byte) error {
			rec, err := journal.Decode(value)
			if err != nil {
				return fmt.Errorf("journal record at offset %d: %w", at, err)
			}
			verdict := state.Apply(at, rec)
			if _, ok := rec.(*journal.Commit); ok && verdict.Reason == journal.Accepted {
				seen(durableOf(state))
			}
			next = at + 1
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// ReadTotals adds up every valid commit of a journal.
func ReadTotals(ctx context.Context, cfg kafka.Config, topic string) (Summary, error) {
	l, err := kafka.OpenLog(ctx, cfg, topic)
	if err != nil {
		return Summary{}, err
	}
	first, entries, err := readJournal(ctx, l, nil)
	if err = errors.Join(err, l.Close()); err != nil {
		return Summary{}, err
	}
	var totals journalTotals
	_, err = recoverState(first, entries, first, func(at event.Offset, commit *journal.Commit) error {
		totals.add(at, commit)
		return nil
	})
	return totals.summary(), err
}
