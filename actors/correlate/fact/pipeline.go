package fact

import (
	"cmp"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/delta"
)

// Pipe is what the open cut adds to a row of ops_pipeline_minute (R-G8): the
// ledger once more, by the minute of the Kafka timestamp.
type Pipe struct {
	Topic                                       string
	Minute                                      int32 // since 1970-01-01
	Facts, Duplicates, Conflicts, Late, Matched int64
	Rejected                                    []int64 // by event.Reason; nil for none
	lags                                        []int64 // ms
}

type pipeKey struct {
	topic  string
	minute int32
}

// pipes are the rows that the open cut adds to.
type pipes struct {
	rows   map[pipeKey]*Pipe
	recent []*Pipe // by ordinal of the partition: the row of its last record
}

// Minute is the minute that holds an instant, since 1970-01-01.
func Minute(t event.Time) int32 { return int32(t.Floor(event.Minute) / event.Time(event.Minute)) }

// Pipe is the row for records of p with a Kafka timestamp.
func (l *Ledger) Pipe(p event.Partition, ingest event.Time) *Pipe {
	n := l.Of(p)
	minute := Minute(ingest)
	if int(n) < len(l.pipes.recent) {
		if r := l.pipes.recent[n]; r != nil && r.Minute == minute {
			return r
		}
	} else {
		l.pipes.recent = append(l.pipes.recent, make([]*Pipe, int(n)+1-len(l.pipes.recent))...)
	}
	r := l.PipeOf(l.list[n].Topic, minute)
	l.pipes.recent[n] = r
	return r
}

// PipeOf is the row of a topic and minute. The topic is copied where it is kept.
func (l *Ledger) PipeOf(topic string, minute int32) *Pipe {
	k := pipeKey{topic, minute}
	r := l.pipes.rows[k]
	if r == nil {
		k.topic = strings.Clone(topic)
		r = &Pipe{Topic: k.topic, Minute: minute}
		if l.pipes.rows == nil {
			l.pipes.rows = make(map[pipeKey]*Pipe)
		}
		l.pipes.rows[k] = r
	}
	return r
}

// Admitted notes the lag of a record that T1, T2 and T7 let in.
func (l *Ledger) Admitted(e *event.Envelope, late bool) {
	r := l.Pipe(e.Partition, e.Ingest)
	r.lags = append(r.lags, FloorMS(e.Ingest.Sub(e.EventTime)))
	if late {
		r.Late++
	}
}

// Lags sorts and counts the lags of the row.
func (r *Pipe) Lags(into []delta.Count) []delta.Count {
	slices.Sort(r.lags)
	for from := 0; from < len(r.lags); {
		to := from + 1
		for to < len(r.lags) && r.lags[to] == r.lags[from] {
			to++
		}
		into = append(into, delta.Count{MS: r.lags[from], Times: int64(to - from)})
		from = to
	}
	return into
}

// TakePipes is every row that the cut adds to, by topic and minute; the next cut
// starts with none.
func (l *Ledger) TakePipes() []*Pipe {
	var list []*Pipe
	for _, r := range l.pipes.rows {
		if !r.even() {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *Pipe) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Minute, b.Minute))
	})
	clear(l.pipes.rows)
	clear(l.pipes.recent)
	return list
}

// even reports that all the row counted has been taken back: a cut that says
// nothing must not call for another.
func (r *Pipe) even() bool {
	for _, n := range r.Rejected {
		if n != 0 {
			return false
		}
	}
	return r.Facts == 0 && r.Duplicates == 0 && r.Conflicts == 0 && r.Late == 0 && r.Matched == 0 && len(r.lags) == 0
}

func (r *Pipe) reject(why event.Reason, by int64) {
	if r.Rejected == nil {
		r.Rejected = make([]int64, len(event.Reasons())+1)
	}
	r.Rejected[why] += by
}
