package csvevents

import (
	"bytes"
	"unsafe"
)

// splitting is how splitting a line ended.
type splitting uint8

const (
	split    splitting = iota
	badQuote           // a quote where none may be
	unclosed           // a quote that never closes
)

// splitter takes the lines of one record apart. cells alias the record, or
// scratch where a cell had to be rewritten.
type splitter struct {
	b         []byte
	delimiter byte
	maxCells  int
	cells     []string
	excess    bool // cells beyond maxCells were left out, not all blank
	scratch   []byte
}

// lineEnd is where the physical line at i ends, its end-of-line left out, and
// where the next begins.
func (s *splitter) lineEnd(i int) (end, next int) {
	n := bytes.IndexByte(s.b[i:], '\n')
	if n < 0 {
		end, next = len(s.b), len(s.b)
	} else {
		end, next = i+n, i+n+1
	}
	if end > i && s.b[end-1] == '\r' {
		end--
	}
	return end, next
}

// skipBlank is the start of the next line at or after i that is not blank.
func (s *splitter) skipBlank(i int) int {
	for i < len(s.b) {
		end, next := s.lineEnd(i)
		if end > i {
			return i
		}
		i = next
	}
	return i
}

// line splits the line at i into cells; next is the start of the one after it.
func (s *splitter) line(i int) (next int, how splitting) {
	s.cells, s.excess, s.scratch = s.cells[:0], false, s.scratch[:0]
	end, next := s.lineEnd(i)
	for {
		if i < end && s.b[i] == '"' {
			var cell string
			cell, i, how = s.quoted(i + 1)
			if how != split {
				_, next = s.lineEnd(i)
				return next, how
			}
			s.add(cell)
			if i >= end { // the cell may have gone over the end of a line
				end, next = s.lineEnd(i)
			}
		} else {
			cell := s.b[i:end]
			if n := bytes.IndexByte(cell, s.delimiter); n >= 0 {
				cell = cell[:n]
			}
			if bytes.IndexByte(cell, '"') >= 0 {
				return next, badQuote
			}
			s.add(text(cell))
			i += len(cell)
		}
		if i >= end {
			return next, split
		}
		i++ // the delimiter
	}
}

func (s *splitter) add(cell string) {
	if len(s.cells) == s.maxCells {
		s.excess = s.excess || cell != ""
		return
	}
	s.cells = append(s.cells, cell)
}

// quoted reads a cell behind its opening quote at i; next is behind the closing
// one. Doubled quotes stand for one, CRLF for LF.
func (s *splitter) quoted(i int) (cell string, next int, how splitting) {
	start, rewrite := i, false
	for {
		n := bytes.IndexByte(s.b[i:], '"')
		if n < 0 {
			return "", len(s.b), unclosed
		}
		i += n
		if i+1 < len(s.b) && s.b[i+1] == '"' {
			rewrite = true
			i += 2
			continue
		}
		break
	}
	raw := s.b[start:i]
	if !s.endsCell(i + 1) {
		return "", i + 1, badQuote
	}
	if rewrite || bytes.Contains(raw, []byte("\r\n")) {
		return s.rewrite(raw), i + 1, split
	}
	return text(raw), i + 1, split
}

// endsCell reports whether a cell may end at i.
func (s *splitter) endsCell(i int) bool {
	if i == len(s.b) || s.b[i] == s.delimiter {
		return true
	}
	end, _ := s.lineEnd(i)
	return end == i
}

func (s *splitter) rewrite(raw []byte) string {
	from := len(s.scratch)
	for i := 0; i < len(raw); i++ {
		switch {
		case raw[i] == '"':
			i++
		case raw[i] == '\r' && i+1 < len(raw) && raw[i+1] == '\n':
			continue
		}
		s.scratch = append(s.scratch, raw[i])
	}
	return text(s.scratch[from:])
}

// text aliases b.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
