package sinktest

import (
	"testing"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

func TestMemoryPassesTheKit(t *testing.T) {
	Run(t, Harness{
		New: func(*testing.T) func(sinks.Store) sinks.Warehouse {
			var m *Memory
			return func(s sinks.Store) sinks.Warehouse {
				if m == nil {
					m = NewMemory(s)
				}
				return m
			}
		},
		Rows:      func(_ *testing.T, w sinks.Warehouse, n table.Name) int64 { return w.(*Memory).Rows(n) },
		Fail:      func(w sinks.Warehouse, f func(string) error) { w.(*Memory).Fail(f) },
		Steps:     []string{"verify", "commit", "committed"},
		Committed: "committed",
	})
}
