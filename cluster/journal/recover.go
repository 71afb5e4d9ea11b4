package journal

import (
	"errors"
	"fmt"
	"math"

	"github.com/advertisex/adjoin/internal/event"
)

// ErrNoSnapshot means that the journal begins after its first record and holds
// no snapshot that covers what is gone. The state cannot be known: do not start,
// and do not start empty (F9).
var ErrNoSnapshot = errors.New("journal: records are gone and no snapshot covers them")

// Latest asks Recover for the shortest way to the present.
const Latest event.Offset = math.MaxInt64

// Recover finds where to start. start is the first offset the log still has;
// entries are its records from there on, in order. The state returned is that of
// the latest snapshot which leaves every record at or after want to be applied,
// or an empty state when the log is whole; rest are the entries to apply to it.
//
// A reader that only needs the present passes Latest. One that needs the verdict
// on every commit from an offset on (a loader, a campaign shard) passes that
// offset, and gets an error when the log can no longer tell.
func Recover(start event.Offset, entries []Entry, want event.Offset) (*State, []Entry, error) {
	var base *Snapshot
	oldest := NoOffset
	for _, e := range entries {
		s, ok := e.Record.(*Snapshot)
		if !ok {
			continue
		}
		if oldest == NoOffset {
			oldest = s.Upto
		}
		if s.Upto >= start-1 && s.Upto < want && (base == nil || s.Upto > base.Upto) {
			base = s
		}
	}
	switch {
	case base != nil:
		return base.State.Clone(), after(entries, base.Upto), nil
	case start == 0:
		return NewState(), entries, nil
	case oldest == NoOffset:
		return nil, nil, fmt.Errorf("%w: the log begins at offset %d, %d records, none of them a snapshot; restore the topic, or start a new deployment under another journal topic",
			ErrNoSnapshot, start, len(entries))
	}
	return nil, nil, fmt.Errorf("%w: the log begins at offset %d, the oldest snapshot covers offsets up to %d, records from %d on were asked for; restore the topic, or rebuild the reader from the lake",
		ErrNoSnapshot, start, oldest, min(want, start))
}

// after is the part of entries above an offset.
func after(entries []Entry, upto event.Offset) []Entry {
	for i, e := range entries {
		if e.Offset > upto {
			return entries[i:]
		}
	}
	return nil
}
