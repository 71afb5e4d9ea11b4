package e2e

import (
	"testing"
	"time"
)

// The demo joins what it sends, says so, and leaves nothing behind.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir, nil, binary, "demo", "--duration", "5s", "-o", "json").wait(t, 2*time.Minute).ok(t, 0)
	var doc struct {
		ReadySeconds float64          `json:"ready_seconds"`
		Records      map[string]int64 `json:"records"`
		Rows         map[string]int64 `json:"rows"`
		Ledger       struct{ Balanced bool }
		Truth        struct {
			Equal       bool
			Differences int
			First       []string
		}
		Lag int64
	}
	decode(t, r.stdout, &doc)
	t.Logf("ready in %.2f s, %v records, %v rows", doc.ReadySeconds, doc.Records, doc.Rows)
	if !doc.Truth.Equal || doc.Truth.Differences != 0 {
		t.Errorf("%d differences from the generator's truth: %q", doc.Truth.Differences, doc.Truth.First)
	}
	if !doc.Ledger.Balanced || doc.Lag != 0 {
		t.Errorf("ledger balanced: %v, lag %d", doc.Ledger.Balanced, doc.Lag)
	}
	// The goal is 3 s on two quiet cores; machines of tests are not quiet.
	if doc.ReadySeconds <= 0 || doc.ReadySeconds > 15 {
		t.Errorf("ready after %.1f s", doc.ReadySeconds)
	}
	for _, name := range []string{"fact_bids", "fact_impressions", "fact_clicks"} {
		if doc.Rows[name] == 0 {
			t.Errorf("no rows of %s: the comparison proves nothing", name)
		}
	}
}
