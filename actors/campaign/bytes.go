package campaign

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt is the cause of every error about bytes that are not what this
// package wrote. Kafka's and the segment's checksums have been right by then,
// so it means a defect or a format of another version.
var ErrCorrupt = errors.New("campaign: bytes are not a segment of this version")

// reader takes values off the front of a slice and remembers the first
// failure; after one, everything it returns is zero.
type reader struct {
	rest  []byte
	err   error
	texts uint64 // entries of the dictionary
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = fmt.Errorf("%w: cut short", ErrCorrupt)
	}
	r.rest = nil
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// int32 reads a varint of 32 bits.
func (r *reader) int32() int32 { return int32(r.varint()) }

// text reads the number of an entry of the dictionary.
func (r *reader) text() uint32 {
	n := r.uvarint()
	if n >= r.texts {
		r.fail()
		return 0
	}
	return uint32(n)
}

// count reads a number of items, each at least one byte long, and refuses
// more than the rest can hold.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return 0
	}
	return int(n)
}

func appendBytes[T ~string | ~[]byte](dst []byte, b T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}
