package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/advertisex/adjoin/internal/config"
)

// failure is an error that a user can do something about: what failed and where
// in the message, the likely cause and the next step in the hint, a stable id
// with a page of its own, and the exit code.
type failure struct {
	exit      int
	id        string   // E-..., empty for plain usage errors
	message   string   // complete on its own, one line
	hint      []string // one line each: cause, next step
	retryable bool
	cause     error
}

// Error is the message, with the cause behind it.
func (f *failure) Error() string { return f.message }

// Unwrap is the cause.
func (f *failure) Unwrap() error { return f.cause }

// usagef is wrong usage, exit code 2.
func usagef(format string, args ...any) error {
	return &failure{exit: exitUsage, message: fmt.Sprintf(format, args...)}
}

// answerNo ends a command that ran fine and whose answer is no, exit code 3.
// The command has printed the answer already, so nothing is added to it.
func answerNo() error { return &failure{exit: exitNo} }

// errInterrupted and errTerminated are the causes with which a signal ends the
// context of a command.
var (
	errInterrupted = errors.New("interrupted")
	errTerminated  = errors.New("terminated")
)

// asFailure classifies err: a failure as it is, an invalid configuration, a
// context ended by a signal, and anything else as unexpected. started is false
// while cobra still reads the command line, when every error is wrong usage.
func asFailure(ctx context.Context, err error, started bool) *failure {
	var f *failure
	var invalid *config.Invalid
	cause := context.Cause(ctx)
	switch {
	case errors.Is(err, context.Canceled) && (errors.Is(cause, errInterrupted) || errors.Is(cause, errTerminated)):
		return &failure{exit: exitInterrupted, id: "E-INTERRUPTED", message: "stopped before the end: " + cause.Error(), cause: err}
	case errors.As(err, &f):
		return f
	case errors.As(err, &invalid):
		return &failure{exit: exitConfig, id: "E-CONFIG", message: "the configuration has " + invalid.Diagnostics.Summary(), cause: err}
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		return &failure{
			exit: exitUnreachable, id: "E-TIMEOUT", message: "not done within --timeout", retryable: true, cause: err,
			hint: []string{"Raise --timeout, or see what it waits for with -v."},
		}
	case !started:
		return &failure{exit: exitUsage, message: err.Error(), cause: err}
	}
	return &failure{
		exit: exitUnexpected, id: "E-UNEXPECTED", message: err.Error(), cause: err,
		hint: []string{"This is not an error we expected. Run it again with -v and report what it prints."},
	}
}

// report writes f to w in the form of the style guide: text for people, or one
// JSON document.
func (f *failure) report(w io.Writer, asJSON bool) {
	if f.message == "" {
		return
	}
	if asJSON {
		f.reportJSON(w)
		return
	}
	var invalid *config.Invalid
	if errors.As(f.cause, &invalid) {
		fmt.Fprintln(w, invalid.Diagnostics)
		return
	}
	label := "error"
	if f.id != "" {
		label = "error[" + f.id + "]"
	}
	fmt.Fprintf(w, "%s: %s\n", label, f.message)
	for _, line := range f.hint {
		fmt.Fprintf(w, "  %s\n", line)
	}
	if f.id != "" {
		fmt.Fprintf(w, "  Explain: adjoin help %s\n", f.id)
	}
}

// errorDocument is the form of an error in JSON mode.
type errorDocument struct {
	FormatVersion int       `json:"format_version"`
	Error         errorBody `json:"error"`
}

type errorBody struct {
	Code        string             `json:"code"`
	Message     string             `json:"message"`
	Hint        string             `json:"hint"`
	Retryable   bool               `json:"retryable"`
	ExitCode    int                `json:"exit_code"`
	Diagnostics config.Diagnostics `json:"diagnostics,omitempty"`
}

func (f *failure) reportJSON(w io.Writer) {
	body := errorBody{Code: f.id, Message: f.message, Hint: strings.Join(f.hint, " "), Retryable: f.retryable, ExitCode: f.exit}
	if body.Code == "" {
		body.Code = "E-USAGE"
	}
	var invalid *config.Invalid
	if errors.As(f.cause, &invalid) {
		body.Diagnostics = invalid.Diagnostics
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	// A failing standard error leaves no one to tell.
	_ = encoder.Encode(errorDocument{1, body})
}
