package actors

import (
	"testing"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/internal/event"
)

func TestT7_WithoutUserlessChildrenTheFrontierIsUsedAtOnce(t *testing.T) {
	var h held
	for f := event.Time(1); f < 5; f++ {
		if got := h.next(f, false); got != f || h.behind() {
			t.Fatalf("frontier %d: %d used", f, got)
		}
		h.cut(false, true)
	}
}

func TestR3_TheFrontierStaysBehindLinks(t *testing.T) {
	var h held
	if got := h.next(10, true); got != event.MinTime {
		t.Fatalf("a userless child has just come: %d used", got)
	}
	h.cut(true, false)
	for f := event.Time(11); f < 10+correlate.LinkHops; f++ {
		if got := h.next(f, false); got != event.MinTime {
			t.Fatalf("links of the first cut may be on their way, frontier %d: %d used", f, got)
		}
		h.cut(true, false)
	}
	if got := h.next(10+correlate.LinkHops, false); got != 10 {
		t.Fatalf("what came before 10 has gone round: %d used", got)
	}
	h.cut(true, true)
	if got := h.next(40, false); got != 10+correlate.LinkHops {
		t.Fatalf("the last cut sent nothing: %d used", got)
	}
	if !h.behind() {
		t.Fatal("40 waits")
	}
	h.cut(true, true)
	if got := h.next(40, false); got != 40 || h.behind() {
		t.Fatalf("%d used", got)
	}
}

func TestR3_LinksGoWhereTheyAreFor(t *testing.T) {
	got := map[event.Shard]string{}
	deliver([]event.Link{{Route: 5, Body: []byte("one")}, {All: true, Route: 5, Body: []byte("all")}}, 4,
		func(to event.Shard, body []byte) { got[to] += string(body) })
	want := map[event.Shard]string{0: "all", 1: "oneall", 2: "all", 3: "all"}
	for s := range want {
		if got[s] != want[s] {
			t.Errorf("shard %d got %q", s, got[s])
		}
	}
}
