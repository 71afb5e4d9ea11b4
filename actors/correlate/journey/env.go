package journey

import (
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// Env is what journeys are resolved against and where their rows go.
type Env struct {
	Settings  *fact.Settings
	Reference *reference.Set
	Longest   *Longest
	Watermark event.Watermark
	Frontier  event.Time
	Ledger    *fact.Ledger
	Rows      *fact.Rows
	// Views is the live impressions of a route in [from, to].
	Views func(r event.Route, from, to event.Time) []View
	// UserKey is what stands for a user id; good until the next call.
	UserKey func(user string) string
	// Recount takes back what a child added before and adds what it adds now.
	Recount func(before, now []Contribution)

	// What connects timelines (guest.go); all nil where there are none.
	Guests   func(r event.Route) []*Guest                     // of a timeline
	Lend     func(g *Guest, l *Loan)                          // what a guest has here, nil for nothing
	Announce func(n *Notice)                                  // a fact without a user; Rev and keeper are the callee's
	Loan     func(c Child, print uint64, at event.Time) *Loan // what home is lent by the keeper, nil for nothing
	Fix      func(c Child)                                    // the keeper stays from now on
	Forget   func(c Child)                                    // home forgets the fact

	hash rowHash
}

func (e *Env) userKey(user string) string {
	if user == "" {
		return ""
	}
	return strings.Clone(e.UserKey(user))
}

// View is an impression as its children copy it.
type View struct {
	ID       string // its key in fact_impressions
	WireID   string // its id without the suffix of a reuse
	At       event.Time
	Valid    bool
	Viewable event.Tri
	fact.CreativeDims
	fact.PlaceDims
	fact.DeviceDims
	Auction uint64 // hash of (exchange, auction_id), 0 for none
	User    bool   // it has a user
}

// Longest is how long state must be held for the campaigns there are: the
// longest window that any version of any campaign has.
type Longest struct {
	ClickJoin, ViewThrough event.Span
	clicks                 map[string]event.Span // click_through by campaign
	bids                   map[string]event.Span // bid_join by campaign
}

// LongestOf looks at every version of every campaign.
func LongestOf(set *reference.Set) *Longest {
	d := reference.DefaultWindows()
	l := &Longest{
		ClickJoin: d.ClickJoin, ViewThrough: d.ViewThrough,
		clicks: make(map[string]event.Span), bids: make(map[string]event.Span),
	}
	for _, c := range set.Campaigns() {
		w := &c.Windows
		l.ClickJoin = max(l.ClickJoin, w.ClickJoin)
		l.ViewThrough = max(l.ViewThrough, w.ViewThrough)
		l.clicks[c.ID] = max(l.clicks[c.ID], w.ClickThrough, d.ClickThrough)
		l.bids[c.ID] = max(l.bids[c.ID], w.BidJoinApp, w.BidJoinWeb, d.BidJoinApp)
	}
	return l
}

// ClickThrough is the longest click_through_window of a campaign.
func (l *Longest) ClickThrough(campaign string) event.Span {
	if w, ok := l.clicks[campaign]; ok {
		return w
	}
	return reference.DefaultWindows().ClickThrough
}

// BidJoin is the longest bid_join_window of a campaign.
func (l *Longest) BidJoin(campaign string) event.Span {
	if w, ok := l.bids[campaign]; ok {
		return w
	}
	w := reference.DefaultWindows()
	return max(w.BidJoinApp, w.BidJoinWeb)
}
