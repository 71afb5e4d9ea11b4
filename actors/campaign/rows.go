package campaign

import (
	"math/bits"

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

func (s *Shard) minuteRow(g *group) table.CampaignMinute {
	m := &g.measures
	return table.CampaignMinute{
		BucketStart: g.key.bucket,
		CampaignID:  s.text.of(g.key.campaign),
		CreativeID:  s.text.of(g.key.creative),
		Exchange:    s.text.of(g.key.exchange),
		Country:     s.text.of(g.key.country),
		DeviceType:  g.key.device,
		Currency:    s.text.of(g.key.currency),

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
		SpendNanos:       table.Decimal38Of(g.spend),
		SpendMicros:      microsOf(g.spend),
		OrphanClicks:     m[event.OrphanClicks],
		LateEvents:       m[event.LateEvents],
		IsFinal:          s.finalMinute(g.key.bucket),
		Meta:             s.meta(*m == event.Measures{} && g.spend.IsZero()),
	}
}

func (s *Shard) dayRow(k dayKey, r *reach) table.CampaignDay {
	id := s.text.of(k.campaign)
	c, _ := s.cfg.Reference.Campaign(id, event.Time(0).Add(event.Span(k.day)*event.Day))
	count := r.count()
	return table.CampaignDay{
		Day:        k.day,
		CampaignID: id,
		TimeZone:   c.TimeZone,
		Totals:     table.Totals{Reach: count},
		IsFinal:    s.finalDay(k.day),
		Meta:       s.meta(count == 0),
	}
}

// microsOf divides nanos by 1000, half to even (events 1.1: sum first, divide
// once, at emission). Sums beyond 9.2e12 units saturate; the nanos column
// keeps them exact.
func microsOf(nanos event.Int128) int64 {
	negative := nanos.Hi < 0
	if negative {
		nanos = nanos.Neg()
	}
	if uint64(nanos.Hi) >= 1000 {
		return saturated(negative)
	}
	q, r := bits.Div64(uint64(nanos.Hi), nanos.Lo, 1000)
	if r > 500 || r == 500 && q&1 == 1 {
		q++
	}
	switch {
	case q > 1<<63-1:
		return saturated(negative)
	case negative:
		return -int64(q)
	}
	return int64(q)
}

func saturated(negative bool) int64 {
	if negative {
		return -(1<<63 - 1)
	}
	return 1<<63 - 1
}
