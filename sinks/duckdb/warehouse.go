package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// ErrNoCgo is what Open returns in a build without cgo.
var ErrNoCgo = errors.New("built without cgo: the embedded DuckDB warehouse is not in this program; files stay for other loaders")

// Config bounds what DuckDB takes. The zero value leaves it to DuckDB: 80 % of
// the memory, all processors.
type Config struct {
	// MemoryLimit is DuckDB's, for example "2GB".
	MemoryLimit string
	// Threads is how many processors a load or query may use.
	Threads int
	// TempDir takes copies of files from a remote store while they are loaded; ""
	// is the system's folder.
	TempDir string
}

// Warehouse is a DuckDB file. Loads take turns; queries run beside them. Safe
// for concurrent use.
type Warehouse struct {
	db    *sql.DB
	store sinks.Store
	cfg   Config
	turn  sync.Mutex // one load at a time, so that two loaders cannot collide

	// hook is called before each step of a load and after the commit; an error
	// stops the load there. Nil outside of tests.
	hook func(step string) error
}

var _ sinks.Warehouse = (*Warehouse)(nil)

// Open opens the file, and makes it when it is missing. store is where the
// committed files are. A file that another process has open is refused; one
// that cannot be opened because it is damaged is a *DamagedError.
func Open(ctx context.Context, path string, store sinks.Store, cfg Config) (*Warehouse, error) {
	return open(ctx, path, store, cfg, false)
}

// OpenReadOnly opens an existing file for queries.
func OpenReadOnly(ctx context.Context, path string, cfg Config) (*Warehouse, error) {
	if _, err := os.Stat(path); err != nil && !errors.Is(err, ErrNoCgo) {
		return nil, fmt.Errorf("duckdb: %w; load something first or name another file", err)
	}
	return open(ctx, path, nil, cfg, true)
}

func open(ctx context.Context, path string, store sinks.Store, cfg Config, readOnly bool) (*Warehouse, error) {
	if strings.ContainsAny(path, "?\x00") {
		return nil, fmt.Errorf("duckdb: file name %q has a character that DuckDB would read as an option", path)
	}
	c, err := connector(path, cfg, readOnly)
	if err != nil {
		return nil, openError(path, err)
	}
	db := sql.OpenDB(c)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(openError(path, err), db.Close())
	}
	return &Warehouse{db: db, store: store, cfg: cfg}, nil
}

func openError(path string, err error) error {
	switch text := err.Error(); {
	case errors.Is(err, ErrNoCgo):
		return err
	case strings.Contains(text, "Could not set lock"):
		return &sinks.Error{Op: "open", Key: path, Class: sinks.Refused, Err: fmt.Errorf("another process has it open; stop it, or query through it: %w", err)}
	case strings.Contains(text, "Permission denied"), strings.Contains(text, "No such file"):
		return &sinks.Error{Op: "open", Key: path, Class: sinks.Refused, Err: err}
	}
	return &DamagedError{Path: path, Err: err}
}

// DamagedError is a database file or write-ahead log that DuckDB cannot open,
// for example after it was killed while committing. Nothing is lost: the
// committed files are the truth. SetAside, Open and a loader from the first
// commit build it anew.
type DamagedError struct {
	Path string
	Err  error
}

// Error says what to do.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("duckdb: %s cannot be opened: %v; move it aside and load again from the committed files", e.Path, e.Err)
}

// Unwrap is the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// SetAside renames a damaged database and its write-ahead log to PATH.damaged-TIME
// and returns the new name.
func SetAside(path string, now time.Time) (string, error) {
	to := fmt.Sprintf("%s.damaged-%s", path, now.UTC().Format("20060102T150405.000000"))
	if err := os.Rename(path, to); err != nil {
		return "", fmt.Errorf("duckdb: moving the damaged file aside: %w", err)
	}
	if err := os.Rename(path+".wal", to+".wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("duckdb: moving the damaged write-ahead log aside: %w", err)
	}
	return to, nil
}

// Capabilities implements sinks.Warehouse.
func (w *Warehouse) Capabilities() sinks.Capabilities {
	return sinks.Capabilities{Transactional: true, Concurrent: false, Local: true}
}

// EnsureSchema implements sinks.Warehouse: it makes what is missing and adds
// columns that tables of an older version lack.
func (w *Warehouse) EnsureSchema(ctx context.Context) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	for _, n := range table.Names() {
		if err := w.addColumns(ctx, n); err != nil {
			return err
		}
	}
	for _, s := range DDL(table.Names()) {
		if _, err := w.db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("duckdb: %w; the statement was: %s", err, s)
		}
	}
	return nil
}

// addColumns adds what an existing table lacks. A view of its old shape would
// be in the way; it is made again afterwards.
func (w *Warehouse) addColumns(ctx context.Context, n table.Name) error {
	have := map[string]bool{}
	rows, err := w.db.QueryContext(ctx, "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND schema_name = 'main'", string(n))
	if err != nil {
		return fmt.Errorf("duckdb: reading the columns of %s: %w", n, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("duckdb: reading the columns of %s: %w", n, err)
		}
		have[name] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(have) == 0 {
		return err
	}
	for _, c := range table.Columns(n) {
		if have[c.Name] {
			continue
		}
		s := fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", quote(string(n)), quote(c.Name), sqlType(c))
		if _, err := w.db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("duckdb: %w; the statement was: %s", err, s)
		}
	}
	return nil
}

// Token implements sinks.Warehouse.
func (w *Warehouse) Token(ctx context.Context) (sinks.Token, error) {
	var t sinks.Token
	err := w.db.QueryRowContext(ctx, "SELECT coalesce(max(commit_offset), -1) FROM "+ledgerTable).Scan(&t)
	if err != nil {
		return sinks.NoToken, failed("reading the ledger", err)
	}
	return t, nil
}

// Held implements sinks.Warehouse.
func (w *Warehouse) Held(ctx context.Context) ([]sinks.Held, error) {
	rows, err := w.db.QueryContext(ctx, `SELECT "commit_offset", "table_name", "file_key", "rows", "bytes", "sha256", "reason" FROM `+
		heldTable+` ORDER BY "commit_offset", "file_key"`)
	if err != nil {
		return nil, failed("reading the held files", err)
	}
	defer rows.Close()
	var list []sinks.Held
	for rows.Next() {
		var h sinks.Held
		var sum string
		if err := rows.Scan(&h.Commit, &h.File.Table, &h.File.Key, &h.File.Rows, &h.File.Bytes, &sum, &h.Reason); err != nil {
			return nil, failed("reading the held files", err)
		}
		if err := h.File.SHA256.UnmarshalText([]byte(sum)); err != nil {
			return nil, failed("reading the held files", err)
		}
		list = append(list, h)
	}
	return list, failed("reading the held files", rows.Err())
}

// Close implements sinks.Warehouse; it writes the log into the database file.
func (w *Warehouse) Close() error { return failed("closing", w.db.Close()) }

// failed classifies an error of DuckDB by its text: it has codes for few.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	class := sinks.Retryable
	text := err.Error()
	switch {
	case strings.Contains(text, "No space left"), strings.Contains(text, "Disk quota"):
		class = sinks.NoSpace
	case strings.Contains(text, "Catalog Error"), strings.Contains(text, "Binder Error"),
		strings.Contains(text, "read-only"), strings.Contains(text, "FATAL"):
		class = sinks.Refused
	}
	return &sinks.Error{Op: "duckdb: " + op, Class: class, Err: err}
}
