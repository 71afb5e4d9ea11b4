package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

// engineFailure gives an error of Kafka, the engine, the lake or a warehouse its
// exit code and its page; another error, nil too, stays what it is.
func engineFailure(err error) error {
	var f *failure
	var k *kafka.Error
	var fenced *actors.FencedError
	var sink *sinks.Error
	var damaged *duckdb.DamagedError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &fenced):
		return &failure{exit: exitNo, id: "E-FENCED", message: fenced.Error(), cause: err}
	case errors.As(err, &k):
		return kafkaFailure(k, err)
	case errors.Is(err, journal.ErrNoSnapshot):
		return &failure{
			exit: exitNo, id: "E-JOURNAL-GONE", message: err.Error(), cause: err,
			hint: []string{"A warehouse that is so far behind is built anew: move its file away and load again from a journal that holds all commits."},
		}
	case errors.As(err, &sink), errors.As(err, &damaged), errors.Is(err, duckdb.ErrNoCgo):
		return sinkFailure(err)
	}
	return err
}

func kafkaFailure(k *kafka.Error, err error) *failure {
	f := &failure{exit: k.Class.ExitCode(), id: k.Code, message: k.What, retryable: k.Class == kafka.Unreachable, cause: err}
	if k.Code == kafka.CodeTLS {
		f.exit = exitUnreachable // nobody was reached; the other refusals are a broker's answer
	}
	if k.Hint != "" {
		f.hint = strings.Split(strings.TrimSpace(k.Hint), "\n")
	}
	f.hint = append(f.hint, "Check step by step: adjoin check kafka")
	return f
}

// sinkFailure gives an error of a store or warehouse its exit code.
func sinkFailure(err error) *failure {
	f := &failure{exit: exitUnexpected, id: "E-SINK", message: err.Error(), cause: err}
	if known := (*failure)(nil); errors.As(err, &known) {
		return known
	}
	if errors.Is(err, duckdb.ErrNoCgo) {
		f.exit, f.id = exitUsage, "E-NO-DUCKDB"
		return f
	}
	if damaged := (*duckdb.DamagedError)(nil); errors.As(err, &damaged) {
		return f
	}
	if e := (*sinks.Error)(nil); errors.As(err, &e) {
		f.message = strings.TrimSpace(e.Op+" "+e.Key) + ": " + e.Err.Error()
	}
	switch sinks.ClassOf(err) {
	case sinks.Retryable:
		f.exit, f.id, f.retryable = exitUnreachable, "E-STORE-UNREACHABLE", true
		f.hint = []string{"Check the address and that it answers: adjoin check store"}
	case sinks.NoSpace:
		f.exit, f.id, f.retryable = exitUnreachable, "E-STORE-FULL", true
		f.hint = []string{"Free space or raise the quota; a running node goes on alone."}
	case sinks.Refused:
		f.exit, f.id = exitRefused, "E-STORE-REFUSED"
		f.hint = []string{"Check that the bucket, folder or file exists and that this process may use it."}
	}
	return f
}

// warehouseFailure is sinkFailure for a warehouse that must be there already.
func warehouseFailure(err error) *failure {
	if path := (*fs.PathError)(nil); errors.As(err, &path) && errors.Is(err, fs.ErrNotExist) {
		return &failure{
			exit: exitUnreachable, id: "E-WAREHOUSE-MISSING", message: "there is no warehouse file " + path.Path, retryable: true, cause: err,
			hint: []string{"Load what is committed with adjoin load run -c FILE, or name another file with --path."},
		}
	}
	return sinkFailure(err)
}

// statementFailure tells a statement that DuckDB refuses, which is the user's to
// repair, from a failure of ours.
func statementFailure(err error) error {
	if err == nil {
		return nil
	}
	for _, kind := range []string{"Parser", "Binder", "Catalog", "Conversion", "Invalid Input", "Out of Range", "Not implemented", "Syntax"} {
		if strings.Contains(err.Error(), kind+" Error:") {
			return &failure{
				exit: exitUsage, message: "DuckDB refuses the statement: " + strings.TrimPrefix(err.Error(), "duckdb: "), cause: err,
				hint: []string{"The tables and views: adjoin load ddl"},
			}
		}
	}
	return engineFailure(err)
}

// patient is a journal as a loader reads it: what will not pass by itself ends
// the loading instead of being tried for ever.
type patient struct{ *actors.Commits }

// Next is that of the journal.
func (p patient) Next(ctx context.Context, after sinks.Token, wait bool) (sinks.Commit, bool, error) {
	c, ok, err := p.Commits.Next(ctx, after, wait)
	var k *kafka.Error
	if errors.Is(err, journal.ErrNoSnapshot) || errors.As(err, &k) && k.Class != kafka.Unreachable {
		err = &sinks.Error{Op: "reading the journal", Class: sinks.Refused, Err: fmt.Errorf("commits cannot be read: %w", err)}
	}
	return c, ok, err
}

// outFailure tells a folder of --out that cannot be written to, which is the
// user's to choose, from other failures.
func outFailure(dir string, err error) error {
	if sinks.ClassOf(err) == sinks.NoSpace {
		return sinkFailure(err)
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return usagef("--out %s: %s", dir, path)
	}
	return err
}
