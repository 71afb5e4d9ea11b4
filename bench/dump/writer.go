package dump

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// flushAt is how many bytes a Writer gathers before it writes them on.
const flushAt = 256 << 10

// Writer writes records as lines. It never keeps a record.
type Writer struct {
	to  io.Writer
	buf []byte
}

// NewWriter writes to w. The caller flushes and closes.
func NewWriter(w io.Writer) *Writer {
	return &Writer{to: w, buf: make([]byte, 0, flushAt+64<<10)}
}

// Write appends one line. The record's offset must be set.
func (w *Writer) Write(r *Record) error {
	if r.Offset < 0 {
		return fmt.Errorf("dump: record of %s/%d has no offset: set it, or write through a Folder", r.Topic, r.Partition)
	}
	w.buf = appendLine(w.buf, r)
	if len(w.buf) < flushAt {
		return nil
	}
	return w.Flush()
}

// Flush writes on what is gathered.
func (w *Writer) Flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.to.Write(w.buf)
	w.buf = w.buf[:0]
	if err != nil {
		return fmt.Errorf("dump: write: %w", err)
	}
	return nil
}

func appendLine(b []byte, r *Record) []byte {
	b = appendString(append(b, `{"topic":`...), r.Topic)
	b = strconv.AppendInt(append(b, `,"partition":`...), int64(r.Partition), 10)
	b = strconv.AppendInt(append(b, `,"offset":`...), r.Offset, 10)
	b = strconv.AppendInt(append(b, `,"timestamp_ms":`...), r.TimestampMS, 10)
	b = appendBytes(append(b, `,"key_b64":`...), r.Key)
	b = appendBytes(append(b, `,"value_b64":`...), r.Value)
	b = append(b, `,"headers":[`...)
	for i, h := range r.Headers {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, '['), h.Key)
		b = append(appendBytes(append(b, ','), h.Value), ']')
	}
	return append(b, "]}\n"...)
}

func appendBytes(b, value []byte) []byte {
	if value == nil {
		return append(b, "null"...)
	}
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), value), '"')
}

// appendString quotes; text that needs escaping goes through encoding/json.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...) // strings always marshal
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
