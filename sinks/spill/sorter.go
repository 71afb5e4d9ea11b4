package spill

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Record is a key and its value. Records are ordered by key, then by value, both
// as bytes.
type Record struct{ Key, Value []byte }

func (r Record) compare(o Record) int {
	return cmp.Or(bytes.Compare(r.Key, o.Key), bytes.Compare(r.Value, o.Value))
}

// pieceBytes is the size of the pieces that records are kept in.
const pieceBytes = 1 << 20

// entry finds one record in memory. Most comparisons end at the prefix.
type entry struct {
	prefix uint64 // first bytes of the key
	piece  uint32 // which piece
	offset uint32 // where in it
}

const entryBytes = 16

// Sorter collects records. It is not safe for concurrent use.
type Sorter struct {
	dir    string
	budget int

	pieces  [][]byte // uvarint length of key, key, uvarint length of value, value
	used    int      // pieces that hold records; the others are kept for reuse
	entries []entry
	records int64
	runs    []*os.File
}

// New is an empty sorter that holds at most about budget bytes in memory and
// puts the rest into the folder dir, "" for the system's temporary one.
func New(dir string, budget int) *Sorter { return &Sorter{dir: dir, budget: budget} }

// Len is how many records were added.
func (s *Sorter) Len() int64 { return s.records }

// Add takes a record; it copies both parts. It fails only when a run cannot be
// written.
func (s *Sorter) Add(key, value []byte) error {
	size := 2*binary.MaxVarintLen32 + len(key) + len(value)
	if s.used == 0 || cap(s.pieces[s.used-1])-len(s.pieces[s.used-1]) < size {
		if len(s.entries) > 0 && (s.used+1)*pieceBytes+len(s.entries)*entryBytes > s.budget {
			if err := s.spill(); err != nil {
				return err
			}
		}
		s.nextPiece(size)
	}
	b := s.pieces[s.used-1]
	var prefix [8]byte
	copy(prefix[:], key)
	s.entries = append(s.entries, entry{binary.BigEndian.Uint64(prefix[:]), uint32(s.used - 1), uint32(len(b))})
	s.pieces[s.used-1] = appendRecord(b, Record{key, value})
	s.records++
	return nil
}

// nextPiece makes room for a record of the given size.
func (s *Sorter) nextPiece(size int) {
	if s.used == len(s.pieces) {
		s.pieces = append(s.pieces, nil)
	}
	if cap(s.pieces[s.used]) < size {
		s.pieces[s.used] = make([]byte, 0, max(pieceBytes, size))
	}
	s.used++
}

func appendRecord(b []byte, r Record) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(r.Key))), r.Key...)
	return append(binary.AppendUvarint(b, uint64(len(r.Value))), r.Value...)
}

func (s *Sorter) record(e entry) Record {
	b := s.pieces[e.piece][e.offset:]
	n, w := binary.Uvarint(b)
	key := b[w : w+int(n) : w+int(n)]
	b = b[w+int(n):]
	n, w = binary.Uvarint(b)
	return Record{key, b[w : w+int(n) : w+int(n)]}
}

func (s *Sorter) sortEntries() {
	slices.SortFunc(s.entries, func(a, b entry) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		return s.record(a).compare(s.record(b))
	})
}

// spill writes what is in memory as a run.
func (s *Sorter) spill() error {
	s.sortEntries()
	f, err := os.CreateTemp(s.dir, "adjoin-run-*")
	if err != nil {
		return fmt.Errorf("spill: a folder to sort in is needed: %w", err)
	}
	s.runs = append(s.runs, f)
	err = os.Remove(f.Name())
	if err := errors.Join(err, writeRun(f, s)); err != nil {
		return fmt.Errorf("spill: sorting in the folder of %s: %w", f.Name(), err)
	}
	for i := range s.pieces {
		s.pieces[i] = s.pieces[i][:0]
	}
	s.entries, s.used = s.entries[:0], 0
	return nil
}

// Sort returns a reader of all records in order. More records may be added
// afterwards and Sort called again; both end the reader before.
func (s *Sorter) Sort() (*Reader, error) { return Merge(s) }

// Merge returns a reader of the records of several sorters, as if they were in
// one.
func Merge(sorters ...*Sorter) (*Reader, error) {
	r := &Reader{}
	for _, s := range sorters {
		s.sortEntries()
		for _, f := range s.runs {
			if err := r.join(newRunStream(f)); err != nil {
				return nil, fmt.Errorf("spill: reading a run: %w", err)
			}
		}
		if err := r.join(&memoryStream{sorter: s}); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Close gives up all records and closes the runs.
func (s *Sorter) Close() error {
	var err error
	for _, f := range s.runs {
		err = errors.Join(err, f.Close())
	}
	*s = Sorter{dir: s.dir, budget: s.budget}
	return err
}
