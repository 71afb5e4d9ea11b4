package rowfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/table"
)

// shape is how a value lies in a row.
type shape uint8

const (
	long    shape = iota // 8 bytes: int64, times, float64
	short                // 4 bytes: int32
	truth                // bool
	text                 // string, []byte: pointer and length
	decimal              // table.Decimal38
	keys                 // of a table.StringMap
	values               // of a table.StringMap
)

// absence is what makes a value NULL.
type absence uint8

const (
	never   absence = iota
	ifZero          // a number that is zero, a text that is empty
	ifNoPtr         // a pointer that is nil
)

// leaf is a column of the file and where its values lie in a row.
type leaf struct {
	path   []string
	offset uintptr
	shape  shape
	absent absence
	coded  bool // by a dictionary
	signed bool // bounds are those of whole numbers
}

// leavesOf lists the columns of a row type in the order of its schema. It panics
// where the two differ or a field has a type that is not written: defects of the
// table's definition.
func leavesOf(row reflect.Type, paths [][]string) []leaf {
	leaves := appendLeaves(nil, row, 0)
	if len(leaves) != len(paths) {
		panic(fmt.Sprintf("rowfile: %v has %d columns and its schema %d", row, len(leaves), len(paths)))
	}
	for i := range leaves {
		if !slices.Equal(leaves[i].path, paths[i]) {
			panic(fmt.Sprintf("rowfile: column %d of %v is %v and that of its schema %v", i, row, leaves[i].path, paths[i]))
		}
	}
	return leaves
}

func appendLeaves(leaves []leaf, row reflect.Type, offset uintptr) []leaf {
	for i := range row.NumField() {
		f := row.Field(i)
		at := offset + f.Offset
		if f.Anonymous {
			leaves = appendLeaves(leaves, f.Type, at)
			continue
		}
		tag := strings.Split(f.Tag.Get("parquet"), ",")
		name, options := tag[0], tag[1:]
		if f.Type == reflect.TypeFor[table.StringMap]() {
			leaves = append(leaves,
				leaf{path: []string{name, "key_value", "key"}, offset: at, shape: keys, coded: true},
				leaf{path: []string{name, "key_value", "value"}, offset: at, shape: values, coded: true})
			continue
		}
		l := leaf{path: []string{name}, offset: at, coded: slices.Contains(options, "dict")}
		typ := f.Type
		if slices.Contains(options, "optional") {
			l.absent = ifZero
			if typ.Kind() == reflect.Pointer {
				l.absent, typ = ifNoPtr, typ.Elem()
			}
		}
		l.shape, l.signed = shapeOf(typ, l.absent)
		leaves = append(leaves, l)
	}
	return leaves
}

func shapeOf(t reflect.Type, absent absence) (s shape, signed bool) {
	switch {
	case t == reflect.TypeFor[table.Decimal38]() && absent == never:
		return decimal, false
	case t.Kind() == reflect.Int64:
		return long, true
	case t.Kind() == reflect.Int32:
		return short, true
	case t.Kind() == reflect.Float64 && absent != ifZero:
		return long, false
	case t.Kind() == reflect.Bool && absent != ifZero:
		return truth, false
	case t.Kind() == reflect.String && absent != ifNoPtr:
		return text, false
	case t == reflect.TypeFor[[]byte]() && absent != ifNoPtr:
		return text, false
	}
	panic(fmt.Sprintf("rowfile: fields of type %v are not written", t))
}
