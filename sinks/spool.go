package sinks

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"
)

// chunkBytes is the size of the pieces a spool keeps in memory.
const chunkBytes = 64 << 10

// chunks lends memory to spools and takes it back. Up to idleMax pieces are
// kept for the next cut.
type chunks struct {
	mu      sync.Mutex
	free    [][]byte
	idleMax int
}

func (c *chunks) get() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		b := c.free[n-1]
		c.free = c.free[:n-1]
		return b
	}
	return make([]byte, 0, chunkBytes)
}

func (c *chunks) put(bs [][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range bs {
		if len(c.free) < c.idleMax {
			c.free = append(c.free, b[:0])
		}
	}
}

// spool holds the bytes of one file until it is uploaded: the first part in a
// temporary file once there is much of it, the rest in memory. One goroutine
// writes; when it is done any number may read.
//
// A full disk loses nothing: what cannot be spilled stays in memory, the writer
// is told through budget.full, and stops asking for more input.
type spool struct {
	chunks *chunks
	budget *budget
	dir    string // "" never spills
	limit  int    // bytes in memory before a spill
	sum    hash.Hash
	size   int64

	file    *os.File
	spilled int64 // bytes [0, spilled) are in file
	mem     [][]byte
	memSize int
}

func newSpool(c *chunks, b *budget, dir string, limit int) *spool {
	return &spool{chunks: c, budget: b, dir: dir, limit: limit, sum: sha256.New()}
}

// Write never fails: rows that were accepted are never lost for want of disk.
func (s *spool) Write(p []byte) (int, error) {
	s.sum.Write(p)
	s.size += int64(len(p))
	s.memSize += len(p)
	s.budget.add(int64(len(p)))
	for rest := p; len(rest) > 0; {
		last := len(s.mem) - 1
		if last < 0 || len(s.mem[last]) == cap(s.mem[last]) {
			s.mem = append(s.mem, s.chunks.get())
			last++
		}
		n := min(len(rest), cap(s.mem[last])-len(s.mem[last]))
		s.mem[last] = append(s.mem[last], rest[:n]...)
		rest = rest[n:]
	}
	if s.memSize >= s.limit && s.dir != "" {
		s.budget.report(s.spill())
	}
	return len(p), nil
}

// spill moves what is in memory to the temporary file; on error it stays.
func (s *spool) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, spoolPattern)
		if err != nil {
			return failed("spool", s.dir, err)
		}
		s.file = f
	}
	at := s.spilled
	for _, b := range s.mem {
		if _, err := s.file.WriteAt(b, at); err != nil {
			return failed("spool", s.file.Name(), err)
		}
		at += int64(len(b))
	}
	s.chunks.put(s.mem)
	s.budget.add(-int64(s.memSize))
	s.mem, s.memSize, s.spilled = s.mem[:0], 0, at
	return nil
}

// digest is the SHA-256 of all bytes written.
func (s *spool) digest() (d Digest) {
	s.sum.Sum(d[:0])
	return d
}

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	total := 0
	if off < s.spilled {
		n, err := s.file.ReadAt(p[:min(int64(len(p)), s.spilled-off)], off)
		total += n
		if err != nil && (err != io.EOF || off+int64(n) < s.spilled) {
			return total, failed("spool", s.file.Name(), err)
		}
	}
	at := off + int64(total) - s.spilled
	for _, b := range s.mem {
		if total == len(p) {
			break
		}
		if at < int64(len(b)) {
			n := copy(p[total:], b[at:])
			total += n
			at += int64(n)
		}
		at -= int64(len(b))
	}
	if total < len(p) {
		return total, io.EOF
	}
	return total, nil
}

// release gives memory back and removes the temporary file.
func (s *spool) release() error {
	s.chunks.put(s.mem)
	s.budget.add(-int64(s.memSize))
	s.mem, s.memSize = nil, 0
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	err := f.Close()
	if rm := os.Remove(f.Name()); err == nil {
		err = rm
	}
	if err != nil {
		return fmt.Errorf("sinks: cannot remove the spool file: %w", err)
	}
	return nil
}

// spoolPattern names temporary files; leftovers of a killed process match it.
const spoolPattern = "adjoin-spool-*.tmp"

// budget counts the memory of all open cuts and remembers whether the spool
// disk is full.
type budget struct {
	mu    sync.Mutex
	bytes int64
	full  error
}

func (b *budget) add(n int64) {
	b.mu.Lock()
	b.bytes += n
	b.mu.Unlock()
}

func (b *budget) report(err error) {
	b.mu.Lock()
	b.full = err
	b.mu.Unlock()
}

func (b *budget) state() (bytes int64, full error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes, b.full
}
