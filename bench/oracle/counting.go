package oracle

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// orderHorizon is how long an order_id names the same order (D4), and how late
// an adjustment may be (C2).
const orderHorizon = 90 * event.Day

// markDuplicateOrders finds the conversions that repeat an order (D4): by
// advertiser, type and order inside one route, the first wins and with it all
// within 90 days.
func (w *world) markDuplicateOrders() {
	type order struct {
		route                 event.Route
		advertiser, kind, oid string
	}
	orders := map[order][]*conversion{}
	for _, c := range w.conversions {
		c.advertiserOf = c.advertiser
		if c.advertiserOf == "" && c.campaign != "" {
			c.advertiserOf = w.ref.at(c.campaign, c.at).advertiser
		}
		if c.order != "" {
			k := order{c.route, c.advertiserOf, c.kind, c.order}
			orders[k] = append(orders[k], c)
		}
	}
	for _, list := range orders {
		sortByKey(list)
		var winner *conversion
		for _, c := range list {
			if winner != nil && c.at.Sub(winner.at) <= orderHorizon {
				c.duplicate = true
				continue
			}
			winner = c
		}
	}
}

// settle gives each adjustment to its original (R-C2). Those without one, or
// with one too old, are rejected.
func (w *world) settle(adjustments []*conversion, in *intake) {
	byID, byOrder := map[string][]*conversion{}, map[string][]*conversion{}
	for _, c := range w.conversions {
		if c.duplicate {
			continue
		}
		byID[c.id] = append(byID[c.id], c)
		if c.order != "" {
			byOrder[c.kind+"\x00"+c.order] = append(byOrder[c.kind+"\x00"+c.order], c)
		}
	}
	for _, a := range adjustments {
		named := byID[a.wireID]
		if a.wireID == "" {
			named = byOrder[a.kind+"\x00"+a.order]
		}
		var original *conversion
		if a.user == "" {
			original = findOriginal(a, named)
		} else {
			original = latestBefore(a, slices.DeleteFunc(slices.Clone(named), func(c *conversion) bool { return c.route != a.route }))
		}
		switch {
		case original == nil:
			in.withdraw(a, event.AdjustOrphan)
		case a.at.Sub(original.at) > orderHorizon:
			in.withdraw(a, event.AdjustTooOld)
		case original.settled == nil || adjustmentOrder(a, original.settled) > 0:
			original.settled = a
		}
	}
}

// latestBefore is the latest of a timeline's conversions that is not after the
// adjustment; nil when there is none.
func latestBefore(a *conversion, list []*conversion) (latest *conversion) {
	for _, c := range list {
		if c.at <= a.at && (latest == nil || byTime(&c.head, &latest.head) > 0) {
			latest = c
		}
	}
	return latest
}

// adjustmentOrder says which of two adjustments of one conversion decides: the
// larger.
func adjustmentOrder(a, b *conversion) int {
	x, y := head8(a.print), head8(b.print)
	return cmp.Or(
		cmp.Compare(a.at, b.at),
		cmp.Compare(a.adjustment, b.adjustment), // RETRACT is the larger constant
		bytes.Compare(x[:], y[:]),
	)
}

// withdraw turns an adjustment that counted as a fact into a rejection.
func (in *intake) withdraw(a *conversion, reason event.Reason) {
	in.flows.ofEvent(&a.head).Fact--
	field := "conversion_id"
	if a.wireID == "" {
		field = "order_id"
	}
	in.refuse(rejection{
		pos: a.pos, ingest: a.ingest, reason: reason, field: field,
		at: a.at, timed: true, campaign: a.campaign, flags: a.flags,
	})
}

// count decides which conversions count, and says why the others do not (C1,
// R-C1).
func (w *world) count() {
	type countGroup struct {
		touch *head
		kind  string
	}
	groups := map[countGroup][]*conversion{}
	for _, c := range w.conversions {
		switch {
		case c.test:
			c.countReason = "TEST_TRAFFIC"
		case c.duplicate:
			c.countReason = "DUP_ORDER"
		case c.settled != nil && c.settled.adjustment == event.Retract:
			c.countReason = "RETRACTED"
		case len(c.path.touches) > 0:
			k := countGroup{c.path.last().head(), c.kind}
			groups[k] = append(groups[k], c)
		}
	}
	for _, list := range groups {
		slices.SortFunc(list, func(a, b *conversion) int { return byTime(&a.head, &b.head) })
		for n, c := range list {
			if n > 0 && w.countMode(c) == "ONE" {
				c.countReason = "COUNT_ONE"
			}
		}
	}
}

// countMode is the declared campaign's, else the last touch's, else by type.
func (w *world) countMode(c *conversion) string {
	for _, id := range []string{c.campaign, c.path.last().campaign()} {
		if mode, ok := w.ref.at(id, c.at).modes[c.kind]; ok && id != "" {
			return mode
		}
	}
	switch c.kind {
	case "sign_up", "lead", "install", "page_view":
		return "ONE"
	}
	return "EVERY"
}
