package duckdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Format is how Query prints rows.
type Format string

// The formats of `adjoin query -o`.
const (
	Text   Format = "text"   // aligned columns under a header, NULL as NULL
	JSON   Format = "json"   // one document: {"format_version":1,"columns":[..],"rows":[{..}]}
	NDJSON Format = "ndjson" // one object a row
)

// Visit is told the column names (Columns may be nil), then each row; the slice
// of values is reused.
// Values are nil, bool, integers, float64, string, []byte, time.Time (UTC) and
// maps and slices of these; decimals and 128-bit integers are text.
type Visit struct {
	Columns func(names []string) error
	Row     func(values []any) error
}

// Query runs one SQL statement and streams its rows. ctx interrupts it.
func (w *Warehouse) Query(ctx context.Context, sql string, v Visit) error {
	rows, err := w.db.QueryContext(ctx, sql)
	if err != nil {
		return fmt.Errorf("duckdb: %w", err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("duckdb: %w", err)
	}
	if v.Columns != nil {
		if err := v.Columns(names); err != nil {
			return err
		}
	}
	values := make([]any, len(names))
	into := make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("duckdb: reading a row: %w", err)
		}
		for i, x := range values {
			values[i] = plain(x)
		}
		if err := v.Row(values); err != nil {
			return err
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("duckdb: %w", err)
	}
	return nil
}

// Print runs a query and writes its rows in a format.
func (w *Warehouse) Print(ctx context.Context, out io.Writer, f Format, sql string) error {
	switch f {
	case Text:
		return w.printText(ctx, out, sql)
	case JSON, NDJSON:
		return w.printJSON(ctx, out, f, sql)
	}
	return fmt.Errorf("duckdb: format %q is not text, json or ndjson", f)
}

func (w *Warehouse) printText(ctx context.Context, out io.Writer, sql string) error {
	tw := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	var cells []string
	line := func() error {
		_, err := fmt.Fprintln(tw, strings.Join(cells, "\t"))
		return err
	}
	err := w.Query(ctx, sql, Visit{
		Columns: func(names []string) error {
			cells = append(cells[:0], names...)
			return line()
		},
		Row: func(values []any) error {
			cells = cells[:0]
			for _, v := range values {
				cells = append(cells, text(v))
			}
			return line()
		},
	})
	return errors.Join(err, tw.Flush())
}

// text shows a value on one line; control characters are escaped, so that data
// cannot move a terminal's cursor (S15).
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case time.Time:
		return v.Format("2006-01-02T15:04:05.999999Z")
	case string:
		return oneLine(v)
	case []byte:
		return fmt.Sprintf("%x", v)
	case map[string]any, []any:
		b, err := json.Marshal(v)
		if err != nil {
			return oneLine(fmt.Sprint(v))
		}
		return string(b)
	}
	return oneLine(fmt.Sprint(v))
}

func oneLine(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return s
	}
	q := fmt.Sprintf("%q", s)
	return q[1 : len(q)-1]
}

func (w *Warehouse) printJSON(ctx context.Context, out io.Writer, f Format, sql string) error {
	var names []string
	first := true
	err := w.Query(ctx, sql, Visit{
		Columns: func(n []string) error {
			names = n
			if f == NDJSON {
				return nil
			}
			head, err := json.Marshal(n)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(out, `{"format_version":1,"columns":%s,"rows":[`, head)
			return err
		},
		Row: func(values []any) error {
			b, err := object(names, values)
			if err != nil {
				return err
			}
			if f == JSON && !first {
				b = append([]byte{','}, b...)
			}
			first = false
			if f == NDJSON {
				b = append(b, '\n')
			}
			_, err = out.Write(b)
			return err
		},
	})
	if err != nil || f == NDJSON {
		return err
	}
	_, err = io.WriteString(out, "]}\n")
	return err
}

// object is one row as JSON, its columns in their order.
func object(names []string, values []any) ([]byte, error) {
	b := []byte{'{'}
	for i, n := range names {
		if i > 0 {
			b = append(b, ',')
		}
		key, err := json.Marshal(n)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(values[i])
		if err != nil {
			return nil, fmt.Errorf("duckdb: column %s: %w", n, err)
		}
		b = append(append(append(b, key...), ':'), value...)
	}
	return append(b, '}'), nil
}
