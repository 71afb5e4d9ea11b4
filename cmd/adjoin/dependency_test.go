package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

// TestDependencyFailures: the code and the page of what is outside the process,
// however deep it lies in the error.
func TestDependencyFailures(t *testing.T) {
	store := func(c sinks.Class, err error) error {
		return &sinks.Error{Op: "upload", Key: "fact_bids/part-1.parquet", Class: c, Err: err}
	}
	for _, test := range []struct {
		err       error
		id        string
		exit      int
		retryable bool
		message   string
	}{
		{&kafka.Error{Code: kafka.CodeConnect, Class: kafka.Unreachable, What: "no connection."}, "E-KAFKA-CONNECT", exitUnreachable, true, "no connection."},
		{&kafka.Error{Code: kafka.CodeTLS, Class: kafka.Refused, What: "a TLS alert."}, "E-KAFKA-TLS", exitUnreachable, false, "a TLS alert."},
		{&kafka.Error{Code: kafka.CodeAuth, Class: kafka.Refused, What: "no."}, "E-KAFKA-AUTH", exitRefused, false, "no."},
		{fmt.Errorf("reading: %w", journal.ErrNoSnapshot), "E-JOURNAL-GONE", exitNo, false, "reading: " + journal.ErrNoSnapshot.Error()},
		{store(sinks.Retryable, errors.New("reset")), "E-STORE-UNREACHABLE", exitUnreachable, true, "upload fact_bids/part-1.parquet: reset"},
		{store(sinks.NoSpace, syscall.ENOSPC), "E-STORE-FULL", exitUnreachable, true, "upload fact_bids/part-1.parquet: no space left on device"},
		{store(sinks.Refused, fs.ErrPermission), "E-STORE-REFUSED", exitRefused, false, "upload fact_bids/part-1.parquet: permission denied"},
		{store(sinks.Conflict, sinks.ErrNameTaken), "E-SINK", exitUnexpected, false, "upload fact_bids/part-1.parquet: " + sinks.ErrNameTaken.Error()},
		{&duckdb.DamagedError{Path: "w", Err: errors.New("torn")}, "E-SINK", exitUnexpected, false, "duckdb: w cannot be opened: torn; move it aside and load again from the committed files"},
		{fmt.Errorf("opening: %w", duckdb.ErrNoCgo), "E-NO-DUCKDB", exitUsage, false, "opening: " + duckdb.ErrNoCgo.Error()},
	} {
		var f *failure
		if !errors.As(engineFailure(fmt.Errorf("wrapped: %w", test.err)), &f) {
			t.Errorf("%v has no code", test.err)
			continue
		}
		message := strings.TrimPrefix(f.message, "wrapped: ")
		if f.id != test.id || f.exit != test.exit || f.retryable != test.retryable || message != test.message {
			t.Errorf("%v: %s, exit %d, retryable %v, %q; want %s, %d, %v, %q",
				test.err, f.id, f.exit, f.retryable, message, test.id, test.exit, test.retryable, test.message)
		}
	}
	if err := errors.New("another"); !errors.Is(engineFailure(err), err) || engineFailure(nil) != nil {
		t.Error("an error of ours was changed, or none became one")
	}
}

// TestStatementFailures: what DuckDB says of a statement is the user's to repair.
func TestStatementFailures(t *testing.T) {
	for text, want := range map[string]int{
		"duckdb: Parser Error: syntax error at or near \"selec\"":   exitUsage,
		"duckdb: Catalog Error: Table with name nix does not exist": exitUsage,
		"duckdb: IO Error: the disk is gone":                        exitUnexpected,
	} {
		if f := asFailure(context.Background(), statementFailure(errors.New(text)), true); f.exit != want {
			t.Errorf("%s: exit %d, want %d", text, f.exit, want)
		}
	}
}

// TestInterruptedWins: Ctrl-C while Kafka is asked is an interruption, not a
// broker that does not answer.
func TestInterruptedWins(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errInterrupted)
	err := engineFailure(&kafka.Error{Code: kafka.CodeTimeout, Class: kafka.Unreachable, What: "no answer.", Err: context.Canceled})
	if f := asFailure(ctx, err, true); f.exit != exitInterrupted {
		t.Errorf("exit %d, want 130", f.exit)
	}
}
