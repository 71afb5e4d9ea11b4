package sinks

import (
	"context"
	"errors"
	"fmt"

	"github.com/advertisex/adjoin/internal/table"
)

// Token is the journal offset of the last commit that a warehouse has taken,
// stored in the warehouse beside the rows.
type Token int64

// NoToken is the token of an empty warehouse.
const NoToken Token = -1

// Commit is what a loader needs of one valid journal commit: its place and the
// files it names. A commit may have no files.
type Commit struct {
	Offset Token
	Files  []File
}

// Batch is one commit as a warehouse takes it: the files to load, and those to
// remember without loading because their table is stopped (Loader).
type Batch struct {
	Prev  Token // what the warehouse must be at: the offset of the batch before
	Token Token // the commit's offset, greater than Prev
	Files []File
	Held  []Held
}

// Held is a file of a valid commit whose rows are not in the warehouse.
type Held struct {
	Commit Token
	File   File
	// Reason is what is wrong with the file, or names the earlier file that
	// stopped its table.
	Reason string
}

// Result is what one Load did.
type Result struct {
	Rows    int64
	Already bool // the commit was in the ledger: nothing was done
}

// Capabilities says how a warehouse keeps its promises; the conformance kit
// tests what is declared.
type Capabilities struct {
	// Transactional: rows and ledger row appear in one transaction.
	Transactional bool
	// Concurrent: two loaders may be open on one warehouse; one of them wins.
	Concurrent bool
	// Local: files are read from this machine's disk.
	Local bool
}

// Warehouse takes committed files exactly once. The proof is its own ledger
// (table adjoin_loads, a row for each commit), written with the rows.
type Warehouse interface {
	Capabilities() Capabilities
	// DDL is the statements that make the tables, their *_current views and the
	// ledger, in order; they change nothing that exists.
	DDL(tables []table.Name) []string
	// EnsureSchema runs the DDL of all tables.
	EnsureSchema(ctx context.Context) error
	// Token is the last commit in the ledger, NoToken when there is none.
	Token(ctx context.Context) (Token, error)
	// Load takes one commit: all its files, the held ones as held, and the ledger
	// row, or nothing. A commit that is in the ledger changes nothing. A warehouse
	// that is not at b.Prev refuses with ErrOutOfOrder. Every file is verified
	// against its size and hash before a row is read, and the rows counted
	// after: a difference is a *FileError.
	Load(ctx context.Context, b Batch) (Result, error)
	// Held lists the held files in the order of their commits.
	Held(ctx context.Context) ([]Held, error)
	// Release loads held files, in the order given, and forgets that they were
	// held, or does nothing. Files that are not held any more are skipped.
	Release(ctx context.Context, files []Held) (Result, error)
	Close() error
}

// ErrOutOfOrder: the warehouse is not at the commit this one follows. Another
// loader is ahead, or commits were skipped; read the token again.
var ErrOutOfOrder = errors.New("not the commit that follows the warehouse's last one")

// OutOfOrderError carries both positions.
type OutOfOrderError struct {
	At, Prev, Commit Token
}

// Error says where the warehouse is and what was offered.
func (e *OutOfOrderError) Error() string {
	return fmt.Sprintf("sinks: commit %d follows commit %d, but the warehouse is at %d: %v",
		e.Commit, e.Prev, e.At, ErrOutOfOrder)
}

// Unwrap is ErrOutOfOrder.
func (e *OutOfOrderError) Unwrap() error { return ErrOutOfOrder }

// FileError is a committed file that cannot be loaded because of what it is, not
// because of how it is reached.
type FileError struct {
	File File
	Err  error // wraps ErrCorrupt
}

// Error names the file, what is wrong, and the way out.
func (e *FileError) Error() string {
	return fmt.Sprintf("sinks: file %s (%s, %d rows): %v; nothing of its commit was loaded", e.File.Key, e.File.Table, e.File.Rows, e.Err)
}

// Unwrap is the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Advance checks the order of a batch against a warehouse's token, for
// implementations of Warehouse: already says that the batch is not ahead of the
// token; whether it is in the ledger is theirs to ask.
func (b Batch) Advance(at Token) (already bool, err error) {
	switch {
	case b.Token <= b.Prev:
		return false, fmt.Errorf("sinks: commit %d cannot follow commit %d", b.Token, b.Prev)
	case at >= b.Token:
		return true, nil
	case at != b.Prev:
		return false, &OutOfOrderError{At: at, Prev: b.Prev, Commit: b.Token}
	}
	return false, nil
}
