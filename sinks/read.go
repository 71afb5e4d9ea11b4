package sinks

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// readBatch is how many rows ReadTable decodes at a time.
const readBatch = 1024

// ReadTable reads the rows of one Parquet file of a table in batches and hands
// each to visit until that fails. Columns that the file lacks are zero, columns
// that T lacks are skipped. The slice is reused; the text in it is not.
func ReadTable[T any](r io.ReaderAt, size int64, visit func(rows []T) error) (err error) {
	// The library panics on some damaged files that pass its own checks.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sinks: damaged Parquet file: %v: %w", p, ErrCorrupt)
		}
	}()
	file, err := parquet.OpenFile(r, size)
	if err != nil {
		return fmt.Errorf("sinks: not a Parquet file: %w", errors.Join(err, ErrCorrupt))
	}
	rows := parquet.NewGenericReader[T](file)
	defer rows.Close()
	batch := make([]T, readBatch)
	for {
		clear(batch)
		n, err := rows.Read(batch)
		if n > 0 {
			if err := visit(batch[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sinks: reading Parquet rows: %w", err)
		}
	}
}

// WriteTable writes rows as one Parquet file in the format of a cut. The same
// batches give the same bytes, whatever was written before. next returns the
// following batch, empty at the end; it may reuse its slice.
func WriteTable[T any](w io.Writer, next func() ([]T, error)) (rows int64, err error) {
	out := parquet.NewGenericWriter[T](w, writerOptions[T]()...)
	for {
		batch, err := next()
		if err != nil {
			return rows, err
		}
		if len(batch) == 0 {
			break
		}
		n, err := out.Write(batch)
		rows += int64(n)
		if err != nil {
			return rows, fmt.Errorf("sinks: encoding Parquet rows: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return rows, fmt.Errorf("sinks: completing a Parquet file: %w", err)
	}
	return rows, nil
}
