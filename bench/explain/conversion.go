package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

// touch is a click or impression that may earn credit, as its row says it.
type touch struct {
	kind       string // CLICK or VIEW
	id         string
	route      int64
	at         event.Time
	campaign   string
	advertiser string
	codes      string
	viewable   *bool
}

func (t *touch) candidate() Candidate {
	c := Candidate{Kind: "click", ID: t.id, EventTime: t.at.UTC()}
	if t.kind == "VIEW" {
		c.Kind = "impression"
	}
	return c
}

// before is A2 and A7: time, view before click, id.
func (t *touch) before(u *touch) bool {
	return cmp.Or(cmp.Compare(t.at, u.at), strings.Compare(u.kind, t.kind), strings.Compare(t.id, u.id)) < 0
}

// attribution is the search of one conversion for its touches.
type attribution struct {
	w     *world
	row   *table.Conversion
	rec   *record
	path  map[string]table.Attribution // of the engine, by touch
	scope string                       // advertiser, campaign or account

	touches    []*touch
	namedClick *touch
	namedView  *touch
	last       *touch // as the steps find it
}

// conversion goes through D4, A1 to A4, C1 and C2.
func (w *world) conversion(row *table.Conversion) Fact {
	a := attribution{
		w: w, row: row, rec: w.recordOf(row.SrcOffset, row.SrcPartition, event.KindConversion),
		path: w.attributions[key{row.Route, row.ConversionID}],
	}
	f := Fact{ID: row.ConversionID, Route: row.Route, EventTime: row.EventTime.UTC()}
	if row.CountReason == "DUP_ORDER" {
		f.Steps = []Step{a.order()}
		f.Outcome = "not counted, DUP_ORDER, and no credit"
		return f
	}
	a.gather()
	f.Steps = append(f.Steps, a.order(), a.scoped(), a.choose(), a.counted(), a.adjusted())
	f.Outcome = "unattributed"
	if row.TouchKind != "NONE" {
		f.Outcome = fmt.Sprintf("last touch is a %s of campaign %s", strings.ToLower(row.TouchKind), row.LastTouchCampaignID)
	}
	if row.Counted {
		f.Outcome += "; counted"
	} else {
		f.Outcome += "; not counted, " + row.CountReason
	}
	switch {
	case a.last == nil && row.TouchKind != "NONE":
		f.Disagrees = "the steps find no touch"
	case a.last != nil && a.last.kind != row.TouchKind, a.last != nil && !a.path[a.last.id].IsLast:
		f.Disagrees = fmt.Sprintf("the steps end at %s %s", a.last.kind, a.last.id)
	}
	return f
}

// gather lists the touches of the timelines that may lend: the conversion's own,
// and for one without a user those that the engine's path comes from.
func (a *attribution) gather() {
	for k, c := range a.w.clicks {
		if a.sees(k.route) {
			a.touches = append(a.touches, &touch{kind: "CLICK", id: c.ClickID, route: k.route, at: c.EventTime, campaign: c.CampaignID, advertiser: c.AdvertiserID, codes: c.IVTCodes})
		}
	}
	for k, i := range a.w.impressions {
		if a.sees(k.route) {
			a.touches = append(a.touches, &touch{kind: "VIEW", id: i.ImpressionID, route: k.route, at: i.EventTime, campaign: i.CampaignID, advertiser: i.AdvertiserID, codes: i.IVTCodes, viewable: i.Viewable})
		}
	}
	slices.SortFunc(a.touches, func(t, u *touch) int {
		if t.before(u) {
			return -1
		}
		return 1
	})
	for _, t := range a.touches {
		d := a.row.EventTime.Sub(t.at)
		switch {
		case t.kind == "CLICK" && a.rec.clickID != "" && names(t.id, a.rec.clickID) && d >= -a.w.in.Settings.InversionMax && d <= a.window(t):
			a.namedClick = a.nearest(a.namedClick, t)
		case t.kind == "VIEW" && a.rec.impressionID != "" && names(t.id, a.rec.impressionID) && d >= 0 && d <= a.window(t):
			a.namedView = t // the latest: they come in order
		}
	}
}

// nearest is J5a for a named click.
func (a *attribution) nearest(best, t *touch) *touch {
	if best != nil && t.at > a.row.EventTime.Add(2*event.Second) {
		return best
	}
	return t
}

func (a *attribution) sees(route int64) bool {
	if a.rec.user != "" {
		return route == a.row.Route
	}
	for k := range a.w.clicks {
		if _, lent := a.path[k.id]; lent && k.route == route {
			return true
		}
	}
	for k := range a.w.impressions {
		if _, lent := a.path[k.id]; lent && k.route == route {
			return true
		}
	}
	return route == a.row.Route
}

func (a *attribution) campaign(t *touch) *reference.Campaign {
	c, _ := a.w.in.Reference.Campaign(t.campaign, a.row.EventTime)
	return c
}

func (a *attribution) window(t *touch) event.Span {
	if t.kind == "CLICK" {
		return a.campaign(t).Windows.ClickThrough
	}
	return a.campaign(t).Windows.ViewThrough
}

// order is D4: is the order another conversion's?
func (a *attribution) order() Step {
	s := Step{Rule: "D4", Question: "is its order counted already?", Result: "no"}
	if a.row.OrderID == "" {
		s.Result = "it names no order"
		return s
	}
	for k, c := range a.w.conversions {
		same := k.route == a.row.Route && k.id != a.row.ConversionID && c.OrderID == a.row.OrderID
		if !same {
			continue
		}
		d := Candidate{Kind: "conversion", ID: c.ConversionID, EventTime: c.EventTime.UTC(), Rule: "D4"}
		earlier := cmp.Or(cmp.Compare(c.EventTime, a.row.EventTime), strings.Compare(c.ConversionID, a.row.ConversionID)) < 0
		switch {
		case c.ConversionType != a.row.ConversionType:
			d.Why = "of the type " + c.ConversionType + ", another order"
		case c.AdvertiserID != a.row.AdvertiserID:
			d.Why = "of the advertiser " + c.AdvertiserID + ", another order"
		case !earlier:
			d.Why = "later: this one comes first"
		case a.row.EventTime.Sub(c.EventTime) > a.w.in.Settings.OrderHorizon:
			d.Why = fmt.Sprintf("more than %s before: an order of its own", span(a.w.in.Settings.OrderHorizon))
		default:
			d.Taken, d.Why = a.row.CountReason == "DUP_ORDER" && c.CountReason != "DUP_ORDER", "the same advertiser, type and order, and earlier"
		}
		s.Candidates = append(s.Candidates, d)
	}
	slices.SortFunc(s.Candidates, func(x, y Candidate) int { return cmp.Or(x.EventTime.Compare(y.EventTime), cmp.Compare(x.ID, y.ID)) })
	if a.row.CountReason == "DUP_ORDER" {
		s.Result = "yes: DUP_ORDER, it is not counted and earns no credit"
	}
	return s
}

// scoped is R-A1: which touches compete.
func (a *attribution) scoped() Step {
	s := Step{Rule: "A1", Question: "which touches compete?"}
	setting := reference.ScopeUnset
	if a.row.DeclaredCampaignID != "" {
		c, _ := a.w.in.Reference.Campaign(a.row.DeclaredCampaignID, a.row.EventTime)
		setting = c.Scope
	}
	why := "no setting"
	if setting != reference.ScopeUnset {
		why = "the declared campaign's scope is " + setting.String()
	}
	switch {
	case a.row.AdvertiserID != "" && (setting == reference.ScopeAdvertiser || setting == reference.ScopeUnset):
		a.scope, s.Result = "advertiser", "those of advertiser "+a.row.AdvertiserID+" ("+why+")"
	case a.row.DeclaredCampaignID != "" && (setting == reference.ScopeCampaign || setting == reference.ScopeUnset):
		a.scope, s.Result = "campaign", "those of campaign "+a.row.DeclaredCampaignID+" ("+why+")"
	default:
		a.scope, s.Result = "account", "all ("+why+")"
	}
	return s
}

// choose is A2 to A4 and A7: every touch, and what became of it.
func (a *attribution) choose() Step {
	s := Step{Rule: "A2", Question: "which touches are eligible, and which is the last?"}
	type verdict struct{ rule, why string }
	out := map[*touch]verdict{}
	var lastClick, lastView *touch
	for _, t := range a.touches {
		rule, why := a.ineligible(t)
		out[t] = verdict{rule, why}
		switch {
		case why != "":
		case t.kind == "CLICK" && (lastClick == nil || lastClick != a.namedClick):
			lastClick = t
		case t.kind == "VIEW" && (lastView == nil || lastView != a.namedView):
			lastView = t
		}
	}
	a.last = lastClick
	if a.last == nil {
		a.last = lastView
	}
	for _, t := range a.touches {
		c := t.candidate()
		v := out[t]
		row, inPath := a.path[t.id]
		switch {
		case v.why != "":
			c.Rule, c.Why = v.rule, v.why
		case t == a.last:
			c.Taken, c.Rule, c.Why = true, a.lastRule(t), a.lastWhy(t)
		case t.kind == "VIEW" && lastClick != nil && !inPath:
			c.Rule, c.Why = "A3", "eligible, but a click beats every view, even a later one"
		case inPath:
			c.Taken, c.Rule, c.Why = true, "A5", fmt.Sprintf("eligible, position %d of %d in the path: credit in the models that weigh it", row.Position, row.PathLen)
		default:
			c.Rule, c.Why = "W", "eligible, but the path holds the first and the last touches only (max_touches_per_path)"
		}
		s.Candidates = append(s.Candidates, c)
	}
	s.Result = a.result()
	return s
}

func (a *attribution) lastRule(t *touch) string {
	if t == a.namedClick || t == a.namedView {
		return "A4"
	}
	return "A7"
}

func (a *attribution) lastWhy(t *touch) string {
	d := span(a.row.EventTime.Sub(t.at))
	switch t {
	case a.namedClick:
		return "the last touch: the conversion names this click, " + d + " before it"
	case a.namedView:
		return "the last touch: the conversion names this impression and no click is eligible, " + d + " before it"
	}
	return "the last touch, " + d + " before the conversion"
}

func (a *attribution) result() string {
	switch {
	case a.last != nil && a.rec.clickID != "" && (a.namedClick == nil || a.last != a.namedClick):
		return fmt.Sprintf("%s %s; the click %s that the conversion names is not eligible (CLICK_ID_UNRESOLVED)", a.last.kind, a.last.id, a.rec.clickID)
	case a.last != nil:
		return a.last.kind + " " + a.last.id
	case a.rec.user == "" && a.rec.clickID == "" && a.rec.impressionID == "":
		return "UNATTRIBUTED, NO_KEYS: the conversion names no user, click or impression"
	}
	return "UNATTRIBUTED, NO_TOUCH"
}

// ineligible is the first reason against a touch, "" for none.
func (a *attribution) ineligible(t *touch) (rule, why string) {
	d, window := a.row.EventTime.Sub(t.at), a.window(t)
	name := map[string]string{"CLICK": "click_through", "VIEW": "view_through"}[t.kind]
	late := a.row.IngestTime.Sub(a.row.EventTime)
	switch {
	case t.codes != "":
		return "A2", "not valid, " + t.codes + ": " + codeSentences(t.codes)
	case t.kind == "VIEW" && late > a.w.in.Settings.ViewLateness:
		return "T6", fmt.Sprintf("the conversion arrived %s after its event time, more than %s: no view is asked", span(late), span(a.w.in.Settings.ViewLateness))
	case a.scope == "advertiser" && t.advertiser != a.row.AdvertiserID:
		return "A1", fmt.Sprintf("of advertiser %q, not %q", t.advertiser, a.row.AdvertiserID)
	case a.scope == "campaign" && t.campaign != a.row.DeclaredCampaignID:
		return "A1", fmt.Sprintf("of campaign %q, not %q", t.campaign, a.row.DeclaredCampaignID)
	case window == 0:
		return "W", "its campaign's " + name + " window is 0, which disables it"
	case d < 0 && t != a.namedClick:
		return "A2", span(-d) + " after the conversion"
	case d > window:
		return "A2", fmt.Sprintf("%s before the conversion, %s beyond the %s window of %s", span(d), span(d-window), name, span(window))
	case t.kind == "VIEW" && t.viewable != nil && !*t.viewable && a.campaign(t).VTRequiresViewable:
		return "V2", "measured and not viewable, and its campaign has vt_requires_viewable"
	}
	return "", ""
}

// counted is C1.
func (a *attribution) counted() Step {
	s := Step{Rule: "C1", Question: "does it count?", Result: "yes"}
	switch a.row.CountReason {
	case "TEST_TRAFFIC":
		s.Result = "no, TEST_TRAFFIC: its record is marked as a test (N10)"
	case "RETRACTED":
		s.Result = "no, RETRACTED: an adjustment took it back (C2)"
	case "COUNT_ONE":
		s.Result = "no, COUNT_ONE: of " + a.row.ConversionType + " only the first on one last touch counts"
	}
	if a.last == nil {
		return s
	}
	for k, c := range a.w.conversions {
		other := a.w.attributions[k][a.last.id]
		if k.id == a.row.ConversionID && k.route == a.row.Route || !other.IsLast || c.ConversionType != a.row.ConversionType {
			continue
		}
		d := Candidate{Kind: "conversion", ID: c.ConversionID, EventTime: c.EventTime.UTC(), Rule: "C1", Why: "the same type on the same last touch"}
		if a.row.CountReason == "COUNT_ONE" && c.Counted {
			d.Taken, d.Why = true, "the same type on the same last touch, and first: this one counts"
		}
		s.Candidates = append(s.Candidates, d)
	}
	slices.SortFunc(s.Candidates, func(x, y Candidate) int { return cmp.Or(x.EventTime.Compare(y.EventTime), cmp.Compare(x.ID, y.ID)) })
	return s
}

// adjusted is C2.
func (a *attribution) adjusted() Step {
	s := Step{Rule: "C2", Question: "was it adjusted?", Result: "no"}
	if a.row.AdjustmentState != "NONE" {
		s.Result = fmt.Sprintf("%s: its value was %d micros and is %d", a.row.AdjustmentState, a.row.OriginalValueMicros, a.row.ValueMicros)
	}
	return s
}
