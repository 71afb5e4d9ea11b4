package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// The steps of a load (reliability L2 to L7), as the hook names them. Files are
// verified before the transaction, so that a bad one costs nothing.
const (
	stepVerify = "verify"
	stepBegin  = "begin"
	stepLedger = "ledger"
	stepInsert = "insert"
	stepCount  = "count"
	stepCommit = "commit"
	stepAfter  = "committed"
)

// Load implements sinks.Warehouse.
func (w *Warehouse) Load(ctx context.Context, b sinks.Batch) (sinks.Result, error) {
	w.turn.Lock()
	defer w.turn.Unlock()
	if already, err := w.position(ctx, b); already || err != nil {
		return sinks.Result{Already: already}, err
	}
	files, err := w.fetch(ctx, b.Files)
	if err != nil {
		return sinks.Result{}, err
	}
	defer files.remove()
	var r sinks.Result
	err = w.transact(ctx, func(tx *sql.Tx) error {
		// Asked again inside the transaction: only this answer counts.
		already, err := position(ctx, tx, b)
		if r.Already = already; already || err != nil {
			return err
		}
		if err := w.ledger(ctx, tx, b); err != nil {
			return err
		}
		r.Rows, err = w.insert(ctx, tx, files)
		return err
	})
	if err != nil {
		return sinks.Result{}, err
	}
	return r, nil
}

// Release implements sinks.Warehouse.
func (w *Warehouse) Release(ctx context.Context, held []sinks.Held) (sinks.Result, error) {
	w.turn.Lock()
	defer w.turn.Unlock()
	list := make([]sinks.File, len(held))
	for i, h := range held {
		list[i] = h.File
	}
	files, err := w.fetch(ctx, list)
	if err != nil {
		return sinks.Result{}, err
	}
	defer files.remove()
	var r sinks.Result
	err = w.transact(ctx, func(tx *sql.Tx) error {
		for _, h := range held {
			done, err := tx.ExecContext(ctx, "DELETE FROM "+heldTable+` WHERE "file_key" = ?`, h.File.Key)
			if err != nil {
				return failed("releasing a held file", err)
			}
			if n, err := done.RowsAffected(); err != nil || n != 1 {
				files.skip(h.File.Key)
				continue
			}
			_, err = tx.ExecContext(ctx, "UPDATE "+ledgerTable+` SET "files" = "files" + 1, "rows" = "rows" + ?, "held_files" = "held_files" - 1 WHERE "commit_offset" = ?`,
				h.File.Rows, int64(h.Commit))
			if err != nil {
				return failed("releasing a held file", err)
			}
		}
		var err error
		r.Rows, err = w.insert(ctx, tx, files)
		return err
	})
	if err != nil {
		return sinks.Result{}, err
	}
	return r, nil
}

// querier is a connection or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (w *Warehouse) position(ctx context.Context, b sinks.Batch) (already bool, err error) {
	return position(ctx, w.db, b)
}

// position says whether a batch is in the ledger, or does not follow it.
func position(ctx context.Context, q querier, b sinks.Batch) (already bool, err error) {
	var at sinks.Token
	var known int
	err = q.QueryRowContext(ctx, `SELECT coalesce(max("commit_offset"), -1), count(*) FILTER ("commit_offset" = ?) FROM `+ledgerTable,
		int64(b.Token)).Scan(&at, &known)
	if err != nil {
		return false, failed("reading the ledger", err)
	}
	already, err = b.Advance(at)
	if already && known == 0 {
		return false, &sinks.OutOfOrderError{At: at, Prev: b.Prev, Commit: b.Token}
	}
	return already, err
}

// transact runs f in a transaction. An error after the commit was sent leaves
// the outcome to the ledger.
func (w *Warehouse) transact(ctx context.Context, f func(*sql.Tx) error) error {
	if err := w.step(stepBegin); err != nil {
		return err
	}
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return failed("beginning a load", err)
	}
	if err := f(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := w.step(stepCommit); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return failed("committing a load", err)
	}
	return w.step(stepAfter)
}

// ignoreDone drops the error of a rollback after the context ended it.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// ledger notes the commit and what is held of it.
func (w *Warehouse) ledger(ctx context.Context, tx *sql.Tx, b sinks.Batch) error {
	if err := w.step(stepLedger); err != nil {
		return err
	}
	var rows int64
	for _, f := range b.Files {
		rows += f.Rows
	}
	now := time.Now().UTC()
	_, err := tx.ExecContext(ctx, "INSERT INTO "+ledgerTable+" VALUES (?, ?, ?, ?, ?)",
		int64(b.Token), len(b.Files), rows, len(b.Held), now)
	if err != nil {
		return failed("writing the ledger", err)
	}
	for _, h := range b.Held {
		_, err := tx.ExecContext(ctx, "INSERT INTO "+heldTable+" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			h.File.Key, int64(h.Commit), string(h.File.Table), h.File.Rows, h.File.Bytes, h.File.SHA256.String(), h.Reason, now)
		if err != nil {
			return failed("noting a held file", err)
		}
	}
	return nil
}

// insert copies the rows of verified files, table by table, and counts them.
func (w *Warehouse) insert(ctx context.Context, tx *sql.Tx, files *fetched) (rows int64, err error) {
	for _, n := range table.Names() {
		paths, want := files.of(n)
		if len(paths) == 0 {
			continue
		}
		if err := w.step(stepInsert); err != nil {
			return 0, err
		}
		done, err := tx.ExecContext(ctx, insertSQL(n, paths))
		if err != nil {
			return 0, failed("loading "+string(n), err)
		}
		if err := w.step(stepCount); err != nil {
			return 0, err
		}
		got, err := done.RowsAffected()
		if err != nil {
			return 0, failed("counting the rows of "+string(n), err)
		}
		if got != want {
			return 0, miscounted(ctx, tx, files, n)
		}
		rows += got
	}
	return rows, nil
}

// miscounted finds the file whose row count is not what its commit says.
func miscounted(ctx context.Context, tx *sql.Tx, files *fetched, n table.Name) error {
	for _, f := range files.list {
		if f.file.Table != n {
			continue
		}
		var got int64
		err := tx.QueryRowContext(ctx, fmt.Sprintf("SELECT num_rows FROM parquet_file_metadata(%s)", fileList([]string{f.path}))).Scan(&got)
		if err != nil {
			return failed("counting the rows of "+f.file.Key, err)
		}
		if got != f.file.Rows {
			return &sinks.FileError{File: f.file, Err: fmt.Errorf("it has %d rows, the commit says %d: %w", got, f.file.Rows, sinks.ErrCorrupt)}
		}
	}
	return fmt.Errorf("duckdb: table %s took another number of rows than its files have", n)
}

// fetched is the verified files of a batch on this machine's disk.
type fetched struct {
	dir  string // holds copies, "" when there are none
	list []fetchedFile
}

type fetchedFile struct {
	file sinks.File
	path string
}

// fetch verifies every file and copies it here where the store is remote.
func (w *Warehouse) fetch(ctx context.Context, files []sinks.File) (*fetched, error) {
	if err := w.step(stepVerify); err != nil {
		return nil, err
	}
	f := &fetched{}
	for i, file := range files {
		if _, local := w.store.LocalPath(file.Key); !local && f.dir == "" {
			dir, err := os.MkdirTemp(w.cfg.TempDir, "adjoin-load-*")
			if err != nil {
				return nil, &sinks.Error{Op: "load", Class: sinks.ClassOf(err), Err: err}
			}
			f.dir = dir
		}
		path, err := sinks.Fetch(ctx, w.store, file, filepath.Join(f.dir, fmt.Sprintf("%d.parquet", i)))
		if err != nil {
			f.remove()
			if errors.Is(err, sinks.ErrCorrupt) {
				err = &sinks.FileError{File: file, Err: err}
			}
			return nil, err
		}
		f.list = append(f.list, fetchedFile{file, path})
	}
	return f, nil
}

// of is the paths of a table's files and their rows in all.
func (f *fetched) of(n table.Name) (paths []string, rows int64) {
	for _, x := range f.list {
		if x.file.Table == n {
			paths = append(paths, x.path)
			rows += x.file.Rows
		}
	}
	return paths, rows
}

// skip leaves a file out.
func (f *fetched) skip(key string) {
	for i, x := range f.list {
		if x.file.Key == key {
			f.list = append(f.list[:i], f.list[i+1:]...)
			return
		}
	}
}

// remove deletes the copies. What cannot be deleted is the system's to clean.
func (f *fetched) remove() {
	if f.dir != "" {
		_ = os.RemoveAll(f.dir)
	}
}

func (w *Warehouse) step(name string) error {
	if w.hook == nil {
		return nil
	}
	return w.hook(name)
}
