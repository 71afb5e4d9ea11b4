//go:build !cgo

package duckdb

import "database/sql/driver"

// connector explains: DuckDB is C++.
func connector(string, Config, bool) (driver.Connector, error) { return nil, ErrNoCgo }

// plain has nothing to turn: no driver, no values.
func plain(v any) any { return v }
