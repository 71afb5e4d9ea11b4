package correlate

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/delta"
)

// deltaWriter writes the deltas of a cut: the groups of each campaign shard
// into a section of its own, so that no shard passes over what is another's.
type deltaWriter struct {
	out    *delta.Writer
	shards uint32
	homes  []home  // by ordinal of dims
	round  uint32  // of homes
	places []place // by ordinal of dims
	stamp  uint32  // of places: the section that is open
	mine   struct{ minutes, requests, sites, audiences [][]uint32 }

	minute  delta.Minute
	site    delta.Site
	toClick []delta.Count
	lags    []delta.Count
	text    []byte
}

// home is the campaign shard of a creative or campaign, as of the round.
type home struct {
	round uint32
	shard event.Shard
}

// place is where a text stands in the section of the stamp.
type place struct{ stamp, at uint32 }

// deltas is what the cut adds, nil for nothing.
func (s *Shard) deltas() []byte {
	w := &s.deltaWriter
	w.begin(max(s.cfg.CampaignShards, 1), s.dims.dict.Len())
	changed, pipes := s.reach.take(), s.ledger.TakePipes()
	for i := range s.aggregates.minutes.list {
		w.put(w.mine.minutes, w.homeOf(&s.dims, s.aggregates.minutes.list[i].group.creative), i)
	}
	for i := range s.aggregates.requests.list {
		w.put(w.mine.requests, w.homeOf(&s.dims, s.aggregates.requests.list[i].group.creative), i)
	}
	for i := range s.aggregates.sites.list {
		w.put(w.mine.sites, w.homeOf(&s.dims, s.aggregates.sites.list[i].group.campaign), i)
	}
	for i := range changed {
		w.put(w.mine.audiences, w.homeOf(&s.dims, changed[i].of.campaign), i)
	}
	for shard := range event.Shard(w.shards) {
		w.stamp++
		section := w.out.Section(shard)
		s.writeMinutes(section, w.mine.minutes[shard])
		s.writeRequests(section, w.mine.requests[shard])
		s.writeSites(section, w.mine.sites[shard])
		for _, i := range w.mine.audiences[shard] {
			a := changed[i].of
			section.Audience(&delta.Audience{
				Day: a.day, At: a.at, Bins: changed[i].bins,
				Campaign: w.place(section, &s.dims, a.campaign), Currency: w.place(section, &s.dims, a.currency),
			})
		}
		w.writePipes(section, shard, pipes)
	}
	return w.out.Bytes()
}

func (w *deltaWriter) begin(shards uint32, texts int) {
	if w.out == nil {
		w.out, w.shards = delta.NewWriter(shards), shards
		for _, list := range []*[][]uint32{&w.mine.minutes, &w.mine.requests, &w.mine.sites, &w.mine.audiences} {
			*list = make([][]uint32, shards)
		}
	}
	w.out.Reset()
	for _, list := range [...][][]uint32{w.mine.minutes, w.mine.requests, w.mine.sites, w.mine.audiences} {
		for i := range list {
			list[i] = list[i][:0]
		}
	}
	w.round++
	if n := texts - len(w.homes); n > 0 {
		w.homes = append(w.homes, make([]home, n)...)
		w.places = append(w.places, make([]place, n)...)
	}
}

func (w *deltaWriter) put(lists [][]uint32, shard event.Shard, i int) {
	lists[shard] = append(lists[shard], uint32(i))
}

// homeOf is the campaign shard of an ordinal whose entry starts with a campaign.
func (w *deltaWriter) homeOf(d *dims, n uint32) event.Shard {
	h := &w.homes[n]
	if h.round != w.round {
		t := tuple(d.dict.Text(n)[1:])
		*h = home{w.round, event.ShardOf(event.RouteCampaign(t.text()), w.shards)}
	}
	return h.shard
}

// place is the place of an entry in the section that is open.
func (w *deltaWriter) place(section *delta.Section, d *dims, n uint32) uint32 {
	p := &w.places[n]
	if p.stamp != w.stamp {
		*p = place{w.stamp, section.Text(d.dict.Text(n))}
	}
	return p.at
}

func (s *Shard) writeMinutes(section *delta.Section, list []uint32) {
	m := &s.deltaWriter.minute
	for _, i := range list {
		g := &s.aggregates.minutes.list[i]
		s.amounts(&m.Amounts, &g.counts)
		if m.Mask == 0 && m.Spend.IsZero() {
			continue
		}
		s.writeMinute(section, &g.group)
	}
}

// writeRequests writes what bids add.
func (s *Shard) writeRequests(section *delta.Section, list []uint32) {
	m := &s.deltaWriter.minute
	for _, i := range list {
		g := &s.aggregates.requests.list[i]
		m.Mask, m.Spend = 0, event.Int128{}
		m.Set(event.Requests, g.counts.requests)
		m.Set(event.BidCount, g.counts.bids)
		m.Set(event.LateEvents, int64(g.counts.late))
		if m.Mask != 0 {
			s.writeMinute(section, &g.group)
		}
	}
}

// writeMinute writes the amounts that are at hand, for a group.
func (s *Shard) writeMinute(section *delta.Section, g *group) {
	w, m := &s.deltaWriter, &s.deltaWriter.minute
	m.At = g.minute
	m.Creative = w.place(section, &s.dims, g.creative)
	m.Exchange = w.place(section, &s.dims, g.exchange)
	m.Device = w.place(section, &s.dims, g.device)
	section.Minute(m)
}

// amounts is what a group of minutes adds.
func (s *Shard) amounts(into *delta.Amounts, c *counts) {
	into.Mask, into.Spend = 0, c.spend
	if c.more == 0 {
		into.Set(event.WinCount, int64(c.wins))
		into.Set(event.ImpressionsGross, c.gross)
		into.Set(event.ImpressionsGIVT, c.givt)
		into.Set(event.MeasurableCount, c.measurable)
		into.Set(event.ViewableCount, c.viewable)
		into.Set(event.LateEvents, int64(c.late))
		return
	}
	sum := s.aggregates.more[c.more-1].Measures
	c.addTo(&sum)
	for m, v := range sum {
		into.Set(event.Measure(m), v)
	}
}

// addTo adds what impressions count for.
func (c *counts) addTo(sum *event.Measures) {
	sum[event.WinCount] += int64(c.wins)
	sum[event.ImpressionsGross] += c.gross
	sum[event.ImpressionsGIVT] += c.givt
	sum[event.MeasurableCount] += c.measurable
	sum[event.ViewableCount] += c.viewable
	sum[event.LateEvents] += int64(c.late)
}

func (s *Shard) writeSites(section *delta.Section, list []uint32) {
	w, d := &s.deltaWriter, &s.deltaWriter.site
	for _, i := range list {
		g := &s.aggregates.sites.list[i]
		s.siteAmounts(d, &g.counts)
		if d.Mask == 0 && d.Spend.IsZero() && len(d.ToClick) == 0 {
			continue
		}
		d.At = g.group.day
		d.Place = w.place(section, &s.dims, g.group.site)
		d.Campaign = w.place(section, &s.dims, g.group.campaign)
		d.Currency = w.place(section, &s.dims, g.group.currency)
		section.Site(d)
	}
}

// siteAmounts is what a group of sites adds: the measures that agg_site_day has.
func (s *Shard) siteAmounts(d *delta.Site, c *counts) {
	d.Mask, d.Spend, d.ToClick = 0, c.spend, nil
	d.Set(event.ImpressionsGross, c.gross)
	d.Set(event.ImpressionsGIVT, c.givt)
	d.Set(event.MeasurableCount, c.measurable)
	d.Set(event.ViewableCount, c.viewable)
	if c.more == 0 {
		return
	}
	m := &s.aggregates.more[c.more-1]
	for _, k := range [...]event.Measure{event.ClicksGross, event.ClicksGIVT, event.ClicksSIVT, event.ConvCT, event.ConvVT} {
		d.Set(k, m.Measures[k])
	}
	d.Set(event.FastConv, m.fast)
	s.deltaWriter.toClick = compact(append(s.deltaWriter.toClick[:0], m.toClick...))
	d.ToClick = s.deltaWriter.toClick
}

// compact sorts counts and adds up those of one number, without zeros.
func compact(list []delta.Count) []delta.Count {
	slices.SortFunc(list, func(a, b delta.Count) int { return cmp.Compare(a.MS, b.MS) })
	out := list[:0]
	for from := 0; from < len(list); {
		sum, to := list[from], from+1
		for ; to < len(list) && list[to].MS == sum.MS; to++ {
			sum.Times += list[to].Times
		}
		if sum.Times != 0 {
			out = append(out, sum)
		}
		from = to
	}
	return out
}

// writePipes writes the rows of the topics that are the shard's.
func (w *deltaWriter) writePipes(section *delta.Section, shard event.Shard, pipes []*fact.Pipe) {
	topic, at := "", uint32(0)
	for i, p := range pipes {
		if event.ShardOf(event.RouteCampaign(p.Topic), w.shards) != shard {
			continue
		}
		if i == 0 || p.Topic != topic || topic == "" {
			topic = p.Topic
			w.text = binary.AppendUvarint(append(w.text[:0], delta.Topic), uint64(len(topic)))
			w.text = append(w.text, topic...)
			at = section.Text(string(w.text))
		}
		d := delta.Pipeline{
			At: p.Minute, Topic: at,
			Facts: p.Facts, Duplicates: p.Duplicates, Late: p.Late, Matched: p.Matched,
		}
		if p.Conflicts != 0 {
			d.Rejected = append(d.Rejected, delta.ReasonCount{Reason: event.DupIDConflict, Times: p.Conflicts})
		}
		for why, n := range p.Rejected {
			if n != 0 {
				d.Rejected = append(d.Rejected, delta.ReasonCount{Reason: event.Reason(why), Times: n})
			}
		}
		w.lags = p.Lags(w.lags[:0])
		d.Lags = w.lags
		section.Pipeline(&d)
	}
}
