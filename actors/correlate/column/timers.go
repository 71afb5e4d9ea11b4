package column

import (
	"cmp"

	"github.com/advertisex/adjoin/internal/event"
)

// Timers is a heap of things that are due at a time. An entry is never taken
// out early: whoever is woken for nothing goes back to sleep.
type Timers[T cmp.Ordered] struct{ list []Timer[T] }

// Timer is one entry.
type Timer[T cmp.Ordered] struct {
	At   event.Time
	What T
}

// less breaks ties by what is due, so that the order never depends on history.
func (t Timer[T]) less(u Timer[T]) bool {
	return t.At < u.At || t.At == u.At && t.What < u.What
}

// Push adds an entry.
func (h *Timers[T]) Push(at event.Time, what T) {
	h.list = append(h.list, Timer[T]{at, what})
	for i := len(h.list) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.list[i].less(h.list[up]) {
			return
		}
		h.list[i], h.list[up] = h.list[up], h.list[i]
		i = up
	}
}

// Pop takes the earliest entry that is due before now, or false.
func (h *Timers[T]) Pop(now event.Time) (Timer[T], bool) {
	if len(h.list) == 0 || h.list[0].At >= now {
		return Timer[T]{}, false
	}
	top := h.list[0]
	last := len(h.list) - 1
	h.list[0] = h.list[last]
	h.list = h.list[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return top, true
		}
		if child+1 < last && h.list[child+1].less(h.list[child]) {
			child++
		}
		if !h.list[child].less(h.list[i]) {
			return top, true
		}
		h.list[i], h.list[child] = h.list[child], h.list[i]
		i = child
	}
}

// Bytes is the memory of the heap.
func (h *Timers[T]) Bytes() int64 { return int64(cap(h.list)) * 16 }
