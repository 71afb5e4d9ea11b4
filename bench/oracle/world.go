package oracle

import (
	"cmp"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// world is every fact of every route, and the indexes that joins go through. The
// indexes are global: a child with a user uses what it finds in its own route
// (R3), one without what its keeper has (keepers.go).
type world struct {
	set *Settings
	ref *references

	impressions []*impression
	clicks      []*click
	conversions []*conversion

	impressionsOf map[string][]*impression // by wire id
	auctionsOf    map[chain][]*impression  // by exchange and auction
	clicksOf      map[string][]*click      // by wire id, those that are touches
	views         map[event.Route][]*impression
	taps          map[event.Route][]*click // by timeline

	fx    *fx
	sums  *sums // of minutes
	sites siteSums
	hours coarse
	days  coarse
}

// chain names an auction (events 1.2).
type chain struct{ exchange, auction string }

func newWorld(set *Settings, ref *references, rates *fx, in *intake) *world {
	w := &world{
		set: set, ref: ref, fx: rates, sums: newSums(), sites: siteSums{}, hours: coarse{}, days: coarse{},
		impressions: in.impressions, clicks: in.clicks, conversions: in.conversions,
		impressionsOf: map[string][]*impression{}, auctionsOf: map[chain][]*impression{},
		clicksOf: map[string][]*click{},
		views:    map[event.Route][]*impression{}, taps: map[event.Route][]*click{},
	}
	for _, i := range w.impressions {
		w.describe(i)
		w.impressionsOf[i.id] = append(w.impressionsOf[i.id], i)
		w.views[i.route] = append(w.views[i.route], i)
		if i.auction != "" {
			k := chain{i.exchange, i.auction}
			w.auctionsOf[k] = append(w.auctionsOf[k], i)
		}
	}
	return w
}

// describe adds to an impression what the reference data knows (R-J0), what its
// measurement means, and T6's flag.
func (w *world) describe(i *impression) {
	known := w.ref.creatives[i.creative]
	i.campaignOf = orElse(i.campaign, known.campaign)
	if i.campaignOf == "" {
		i.campaignOf = "unknown"
		i.flags |= event.UnmappedCreative
	}
	i.lineOf = orElse(i.line, known.line)
	i.advertiserOf = orElse(i.advertiser, w.ref.at(i.campaignOf, i.at).advertiser)
	i.formatOf = i.format
	if i.format == "unknown" {
		i.formatOf = orElse(known.format, "unknown")
	}
	if i.auction != "" && i.ingest.Sub(i.at) > w.set.JoinLateness.BidImpression {
		i.flags |= event.LateForJoin
	}
	i.seen, i.measured = viewability(i)
}

// viewability is what was declared, else what in_view_ms says.
func viewability(i *impression) (seen, measured event.Tri) {
	seen = i.viewable
	if seen == event.Unknown && i.inView != nil {
		least := int64(1000)
		if i.formatOf == "video" {
			least = 2000
		}
		seen = event.False
		if *i.inView >= least {
			seen = event.True
		}
	}
	measured = i.measurable
	if measured == event.Unknown && seen != event.Unknown {
		measured = event.True
	}
	return seen, measured
}

// byTime orders events of one timeline by time and id; of equal ones its own
// comes before one it keeps (R-R3.4).
func byTime(a, b *head) int {
	userless := func(h *head) int {
		if h.user == "" {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key),
		cmp.Compare(userless(a), userless(b)), cmp.Compare(a.route, b.route),
	)
}

// nearest is the parent that a child's id means among several (J5a): the latest
// at or before child + 2 s, else the earliest after that; equal times: the
// larger id, then the timeline's own (R-R3.5).
func nearest[P record](child event.Time, parents []P) (best P, found bool) {
	limit := child.Add(2 * event.Second)
	better := func(a, b *head) bool {
		aBefore, bBefore := a.at <= limit, b.at <= limit
		switch {
		case aBefore != bBefore:
			return aBefore
		case a.at == b.at:
			return a.key > b.key || a.key == b.key && byTime(a, b) < 0
		case aBefore:
			return a.at > b.at
		}
		return a.at < b.at
	}
	for _, p := range parents {
		if !found || better(p.self(), best.self()) {
			best, found = p, true
		}
	}
	return best, found
}

// inside reports -60 s <= child - parent <= window (J5).
func inside(child, parent event.Time, window event.Span) bool {
	d := child.Sub(parent)
	return d >= -60*event.Second && d <= window
}

// inverted reports a child earlier than its parent by more than the tolerance
// (J5).
func inverted(child, parent event.Time) bool { return child.Sub(parent) < -2*event.Second }

func floorDiv(d event.Span, unit event.Span) int64 {
	q := d / unit
	if d%unit < 0 {
		q--
	}
	return int64(q)
}

func sortByKey[P record](list []P) {
	slices.SortFunc(list, func(a, b P) int { return byTime(a.self(), b.self()) })
}
