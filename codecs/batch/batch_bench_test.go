package batch_test

import (
	"testing"

	"github.com/advertisex/adjoin/codecs/batch"
	"github.com/advertisex/adjoin/internal/event"
)

const perBatch = 256

func realistic(offset event.Offset) *event.Impression {
	e := impression(offset)
	e.UserAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
	e.IP, e.OS, e.Browser, e.Region, e.PlacementID = "203.0.113.7", "ios", "safari", "BE", "top-1"
	e.CampaignID, e.LineItemID, e.Advertiser, e.BidID = "camp-00042", "li-9", "adv-3", "bid-123456"
	return e
}

func BenchmarkAppendImpression(b *testing.B) {
	e := realistic(1)
	builder := batch.NewBuilder()
	builder.Reset(event.Range{Partition: partition}, 0)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		builder.Impression(e)
		if n++; n == perBatch {
			builder.Reuse(builder.Bytes())
			builder.Reset(event.Range{Partition: partition}, 0)
			n = 0
		}
	}
}

func BenchmarkReadImpression(b *testing.B) {
	builder := batch.NewBuilder()
	builder.Reset(event.Range{Partition: partition}, 0)
	for i := range perBatch {
		builder.Impression(realistic(event.Offset(i)))
	}
	bytes := builder.Bytes()
	r, err := batch.Open(bytes)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(bytes) / perBatch))
	b.ReportAllocs()
	for b.Loop() {
		if !r.Next() {
			if err = r.Open(bytes); err != nil || !r.Next() {
				b.Fatal(err, r.Err())
			}
		}
	}
}
