package campaign

import (
	"cmp"
	"slices"

	"github.com/advertisex/adjoin/internal/event/delta"
)

// A multiset of milliseconds is a list of delta.Count, ascending, without zeros.

// ordered sorts runs and adds up those of one number.
func ordered(list []delta.Count) []delta.Count {
	slices.SortFunc(list, func(a, b delta.Count) int { return cmp.Compare(a.MS, b.MS) })
	out := list[:0]
	for _, c := range list {
		if n := len(out); n > 0 && out[n-1].MS == c.MS {
			out[n-1].Times += c.Times
			continue
		}
		out = append(out, c)
	}
	return out
}

// merge is the sum of two multisets; it may write to the first.
func merge(a, b []delta.Count) []delta.Count {
	if len(b) == 0 {
		return a
	}
	out := make([]delta.Count, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		var c delta.Count
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].MS < b[0].MS:
			c, a = a[0], a[1:]
		case len(a) == 0 || b[0].MS < a[0].MS:
			c, b = b[0], b[1:]
		default:
			c = delta.Count{MS: a[0].MS, Times: a[0].Times + b[0].Times}
			a, b = a[1:], b[1:]
		}
		if c.Times != 0 {
			out = append(out, c)
		}
	}
	return out
}

// size is how many numbers a multiset holds.
func size(list []delta.Count) (n int64) {
	for _, c := range list {
		n += c.Times
	}
	return n
}

// at is the number at a place, from 1, in ascending order; 0 where there is
// none.
func at(list []delta.Count, place int64) int64 {
	for _, c := range list {
		if place -= c.Times; place <= 0 {
			return c.MS
		}
	}
	return 0
}
