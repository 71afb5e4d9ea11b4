package oracle

import (
	"maps"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// moment is a key of ops_pipeline_minute: a topic and a minute of Kafka
// timestamps (R-G8).
type moment struct {
	minute event.Time
	topic  string
}

// flow is what became of the events of a moment.
type flow struct {
	Classes
	late, matched int64
	lags          []int64 // milliseconds, of events with a usable time
}

type pipeline map[moment]*flow

// of is where an event counts: by its own record.
func (p pipeline) of(topic string, ingest event.Time) *flow {
	m := moment{floorTo(ingest, event.Minute), topic}
	f := p[m]
	if f == nil {
		f = &flow{Classes: Classes{Rejected: map[event.Reason]int64{}}}
		p[m] = f
	}
	return f
}

func (p pipeline) ofEvent(h *head) *flow { return p.of(h.pos.Topic, h.ingest) }

// join adds what another decoder counted.
func (p pipeline) join(other pipeline) {
	for m, o := range other {
		f := p.of(m.topic, m.minute)
		f.add(&o.Classes)
		f.late += o.late
		f.lags = append(f.lags, o.lags...)
	}
}

// ledger is the classes of whole topics (ST4).
func (p pipeline) ledger() Ledger {
	l := Ledger{}
	for m, f := range p {
		l.of(m.topic).add(&f.Classes)
	}
	return l
}

// rows is for when every event has its class and every child its parent.
func (p pipeline) rows() (rows []table.PipelineMinute) {
	for m, f := range p {
		r := table.PipelineMinute{
			BucketStart: m.minute, Topic: m.topic, Consumed: f.Total(),
			Facts: f.Fact, DupExact: f.DupExact, Rejected: f.Total() - f.Fact - f.DupExact,
			Late: f.late, Matched: f.matched, MatchRate: ratio(f.matched, f.Fact),
			Meta: table.Meta{Op: table.Upsert},
		}
		counts := map[string]int64{}
		for reason, n := range f.Classes.Rejected {
			counts[reason.String()] = n
		}
		if f.IDConflict > 0 {
			counts[event.DupIDConflict.String()] = f.IDConflict
		}
		for _, reason := range slices.Sorted(maps.Keys(counts)) {
			r.ByReason.KeyValue = append(r.ByReason.KeyValue, table.Pair{Key: reason, Value: decimal(counts[reason])})
		}
		slices.Sort(f.lags)
		r.LagMSP50, r.LagMSP99 = ranked(f.lags, 50), ranked(f.lags, 99)
		rows = append(rows, r)
	}
	slices.SortFunc(rows, table.ComparePipelineMinutes)
	return rows
}

// ranked is the nearest rank: the value at place ceil(n * percent / 100) of
// sorted ones, from 1.
func ranked(sorted []int64, percent int) *int64 {
	n := len(sorted)
	if n == 0 {
		return nil
	}
	return &sorted[(n*percent+99)/100-1]
}

// match counts the facts that are joined to a parent.
func (w *world) match(p pipeline) {
	for _, c := range w.clicks {
		if c.parent != nil {
			p.ofEvent(&c.head).matched++
		}
	}
	for _, c := range w.conversions {
		if len(c.path.touches) > 0 {
			p.ofEvent(&c.head).matched++
		}
	}
}
