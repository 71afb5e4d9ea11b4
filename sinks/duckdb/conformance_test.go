//go:build cgo

package duckdb

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/sinktest"
)

func TestConformance(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{
		New: func(t *testing.T) func(sinks.Store) sinks.Warehouse {
			path := filepath.Join(t.TempDir(), "w.duckdb")
			return func(s sinks.Store) sinks.Warehouse { return mustOpen(t, path, s) }
		},
		Rows: func(t *testing.T, w sinks.Warehouse, n table.Name) int64 {
			return count(t, w.(*Warehouse), fmt.Sprintf("SELECT count(*) FROM %s", n))
		},
		Fail:      func(w sinks.Warehouse, f func(string) error) { w.(*Warehouse).hook = f },
		Steps:     []string{stepVerify, stepBegin, stepLedger, stepInsert, stepCount, stepCommit, stepAfter},
		Committed: stepAfter,
	})
}

func mustOpen(t *testing.T, path string, s sinks.Store) *Warehouse {
	t.Helper()
	w, err := Open(context.Background(), path, s, Config{Threads: 2, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func count(t *testing.T, w *Warehouse, sql string) int64 {
	t.Helper()
	var n int64
	if err := w.db.QueryRow(sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
