package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/advertisex/adjoin/internal/event"
)

// The primitives of the format: unsigned and zigzag varints as in protobuf, bytes
// and strings behind their length, lists behind their count. encoder and decoder
// keep their first error and do nothing after it, so that the layouts read as
// lists of fields.

type encoder struct {
	b   []byte
	err error
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}

func (e *encoder) byte(v uint8)      { e.b = append(e.b, v) }
func (e *encoder) uvarint(v uint64)  { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) varint(v int64)    { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) count(n int)       { e.uvarint(uint64(n)) }
func (e *encoder) time(t event.Time) { e.varint(int64(t)) }

func (e *encoder) bool(v bool) {
	if v {
		e.byte(1)
	} else {
		e.byte(0)
	}
}

func (e *encoder) str(s string) {
	e.count(len(s))
	e.b = append(e.b, s...)
}

// natural writes a number that is never below zero.
func (e *encoder) natural(what string, v int64) {
	if v < 0 {
		e.fail("%s is %d, below 0", what, v)
		return
	}
	e.uvarint(uint64(v))
}

// fromMinusOne writes a number that is -1 or more, as one more than it is.
func (e *encoder) fromMinusOne(what string, v int64) {
	if v < -1 || v == math.MaxInt64 {
		e.fail("%s is %d, out of range", what, v)
		return
	}
	e.uvarint(uint64(v + 1))
}

var errShort = errors.New("ends too early")

type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

// take is the next n bytes, nil after an error or when there are fewer.
func (d *decoder) take(n int) []byte {
	if d.err != nil {
		return nil
	}
	if n > len(d.b) {
		d.err = errShort
		return nil
	}
	head := d.b[:n]
	d.b = d.b[n:]
	return head
}

func (d *decoder) byte() uint8 {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) bool() bool {
	v := d.byte()
	if v > 1 {
		d.fail("flag is %d, want 0 or 1", v)
	}
	return v == 1
}

func (d *decoder) uvarint() uint64 {
	if d.err != nil {
		return 0
	}
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail("bad varint")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) time() event.Time { return event.Time(d.varint()) }

// below is a uvarint not above limit.
func (d *decoder) below(what string, limit uint64) uint64 {
	v := d.uvarint()
	if v > limit {
		d.fail("%s is %d, at most %d can be", what, v, limit)
		return 0
	}
	return v
}

func (d *decoder) natural(what string) int64 { return int64(d.below(what, math.MaxInt64)) }
func (d *decoder) uint32(what string) uint32 { return uint32(d.below(what, math.MaxUint32)) }
func (d *decoder) int32(what string) int32   { return int32(d.below(what, math.MaxInt32)) }

// fromMinusOne reads what encoder.fromMinusOne wrote.
func (d *decoder) fromMinusOne(what string) int64 {
	return int64(d.below(what, math.MaxInt64)) - 1
}

// count is the length of a list whose items take at least size bytes each: more
// than the rest of the input can hold is an error, before anything is allocated.
func (d *decoder) count(what string, size int) int {
	n := d.uvarint()
	if limit := uint64(len(d.b) / size); n > limit {
		d.fail("%d %s, the rest has room for %d", n, what, limit)
		return 0
	}
	return int(n)
}

func (d *decoder) str(what string) string { return string(d.take(d.count(what, 1))) }

// list reads n items, stopping at the first error; nil for none.
func list[T any](d *decoder, n int, item func() T) []T {
	if n == 0 || d.err != nil {
		return nil
	}
	out := make([]T, 0, n)
	for range n {
		out = append(out, item())
		if d.err != nil {
			return nil
		}
	}
	return out
}
