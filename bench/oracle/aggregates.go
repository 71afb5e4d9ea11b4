package oracle

import (
	"math/big"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// dims are the columns of a group of agg_campaign_minute beside its minute. One
// copy serves all minutes.
type dims struct {
	campaign, creative, exchange, country, currency string
	device                                          int32
}

// group is a key of agg_campaign_minute.
type group struct {
	minute event.Time
	dims   dims
}

// floorTo is the start of the minute, hour or UTC day of an instant.
func floorTo(t event.Time, unit event.Span) event.Time {
	return event.Time(floorDiv(event.Span(t), unit)) * event.Time(unit)
}

// tally is the sums of one group. Most groups are those of a single bid request,
// so what those do not have is apart.
type tally struct {
	requests, bids, late int64
	more                 *measures
}

// measures are the sums of a group that is not of bid requests alone.
type measures struct {
	wins, gross, givt, measurable, viewable            int64
	clicks, clicksGIVT, orphans, assists               int64
	convCT, convVT, valueCT, valueVT                   int64
	convCTTimed, convVTTimed, valueCTTimed, valueVTime int64
	spend                                              big.Int // nanos
}

// clone gives up the records that the text is part of.
func (d dims) clone() dims {
	return dims{
		strings.Clone(d.campaign), strings.Clone(d.creative), strings.Clone(d.exchange), strings.Clone(d.country),
		strings.Clone(d.currency), d.device,
	}
}

// bucket is a group with one copy of its dims.
type bucket struct {
	minute event.Time
	*dims
}

// sums is every group of minutes.
type sums struct {
	known map[dims]*dims
	of    map[bucket]*tally
}

func newSums() *sums { return &sums{known: map[dims]*dims{}, of: map[bucket]*tally{}} }

// at is the sums of a group.
func (s *sums) at(g group) *tally {
	d := s.known[g.dims]
	if d == nil {
		d = &dims{}
		*d = g.dims.clone()
		s.known[*d] = d
	}
	b := bucket{g.minute, d}
	t := s.of[b]
	if t == nil {
		t = &tally{}
		s.of[b] = t
	}
	return t
}

// in is the measures of a group.
func (s *sums) in(g group) *measures {
	t := s.at(g)
	if t.more == nil {
		t.more = &measures{}
	}
	return t.more
}

func (s *sums) addBid(b *bid) {
	if b.test {
		return
	}
	g := group{floorTo(b.at, event.Minute), dims{exchange: b.exchange, country: b.country, device: b.device}}
	weight := 1_000_000_000 / b.permille
	request := s.at(g)
	request.requests += weight
	if b.late {
		request.late++
	}
	for _, o := range b.offers {
		g.dims.campaign, g.dims.creative, g.dims.currency = o.campaign, o.creative, o.currency
		s.at(g).bids += weight
	}
}

func (s *sums) addWin(x *win) {
	g := impressionGroup(x.imp)
	g.dims.campaign, g.dims.creative = x.offer.campaign, x.offer.creative
	s.in(g).wins++
}

func impressionGroup(i *impression) group {
	return group{floorTo(i.at, event.Minute), dims{i.campaignOf, i.creative, i.exchange, i.country, i.currency, i.device}}
}

// addAll adds what impressions, clicks and conversions contribute (R-G1, R-G2)
// to minutes and sites; bids and wins are in already.
func (w *world) addAll() {
	for _, i := range w.impressions {
		w.addImpression(i)
	}
	for _, c := range w.clicks {
		w.addClick(c)
	}
	for _, c := range w.conversions {
		w.addConversion(c)
	}
}

func (w *world) addImpression(i *impression) {
	g := impressionGroup(i)
	m, site := w.sums.in(g), w.sites.of(impressionSite(i))
	m.gross += i.quantity
	site.ImpressionsGross += i.quantity
	if i.late {
		w.sums.at(g).late++
	}
	if !i.valid() {
		m.givt += i.quantity
		site.ImpressionsGIVT += i.quantity
		return
	}
	if i.measured == event.True {
		m.measurable += i.quantity
		site.Measurable += i.quantity
	}
	if i.seen == event.True {
		m.viewable += i.quantity
		site.Viewable += i.quantity
	}
	if i.price != nil && w.ref.at(i.campaignOf, i.at).pricing == "cpm" {
		product := new(big.Int).Mul(big.NewInt(*i.price), big.NewInt(i.quantity))
		cost := halfEven(new(big.Rat).SetFrac(product, big.NewInt(1_000_000)))
		m.spend.Add(&m.spend, cost)
		site.spend.Add(&site.spend, cost)
	}
}

// clickGroup is the click's group: country and device of its row, the parent's
// where there is one.
func (w *world) clickGroup(c *click) group {
	d := dims{
		campaign: c.campaignOf, creative: c.creativeOf, exchange: c.exchangeOf, country: c.country, device: c.device,
	}
	if c.parent != nil {
		d.country, d.device, d.currency = c.parent.country, c.parent.device, c.parent.currency
	}
	if k := w.ref.at(c.campaignOf, c.at); k.pricing == "cpc" && k.currency != "" {
		d.currency = k.currency
	}
	return group{floorTo(c.at, event.Minute), d}
}

// clickCost is what a valid click costs in nanos.
func (w *world) clickCost(c *click) int64 {
	k := w.ref.at(c.campaignOf, c.at)
	if k.pricing != "cpc" || !c.valid() {
		return 0
	}
	return k.rate * 1000
}

func (w *world) addClick(c *click) {
	g := w.clickGroup(c)
	m, site := w.sums.in(g), w.sites.of(clickSite(c, g.dims.currency))
	m.clicks++
	site.ClicksGross++
	if !c.valid() {
		m.clicksGIVT++
		site.ClicksGIVT++
	}
	if c.parent == nil {
		m.orphans++
	} else if c.valid() {
		site.delays = append(site.delays, c.delay())
	}
	if c.late {
		w.sums.at(g).late++
	}
	cost := big.NewInt(w.clickCost(c))
	m.spend.Add(&m.spend, cost)
	site.spend.Add(&site.spend, cost)
}

// touchGroup is where a touch's conversions are booked (G1), in the
// conversion's currency.
func (w *world) touchGroup(t touch, currency string) group {
	g := group{}
	if t.click != nil {
		g = w.clickGroup(t.click)
	} else {
		g = impressionGroup(t.view)
	}
	g.dims.currency = currency
	return g
}

// counts reports whether the conversion is in the measures of its last touch.
func (c *conversion) counts() bool {
	return len(c.path.touches) > 0 && c.countReason == "" && !c.test
}

func (w *world) addConversion(c *conversion) {
	if len(c.path.touches) == 0 {
		return
	}
	last := c.path.last()
	atTouch := w.touchGroup(last, c.currency)
	byTime := atTouch
	byTime.minute = floorTo(c.at, event.Minute)
	if c.late {
		w.sums.at(byTime).late++
	}
	if !c.counts() {
		return
	}
	touched, timed, site := w.sums.in(atTouch), w.sums.in(byTime), w.sites.of(touchSite(last, c.currency))
	if last.click != nil {
		touched.convCT++
		touched.valueCT += c.amount()
		timed.convCTTimed++
		timed.valueCTTimed += c.amount()
		site.ConvCT++
		if floorDiv(c.at.Sub(last.click.at), event.Second) < 10 {
			site.FastConv++
		}
	} else {
		touched.convVT++
		touched.valueVT += c.amount()
		timed.convVTTimed++
		timed.valueVTime += c.amount()
		site.ConvVT++
	}
	if k := w.ref.at(last.campaign(), c.at); k.pricing == "cpa" {
		cost := new(big.Int).Mul(big.NewInt(k.rate), big.NewInt(1000))
		touched.spend.Add(&touched.spend, cost)
		site.spend.Add(&site.spend, cost)
	}
	// The latest eligible touch of each other campaign assists (R-A9).
	latest := map[string]touch{}
	for _, t := range c.path.eligible {
		latest[t.campaign()] = t
	}
	for campaign, t := range latest {
		if campaign != last.campaign() {
			w.sums.in(w.touchGroup(t, c.currency)).assists++
		}
	}
}

// totals is the sums of a minute as those of hours and days are written.
func (t *tally) totals() (sum table.Totals, spend *big.Int) {
	sum.Requests, sum.Bids, sum.LateEvents = t.requests, t.bids, t.late
	m := t.more
	if m == nil {
		return sum, new(big.Int)
	}
	sum.Wins, sum.ImpressionsGross, sum.ImpressionsGIVT = m.wins, m.gross, m.givt
	sum.Measurable, sum.Viewable = m.measurable, m.viewable
	sum.ClicksGross, sum.ClicksGIVT, sum.OrphanClicks, sum.Assists = m.clicks, m.clicksGIVT, m.orphans, m.assists
	sum.ConvCT, sum.ConvVT, sum.ValueCTMicros, sum.ValueVTMicros = m.convCT, m.convVT, m.valueCT, m.valueVT
	sum.ConvCTByTime, sum.ConvVTByTime, sum.ValueCTByTime, sum.ValueVTByTime = m.convCTTimed, m.convVTTimed, m.valueCTTimed, m.valueVTime
	return sum, &m.spend
}

// minuteRow is a group's row.
func minuteRow(b bucket, sum *table.Totals) table.CampaignMinute {
	return table.CampaignMinute{
		BucketStart: b.minute, CampaignID: b.campaign, CreativeID: b.creative, Exchange: b.exchange,
		Country: b.country, DeviceType: b.device, Currency: b.currency,
		Requests: sum.Requests, Bids: sum.Bids, Wins: sum.Wins,
		ImpressionsGross: sum.ImpressionsGross, ImpressionsGIVT: sum.ImpressionsGIVT,
		ImpressionsSIVT: sum.ImpressionsSIVT, ImpressionsNet: sum.ImpressionsNet,
		Measurable: sum.Measurable, Viewable: sum.Viewable,
		ClicksGross: sum.ClicksGross, ClicksGIVT: sum.ClicksGIVT, ClicksSIVT: sum.ClicksSIVT, ClicksNet: sum.ClicksNet,
		ConvCT: sum.ConvCT, ConvVT: sum.ConvVT, ValueCTMicros: sum.ValueCTMicros, ValueVTMicros: sum.ValueVTMicros,
		ConvCTByTime: sum.ConvCTByTime, ConvVTByTime: sum.ConvVTByTime,
		ValueCTByTime: sum.ValueCTByTime, ValueVTByTime: sum.ValueVTByTime,
		Assists: sum.Assists, SpendNanos: sum.SpendNanos, SpendMicros: sum.SpendMicros,
		SpendRCMicros: sum.SpendRCMicros, ValueCTRCMicros: sum.ValueCTRCMicros, FXVersion: sum.FXVersion,
		OrphanClicks: sum.OrphanClicks, LateEvents: sum.LateEvents,
		IsFinal: true, Meta: table.Meta{Op: table.Upsert},
	}
}

// decimal38 is the big-endian two's complement form of a sum.
func decimal38(n *big.Int) table.Decimal38 {
	var d table.Decimal38
	m := n
	if n.Sign() < 0 {
		m = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	m.FillBytes(d[:])
	return d
}
