package oracle

import (
	"strconv"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

func (t touch) kind() string {
	if t.click != nil {
		return "CLICK"
	}
	return "VIEW"
}

func (t touch) method() string {
	switch {
	case t.named && t.click != nil:
		return "CLICK_ID"
	case t.named:
		return "IMPRESSION_ID"
	}
	return "USER"
}

// rule is the window the touch lay in, such as "click_through=30d".
func (t touch) rule() string {
	name := "view_through="
	if t.click != nil {
		name = "click_through="
	}
	for _, u := range []struct {
		span event.Span
		unit string
	}{{event.Day, "d"}, {event.Hour, "h"}, {event.Minute, "m"}, {event.Second, "s"}} {
		if t.window%u.span == 0 {
			return name + strconv.FormatInt(int64(t.window/u.span), 10) + u.unit
		}
	}
	return name + strconv.FormatInt(int64(t.window/event.Millisecond), 10) + "ms"
}

// credit is what one touch earns under one model.
type credit struct {
	model      string
	place      int // in the path, from 0
	touch      touch
	ppm, value int64
}

// credits is every model's split of a conversion, touches without a weight left
// out (A5, A6).
func (w *world) credits(c *conversion) (all []credit) {
	age := ages(c)
	for _, model := range models {
		weight := weights(model, age, int64(w.set.HalfLife/event.Second))
		ppm, money := split(1_000_000, weight), split(c.amount(), weight)
		for i, t := range c.path.touches {
			if weight[i] != nil {
				all = append(all, credit{model, i, t, ppm[i], money[i]})
			}
		}
	}
	return all
}

// attributionRows is the credit set of one conversion: a row for each model and
// touch with a weight, or five rows that say there is none (A8).
func (w *world) attributionRows(c *conversion) []table.Attribution {
	base := table.Attribution{
		Route: int64(c.route), ConversionID: c.key, TouchKind: "NONE", MatchMethod: "NONE",
		Currency: c.currency, ConversionTime: c.at, ConversionType: c.kind,
		Counted: c.countReason == "", Meta: c.meta(c.rowFlags),
	}
	var rows []table.Attribution
	n := len(c.path.touches)
	if n == 0 {
		for _, model := range models {
			row := base
			row.Model, row.Reason = model, c.path.reason
			rows = append(rows, row)
		}
		return rows
	}
	for _, x := range w.credits(c) {
		t, i := x.touch, x.place
		row := base
		row.Model, row.TouchID, row.TouchKind, row.TouchTime = x.model, t.head().key, t.kind(), t.head().at
		row.Position, row.PathLen = int32(i+1), int32(n)
		row.CampaignID = t.campaign()
		row.CreativeID, row.LineItemID, row.SiteDomain, row.Exchange = t.columns()
		row.CreditPPM, row.CreditedValueMicros = int32(x.ppm), x.value
		row.IsLast, row.IsFirst = i == n-1, i == 0
		row.IsAssist = t.campaign() != c.path.last().campaign()
		row.MatchMethod, row.WindowRule = t.method(), t.rule()
		rows = append(rows, row)
	}
	return rows
}

func (t touch) columns() (creative, line, site, exchange string) {
	if t.click != nil {
		return t.click.creativeOf, t.click.lineOf, t.click.siteOf, t.click.exchangeOf
	}
	return t.view.creative, t.view.lineOf, t.view.site, t.view.exchange
}
