package correlate

import (
	"github.com/advertisex/adjoin/internal/event"
)

// What an event asks of state lies in memory that no cache holds: a slot of
// each index, then what the slot names, then the text behind that. One event
// after the other waits for each of these in turn. A shard that knows what comes
// next asks for all of it at once, a step of every event at a time, and the
// processor fetches them side by side.

// AheadMax is how many events Ahead looks at.
const AheadMax = 32

// ahead is what is known of the impressions that come next.
type ahead struct {
	events [AheadMax]announced
	list   []described
	next   int
	count  int
	seen   uint32 // of what was touched, so that touching is not left out
}

// announced names an event: where it is, and which record it must be then.
type announced struct {
	event  *event.Impression
	offset event.Offset
	line   int32
}

// of is the description of e, nil when it is not the next that was announced.
func (a *ahead) of(e *event.Impression) *described {
	if a.next == a.count {
		return nil
	}
	want := announced{e, e.Offset, e.Line}
	for k := a.next; k < a.count; k++ {
		if a.events[k] == want {
			a.next = k + 1
			return &a.list[k]
		}
	}
	return nil
}

// Ahead tells the shard which impressions come next, in their order. It changes
// no state and no result; only the first AheadMax are looked at. They must stay
// as they are until they have been applied.
func (s *Shard) Ahead(list []event.Impression) {
	a := &s.ahead
	if a.list == nil {
		a.list = make([]described, AheadMax)
	}
	a.next, a.count = 0, min(len(list), AheadMax)
	for k := range a.count {
		e := &list[k]
		a.events[k] = announced{e, e.Offset, e.Line}
		s.describe(e, s.clamped(&e.Envelope), &a.list[k])
	}
	s.touchIndexes()
	s.touchEntries()
	s.touchTexts()
}

// touchIndexes reads the slots that the events will ask.
func (s *Shard) touchIndexes() {
	var seen uint32
	for k := range s.ahead.count {
		d := &s.ahead.list[k]
		seen ^= s.imps.byID.Touch(d.hash)
		for i := range d.tuples {
			seen ^= s.dims.dict.TouchIndex(d.tuples[i].hash)
		}
		if d.user != 0 {
			seen ^= s.users.index.Touch(d.user)
		}
		if d.auction != 0 {
			seen ^= s.imps.byAuction.Touch(d.auction) ^ s.bids.index.Touch(d.auction)
		}
	}
	s.ahead.seen ^= seen
}

// touchEntries reads what those slots name.
func (s *Shard) touchEntries() {
	var seen uint32
	for k := range s.ahead.count {
		d := &s.ahead.list[k]
		for i := range d.tuples {
			seen ^= s.dims.dict.TouchPlace(d.tuples[i].hash)
		}
		if d.user == 0 {
			continue
		}
		if n, ok := s.users.index.First(d.user); ok {
			seen ^= s.users.at(n).head
		}
	}
	s.ahead.seen ^= seen
}

// touchTexts reads the texts of the entries, which a look-up compares.
func (s *Shard) touchTexts() {
	var seen uint32
	for k := range s.ahead.count {
		d := &s.ahead.list[k]
		for i := range d.tuples {
			seen ^= s.dims.dict.TouchText(d.tuples[i].hash)
		}
	}
	s.ahead.seen ^= seen
}
