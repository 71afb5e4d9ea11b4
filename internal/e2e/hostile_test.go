package e2e

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/kafka"
)

// A record of 10 MB, one nested 10,000 deep and one that unpacks to 96 MiB are
// one row of rejected_events each, and memory stays bounded (F36, S9, S10).
func TestBadMoments_HostileRecords(t *testing.T) {
	d := newDeployment(t, broker(t).Addrs(), "")
	d.write(t)
	d.create(t, 1, map[string]string{"max.message.bytes": "33554432"})
	d.impressions(t, 0, 500)
	before := d.peakUntilSettled(t)

	large := append(append([]byte(`{"impression_id":"large","x":"`), bytes.Repeat([]byte("y"), 10_000_000)...), `"}`...)
	deep := []byte(strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000))
	d.produce(t, "impressions", kafka.ProducerConfig{}, large, deep)
	d.produce(t, "impressions", kafka.ProducerConfig{Compression: "zstd"}, make([]byte, 96<<20))
	d.impressions(t, 500, 510)
	after := d.peakUntilSettled(t)
	t.Logf("peak memory %d MiB with small records, %d MiB with hostile ones", before>>20, after>>20)
	if after-before > 128<<20 {
		t.Errorf("hostile records take %d MiB, more than 128", (after-before)>>20)
	}
	d.untilEnd(t)
	same(t, "rejected", d.table(t, `select "offset", reason, count(*) n from rejected_events_current group by all order by all`),
		"500 TOO_LARGE 1\n501 TOO_LARGE 1\n502 TOO_LARGE 1")
	same(t, "what was kept of them", d.table(t, `select max(octet_length(raw_bytes_truncated)) <= 1024 from rejected_events_current`), "true")
	same(t, "rows", d.table(t, "select count(*) from fact_impressions_current"), "510")
}

// peakUntilSettled runs a node until everything is in a commit and returns the
// greatest memory it had.
func (d *deployment) peakUntilSettled(t *testing.T) int64 {
	t.Helper()
	p := d.start(t)
	p.waitFor(t, time.Minute, "commit of everything", d.settled(t))
	peak := p.peakBytes(t)
	p.end(syscall.SIGTERM)
	p.wait(t, time.Second).ok(t, 0)
	return peak
}
