//go:build cgo

package sqlcheck

import (
	"context"
	"fmt"
	"strings"
)

// compare holds every table sql_X against engine_X in the columns of the first.
func (c *check) compare(ctx context.Context) (*Report, error) {
	r := &Report{Rows: map[string]int64{}}
	names, err := c.texts(ctx, "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'sql_') ORDER BY 1")
	if err != nil {
		return nil, err
	}
	for _, full := range names {
		name := strings.TrimPrefix(full, "sql_")
		var n int64
		if err := c.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+full).Scan(&n); err != nil {
			return nil, fmt.Errorf("sqlcheck: counting %s: %w", full, err)
		}
		r.Rows[name] = n
		ours, theirs, err := c.columns(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, d := range []struct{ side, from, but string }{{"sql", ours, theirs}, {"engine", theirs, ours}} {
			if err := c.only(ctx, r, name, d.side, d.from+" EXCEPT ALL "+d.but); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// columns are the two selections of a table. Instants of Parquet files have a
// zone, those of the SQL do not.
func (c *check) columns(ctx context.Context, name string) (ours, theirs string, err error) {
	list, err := c.texts(ctx, fmt.Sprintf(`SELECT CASE WHEN e.data_type = 'TIMESTAMP WITH TIME ZONE'
  THEN format('make_timestamp(epoch_us("{}"))', s.column_name) ELSE '"' || s.column_name || '"' END
FROM duckdb_columns() s JOIN duckdb_columns() e ON e.column_name = s.column_name AND e.table_name = 'engine_%[1]s'
WHERE s.table_name = 'sql_%[1]s' ORDER BY s.column_index`, name))
	if err != nil {
		return "", "", err
	}
	have, err := c.texts(ctx, fmt.Sprintf("SELECT '\"' || column_name || '\"' FROM duckdb_columns() WHERE table_name = 'sql_%s' ORDER BY column_index", name))
	if err != nil {
		return "", "", err
	}
	if len(list) != len(have) {
		return "", "", fmt.Errorf("sqlcheck: the engine's %s lacks columns: SQL has %s, common are %s", name, strings.Join(have, " "), strings.Join(list, " "))
	}
	return fmt.Sprintf("SELECT %s FROM sql_%s", strings.Join(have, ", "), name),
		fmt.Sprintf("SELECT %s FROM engine_%s", strings.Join(list, ", "), name), nil
}

// only notes the rows of a selection, if there are any.
func (c *check) only(ctx context.Context, r *Report, name, side, query string) error {
	d := Difference{Table: name, Side: side}
	if err := c.conn.QueryRowContext(ctx, "SELECT count(*) FROM ("+query+")").Scan(&d.Rows); err != nil {
		return fmt.Errorf("sqlcheck: comparing %s: %w", name, err)
	}
	if d.Rows == 0 {
		return nil
	}
	var err error
	d.Examples, err = c.texts(ctx, fmt.Sprintf("SELECT t::VARCHAR FROM (SELECT * FROM (%s) ORDER BY ALL LIMIT %d) t", query, c.in.Examples))
	r.Differences = append(r.Differences, d)
	return err
}

// texts is the first column of a query.
func (c *check) texts(ctx context.Context, query string) ([]string, error) {
	rows, err := c.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("sqlcheck: %w", err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("sqlcheck: %w", err)
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
