package sinks

import (
	"hash/fnv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

// schemaOf is the Parquet schema of a row type: that of its struct tags, with
// every StringMap column annotated as a MAP and a stable field id on each
// column.
//
// The annotation is the converted type alone. The writer's fast path (rows
// straight into column buffers, no reflection) needs a schema that compares
// equal to the struct's, and that comparison looks at logical types; readers
// derive the logical type from the converted one.
func schemaOf[T any]() *parquet.Schema {
	var zero T
	base := parquet.SchemaOf(zero)
	fields := make([]parquet.Field, len(base.Fields()))
	for i, f := range base.Fields() {
		fields[i] = column{Field: f, id: fieldID(f.Name()), isMap: isMap(f)}
	}
	return parquet.NewSchema(base.Name(), root{Node: base, fields: fields})
}

// isMap reports whether a column is a table.StringMap: the only group there is.
func isMap(f parquet.Field) bool { return !f.Leaf() && len(f.Fields()) == 1 }

// fieldID derives a column's field id from its name, so that columns may be
// added anywhere without moving the others. Ids are positive.
func fieldID(name string) int {
	h := fnv.New32a()
	h.Write([]byte(name))
	return int(h.Sum32()&0x7fffffff) | 1
}

// root is the message node: the struct's, with other fields.
type root struct {
	parquet.Node
	fields []parquet.Field
}

func (r root) Fields() []parquet.Field { return r.fields }

// column is a top-level field with an id, perhaps marked as a MAP.
type column struct {
	parquet.Field
	id    int
	isMap bool
}

func (c column) ID() int { return c.id }

func (c column) Type() parquet.Type {
	if c.isMap {
		return mapType{c.Field.Type()}
	}
	return c.Field.Type()
}

// mapType is a group annotated as MAP.
type mapType struct{ parquet.Type }

func (mapType) ConvertedType() *deprecated.ConvertedType {
	t := deprecated.Map
	return &t
}
