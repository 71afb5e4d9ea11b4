package oracle

import (
	"cmp"
	"math/big"
	"reflect"
	"slices"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// period is a key of agg_campaign_hour or agg_campaign_day.
type period struct {
	start              int64 // microseconds of an hour, or days
	campaign, currency string
}

// periodSum is what an hour or a day adds up.
type periodSum struct {
	table.Totals
	spend  big.Int
	amount amounts
}

// coarse is all hours, or all days.
type coarse map[period]*periodSum

func (c coarse) of(p period) *periodSum {
	t := c[p]
	if t == nil {
		t = &periodSum{amount: amounts{}}
		c[p] = t
	}
	return t
}

// day of a minute of a campaign is the local one that holds the minute's first
// instant (R-G4).
func (w *world) day(campaign string, minute event.Time) int64 {
	y, m, d := minute.UTC().In(w.ref.at(campaign, minute).zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// periods is the hour and the day that a minute of a campaign lies in.
func (w *world) periods(minute event.Time, campaign, currency string) [2]*periodSum {
	return [2]*periodSum{
		w.hours.of(period{int64(floorTo(minute, event.Hour)), campaign, currency}),
		w.days.of(period{w.day(campaign, minute), campaign, currency}),
	}
}

// add adds every measure of a minute.
func (t *periodSum) add(minute event.Time, sum *table.Totals, spend *big.Int) {
	mine, theirs := reflect.ValueOf(&t.Totals).Elem(), reflect.ValueOf(sum).Elem()
	for i := range mine.NumField() {
		if f := mine.Field(i); f.Kind() == reflect.Int64 {
			f.SetInt(f.Int() + theirs.Field(i).Int())
		}
	}
	t.spend.Add(&t.spend, spend)
	t.amount.add(minute, spend, sum.ValueCTMicros)
}

// exposures counts how often each user met each campaign in each period (R-G3).
// Impressions come ordered by route, and a user is a route.
func (w *world) exposures() {
	seen := map[*periodSum]int{}
	for n, i := range w.impressions {
		if i.valid() && i.user != "" {
			for _, t := range w.periods(floorTo(i.at, event.Minute), i.campaignOf, i.currency) {
				seen[t]++
			}
		}
		if n+1 == len(w.impressions) || w.impressions[n+1].route != i.route {
			for t, times := range seen {
				t.Reach++
				*t.frequency(times)++
			}
			clear(seen)
		}
	}
}

// frequency is the class of so many exposures.
func (t *periodSum) frequency(times int) *int64 {
	switch {
	case times >= 21:
		return &t.Freq21AndUp
	case times >= 11:
		return &t.Freq11To20
	case times >= 6:
		return &t.Freq6To10
	}
	return []*int64{&t.Freq1, &t.Freq2, &t.Freq3, &t.Freq4, &t.Freq5}[times-1]
}

// addModels books the credit of the models beside last_touch (R-G5).
func (w *world) addModels() {
	for _, c := range w.conversions {
		if !c.counts() {
			continue
		}
		for _, credit := range w.credits(c) {
			g := w.touchGroup(credit.touch, c.currency)
			for _, t := range w.periods(g.minute, g.dims.campaign, g.dims.currency) {
				t.book(credit)
			}
		}
	}
}

func (t *periodSum) book(c credit) {
	fields := map[string][4]*int64{ // clicks and their value, views and theirs
		"first_touch":    {&t.ConvCTFirst, &t.ValueCTFirst, &t.ConvVTFirst, &t.ValueVTFirst},
		"linear":         {&t.ConvCTLinear, &t.ValueCTLinear, &t.ConvVTLinear, &t.ValueVTLinear},
		"time_decay":     {&t.ConvCTDecay, &t.ValueCTDecay, &t.ConvVTDecay, &t.ValueVTDecay},
		"position_based": {&t.ConvCTPosition, &t.ValueCTPosition, &t.ConvVTPosition, &t.ValueVTPosition},
	}
	of, others := fields[c.model]
	if !others {
		return
	}
	kind := 0
	if c.touch.view != nil {
		kind = 2
	}
	*of[kind] += c.ppm
	*of[kind+1] += c.value
}

// finish fills in what follows from the sums of a row of minutes, hours or
// days.
func (w *world) finish(sum *table.Totals, spend *big.Int, in amounts, currency string) {
	sum.ImpressionsNet = sum.ImpressionsGross - sum.ImpressionsGIVT - sum.ImpressionsSIVT
	sum.ClicksNet = sum.ClicksGross - sum.ClicksGIVT - sum.ClicksSIVT
	sum.SpendNanos, sum.SpendMicros = decimal38(spend), thousandth(spend)
	var spent, earned []string
	sum.SpendRCMicros, spent = w.fx.convert(currency, in, spendOf, 1000)
	sum.ValueCTRCMicros, earned = w.fx.convert(currency, in, valueOf, 1)
	sum.FXVersion = latest(spent, earned)
}

// writeMinutes writes the rows of minutes in order, and adds each to its hour
// and its day (K4).
func (w *world) writeMinutes(write func([]table.CampaignMinute) error) error {
	order := make([]bucket, 0, len(w.sums.of))
	for b := range w.sums.of {
		order = append(order, b)
	}
	slices.SortFunc(order, func(a, b bucket) int {
		return cmp.Or(
			cmp.Compare(a.minute, b.minute), cmp.Compare(a.campaign, b.campaign), cmp.Compare(a.creative, b.creative),
			cmp.Compare(a.exchange, b.exchange), cmp.Compare(a.country, b.country), cmp.Compare(a.device, b.device),
			cmp.Compare(a.currency, b.currency),
		)
	})
	p := page[table.CampaignMinute]{write: write}
	for _, b := range order {
		sum, spend := w.sums.of[b].totals()
		for _, t := range w.periods(b.minute, b.campaign, b.currency) {
			t.add(b.minute, &sum, spend)
		}
		in := amounts{}
		in.add(b.minute, spend, sum.ValueCTMicros)
		w.finish(&sum, spend, in, b.currency)
		p.add(minuteRow(b, &sum))
	}
	return p.flush()
}

// hourRows and dayRows are for after writeMinutes, exposures and addModels.
func (w *world) hourRows() (rows []table.CampaignHour) {
	for p, t := range w.hours {
		w.finish(&t.Totals, &t.spend, t.amount, p.currency)
		rows = append(rows, table.CampaignHour{
			BucketStart: event.Time(p.start), CampaignID: p.campaign, Currency: p.currency,
			Totals: t.Totals, IsFinal: true, Meta: table.Meta{Op: table.Upsert},
		})
	}
	slices.SortFunc(rows, table.CompareCampaignHours)
	return rows
}

func (w *world) dayRows() (rows []table.CampaignDay) {
	for p, t := range w.days {
		w.finish(&t.Totals, &t.spend, t.amount, p.currency)
		midnight := event.Time(p.start) * event.Time(event.Day)
		rows = append(rows, table.CampaignDay{
			Day: int32(p.start), CampaignID: p.campaign, Currency: p.currency, TimeZone: w.ref.at(p.campaign, midnight).zoneName,
			Totals: t.Totals, IsFinal: true, Meta: table.Meta{Op: table.Upsert},
		})
	}
	slices.SortFunc(rows, table.CompareCampaignDays)
	return rows
}
