package sinks

import (
	"context"
	"io"
)

// Store is where files lie: create-only objects under relative keys. *Bucket is
// the real one; tests put faults in front of it. Every error is an *Error with
// a class. Safe for concurrent use.
type Store interface {
	// Put uploads f.Bytes bytes of body under f.Key, only where the key is free,
	// and verifies what arrived against f.SHA256 before it returns nil. A key that
	// holds the same content already is success (an answer was lost); other
	// content is ErrNameTaken. body is read from its start, perhaps twice.
	Put(ctx context.Context, f File, body io.ReadSeeker) error
	// Open reads length bytes of an object from offset; length -1 reads to the
	// end. A missing object is ErrCorrupt: committed files are never deleted
	// before they are unneeded.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)
	// List visits the objects under a prefix in key order until visit fails.
	List(ctx context.Context, prefix string, visit func(Object) error) error
	// Delete removes an object; a missing one is no error.
	Delete(ctx context.Context, key string) error
	// LocalPath is the file of a key when the store is a local folder.
	LocalPath(key string) (path string, local bool)
	// Close closes the connections.
	Close() error
}

// Object is one listed object.
type Object struct {
	Key   string
	Bytes int64
}
