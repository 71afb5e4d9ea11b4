package spill

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/s2"
)

// runBuffer is the buffer of a run while it is written or read.
const runBuffer = 256 << 10

// stream yields records in order.
type stream interface {
	// advance moves to the next record and reports whether there is one. The record
	// before is gone.
	advance() (ok bool, err error)
	record() Record
}

// Reader merges sorted streams: the smallest record of all is at the top of a
// heap.
type Reader struct {
	heap    []stream
	started bool // the record at the top was handed out
}

// join puts a stream into the heap, on its first record.
func (r *Reader) join(s stream) error {
	ok, err := s.advance()
	if err != nil || !ok {
		return err
	}
	r.heap = append(r.heap, s)
	for i := len(r.heap) - 1; i > 0 && r.less(i, (i-1)/2); i = (i - 1) / 2 {
		r.heap[i], r.heap[(i-1)/2] = r.heap[(i-1)/2], r.heap[i]
	}
	return nil
}

func (r *Reader) less(i, j int) bool { return r.heap[i].record().compare(r.heap[j].record()) < 0 }

// Next is the next record, or io.EOF after the last. It is valid until the next
// call.
func (r *Reader) Next() (Record, error) {
	if r.started {
		if err := r.advance(); err != nil {
			return Record{}, fmt.Errorf("spill: reading a run: %w", err)
		}
	}
	if len(r.heap) == 0 {
		return Record{}, io.EOF
	}
	r.started = true
	return r.heap[0].record(), nil
}

// advance moves the stream at the top on, and to where it then belongs.
func (r *Reader) advance() error {
	ok, err := r.heap[0].advance()
	if err != nil {
		return err
	}
	last := len(r.heap) - 1
	if !ok {
		r.heap[0] = r.heap[last]
		r.heap[last] = nil
		r.heap = r.heap[:last]
	}
	for i := 0; ; {
		least := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < len(r.heap) && r.less(child, least) {
				least = child
			}
		}
		if least == i {
			r.started = len(r.heap) > 0
			return nil
		}
		r.heap[i], r.heap[least] = r.heap[least], r.heap[i]
		i = least
	}
}

// memoryStream is the records that no run holds.
type memoryStream struct {
	sorter *Sorter
	next   int
	now    Record
}

func (m *memoryStream) advance() (bool, error) {
	if m.next == len(m.sorter.entries) {
		return false, nil
	}
	m.now = m.sorter.record(m.sorter.entries[m.next])
	m.next++
	return true, nil
}

func (m *memoryStream) record() Record { return m.now }

// writeRun writes the sorted records in memory.
func writeRun(f *os.File, s *Sorter) error {
	packed := s2.NewWriter(f, s2.WriterConcurrency(1), s2.WriterBlockSize(runBuffer))
	out := bufio.NewWriterSize(packed, runBuffer)
	var buf []byte
	for _, e := range s.entries {
		buf = appendRecord(buf[:0], s.record(e))
		if _, err := out.Write(buf); err != nil {
			return err
		}
	}
	return errors.Join(out.Flush(), packed.Close())
}

// runStream reads a run from its beginning.
type runStream struct {
	file  *os.File
	in    *bufio.Reader // nil before the first record
	parts [2][]byte
}

func newRunStream(f *os.File) *runStream { return &runStream{file: f} }

func (r *runStream) advance() (bool, error) {
	if r.in == nil {
		if _, err := r.file.Seek(0, io.SeekStart); err != nil {
			return false, err
		}
		r.in = bufio.NewReaderSize(s2.NewReader(r.file, s2.ReaderMaxBlockSize(runBuffer)), 64<<10)
	}
	for i := range r.parts {
		n, err := binary.ReadUvarint(r.in)
		if i == 0 && errors.Is(err, io.EOF) {
			return false, nil
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return false, err
		}
		if uint64(cap(r.parts[i])) < n {
			r.parts[i] = make([]byte, n+n/2)
		}
		r.parts[i] = r.parts[i][:n]
		if _, err := io.ReadFull(r.in, r.parts[i]); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *runStream) record() Record { return Record{r.parts[0], r.parts[1]} }
