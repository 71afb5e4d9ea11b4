package fact

import (
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

// Two facts an hour apart under one id, a conflict behind each: it names the
// fact that it lost to, not itself and not the other.
func TestD2_AConflictNamesItsFact(t *testing.T) {
	at := []event.Time{0, 1, event.Time(2 * event.Hour), event.Time(2*event.Hour) + 1}
	prints := []uint64{10, 11, 20, 21}
	out := make([]Verdict, 4)
	Walk(at, prints, event.Hour, false, out)
	want := []Verdict{{Class: Fact}, {Class: Conflict, Fact: 10}, {Class: Fact, Reused: true}, {Class: Conflict, Fact: 20}}
	for i := range want {
		if out[i] != want[i] {
			t.Errorf("record %d: %+v, want %+v", i, out[i], want[i])
		}
	}
}
