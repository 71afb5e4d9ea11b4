package oracle

import (
	"cmp"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// touch is an eligible click or view of one conversion.
type touch struct {
	click  *click // exactly one of the two
	view   *impression
	window event.Span
	named  bool // by the conversion
}

func (t touch) head() *head {
	if t.click != nil {
		return &t.click.head
	}
	return &t.view.head
}

func (t touch) campaign() string {
	if t.click != nil {
		return t.click.campaignOf
	}
	return t.view.campaignOf
}

func (t touch) advertiser() string {
	if t.click != nil {
		return t.click.advertiserOf
	}
	return t.view.advertiserOf
}

// touchOrder is A2: time, view before click, id.
func touchOrder(a, b touch) int {
	rank := func(t touch) int {
		if t.click != nil {
			return 1
		}
		return 0
	}
	x, y := a.head(), b.head()
	return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(rank(a), rank(b)), cmp.Compare(x.key, y.key))
}

// path is what a conversion may give credit to.
type path struct {
	eligible  []touch // both kinds, in order
	touches   []touch // the path itself, the last touch at the end
	truncated bool
	reason    string // why it is empty
}

func (p *path) last() touch { return p.touches[len(p.touches)-1] }

// attribute finds the path of every conversion (A1 to A4) and its flags.
func (w *world) attribute() {
	for _, c := range w.conversions {
		c.rowFlags = c.flags
		if c.ingest.Sub(c.at) > w.set.JoinLateness.ViewConversion {
			c.rowFlags |= event.LateForJoin
		}
		switch {
		case c.duplicate:
			c.path.reason = "DUP_ORDER"
		default:
			w.findPath(c)
		}
		w.flagPath(c)
	}
}

func (w *world) findPath(c *conversion) {
	clicks, views := w.eligible(c, c.route)
	if c.user == "" {
		clicks, views = w.findLender(c)
	}
	c.path.eligible = slices.Concat(clicks, views)
	slices.SortFunc(c.path.eligible, touchOrder)
	slices.SortFunc(clicks, touchOrder)
	slices.SortFunc(views, touchOrder)
	if c.clickID != "" && !slices.ContainsFunc(clicks, isNamed) {
		c.rowFlags |= event.ClickIDUnresolved
	}
	var latest touch
	if len(clicks) > 0 {
		latest = clicks[len(clicks)-1]
	}
	clicks, views = namedLast(clicks), namedLast(views)
	switch {
	case len(clicks) == 0:
		c.path.touches = views
	case w.pathSet(c, latest) == "clicks_and_views":
		last := clicks[len(clicks)-1]
		rest := slices.Concat(clicks[:len(clicks)-1], views)
		slices.SortFunc(rest, touchOrder)
		c.path.touches = append(rest, last)
	default:
		c.path.touches = clicks
	}
	if limit := w.set.MaxTouchesPerPath; len(c.path.touches) > limit {
		all := c.path.touches
		c.path.touches = append([]touch{all[0]}, all[len(all)-limit+1:]...)
		c.path.truncated = true
	}
	if len(c.path.touches) == 0 {
		c.path.reason = "NO_TOUCH"
		if c.user == "" && c.clickID == "" && c.impressionID == "" {
			c.path.reason = "NO_KEYS"
		}
	}
}

// eligible are the touches of a timeline that may earn credit, by kind and in no
// order.
func (w *world) eligible(c *conversion, timeline event.Route) (clicks, views []touch) {
	inScope := w.scope(c)
	return withoutDoubles(w.eligibleClicks(c, timeline, inScope)), w.eligibleViews(c, timeline, inScope)
}

func isNamed(t touch) bool { return t.named }

// namedLast moves the touch that the conversion named to the end (A4).
func namedLast(list []touch) []touch {
	i := slices.IndexFunc(list, isNamed)
	if i < 0 {
		return list
	}
	return append(slices.Concat(list[:i], list[i+1:]), list[i])
}

// scope is A1: which touches compete for the conversion.
func (w *world) scope(c *conversion) func(touch) bool {
	setting := ""
	if c.campaign != "" {
		setting = w.ref.at(c.campaign, c.at).scope
	}
	if setting == "" {
		setting = w.set.Scope
		if setting == "advertiser" && c.advertiserOf == "" {
			setting = "campaign"
		}
	}
	switch {
	case setting == "advertiser" && c.advertiserOf != "":
		return func(t touch) bool { return t.advertiser() == c.advertiserOf }
	case setting == "campaign" && c.campaign != "":
		return func(t touch) bool { return t.campaign() == c.campaign }
	}
	return func(touch) bool { return true }
}

// pathSet is the declared campaign's setting, else that of the latest eligible
// click's, else the configured one.
func (w *world) pathSet(c *conversion, latest touch) string {
	if c.campaign != "" {
		if set := w.ref.at(c.campaign, c.at).pathSet; set != "" {
			return set
		}
	}
	return orElse(w.ref.at(latest.campaign(), c.at).pathSet, w.set.PathSet)
}

func (w *world) clickThrough(k *click, c *conversion) event.Span {
	return orSpan(w.ref.at(k.campaignOf, c.at).clickThrough, w.set.Windows.ClickThrough)
}

func (w *world) viewThrough(i *impression, c *conversion) event.Span {
	return orSpan(w.ref.at(i.campaignOf, c.at).viewThrough, w.set.Windows.ViewThrough)
}

// eligibleClicks are the clicks that may earn credit (R-A2), the named one with
// J5's tolerance (R-A4).
func (w *world) eligibleClicks(c *conversion, timeline event.Route, inScope func(touch) bool) []touch {
	if c.ingest.Sub(c.at) > w.set.JoinLateness.ClickConversion {
		return nil
	}
	named := w.namedClick(c, timeline)
	var list []touch
	for _, k := range w.taps[timeline] {
		t := touch{click: k, window: w.clickThrough(k, c), named: k == named}
		d := c.at.Sub(k.at)
		inWindow := d <= t.window && (d >= 0 || t.named)
		if k.valid() && t.window > 0 && inWindow && inScope(t) {
			list = append(list, t)
		}
	}
	return list
}

func (w *world) namedClick(c *conversion, timeline event.Route) *click {
	if c.clickID == "" {
		return nil
	}
	var near []*click
	for _, k := range w.clicksOf[c.clickID] {
		if k.timeline == timeline && inside(c.at, k.at, w.clickThrough(k, c)) {
			near = append(near, k)
		}
	}
	k, _ := nearest(c.at, near)
	return k
}

// eligibleViews are the impressions that may earn credit.
func (w *world) eligibleViews(c *conversion, timeline event.Route, inScope func(touch) bool) []touch {
	if c.rowFlags.Has(event.LateForJoin) {
		return nil
	}
	named := w.namedView(c, timeline)
	var list []touch
	for _, i := range w.views[timeline] {
		t := touch{view: i, window: w.viewThrough(i, c), named: i == named}
		d := c.at.Sub(i.at)
		if !i.valid() || t.window == 0 || d < 0 || d > t.window || !inScope(t) {
			continue
		}
		if i.seen == event.False && w.ref.at(i.campaignOf, c.at).viewable {
			continue
		}
		list = append(list, t)
	}
	return list
}

func (w *world) namedView(c *conversion, timeline event.Route) *impression {
	if c.impressionID == "" {
		return nil
	}
	var near []*impression
	for _, i := range w.impressionsOf[c.impressionID] {
		d := c.at.Sub(i.at)
		if i.route == timeline && d >= 0 && d <= w.viewThrough(i, c) {
			near = append(near, i)
		}
	}
	i, _ := nearest(c.at, near)
	return i
}

// flagPath notes on the conversion what its path shows.
func (w *world) flagPath(c *conversion) {
	if c.path.truncated {
		c.rowFlags |= event.PathTruncated
	}
	for _, t := range c.path.touches {
		if t.view != nil && t.view.seen == event.Unknown && w.ref.at(t.campaign(), c.at).viewable {
			c.rowFlags |= event.ViewUnmeasured
		}
		if inverted(c.at, t.head().at) {
			c.rowFlags |= event.TimeInversion
		}
	}
	if n := len(c.path.touches); n > 0 && c.campaign != "" && c.path.last().campaign() != c.campaign {
		c.rowFlags |= event.DeclaredDiffers
	}
}
