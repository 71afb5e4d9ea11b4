package actors

import (
	"testing"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// BenchmarkRouter_OneRecordAChunk is a quiet topic with 64 shards, where what a
// chunk costs besides its record shows most.
func BenchmarkRouter_OneRecordAChunk(b *testing.B) {
	r := newRouter(Topic{NewDecoder: func() codecs.Decoder { return jsonimp.New(codecs.Config{}) }}, 64, nil)
	p := event.Partition{Topic: "impressions"}
	r.start(p.ID, 0)
	value := []byte(`{"impression_id":"i-1","timestamp":"2026-03-28T12:00:00Z","user_id":"u-1","campaign_id":"c-1","creative_id":"cr-1"}`)
	c := kafka.Chunk{Records: []kafka.Record{{Time: 1774699200000000, Value: value}}}
	var out []routed
	b.ReportAllocs()
	for i := range b.N {
		c.Range = event.Range{Partition: p, From: event.Offset(i), To: event.Offset(i + 1)}
		c.Records[0].Offset = event.Offset(i)
		var err error
		if out, err = r.route(&c, out[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
