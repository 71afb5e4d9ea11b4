package oracle

import (
	"cmp"

	"github.com/advertisex/adjoin/internal/event"
)

// joinClicks gives every click its impression, or the reason why it has none
// (J2, J6).
func (w *world) joinClicks() {
	for _, c := range w.clicks {
		c.own = orElse(c.campaign, w.ref.creatives[c.creative].campaign)
		c.own = orElse(c.own, "unknown")
		c.rowFlags = c.flags
		c.method, c.timeline = "NONE", c.route
		if c.ingest.Sub(c.at) > w.set.JoinLateness.ImpressionClick {
			c.rowFlags |= event.LateForJoin
			c.reason = "LATE_FOR_JOIN"
		} else {
			w.findParent(c)
		}
		w.describeClick(c)
	}
	w.timelines()
}

// findParent goes through the steps of J2; the first hit wins. A click without a
// user looks for a timeline that keeps it.
func (w *world) findParent(c *click) {
	if c.user == "" && w.findKeeper(c) {
		return
	}
	if p, ok := nearest(c.at, ofRoute(c.route, w.byID(c))); ok {
		c.parent, c.method = p, "ID"
		return
	}
	if p, ok := nearest(c.at, ofRoute(c.route, w.byAuction(c))); ok {
		c.parent, c.method = p, "AUCTION"
		return
	}
	hasUser := c.user != "" && c.own != "unknown"
	if hasUser && w.findByUser(c) {
		return
	}
	switch {
	case c.impressionID == "" && c.auction == "" && !hasUser:
		c.reason = "NO_KEYS"
	case c.reason == "":
		c.reason = "NO_PARENT"
	}
}

// byID is the impressions of any route and validity that the click names by
// their id, inside its window.
func (w *world) byID(c *click) (list []*impression) {
	for _, i := range w.impressionsOf[c.impressionID] {
		if c.impressionID != "" && inside(c.at, i.at, w.clickWindow(i, c.at)) {
			list = append(list, i)
		}
	}
	return list
}

// byAuction is those that the click names by their auction.
func (w *world) byAuction(c *click) (list []*impression) {
	for _, i := range w.auctionsOf[chain{c.exchange, c.auction}] {
		if c.auction != "" && i.impID == c.impID && inside(c.at, i.at, w.clickWindow(i, c.at)) {
			list = append(list, i)
		}
	}
	return list
}

// ofRoute keeps the impressions of one timeline.
func ofRoute(route event.Route, list []*impression) (kept []*impression) {
	for _, i := range list {
		if i.route == route {
			kept = append(kept, i)
		}
	}
	return kept
}

func (w *world) clickWindow(i *impression, at event.Time) event.Span {
	return orSpan(w.ref.at(i.campaignOf, at).clickJoin, w.set.Windows.ClickJoin)
}

// findByUser is steps 3 and 4. When they meet only invalid impressions the
// reason says so.
func (w *world) findByUser(c *click) bool {
	invalid := false
	for _, method := range []string{"USER_CREATIVE", "USER_CAMPAIGN"} {
		if method == "USER_CREATIVE" && c.creative == "" {
			continue
		}
		var best *impression
		for _, i := range w.views[c.route] {
			d := c.at.Sub(i.at)
			if i.campaignOf != c.own || d < 0 || d > w.clickWindow(i, c.at) {
				continue
			}
			if method == "USER_CREATIVE" && i.creative != c.creative {
				continue
			}
			if !i.valid() {
				invalid = true
				continue
			}
			if best == nil || fallbackOrder(i, best) > 0 {
				best = i
			}
		}
		if best != nil {
			c.parent, c.method = best, method
			return true
		}
	}
	if invalid {
		c.reason = "PARENT_INVALID"
	}
	return false
}

// fallbackOrder is positive when a is the better guess: later, then viewable,
// then the larger id.
func fallbackOrder(a, b *impression) int {
	seen := func(i *impression) int {
		if i.seen == event.True {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(seen(a), seen(b)), cmp.Compare(a.key, b.key))
}

// describeClick fills in the columns that the parent, else the click itself,
// gives the row (J4).
func (w *world) describeClick(c *click) {
	if p := c.parent; p != nil {
		c.campaignOf, c.creativeOf, c.lineOf, c.advertiserOf = p.campaignOf, p.creative, p.lineOf, p.advertiserOf
		c.siteOf, c.exchangeOf = p.site, p.exchange
		if c.campaign != "" && c.campaign != p.campaignOf {
			c.rowFlags |= event.CampaignMismatch
		}
		if inverted(c.at, p.at) {
			c.rowFlags |= event.TimeInversion
		}
		return
	}
	c.campaignOf, c.creativeOf = c.own, c.creative
	c.lineOf = w.ref.creatives[c.creative].line
	c.advertiserOf = w.ref.at(c.own, c.at).advertiser
	c.siteOf, c.exchangeOf = c.site, c.exchange
}
