package correlate

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/internal/event"
)

// Aggregates are the changes that this cut makes to agg_campaign_minute: a row
// adds what it counts for when it becomes true and takes the same back when it
// is corrected. They start empty with every cut; the sums are kept by the
// campaign shards.

// group is a group of agg_campaign_minute in ordinals of dims.
type group struct {
	minute                     int32 // minutes since 1970-01-01
	creative, exchange, device uint32
}

type groupDelta struct {
	group
	add   event.Measures
	spend event.Int128
}

type aggregates struct {
	slots []uint32 // index+1 of list, open addressing
	list  []groupDelta
}

func minuteOf(t event.Time) int32 { return int32(t.Floor(event.Minute) / event.Time(event.Minute)) }

func (g group) hash() uint64 {
	return column.Mix(uint64(uint32(g.minute))<<32|uint64(g.creative), uint64(g.exchange)<<32|uint64(g.device))
}

// at is the delta of a group, made when it is new. The pointer is good until
// the next call.
func (a *aggregates) at(g group) *groupDelta {
	if len(a.list)*4 >= len(a.slots)*3 {
		a.grow()
	}
	mask := uint64(len(a.slots) - 1)
	for i := g.hash() & mask; ; i = (i + 1) & mask {
		n := a.slots[i]
		if n == 0 {
			a.list = append(a.list, groupDelta{group: g})
			a.slots[i] = uint32(len(a.list))
			return &a.list[len(a.list)-1]
		}
		if a.list[n-1].group == g {
			return &a.list[n-1]
		}
	}
}

func (a *aggregates) grow() {
	a.slots = make([]uint32, max(64, 2*len(a.slots)))
	mask := uint64(len(a.slots) - 1)
	for n := range a.list {
		i := a.list[n].hash() & mask
		for a.slots[i] != 0 {
			i = (i + 1) & mask
		}
		a.slots[i] = uint32(n + 1)
	}
}

// reset forgets all deltas. A table that one busy cut blew up shrinks again.
func (a *aggregates) reset() {
	if len(a.slots) > 1024 && len(a.list)*8 < len(a.slots) {
		*a = aggregates{}
		return
	}
	clear(a.slots)
	a.list = a.list[:0]
}

// deltas is what the cut adds, sorted by key; groups that come out even are
// kept, for a row once written stays (R-G1). The parts of the keys are sorted
// once each, so the groups are compared as numbers.
func (a *aggregates) deltas(d *dims) []event.MinuteDelta {
	creative := ranksOf(a.list, func(g *group) uint32 { return g.creative }, d.comparePairs)
	exchange := ranksOf(a.list, func(g *group) uint32 { return g.exchange }, d.comparePairs)
	device := ranksOf(a.list, func(g *group) uint32 { return g.device }, d.compareDevices)
	order := make([]groupOrder, len(a.list))
	for i := range a.list {
		g := &a.list[i].group
		order[i] = groupOrder{
			high: uint64(uint32(g.minute)^1<<31)<<32 | uint64(creative[g.creative]),
			low:  uint64(exchange[g.exchange])<<32 | uint64(device[g.device]), at: i,
		}
	}
	slices.SortFunc(order, func(x, y groupOrder) int {
		return cmp.Or(cmp.Compare(x.high, y.high), cmp.Compare(x.low, y.low))
	})
	out := make([]event.MinuteDelta, len(order))
	for i, o := range order {
		g := &a.list[o.at]
		out[i] = event.MinuteDelta{Key: d.key(g.group), Add: g.add, SpendNanos: g.spend}
	}
	return out
}

// groupOrder is the place of a group in the order of the keys.
type groupOrder struct {
	high, low uint64
	at        int
}

// ranksOf gives each ordinal of one part of the groups its rank.
func ranksOf(list []groupDelta, part func(*group) uint32, compare func(a, b uint32) int) map[uint32]uint32 {
	ranks := make(map[uint32]uint32)
	for i := range list {
		ranks[part(&list[i].group)] = 0
	}
	sorted := slices.SortedFunc(maps.Keys(ranks), compare)
	for rank, n := range sorted {
		ranks[n] = uint32(rank)
	}
	return ranks
}

// comparePairs compares entries of one or two texts.
func (d *dims) comparePairs(a, b uint32) int {
	x, y := tuple(d.dict.Text(a)), tuple(d.dict.Text(b))
	kind := x[0]
	x, y = x[1:], y[1:]
	c := strings.Compare(x.text(), y.text())
	if c == 0 && kind == dimGroupCreative {
		c = strings.Compare(x.text(), y.text())
	}
	return c
}

// compareDevices compares by country, device and currency.
func (d *dims) compareDevices(a, b uint32) int {
	x, y := tuple(d.dict.Text(a)[1:]), tuple(d.dict.Text(b)[1:])
	xCountry, yCountry := x.text(), y.text()
	xCurrency, yCurrency := x.text(), y.text()
	return cmp.Or(
		strings.Compare(xCountry, yCountry), cmp.Compare(x.number(), y.number()), strings.Compare(xCurrency, yCurrency),
	)
}

func (d *dims) key(g group) (k event.CampaignKey) {
	k.Bucket = event.Time(g.minute) * event.Time(event.Minute)
	c := tuple(d.dict.Text(g.creative)[1:])
	k.Campaign, k.Creative = c.text(), c.text()
	x := tuple(d.dict.Text(g.exchange)[1:])
	k.Exchange = x.text()
	v := tuple(d.dict.Text(g.device)[1:])
	k.Country, k.Currency, k.Device = v.text(), v.text(), v.number()
	return k
}

// groupOf is the group of a key in ordinals.
func (d *dims) groupOf(k *event.CampaignKey) group {
	return group{
		minute:   minuteOf(k.Bucket),
		creative: d.groupCreative(k.Campaign, k.Creative),
		exchange: d.groupExchange(k.Exchange),
		device:   d.groupDevice(k.Country, k.Currency, k.Device),
	}
}
