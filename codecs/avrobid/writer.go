package avrobid

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twmb/avro"
)

// maxSchemaBytes bounds the schemas that a registry or container may bring.
const maxSchemaBytes = 256 << 10

// unit is what a writer's timestamp counts.
type unit uint8

const (
	byMagnitude unit = iota // a plain number, or text
	micros
	millis
	nanos
)

// writer is a schema that data was written with.
type writer struct {
	schema *avro.Schema
	hot    bool // the data has the layout and meaning of Schema
	unit   unit
	imps   bool // it has a field imps: no imps means NO_IMPS
}

// errNoRecord is why a schema that parses is no schema of bids.
var errNoRecord = errors.New("the schema is not a record")

// compile reads a writer's schema.
func compile(text string) (*writer, error) {
	if len(text) > maxSchemaBytes {
		return nil, fmt.Errorf("the schema has %d bytes, above the limit of %d", len(text), maxSchemaBytes)
	}
	schema, err := avro.Parse(text, rawLogicalTypes()...)
	if err != nil {
		return nil, fmt.Errorf("the schema does not parse: %w", err)
	}
	root := schema.Root()
	if root.Type != "record" {
		return nil, errNoRecord
	}
	w := &writer{schema: schema}
	for i := range root.Fields {
		switch field := &root.Fields[i]; field.Name {
		case "timestamp":
			w.unit = unitOf(&field.Type)
		case "imps":
			w.imps = true
		}
	}
	if w.unit == micros {
		frozen, err := avro.Parse(Schema)
		if err != nil {
			return nil, fmt.Errorf("avrobid: the frozen schema does not parse: %w", err)
		}
		w.hot = bytes.Equal(schema.Canonical(), frozen.Canonical())
	}
	return w, nil
}

// rawLogicalTypes leaves times as the numbers they are written as, since the
// fingerprint takes them so.
func rawLogicalTypes() []avro.SchemaOpt {
	var opts []avro.SchemaOpt
	for _, name := range []string{
		"timestamp-millis", "timestamp-micros", "timestamp-nanos",
		"local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos",
		"date", "time-millis", "time-micros", "uuid", "duration",
	} {
		opts = append(opts, avro.CustomType{LogicalType: name})
	}
	return opts
}

// unitOf finds the unit of a timestamp, also inside a union.
func unitOf(node *avro.SchemaNode) unit {
	switch node.LogicalType {
	case "timestamp-micros", "local-timestamp-micros":
		return micros
	case "timestamp-millis", "local-timestamp-millis":
		return millis
	case "timestamp-nanos", "local-timestamp-nanos":
		return nanos
	}
	for i := range node.Branches {
		if u := unitOf(&node.Branches[i]); u != byMagnitude {
			return u
		}
	}
	return byMagnitude
}

// fingerprint is the CRC-64-AVRO fingerprint of a schema.
func (w *writer) fingerprint() uint64 {
	return binary.BigEndian.Uint64(w.schema.Fingerprint(avro.NewRabin()))
}
