package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// explain writes every fact of the id.
func (w *world) explain(a *Answer) {
	switch w.in.Kind {
	case event.KindImpression:
		for _, k := range ownKeys(w.impressions, w.in.ID) {
			row := w.impressions[k]
			a.Facts = append(a.Facts, w.impression(&row))
		}
	case event.KindClick:
		for _, k := range ownKeys(w.clicks, w.in.ID) {
			row := w.clicks[k]
			a.Facts = append(a.Facts, w.click(&row))
		}
	default:
		for _, k := range ownKeys(w.conversions, w.in.ID) {
			row := w.conversions[k]
			a.Facts = append(a.Facts, w.conversion(&row))
		}
	}
}

// ownKeys are the rows under the id, in order.
func ownKeys[R any](rows map[key]R, id string) (own []key) {
	for k := range rows {
		if names(k.id, id) {
			own = append(own, k)
		}
	}
	slices.SortFunc(own, func(a, b key) int { return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.id, b.id)) })
	return own
}

// recordOf is the record that a row states.
func (w *world) recordOf(topicOffset int64, partition int32, kind event.Kind) *record {
	for i := range w.records {
		r := &w.records[i]
		if int64(r.Offset) == topicOffset && r.ID == partition && r.kind == kind && r.adjustment == event.New {
			return r
		}
	}
	return &record{}
}

// click goes through J2, J6 and the validity of a click.
func (w *world) click(row *table.Click) Fact {
	r := w.clickRecord(row)
	j := clickJoin{w: w, row: row, rec: r}
	steps := j.steps()
	f := Fact{ID: row.ClickID, Route: row.Route, EventTime: row.EventTime.UTC(), Steps: append(steps, w.clickValidity(row, r))}
	switch {
	case row.MatchStatus == "MATCHED":
		f.Outcome = fmt.Sprintf("matched to impression %s by %s", row.ImpressionID, row.MatchMethod)
	default:
		f.Outcome = "an orphan, " + row.OrphanReason
	}
	if row.IVTCodes != "" {
		f.Outcome += "; not valid: " + row.IVTCodes
	}
	if got := j.method + " " + j.reason; got != row.MatchMethod+" "+row.OrphanReason || (j.parent != nil && j.parent.ImpressionID != row.ImpressionID) {
		f.Disagrees = fmt.Sprintf("steps say %q, the row %s %q", got, row.MatchMethod, row.OrphanReason)
	}
	return f
}

// clickRecord is the record of a click's row.
func (w *world) clickRecord(row *table.Click) *record {
	return w.recordOf(row.SrcOffset, row.SrcPartition, event.KindClick)
}

// clickJoin is the search of one click for its impression.
type clickJoin struct {
	w   *world
	row *table.Click
	rec *record

	parent *table.Impression
	method string
	reason string
	inval  bool // steps 3 and 4 met an invalid impression
}

func (j *clickJoin) steps() []Step {
	late := j.row.IngestTime.Sub(j.row.EventTime)
	if limit := j.w.in.Settings.ClickLateness; late > limit {
		j.method, j.reason = "NONE", "LATE_FOR_JOIN"
		return []Step{{Rule: "T6", Question: "did it arrive in time for the join?",
			Result: fmt.Sprintf("no: %s after its event time, more than %s, so no impression is asked: LATE_FOR_JOIN", span(late), span(limit))}}
	}
	var list []Step
	list = append(list, j.named("J2 (1)", "the impression it names", "ID", j.rec.impressionID != "", func(i *table.Impression) bool {
		return names(i.ImpressionID, j.rec.impressionID)
	}))
	list = append(list, j.named("J2 (2)", "an impression of the auction it names", "AUCTION", j.rec.auction != "", func(i *table.Impression) bool {
		return i.Exchange == j.rec.exchange && i.AuctionID == j.rec.auction && i.ImpID == j.rec.impID
	}))
	list = append(list, j.guessed("J2 (3)", "USER_CREATIVE", j.rec.creative != ""), j.guessed("J2 (4)", "USER_CAMPAIGN", true))
	if j.method == "" {
		list = append(list, j.orphan())
	}
	return list
}

// own is the click's own campaign (R-J0).
func (j *clickJoin) own() string {
	if j.rec.campaign != "" {
		return j.rec.campaign
	}
	if c, ok := j.w.in.Reference.Creative(j.rec.creative); ok {
		return c.CampaignID
	}
	return ""
}

// named is a step by id: the nearest impression inside its window wins.
func (j *clickJoin) named(rule, what, method string, applies bool, fits func(*table.Impression) bool) Step {
	s := Step{Rule: rule, Question: "is there " + what + "?"}
	if !applies {
		s.Result = "the click names none"
		return s
	}
	var best *table.Impression
	fitting := j.w.sorted(func(i *table.Impression) bool { return fits(i) })
	for _, i := range fitting {
		if j.sees(i) && j.why(i) == "" && (best == nil || nearer(j.row.EventTime, i, best)) {
			best = i
		}
	}
	if j.method == "" && j.rec.user == "" && j.row.MatchMethod == method {
		for _, i := range fitting { // the keeper's, R-R3.3
			if i.ImpressionID == j.row.ImpressionID && i.Route == j.w.keeper(j.row, fitting) {
				best = i
			}
		}
	}
	for _, i := range fitting {
		c := Candidate{Kind: "impression", ID: i.ImpressionID, EventTime: i.EventTime.UTC()}
		switch why := j.why(i); {
		case j.method != "":
			c.Rule, c.Why = "J2", "an earlier step has a hit"
		case !j.sees(i) && i != best:
			c.Rule, c.Why = "R3", "in the timeline of another routing key; a click with a user joins in its own alone (R5)"
			if j.rec.user == "" {
				c.Why = "in the timeline of another routing key, which does not keep the click"
			}
		case why != "":
			c.Rule, c.Why = "J5", why
		case i == best:
			c.Taken, c.Rule, c.Why = true, rule, fmt.Sprintf("click - impression = %s, inside -1m0s..%s", span(j.row.EventTime.Sub(i.EventTime)), span(j.window(i)))
		case !j.sees(best):
			c.Rule, c.Why = "R-R3.3", "another timeline's offer comes first"
		default:
			c.Rule, c.Why = "J5a", "another impression of this name is nearer to the click"
		}
		s.Candidates = append(s.Candidates, c)
	}
	j.finish(&s, method, best)
	return s
}

// finish notes what a step came to.
func (j *clickJoin) finish(s *Step, method string, best *table.Impression) {
	switch {
	case j.method != "":
		s.Result = "not asked: " + j.method + " has a hit"
	case best != nil:
		j.method, j.parent = method, best
		s.Result = method + ": impression " + best.ImpressionID
	case len(s.Candidates) == 0:
		s.Result = "no such impression"
	default:
		s.Result = "none that may be taken"
	}
}

func (j *clickJoin) sees(i *table.Impression) bool {
	return i != nil && (i.Route == j.row.Route || j.rec.user == "" && j.parentOf(i))
}

// parentOf reports that the engine's row has the impression for parent.
func (j *clickJoin) parentOf(i *table.Impression) bool {
	return j.row.MatchStatus == "MATCHED" && i.ImpressionID == j.row.ImpressionID
}

func (j *clickJoin) window(i *table.Impression) event.Span {
	c, _ := j.w.in.Reference.Campaign(i.CampaignID, j.row.EventTime)
	return c.Windows.ClickJoin
}

// why says why an impression named by the click is outside, "" when it is not.
func (j *clickJoin) why(i *table.Impression) string {
	d, set := j.row.EventTime.Sub(i.EventTime), &j.w.in.Settings
	switch {
	case d < -set.InversionMax:
		return fmt.Sprintf("the click is %s before it, more than %s", span(-d), span(set.InversionMax))
	case d > j.window(i):
		return fmt.Sprintf("the click is %s after it, %s beyond the click_join window of %s", span(d), span(d-j.window(i)), span(j.window(i)))
	}
	return ""
}

// guessed is a step by user and campaign: the latest valid impression before the
// click wins.
func (j *clickJoin) guessed(rule, method string, applies bool) Step {
	s := Step{Rule: rule, Question: "is there an earlier impression of this user and campaign" + map[string]string{"USER_CREATIVE": " with this creative"}[method] + "?"}
	switch {
	case j.rec.user == "" || j.own() == "":
		s.Result = "it needs a user_id and a campaign (declared, or its creative's)"
		return s
	case !applies:
		s.Result = "the click names no creative"
		return s
	}
	var best *table.Impression
	timeline := j.w.sorted(func(i *table.Impression) bool { return i.Route == j.row.Route })
	for _, i := range timeline {
		if _, why := j.unfit(i, method); why == "" && (best == nil || later(i, best)) {
			best = i
		}
	}
	for _, i := range timeline {
		c := Candidate{Kind: "impression", ID: i.ImpressionID, EventTime: i.EventTime.UTC()}
		c.Rule, c.Why = j.unfit(i, method)
		switch {
		case j.method != "":
			c.Rule, c.Why = "J2", "an earlier step has a hit"
		case c.Why != "":
		case i == best:
			c.Taken, c.Rule, c.Why = true, rule, fmt.Sprintf("the latest valid one, %s before the click", span(j.row.EventTime.Sub(i.EventTime)))
		default:
			c.Rule, c.Why = rule, "a later (or, at the same time, viewable or larger) one is taken"
		}
		s.Candidates = append(s.Candidates, c)
	}
	j.finish(&s, method, best)
	return s
}

func (j *clickJoin) unfit(i *table.Impression, method string) (rule, why string) {
	d := j.row.EventTime.Sub(i.EventTime)
	switch {
	case i.CampaignID != j.own():
		return "J2", fmt.Sprintf("campaign %s, the click's is %s", i.CampaignID, j.own())
	case method == "USER_CREATIVE" && i.CreativeID != j.rec.creative:
		return "J2", fmt.Sprintf("creative %s, the click's is %s", i.CreativeID, j.rec.creative)
	case d < 0:
		return "J5", fmt.Sprintf("%s after the click; a guess gets no clock tolerance", span(-d))
	case d > j.window(i):
		return "J2", fmt.Sprintf("%s before the click, %s beyond the click_join window of %s", span(d), span(d-j.window(i)), span(j.window(i)))
	case !i.Valid:
		j.inval = j.inval || j.method == ""
		return "J6", "not valid: " + i.IVTCodes
	}
	return "", ""
}

func (j *clickJoin) orphan() Step {
	s := Step{Rule: "J6", Question: "why is there none?"}
	j.method = "NONE"
	switch {
	case j.rec.impressionID == "" && j.rec.auction == "" && (j.rec.user == "" || j.own() == ""):
		j.reason, s.Result = "NO_KEYS", "NO_KEYS: no impression_id, no auction_id, and no user_id with a campaign"
	case j.inval:
		j.reason, s.Result = "PARENT_INVALID", "PARENT_INVALID: steps 3 and 4 met invalid impressions alone"
	default:
		j.reason, s.Result = "NO_PARENT", "NO_PARENT: no impression inside a window"
	}
	return s
}

// keeper is the timeline that the engine joined a click without a user in.
func (w *world) keeper(row *table.Click, fitting []*table.Impression) int64 {
	for _, i := range fitting {
		if i.ImpressionID == row.ImpressionID && i.UserKey != "" {
			return i.Route
		}
	}
	return row.Route
}

// sorted are the impressions that pass, in order of time and id.
func (w *world) sorted(pass func(*table.Impression) bool) (list []*table.Impression) {
	for _, i := range w.impressions {
		if pass(&i) {
			list = append(list, &i)
		}
	}
	slices.SortFunc(list, func(a, b *table.Impression) int {
		return cmp.Or(cmp.Compare(a.EventTime, b.EventTime), cmp.Compare(a.ImpressionID, b.ImpressionID), cmp.Compare(a.Route, b.Route))
	})
	return list
}

// nearer is J5a: the latest at or before child + 2 s, else the earliest after
// that; equal times: the larger id.
func nearer(child event.Time, a, b *table.Impression) bool {
	limit := child.Add(2 * event.Second)
	aBefore, bBefore := a.EventTime <= limit, b.EventTime <= limit
	switch {
	case aBefore != bBefore:
		return aBefore
	case a.EventTime == b.EventTime:
		return a.ImpressionID > b.ImpressionID
	}
	return (a.EventTime > b.EventTime) == aBefore
}

// later is the order of the guesses of J2: time, then viewable, then id.
func later(a, b *table.Impression) bool {
	seen := func(i *table.Impression) int {
		if i.Viewable != nil && *i.Viewable {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.EventTime, b.EventTime), cmp.Compare(seen(a), seen(b)), strings.Compare(a.ImpressionID, b.ImpressionID)) > 0
}
