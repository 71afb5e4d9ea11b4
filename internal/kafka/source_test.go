package kafka

import (
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
)

func TestSourceReadsWhatTheProducerWrote(t *testing.T) {
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		t.Run(codec, func(t *testing.T) {
			_, cfg := startEmbedded(t, embedded.Topic{Name: "in", Partitions: 2})
			p := event.Partition{Topic: "in", ID: 1}
			fill(t, cfg, p, 0, 2500, ProducerConfig{BatchRecords: 700, Compression: codec})
			for _, from := range []event.Offset{0, 1, 699, 700, 2499} {
				s := openAt(t, cfg, p, from, nil)
				records, _ := readTo(t, s, from, 2500)
				if len(records) != int(2500-from) {
					t.Fatalf("from %d: %d records", from, len(records))
				}
				for i, r := range records {
					n := int(from) + i
					want := fmtRecord(n)
					if int(r.Offset) != n || string(r.Key) != want.key || string(r.Value) != want.value || r.Time != want.time {
						t.Fatalf("record %d is %d %q %q %d", n, r.Offset, r.Key, r.Value, r.Time)
					}
				}
				s.Close()
			}
		})
	}
}
