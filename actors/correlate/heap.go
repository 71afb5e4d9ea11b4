package correlate

import (
	"cmp"

	"github.com/advertisex/adjoin/internal/event"
)

// timers is a heap of things that are due at a time. An entry is never taken
// out early: whoever is woken for nothing goes back to sleep.
type timers[T cmp.Ordered] struct{ list []timer[T] }

type timer[T cmp.Ordered] struct {
	at   event.Time
	what T
}

// less breaks ties by what is due, so that the order never depends on history.
func (t timer[T]) less(u timer[T]) bool {
	return t.at < u.at || t.at == u.at && t.what < u.what
}

func (h *timers[T]) push(at event.Time, what T) {
	h.list = append(h.list, timer[T]{at, what})
	for i := len(h.list) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.list[i].less(h.list[up]) {
			return
		}
		h.list[i], h.list[up] = h.list[up], h.list[i]
		i = up
	}
}

// pop takes the earliest entry that is due before now, or false.
func (h *timers[T]) pop(now event.Time) (timer[T], bool) {
	if len(h.list) == 0 || h.list[0].at >= now {
		return timer[T]{}, false
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
