package actors

import (
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/internal/event"
)

// held keeps the ingest frontier (T7) behind what children without a user set off
// (semantics R3). A shard fixes and forgets by the frontier, so it must not pass a
// record while links that the record caused are on their way. The links of a cut
// are applied before the next one, and a record causes at most correlate.LinkHops
// of them one after another. So a frontier may be used that many cuts after it was
// computed; after a cut that sent no link, that of this cut; and where no shard
// has to do with such children, at once.
type held struct {
	queue  []event.Time // computed and not used yet, oldest first
	used   event.Time   // the last one used
	linked bool         // a shard had to do with such children in the last cut
	quiet  bool         // the last cut sent no link
}

// next takes the frontier as it is computed for a cut and gives the one to be
// used in it, or event.MinTime for that of the cut before. userless says that a
// child without a user has been routed since the last cut.
func (h *held) next(frontier event.Time, userless bool) event.Time {
	h.queue = append(h.queue, frontier)
	at := len(h.queue) - 1
	switch {
	case !h.linked && !userless:
	case h.linked && h.quiet && at > 0:
		at--
	default:
		at -= correlate.LinkHops
	}
	if at < 0 {
		return event.MinTime
	}
	h.used = h.queue[at]
	h.queue = h.queue[at+1:]
	return h.used
}

// cut notes what the shards said at a cut.
func (h *held) cut(linked, quiet bool) { h.linked, h.quiet = linked, quiet }

// behind reports whether a later frontier waits than the last cut has used.
func (h *held) behind() bool { return len(h.queue) > 0 && h.queue[len(h.queue)-1] > h.used }

// deliver gives links to the shards they are for.
func deliver(links []event.Link, shards uint32, apply func(event.Shard, []byte)) {
	for i := range links {
		if l := &links[i]; l.All {
			for s := range event.Shard(shards) {
				apply(s, l.Body)
			}
		} else {
			apply(event.ShardOf(l.Route, shards), l.Body)
		}
	}
}
