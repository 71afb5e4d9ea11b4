package correlate

import (
	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/actors/correlate/journey"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/delta"
)

// Aggregates are the changes that this cut makes to the tables of aggregates: a
// row adds what it counts for when it becomes true and takes the same back when
// it is corrected. They start empty with every cut; the sums are kept by the
// campaign shards.

// group is a group of agg_campaign_minute in ordinals of dims.
type group struct {
	minute                     int32 // since 1970-01-01
	creative, exchange, device uint32
}

func (g group) hash() uint64 {
	return column.Mix(uint64(uint32(g.minute))<<32|uint64(g.creative), uint64(g.exchange)<<32|uint64(g.device))
}

// siteGroup is a group of agg_site_day.
type siteGroup struct {
	day                      int32 // UTC, since 1970-01-01
	site, campaign, currency uint32
}

func (g siteGroup) hash() uint64 {
	return column.Mix(uint64(uint32(g.day))<<32|uint64(g.site), uint64(g.campaign)<<32|uint64(g.currency))
}

// counts is what a group adds: what impressions add by itself, for they are nine
// tenths of it, and the rest elsewhere.
type counts struct {
	gross, givt, measurable, viewable int64
	spend                             event.Int128
	wins, late                        int32
	more                              uint32 // index+1 of aggregates.more, 0 for none
}

// requestCounts is what bids add to a group of minutes.
type requestCounts struct {
	requests, bids int64
	late           int32
}

// more is what children add to a group.
type more struct {
	event.Measures
	fast    int64
	toClick []delta.Count
}

type aggregates struct {
	minutes  tally[group, counts]
	sites    tally[siteGroup, counts]
	requests tally[group, requestCounts] // of minutes, too: they add up
	more     []more
}

// moreOf is the rest of what a group adds, made when it is new. The pointer is
// good until the next call.
func (a *aggregates) moreOf(c *counts) *more {
	if c.more == 0 {
		a.more = append(a.more, more{})
		c.more = uint32(len(a.more))
	}
	return &a.more[c.more-1]
}

// reset forgets all deltas.
func (a *aggregates) reset() {
	a.minutes.reset()
	a.sites.reset()
	a.requests.reset()
	clear(a.more)
	a.more = a.more[:0]
}

// tally is a table of groups, open addressing.
type tally[G interface {
	comparable
	hash() uint64
}, C any] struct {
	slots []uint32 // index+1 of list
	list  []counted[G, C]
}

type counted[G, C any] struct {
	group  G
	counts C
}

// at is what is counted of a group, made when it is new. The pointer is good
// until the next call.
func (t *tally[G, C]) at(g G) *C {
	if len(t.list)*4 >= len(t.slots)*3 {
		t.grow()
	}
	mask := uint64(len(t.slots) - 1)
	for i := g.hash() & mask; ; i = (i + 1) & mask {
		n := t.slots[i]
		if n == 0 {
			t.list = append(t.list, counted[G, C]{group: g})
			t.slots[i] = uint32(len(t.list))
			return &t.list[len(t.list)-1].counts
		}
		if t.list[n-1].group == g {
			return &t.list[n-1].counts
		}
	}
}

func (t *tally[G, C]) grow() {
	t.slots = make([]uint32, max(64, 2*len(t.slots)))
	mask := uint64(len(t.slots) - 1)
	for n := range t.list {
		i := t.list[n].group.hash() & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(n + 1)
	}
}

// reset forgets all groups. A table that one busy cut blew up shrinks again.
func (t *tally[G, C]) reset() {
	if len(t.slots) > 1024 && len(t.list)*8 < len(t.slots) {
		*t = tally[G, C]{}
		return
	}
	clear(t.slots)
	t.list = t.list[:0]
}

// contribute adds what children count for, or with sign -1 takes it back.
func (s *Shard) contribute(list []journey.Contribution, sign int64) {
	for i := range list {
		c := &list[i]
		if c.Kind == journey.Pipeline {
			for _, a := range c.Add {
				s.ledger.PipeOf(c.Key.Exchange, fact.Minute(c.Key.Bucket)).Matched += sign * a.Value
			}
			continue
		}
		spend := event.Mul64(sign*c.Micros, 1_000)
		s.addTo(s.aggregates.minutes.at(s.dims.groupOf(&c.Key)), c, sign, spend)
		if c.Kind == journey.MinuteAndSite {
			s.addTo(s.aggregates.sites.at(s.dims.siteOf(c)), c, sign, spend)
		}
	}
}

// addTo adds to a group. What a table does not have is left out when its deltas
// are written.
func (s *Shard) addTo(into *counts, c *journey.Contribution, sign int64, spend event.Int128) {
	into.spend = into.spend.Add(spend)
	if len(c.Add) == 0 {
		return
	}
	m := s.aggregates.moreOf(into)
	for _, a := range c.Add {
		switch {
		case a.Measure < event.MeasureCount:
			m.Measures[a.Measure] += sign * a.Value
		case a.Measure == event.FastConv:
			m.fast += sign * a.Value
		case a.Measure == event.ImpToClick:
			m.toClick = append(m.toClick, delta.Count{MS: a.Value, Times: sign})
		}
	}
}

// groupOf is the group of a key in ordinals.
func (d *dims) groupOf(k *event.CampaignKey) group {
	return group{
		minute:   fact.Minute(k.Bucket),
		creative: d.groupCreative(k.Campaign, k.Creative),
		exchange: d.groupExchange(k.Exchange),
		device:   d.groupDevice(k.Country, k.Currency, k.Device),
	}
}

func (d *dims) siteOf(c *journey.Contribution) siteGroup {
	return siteGroup{
		day: utcDay(c.Key.Bucket), site: d.putSite(c.Site, c.App),
		campaign: d.campaign(c.Key.Campaign), currency: d.putCurrency(c.Key.Currency),
	}
}

func utcDay(t event.Time) int32 { return int32(t.Floor(event.Day) / event.Time(event.Day)) }
