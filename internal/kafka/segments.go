package kafka

import (
	"context"

	"github.com/advertisex/adjoin/internal/event"
)

// Ref is where a segment is and what it must be. It is what a commit names.
type Ref struct {
	Key       string
	Partition int32
	Offsets   []event.Offset // of the chunks, in order
	Bytes     int            // length of the data
	CRC       uint32         // CRC-32C of the data
}

// Segments keeps blobs in a compacted topic, each under a key that is never
// used again. It is safe for concurrent use.
type Segments struct{}

// OpenSegments checks that the topic exists. Close must be called.
func OpenSegments(ctx context.Context, cfg Config, topic string) (*Segments, error) {
	return nil, errSkeleton
}

// Put compresses data and writes it in chunks. After an error the key must not
// be used again: chunks may have been written.
func (s *Segments) Put(ctx context.Context, key string, data []byte) (Ref, error) {
	return Ref{}, errSkeleton
}

// Get reads a segment and verifies every chunk and the whole. A missing or
// damaged chunk is an Error with a SegmentError; it never returns wrong data.
func (s *Segments) Get(ctx context.Context, ref Ref) ([]byte, error) { return nil, errSkeleton }

// Tombstone marks all chunks of a segment for deletion by compaction.
func (s *Segments) Tombstone(ctx context.Context, ref Ref) error { return errSkeleton }

// Close closes the connections.
func (s *Segments) Close() error { return nil }
