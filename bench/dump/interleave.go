package dump

import (
	"cmp"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
)

// Interleaved gives the records of all topics of a folder in one order that
// keeps the order inside each partition.
type Interleaved struct {
	lanes []*lane    // with records left
	all   []*lane    // by topic and partition, for Find
	chaos *rand.Rand // nil: by time
}

// lane is the records of one partition in the order of their offsets.
type lane struct {
	records []Record
	next    int
}

func (l *lane) head() *Record { return &l.records[l.next] }

// OpenInterleaved opens the files of the named topics; a topic without a file
// has no records, a file of another topic is left out. Seed 0 orders by Kafka time, any other seed
// takes a partition at random for each record. The whole dump is read into
// memory: partitions may differ in length by as much as they like.
func OpenInterleaved(dir string, topics []string, seed uint64) (*Interleaved, error) {
	files, err := Files(dir)
	if err != nil {
		return nil, err
	}
	in := &Interleaved{}
	for _, path := range files {
		if topic, _ := topicOf(filepath.Base(path)); !slices.Contains(topics, topic) {
			continue
		}
		if err := in.read(path); err != nil {
			return nil, err
		}
	}
	if seed != 0 {
		in.chaos = rand.New(rand.NewPCG(seed, 0x9E3779B97F4A7C15))
	}
	return in, nil
}

func (in *Interleaved) read(path string) (err error) {
	sorted, err := OpenSorted(path, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sorted.Close()) }()
	lanes := map[int32]*lane{}
	for {
		var rec Record
		switch err := sorted.Next(&rec); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		l := lanes[rec.Partition]
		if l == nil {
			l = &lane{}
			lanes[rec.Partition] = l
			in.lanes, in.all = append(in.lanes, l), append(in.all, l)
		}
		l.records = append(l.records, rec.clone())
	}
}

// Next reads one record into rec, or returns io.EOF. Its slices stay valid.
func (in *Interleaved) Next(rec *Record) error {
	if len(in.lanes) == 0 {
		return io.EOF
	}
	at := in.choose()
	l := in.lanes[at]
	*rec = *l.head()
	if l.next++; l.next == len(l.records) {
		in.lanes = slices.Delete(in.lanes, at, at+1)
	}
	return nil
}

// choose is the lane whose turn it is.
func (in *Interleaved) choose() int {
	if in.chaos != nil {
		return in.chaos.IntN(len(in.lanes))
	}
	first := 0
	for i, l := range in.lanes {
		if cmp.Compare(l.head().TimestampMS, in.lanes[first].head().TimestampMS) < 0 {
			first = i
		}
	}
	return first
}

// Find reads the record at an offset into rec, whether Next has given it or
// not; false when there is none.
func (in *Interleaved) Find(topic string, partition int32, offset int64, rec *Record) bool {
	for _, l := range in.all {
		if first := &l.records[0]; first.Topic != topic || first.Partition != partition {
			continue
		}
		i, ok := slices.BinarySearchFunc(l.records, offset, func(r Record, o int64) int { return cmp.Compare(r.Offset, o) })
		if ok {
			*rec = l.records[i]
		}
		return ok
	}
	return false
}

// Close lets go of the records.
func (in *Interleaved) Close() error {
	in.lanes, in.all = nil, nil
	return nil
}
