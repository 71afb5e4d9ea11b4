package explain

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// impression says which bid won it, and whether it counts.
func (w *world) impression(row *table.Impression) Fact {
	f := Fact{ID: row.ImpressionID, Route: row.Route, EventTime: row.EventTime.UTC(), Outcome: "a fact of campaign " + row.CampaignID}
	valid := Step{Rule: "I3", Question: "does it count?", Result: "valid"}
	if row.IVTCodes != "" {
		valid.Result = "not valid, " + row.IVTCodes + ": " + codeSentences(row.IVTCodes)
		f.Outcome += ", not valid: " + row.IVTCodes
	}
	f.Steps = []Step{w.winner(row), valid}
	return f
}

// winner is J1 for one impression.
func (w *world) winner(row *table.Impression) Step {
	s := Step{Rule: "J1", Question: "which bid won it?"}
	win, won := w.wins[key{row.Route, row.ImpressionID}]
	late := row.IngestTime.Sub(row.EventTime)
	switch {
	case row.AuctionID == "":
		s.Result = "it names no auction"
		return s
	case late > w.in.Settings.BidLateness:
		s.Result = fmt.Sprintf("none: it arrived %s after its event time, more than %s (T6, LATE_FOR_JOIN)", span(late), span(w.in.Settings.BidLateness))
		return s
	}
	var offers []table.Bid
	for _, b := range w.bids {
		if b.Exchange == row.Exchange && baseID(b.AuctionID) == row.AuctionID {
			offers = append(offers, b)
		}
	}
	slices.SortFunc(offers, func(a, b table.Bid) int {
		return cmp.Or(cmp.Compare(a.EventTime, b.EventTime), cmp.Compare(a.BidID, b.BidID), cmp.Compare(a.Route, b.Route))
	})
	for _, b := range offers {
		c := Candidate{Kind: "bid", ID: b.BidID, EventTime: b.EventTime.UTC(), Rule: "J1"}
		d := row.EventTime.Sub(b.EventTime)
		switch {
		case b.Route != row.Route:
			c.Rule, c.Why = "R5", "in the timeline of another routing key"
		case b.ImpID != row.ImpID:
			c.Why = fmt.Sprintf("for imp %s, the impression is of %s", b.ImpID, row.ImpID)
		case won && win.AuctionID == b.AuctionID && win.BidID == b.BidID:
			c.Taken, c.Why = true, fmt.Sprintf("%s: bid %d CPM micros, %s before the impression", win.MatchMethod, win.BidMicros, span(d))
		case d < -w.in.Settings.InversionMax:
			c.Rule, c.Why = "J5", fmt.Sprintf("the impression is %s before it, more than %s", span(-d), span(w.in.Settings.InversionMax))
		case won:
			c.Why = "another offer is left after the impression's bid_id, creative and campaign, then price; or this one lies outside its window"
		default:
			c.Why = fmt.Sprintf("%s before the impression, outside its bid_join window (twice exp_s where the request has one)", span(d))
		}
		s.Candidates = append(s.Candidates, c)
	}
	s.Result = "no bid: still a full billable fact (J8)"
	if won {
		s.Result = win.MatchMethod + ": bid " + win.BidID
	}
	return s
}

// Kind is the kind that can be explained under a name; ok is false for others.
func Kind(name string) (kind event.Kind, ok bool) {
	for _, k := range []event.Kind{event.KindImpression, event.KindClick, event.KindConversion} {
		if k.String() == name {
			return k, true
		}
	}
	return event.NoKind, false
}
