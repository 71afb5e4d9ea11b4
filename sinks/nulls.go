package sinks

import (
	"io"
	"math/bits"
	"reflect"
	"unsafe"

	"github.com/parquet-go/parquet-go"

	"github.com/advertisex/adjoin/internal/table"
)

// rowWriter is the library's writer, made to tell absent from empty.
//
// An optional column whose field is no pointer is NULL where the field is zero.
// The library (v0.32.0, writeRowsFuncOfOptional) looks for runs of values in
// words of 64 rows, and takes what follows a run for values too if the run
// begins at row s of its word, is s rows long and is the last of the word: it
// compares the word, shifted right by s, with s ones where 64-s are meant. Rows
// that would be misread are therefore written in two halves, which moves them
// in their words; two rows never are.
type rowWriter[T any] struct {
	*parquet.GenericWriter[T]
	absent []absence
}

// absence is where a row shows whether an optional column is NULL: a machine
// word, or half of one, that is zero.
type absence struct {
	offset uintptr
	half   bool
}

// newRowWriter makes a writer in our format; more options win over it.
func newRowWriter[T any](out io.Writer, more ...parquet.WriterOption) *rowWriter[T] {
	options := append(writerOptions[T](), more...)
	return &rowWriter[T]{GenericWriter: parquet.NewGenericWriter[T](out, options...), absent: absencesOf[T]()}
}

// Write writes rows in order.
func (w *rowWriter[T]) Write(rows []T) (int, error) {
	if len(rows) <= 2 || !misread(w.absent, rows) {
		return w.GenericWriter.Write(rows)
	}
	half := len(rows) / 2
	n, err := w.Write(rows[:half])
	if err != nil {
		return n, err
	}
	more, err := w.Write(rows[half:])
	return n + more, err
}

// misread reports whether the library would take an absent value of these rows
// for a value.
func misread[T any](columns []absence, rows []T) bool {
	for _, c := range columns {
		for from := 0; from < len(rows); from += 64 {
			part := rows[from:min(from+64, len(rows))]
			if runsOver(present(c, part), len(part)) {
				return true
			}
		}
	}
	return false
}

// present has a bit for each row, at most 64, whose column is not absent.
func present[T any](c absence, rows []T) (word uint64) {
	for i := range rows {
		at := unsafe.Add(unsafe.Pointer(&rows[i]), c.offset)
		var there bool
		if c.half {
			there = *(*uint32)(at) != 0
		} else {
			there = *(*uint64)(at) != 0
		}
		if there {
			word |= 1 << i
		}
	}
	return word
}

// runsOver reports whether the last run of ones, of n rows, is as long as the
// place where it begins, and absent rows follow it.
func runsOver(word uint64, n int) bool {
	end := bits.Len64(word)
	begin := end / 2
	return end > 0 && end%2 == 0 && end < n && word>>begin == 1<<begin-1
}

// absencesOf lists the optional columns of a row type that are no pointers.
func absencesOf[T any]() []absence {
	row := reflect.TypeFor[T]()
	name, ok := table.NameOf(row)
	if !ok {
		return nil
	}
	var list []absence
	for _, c := range table.Columns(name) {
		offset, kind := placeOf(row, c.Field)
		if !c.Optional || kind == reflect.Pointer {
			continue
		}
		a := absence{offset: offset, half: kind == reflect.Int32}
		if kind == reflect.String {
			a.offset += unsafe.Sizeof(uintptr(0)) // its length
		}
		list = append(list, a)
	}
	return list
}

// placeOf is where a field, embedded ones included, lies in a row.
func placeOf(row reflect.Type, index []int) (offset uintptr, kind reflect.Kind) {
	for _, i := range index {
		f := row.Field(i)
		offset += f.Offset
		row = f.Type
	}
	return offset, row.Kind()
}
