package sinks

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// testStart is 2026-09-21T14:00:00Z.
const testStart event.Time = 1_789_999_200_000_000

func ptr[T any](v T) *T { return &v }

// realisticImpressions has the cardinalities of generated traffic: random ids,
// Zipf sites and campaigns, few of everything else.
func realisticImpressions(n int) []table.Impression {
	r := rand.New(rand.NewPCG(1, 2))
	sites := rand.NewZipf(r, 1.2, 1, 19_999)
	campaigns := rand.NewZipf(r, 1.1, 1, 499)
	hex := func() string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()) }
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	rows := make([]table.Impression, n)
	for i := range rows {
		site, camp := sites.Uint64(), campaigns.Uint64()
		at := testStart + event.Time(i)*37
		rows[i] = table.Impression{
			Route: int64(r.Uint64()), ImpressionID: hex(), EventTime: at + event.Time(r.IntN(3_000_000)),
			UserKey: hex(), UserIDType: "user",
			CreativeID: fmt.Sprintf("cr-%d-%d", camp, r.IntN(6)), CampaignID: fmt.Sprintf("c-%d", camp),
			LineItemID: fmt.Sprintf("l-%d", camp), AdvertiserID: fmt.Sprintf("a-%d", camp/10),
			SiteDomain: fmt.Sprintf("site-%d.example", site), PagePath: fmt.Sprintf("/section/%d/page", site),
			Exchange: pick("adx", "rubicon", "openx", "pubmatic"), AuctionID: hex(), ImpID: "1", BidID: hex()[:16],
			PriceMicros: ptr(int64(600_000 + r.NormFloat64()*200_000)), PriceType: "clearing", Currency: "USD",
			QuantityE6: 1_000_000, AdFormat: "banner", Width: 300, Height: 250,
			Measurable: ptr(true), Viewable: ptr(r.IntN(10) < 7), DeviceType: int32(r.IntN(5) + 1),
			OS: pick("android", "ios", "windows"), Browser: pick("chrome", "safari"),
			Country: pick("USA", "DEU", "GBR", "IND"), Region: "CA", Valid: true,
			Meta: meta(int64(i), at),
		}
	}
	return rows
}

// realisticBids is the same for bids, a quarter with an offer.
func realisticBids(n int) []table.Bid {
	r := rand.New(rand.NewPCG(3, 4))
	sites := rand.NewZipf(r, 1.2, 1, 19_999)
	hex := func() string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()) }
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	rows := make([]table.Bid, n)
	for i := range rows {
		at := testStart + event.Time(i)*37
		b := table.Bid{
			Route: int64(r.Uint64()), Exchange: pick("adx", "rubicon", "openx"), AuctionID: hex(), ImpID: "1",
			EventTime: at, UserKey: hex(), SiteDomain: fmt.Sprintf("site-%d.example", sites.Uint64()),
			AdFormat: "banner", Width: 300, Height: 250, Country: pick("USA", "DEU", "GBR"), DeviceType: 2,
			FloorMicros: int64(r.IntN(2_000_000)), SampleWeight: 1, Valid: true,
			Targeting: table.StringMap{KeyValue: []table.Pair{
				{Key: "age", Value: pick("18-24", "25-34", "35-44")}, {Key: "segment", Value: pick("a", "b", "c", "d")},
			}},
			Meta: meta(int64(i), at),
		}
		if r.IntN(4) == 0 {
			c := r.IntN(500)
			b.BidID, b.CampaignID, b.CreativeID = hex()[:16], fmt.Sprintf("c-%d", c), fmt.Sprintf("cr-%d", c)
			b.AdvertiserID, b.LineItemID = fmt.Sprintf("a-%d", c/10), fmt.Sprintf("l-%d", c)
			b.BidMicros, b.Currency, b.LossCode = ptr(int64(r.IntN(3_000_000))), "USD", ptr(int32(102))
		}
		rows[i] = b
	}
	return rows
}

func meta(offset int64, at event.Time) table.Meta {
	return table.Meta{
		RowVersion: 17, Op: table.Upsert, EmittedAt: testStart, IngestTime: at,
		SrcPartition: int32(offset % 16), SrcOffset: offset / 16,
	}
}

// writeFromShards writes slices of 64 rows from 64 goroutines.
func writeFromShards(tb testing.TB, c *Cut, rows []table.Impression) {
	const shards, slice = 64, 64
	var wg sync.WaitGroup
	for s := range shards {
		wg.Go(func() {
			for at := s * slice; at < len(rows); at += shards * slice {
				if err := c.WriteImpressions(rows[at:min(len(rows), at+slice)]); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
