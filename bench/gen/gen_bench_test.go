package gen

import (
	"testing"
)

// BenchmarkNext is one core's rate: impressions with their share of clicks and
// conversions, and the same with bid requests.
func BenchmarkNext(b *testing.B) {
	for name, bids := range map[string]bool{"impressions": false, "bids": true} {
		b.Run(name, func(b *testing.B) {
			g, err := New(Config{Seed: 1, Impressions: 1 << 40, Duration: 300 * 24 * 3600e6, Users: 5_000_000, Bids: bids})
			if err != nil {
				b.Fatal(err)
			}
			var rec Record
			bytes := 0
			b.ReportAllocs()
			for b.Loop() {
				if !g.Next(&rec) {
					b.Fatal("ended")
				}
				bytes += len(rec.Value)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(bytes)/float64(b.N), "B/record")
			b.ReportMetric(float64(g.Pending()), "pending")
		})
	}
}
