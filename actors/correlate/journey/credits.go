package journey

import (
	"strconv"

	"github.com/advertisex/adjoin/actors/correlate/credit"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

// refuse brings the row that an adjustment has in rejected_events, and its
// place in the ledger, in line with the reason; NotRejected is no row.
func (r *resolution) refuse(a *conversion, why event.Reason) {
	rows, ledger := r.env.Rows, r.env.Ledger
	have := a.refusal
	if have.reason == why && (why == event.NotRejected || have.pos == a.e.Position) {
		return
	}
	if have.reason != event.NotRejected {
		ledger.Reject(a.e.Partition, a.e.Ingest, have.reason, -1)
		ledger.Count(a.e.Partition, a.e.Ingest, a.verdict.Class, 1)
		if why == event.NotRejected || have.pos != a.e.Position {
			rows.Reject(table.Rejected{
				Topic: have.pos.Topic, Partition: have.pos.ID, Offset: int64(have.pos.Offset), Line: have.pos.Line,
				Meta: rows.Meta(&event.Envelope{Position: have.pos}, table.Delete, 0),
			})
			rows.Corrections++
		}
	}
	a.refusal = refusal{reason: why, pos: a.e.Position}
	if why == event.NotRejected {
		a.refusal.pos = event.Position{}
		return
	}
	ledger.Count(a.e.Partition, a.e.Ingest, a.verdict.Class, -1)
	ledger.Reject(a.e.Partition, a.e.Ingest, why, 1)
	detail := "no original conversion came in time"
	if why == event.AdjustTooOld {
		detail = "the adjustment is more than 90 d after its original"
	}
	field := "conversion_id"
	if a.e.Flags.Has(event.IDSynthetic) {
		field = "order_id"
	}
	rows.Reject(table.Rejected{
		Topic: a.e.Topic, Partition: a.e.Partition.ID, Offset: int64(a.e.Offset), Line: a.e.Line,
		Reason: why.String(), Detail: detail, Field: field,
		EventTime: a.e.EventTime, CampaignID: a.e.CampaignID,
		Meta: rows.Meta(&a.e.Envelope, table.Upsert, a.e.Flags),
	})
}

// writeConversions writes what changed, conversions and their credits.
func (r *resolution) writeConversions() {
	list := r.j.convs
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && sameConversion(&list[from], &list[to]) {
			to++
		}
		r.moveConversionRows(list[from:to])
		from = to
	}
	for _, c := range r.convs {
		r.writeConversion(c)
	}
}

// moveConversionRows is moveClickRows for conversions: credits go with them.
func (r *resolution) moveConversionRows(list []conversion) {
	for i := range list {
		c := &list[i]
		if !c.wrote.there || c.verdict.Class == fact.Fact && c.verdict.Reused == c.wrote.reused {
			continue
		}
		was := c.wrote
		c.wrote = wroteConversion{}
		if to := conversionHeir(list, was.reused, c.e.EventTime); to != nil {
			to.wrote = was
			continue
		}
		key := c.e.ID + fact.Suffix(was.reused, c.e.EventTime)
		r.env.Recount(was.counts, nil)
		r.env.Rows.Corrections++
		r.env.Rows.Conversions = append(r.env.Rows.Conversions, table.Conversion{
			Route: int64(r.j.route), ConversionID: key, EventTime: c.e.EventTime,
			Meta: r.env.Rows.Meta(&c.e.Envelope, table.Delete, 0),
		})
		r.deleteCredits(key, &c.e, was.touches, nil)
	}
}

func conversionHeir(list []conversion, reused bool, at event.Time) *conversion {
	for i := range list {
		c := &list[i]
		if c.verdict.Class == fact.Fact && c.verdict.Reused == reused && (!reused || c.e.EventTime == at) && !c.wrote.there {
			return c
		}
	}
	return nil
}

// deleteCredits deletes the credit rows that were written and are no longer in
// now (X2).
func (r *resolution) deleteCredits(key string, e *event.Conversion, was, now []wroteTouch) {
	for _, t := range was {
		left := t.models
		for _, n := range now {
			if n.id == t.id {
				left &^= n.models
			}
		}
		for i, m := range credit.Models() {
			if left&(1<<i) == 0 {
				continue
			}
			r.env.Rows.Corrections++
			r.env.Rows.Attributions = append(r.env.Rows.Attributions, table.Attribution{
				Route: int64(r.j.route), ConversionID: key, Model: m.String(), TouchID: t.id,
				AttributionVersion: int64(r.env.Rows.Number), ConversionTime: e.EventTime,
				Meta: r.env.Rows.Meta(&e.Envelope, table.Delete, 0),
			})
		}
	}
}

// writeConversion writes the row and the credit set of a conversion where they
// say something new.
func (r *resolution) writeConversion(c *convFact) {
	rows := r.env.Rows
	row := r.conversionRow(c)
	hash := hashConversion(&r.env.hash, &row)
	w := &c.wrote
	if !w.there || w.hash != hash {
		if w.there {
			rows.Corrections++
		}
		rows.Conversions = append(rows.Conversions, row)
	}
	counts := r.conversionCounts(c)
	r.env.Recount(w.counts, counts)
	w.there, w.reused, w.hash, w.counts = true, c.verdict.Reused, hash, counts
	if !c.attributed && w.credits == 0 {
		return
	}
	from := len(rows.Attributions)
	now := r.appendCredits(c, row.Flags)
	set := hashCredits(&r.env.hash, rows.Attributions[from:])
	if set == w.credits {
		rows.Attributions = rows.Attributions[:from]
		return
	}
	if w.credits != 0 {
		rows.Corrections++
	}
	r.deleteCredits(c.key, &c.e, w.touches, now)
	w.credits, w.touches = set, now
}

func (r *resolution) conversionRow(c *convFact) table.Conversion {
	e := &c.e
	age := e.Ingest.Sub(e.EventTime)
	row := table.Conversion{
		Route: int64(e.Route), ConversionID: c.key, EventTime: e.EventTime, UserKey: r.env.userKey(e.UserID),
		ConversionType: e.Type, OrderID: e.OrderID, ValueMicros: c.value, OriginalValueMicros: e.ValueMicros,
		Quantity: e.Quantity, Currency: e.Currency, DeclaredCampaignID: e.CampaignID, AdvertiserID: c.advertiser,
		ClickID: e.ClickID, ImpressionID: e.ImpressionID, AdjustmentState: "NONE",
		Counted: c.reason == "", CountReason: c.reason, TouchKind: touchNone,
		PathLen: int32(len(c.credited)), PathTruncated: c.truncated,
		Valid: c.valid(), Late: age > r.env.Settings.LateAfter,
	}
	if c.adjust != nil {
		row.AdjustmentState = "RESTATED"
		if c.adjust.e.Adjustment == event.Retract {
			row.AdjustmentState = "RETRACTED"
		}
	}
	if !row.Valid {
		row.IVTCodes = fact.TestTraffic
	}
	if last := c.last(); last != nil {
		row.TouchKind, row.LastTouchCampaignID = kindOf(last), last.campaign
		if last.click {
			seconds := floorSeconds(e.EventTime.Sub(last.at))
			row.ClickToConvS = &seconds
		}
	}
	row.Meta = r.env.Rows.Meta(&e.Envelope, table.Upsert, r.conversionFlags(c, age))
	return row
}

// conversionFlags is what was noticed about a conversion and its path.
func (r *resolution) conversionFlags(c *convFact, age event.Span) event.Flags {
	flags := c.e.Flags
	for _, f := range [...]struct {
		set  bool
		flag event.Flags
	}{
		{age > r.env.Settings.ViewLateness, event.LateForJoin},
		{c.verdict.Reused, event.IDReused},
		{c.truncated, event.PathTruncated},
		{c.attributed && !c.dup && c.path.unresolved, event.ClickIDUnresolved},
		{len(c.credited) > 0 && c.path.inversion, event.TimeInversion},
		{c.e.CampaignID != "" && c.last() != nil && c.last().campaign != c.e.CampaignID, event.DeclaredDiffers},
	} {
		if f.set {
			flags |= f.flag
		}
	}
	for i := range c.credited {
		if c.credited[i].unmeasured {
			flags |= event.ViewUnmeasured
		}
	}
	return flags
}

// The values of touch_kind.
const (
	touchClick = "CLICK"
	touchView  = "VIEW"
	touchNone  = "NONE"
)

func kindOf(t *touch) string {
	if t.click {
		return touchClick
	}
	return touchView
}

// appendCredits appends the credit set of a conversion to the cut (A5 to A9)
// and returns the touches that have rows.
func (r *resolution) appendCredits(c *convFact, flags string) []wroteTouch {
	rows := r.env.Rows
	base := table.Attribution{
		Route: int64(c.e.Route), ConversionID: c.key, AttributionVersion: int64(rows.Number),
		TouchKind: touchNone, Currency: c.e.Currency, ConversionTime: c.e.EventTime, ConversionType: c.e.Type,
		MatchMethod: fact.MethodNone, Counted: c.reason == "",
		Meta: rows.Meta(&c.e.Envelope, table.Upsert, 0),
	}
	base.Flags = flags
	if len(c.credited) == 0 {
		return r.appendUnattributed(c, base)
	}
	ages := make([]event.Span, len(c.credited))
	touches := make([]wroteTouch, len(c.credited))
	for i := range c.credited {
		ages[i] = c.e.EventTime.Sub(c.credited[i].at)
		touches[i].id = c.credited[i].id
	}
	for k, m := range credit.Models() {
		weights := credit.Weights(nil, m, ages, r.env.Settings.HalfLife)
		ppm := credit.Split(nil, credit.PPM, weights)
		value := credit.Split(nil, c.value, weights)
		for i := range c.credited {
			if weights[i] == 0 {
				continue
			}
			row := base
			row.Model = m.String()
			r.creditTouch(&row, c, i)
			row.CreditPPM, row.CreditedValueMicros = int32(ppm[i]), value[i]
			rows.Attributions = append(rows.Attributions, row)
			touches[i].models |= 1 << k
		}
	}
	return touches
}

// creditTouch fills in the columns of the i-th touch of the path.
func (r *resolution) creditTouch(row *table.Attribution, c *convFact, i int) {
	t := &c.credited[i]
	row.TouchID, row.TouchKind, row.TouchTime = t.id, kindOf(t), t.at
	row.Position, row.PathLen = int32(i+1), int32(len(c.credited))
	row.CampaignID, row.CreativeID, row.LineItemID = t.campaign, t.creative, t.lineItem
	row.SiteDomain, row.Exchange = t.site, t.exchange
	row.IsFirst, row.IsLast = i == 0, i == len(c.credited)-1
	row.IsAssist = t.campaign != c.last().campaign
	row.MatchMethod = "USER"
	rule := "view_through="
	if t.click {
		rule = "click_through="
	}
	row.WindowRule = rule + windowText(t.window)
	all := c.path.touches
	switch {
	case t.click && c.path.click > 0 && all[c.path.click-1].id == t.id:
		row.MatchMethod = "CLICK_ID"
	case !t.click && c.path.view > 0 && all[c.path.view-1].id == t.id:
		row.MatchMethod = "IMPRESSION_ID"
	}
}

// appendUnattributed appends the five rows that say there is no credit (A8).
func (r *resolution) appendUnattributed(c *convFact, row table.Attribution) []wroteTouch {
	row.Reason = "NO_TOUCH"
	switch {
	case c.dup:
		row.Reason = "DUP_ORDER"
	case c.e.UserID == "" && c.e.ClickID == "" && c.e.ImpressionID == "":
		row.Reason = orphanNoKeys
	}
	t := wroteTouch{}
	for k, m := range credit.Models() {
		row.Model = m.String()
		r.env.Rows.Attributions = append(r.env.Rows.Attributions, row)
		t.models |= 1 << k
	}
	return []wroteTouch{t}
}

// windowText is a span in the largest of d, h, m, s that divides it.
func windowText(w event.Span) string {
	for _, unit := range [...]struct {
		span event.Span
		name string
	}{{event.Day, "d"}, {event.Hour, "h"}, {event.Minute, "m"}} {
		if w%unit.span == 0 {
			return strconv.FormatInt(int64(w/unit.span), 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(w/event.Second), 10) + "s"
}

func floorSeconds(d event.Span) int64 {
	s := d / event.Second
	if d%event.Second < 0 {
		s--
	}
	return int64(s)
}

// conversionCounts is what a conversion adds to the groups of its last touch, of
// the other touches of its path and of those it assists (R-G1, R-G2, R-G5).
func (r *resolution) conversionCounts(c *convFact) []Contribution {
	last := c.last()
	if last == nil {
		return nil
	}
	booked := Contribution{Kind: MinuteAndSite, Key: groupOfTouch(last, c), Site: last.site, App: last.app}
	byTime := Contribution{Key: booked.Key}
	byTime.Key.Bucket = c.e.EventTime.Floor(event.Minute)
	if c.e.Ingest.Sub(c.e.EventTime) > r.env.Settings.LateAfter {
		byTime.Add = append(byTime.Add, Addend{event.LateEvents, 1})
	}
	out := []Contribution{matchedAt(&c.e.Envelope)}
	if c.reason == "" && c.valid() {
		count, value, countBy, valueBy := event.ConvVT, event.ValueVT, event.ConvVTByTime, event.ValueVTByTime
		if last.click {
			count, value, countBy, valueBy = event.ConvCT, event.ValueCT, event.ConvCTByTime, event.ValueCTByTime
		}
		booked.Add = []Addend{{count, 1}, {value, c.value}}
		if last.click && floorSeconds(c.e.EventTime.Sub(last.at)) < fastSeconds {
			booked.Add = append(booked.Add, Addend{event.FastConv, 1})
		}
		byTime.Add = append(byTime.Add, Addend{countBy, 1}, Addend{valueBy, c.value})
		if settings := r.settingsOf(last.campaign, c); settings.Pricing == reference.CPA {
			booked.Micros = settings.RateMicros
		}
		out = append(append(append(out, r.assists(c)...), r.credits(c)...), booked)
	}
	if len(byTime.Add) > 0 {
		out = append(out, byTime)
	}
	return out
}

// fastSeconds: a conversion less than this after its click is fast (R-G7).
const fastSeconds = 10

// credits is the credit of each touch of the path under the models besides
// last_touch, in the group of the touch (R-G5).
func (r *resolution) credits(c *convFact) []Contribution {
	ages := make([]event.Span, len(c.credited))
	out := make([]Contribution, len(c.credited))
	for i := range c.credited {
		ages[i] = c.e.EventTime.Sub(c.credited[i].at)
		out[i].Key = groupOfTouch(&c.credited[i], c)
	}
	for _, m := range credit.Models() {
		first, ok := measuresOf(m)
		if !ok {
			continue
		}
		weights := credit.Weights(nil, m, ages, r.env.Settings.HalfLife)
		ppm := credit.Split(nil, credit.PPM, weights)
		value := credit.Split(nil, c.value, weights)
		for i := range out {
			if weights[i] == 0 {
				continue
			}
			of := first // of clicks; views are one further
			if !c.credited[i].click {
				of++
			}
			out[i].Add = append(out[i].Add, Addend{of, ppm[i]}, Addend{of + 2, value[i]})
		}
	}
	return out
}

// measuresOf is the first of the four measures of a model; last_touch has none
// of its own.
func measuresOf(m reference.Model) (event.Measure, bool) {
	switch m {
	case reference.FirstTouch:
		return event.ConvCTFirst, true
	case reference.Linear:
		return event.ConvCTLinear, true
	case reference.TimeDecay:
		return event.ConvCTDecay, true
	case reference.PositionBased:
		return event.ConvCTPosition, true
	}
	return 0, false
}

func groupOfTouch(t *touch, c *convFact) event.CampaignKey {
	return event.CampaignKey{
		Bucket: t.at.Floor(event.Minute), Campaign: t.campaign, Creative: t.creative,
		Exchange: t.exchange, Country: t.country, Currency: c.e.Currency, Device: t.device,
	}
}

// assists counts the conversion once for each other campaign with an eligible
// touch, in the group of that campaign's latest (R-A9).
func (r *resolution) assists(c *convFact) []Contribution {
	var out []Contribution
	seen := map[string]bool{c.last().campaign: true}
	for i := len(c.path.touches) - 1; i >= 0; i-- {
		t := &c.path.touches[i]
		if seen[t.campaign] {
			continue
		}
		seen[t.campaign] = true
		out = append(out, Contribution{Key: groupOfTouch(t, c), Add: []Addend{{event.Assists, 1}}})
	}
	return out
}
