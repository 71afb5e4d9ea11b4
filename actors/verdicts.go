package actors

import (
	"context"
	"fmt"
	"sync"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
)

// FencedError says that the journal has taken the node's shards away: another
// process claimed them later, or a commit was not valid under the claims before
// it. The node stops; nothing it wrote since counts.
type FencedError struct {
	Node   journal.NodeID
	By     string         // who claimed, "" when a commit was void
	Offset event.Offset   // of the claim
	Shards int            // lost to it
	Reason journal.Reason // of a void commit
	Detail string
}

// Error says who took over and what to do.
func (e *FencedError) Error() string {
	if e.By != "" {
		return fmt.Sprintf("node %s lost %d shards to a claim by %s at journal offset %d and stops; "+
			"two processes run with the same journal: stop one, or give them journals of their own", e.Node, e.Shards, e.By, e.Offset)
	}
	return fmt.Sprintf("a commit of node %s is void (%s: %s) and the node stops; it restores from the last valid commit when it starts again",
		e.Node, e.Reason, e.Detail)
}

// verdicts is what has been read of the journal, for goroutines that wait for
// a commit's fate. The committer alone writes it.
type verdicts struct {
	mu struct {
		sync.Mutex
		applied event.Offset
		byCut   map[journal.CutNumber]event.Offset
		ours    map[event.Offset]verdictOf
		moved   chan struct{} // closed and replaced when applied grows
	}
}

// verdictOf is the verdict on one commit of this node.
type verdictOf struct {
	cut     journal.CutNumber
	verdict journal.Verdict
}

func newVerdicts(applied event.Offset) *verdicts {
	v := &verdicts{}
	v.mu.applied = applied
	v.mu.byCut = map[journal.CutNumber]event.Offset{}
	v.mu.ours = map[event.Offset]verdictOf{}
	v.mu.moved = make(chan struct{})
	return v
}

func (v *verdicts) put(offset event.Offset, cut journal.CutNumber, verdict journal.Verdict) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mu.byCut[cut] = offset
	v.mu.ours[offset] = verdictOf{cut: cut, verdict: verdict}
}

func (v *verdicts) applied(offset event.Offset) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mu.applied = offset
	close(v.mu.moved)
	v.mu.moved = make(chan struct{})
}

// take is the verdict on the commit at an offset that has been read, once.
func (v *verdicts) take(offset event.Offset) journal.Verdict {
	v.mu.Lock()
	defer v.mu.Unlock()
	of, read := v.mu.ours[offset]
	if !read {
		return journal.Verdict{Reason: journal.NotOwner, Detail: fmt.Sprintf("another record is at offset %d", offset)}
	}
	delete(v.mu.ours, offset)
	delete(v.mu.byCut, of.cut)
	return of.verdict
}

// find waits until the journal has been read up to an offset, then says where
// the commit of a cut is, if it is there.
func (v *verdicts) find(ctx context.Context, cut journal.CutNumber, upTo event.Offset) (event.Offset, bool, error) {
	for {
		v.mu.Lock()
		applied, moved := v.mu.applied, v.mu.moved
		at, there := v.mu.byCut[cut]
		v.mu.Unlock()
		if applied >= upTo {
			return at, there, nil
		}
		select {
		case <-ctx.Done():
			return 0, false, ctx.Err()
		case <-moved:
		}
	}
}
