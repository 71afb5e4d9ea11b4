package finaltable

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// The encoding of a row in memory. It never leaves the process.
//
//	key      the key columns, so that comparing bytes compares keys: integers
//	         big-endian with the sign bit flipped; text with 0x00 as 0x00 0xff
//	         and 0x00 0x00 at its end
//	rest     the other columns in order, without the version columns: integers
//	         as zigzag varints, text with its length before it, optional values
//	         behind a byte that says whether they are there
//
// Equal rests mean equal rows. Fields are reached by their offset: reflection
// would take longer than everything else together.

// kind is how a field is encoded.
type kind uint8

const (
	kindInt64 kind = iota
	kindInt32
	kindBool
	kindFloat64
	kindString
	kindBytes
	kindInt64Ptr
	kindInt32Ptr
	kindBoolPtr
	kindFloat64Ptr
	kindMap
	kindDecimal
)

type field struct {
	column table.Column
	kind   kind
	offset uintptr
}

// codec encodes rows of T.
type codec[T any] struct {
	name    table.Name
	key     []field
	rest    []field
	version uintptr // offset of row_version
	op      uintptr
}

func newCodec[T any]() *codec[T] {
	t := reflect.TypeFor[T]()
	name, ok := table.NameOf(t)
	if !ok {
		panic(fmt.Sprintf("finaltable: %v is no row of a table", t))
	}
	c := &codec[T]{name: name}
	for _, col := range table.Columns(name) {
		f := field{column: col, kind: kindOf(t.FieldByIndex(col.Field).Type), offset: offsetOf(t, col.Field)}
		switch {
		case col.Key:
			c.key = append(c.key, f)
		case col.Name == "row_version":
			c.version = f.offset
		case slices.Contains(table.Versions(), col.Name):
		default:
			c.rest = append(c.rest, f)
		}
		if col.Name == "op" {
			c.op = f.offset
		}
	}
	return c
}

func offsetOf(t reflect.Type, index []int) (offset uintptr) {
	for _, i := range index {
		f := t.Field(i)
		offset += f.Offset
		t = f.Type
	}
	return offset
}

func kindOf(t reflect.Type) kind {
	switch t {
	case reflect.TypeFor[table.StringMap]():
		return kindMap
	case reflect.TypeFor[table.Decimal38]():
		return kindDecimal
	case reflect.TypeFor[*int64]():
		return kindInt64Ptr
	case reflect.TypeFor[*int32]():
		return kindInt32Ptr
	case reflect.TypeFor[*bool]():
		return kindBoolPtr
	case reflect.TypeFor[*float64]():
		return kindFloat64Ptr
	case reflect.TypeFor[[]byte]():
		return kindBytes
	}
	switch t.Kind() {
	case reflect.Int64:
		return kindInt64
	case reflect.Int32:
		return kindInt32
	case reflect.Bool:
		return kindBool
	case reflect.Float64:
		return kindFloat64
	case reflect.String:
		return kindString
	}
	panic(fmt.Sprintf("finaltable: no encoding for a field of type %v", t))
}

// at is the field at an offset in a row.
func at[F, T any](row *T, offset uintptr) *F {
	return (*F)(unsafe.Add(unsafe.Pointer(row), offset))
}

// appendKey appends the key of a row.
func (c *codec[T]) appendKey(dst []byte, row *T) []byte {
	for _, f := range c.key {
		switch f.kind {
		case kindInt64:
			dst = binary.BigEndian.AppendUint64(dst, uint64(*at[int64](row, f.offset))^1<<63)
		case kindInt32:
			dst = binary.BigEndian.AppendUint32(dst, uint32(*at[int32](row, f.offset))^1<<31)
		case kindString:
			dst = appendOrdered(dst, *at[string](row, f.offset))
		default:
			panic("finaltable: key column " + f.column.Name + " is neither a number nor text")
		}
	}
	return dst
}

func appendOrdered(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			dst = append(dst, s...)
			return append(dst, 0, 0)
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, 0, 0xff)
		s = s[i+1:]
	}
}

// readKey sets the key columns of a row.
func (c *codec[T]) readKey(src []byte, row *T) {
	for _, f := range c.key {
		switch f.kind {
		case kindInt64:
			*at[int64](row, f.offset) = int64(binary.BigEndian.Uint64(src) ^ 1<<63)
			src = src[8:]
		case kindInt32:
			*at[int32](row, f.offset) = int32(binary.BigEndian.Uint32(src) ^ 1<<31)
			src = src[4:]
		case kindString:
			*at[string](row, f.offset), src = readOrdered(src)
		}
	}
}

func readOrdered(src []byte) (s string, rest []byte) {
	var unescaped []byte // nil while there was no NUL in the text
	from := 0
	for i := 0; ; i++ {
		if src[i] != 0 {
			continue
		}
		if src[i+1] == 0 {
			if unescaped == nil {
				return alias(src[:i]), src[i+2:]
			}
			return string(append(unescaped, src[from:i]...)), src[i+2:]
		}
		unescaped = append(append(unescaped, src[from:i]...), 0)
		i++
		from = i + 1
	}
}

// appendRest appends the columns that are no key.
func (c *codec[T]) appendRest(dst []byte, row *T) []byte {
	for _, f := range c.rest {
		switch f.kind {
		case kindInt64:
			dst = binary.AppendVarint(dst, *at[int64](row, f.offset))
		case kindInt32:
			dst = binary.AppendVarint(dst, int64(*at[int32](row, f.offset)))
		case kindBool:
			dst = appendBool(dst, *at[bool](row, f.offset))
		case kindFloat64:
			dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(*at[float64](row, f.offset)))
		case kindString:
			dst = appendText(dst, *at[string](row, f.offset))
		case kindBytes:
			dst = appendText(dst, alias(*at[[]byte](row, f.offset)))
		case kindMap:
			pairs := at[table.StringMap](row, f.offset).KeyValue
			dst = binary.AppendUvarint(dst, uint64(len(pairs)))
			for _, p := range pairs {
				dst = appendText(appendText(dst, p.Key), p.Value)
			}
		case kindDecimal:
			dst = append(dst, at[table.Decimal38](row, f.offset)[:]...)
		default:
			dst = appendOptional(dst, row, f)
		}
	}
	return dst
}

func appendOptional[T any](dst []byte, row *T, f field) []byte {
	switch f.kind {
	case kindInt64Ptr:
		if p := *at[*int64](row, f.offset); p != nil {
			return binary.AppendVarint(append(dst, 1), *p)
		}
	case kindInt32Ptr:
		if p := *at[*int32](row, f.offset); p != nil {
			return binary.AppendVarint(append(dst, 1), int64(*p))
		}
	case kindBoolPtr:
		if p := *at[*bool](row, f.offset); p != nil {
			return appendBool(append(dst, 1), *p)
		}
	case kindFloat64Ptr:
		if p := *at[*float64](row, f.offset); p != nil {
			return binary.BigEndian.AppendUint64(append(dst, 1), math.Float64bits(*p))
		}
	}
	return append(dst, 0)
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// readRest sets the other columns; text aliases src.
func (c *codec[T]) readRest(src []byte, row *T) {
	r := reader{src}
	for _, f := range c.rest {
		switch f.kind {
		case kindInt64:
			*at[int64](row, f.offset) = r.varint()
		case kindInt32:
			*at[int32](row, f.offset) = int32(r.varint())
		case kindBool:
			*at[bool](row, f.offset) = r.flag()
		case kindFloat64:
			*at[float64](row, f.offset) = math.Float64frombits(binary.BigEndian.Uint64(r.take(8)))
		case kindString:
			*at[string](row, f.offset) = alias(r.text())
		case kindBytes:
			*at[[]byte](row, f.offset) = r.text()
		case kindMap:
			pairs := make([]table.Pair, r.uvarint())
			for i := range pairs {
				pairs[i] = table.Pair{Key: alias(r.text()), Value: alias(r.text())}
			}
			at[table.StringMap](row, f.offset).KeyValue = pairs
		case kindDecimal:
			copy(at[table.Decimal38](row, f.offset)[:], r.take(16))
		default:
			readOptional(&r, row, f)
		}
	}
}

func readOptional[T any](r *reader, row *T, f field) {
	there := r.flag()
	switch {
	case !there:
	case f.kind == kindInt64Ptr:
		v := r.varint()
		*at[*int64](row, f.offset) = &v
	case f.kind == kindInt32Ptr:
		v := int32(r.varint())
		*at[*int32](row, f.offset) = &v
	case f.kind == kindBoolPtr:
		v := r.flag()
		*at[*bool](row, f.offset) = &v
	case f.kind == kindFloat64Ptr:
		v := math.Float64frombits(binary.BigEndian.Uint64(r.take(8)))
		*at[*float64](row, f.offset) = &v
	}
}

// reader reads what append wrote; it trusts it.
type reader struct{ src []byte }

func (r *reader) take(n int) []byte {
	b := r.src[:n:n]
	r.src = r.src[n:]
	return b
}

func (r *reader) flag() bool { return r.take(1)[0] == 1 }

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.src)
	r.src = r.src[n:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.src)
	r.src = r.src[n:]
	return v
}

func (r *reader) text() []byte { return r.take(int(r.uvarint())) }

// alias is b as text, without a copy. b is never written again.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// show renders a field for people.
func (f field) show(row reflect.Value) string {
	v := row.FieldByIndex(f.column.Field)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "NULL"
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case event.Time:
		if f.column.Optional && x == 0 {
			return "NULL"
		}
		return x.UTC().Format(time.RFC3339Nano)
	case string:
		return strconv.Quote(x)
	case []byte:
		return fmt.Sprintf("%x", x)
	case table.StringMap:
		return fmt.Sprintf("%q", x.KeyValue)
	case table.Decimal38:
		return decimalText(x)
	default:
		return fmt.Sprint(x)
	}
}
