package journey

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// convFact is a conversion that is a fact, and what its row will say.
type convFact struct {
	*conversion
	key        string
	advertiser string
	dup        bool // DUP_ORDER
	path       path
	guest      *Guest // of another timeline, nil for an own record
	attributed bool   // the watermark has passed it: its credits may be written (E2)
	credited   []touch
	truncated  bool
	adjust     *conversion // the adjustment that decides, nil for none
	value      int64
	reason     string // why it is not counted, "" when it is
}

// last is the last touch, nil for none.
func (c *convFact) last() *touch {
	if n := len(c.credited); n > 0 {
		return &c.credited[n-1]
	}
	return nil
}

func (c *convFact) valid() bool { return !c.e.Test }

// judgeConversions gives each record its verdict (D1 to D3, C2).
func (r *resolution) judgeConversions() {
	list := r.j.convs
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && sameConversion(&list[from], &list[to]) {
			to++
		}
		r.judge(to-from, func(i int) *standing { return standingOfConversion(&list[from+i]) })
		from = to
	}
	for i := range list {
		c := &list[i]
		r.env.Rows.Conflict(&c.reject, c.verdict, conflictOf(&c.e.Envelope, c.print, "conversion_id", c.e.CampaignID))
		if c.verdict.Class != fact.Fact || c.e.Adjustment != event.New {
			continue
		}
		r.convs = append(r.convs, r.convFactOf(c, c.e.ID+fact.Suffix(c.verdict.Reused, c.e.EventTime), nil))
	}
	slices.SortFunc(r.convs, func(a, b *convFact) int {
		return cmp.Or(cmp.Compare(a.e.EventTime, b.e.EventTime), strings.Compare(a.e.ID, b.e.ID))
	})
}

func (r *resolution) convFactOf(c *conversion, key string, g *Guest) *convFact {
	settings, _ := r.env.Reference.Campaign(c.e.CampaignID, c.e.EventTime)
	return &convFact{
		conversion: c, key: key, value: c.e.ValueMicros, guest: g,
		advertiser: cmp.Or(c.e.Advertiser, settings.AdvertiserID),
	}
}

// sameConversion reports whether two records are of one identity: the id, or
// for adjustments the fingerprint.
func sameConversion(a, b *conversion) bool {
	if (a.e.Adjustment == event.New) != (b.e.Adjustment == event.New) {
		return false
	}
	if a.e.Adjustment == event.New {
		return a.e.ID == b.e.ID
	}
	return a.print == b.print
}

// findDuplicateOrders walks each order forward: R-D4.
func (r *resolution) findDuplicateOrders() {
	type order struct{ advertiser, kind, id string }
	winner := map[order]event.Time{}
	for _, c := range r.convs {
		if c.e.OrderID == "" {
			continue
		}
		k := order{c.advertiser, c.e.Type, c.e.OrderID}
		at, taken := winner[k]
		if c.order {
			c.dup = c.dupOrder
		} else {
			c.dup = taken && c.e.EventTime.Sub(at) <= r.env.Settings.OrderHorizon
		}
		if !c.dup {
			winner[k] = c.e.EventTime
		}
	}
}

// applyAdjustments finds the original of each adjustment and which of several
// decides (R-C2).
func (r *resolution) applyAdjustments() {
	for i := range r.j.convs {
		a := &r.j.convs[i]
		if a.e.Adjustment == event.New || a.verdict.Class != fact.Fact {
			r.refuse(a, event.NotRejected)
			continue
		}
		if a.e.UserID == "" {
			r.adjustElsewhere(a)
		} else {
			r.adjustHere(a)
		}
		final := max(r.env.Frontier, r.env.Watermark) > r.env.adjustSettlesAt(a) // said by either clock, undone if an original comes
		switch {
		case a.outcome == adjustTooOld:
			r.refuse(a, event.AdjustTooOld)
		case a.outcome == adjustOrphan && final:
			r.refuse(a, event.AdjustOrphan)
		default:
			r.refuse(a, event.NotRejected)
		}
	}
	r.adjustByGuests()
	for _, c := range r.convs {
		if c.adjust == nil {
			continue
		}
		c.value = c.adjust.e.ValueMicros
		if c.adjust.e.Adjustment == event.Retract {
			c.value = 0
		}
	}
}

// adjustHere applies an adjustment with a user to its original.
func (r *resolution) adjustHere(a *conversion) {
	o := r.originalOf(&a.e)
	switch {
	case o != nil && a.e.EventTime.Sub(o.e.EventTime) <= r.env.Settings.OrderHorizon:
		a.outcome = adjustDone
		if o.adjust == nil || decides(a, o.adjust) {
			o.adjust = a
		}
	case a.applied != adjustOpen:
		a.outcome = a.applied
	case o != nil:
		a.outcome = adjustTooOld
	default:
		a.outcome = adjustOrphan
	}
}

// adjustElsewhere says what the keeper did with an adjustment without a user.
func (r *resolution) adjustElsewhere(a *conversion) {
	l := r.loanOf(adjustmentChild(a), a.print, a.e.EventTime)
	switch {
	case a.applied != adjustOpen:
		a.outcome = a.applied
	case l == nil:
		a.outcome = adjustOrphan
	case l.old:
		a.outcome = adjustTooOld
	default:
		a.outcome = adjustDone
	}
}

// decides reports whether a comes after b among the adjustments of one
// original.
func decides(a, b *conversion) bool {
	return cmp.Or(
		cmp.Compare(a.e.EventTime, b.e.EventTime),
		cmp.Compare(a.e.Adjustment, b.e.Adjustment),
		bytes.Compare(a.e.Print[:], b.e.Print[:]),
	) > 0
}

// originalOf is the latest conversion at or before an adjustment that it may
// mean: by the conversion_id it states, else by type and order_id.
func (r *resolution) originalOf(a *event.Conversion) *convFact {
	byID := !a.Flags.Has(event.IDSynthetic)
	var best *convFact
	for _, c := range r.convs {
		if c.dup || c.e.EventTime > a.EventTime {
			continue
		}
		if byID && c.e.ID == a.ID || !byID && c.e.OrderID == a.OrderID && c.e.Type == a.Type {
			best = c // in order of time
		}
	}
	return best
}

// findPaths finds what each conversion may be credited to and the path that is
// credited. Duplicates of an order get no credit.
func (r *resolution) findPaths() {
	for _, c := range r.convs {
		if c.settled {
			c.path = c.conversion.path
		} else {
			c.path = r.pathOf(c)
			if c.e.UserID == "" {
				if l := r.loanOf(conversionChild(c), c.print, c.e.EventTime); l != nil {
					c.path = l.path
				}
			}
		}
		c.attributed = r.env.Watermark >= c.e.EventTime
		if c.attributed && !c.dup {
			r.credit(c)
		}
	}
}

// pathOf collects the eligible touches of a conversion (R-A1, R-A2, R-A4).
func (r *resolution) pathOf(c *convFact) path {
	set := r.env.Settings
	age := c.e.Ingest.Sub(c.e.EventTime)
	in := r.scopeOf(c)
	named := r.namedClick(c)
	namedView := r.namedView(c)
	list := make([]found, 0, 8)
	for _, f := range r.facts {
		if age > set.Horizon.Conversion {
			break
		}
		d := c.e.EventTime.Sub(f.e.EventTime)
		if f.away || d < 0 && f != named || !f.valid() || !in.has(f.adviser, f.campaign) {
			continue
		}
		window := r.settingsOf(f.campaign, c).Windows.ClickThrough
		if window > 0 && d <= window {
			list = append(list, found{touch: touchOfClick(f, window), named: f == named})
		}
	}
	for i := range r.views {
		v := &r.views[i]
		d := c.e.EventTime.Sub(v.At)
		if age > set.ViewLateness || d < 0 || !v.Valid || !in.has(v.Advertiser, v.Campaign) {
			continue
		}
		settings := r.settingsOf(v.Campaign, c)
		if w := settings.Windows.ViewThrough; w > 0 && d <= w && !(settings.VTRequiresViewable && v.Viewable == event.False) {
			t := touchOfView(v, w)
			t.unmeasured = settings.VTRequiresViewable && v.Viewable == event.Unknown
			list = append(list, found{touch: t, named: v == namedView})
		}
	}
	if len(r.lentClicks) > 0 {
		list = withoutTwins(list)
	}
	slices.SortFunc(list, func(a, b found) int { return compareTouches(&a.touch, &b.touch) })
	return pathOfFound(c, list)
}

// found is an eligible touch, and whether the conversion named it.
type found struct {
	touch
	named, twin bool // twin: a kept click whose key an own click has
}

func pathOfFound(c *convFact, list []found) path {
	p := path{touches: make([]touch, len(list))}
	for i := range list {
		p.touches[i] = list[i].touch
		switch {
		case list[i].named && list[i].click:
			p.click = i + 1
			p.inversion = list[i].at > c.e.EventTime.Add(2*event.Second)
		case list[i].named:
			p.view = i + 1
		}
	}
	p.unresolved = c.e.ClickID != "" && p.click == 0
	return p
}

// compareTouches is the order of A2 and A7.
func compareTouches(a, b *touch) int {
	return cmp.Or(
		cmp.Compare(a.at, b.at), cmp.Compare(fact.Bit(a.click), fact.Bit(b.click)), strings.Compare(a.id, b.id),
	)
}

func touchOfClick(f *clickFact, window event.Span) touch {
	t := touch{
		click: true, lent: f.guest != nil, id: f.key, at: f.e.EventTime, window: window,
		campaign: f.campaign, creative: f.creative, lineItem: f.lineItem,
		site: f.e.SiteDomain, exchange: f.e.Exchange, country: f.e.Country, device: max(f.e.DeviceType, 0),
	}
	if p := &f.match.parent; f.match.matched() {
		t.site, t.app, t.exchange, t.country, t.device = p.Site, p.App, p.Exchange, p.Country, p.Device
	}
	return t
}

func touchOfView(v *View, window event.Span) touch {
	return touch{
		id: v.ID, at: v.At, window: window, campaign: v.Campaign, creative: v.Creative, lineItem: v.LineItem,
		site: v.Site, app: v.App, exchange: v.Exchange, country: v.Country, device: v.Device,
	}
}

func (r *resolution) settingsOf(campaign string, c *convFact) *reference.Campaign {
	settings, _ := r.env.Reference.Campaign(campaign, c.e.EventTime)
	return settings
}

// namedClick is the click that a conversion names: of a reused id the latest at
// or before conversion + 2 s inside the window, else the earliest after (J5a).
func (r *resolution) namedClick(c *convFact) *clickFact {
	if c.e.ClickID == "" {
		return nil
	}
	var best *clickFact
	for _, f := range r.facts {
		d := c.e.EventTime.Sub(f.e.EventTime)
		if f.away || f.e.ID != c.e.ClickID || d < -r.env.Settings.InversionMax || d > r.settingsOf(f.campaign, c).Windows.ClickThrough {
			continue
		}
		if best == nil || fact.Nearer(f.e.EventTime, best.e.EventTime, c.e.EventTime, r.env.Settings.ClockTolerance) {
			best = f
		}
	}
	return best
}

// namedView is the impression that a conversion names.
func (r *resolution) namedView(c *convFact) *View {
	if c.e.ImpressionID == "" {
		return nil
	}
	var best *View
	for i := range r.views {
		v := &r.views[i]
		d := c.e.EventTime.Sub(v.At)
		if v.WireID == c.e.ImpressionID && d >= 0 && d <= r.settingsOf(v.Campaign, c).Windows.ViewThrough {
			best = v // in order of time
		}
	}
	return best
}

// scope is which touches a conversion may look at (A1).
type scope struct {
	kind reference.Scope
	key  string
}

func (s scope) has(advertiser, campaign string) bool {
	switch s.kind {
	case reference.ScopeAdvertiser:
		return advertiser == s.key
	case reference.ScopeCampaign:
		return campaign == s.key
	}
	return true
}

func (r *resolution) scopeOf(c *convFact) scope {
	kind := reference.ScopeUnset
	if c.e.CampaignID != "" {
		kind = r.settingsOf(c.e.CampaignID, c).Scope
	}
	if kind == reference.ScopeUnset {
		switch {
		case c.advertiser != "":
			kind = reference.ScopeAdvertiser
		case c.e.CampaignID != "":
			kind = reference.ScopeCampaign
		}
	}
	switch {
	case kind == reference.ScopeAdvertiser && c.advertiser != "":
		return scope{kind, c.advertiser}
	case kind == reference.ScopeCampaign && c.e.CampaignID != "":
		return scope{kind, c.e.CampaignID}
	}
	return scope{kind: reference.ScopeAccount}
}

// credit arranges the path of a conversion: R-A3, R-A4 and the limit of W.
func (r *resolution) credit(c *convFact) {
	all := c.path.touches
	lastClick := -1
	for i := range all {
		if all[i].click {
			lastClick = i
		}
	}
	end := -1
	switch {
	case c.path.click > 0:
		end = c.path.click - 1
	case lastClick >= 0:
		end = lastClick
	case c.path.view > 0:
		end = c.path.view - 1
	}
	both := r.pathSetOf(c, all, lastClick) == reference.ClicksAndViews
	for i := range all {
		if i != end && (both || lastClick < 0 || all[i].click) {
			c.credited = append(c.credited, all[i])
		}
	}
	if end >= 0 {
		c.credited = append(c.credited, all[end])
	}
	if limit := r.env.Settings.MaxTouchesPerPath; len(c.credited) > limit {
		c.truncated = true
		c.credited = slices.Delete(c.credited, 1, len(c.credited)-limit+1)
	}
}

// pathSetOf is the setting of the declared campaign, else of the campaign of
// the last eligible click, else view.
func (r *resolution) pathSetOf(c *convFact, all []touch, lastClick int) reference.PathSet {
	if c.e.CampaignID != "" {
		if set := r.settingsOf(c.e.CampaignID, c).PathSet; set != reference.PathSetUnset {
			return set
		}
	}
	if lastClick < 0 {
		lastClick = len(all) - 1
	}
	if lastClick < 0 {
		return reference.ClicksElseViews
	}
	return r.settingsOf(all[lastClick].campaign, c).PathSet
}

// countKey is what ONE counts once (C1).
type countKey struct {
	click    bool
	lent     bool // not the timeline's own click of that key (R-R3.5)
	id, kind string
}

func (c *convFact) countKey() countKey {
	last := c.last()
	return countKey{last.click, last.lent, last.id, c.e.Type}
}

// countOne is why a conversion does not count that comes after another of its
// touch and type (C1).
const countOne = "COUNT_ONE"

// count says which conversions count (R-C1). A conversion without a user is
// counted where it is kept.
func (r *resolution) count() {
	first := map[countKey]bool{}
	for _, c := range r.counted() {
		switch {
		case c.e.Test:
			c.reason = fact.TestTraffic
		case c.dup:
			c.reason = "DUP_ORDER"
		case c.adjust != nil && c.adjust.e.Adjustment == event.Retract:
			c.reason = "RETRACTED"
		case c.guest != nil && c.guest.Barred:
			c.reason = "BARRED" // home knows why
		case c.last() == nil:
		case c.guest == nil && c.e.UserID == "":
			if l := r.loanOf(conversionChild(c), c.print, c.e.EventTime); l != nil && l.lost {
				c.reason = countOne
			}
		default:
			k := c.countKey()
			if r.modeOf(c) == reference.One && (first[k] || c.lost) {
				c.reason = countOne
			}
			first[k] = true
		}
	}
}

// modeOf is how conversions like this one count: as the declared campaign says,
// else the last touch's, else by type.
func (r *resolution) modeOf(c *convFact) reference.CountMode {
	if c.e.CampaignID != "" {
		settings := r.settingsOf(c.e.CampaignID, c)
		if mode, ok := settings.CountModes[c.e.Type]; ok {
			return mode
		}
	}
	return r.settingsOf(c.last().campaign, c).CountMode(c.e.Type)
}

// loseCounts remembers, for a conversion about to be forgotten, that it took
// the one count of its touch and type.
func (r *resolution) loseCounts(gone *convFact) {
	if gone.reason != "" && gone.reason != countOne || gone.last() == nil {
		return
	}
	for _, c := range r.counted() {
		if c != gone && c.last() != nil && c.countKey() == gone.countKey() &&
			c.e.EventTime >= gone.e.EventTime {
			c.conversion.lost = true
		}
	}
}
