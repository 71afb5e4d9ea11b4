package jsonimp_test

import (
	"testing"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
)

// typical is 430 bytes, the size that the throughput goals speak of.
const typical = `{"impression_id":"imp-7f3a9c2e41d0","timestamp":"2026-11-23T10:00:00.123456Z","user_id":"u-00123456789","creative_id":"cr-1001","campaign_id":"camp-42","website":"https://news.example/world/article-17","exchange":"adx","auction_id":"auc-550e8400e29b","imp_id":"1","price":"2.10","currency":"USD","ad_format":"banner","width":300,"height":250,"viewable":true,"device_type":4,"os":"ios","country":"DEU","user_agent":"Mozilla/5.0 (X11)"}`

type sink struct{ impressions, rejects int }

func (s *sink) Bid(*event.Bid)               {}
func (s *sink) Impression(*event.Impression) { s.impressions++ }
func (s *sink) Click(*event.Click)           {}
func (s *sink) Conversion(*event.Conversion) {}
func (s *sink) Reject(*event.Rejected)       { s.rejects++ }

func BenchmarkDecodeTypical(b *testing.B) {
	d := jsonimp.New(codecs.Config{})
	rec := &codecs.Record{Value: []byte(typical)}
	s := new(sink)
	b.SetBytes(int64(len(typical)))
	b.ReportAllocs()
	for b.Loop() {
		d.Decode(rec, s)
	}
	if s.rejects > 0 {
		b.Fatal("rejected")
	}
}
