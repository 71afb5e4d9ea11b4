package correlate

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/advertisex/adjoin/internal/event"
)

// ErrCorrupt is why Restore refuses a segment: bytes that no Segment of this
// version wrote.
var ErrCorrupt = errors.New("correlate: corrupt or truncated segment")

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendTime(b []byte, t event.Time) []byte { return binary.AppendVarint(b, int64(t)) }

func boolBit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// reader reads from the front of rest. After the first failure bad is set and
// every read gives zero. Text aliases the input.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) fail() {
	r.bad = true
	r.rest = nil
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	v := r.rest[0]
	r.rest = r.rest[1:]
	return v
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

func (r *reader) time() event.Time { return event.Time(r.varint()) }

func (r *reader) uint64() uint64 {
	if len(r.rest) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return v
}

func (r *reader) uint32() uint32 {
	v := r.uvarint()
	if v > 1<<32-1 {
		r.fail()
		return 0
	}
	return uint32(v)
}

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	v := r.rest[:n:n]
	r.rest = r.rest[n:]
	return v
}

func (r *reader) text() string {
	v := r.bytes()
	return unsafe.String(unsafe.SliceData(v), len(v))
}

func (r *reader) bool() bool { return r.byte() != 0 }

// count reads the length of a list whose elements take at least size bytes
// each, so a forged one fails before anything is made for it.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/size) {
		r.fail()
		return 0
	}
	return int(n)
}
