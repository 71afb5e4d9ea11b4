package csvevents_test

import (
	"strings"
	"testing"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/csvevents"
	"github.com/advertisex/adjoin/internal/event"
)

type counter struct{ events, rejects int }

func (c *counter) Bid(*event.Bid)               {}
func (c *counter) Impression(*event.Impression) {}
func (c *counter) Click(*event.Click)           { c.events++ }
func (c *counter) Conversion(*event.Conversion) { c.events++ }
func (c *counter) Reject(*event.Rejected)       { c.rejects++ }

// BenchmarkDecodeClicks decodes records of a header and 64 lines; its figures
// are for a line.
func BenchmarkDecodeClicks(b *testing.B) {
	const lines = 64
	line := strings.ReplaceAll(clickLine, `"Mozilla, ""5"""`, "Mozilla/5.0")
	d := decoder(b, csvevents.Config{})
	rec, c := &codecs.Record{Value: []byte(clickHeader + strings.Repeat(line, lines))}, new(counter)
	b.ReportAllocs()
	for i := 0; i < b.N; i += lines {
		d.Decode(rec, c)
	}
	if c.rejects > 0 || c.events == 0 {
		b.Fatal("rejected")
	}
}
