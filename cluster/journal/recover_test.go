package journal

import (
	"errors"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

// snapshotted is a journal of a claim at 0, commits at 1 to 5, a snapshot up to 2
// at offset 3 and one up to 5 at offset 7.
func snapshotted(t *testing.T) []Entry {
	t.Helper()
	s := NewState()
	var log []Entry
	put := func(offset event.Offset, rec Record) {
		if v := s.Apply(offset, rec); !v.Valid() {
			t.Fatal(v.Err())
		}
		log = append(log, Entry{offset, rec})
	}
	put(0, claim("a", 1, u0))
	put(1, commit("a", 1, cutOf(u0, 0, NoOffset, 1, 1)))
	put(2, commit("a", 1, cutOf(u0, 0, 1, 2, 2)))
	early := &Snapshot{Upto: 2, State: s.Clone()}
	put(3, early)
	put(4, commit("a", 1, cutOf(u0, 0, 2, 3, 3)))
	put(5, commit("a", 1, cutOf(u0, 0, 4, 4, 4)))
	late := &Snapshot{Upto: 5, State: s.Clone()}
	put(6, commit("a", 1, cutOf(u0, 0, 5, 5, 5)))
	put(7, late)
	return log
}

func TestRecover_StartsWhereTheReaderNeeds(t *testing.T) {
	log := snapshotted(t)
	for _, c := range []struct {
		name        string
		start, want event.Offset
		from        event.Offset // first offset to apply
	}{
		{"whole log, the present", 0, Latest, 6},
		{"whole log, every verdict", 0, 0, 0},
		{"whole log, commits from 3 on", 0, 3, 3},
		{"whole log, commits from 2 on", 0, 2, 0},
		{"cut at the first snapshot", 3, Latest, 6},
		{"cut at the first snapshot, commits from 4 on", 3, 4, 3},
		{"cut within the second", 5, Latest, 6},
	} {
		s, rest, err := Recover(c.start, log[c.start:], c.want)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if rest[0].Offset != c.from {
			t.Errorf("%s: from %d, want %d", c.name, rest[0].Offset, c.from)
		}
		for _, e := range rest {
			if v := s.Apply(e.Offset, e.Record); !v.Valid() {
				t.Errorf("%s: offset %d: %v", c.name, e.Offset, v.Err())
			}
		}
		if last, _ := s.LastCommit(u0); last.Offset != 6 || last.Cut != 5 {
			t.Errorf("%s: ends at %+v", c.name, last)
		}
	}
}

func TestRecover_TheSnapshotItselfIsLeftAlone(t *testing.T) {
	log := snapshotted(t)
	for range 2 { // the second time would fail if the first had applied to the record
		s, rest, err := Recover(0, log, Latest)
		if err != nil {
			t.Fatal(err)
		}
		if v := s.Apply(rest[0].Offset, rest[0].Record); !v.Valid() {
			t.Fatal(v.Err())
		}
	}
}

func TestF9_RefusesToStartWithoutTheRecordsOrASnapshotOfThem(t *testing.T) {
	log := snapshotted(t)
	gap := append(append([]Entry{}, log[3:6]...), Entry{8, &Heartbeat{Node: "a", Incarnation: 1}})
	for name, c := range map[string]struct {
		start, want event.Offset
		log         []Entry
		says        string
	}{
		"no snapshot":                {4, Latest, log[4:6], "begins at offset 4, 2 records, none of them a snapshot"},
		"an empty log cut short":     {4, Latest, nil, "begins at offset 4, 0 records"},
		"the only one is too old":    {4, Latest, gap, "begins at offset 4, the oldest snapshot covers offsets up to 2"},
		"older verdicts asked for":   {3, 1, log[3:], "records from 1 on were asked for"},
		"records before it are gone": {3, 2, log[3:], "records from 2 on were asked for"},
	} {
		s, _, err := Recover(c.start, c.log, c.want)
		if !errors.Is(err, ErrNoSnapshot) || s != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q does not say %q", name, err, c.says)
		}
	}
}

func TestRecover_AnEmptyJournalIsABeginning(t *testing.T) {
	s, rest, err := Recover(0, nil, Latest)
	if err != nil || len(rest) != 0 || s.Applied() != NoOffset {
		t.Errorf("%+v %v %v", s, rest, err)
	}
}
