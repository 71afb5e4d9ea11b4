package kafka

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"

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

// A chunk record: key = segment key + "/" + number (decimal, from 0), value
// (little-endian):
//
//	0 "AS"                          8 number of this chunk uint32
//	2 version uint8 = 1            12 number of chunks uint32
//	3 codec uint8: 1 zstd          16 length of the segment's data uint64
//	4 CRC-32C of bytes 8 to end    24 CRC-32C of the segment's data uint32
//	                               28 this chunk's part of the compressed data
//
// A segment is compressed as a whole, then cut. Readers refuse a version or
// codec they do not know. Compaction keeps a chunk until its key gets a null
// value.
const (
	chunkHead    = 28
	chunkVersion = 1
	chunkZstd    = 1
	// chunkBytes is the most a chunk's value has: brokers take 1,048,588 bytes
	// a batch by default, sarama a little less.
	chunkBytes = 1_000_000
	// MaxSegmentBytes bounds a segment's data, compressed or not.
	MaxSegmentBytes = 1 << 30
)

// Segments keeps blobs in a compacted topic, each under a key that is never
// used again. It is safe for concurrent use.
type Segments struct {
	cfg     *Config
	dir     *directory
	topic   string
	ctx     context.Context // ends with Close
	stop    context.CancelCauseFunc
	writers []chan *writer // by partition; each holds its writer while nobody uses it
	readers chan *reader   // those nobody uses
	encode  *zstd.Encoder
	packed  sync.Pool // of *[]byte, for compressed data
}

// readersAtMost is how many segments are read at the same time.
const readersAtMost = 4

// OpenSegments checks that the topic exists. Close must be called.
func OpenSegments(ctx context.Context, cfg Config, topic string) (*Segments, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Segments{cfg: &cfg, dir: newDirectory(&cfg), topic: topic, readers: make(chan *reader, readersAtMost)}
	v, err := s.dir.lookup(ctx, topic)
	if err == nil && len(v.topics[topic].partitions) == 0 {
		err = refusal(orUnknown(v.topics[topic].err), "topic "+topic)
	}
	if err == nil {
		s.encode, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(readersAtMost))
	}
	if err != nil {
		s.dir.close()
		return nil, err
	}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	for id := range v.topics[topic].partitions {
		c := make(chan *writer, 1)
		c <- newWriter(&cfg, s.dir, event.Partition{Topic: topic, ID: int32(id)})
		s.writers = append(s.writers, c)
	}
	for range readersAtMost {
		s.readers <- &reader{cfg: &cfg, dir: s.dir}
	}
	return s, nil
}

// Put compresses data and writes it in chunks, retrying until ctx ends. After an
// error the key must not be used again: chunks may have been written, and a
// second set under the same key would make compaction delete the first. data is
// not kept.
func (s *Segments) Put(ctx context.Context, key string, data []byte) (Ref, error) {
	ref := Ref{Key: key, Bytes: len(data), CRC: crc32.Checksum(data, castagnoli)}
	if key == "" || len(data) > MaxSegmentBytes {
		return Ref{}, &Error{Code: CodeTooLarge, Class: Other,
			What: fmt.Sprintf("segment %q has %d bytes; a segment needs a key and at most %d bytes.", key, len(data), MaxSegmentBytes)}
	}
	ref.Partition = int32(xxh3.HashString(key) % uint64(len(s.writers)))
	buffer, _ := s.packed.Get().(*[]byte)
	if buffer == nil {
		buffer = new([]byte)
	}
	packed := s.encode.EncodeAll(data, (*buffer)[:0])
	defer func() { // chunks are copies
		*buffer = packed
		s.packed.Put(buffer)
	}()
	const room = chunkBytes - chunkHead
	total := max(1, (len(packed)+room-1)/room)
	err := s.withWriter(ctx, ref.Partition, func(ctx context.Context, w *writer) error {
		for n := range total {
			part := packed[n*room : min(len(packed), (n+1)*room)]
			b := newBatch(1)
			addRecord(b, time.Now(), chunkKey(key, n), appendChunk(nil, &ref, n, total, part))
			offset, err := w.write(ctx, b)
			if err != nil {
				return err
			}
			ref.Offsets = append(ref.Offsets, offset)
		}
		return nil
	})
	if err != nil {
		return Ref{}, err
	}
	return ref, nil
}

// withWriter waits for a partition's writer and uses it.
func (s *Segments) withWriter(ctx context.Context, partition int32, use func(context.Context, *writer) error) error {
	ctx, cancel := join(ctx, s.ctx)
	defer cancel(nil)
	c := s.writers[partition]
	select {
	case w := <-c:
		defer func() { c <- w }()
		return use(ctx, w)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func chunkKey(key string, n int) []byte {
	return strconv.AppendInt(append([]byte(key), '/'), int64(n), 10)
}

func appendChunk(b []byte, ref *Ref, n, total int, part []byte) []byte {
	le := binary.LittleEndian
	b = slices.Grow(b, chunkHead+len(part))
	b = append(b, 'A', 'S', chunkVersion, chunkZstd, 0, 0, 0, 0)
	b = le.AppendUint32(b, uint32(n))
	b = le.AppendUint32(b, uint32(total))
	b = le.AppendUint64(b, uint64(ref.Bytes))
	b = le.AppendUint32(b, ref.CRC)
	b = append(b, part...)
	le.PutUint32(b[4:], crc32.Checksum(b[8:], castagnoli))
	return b
}

// openChunk verifies a chunk record against what its Ref says and gives its part
// of the compressed data; reason says what is wrong with it.
func openChunk(ref *Ref, n int, r *Record) (part []byte, reason string) {
	le := binary.LittleEndian
	v := r.Value
	switch {
	case string(r.Key) != string(chunkKey(ref.Key, n)):
		return nil, fmt.Sprintf("the record at offset %d has the key %q", r.Offset, r.Key)
	case r.Value == nil:
		return nil, "it was deleted"
	case len(v) < chunkHead || v[0] != 'A' || v[1] != 'S':
		return nil, "it does not begin like a chunk"
	case v[2] != chunkVersion || v[3] != chunkZstd:
		return nil, fmt.Sprintf("it has version %d and codec %d, which this program does not know", v[2], v[3])
	case le.Uint32(v[4:]) != crc32.Checksum(v[8:], castagnoli):
		return nil, "its checksum is wrong"
	case le.Uint32(v[8:]) != uint32(n) || le.Uint32(v[12:]) != uint32(len(ref.Offsets)):
		return nil, fmt.Sprintf("it says it is chunk %d of %d", le.Uint32(v[8:]), le.Uint32(v[12:]))
	case le.Uint64(v[16:]) != uint64(ref.Bytes) || le.Uint32(v[24:]) != ref.CRC:
		return nil, "it belongs to other data"
	}
	return v[chunkHead:], ""
}

// Get reads a segment and verifies every chunk and the whole, retrying failed
// reads until ctx ends. A missing or damaged chunk is an Error with a
// SegmentError; it never returns wrong data.
func (s *Segments) Get(ctx context.Context, ref Ref) ([]byte, error) {
	if ref.Bytes < 0 || ref.Bytes > MaxSegmentBytes || len(ref.Offsets) == 0 || !slices.IsSorted(ref.Offsets) {
		return nil, segmentError(&ref, -1, "its reference makes no sense")
	}
	ctx, cancel := join(ctx, s.ctx)
	defer cancel(nil)
	var rd *reader
	select {
	case rd = <-s.readers:
		defer func() { s.readers <- rd }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	var packed []byte
	n := 0
	at := event.Partition{Topic: s.topic, ID: ref.Partition}
	err := rd.read(ctx, at, ref.Offsets, func(r *Record, reason string) error {
		var part []byte
		if reason == "" {
			part, reason = openChunk(&ref, n, r)
		}
		if reason != "" {
			return segmentError(&ref, n, reason)
		}
		packed = append(packed, part...)
		n++
		return nil
	})
	if err != nil {
		return nil, err
	}
	return unpack(&ref, packed)
}

// unpack decompresses a segment and verifies it.
func unpack(ref *Ref, packed []byte) ([]byte, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(uint64(max(8<<20, ref.Bytes))))
	if err != nil {
		return nil, fmt.Errorf("kafka: zstd: %w", err)
	}
	defer z.Close()
	data, err := z.DecodeAll(packed, make([]byte, 0, ref.Bytes))
	switch {
	case err != nil:
		return nil, segmentError(ref, -1, "it cannot be decompressed: "+err.Error())
	case len(data) != ref.Bytes:
		return nil, segmentError(ref, -1, fmt.Sprintf("it has %d bytes instead of %d", len(data), ref.Bytes))
	case crc32.Checksum(data, castagnoli) != ref.CRC:
		return nil, segmentError(ref, -1, "its checksum is wrong")
	}
	return data, nil
}

func segmentError(ref *Ref, chunk int, reason string) error {
	detail := &SegmentError{Ref: *ref, Chunk: chunk, Reason: reason}
	return &Error{Code: CodeSegment, Class: Other, Err: detail, What: detail.Error() + ".",
		Hint: "State must not be rebuilt from it. Check who else writes to or deletes from the topic, and its cleanup.policy."}
}

// Tombstone marks all chunks of a segment for deletion by compaction.
func (s *Segments) Tombstone(ctx context.Context, ref Ref) error {
	if ref.Partition < 0 || int(ref.Partition) >= len(s.writers) || len(ref.Offsets) == 0 {
		return segmentError(&ref, -1, "its reference makes no sense")
	}
	return s.withWriter(ctx, ref.Partition, func(ctx context.Context, w *writer) error {
		b := newBatch(len(ref.Offsets))
		for n := range ref.Offsets {
			addRecord(b, time.Now(), chunkKey(ref.Key, n), nil)
		}
		_, err := w.write(ctx, b)
		return err
	})
}

// Close ends what is going on and closes the connections.
func (s *Segments) Close() error {
	s.stop(ErrClosed)
	for _, c := range s.writers {
		w := <-c
		w.hangUp()
		c <- w
	}
	for range readersAtMost {
		rd := <-s.readers
		rd.hangUp()
		rd.d.close()
		defer func() { s.readers <- rd }()
	}
	s.dir.close()
	return s.encode.Close()
}
