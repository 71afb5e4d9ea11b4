package sinktest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// Memory is a Warehouse that only counts rows, for tests of what is around a
// warehouse. Safe for concurrent use.
type Memory struct {
	store sinks.Store

	mu    sync.Mutex
	rows  map[table.Name]int64
	loads map[sinks.Token]bool
	held  []sinks.Held
	hook  func(step string) error
}

var _ sinks.Warehouse = (*Memory)(nil)

// NewMemory is an empty warehouse.
func NewMemory(s sinks.Store) *Memory {
	return &Memory{store: s, rows: map[table.Name]int64{}, loads: map[sinks.Token]bool{}}
}

// Rows counts the rows of a table.
func (m *Memory) Rows(n table.Name) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rows[n]
}

// Fail makes every load call f before its steps "verify" and "commit" and after
// the commit ("committed").
func (m *Memory) Fail(f func(step string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hook = f
}

// Capabilities implements sinks.Warehouse.
func (m *Memory) Capabilities() sinks.Capabilities { return sinks.Capabilities{Transactional: true} }

// DDL implements sinks.Warehouse: there is none.
func (m *Memory) DDL([]table.Name) []string { return nil }

// EnsureSchema implements sinks.Warehouse.
func (m *Memory) EnsureSchema(context.Context) error { return nil }

// Token implements sinks.Warehouse.
func (m *Memory) Token(context.Context) (sinks.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.token(), nil
}

func (m *Memory) token() sinks.Token {
	t := sinks.NoToken
	for at := range m.loads {
		t = max(t, at)
	}
	return t
}

// Load implements sinks.Warehouse.
func (m *Memory) Load(ctx context.Context, b sinks.Batch) (sinks.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	already, err := b.Advance(m.token())
	if already && !m.loads[b.Token] {
		err = &sinks.OutOfOrderError{At: m.token(), Prev: b.Prev, Commit: b.Token}
	}
	if already || err != nil {
		return sinks.Result{Already: already && err == nil}, err
	}
	rows, added, err := m.count(ctx, b.Files)
	if err != nil {
		return sinks.Result{}, err
	}
	if err := m.step("commit"); err != nil {
		return sinks.Result{}, err
	}
	m.rows = rows
	m.loads[b.Token] = true
	m.held = append(m.held, b.Held...)
	return sinks.Result{Rows: added}, m.step("committed")
}

// count verifies files and adds their rows to a copy of the counts.
func (m *Memory) count(ctx context.Context, files []sinks.File) (rows map[table.Name]int64, added int64, err error) {
	if err := m.step("verify"); err != nil {
		return nil, 0, err
	}
	rows = maps.Clone(m.rows)
	for _, f := range files {
		r, err := m.store.Open(ctx, f.Key, 0, -1)
		if err != nil {
			if sinks.ClassOf(err) == sinks.Corrupt {
				err = &sinks.FileError{File: f, Err: err}
			}
			return nil, 0, err
		}
		data, err := io.ReadAll(r)
		if err := cmpErr(err, r.Close()); err != nil {
			return nil, 0, err
		}
		if err := f.Check(bytes.NewReader(data)); err != nil {
			return nil, 0, &sinks.FileError{File: f, Err: err}
		}
		p, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, 0, err
		}
		if p.NumRows() != f.Rows {
			return nil, 0, &sinks.FileError{File: f, Err: fmt.Errorf("%d rows: %w", p.NumRows(), sinks.ErrCorrupt)}
		}
		rows[f.Table] += f.Rows
		added += f.Rows
	}
	return rows, added, nil
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// Held implements sinks.Warehouse.
func (m *Memory) Held(context.Context) ([]sinks.Held, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.held), nil
}

// Release implements sinks.Warehouse.
func (m *Memory) Release(ctx context.Context, held []sinks.Held) (sinks.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var files []sinks.File
	for _, h := range held {
		if slices.ContainsFunc(m.held, func(x sinks.Held) bool { return x.File.Key == h.File.Key }) {
			files = append(files, h.File)
		}
	}
	rows, added, err := m.count(ctx, files)
	if err != nil {
		return sinks.Result{}, err
	}
	m.rows = rows
	m.held = slices.DeleteFunc(m.held, func(x sinks.Held) bool {
		return slices.ContainsFunc(files, func(f sinks.File) bool { return f.Key == x.File.Key })
	})
	return sinks.Result{Rows: added}, nil
}

// Close implements sinks.Warehouse.
func (m *Memory) Close() error { return nil }

func (m *Memory) step(name string) error {
	if m.hook == nil {
		return nil
	}
	return m.hook(name)
}
