package journal

import (
	"fmt"
	"maps"

	"github.com/advertisex/adjoin/internal/event"
)

// PartitionLedger is the conservation ledger of one source partition (ST4): how
// many events were taken from it, and in which class each of them ended.
//
// In a Commit it holds what the cut ADDS: many nodes commit events of one
// partition, and shards move between them, so that only the sum over the valid
// commits is the partition's total (State.Ledger). An event that changes class
// (a fact that turns out to be a conflict, an erasure) is minus one in the old
// class and plus one in the new, so an addition may be negative in a class.
type PartitionLedger struct {
	event.Partition
	To      event.Offset // every event counted lies below it
	Records int64        // Kafka records
	Events  int64        // events in them: lines, headers not counted; an empty record is one
	Classes Classes
}

// Classes counts events by the class they ended in (ST4).
type Classes struct {
	Fact       int64
	DupExact   int64
	IDConflict int64
	Erased     int64
	Rejected   map[string]int64 // by reason code; nil when there are none
}

// Sum is the number of events in all classes.
func (c Classes) Sum() int64 {
	sum := c.Fact + c.DupExact + c.IDConflict + c.Erased
	for _, n := range c.Rejected {
		sum += n
	}
	return sum
}

// Balanced is an error with the numbers when the classes do not sum to the
// events taken (ST4, K2).
func (l PartitionLedger) Balanced() error {
	sum := l.Classes.Sum()
	if sum == l.Events {
		return nil
	}
	return fmt.Errorf("journal: ledger of %s below offset %d: %d events taken, %d accounted for (fact %d, dup_exact %d, id_conflict %d, erased %d, rejected %v); do not commit, report this",
		l.Partition, l.To, l.Events, sum, l.Classes.Fact, l.Classes.DupExact, l.Classes.IDConflict, l.Classes.Erased, l.Classes.Rejected)
}

// Plus is the sum of two ledgers of one partition.
func (l PartitionLedger) Plus(m PartitionLedger) PartitionLedger { return l.combine(m, 1) }

// Minus is what l has that m has not: the addition between two totals.
func (l PartitionLedger) Minus(m PartitionLedger) PartitionLedger { return l.combine(m, -1) }

func (l PartitionLedger) combine(m PartitionLedger, sign int64) PartitionLedger {
	l.To = max(l.To, m.To)
	l.Records += sign * m.Records
	l.Events += sign * m.Events
	c := &l.Classes
	c.Fact += sign * m.Classes.Fact
	c.DupExact += sign * m.Classes.DupExact
	c.IDConflict += sign * m.Classes.IDConflict
	c.Erased += sign * m.Classes.Erased
	c.Rejected = addCounts(c.Rejected, m.Classes.Rejected, sign)
	return l
}

// addCounts is a + sign*b in a new map without zeros, nil when nothing is left.
func addCounts(a, b map[string]int64, sign int64) map[string]int64 {
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	sum := make(map[string]int64, len(a)+len(b))
	maps.Copy(sum, a)
	for reason, n := range b {
		sum[reason] += sign * n
	}
	maps.DeleteFunc(sum, func(_ string, n int64) bool { return n == 0 })
	if len(sum) == 0 {
		return nil
	}
	return sum
}

// Balanced is the first imbalance among the commit's ledger additions. A commit
// that is not balanced is void; its author asks before writing it.
func (c *Commit) Balanced() error {
	for _, l := range c.Ledger {
		if err := l.Balanced(); err != nil {
			return err
		}
	}
	return nil
}
