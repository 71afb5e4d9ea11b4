package oracle

import (
	"math/big"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// group is a key of agg_campaign_minute.
type group struct {
	minute                                          event.Time
	campaign, creative, exchange, country, currency string
	device                                          int32
}

func minuteOf(t event.Time) event.Time {
	return event.Time(floorDiv(event.Span(t), event.Minute)) * event.Time(event.Minute)
}

// tally is the running sums of one group.
type tally struct {
	row   table.CampaignMinute
	spend big.Int // nanos
}

type tallies map[group]*tally

func (ts tallies) of(g group) *tally {
	t := ts[g]
	if t == nil {
		t = &tally{}
		ts[g] = t
	}
	return t
}

// minutes sums every contribution of every fact (R-G1, R-G2); those of bids and
// wins are in already.
func (w *world) minutes() tallies {
	ts := w.sums
	for _, i := range w.impressions {
		w.addImpression(ts, i)
	}
	for _, c := range w.clicks {
		w.addClick(ts, c)
	}
	for _, c := range w.conversions {
		w.addConversion(ts, c)
	}
	return ts
}

func (ts tallies) addBid(b *bid) {
	if b.test {
		return
	}
	g := group{minute: minuteOf(b.at), exchange: b.exchange, country: b.country, device: b.device}
	weight := 1_000_000_000 / b.permille
	request := ts.of(g)
	request.row.Requests += weight
	if b.late {
		request.row.LateEvents++
	}
	for _, o := range b.offers {
		g.campaign, g.creative, g.currency = o.campaign, o.creative, o.currency
		ts.of(g).row.Bids += weight
	}
}

func (ts tallies) addWin(x *win) {
	g := impressionGroup(x.imp)
	g.campaign, g.creative = x.offer.campaign, x.offer.creative
	ts.of(g).row.Wins++
}

func impressionGroup(i *impression) group {
	return group{minuteOf(i.at), i.campaignOf, i.creative, i.exchange, i.country, i.currency, i.device}
}

func (w *world) addImpression(ts tallies, i *impression) {
	t := ts.of(impressionGroup(i))
	t.row.ImpressionsGross += i.quantity
	if i.late {
		t.row.LateEvents++
	}
	if !i.valid() {
		t.row.ImpressionsGIVT += i.quantity
		return
	}
	if i.measured == event.True {
		t.row.Measurable += i.quantity
	}
	if i.seen == event.True {
		t.row.Viewable += i.quantity
	}
	if i.price != nil && w.ref.at(i.campaignOf, i.at).pricing == "cpm" {
		product := new(big.Int).Mul(big.NewInt(*i.price), big.NewInt(i.quantity))
		t.spend.Add(&t.spend, halfEven(new(big.Rat).SetFrac(product, big.NewInt(1_000_000))))
	}
}

// clickGroup is the click's group: country and device of its row, the parent's
// where there is one.
func (w *world) clickGroup(c *click) group {
	g := group{
		minute: minuteOf(c.at), campaign: c.campaignOf, creative: c.creativeOf, exchange: c.exchangeOf,
		country: c.country, device: c.device,
	}
	if c.parent != nil {
		g.country, g.device, g.currency = c.parent.country, c.parent.device, c.parent.currency
	}
	if k := w.ref.at(c.campaignOf, c.at); k.pricing == "cpc" && k.currency != "" {
		g.currency = k.currency
	}
	return g
}

// clickCost is what a valid click costs in nanos.
func (w *world) clickCost(c *click) int64 {
	k := w.ref.at(c.campaignOf, c.at)
	if k.pricing != "cpc" || !c.valid() {
		return 0
	}
	return k.rate * 1000
}

func (w *world) addClick(ts tallies, c *click) {
	t := ts.of(w.clickGroup(c))
	t.row.ClicksGross++
	if !c.valid() {
		t.row.ClicksGIVT++
	}
	if c.parent == nil {
		t.row.OrphanClicks++
	}
	if c.late {
		t.row.LateEvents++
	}
	t.spend.Add(&t.spend, big.NewInt(w.clickCost(c)))
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
	g.currency = currency
	return g
}

func (w *world) addConversion(ts tallies, c *conversion) {
	if len(c.path.touches) == 0 {
		return
	}
	last := c.path.last()
	atTouch := w.touchGroup(last, c.currency)
	byTime := atTouch
	byTime.minute = minuteOf(c.at)
	if c.late {
		ts.of(byTime).row.LateEvents++
	}
	if c.countReason != "" || c.test {
		return
	}
	touched, timed := ts.of(atTouch), ts.of(byTime)
	if last.click != nil {
		touched.row.ConvCT++
		touched.row.ValueCTMicros += c.amount()
		timed.row.ConvCTByTime++
		timed.row.ValueCTByTime += c.amount()
	} else {
		touched.row.ConvVT++
		touched.row.ValueVTMicros += c.amount()
		timed.row.ConvVTByTime++
		timed.row.ValueVTByTime += c.amount()
	}
	if k := w.ref.at(last.campaign(), c.at); k.pricing == "cpa" {
		cost := new(big.Int).Mul(big.NewInt(k.rate), big.NewInt(1000))
		touched.spend.Add(&touched.spend, cost)
	}
	// The latest eligible touch of each other campaign assists (R-A9).
	latest := map[string]touch{}
	for _, t := range c.path.eligible {
		latest[t.campaign()] = t
	}
	for campaign, t := range latest {
		if campaign != last.campaign() {
			ts.of(w.touchGroup(t, c.currency)).row.Assists++
		}
	}
}

// rows turns the sums into rows, giving up each sum as it goes.
func (ts tallies) rows() []table.CampaignMinute {
	rows := make([]table.CampaignMinute, 0, len(ts))
	for g, t := range ts {
		delete(ts, g)
		r := t.row
		r.BucketStart, r.CampaignID, r.CreativeID, r.Exchange = g.minute, g.campaign, g.creative, g.exchange
		r.Country, r.DeviceType, r.Currency = g.country, g.device, g.currency
		r.ImpressionsNet = r.ImpressionsGross - r.ImpressionsGIVT - r.ImpressionsSIVT
		r.ClicksNet = r.ClicksGross - r.ClicksGIVT - r.ClicksSIVT
		r.SpendNanos = decimal38(&t.spend)
		r.SpendMicros = saturate(halfEven(new(big.Rat).SetFrac(&t.spend, big.NewInt(1000))))
		r.IsFinal, r.Op = true, table.Upsert
		rows = append(rows, r)
	}
	return rows
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

// days counts the distinct users of each campaign and local day (R-G3).
func (w *world) days() []table.CampaignDay {
	type dayKey struct {
		campaign string
		day      int32
	}
	type reach struct {
		users  map[string]bool
		zone   string
		latest event.Time
	}
	all := map[dayKey]*reach{}
	for _, i := range w.impressions {
		if !i.valid() || i.user == "" {
			continue
		}
		c := w.ref.at(i.campaignOf, i.at)
		y, m, d := i.at.UTC().In(c.zone).Date()
		k := dayKey{i.campaignOf, int32(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)}
		r := all[k]
		if r == nil {
			r = &reach{users: map[string]bool{}, latest: event.MinTime}
			all[k] = r
		}
		r.users[i.user] = true
		if i.at >= r.latest {
			r.latest, r.zone = i.at, c.zoneName
		}
	}
	var rows []table.CampaignDay
	for k, r := range all {
		rows = append(rows, table.CampaignDay{
			Day: k.day, CampaignID: k.campaign, TimeZone: r.zone, Totals: table.Totals{Reach: int64(len(r.users))}, IsFinal: true,
			Meta: table.Meta{Op: table.Upsert},
		})
	}
	return rows
}
