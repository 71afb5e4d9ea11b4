package fact

import (
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
)

// Ledger is the accounts of all partitions, by ordinal: the order in which the
// shard first saw them. An ordinal stands for its partition in row positions.
type Ledger struct {
	list    []Account
	ordinal map[event.Partition]uint32
	last    uint32 // most records come in runs of one partition
	pipes   pipes
}

// At is the account of p, made when it is new. The pointer is good until the
// next call.
func (l *Ledger) At(p event.Partition) *Account { return &l.list[l.Of(p)] }

// Of is the ordinal of p.
func (l *Ledger) Of(p event.Partition) uint32 {
	if int(l.last) < len(l.list) && l.list[l.last].Partition == p {
		return l.last
	}
	if n, ok := l.ordinal[p]; ok {
		l.last = n
		return n
	}
	if l.ordinal == nil {
		l.ordinal = make(map[event.Partition]uint32)
	}
	p.Topic = strings.Clone(p.Topic)
	n := uint32(len(l.list))
	l.list = append(l.list, Account{Partition: p, Rejected: make([]int64, len(event.Reasons())+1)})
	l.ordinal[p] = n
	l.last = n
	return n
}

// Accounts copies the ledger, sorted by partition.
func (l *Ledger) Accounts() []Account {
	out := l.InOrder()
	slices.SortFunc(out, func(a, b Account) int { return a.Partition.Compare(b.Partition) })
	return out
}

// InOrder copies the ledger, in the order of ordinals.
func (l *Ledger) InOrder() []Account {
	out := slices.Clone(l.list)
	for i := range out {
		out[i].Rejected = slices.Clone(out[i].Rejected)
	}
	return out
}

// Len is the number of partitions.
func (l *Ledger) Len() int { return len(l.list) }

// Account is the account of an ordinal. It is good until the next new partition.
func (l *Ledger) Account(n uint32) *Account { return &l.list[n] }

// Partition is the partition of an ordinal. Its topic may be kept.
func (l *Ledger) Partition(n uint32) event.Partition { return l.list[n].Partition }

// Count adds a record to its class, or with by -1 takes it out: in the account
// of its partition and in the minute of its Kafka timestamp.
func (l *Ledger) Count(p event.Partition, ingest event.Time, c Class, by int64) {
	if c == Unclassed {
		return
	}
	r, a := l.Pipe(p, ingest), l.At(p)
	switch c {
	case Fact:
		a.Facts += by
		r.Facts += by
	case Conflict:
		a.Conflicts += by
		r.Conflicts += by
	case Duplicate:
		a.Duplicates += by
		r.Duplicates += by
	}
}

// Reject is Count for a reason other than DUP_ID_CONFLICT.
func (l *Ledger) Reject(p event.Partition, ingest event.Time, why event.Reason, by int64) {
	l.At(p).Rejected[why] += by
	l.Pipe(p, ingest).reject(why, by)
}

// Account is the ledger of one partition: the classes in which its records
// ended (ST4). They are cumulative. A correction may move a record from one
// class to another, but the sum only grows.
type Account struct {
	event.Partition
	Facts      int64
	Duplicates int64 // dup_exact
	Conflicts  int64 // DUP_ID_CONFLICT
	Erased     int64
	Rejected   []int64 // by event.Reason, without DUP_ID_CONFLICT
}

// Consumed is the number of records accounted for (K2).
func (a *Account) Consumed() int64 {
	n := a.Facts + a.Duplicates + a.Conflicts + a.Erased
	for _, r := range a.Rejected {
		n += r
	}
	return n
}
