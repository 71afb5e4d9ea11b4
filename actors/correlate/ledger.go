package correlate

import (
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// ledger is the accounts of all partitions, by ordinal: the order in which the
// shard first saw them. An ordinal stands for its partition in row positions.
type ledger struct {
	list    []Account
	ordinal map[event.Partition]uint32
	last    uint32 // most records come in runs of one partition
}

// at is the account of p, made when it is new. The pointer is good until the
// next call.
func (l *ledger) at(p event.Partition) *Account { return &l.list[l.of(p)] }

// of is the ordinal of p.
func (l *ledger) of(p event.Partition) uint32 {
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

// accounts copies the ledger, sorted by partition.
func (l *ledger) accounts() []Account {
	out := slices.Clone(l.list)
	for i := range out {
		out[i].Rejected = slices.Clone(out[i].Rejected)
	}
	slices.SortFunc(out, func(a, b Account) int { return a.Partition.Compare(b.Partition) })
	return out
}

// meta is the end of a row that states the record e. The text of the flags is
// made once for each combination.
func (s *Shard) meta(e *event.Envelope, op string, flags event.Flags) table.Meta {
	m := table.Meta{
		RowVersion: int64(s.open.Number), Op: op, EmittedAt: s.open.EmittedAt,
		IngestTime: e.Ingest, SrcPartition: e.ID, SrcOffset: int64(e.Offset),
	}
	if flags != 0 {
		text, ok := s.flagTexts[flags]
		if !ok {
			text = flags.String()
			s.flagTexts[flags] = text
		}
		m.Flags = text
	}
	return m
}

func cloned(text string) string { return strings.Clone(text) }
