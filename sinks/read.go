package sinks

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/advertisex/adjoin/sinks/rowfile"
)

// readBatch is how many rows a TableReader decodes at a time.
const readBatch = 1024

// TableReader reads the rows of one Parquet file of a table. Columns that the
// file lacks are zero, columns that T lacks are skipped. One goroutine at a
// time; Close must be called.
type TableReader[T any] struct {
	rows  *parquet.GenericReader[T]
	batch []T
}

// OpenTable reads the footer. A damaged file is ErrCorrupt.
func OpenTable[T any](r io.ReaderAt, size int64) (t *TableReader[T], err error) {
	defer recoverDamage(&err)
	file, err := parquet.OpenFile(r, size)
	if err != nil {
		return nil, fmt.Errorf("sinks: not a Parquet file: %w", errors.Join(err, ErrCorrupt))
	}
	return &TableReader[T]{rows: parquet.NewGenericReader[T](file), batch: make([]T, readBatch)}, nil
}

// Next is the next rows, or io.EOF after the last. The slice is valid until the
// next call; the text in it stays.
func (t *TableReader[T]) Next() (rows []T, err error) {
	defer recoverDamage(&err)
	clear(t.batch)
	n, err := t.rows.Read(t.batch)
	if n > 0 {
		return t.batch[:n], nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	return nil, fmt.Errorf("sinks: reading Parquet rows: %w", errors.Join(err, ErrCorrupt))
}

// Rows is how many rows the file has.
func (t *TableReader[T]) Rows() int64 { return t.rows.NumRows() }

// Close gives buffers back.
func (t *TableReader[T]) Close() error { return t.rows.Close() }

// recoverDamage turns a panic into ErrCorrupt: the library panics on some
// damaged files that pass its own checks.
func recoverDamage(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("sinks: damaged Parquet file: %v: %w", p, ErrCorrupt)
	}
}

// ReadTable hands all rows of a file to visit, a batch at a time, until that
// fails.
func ReadTable[T any](r io.ReaderAt, size int64, visit func(rows []T) error) error {
	t, err := OpenTable[T](r, size)
	if err != nil {
		return err
	}
	defer t.Close()
	for {
		rows, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(rows); err != nil {
			return err
		}
	}
}

// WriteTable writes rows as one Parquet file in the format of a cut. The same
// batches give the same bytes, whatever was written before. next returns the
// following batch, empty at the end; it may reuse its slice.
func WriteTable[T any](w io.Writer, next func() ([]T, error)) (rows int64, err error) {
	out := rowfile.New[T](w, fileFormat[T](Zstd.codec()))
	for {
		batch, err := next()
		if err != nil {
			return rows, err
		}
		if len(batch) == 0 {
			break
		}
		rows += int64(len(batch))
		if err := out.Write(batch); err != nil {
			return rows, fmt.Errorf("sinks: encoding Parquet rows: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return rows, fmt.Errorf("sinks: completing a Parquet file: %w", err)
	}
	return rows, nil
}
