package fact

import (
	"encoding/binary"
	"strconv"

	"github.com/advertisex/adjoin/internal/event"
)

// Verdict is what D1 to D3 say about a record.
type Verdict struct {
	Class  Class
	Reused bool   // its key carries the time (D3)
	Fact   uint64 // fingerprint of the fact it conflicts with
}

// Class is where a record ends that no check rejects.
type Class uint8

// The classes. Unclassed is a record that came in this cut.
const (
	Unclassed Class = iota
	Fact
	Conflict
	Duplicate
)

// RejectRow is the row of rejected_events that a conflict has.
type RejectRow struct {
	There bool
	Pos   event.Position
	Fact  uint64 // as in its detail
}

// Print is the part of a fingerprint that orders and tells apart records inside
// a shard (R-D2).
func Print(p *event.Fingerprint) uint64 { return binary.BigEndian.Uint64(p[:8]) }

// Compare is the order of D1 on what differs between members.
func Compare(at1 event.Time, print1 uint64, at2 event.Time, print2 uint64) int {
	switch {
	case at1 < at2 || at1 == at2 && print1 < print2:
		return -1
	case at1 == at2 && print1 == print2:
		return 0
	}
	return 1
}

// Walk gives each record its verdict: R-D1. The records are in order and differ
// in (event time, fingerprint).
func Walk(at []event.Time, print []uint64, horizon event.Span, reused bool, out []Verdict) {
	var fact int
	seen := map[uint64]bool{}
	for i := range at {
		switch {
		case i == 0 || at[i].Sub(at[fact]) > horizon:
			out[i] = Verdict{Class: Fact, Reused: reused || i > 0}
			fact = i
			clear(seen)
		case seen[print[i]]:
			out[i] = Verdict{Class: Duplicate}
		default:
			out[i] = Verdict{Class: Conflict, Fact: print[fact]}
		}
		seen[print[i]] = true
	}
}

// Suffix is what the key of a reused id carries (D3).
func Suffix(reused bool, at event.Time) string {
	if !reused {
		return ""
	}
	return "@" + strconv.FormatInt(int64(at), 10)
}
