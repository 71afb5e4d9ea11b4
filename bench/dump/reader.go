package dump

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Reader reads records in the order of their lines.
type Reader struct {
	name  string
	in    *bufio.Reader
	line  int
	long  []byte // a line that outgrew the buffer of in
	arena []byte // decoded bytes of the current record
	topic string // the last topic, so that equal ones share a string
	close func() error
}

// NewReader reads from r. The name, usually a file's, is for errors.
func NewReader(r io.Reader, name string) *Reader {
	return &Reader{name: name, in: bufio.NewReaderSize(r, 256<<10), arena: make([]byte, 0, 4<<10)}
}

// Close releases the file that Open opened; without one it does nothing.
func (r *Reader) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close()
}

// Next reads one record into rec, or returns io.EOF. Key, Value and header
// values stay valid until the next call. Blank lines are skipped. An error
// names file and line; reading cannot go on after it.
func (r *Reader) Next(rec *Record) error {
	for {
		line, err := r.readLine()
		if err != nil {
			return err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		r.arena = r.arena[:0]
		if r.parseFast(line, rec) {
			return nil
		}
		if err := r.parseAny(line, rec); err != nil {
			return fmt.Errorf("dump: %s line %d: %w", r.name, r.line, err)
		}
		return nil
	}
}

// readLine returns a line without copying while it fits the buffer.
func (r *Reader) readLine() ([]byte, error) {
	r.line++
	r.long = r.long[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		switch {
		case err == nil && len(r.long) == 0:
			return part, nil
		case err == nil:
			return append(r.long, part...), nil
		case errors.Is(err, bufio.ErrBufferFull):
			r.long = append(r.long, part...)
			if len(r.long) > MaxLine {
				return nil, fmt.Errorf("dump: %s line %d: longer than %d bytes: not a record dump", r.name, r.line, MaxLine)
			}
		case errors.Is(err, io.EOF) && len(part)+len(r.long) > 0:
			return append(r.long, part...), nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		default:
			return nil, fmt.Errorf("dump: %s line %d: %w", r.name, r.line, err)
		}
	}
}

// wireRecord is a line as the interface describes it, for parseAny.
type wireRecord struct {
	Topic       *string              `json:"topic"`
	Partition   *int32               `json:"partition"`
	Offset      *int64               `json:"offset"`
	TimestampMS *int64               `json:"timestamp_ms"`
	Key         *string              `json:"key_b64"`
	Value       *string              `json:"value_b64"`
	Headers     [][2]json.RawMessage `json:"headers"`
}

// parseAny reads a line that another tool wrote: any field order, white space
// or escapes.
func (r *Reader) parseAny(line []byte, rec *Record) error {
	var w wireRecord
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("text after the record: one record a line")
	}
	if w.Topic == nil || w.Partition == nil || w.Offset == nil || w.TimestampMS == nil {
		return errors.New("topic, partition, offset or timestamp_ms is missing: each line needs all four")
	}
	if *w.Topic == "" || *w.Partition < 0 || *w.Offset < 0 {
		return errors.New("topic is empty, or partition or offset is negative")
	}
	rec.Topic, rec.Partition, rec.Offset, rec.TimestampMS = *w.Topic, *w.Partition, *w.Offset, *w.TimestampMS
	rec.Headers = rec.Headers[:0]
	var err error
	if rec.Key, err = decodeText("key_b64", w.Key); err != nil {
		return err
	}
	if rec.Value, err = decodeText("value_b64", w.Value); err != nil {
		return err
	}
	for i, h := range w.Headers {
		var key string
		var value *string
		if err := errors.Join(json.Unmarshal(h[0], &key), json.Unmarshal(h[1], &value)); err != nil {
			return fmt.Errorf("header %d: write [\"name\",\"base64\"]: %w", i, err)
		}
		v, err := decodeText("header value", value)
		if err != nil {
			return err
		}
		rec.Headers = append(rec.Headers, Header{Key: key, Value: v})
	}
	return nil
}

func decodeText(field string, text *string) ([]byte, error) {
	if text == nil {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(*text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return b, nil
}
