package oracle

import (
	"github.com/advertisex/adjoin/internal/event"
)

// judgeClicks finds repeat clicks (D5), clicks beyond a cap (D6) and clicks on
// invalid impressions, and gives every click its codes in table order.
func (w *world) judgeClicks() {
	repeat := w.repeats()
	capped := w.beyondCap(repeat)
	for _, c := range w.clicks {
		c.codes = nil
		for _, verdict := range []struct {
			code  string
			holds bool
		}{
			{"TEST_TRAFFIC", c.test},
			{"REPEAT_CLICK", repeat[c]},
			{"CLICK_CAP", capped[c]},
			{"PARENT_IVT", c.parent != nil && !c.parent.valid()},
		} {
			if verdict.holds {
				c.codes = append(c.codes, verdict.code)
			}
		}
	}
}

// repeats walks each chain of one timeline, campaign and creative and marks what
// follows the last accepted click too soon (R-D5).
func (w *world) repeats() map[*click]bool {
	type chainOf struct {
		timeline           event.Route
		campaign, creative string
	}
	chains := map[chainOf][]*click{}
	for _, c := range w.clicks {
		k := chainOf{c.timeline, c.campaignOf, c.creativeOf}
		chains[k] = append(chains[k], c)
	}
	marked := map[*click]bool{}
	for _, clicks := range chains {
		sortByKey(clicks)
		var accepted *click
		for _, c := range clicks {
			least := orSpan(w.ref.at(w.computed(c), c.at).refractory, w.set.Windows.ClickRefractory)
			if accepted != nil && c.at.Sub(accepted.at) < least {
				marked[c] = true
				continue
			}
			accepted = c
		}
	}
	return marked
}

// computed is the campaign whose refractory period and cap a click has: its own
// creative's, else its row's (W).
func (w *world) computed(c *click) string {
	return orElse(w.ref.creatives[c.creative].campaign, c.campaignOf)
}

// beyondCap counts the clicks of each impression that are no repeats (R-D6).
func (w *world) beyondCap(repeat map[*click]bool) map[*click]bool {
	perImpression := map[*impression][]*click{}
	for _, c := range w.clicks {
		if c.parent != nil && !repeat[c] {
			perImpression[c.parent] = append(perImpression[c.parent], c)
		}
	}
	marked := map[*click]bool{}
	for _, clicks := range perImpression {
		sortByKey(clicks)
		for n, c := range clicks {
			limit := w.ref.at(w.computed(c), c.at).cap
			if limit == 0 {
				limit = w.set.MaxClicksPerImpression
			}
			if limit > 0 && n >= limit {
				marked[c] = true
			}
		}
	}
	return marked
}
