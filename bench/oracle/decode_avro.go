package oracle

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	"github.com/advertisex/adjoin/internal/event"
)

// writer is a writer schema without logical types, so that longs come out as
// they were written.
type writer struct {
	schema *avro.Schema
	unit   string // logical type of the field timestamp
}

func newWriter(schema string) (*writer, error) {
	full, err := avro.Parse(schema)
	if err != nil {
		return nil, err
	}
	return strip(full)
}

func strip(full *avro.Schema) (*writer, error) {
	w := &writer{}
	for _, f := range full.Root().Fields {
		if lowerASCII(f.Name) == "timestamp" {
			w.unit = logicalOf(f.Type)
		}
	}
	var tree any
	if err := json.Unmarshal([]byte(full.String()), &tree); err != nil {
		return nil, err
	}
	dropLogical(tree)
	plain, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	w.schema, err = avro.Parse(string(plain))
	return w, err
}

func logicalOf(n avro.SchemaNode) string {
	if n.LogicalType != "" {
		return n.LogicalType
	}
	for _, b := range n.Branches {
		if l := logicalOf(b); l != "" {
			return l
		}
	}
	return ""
}

func dropLogical(tree any) {
	switch t := tree.(type) {
	case map[string]any:
		delete(t, "logicalType")
		for _, v := range t {
			dropLogical(v)
		}
	case []any:
		for _, v := range t {
			dropLogical(v)
		}
	}
}

// schemas is every writer schema a record may name.
type schemas struct {
	bare    *writer
	framed  bool // a first byte of zero is the registry framing
	byPrint map[uint64]*writer
	byID    map[uint32]*writer

	contained map[string]*writer // by the text in a container's header
}

func newSchemas(set *Settings) (*schemas, error) {
	s := &schemas{byPrint: map[uint64]*writer{}, byID: map[uint32]*writer{}, contained: map[string]*writer{}}
	own, err := s.add(bidSchema)
	if err != nil {
		return nil, fmt.Errorf("built-in bid schema: %w", err)
	}
	s.byPrint[hambaPrint] = own
	s.bare = own
	s.framed = set.AvroSchema == "" || len(set.Registry) > 0
	if set.AvroSchema != "" {
		if s.bare, err = s.add(set.AvroSchema); err != nil {
			return nil, fmt.Errorf("schema of bare bids: %w", err)
		}
	}
	for i, text := range set.AvroSchemas {
		if _, err := s.add(text); err != nil {
			return nil, fmt.Errorf("bid schema %d: %w", i+1, err)
		}
	}
	for id, text := range set.Registry {
		if s.byID[id], err = s.add(text); err != nil {
			return nil, fmt.Errorf("bid schema with registry id %d: %w", id, err)
		}
	}
	return s, nil
}

func (s *schemas) add(text string) (*writer, error) {
	full, err := avro.Parse(text)
	if err != nil {
		return nil, err
	}
	w, err := strip(full)
	if err != nil {
		return nil, err
	}
	h := avro.NewRabin()
	h.Write(full.Canonical())
	s.byPrint[h.Sum64()] = w
	return w, nil
}

// datum is one decoded record of a schema, or why there is none.
type datum struct {
	tree  map[string]any
	unit  string
	fault *fault
}

func faulty(reason event.Reason) []datum { return []datum{{fault: &fault{reason: reason}}} }

// data reads the data of a record in whatever framing it has (events 1.6).
func (s *schemas) data(b []byte, blockMax int) []datum {
	switch {
	case bytes.HasPrefix(b, []byte("Obj\x01")):
		return s.container(b, blockMax)
	case len(b) >= 2 && b[0] == 0xC3 && b[1] == 0x01:
		if len(b) < 10 {
			return faulty(event.BadAvro)
		}
		return one(s.byPrint[binary.LittleEndian.Uint64(b[2:10])], b[10:])
	case len(b) >= 5 && b[0] == 0x00 && s.framed:
		return one(s.byID[binary.BigEndian.Uint32(b[1:5])], b[5:])
	}
	return one(s.bare, b)
}

func one(w *writer, b []byte) []datum {
	if w == nil {
		return faulty(event.UnknownSchema)
	}
	var tree any
	rest, err := w.schema.Decode(b, &tree)
	if err != nil || len(rest) > 0 {
		return faulty(event.BadAvro)
	}
	return []datum{check(tree, w.unit)}
}

func check(tree any, unit string) datum {
	if !validText(tree) {
		return datum{fault: &fault{reason: event.BadEncoding}}
	}
	record, ok := tree.(map[string]any)
	if !ok {
		return datum{fault: &fault{reason: event.BadAvro}}
	}
	return datum{tree: record, unit: unit}
}

func validText(tree any) bool {
	switch t := tree.(type) {
	case string:
		return utf8.ValidString(t)
	case map[string]any:
		for k, v := range t {
			if !utf8.ValidString(k) || !validText(v) {
				return false
			}
		}
	case []any:
		for _, v := range t {
			if !validText(v) {
				return false
			}
		}
	}
	return true
}

// container reads a container file. What stands before a broken block stands.
func (s *schemas) container(b []byte, blockMax int) []datum {
	var unit string
	rd, err := ocf.NewReader(bytes.NewReader(b),
		ocf.WithMaxDecompressedBlockBytes(int64(blockMax)),
		ocf.WithReaderSchemaFunc(func(rd *ocf.Reader) (*avro.Schema, error) {
			name := string(rd.Metadata()["avro.schema"])
			w := s.contained[name]
			if w == nil {
				var err error
				if w, err = strip(rd.Schema()); err != nil {
					return nil, err
				}
				s.contained[name] = w
			}
			unit = w.unit
			return w.schema, nil
		}))
	if err != nil {
		return faulty(event.BadAvro)
	}
	defer rd.Close()
	var all []datum
	for {
		var tree any
		err := rd.Decode(&tree)
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return all
		}
		if err != nil && strings.Contains(err.Error(), "exceed") {
			return append(all, faulty(event.TooLarge)...)
		}
		if err != nil {
			return append(all, faulty(event.BadAvro)...)
		}
		all = append(all, check(tree, unit))
	}
}

// avroValue is a scalar of a decoded datum.
func avroValue(raw any) value {
	switch v := raw.(type) {
	case nil:
		return value{}
	case string:
		return value{text, v}
	case []byte:
		return value{text, string(v)}
	case int32:
		return value{number, strconv.FormatInt(int64(v), 10)}
	case int64:
		return value{number, strconv.FormatInt(v, 10)}
	case float32:
		return value{floating, strconv.FormatFloat(float64(v), 'f', -1, 32)}
	case float64:
		return value{floating, strconv.FormatFloat(v, 'f', -1, 64)}
	case bool:
		return value{boolean, strconv.FormatBool(v)}
	}
	return value{kind: composite}
}
