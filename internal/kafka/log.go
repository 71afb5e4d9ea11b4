package kafka

import (
	"context"
	"errors"

	"github.com/advertisex/adjoin/internal/event"
)

// ErrUnknownOutcome is in the chain of an append's error when the record may or
// may not be in the log, now or later. Call Barrier and read up to its offset
// to know.
var ErrUnknownOutcome = errors.New("the record may or may not be in the log")

// ErrClosed is returned by calls on something that was closed.
var ErrClosed = errors.New("closed")

var errSkeleton = errors.New("skeleton")

// Log is a topic of one partition: a total order. Its appends are idempotent
// and acknowledged by all in-sync replicas. It is safe for concurrent use;
// appends go one after another.
type Log struct{}

// OpenLog checks that the topic exists and has exactly one partition, and
// registers a producer id. Close must be called.
func OpenLog(ctx context.Context, cfg Config, topic string) (*Log, error) { return nil, errSkeleton }

// Append writes one record and returns its offset. It retries, without ever
// writing twice, until ctx ends. An error that wraps ErrUnknownOutcome leaves
// it open whether the record is there; any other error means it is not and
// never will be.
func (l *Log) Append(ctx context.Context, value []byte) (event.Offset, error) {
	return 0, errSkeleton
}

// Barrier writes a record, too, and decides every earlier append of this Log
// whose outcome is unknown: once it has returned an offset, such a record is in
// the log before that offset or will never be. Read up to it to know which.
// (Any successful Append does the same.)
func (l *Log) Barrier(ctx context.Context, value []byte) (event.Offset, error) {
	return 0, errSkeleton
}

// Read calls each with the records of [from, to) in order and returns when it
// has reached to, waiting for records not yet written. each's error ends it.
func (l *Log) Read(ctx context.Context, from, to event.Offset, each func(offset event.Offset, at event.Time, value []byte) error) error {
	return errSkeleton
}

// Tail calls each with every record from an offset on, as they are appended,
// until ctx ends, each returns an error, or the log cannot be read any more.
func (l *Log) Tail(ctx context.Context, from event.Offset, each func(offset event.Offset, at event.Time, value []byte) error) error {
	return errSkeleton
}

// Bounds are the offset of the first record and the one after the last.
func (l *Log) Bounds(ctx context.Context) (first, end event.Offset, err error) {
	return 0, 0, errSkeleton
}

// Truncate deletes the records before an offset.
func (l *Log) Truncate(ctx context.Context, before event.Offset) error { return errSkeleton }

// TopicID is the id of the log's topic.
func (l *Log) TopicID() TopicID { return TopicID{} }

// Close closes the connections. Appends in progress return an error.
func (l *Log) Close() error { return nil }
