package oracle

import (
	"cmp"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// win is an impression and the offer that won it (J1, J7).
type win struct {
	imp    *impression
	bid    *bid
	offer  *offer
	method string
	flags  event.Flags // of the link alone; the impression's are on its own row
}

// winOf finds the impression's bid among the facts of its auction (R-J1), nil
// when there is none.
func (w *world) winOf(i *impression, bids []*bid) *win {
	offers := map[*bid][]*offer{}
	var candidates []*bid
	for _, b := range bids {
		for k := range b.offers {
			o := &b.offers[k]
			if o.impID == i.impID && inside(i.at, b.at, w.bidWindow(b, o, i.at)) {
				if offers[b] == nil {
					candidates = append(candidates, b)
				}
				offers[b] = append(offers[b], o)
			}
		}
	}
	b, found := nearest(i.at, candidates)
	if !found {
		return nil
	}
	o, method := narrow(i, offers[b])
	won := &win{imp: i, bid: b, offer: o, method: method}
	if method == "PRICE" {
		won.flags |= event.AmbiguousBid
	}
	if inverted(i.at, b.at) {
		won.flags |= event.TimeInversion
	}
	if i.campaignOf != "unknown" && o.campaign != "" && i.campaignOf != o.campaign {
		won.flags |= event.CampaignMismatch
	}
	return won
}

// bidWindow is how long after its bid the offer may be won.
func (w *world) bidWindow(b *bid, o *offer, at event.Time) event.Span {
	for _, m := range b.imps {
		if m.id == o.impID && m.expiry > 0 {
			return max(2*event.Span(m.expiry)*event.Second, 60*event.Second)
		}
	}
	standard := w.set.Windows.BidJoinWeb
	if b.app != "" {
		standard = w.set.Windows.BidJoinApp
	}
	return orSpan(w.ref.at(o.campaign, at).bidJoin, standard)
}

// narrow picks one of several offers, and says which step left one.
func narrow(i *impression, offers []*offer) (*offer, string) {
	if len(offers) == 1 {
		return offers[0], "AUCTION"
	}
	steps := []struct {
		method  string
		applies bool
		fits    func(*offer) bool
	}{
		{"BID_ID", i.bidID != "", func(o *offer) bool { return o.bidID == i.bidID || o.responseID == i.bidID }},
		{"CREATIVE", i.creative != "", func(o *offer) bool { return o.creative == i.creative }},
		{"CAMPAIGN", i.campaignOf != "unknown", func(o *offer) bool { return o.campaign == i.campaignOf }},
	}
	for _, s := range steps {
		if !s.applies {
			continue
		}
		var left []*offer
		for _, o := range offers {
			if s.fits(o) {
				left = append(left, o)
			}
		}
		if len(left) == 1 {
			return left[0], s.method
		}
		if len(left) > 0 {
			offers = left
		}
	}
	return slices.MinFunc(offers, func(a, b *offer) int {
		return cmp.Or(cmp.Compare(b.price, a.price), cmp.Compare(a.bidID, b.bidID))
	}), "PRICE"
}
