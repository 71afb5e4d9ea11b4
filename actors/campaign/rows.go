package campaign

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// meta versions a row. A group that has come back to nothing is deleted: that it
// ever held something depends on the order of arrival, which must not show (K1).
func (s *Shard) meta(empty bool) table.Meta {
	m := table.Meta{RowVersion: int64(s.cut), Op: table.Upsert, EmittedAt: s.emittedAt}
	if empty {
		m.Op = table.Delete
	}
	return m
}

func (s *Shard) minuteRow(row *table.CampaignMinute, it *item[minuteKey, minuteSums]) {
	m := &it.value.measures
	creative, device := s.text.of(it.key.creative), s.text.of(it.key.device)
	money := s.inReportingCurrency(device.parts[1], datedSums{floorDiv(it.key.minute, 24*60), it.value.spend, m[event.ValueCT]})
	*row = table.CampaignMinute{
		BucketStart: timeOf(it.key.minute, event.Minute),
		CampaignID:  creative.parts[0],
		CreativeID:  creative.parts[1],
		Exchange:    s.text.text(it.key.exchange),
		Country:     device.parts[0],
		DeviceType:  device.code,
		Currency:    device.parts[1],

		Requests:         m[event.Requests],
		Bids:             m[event.BidCount],
		Wins:             m[event.WinCount],
		ImpressionsGross: m[event.ImpressionsGross],
		ImpressionsGIVT:  m[event.ImpressionsGIVT],
		ImpressionsSIVT:  m[event.ImpressionsSIVT],
		ImpressionsNet:   m[event.ImpressionsGross] - m[event.ImpressionsGIVT] - m[event.ImpressionsSIVT],
		Measurable:       m[event.MeasurableCount],
		Viewable:         m[event.ViewableCount],
		ClicksGross:      m[event.ClicksGross],
		ClicksGIVT:       m[event.ClicksGIVT],
		ClicksSIVT:       m[event.ClicksSIVT],
		ClicksNet:        m[event.ClicksGross] - m[event.ClicksGIVT] - m[event.ClicksSIVT],
		ConvCT:           m[event.ConvCT],
		ConvVT:           m[event.ConvVT],
		ValueCTMicros:    m[event.ValueCT],
		ValueVTMicros:    m[event.ValueVT],
		ConvCTByTime:     m[event.ConvCTByTime],
		ConvVTByTime:     m[event.ConvVTByTime],
		ValueCTByTime:    m[event.ValueCTByTime],
		ValueVTByTime:    m[event.ValueVTByTime],
		Assists:          m[event.Assists],
		SpendNanos:       table.Decimal38Of(it.value.spend),
		SpendMicros:      microsOf(it.value.spend),
		SpendRCMicros:    money.spend,
		ValueCTRCMicros:  money.value,
		FXVersion:        money.version,
		OrphanClicks:     m[event.OrphanClicks],
		LateEvents:       m[event.LateEvents],
		IsFinal:          s.ending || s.passedMinute(it.key.minute),
		Meta:             s.meta(it.value == minuteSums{}),
	}
}

func (s *Shard) hourRow(row *table.CampaignHour, it *item[periodKey, periodSums]) {
	*row = table.CampaignHour{
		BucketStart: timeOf(it.key.at, event.Hour),
		CampaignID:  s.text.text(it.key.campaign), Currency: s.text.text(it.key.currency),
		Totals: s.totals(&it.value, it.key.currency), IsFinal: s.ending || s.passedHour(it.key.at),
		Meta: s.meta(it.value.empty()),
	}
}

func (s *Shard) dayRow(row *table.CampaignDay, it *item[periodKey, periodSums]) {
	id := s.text.text(it.key.campaign)
	c, _ := s.cfg.Reference.Campaign(id, timeOf(it.key.at, event.Day))
	*row = table.CampaignDay{
		Day: it.key.at, CampaignID: id, Currency: s.text.text(it.key.currency), TimeZone: c.TimeZone,
		Totals: s.totals(&it.value, it.key.currency), IsFinal: s.ending || s.passedDay(it.key.at),
		Meta: s.meta(it.value.empty()),
	}
}

// totals are the measures of an hour or day.
func (s *Shard) totals(p *periodSums, currency uint32) table.Totals {
	m, f := &p.measures, &p.bins
	money := s.inReportingCurrency(s.text.text(currency), p.dated...)
	t := table.Totals{
		Requests:         m[event.Requests],
		Bids:             m[event.BidCount],
		Wins:             m[event.WinCount],
		ImpressionsGross: m[event.ImpressionsGross],
		ImpressionsGIVT:  m[event.ImpressionsGIVT],
		ImpressionsSIVT:  m[event.ImpressionsSIVT],
		ImpressionsNet:   m[event.ImpressionsGross] - m[event.ImpressionsGIVT] - m[event.ImpressionsSIVT],
		Measurable:       m[event.MeasurableCount],
		Viewable:         m[event.ViewableCount],
		ClicksGross:      m[event.ClicksGross],
		ClicksGIVT:       m[event.ClicksGIVT],
		ClicksSIVT:       m[event.ClicksSIVT],
		ClicksNet:        m[event.ClicksGross] - m[event.ClicksGIVT] - m[event.ClicksSIVT],
		ConvCT:           m[event.ConvCT],
		ConvVT:           m[event.ConvVT],
		ValueCTMicros:    m[event.ValueCT],
		ValueVTMicros:    m[event.ValueVT],
		ConvCTByTime:     m[event.ConvCTByTime],
		ConvVTByTime:     m[event.ConvVTByTime],
		ValueCTByTime:    m[event.ValueCTByTime],
		ValueVTByTime:    m[event.ValueVTByTime],
		Assists:          m[event.Assists],
		SpendNanos:       table.Decimal38Of(p.spend),
		SpendMicros:      microsOf(p.spend),
		SpendRCMicros:    money.spend,
		ValueCTRCMicros:  money.value,
		FXVersion:        money.version,
		OrphanClicks:     m[event.OrphanClicks],
		LateEvents:       m[event.LateEvents],

		Freq1: f[0], Freq2: f[1], Freq3: f[2], Freq4: f[3], Freq5: f[4], Freq6To10: f[5], Freq11To20: f[6], Freq21AndUp: f[7],
	}
	for _, n := range f {
		t.Reach += n
	}
	fillModels(&t, m)
	return t
}

func fillModels(t *table.Totals, m *event.Measures) {
	t.ConvCTFirst, t.ConvVTFirst = m[event.ConvCTFirst], m[event.ConvVTFirst]
	t.ValueCTFirst, t.ValueVTFirst = m[event.ValueCTFirst], m[event.ValueVTFirst]
	t.ConvCTLinear, t.ConvVTLinear = m[event.ConvCTLinear], m[event.ConvVTLinear]
	t.ValueCTLinear, t.ValueVTLinear = m[event.ValueCTLinear], m[event.ValueVTLinear]
	t.ConvCTDecay, t.ConvVTDecay = m[event.ConvCTDecay], m[event.ConvVTDecay]
	t.ValueCTDecay, t.ValueVTDecay = m[event.ValueCTDecay], m[event.ValueVTDecay]
	t.ConvCTPosition, t.ConvVTPosition = m[event.ConvCTPosition], m[event.ConvVTPosition]
	t.ValueCTPosition, t.ValueVTPosition = m[event.ValueCTPosition], m[event.ValueVTPosition]
}

func (s *Shard) siteRow(row *table.SiteDay, it *item[siteKey, siteSums]) {
	m, v := &it.value.measures, &it.value
	place, currency := s.text.of(it.key.place), s.text.text(it.key.currency)
	money := s.inReportingCurrency(currency, datedSums{it.key.day, v.spend, 0})
	imps, clicks := m[siteGIVT]+m[siteSIVT], m[siteClicksGIVT]+m[siteClicksSIVT]
	*row = table.SiteDay{
		Day: it.key.day, SiteDomain: place.parts[0], AppBundle: place.parts[1],
		CampaignID: s.text.text(it.key.campaign), Currency: currency,
		ImpressionsGross: m[siteGross], ImpressionsGIVT: m[siteGIVT], ImpressionsSIVT: m[siteSIVT], ImpressionsNet: m[siteGross] - imps,
		Measurable: m[siteMeasurable], Viewable: m[siteViewable],
		ClicksGross: m[siteClicksGross], ClicksGIVT: m[siteClicksGIVT], ClicksSIVT: m[siteClicksSIVT],
		ClicksNet: m[siteClicksGross] - clicks,
		ConvCT:    m[siteConvCT], ConvVT: m[siteConvVT],
		SpendNanos: table.Decimal38Of(v.spend), SpendMicros: microsOf(v.spend), SpendRCMicros: money.spend, FXVersion: money.version,
		ImpIVTRate: s.share(imps, m[siteGross]), ClickIVTRate: s.share(clicks, m[siteClicksGross]),
		FastConv: m[siteFast], FastConvShare: s.share(m[siteFast], m[siteConvCT]),
		IsFinal: s.ending || s.passedSite(it.key.day), Meta: s.meta(v.empty()),
	}
	if n := size(v.toClick); n > 0 {
		row.MedianImpToClick = s.keep(at(v.toClick, (n+1)/2))
	}
}

func (s *Shard) pipeRow(row *table.PipelineMinute, it *item[pipeKey, pipeSums]) {
	p := &it.value
	*row = table.PipelineMinute{
		BucketStart: timeOf(it.key.minute, event.Minute), Topic: s.text.text(it.key.topic),
		Facts: p.facts, DupExact: p.duplicates, Late: p.late, Matched: p.matched,
		MatchRate: s.share(p.matched, p.facts),
	}
	for _, r := range p.rejected {
		if r.Times == 0 {
			continue
		}
		row.Rejected += r.Times
		row.ByReason.KeyValue = append(row.ByReason.KeyValue, table.Pair{Key: r.Reason.String(), Value: strconv.FormatInt(r.Times, 10)})
	}
	slices.SortFunc(row.ByReason.KeyValue, func(a, b table.Pair) int { return strings.Compare(a.Key, b.Key) })
	row.Consumed = row.Facts + row.DupExact + row.Rejected + row.Erased
	row.Meta = s.meta(row.Consumed == 0)
	if p50, p99, n := p.quantiles(); n > 0 {
		row.LagMSP50, row.LagMSP99 = s.keep(p50), s.keep(p99)
	}
}

// share is a / b, NULL where b is 0.
func (s *Shard) share(a, b int64) *float64 {
	if b == 0 {
		return nil
	}
	s.floats = grown(s.floats)
	s.floats = append(s.floats, float64(a)/float64(b))
	return &s.floats[len(s.floats)-1]
}

// keep is a number that lives as long as the rows of this cut.
func (s *Shard) keep(v int64) *int64 {
	s.ints = grown(s.ints)
	s.ints = append(s.ints, v)
	return &s.ints[len(s.ints)-1]
}

// grown has room for one more; what it held stays where it is.
func grown[T any](list []T) []T {
	if len(list) == cap(list) {
		return make([]T, 0, cmp.Or(min(2*cap(list), 4096), 64))
	}
	return list
}
