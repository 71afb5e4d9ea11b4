package dump

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// runBytes is how much of an unordered file is sorted in memory at a time.
const runBytes = 64 << 20

// Sorted gives the records of one file by partition and offset inside each
// partition. See OpenSorted.
type Sorted struct {
	plain *Reader // the file is in order already
	runs  []*run  // else sorted pieces of it, merged
	temp  string
	last  *run // whose record the caller holds
	prev  Record
	begun bool
}

// run is one sorted piece and the first record not yet given.
type run struct {
	from *Reader
	head Record
	done bool
}

// OpenSorted opens a file so that every partition's offsets come in ascending
// order. A file that is in that order, as everything a Folder writes, is
// streamed as it is, partitions interleaved; any other is sorted by (partition,
// offset) through temporary files in tempDir ("" is the system's), with about
// 64 MiB of memory. A record that is there twice is given once; two different
// records at one position are an error.
func OpenSorted(path, tempDir string) (*Sorted, error) {
	return openSorted(path, tempDir, runBytes)
}

func openSorted(path, tempDir string, limit int) (*Sorted, error) {
	ordered, err := inOrder(path)
	if err != nil {
		return nil, err
	}
	if ordered {
		r, err := Open(path)
		return &Sorted{plain: r}, err
	}
	s := &Sorted{}
	if s.temp, err = os.MkdirTemp(tempDir, "adjoin-dump-"); err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	if err := s.split(path, limit); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func inOrder(path string) (bool, error) {
	r, err := Open(path)
	if err != nil {
		return false, err
	}
	last := map[int32]int64{}
	var rec Record
	for err = r.Next(&rec); err == nil; err = r.Next(&rec) {
		if o, seen := last[rec.Partition]; seen && rec.Offset <= o {
			return false, r.Close()
		}
		last[rec.Partition] = rec.Offset
	}
	if err != io.EOF {
		return false, errors.Join(err, r.Close())
	}
	return true, r.Close()
}

// split writes the file as sorted runs.
func (s *Sorted) split(path string, limit int) error {
	r, err := Open(path)
	if err != nil {
		return err
	}
	var batch []Record
	held := 0
	var rec Record
	for err = r.Next(&rec); err == nil; err = r.Next(&rec) {
		batch = append(batch, rec.clone())
		if held += rec.size(); held >= limit {
			if err := s.spill(batch); err != nil {
				return errors.Join(err, r.Close())
			}
			batch, held = batch[:0], 0
		}
	}
	if err != io.EOF {
		return errors.Join(err, r.Close())
	}
	return errors.Join(s.spill(batch), r.Close())
}

func (s *Sorted) spill(batch []Record) error {
	slices.SortStableFunc(batch, func(a, b Record) int { return comparePosition(&a, &b) })
	f, err := os.CreateTemp(s.temp, "run-*"+suffixPlain)
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	w := NewWriter(f)
	for i := range batch {
		if err := w.Write(&batch[i]); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		return err
	}
	r, err := Open(f.Name())
	if err != nil {
		return err
	}
	next := &run{from: r}
	s.runs = append(s.runs, next)
	return next.advance()
}

func (r *run) advance() error {
	err := r.from.Next(&r.head)
	if err == io.EOF {
		r.done = true
		return nil
	}
	return err
}

func comparePosition(a, b *Record) int {
	return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
}

// Next reads one record into rec, or returns io.EOF. Its slices stay valid
// until the next call.
func (s *Sorted) Next(rec *Record) error {
	if s.plain != nil {
		return s.plain.Next(rec)
	}
	for {
		least, err := s.least()
		if err != nil {
			return err
		}
		if s.begun && comparePosition(&s.prev, &least.head) == 0 {
			if !sameRecord(&s.prev, &least.head) {
				return fmt.Errorf("dump: two different records at %s/%d@%d: are two clusters mixed in one file?",
					least.head.Topic, least.head.Partition, least.head.Offset)
			}
			continue
		}
		s.prev, s.begun = least.head.clone(), true
		*rec = s.prev
		return nil
	}
}

// least is the run whose head comes next. The run given last moves on first:
// only now may its record be overwritten.
func (s *Sorted) least() (*run, error) {
	if s.last != nil {
		if err := s.last.advance(); err != nil {
			return nil, err
		}
	}
	s.last = nil
	for _, r := range s.runs {
		if !r.done && (s.last == nil || comparePosition(&r.head, &s.last.head) < 0) {
			s.last = r
		}
	}
	if s.last == nil {
		return nil, io.EOF
	}
	return s.last, nil
}

func sameRecord(a, b *Record) bool {
	same := a.Topic == b.Topic && a.TimestampMS == b.TimestampMS && len(a.Headers) == len(b.Headers) &&
		sameBytes(a.Key, b.Key) && sameBytes(a.Value, b.Value)
	for i := 0; same && i < len(a.Headers); i++ {
		same = a.Headers[i].Key == b.Headers[i].Key && sameBytes(a.Headers[i].Value, b.Headers[i].Value)
	}
	return same
}

func sameBytes(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// Close closes the file and deletes what was spilled.
func (s *Sorted) Close() error {
	if s.plain != nil {
		return s.plain.Close()
	}
	var faults []error
	for _, r := range s.runs {
		faults = append(faults, r.from.Close())
	}
	return errors.Join(append(faults, os.RemoveAll(s.temp))...)
}
