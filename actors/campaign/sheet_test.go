package campaign

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/delta"
)

// sheet gathers deltas for one or more campaign shards.
type sheet struct {
	w      *delta.Writer
	shards uint32
	places map[string]uint32 // by shard and entry
}

func newSheet(shards uint32) *sheet {
	return &sheet{delta.NewWriter(shards), shards, map[string]uint32{}}
}

func (x *sheet) section(campaign string) (event.Shard, *delta.Section) {
	shard := event.ShardOf(event.RouteCampaign(campaign), x.shards)
	return shard, x.w.Section(shard)
}

func (x *sheet) text(shard event.Shard, kind byte, parts ...string) uint32 {
	b := []byte{kind}
	for _, p := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	if kind == delta.Device {
		b = append(b, 0, 0, 0, 0)
	}
	key := fmt.Sprint(shard, string(b))
	at, known := x.places[key]
	if !known {
		at = x.w.Section(shard).Text(string(b))
		x.places[key] = at
	}
	return at
}

// minute adds measures (in pairs) and spend in a currency.
func (x *sheet) minute(minute int32, campaign, currency string, spend int64, pairs ...int64) *sheet {
	shard, s := x.section(campaign)
	m := delta.Minute{
		At: minute, Creative: x.text(shard, delta.Creative, campaign, "cr"),
		Exchange: x.text(shard, delta.Exchange, "x"), Device: x.text(shard, delta.Device, "DEU", currency),
	}
	m.Spend = event.Int128Of(spend)
	for i := 0; i < len(pairs); i += 2 {
		m.Set(event.Measure(pairs[i]), pairs[i+1])
	}
	s.Minute(&m)
	return x
}

func (x *sheet) audience(day bool, at int32, campaign string, bins ...int64) *sheet {
	shard, s := x.section(campaign)
	a := delta.Audience{
		Day: day, At: at, Campaign: x.text(shard, delta.Campaign, campaign), Currency: x.text(shard, delta.Currency, "USD"),
	}
	copy(a.Bins[:], bins)
	s.Audience(&a)
	return x
}

func (x *sheet) site(day int32, site, campaign string, toClick []delta.Count, pairs ...int64) *sheet {
	shard, s := x.section(campaign)
	d := delta.Site{
		At: day, Place: x.text(shard, delta.Place, site, ""), Campaign: x.text(shard, delta.Campaign, campaign),
		Currency: x.text(shard, delta.Currency, "USD"), ToClick: toClick,
	}
	for i := 0; i < len(pairs); i += 2 {
		d.Set(event.Measure(pairs[i]), pairs[i+1])
	}
	s.Site(&d)
	return x
}

func (x *sheet) pipeline(d delta.Pipeline, topic string) *sheet {
	shard, s := x.section(topic)
	d.Topic = x.text(shard, delta.Topic, topic)
	s.Pipeline(&d)
	return x
}

func randomSheet(rng *rand.Rand) *sheet {
	x := newSheet(1)
	campaign := func() string { return fmt.Sprint("c", rng.IntN(3)) }
	for range rng.IntN(6) {
		x.minute(noonMinute+rng.Int32N(20), campaign(), "USD", rng.Int64N(1e15)-1e14,
			int64(event.ClicksGross), rng.Int64N(9)-3, int64(event.ValueCT), rng.Int64()>>8)
	}
	for range rng.IntN(3) {
		x.audience(rng.IntN(2) == 0, 20_513+rng.Int32N(3), campaign(), rng.Int64N(3), rng.Int64N(3))
	}
	for range rng.IntN(3) {
		x.site(noonDay+rng.Int32N(2), fmt.Sprint("s", rng.IntN(3)), campaign(), []delta.Count{{MS: rng.Int64N(5), Times: 1}, {MS: 7, Times: 1}},
			int64(event.ImpressionsGross), rng.Int64N(3))
	}
	for range rng.IntN(3) {
		x.pipeline(delta.Pipeline{
			At: noonMinute + rng.Int32N(3), Facts: rng.Int64N(4), Lags: []delta.Count{{MS: rng.Int64N(5), Times: 2}},
			Rejected: []delta.ReasonCount{{Reason: event.Reason(1 + rng.IntN(5)), Times: 1}},
		}, "clicks")
	}
	return x
}
