package actors

import (
	"sync"
	"time"

	"github.com/advertisex/adjoin/cluster/journal"
)

// tombstones is the segments that nobody needs any more and that are to be
// deleted. One goroutine at a time works them off, however slow Kafka is.
type tombstones struct {
	mu      sync.Mutex
	pending []journal.SegmentRef
	done    chan struct{} // closed when the goroutine has ended, nil without one
}

// tombstone deletes segments nobody needs any more. A failure costs space in
// Kafka, not truth.
func (n *node) tombstone(refs []journal.SegmentRef) {
	if len(refs) == 0 {
		return
	}
	t := &n.tombs
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending = append(t.pending, refs...)
	if t.done == nil {
		done := make(chan struct{})
		t.done = done
		n.background(func() {
			defer close(done)
			n.workOffTombstones()
		})
	}
}

func (n *node) workOffTombstones() {
	for {
		ref, ok := n.tombs.next()
		if !ok {
			return
		}
		if err := n.segments.Tombstone(n.ctx, kafkaRef(ref)); err != nil {
			n.warn("a segment nobody needs could not be deleted; it costs space in Kafka until the topic is cleaned", err)
		}
	}
}

// next is a segment to delete; without one the goroutine must end.
func (t *tombstones) next() (journal.SegmentRef, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) == 0 {
		t.done = nil
		return journal.SegmentRef{}, false
	}
	ref := t.pending[0]
	t.pending = t.pending[1:]
	return ref, true
}

// settle waits until nothing is left to delete, for at most so long.
func (t *tombstones) settle(within time.Duration) {
	t.mu.Lock()
	done := t.done
	t.mu.Unlock()
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-time.After(within):
	}
}
