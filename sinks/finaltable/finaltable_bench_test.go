package finaltable

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

func impressions(n int) []table.Impression {
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([]table.Impression, n)
	for i := range rows {
		hex := func() string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()) }
		c := r.IntN(500)
		rows[i] = table.Impression{
			Route: int64(r.Uint64()), ImpressionID: hex(), EventTime: event.Time(1_790_000_000_000_000 + i), UserKey: hex(), UserIDType: "user",
			CreativeID: fmt.Sprintf("cr-%d", c), CampaignID: fmt.Sprintf("c-%d", c), LineItemID: fmt.Sprintf("l-%d", c), AdvertiserID: "a-1",
			SiteDomain: fmt.Sprintf("site-%d.example", c), PagePath: "/section/page", Exchange: "adx", AuctionID: hex(), ImpID: "1", BidID: hex()[:16],
			PriceMicros: ptr(int64(600_000)), PriceType: "clearing", Currency: "USD", QuantityE6: 1_000_000, AdFormat: "banner", Width: 300, Height: 250,
			Measurable: ptr(true), Viewable: ptr(true), DeviceType: 2, OS: "android", Browser: "chrome", Country: "USA", Region: "CA", Valid: true,
			Meta: table.Meta{RowVersion: int64(i), Op: "U", IngestTime: event.Time(1_790_000_000_000_000 + i), SrcOffset: int64(i)},
		}
	}
	return rows
}

// BenchmarkSet is a row of fact_impressions from add to final file; B/held is
// what a Set keeps of it.
func BenchmarkSet(b *testing.B) {
	rows := impressions(1 << 16)
	s := NewSet()
	before := heap()
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += len(rows) {
		for i := range rows {
			rows[i].Route ^= int64(n) << 20
		}
		if err := s.WriteImpressions(rows[:min(len(rows), b.N-n)]); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(heap()-before)/float64(b.N), "B/held")
	b.StartTimer()
	if _, err := s.Write(b.TempDir()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkDiff is a row of fact_impressions on each side.
func BenchmarkDiff(b *testing.B) {
	s := NewSet()
	rows := impressions(1 << 16)
	if err := s.WriteImpressions(rows); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if _, err := s.Write(dir); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += len(rows) {
		if r, err := Diff(dir, dir, 1); err != nil || !r.Equal() {
			b.Fatal(r, err)
		}
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
