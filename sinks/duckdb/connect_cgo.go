//go:build cgo

package duckdb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math/big"
	"net/url"
	"sort"
	"strconv"

	"github.com/duckdb/duckdb-go/v2"
)

// connector opens the database file. Extensions are never fetched from the
// internet, and times are shown in UTC whatever the machine's zone.
func connector(path string, cfg Config, readOnly bool) (driver.Connector, error) {
	q := url.Values{}
	q.Set("autoinstall_known_extensions", "false")
	q.Set("autoload_known_extensions", "false")
	if readOnly {
		q.Set("access_mode", "READ_ONLY")
	}
	if cfg.MemoryLimit != "" {
		q.Set("memory_limit", cfg.MemoryLimit)
	}
	if cfg.Threads > 0 {
		q.Set("threads", strconv.Itoa(cfg.Threads))
	}
	return duckdb.NewConnector(path+"?"+q.Encode(), func(ex driver.ExecerContext) error {
		_, err := ex.ExecContext(context.Background(), "SET TimeZone = 'UTC'", nil)
		return err
	})
}

// plain turns a driver's own type into one that prints and marshals well.
// Decimals and 128-bit integers become text: JSON numbers would round them.
func plain(v any) any {
	switch v := v.(type) {
	case duckdb.Decimal:
		return v.String()
	case *big.Int:
		return v.String()
	case duckdb.UUID:
		return fmt.Sprintf("%x-%x-%x-%x-%x", v[0:4], v[4:6], v[6:8], v[8:10], v[10:])
	case duckdb.Interval:
		return fmt.Sprintf("%d months %d days %d us", v.Months, v.Days, v.Micros)
	case duckdb.Map:
		return plainMap(v)
	case duckdb.OrderedMap:
		m := make(map[string]any, v.Len())
		for i, k := range v.Keys() {
			m[fmt.Sprint(plain(k))] = plain(v.Values()[i])
		}
		return m
	}
	return v
}

func plainMap(m duckdb.Map) map[string]any {
	out := make(map[string]any, len(m))
	keys := make([]string, 0, len(m))
	for k, v := range m {
		name := fmt.Sprint(plain(k))
		keys = append(keys, name)
		out[name] = plain(v)
	}
	sort.Strings(keys)
	return out
}
