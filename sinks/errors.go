package sinks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"gocloud.dev/gcerrors"
)

// Class says what to do about an error of a store or a warehouse.
type Class uint8

// The classes.
const (
	// Unclassified is an error of no store: a bug or a closed cut.
	Unclassified Class = iota
	// Retryable may pass by itself: repeat under the same name, with back-off.
	Retryable
	// NoSpace is a full disk, quota or bucket: pause intake, keep what is held,
	// repeat under the same name until there is room (F35).
	NoSpace
	// Refused needs a person: credentials, permission, a missing bucket, a
	// read-only disk. Repeating is harmless and usually in vain.
	Refused
	// Conflict is a name that is taken by other content: stop the shard (F14).
	Conflict
	// Corrupt is content that is not what its commit says: quarantine (F15).
	Corrupt
)

// String is the class in lower case.
func (c Class) String() string {
	switch c {
	case Retryable:
		return "retryable"
	case NoSpace:
		return "no space"
	case Refused:
		return "refused"
	case Conflict:
		return "conflict"
	case Corrupt:
		return "corrupt"
	}
	return "unclassified"
}

// Errors that callers ask for with errors.Is.
var (
	// ErrNameTaken: the object exists with other content. Names carry an epoch,
	// so somebody else wrote under a claim that is not theirs, or the store was
	// tampered with.
	ErrNameTaken = errors.New("the name is taken by other content")
	// ErrCorrupt: an object is missing or differs from its commit.
	ErrCorrupt = errors.New("not the content that was committed")
	// ErrSealed: rows were offered to a cut that is being closed.
	ErrSealed = errors.New("the cut is closed for rows")
	// ErrKey: an object key outside the allowed pattern (S8).
	ErrKey = errors.New("not an allowed object key")

	errDigest = errors.New("sinks: a SHA-256 has 64 hexadecimal digits")
)

// Error is a failed operation of a store or warehouse.
type Error struct {
	Op    string // "upload", "verify", "read", "list", "delete", "spool", "load"
	Key   string // object or file, "" when none
	Class Class
	Err   error
}

// Error names the operation, the object and what to do next.
func (e *Error) Error() string {
	where := e.Op
	if e.Key != "" {
		where += " " + e.Key
	}
	return fmt.Sprintf("sinks: %s (%s): %v; %s", where, e.Class, e.Err, e.Class.advice())
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

func (c Class) advice() string {
	switch c {
	case Retryable:
		return "it is retried under the same name"
	case NoSpace:
		return "free space or raise the quota, work resumes alone"
	case Refused:
		return "check that the bucket or folder exists and that this process may use it"
	case Conflict:
		return "two writers share one cut id: stop and find the other writer"
	case Corrupt:
		return "restore the object from a copy, then run adjoin load run"
	}
	return "see the cause"
}

// ClassOf is the class of the outermost classified error in the chain, or what
// the operating system's error code says.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return classify(err)
}

// classify sorts a raw error. An unknown one is retryable: repeating a
// create-only write is always safe.
func classify(err error) Class {
	switch {
	case err == nil:
		return Unclassified
	case errors.Is(err, ErrNameTaken):
		return Conflict
	case errors.Is(err, ErrCorrupt):
		return Corrupt
	case errors.Is(err, ErrKey), errors.Is(err, ErrSealed):
		return Unclassified
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return NoSpace
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return Refused
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Retryable
	}
	switch gcerrors.Code(err) {
	case gcerrors.PermissionDenied, gcerrors.NotFound, gcerrors.InvalidArgument, gcerrors.Unimplemented:
		return Refused
	}
	return Retryable
}

// failed wraps an error with its operation and class; nil stays nil, and so
// does an error that has both.
func failed(op, key string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Op: op, Key: key, Class: classify(err), Err: err}
}
