package fact

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// AppendText appends a length and the text.
func AppendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// AppendTime appends a time as a varint.
func AppendTime(b []byte, t event.Time) []byte { return binary.AppendVarint(b, int64(t)) }

// Bit is 1 for true.
func Bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// A Reader reads from the front of Rest. After the first failure Bad is set and
// every read gives zero. Text aliases the input. Partitions are ordinals of
// Ledger.
type Reader struct {
	Rest   []byte
	Bad    bool
	Ledger *Ledger
}

// Fail marks the input as bad.
func (r *Reader) Fail() {
	r.Bad = true
	r.Rest = nil
}

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if len(r.Rest) == 0 {
		r.Fail()
		return 0
	}
	v := r.Rest[0]
	r.Rest = r.Rest[1:]
	return v
}

// Uvarint reads a varint.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.Rest)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.Rest = r.Rest[n:]
	return v
}

// Varint reads a zigzag varint.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.Rest)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.Rest = r.Rest[n:]
	return v
}

// Time reads what AppendTime wrote.
func (r *Reader) Time() event.Time { return event.Time(r.Varint()) }

// Uint64 reads 8 bytes, little-endian.
func (r *Reader) Uint64() uint64 {
	if len(r.Rest) < 8 {
		r.Fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.Rest)
	r.Rest = r.Rest[8:]
	return v
}

// Uint32 reads a varint of at most 32 bits.
func (r *Reader) Uint32() uint32 {
	v := r.Uvarint()
	if v > 1<<32-1 {
		r.Fail()
		return 0
	}
	return uint32(v)
}

// Bytes reads a length and the bytes.
func (r *Reader) Bytes() []byte {
	n := r.Uvarint()
	if n > uint64(len(r.Rest)) {
		r.Fail()
		return nil
	}
	v := r.Rest[:n:n]
	r.Rest = r.Rest[n:]
	return v
}

// Text is Bytes as text.
func (r *Reader) Text() string {
	v := r.Bytes()
	return unsafe.String(unsafe.SliceData(v), len(v))
}

// Bool reads a byte that is not 0 for true.
func (r *Reader) Bool() bool { return r.Byte() != 0 }

// Count reads the length of a list whose elements take at least size bytes
// each, so a forged one fails before anything is made for it.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.Rest)/size) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Fixed32 reads 4 bytes, little-endian.
func (r *Reader) Fixed32() uint32 {
	if len(r.Rest) < 4 {
		r.Fail()
		return 0
	}
	v := binary.LittleEndian.Uint32(r.Rest)
	r.Rest = r.Rest[4:]
	return v
}

// Int32 reads a zigzag varint of at most 32 bits.
func (r *Reader) Int32() int32 {
	v := r.Varint()
	if v < math.MinInt32 || v > math.MaxInt32 {
		r.Fail()
		return 0
	}
	return int32(v)
}

// Base reads a partition and is the base of package wire for records of it.
func (r *Reader) Base() wire.Base {
	n := r.Uvarint()
	if n >= uint64(r.Ledger.Len()) {
		r.Fail()
		return wire.Base{}
	}
	return wire.Base{Partition: r.Ledger.Partition(uint32(n))}
}

// AppendPosition appends a position.
func (l *Ledger) AppendPosition(b []byte, p *event.Position) []byte {
	b = binary.AppendUvarint(b, uint64(l.Of(p.Partition)))
	b = binary.AppendVarint(b, int64(p.Offset))
	return binary.AppendUvarint(b, uint64(uint32(p.Line)))
}

// Position reads what AppendPosition wrote. Its topic may be kept.
func (r *Reader) Position() (p event.Position) {
	p.Partition = r.Base().Partition
	p.Offset = event.Offset(r.Varint())
	p.Line = int32(r.Uint32())
	return p
}

// AppendStanding appends the verdict on a record and its row of a conflict.
func (l *Ledger) AppendStanding(b []byte, v Verdict, reject *RejectRow) []byte {
	b = append(b, byte(v.Class)|byte(Bit(v.Reused)<<2|Bit(reject.There)<<3))
	if v.Class == Conflict {
		b = binary.LittleEndian.AppendUint64(b, v.Fact)
	}
	if reject.There {
		b = l.AppendPosition(b, &reject.Pos)
		b = binary.LittleEndian.AppendUint64(b, reject.Fact)
	}
	return b
}

// Standing reads what AppendStanding wrote.
func (r *Reader) Standing(v *Verdict, reject *RejectRow) {
	bits := r.Byte()
	v.Class, v.Reused, reject.There = Class(bits&3), bits&4 != 0, bits&8 != 0
	if v.Class == Conflict {
		v.Fact = r.Uint64()
	}
	if reject.There {
		reject.Pos = r.Position()
		reject.Fact = r.Uint64()
	}
}
