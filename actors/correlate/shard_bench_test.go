package correlate

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// nowhere is a Sink that drops rows.
type nowhere struct{}

func (nowhere) Bid(*table.Bid)               {}
func (nowhere) Impression(*table.Impression) {}

// traffic makes events of a plausible shape: UUID ids, some users much busier
// than others, 600 creatives, 5,000 places, auctions on every impression.
type traffic struct {
	rng  *rand.Rand
	feed feed
	now  event.Time
	step event.Span
}

func newTraffic() *traffic {
	return &traffic{rng: rand.New(rand.NewPCG(7, 7)), now: at("00:00:00"), step: 250 * event.Millisecond}
}

func (g *traffic) id() string {
	var u uuid.UUID
	for i := 0; i < len(u); i += 8 {
		v := g.rng.Uint64()
		for k := range 8 {
			u[i+k] = byte(v >> (8 * k))
		}
	}
	return u.String()
}

func (g *traffic) user() string {
	n := int(g.rng.ExpFloat64() * 20_000)
	return fmt.Sprintf("user-%08d", n)
}

func (g *traffic) impression(auctions bool) *event.Impression {
	g.now = g.now.Add(g.step)
	campaign := g.rng.IntN(100)
	user := g.user()
	if g.rng.IntN(8) == 0 {
		user = ""
	}
	e := g.feed.impression(g.id(), user, g.now, func(e *event.Impression) {
		e.CampaignID = fmt.Sprintf("cmp-%03d", campaign)
		e.CreativeID = fmt.Sprintf("cre-%03d-%d", campaign, g.rng.IntN(6))
		e.SiteDomain = fmt.Sprintf("site%04d.example", g.rng.IntN(5_000))
		e.Country = []string{"DEU", "USA", "IND", "FRA"}[g.rng.IntN(4)]
		e.DeviceType, e.OS = int32(1+g.rng.IntN(5)), "Android"
		e.PriceMicros = 1_000_000 + g.rng.Int64N(1_000_000)
		e.Viewable = event.Tri(g.rng.IntN(3))
		e.Exchange = []string{"ex1", "ex2"}[g.rng.IntN(2)]
		if auctions {
			e.AuctionID, e.ImpID, e.BidID = g.id(), "1", g.id()
		}
	})
	return e
}

// batch makes events ahead of time, so that making them is not measured.
func (g *traffic) batch(n int, auctions bool) []*event.Impression {
	out := make([]*event.Impression, n)
	for i := range out {
		out[i] = g.impression(auctions)
	}
	return out
}

func benchShard(b *testing.B) *Shard {
	cfg := Config{Shards: 1, Settings: DefaultSettings(), Sink: nowhere{}, Reference: lawReference(b)}
	s := New(cfg)
	s.Begin(1, 0)
	return s
}

// BenchmarkImpression is the hot path: one new impression with an auction id
// that no bid answers, its share of a cut every 5,000 included. The events come
// from few structs with fresh ids, times and users, as from a decoder.
func BenchmarkImpression(b *testing.B) {
	const n, pool = 400_000, 1_024
	g := newTraffic()
	list := g.batch(pool, true)
	ids, users := make([]string, 2*n), make([]string, n)
	routes := make([]event.Route, n)
	for i := range users {
		ids[2*i], ids[2*i+1], users[i] = g.id(), g.id(), g.user()
		routes[i] = event.RouteUser(users[i])
	}
	start := list[0].EventTime
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += n {
		s := benchShard(b)
		for i := range min(n, b.N-done) {
			e := list[i%pool]
			e.ID, e.AuctionID, e.UserID, e.Route = ids[2*i], ids[2*i+1], users[i], routes[i]
			e.EventTime = start.Add(event.Span(i) * 100 * event.Millisecond)
			e.Ingest = e.EventTime.Add(event.Second)
			s.Impression(e)
			if i%5_000 == 4_999 {
				s.Advance(e.EventTime.Add(-10*event.Minute), e.EventTime)
				s.Cut()
				s.Begin(uint64(i), 0)
			}
		}
	}
}

// BenchmarkLiveImpression reports the heap that a live impression takes,
// indexes, users, dictionaries and reach included.
func BenchmarkLiveImpression(b *testing.B) {
	for _, auctions := range []bool{false, true} {
		b.Run(fmt.Sprintf("auctions=%v", auctions), func(b *testing.B) {
			const n = 1_000_000
			for range b.N {
				b.StopTimer()
				s := benchShard(b)
				g := newTraffic()
				before := heap()
				for done := 0; done < n; done += 10_000 {
					list := g.batch(10_000, auctions)
					b.StartTimer()
					for _, e := range list {
						s.Impression(e)
					}
					b.StopTimer()
					s.Cut()
					s.Segment(done == 0)
					s.Begin(uint64(done), 0)
				}
				g = nil
				grown := heap() - before
				if s.Stats().Live.Impressions != n {
					b.Fatalf("%d live impressions", s.Stats().Live.Impressions)
				}
				b.ReportMetric(float64(grown)/n, "B/live")
				b.ReportMetric(float64(s.Stats().Live.Bytes.Total())/n, "B/live-counted")
				b.StartTimer()
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMixed is all four kinds as a bidder's logs have them: four bid
// requests an impression, one of them answered and won, a click for a hundred
// impressions, a purchase for ten clicks. It reports the time of one event.
func BenchmarkMixed(b *testing.B) {
	const n = 200_000
	g := newTraffic()
	g.step = 20 * event.Millisecond
	events := g.mix(n)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += len(events) {
		s := benchShard(b)
		for i, e := range events[:min(len(events), b.N-done)] {
			applyTo(s, e)
			if i%10_000 == 9_999 {
				at := envelopeOf(e).EventTime
				s.Advance(at.Add(-10*event.Minute), at)
				s.Cut()
				s.Begin(uint64(i), 0)
			}
		}
	}
}

func applyTo(s *Shard, e any) {
	switch e := e.(type) {
	case *event.Impression:
		s.Impression(e)
	case *event.Bid:
		s.Bid(e)
	case *event.Click:
		s.Click(e)
	case *event.Conversion:
		s.Conversion(e)
	}
}

// mix makes n events of all kinds, ordered by event time.
func (g *traffic) mix(n int) []any {
	var out []any
	for len(out) < n {
		imp := g.impression(true)
		imp.ImpID = "1"
		for k := range 4 {
			bid := g.feed.bid(imp.AuctionID, imp.UserID, imp.EventTime.Add(-event.Second), func(e *event.Bid) {
				e.Exchange, e.Country, e.DeviceType = imp.Exchange, imp.Country, imp.DeviceType
				e.SiteDomain = imp.SiteDomain
				if k > 0 {
					e.AuctionID, e.UserID = g.id(), g.user()
					return
				}
				e.Offers = []event.Offer{offerOf(imp.BidID, imp.PriceMicros, func(o *event.Offer) {
					o.CampaignID, o.CreativeID = imp.CampaignID, imp.CreativeID
				})}
			})
			out = append(out, bid)
		}
		out = append(out, imp)
		if g.rng.IntN(100) != 0 || imp.UserID == "" {
			continue
		}
		click := g.feed.click(g.id(), imp.UserID, imp.EventTime.Add(9*event.Second), func(e *event.Click) {
			e.ImpressionID, e.CampaignID = imp.ID, imp.CampaignID
		})
		out = append(out, click)
		if g.rng.IntN(10) == 0 {
			out = append(out, g.feed.conversion(g.id(), imp.UserID, click.EventTime.Add(event.Minute), func(e *event.Conversion) {
				e.ClickID, e.ValueMicros = click.ID, 1_000_000
			}))
		}
	}
	slices.SortStableFunc(out, func(a, b any) int {
		return cmp.Compare(envelopeOf(a).EventTime, envelopeOf(b).EventTime)
	})
	return out
}

// BenchmarkSegment is the change segment of a cut with 5,000 new impressions. It
// reports time and bytes of one of them.
func BenchmarkSegment(b *testing.B) {
	const n = 5_000
	s := benchShard(b)
	g := newTraffic()
	g.step = 10 * event.Millisecond
	s.Segment(true)
	bytes := 0
	b.ReportAllocs()
	for range b.N {
		b.StopTimer()
		for _, e := range g.batch(n, true) {
			s.Impression(e)
		}
		s.Cut()
		b.StartTimer()
		bytes += len(s.Segment(false))
		b.StopTimer()
		s.Begin(1, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	b.ReportMetric(float64(bytes)/float64(b.N)/n, "B/row")
}
