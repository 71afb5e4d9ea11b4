package avrobid_test

import (
	"testing"

	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/internal/event"
)

func BenchmarkDecodeHot(b *testing.B) {
	e := full()
	e.Consent = ""
	value := avrobid.AppendBid(nil, e)
	d, c := decoder(b, avrobid.Config{}), new(discard)
	rec := record(value)
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	for b.Loop() {
		d.Decode(rec, c)
	}
	if c.rejects > 0 {
		b.Fatal("rejected")
	}
}

type discard struct{ rejects int }

func (*discard) Bid(*event.Bid)               {}
func (*discard) Impression(*event.Impression) {}
func (*discard) Click(*event.Click)           {}
func (*discard) Conversion(*event.Conversion) {}
func (d *discard) Reject(*event.Rejected)     { d.rejects++ }
