package actors

import (
	"strings"
	"testing"
	"time"
)

// A node whose state is at its limit reads no more and says why. It drops
// nothing: with room it goes on to the same tables.
func TestST2_AtTheLimitNothingIsReadAndNothingDropped(t *testing.T) {
	w := newWorld(t)
	records := traffic(t, 31, 200)
	w.send(records[:len(records)/2]...)
	cfg := w.config()
	cfg.StateLimit = 1 << 10 // less than anything takes
	r := w.start(cfg)
	r.until("reading is paused", func(s Status) bool { return s.Paused })
	if s := r.engine.Stats().Snapshot(); !strings.Contains(s.NotReady, "state.memory_limit") {
		t.Errorf("readiness says %q", s.NotReady)
	}
	w.send(records[len(records)/2:]...)
	time.Sleep(10 * cfg.CutInterval)
	if w.durable(r.engine.Stats().Snapshot()) {
		t.Error("what came at the limit was read")
	}
	r.finish()
	w.toEnd(w.config())
	w.same()
}
