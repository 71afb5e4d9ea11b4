package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// clickValidity is the codes of a click, with the chain of D5 it stands in.
func (w *world) clickValidity(row *table.Click, r *record) Step {
	s := Step{Rule: "I3", Question: "does it count?", Result: "valid"}
	if row.IVTCodes != "" {
		s.Result = "not valid, " + row.IVTCodes + ": " + codeSentences(row.IVTCodes)
	}
	refractory := w.refractory(row, r)
	for _, c := range w.chain(row) {
		d := row.EventTime.Sub(c.EventTime)
		candidate := Candidate{Kind: "click", ID: c.ClickID, EventTime: c.EventTime.UTC(), Rule: "D5"}
		switch repeat := strings.Contains(c.IVTCodes, "REPEAT_CLICK"); {
		case repeat:
			candidate.Why = "of the same campaign and creative, itself a repeat: it does not restart the period"
		case d < refractory:
			candidate.Taken = true
			candidate.Why = fmt.Sprintf("accepted %s before, closer than the refractory period of %s", span(d), span(refractory))
		default:
			candidate.Why = fmt.Sprintf("accepted %s before, not closer than the refractory period of %s", span(d), span(refractory))
		}
		s.Candidates = append(s.Candidates, candidate)
	}
	return s
}

// refractory is the period of the click's computed campaign (W).
func (w *world) refractory(row *table.Click, r *record) event.Span {
	id := row.CampaignID
	if c, ok := w.in.Reference.Creative(r.creative); ok && c.CampaignID != "" {
		id = c.CampaignID
	}
	c, _ := w.in.Reference.Campaign(id, row.EventTime)
	return c.Windows.ClickRefractory
}

// chain is the clicks of the same timeline, campaign and creative before this
// one.
func (w *world) chain(row *table.Click) (list []table.Click) {
	for k, c := range w.clicks {
		before := cmp.Or(cmp.Compare(c.EventTime, row.EventTime), strings.Compare(c.ClickID, row.ClickID)) < 0
		if k.route == row.Route && before && c.CampaignID == row.CampaignID && c.CreativeID == row.CreativeID {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b table.Click) int {
		return cmp.Or(cmp.Compare(a.EventTime, b.EventTime), strings.Compare(a.ClickID, b.ClickID))
	})
	return list
}

// codeSentences explains each code of a row.
func codeSentences(codes string) string {
	var list []string
	for _, code := range strings.Split(codes, ",") {
		switch code {
		case "TEST_TRAFFIC":
			list = append(list, "its record is marked as a test, or says AUDIT (N10)")
		case "REPEAT_CLICK":
			list = append(list, "too close to the last accepted click of its chain (D5)")
		case "CLICK_CAP":
			list = append(list, "more clicks on its impression than max_clicks_per_impression (D6)")
		case "PARENT_IVT":
			list = append(list, "its impression is not valid")
		}
	}
	return strings.Join(list, "; ")
}
