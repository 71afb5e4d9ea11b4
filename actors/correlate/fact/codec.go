package fact

import (
	"encoding/binary"

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

// A Reader is a wire.Cursor that knows times, positions and verdicts. Partitions
// are ordinals of Ledger.
type Reader struct {
	wire.Cursor
	Ledger *Ledger
}

// ReaderOf reads from the front of b; without a ledger no position can be read.
func ReaderOf(b []byte, l *Ledger) *Reader {
	return &Reader{Cursor: wire.Cursor{Rest: b}, Ledger: l}
}

// Time reads what AppendTime wrote.
func (r *Reader) Time() event.Time { return event.Time(r.Varint()) }

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
		v.Fact = r.Fixed64()
	}
	if reject.There {
		reject.Pos = r.Position()
		reject.Fact = r.Fixed64()
	}
}
