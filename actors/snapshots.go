package actors

import (
	"time"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
)

// snapshotEvery is after how many journal records the fold is written down: a
// heartbeat comes once a second, so about twice an hour.
const snapshotEvery = 2_000

// snapshots writes the folded journal down now and then and lets go of what
// lies before a snapshot that is old enough: a loader that was away for less
// than the retention still finds every commit it wants.
type snapshots struct {
	every     event.Offset
	retention time.Duration
	kept      []snapshot // oldest first
	last      event.Offset
}

type snapshot struct {
	upto event.Offset
	at   event.Time
}

// noted takes a snapshot that was read.
func (s *snapshots) noted(upto event.Offset, at event.Time) {
	s.kept = append(s.kept, snapshot{upto: upto, at: at})
	s.last = max(s.last, upto)
}

// due reports whether it is time for one.
func (s *snapshots) due(applied event.Offset) bool { return applied-s.last >= s.every }

// deletable is the offset before which records may be deleted, 0 for none: the
// end of the latest snapshot that is older than the retention and that every
// campaign shard has passed. That snapshot itself stays.
func (s *snapshots) deletable(now event.Time, wanted event.Offset) event.Offset {
	var before event.Offset
	for len(s.kept) > 0 {
		first := s.kept[0]
		old := now.Sub(first.at) > event.Span(s.retention/time.Microsecond)
		if !old || first.upto >= wanted {
			break
		}
		before = first.upto + 1
		s.kept = s.kept[1:]
	}
	return before
}

// snapshot appends a snapshot when one is due, and deletes what an old one has
// made unneeded. Failures cost space and time at the next start, not truth.
func (c *committer) snapshot() {
	if !c.snaps.due(c.journal.Applied()) {
		return
	}
	c.snaps.last = c.journal.Applied() // one at a time, however long it takes
	b, err := journal.Append(nil, c.journal.Snapshot())
	if err != nil {
		c.node.log.Warn("the journal's state is too large for one record, so no snapshot is written", "error", err)
		return
	}
	before := c.snaps.deletable(event.TimeOf(c.node.now()), c.journal.Wanted())
	c.node.background(func() {
		if _, err := c.node.appendOnce(c.node.ctx, b, c.node.cfg.appendWithin); err != nil {
			c.node.warn("a snapshot of the journal could not be appended", err)
			return
		}
		if before > 0 {
			if err := c.node.journalLog.Truncate(c.node.ctx, before); err != nil {
				c.node.warn("journal records nobody needs could not be deleted", err)
			}
		}
	})
}

// warn logs a failure that costs nothing but space, unless the incarnation is
// over anyway.
func (n *node) warn(what string, err error) {
	if n.ctx.Err() == nil {
		n.log.Warn(what, "error", err)
	}
}
