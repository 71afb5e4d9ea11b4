package oracle

import (
	"math/big"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// siteKey is a key of agg_site_day (R-G7).
type siteKey struct {
	day                           int64 // UTC
	site, app, campaign, currency string
}

// onSite is the key of what happened on a site, or in an app.
func onSite(at event.Time, site, app, campaign, currency string) siteKey {
	if app != "" {
		site = ""
	}
	return siteKey{floorDiv(event.Span(at), event.Day), site, app, campaign, currency}
}

func impressionSite(i *impression) siteKey {
	return onSite(i.at, i.site, i.app, i.campaignOf, i.currency)
}

func clickSite(c *click, currency string) siteKey {
	app := ""
	if c.parent != nil {
		app = c.parent.app
	}
	return onSite(c.at, c.siteOf, app, c.campaignOf, currency)
}

// touchSite is where a touch's conversions are booked.
func touchSite(t touch, currency string) siteKey {
	if t.click != nil {
		return clickSite(t.click, currency)
	}
	k := impressionSite(t.view)
	k.currency = currency
	return k
}

// siteSum is the sums of one row.
type siteSum struct {
	table.SiteDay
	spend  big.Int
	delays []int64 // imp_to_click_ms of valid matched clicks
}

type siteSums map[siteKey]*siteSum

func (s siteSums) of(k siteKey) *siteSum {
	sum := s[k]
	if sum == nil {
		sum = &siteSum{}
		s[k] = sum
	}
	return sum
}

func (w *world) siteRows() (rows []table.SiteDay) {
	for k, s := range w.sites {
		r := s.SiteDay
		r.Day, r.SiteDomain, r.AppBundle, r.CampaignID, r.Currency = int32(k.day), k.site, k.app, k.campaign, k.currency
		r.ImpressionsNet = r.ImpressionsGross - r.ImpressionsGIVT - r.ImpressionsSIVT
		r.ClicksNet = r.ClicksGross - r.ClicksGIVT - r.ClicksSIVT
		r.SpendNanos, r.SpendMicros = decimal38(&s.spend), thousandth(&s.spend)
		in := amounts{}
		in.add(event.Time(k.day)*event.Time(event.Day), &s.spend, 0)
		var versions []string
		r.SpendRCMicros, versions = w.fx.convert(k.currency, in, spendOf, 1000)
		r.FXVersion = latest(versions)
		r.ImpIVTRate = ratio(r.ImpressionsGIVT+r.ImpressionsSIVT, r.ImpressionsGross)
		r.ClickIVTRate = ratio(r.ClicksGIVT+r.ClicksSIVT, r.ClicksGross)
		r.FastConvShare = ratio(r.FastConv, r.ConvCT)
		if n := len(s.delays); n > 0 {
			slices.Sort(s.delays)
			r.MedianImpToClick = &s.delays[(n+1)/2-1]
		}
		r.IsFinal, r.Op = true, table.Upsert
		rows = append(rows, r)
	}
	slices.SortFunc(rows, table.CompareSiteDays)
	return rows
}

// ratio is nil when there is nothing to divide by.
func ratio(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	r := float64(part) / float64(whole)
	return &r
}
