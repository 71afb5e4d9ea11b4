package oracle

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/zstd"

	"github.com/advertisex/adjoin/internal/event"
)

// Record is one Kafka record of the input.
type Record struct {
	event.Partition
	Offset event.Offset
	Time   event.Time // Kafka timestamp
	Value  []byte     // nil for a tombstone
}

// Source is where the records are: Each calls yield for every record of one
// topic, in any order, and stops at its first error. A topic without records is
// no error. The record belongs to yield.
type Source interface {
	Each(topic string, yield func(*Record) error) error
}

// Dir is a folder with one record dump for each topic, <topic>.ndjson or
// <topic>.ndjson.zst (spec interface 2.1a).
type Dir string

// Each reads the dump of the topic, plain or compressed. A topic with neither
// file holds no records; one with both is an error.
func (d Dir) Each(topic string, yield func(*Record) error) error {
	plain := filepath.Join(string(d), topic+".ndjson")
	packed := plain + ".zst"
	p, errPlain := os.Open(plain)
	z, errPacked := os.Open(packed)
	defer closeAll(p, z)
	switch {
	case errPlain == nil && errPacked == nil:
		return fmt.Errorf("both %s and %s exist: keep one", plain, packed)
	case errPlain == nil:
		return eachLine(p, plain, topic, yield)
	case errPacked == nil:
		dec, err := zstd.NewReader(z, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return fmt.Errorf("open %s: %w", packed, err)
		}
		defer dec.Close()
		return eachLine(dec, packed, topic, yield)
	}
	for _, err := range []error{errPlain, errPacked} {
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

type dumpLine struct {
	Topic     string  `json:"topic"`
	Partition int32   `json:"partition"`
	Offset    int64   `json:"offset"`
	Timestamp int64   `json:"timestamp_ms"`
	Value     *string `json:"value_b64"`
}

func eachLine(r io.Reader, name, topic string, yield func(*Record) error) error {
	in := bufio.NewReaderSize(r, 1<<20)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if len(line) == 0 && err == io.EOF {
			return nil
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: line %d: %w", name, number, err)
		}
		rec, perr := parseLine(line, topic)
		if perr != nil {
			return fmt.Errorf("%s: line %d: %w", name, number, perr)
		}
		if rec == nil {
			continue
		}
		if err := yield(rec); err != nil {
			return err
		}
	}
}

// parseLine is nil for a blank line.
func parseLine(line []byte, topic string) (*Record, error) {
	if len(line) == 0 || line[0] == '\n' || line[0] == '\r' {
		return nil, nil
	}
	if rec, ok := plainLine(line, topic); ok {
		return rec, nil
	}
	var d dumpLine
	if err := json.Unmarshal(line, &d); err != nil {
		return nil, fmt.Errorf("not a record of a dump: %w", err)
	}
	if d.Topic != topic {
		return nil, fmt.Errorf("record of topic %q in the dump of %q", d.Topic, topic)
	}
	rec := &Record{
		Partition: event.Partition{Topic: topic, ID: d.Partition},
		Offset:    event.Offset(d.Offset),
		Time:      event.Time(d.Timestamp * 1000),
	}
	if d.Value != nil {
		value, err := base64.StdEncoding.DecodeString(*d.Value)
		if err != nil {
			return nil, fmt.Errorf("value_b64: %w", err)
		}
		rec.Value = value
	}
	return rec, nil
}

// plainLine reads a line in the form that dumps are usually written in: these
// names in this order, without spaces. It is several times faster than
// encoding/json, which reads every other form.
func plainLine(line []byte, topic string) (rec *Record, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"topic":"`+topic+`","partition":`))
	if !ok {
		return nil, false
	}
	var numbers [3]int64
	for i, next := range []string{`"offset":`, `"timestamp_ms":`, `"key_b64":`} {
		digits, after, found := bytes.Cut(rest, []byte(","))
		n, err := strconv.ParseInt(string(digits), 10, 64)
		if rest, ok = bytes.CutPrefix(after, []byte(next)); !found || !ok || err != nil {
			return nil, false
		}
		numbers[i] = n
	}
	_, rest, keyed := bytes.Cut(rest, []byte(`,"value_b64":"`))
	value, rest, closed := bytes.Cut(rest, []byte(`"`))
	if !keyed || !closed || numbers[0] != int64(int32(numbers[0])) || !bytes.Equal(bytes.TrimSpace(rest), []byte(`,"headers":[]}`)) {
		return nil, false
	}
	rec = &Record{
		Partition: event.Partition{Topic: topic, ID: int32(numbers[0])},
		Offset:    event.Offset(numbers[1]),
		Time:      event.Time(numbers[2] * 1000),
		Value:     make([]byte, base64.StdEncoding.DecodedLen(len(value))),
	}
	n, err := base64.StdEncoding.Decode(rec.Value, value)
	rec.Value = rec.Value[:n]
	return rec, err == nil
}

// positions remembers which offsets were read, so that a record that a dump
// holds twice counts once (D7). Offsets are dense, so a page of bits holds many.
type positions map[event.Partition]map[int64]*[1024]uint64

// first reports whether the record has not been seen before.
func (p positions) first(r *Record) bool {
	pages := p[r.Partition]
	if pages == nil {
		pages = map[int64]*[1024]uint64{}
		p[r.Partition] = pages
	}
	at := int64(r.Offset)
	page := pages[at>>16]
	if page == nil {
		page = new([1024]uint64)
		pages[at>>16] = page
	}
	word, bit := (at&0xffff)/64, uint64(1)<<(at%64)
	if page[word]&bit != 0 {
		return false
	}
	page[word] |= bit
	return true
}
