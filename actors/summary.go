package actors

import (
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
)

// Summary is what a run did, by its valid commits.
type Summary struct {
	Records map[string]int64           // Kafka records by topic
	Events  map[string]int64           // events in them by topic
	Classes map[string]journal.Classes // the ledger by topic (ST4)
	Rows    map[string]int64           // by table
	Files   int64
	Bytes   int64
	Commit  event.Offset // of the last commit of this run, NoOffset for none
	Cuts    int64
}

// journalTotals adds up the valid commits of an incarnation.
type journalTotals struct{ s Summary }

func (t *journalTotals) add(at event.Offset, commit *journal.Commit) {
	s := &t.s
	if s.Rows == nil {
		s.Records, s.Events = map[string]int64{}, map[string]int64{}
		s.Classes, s.Rows = map[string]journal.Classes{}, map[string]int64{}
	}
	s.Cuts++
	s.Commit = at
	for _, f := range commit.Files {
		s.Rows[f.Table] += f.Rows
		s.Bytes += f.Bytes
		s.Files++
	}
	for _, l := range commit.Ledger {
		s.Records[l.Topic] += l.Records
		s.Events[l.Topic] += l.Events
		have := journal.PartitionLedger{Classes: s.Classes[l.Topic]}
		s.Classes[l.Topic] = have.Plus(journal.PartitionLedger{Classes: l.Classes}).Classes
	}
}

func (t *journalTotals) summary() Summary {
	if t.s.Rows == nil {
		t.s.Commit = journal.NoOffset
	}
	return t.s
}
