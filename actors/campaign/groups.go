package campaign

import (
	"math/bits"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/delta"
)

// minuteKey is a group of agg_campaign_minute, in entries of the dictionary.
type minuteKey struct {
	minute                     int32 // since 1970-01-01
	creative, exchange, device uint32
}

// periodKey is a group of agg_campaign_hour or agg_campaign_day.
type periodKey struct {
	at                 int32 // hours, or local days, since 1970-01-01
	campaign, currency uint32
}

// siteKey is a group of agg_site_day.
type siteKey struct {
	day                       int32 // UTC
	place, campaign, currency uint32
}

// pipeKey is a row of ops_pipeline_minute.
type pipeKey struct {
	minute int32
	topic  uint32
}

func (k minuteKey) hash() uint64 { return mix(k.minute, k.creative, k.exchange, k.device) }
func (k periodKey) hash() uint64 { return mix(k.at, k.campaign, k.currency, 0) }
func (k siteKey) hash() uint64   { return mix(k.day, k.place, k.campaign, k.currency) }
func (k pipeKey) hash() uint64   { return mix(k.minute, k.topic, 0, 0) }

// mix stirs the parts of a key.
func mix(a int32, b, c, d uint32) uint64 {
	hi, lo := bits.Mul64(
		uint64(uint32(a))<<32^uint64(b)^0xa0761d6478bd642f,
		uint64(c)<<32^uint64(d)^0xe7037ed1a0b428db)
	return hi ^ lo
}

// minuteSums is the running total of a minute's group.
type minuteSums struct {
	measures [event.MinuteMeasures]int64
	spend    event.Int128
}

// add adds the measures that minutes have.
func (m *minuteSums) add(a *delta.Amounts) {
	n := 0
	for mask := a.Mask & minuteMask; mask != 0; mask &= mask - 1 {
		m.measures[bits.TrailingZeros64(mask)] += a.Values[n]
		n++
	}
	m.spend = m.spend.Add(a.Spend)
}

// minuteMask are the bits of the measures that minutes have.
const minuteMask = 1<<event.MinuteMeasures - 1

// periodSums is the running total of an hour's or day's group.
type periodSums struct {
	measures event.Measures
	spend    event.Int128
	bins     [event.FrequencyBins]int64
	// dated is spend and value by UTC date, for the rates differ (R-G6); an hour
	// has one, a local day up to three.
	dated []datedSums
}

// datedSums is money of one UTC date.
type datedSums struct {
	date    int32
	spend   event.Int128
	valueCT int64
}

func (p *periodSums) add(a *delta.Amounts, date int32) {
	n := 0
	valueCT := int64(0)
	for mask := a.Mask; mask != 0; mask &= mask - 1 {
		m := bits.TrailingZeros64(mask)
		if m < int(event.MeasureCount) {
			p.measures[m] += a.Values[n]
		}
		if m == int(event.ValueCT) {
			valueCT = a.Values[n]
		}
		n++
	}
	p.spend = p.spend.Add(a.Spend)
	if valueCT != 0 || !a.Spend.IsZero() {
		d := p.on(date)
		d.spend = d.spend.Add(a.Spend)
		d.valueCT += valueCT
	}
}

// on is the sums of a date, made when it is new, in order.
func (p *periodSums) on(date int32) *datedSums {
	i := 0
	for i < len(p.dated) && p.dated[i].date < date {
		i++
	}
	if i == len(p.dated) || p.dated[i].date != date {
		p.dated = append(p.dated, datedSums{})
		copy(p.dated[i+1:], p.dated[i:])
		p.dated[i] = datedSums{date: date}
	}
	return &p.dated[i]
}

func (p *periodSums) empty() bool {
	return p.measures == event.Measures{} && p.spend.IsZero() && p.bins == [event.FrequencyBins]int64{}
}

// siteSums is the running total of a site's group: the measures of agg_site_day
// in the order of siteMeasures.
type siteSums struct {
	measures [siteMeasureCount]int64
	spend    event.Int128
	toClick  []delta.Count // ascending, how often each
}

// The measures of agg_site_day.
const (
	siteGross = iota
	siteGIVT
	siteSIVT
	siteMeasurable
	siteViewable
	siteClicksGross
	siteClicksGIVT
	siteClicksSIVT
	siteConvCT
	siteConvVT
	siteFast
	siteMeasureCount
)

// siteMeasure is the place of a measure in siteSums; ok is false for those that
// sites do not have.
func siteMeasure(m event.Measure) (at int, ok bool) {
	switch {
	case m >= event.ImpressionsGross && m <= event.ClicksSIVT:
		return int(m - event.ImpressionsGross), true
	case m == event.ConvCT, m == event.ConvVT:
		return siteConvCT + int(m-event.ConvCT), true
	case m == event.FastConv:
		return siteFast, true
	}
	return 0, false
}

func (s *siteSums) add(d *delta.Site) {
	n := 0
	for mask := d.Mask; mask != 0; mask &= mask - 1 {
		if at, ok := siteMeasure(event.Measure(bits.TrailingZeros64(mask))); ok {
			s.measures[at] += d.Values[n]
		}
		n++
	}
	s.spend = s.spend.Add(d.Spend)
	s.toClick = merge(s.toClick, d.ToClick)
}

func (s *siteSums) empty() bool {
	m := &s.measures
	return m[siteGross] == 0 && m[siteClicksGross] == 0 && m[siteConvCT] == 0 && m[siteConvVT] == 0 && s.spend.IsZero()
}

// pipeSums is the running total of a row of ops_pipeline_minute.
type pipeSums struct {
	facts, duplicates, late, matched int64
	rejected                         []delta.ReasonCount // ascending reasons
	lags                             []delta.Count       // ascending; nil once frozen
	fresh                            []delta.Count       // runs to be merged
	timed                            int64               // how many lags there were when frozen
	p50, p99                         int64               // as they were then
	frozen                           bool
}

func (p *pipeSums) add(d *delta.Pipeline) {
	p.facts += d.Facts
	p.duplicates += d.Duplicates
	p.late += d.Late
	p.matched += d.Matched
	for _, r := range d.Rejected {
		p.reject(r)
	}
	if !p.frozen {
		p.fresh = append(p.fresh, d.Lags...)
	}
}

func (p *pipeSums) reject(r delta.ReasonCount) {
	i := 0
	for i < len(p.rejected) && p.rejected[i].Reason < r.Reason {
		i++
	}
	if i == len(p.rejected) || p.rejected[i].Reason != r.Reason {
		p.rejected = append(p.rejected, delta.ReasonCount{})
		copy(p.rejected[i+1:], p.rejected[i:])
		p.rejected[i] = delta.ReasonCount{Reason: r.Reason}
	}
	p.rejected[i].Times += r.Times
}

// settle merges what came since.
func (p *pipeSums) settle() {
	if len(p.fresh) > 0 {
		p.lags = merge(p.lags, ordered(p.fresh))
		p.fresh = nil
	}
}

// quantiles are the values at the nearest ranks, and how many values there are.
func (p *pipeSums) quantiles() (p50, p99, n int64) {
	if p.frozen {
		return p.p50, p.p99, p.timed
	}
	p.settle()
	for _, c := range p.lags {
		n += c.Times
	}
	return at(p.lags, (n*50+99)/100), at(p.lags, (n*99+99)/100), n
}

// freeze keeps the quantiles and forgets the lags.
func (p *pipeSums) freeze() {
	p.p50, p.p99, p.timed = p.quantiles()
	p.lags, p.fresh, p.frozen = nil, nil, true
}
