package oracle

import (
	"cmp"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// A child without a user is at home under its own id, where no parent can be. It
// is offered the parents of every other timeline and kept by the one whose offer
// comes first (R-R3). All facts of all routes lie side by side here, so an offer
// is a look-up.

// loan is what one timeline offers a child: a parent that the child names.
type loan struct {
	timeline event.Route
	ofUser   bool // the timeline is a user's
	step     int  // by which name the parent was found, the better the smaller
	parent   *head
}

// loanOrder is R-R3.3.
func loanOrder(a, b loan) int {
	foreign := func(l loan) int {
		if l.ofUser {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(foreign(a), foreign(b)), cmp.Compare(a.step, b.step),
		cmp.Compare(a.parent.at, b.parent.at), cmp.Compare(a.parent.key, b.parent.key),
		cmp.Compare(a.timeline, b.timeline),
	)
}

// byTimeline sorts candidates by the timeline they are in and calls each with
// those of one.
func byTimeline[T any](list []T, timeline func(T) event.Route, each func(event.Route, []T)) {
	of := map[event.Route][]T{}
	for _, x := range list {
		of[timeline(x)] = append(of[timeline(x)], x)
	}
	for route, same := range of {
		each(route, same)
	}
}

func routeOf(i *impression) event.Route { return i.route }

// findKeeper gives a click without a user the impression of the timeline that
// keeps it (R-R3.2, R-R3.3) and reports whether there is one.
func (w *world) findKeeper(c *click) bool {
	type match struct {
		loan
		impression *impression
		method     string
	}
	found := map[event.Route]match{} // a timeline offers its first step that hits
	for step, names := range []struct {
		method string
		list   []*impression
	}{{"ID", w.byID(c)}, {"AUCTION", w.byAuction(c)}} {
		byTimeline(names.list, routeOf, func(route event.Route, list []*impression) {
			if _, better := found[route]; better {
				return
			}
			i, _ := nearest(c.at, list)
			found[route] = match{loan{route, i.user != "", step, &i.head}, i, names.method}
		})
	}
	var best *match
	for _, m := range found {
		if best == nil || loanOrder(m.loan, best.loan) < 0 {
			best = &m
		}
	}
	if best == nil {
		return false
	}
	c.parent, c.method, c.timeline = best.impression, best.method, best.timeline
	return true
}

// timelines puts every click into the timeline it is a touch of: its own route,
// or its keeper's.
func (w *world) timelines() {
	for _, c := range w.clicks {
		w.clicksOf[c.id] = append(w.clicksOf[c.id], c)
		w.taps[c.timeline] = append(w.taps[c.timeline], c)
	}
}

// withoutDoubles leaves out of a path's clicks those kept ones whose key an own
// one has too; where such a one is named, the own one is (R-R3.5).
func withoutDoubles(clicks []touch) (single []touch) {
	for _, t := range clicks {
		if t.click.kept() && slices.ContainsFunc(clicks, t.ownDouble) {
			continue
		}
		double := slices.IndexFunc(clicks, func(o touch) bool { return o.click.kept() && o.ownDouble(t) })
		t.named = t.named || double >= 0 && clicks[double].named
		single = append(single, t)
	}
	return single
}

// ownDouble reports whether another click is the timeline's own and has the key
// of this one.
func (t touch) ownDouble(other touch) bool {
	return !other.click.kept() && other.click.key == t.click.key
}

// ofUser reports whether the click is in the timeline of a user.
func (c *click) ofUser() bool { return c.user != "" || c.kept() && c.parent.user != "" }

// findLender finds the timeline that a conversion without a user takes its path
// from (R-R3.6), and that path's eligible touches.
func (w *world) findLender(c *conversion) (clicks, views []touch) {
	offers := map[event.Route]loan{}
	var named []*click
	for _, k := range w.clicksOf[c.clickID] {
		if c.clickID != "" && inside(c.at, k.at, w.clickThrough(k, c)) {
			named = append(named, k)
		}
	}
	byTimeline(named, func(k *click) event.Route { return k.timeline }, func(route event.Route, list []*click) {
		k, _ := nearest(c.at, list)
		offers[route] = loan{route, k.ofUser(), 0, &k.head}
	})
	byTimeline(w.namedViews(c), routeOf, func(route event.Route, list []*impression) {
		i, _ := nearest(c.at, list)
		if _, better := offers[route]; !better {
			offers[route] = loan{route, i.user != "", 1, &i.head}
		}
	})
	var order []loan
	for _, l := range offers {
		order = append(order, l)
	}
	slices.SortFunc(order, loanOrder)
	for _, l := range order {
		clicks, views = w.eligible(c, l.timeline)
		if len(clicks)+len(views) > 0 {
			return clicks, views
		}
	}
	return nil, nil
}

// namedViews are the impressions that make a timeline offer a conversion its
// path.
func (w *world) namedViews(c *conversion) (list []*impression) {
	if c.impressionID == "" || c.rowFlags.Has(event.LateForJoin) {
		return nil
	}
	for _, i := range w.impressionsOf[c.impressionID] {
		if inside(c.at, i.at, w.viewThrough(i, c)) {
			list = append(list, i)
		}
	}
	return list
}

// findOriginal finds the conversion that an adjustment without a user adjusts
// (R-R3.8), among what it names; nil when there is none.
func findOriginal(a *conversion, named []*conversion) (original *conversion) {
	type match struct {
		loan
		tooOld     int
		conversion *conversion
	}
	var best *match
	byTimeline(named, func(c *conversion) event.Route { return c.route }, func(route event.Route, list []*conversion) {
		c := latestBefore(a, list)
		if c == nil {
			return
		}
		m := match{loan{route, c.user != "", 0, &c.head}, 0, c}
		if a.at.Sub(c.at) > orderHorizon {
			m.tooOld = 1
		}
		if best == nil || cmp.Or(cmp.Compare(m.tooOld, best.tooOld), loanOrder(m.loan, best.loan)) < 0 {
			best = &m
		}
	})
	if best == nil {
		return nil
	}
	return best.conversion
}
