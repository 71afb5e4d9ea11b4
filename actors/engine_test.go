package actors

import (
	"testing"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/table"
)

func TestUntilEnd_OfEmptyTopics(t *testing.T) {
	w := newWorld(t)
	s := w.toEnd(w.config())
	if s.Commit == journal.NoOffset || s.Files != 0 || len(s.Rows) != 0 {
		t.Fatalf("%+v, want a commit of the start positions and no file", s)
	}
	if again := w.toEnd(w.config()); again.Files != 0 {
		t.Fatalf("%+v", again)
	}
}

func TestUntilEnd_WithoutTopics(t *testing.T) {
	w := newWorld(t)
	cfg := w.config()
	cfg.Topics = nil
	w.toEnd(cfg)
}

func TestUntilEnd_IsTheReplay(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 1, 300)...)
	s := w.toEnd(w.config())
	w.same()
	_, replayed := w.replayed()
	for topic, n := range replayed.Events {
		if s.Events[topic] != n || s.Records[topic] != replayed.Records[topic] {
			t.Errorf("%s: %d events in %d records, the replay has %d in %d", topic, s.Events[topic], s.Records[topic], n, replayed.Records[topic])
		}
	}
	again := w.toEnd(w.config())
	for _, name := range []table.Name{table.Bids, table.Wins, table.Impressions, table.Clicks, table.Conversions, table.Attributions, table.RejectedEvents} {
		if n := again.Rows[string(name)]; n != 0 {
			t.Errorf("a second run over the same topics wrote %d rows of %s", n, name)
		}
	}
	w.same()
}
