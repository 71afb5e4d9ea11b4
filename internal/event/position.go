package event

import "fmt"

// Offset is a position in one Kafka partition, or in the journal.
type Offset int64

// Partition names one source partition.
type Partition struct {
	Topic string
	ID    int32
}

// String is "topic/partition".
func (p Partition) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.ID) }

// Compare orders partitions by topic name, then number.
func (p Partition) Compare(q Partition) int {
	switch {
	case p.Topic < q.Topic:
		return -1
	case p.Topic > q.Topic:
		return 1
	case p.ID < q.ID:
		return -1
	case p.ID > q.ID:
		return 1
	}
	return 0
}

// Position is the place of one event in the input: a line of a record. Lines
// count from 0; a record that holds one event is line 0. It is the last part of
// the order of records that share an id (semantics D1) and the key of a row in
// rejected_events.
type Position struct {
	Partition
	Offset Offset
	Line   int32
}

// Compare orders positions by topic, partition, offset and line.
func (p Position) Compare(q Position) int {
	if c := p.Partition.Compare(q.Partition); c != 0 {
		return c
	}
	switch {
	case p.Offset < q.Offset:
		return -1
	case p.Offset > q.Offset:
		return 1
	case p.Line < q.Line:
		return -1
	case p.Line > q.Line:
		return 1
	}
	return 0
}

// String is "topic/partition@offset" with ":line" added beyond line 0.
func (p Position) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s@%d", p.Partition, p.Offset)
	}
	return fmt.Sprintf("%s@%d:%d", p.Partition, p.Offset, p.Line)
}

// Range is a half-open interval [From, To) of offsets of one partition. A
// source stamps every batch with the range it covers; a shard applies it only
// where it continues what the shard already has.
type Range struct {
	Partition
	From, To Offset
}

// Vector is how far a shard has applied each partition: the next offset it
// wants. It only grows.
type Vector map[Partition]Offset

// Clone copies the vector.
func (v Vector) Clone() Vector {
	w := make(Vector, len(v))
	for p, o := range v {
		w[p] = o
	}
	return w
}
