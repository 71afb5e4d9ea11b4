package wire

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/internal/event"
)

// Base is what the events of one holder have in common. It is not part of an
// event's bytes; reading needs the base that writing had.
type Base struct {
	event.Partition
	Offset event.Offset
	Ingest event.Time
}

// AppendBase appends the format version and a base.
func AppendBase(b []byte, base *Base) []byte {
	b = append(b, Version)
	b = appendText(b, base.Topic)
	b = appendInt(b, int64(base.ID))
	b = appendInt(b, int64(base.Offset))
	return appendInt(b, int64(base.Ingest))
}

// ReadBase reads what AppendBase wrote and returns what follows. The topic
// aliases b.
func ReadBase(b []byte, base *Base) ([]byte, error) {
	c := Cursor{Rest: b}
	if c.Byte() != Version {
		c.Fail()
	}
	base.Topic = c.Text()
	base.ID = c.Int32()
	base.Offset = event.Offset(c.Varint())
	base.Ingest = event.Time(c.Varint())
	return c.end()
}

const (
	hasBackfill = 1 << iota
	hasLine
	hasFlags
)

func appendEnvelope(b []byte, base *Base, e *event.Envelope) []byte {
	var bits byte
	if e.Backfill {
		bits |= hasBackfill
	}
	if e.Line != 0 {
		bits |= hasLine
	}
	if e.Flags != 0 {
		bits |= hasFlags
	}
	b = append(b, bits)
	b = appendInt(b, int64(e.Offset-base.Offset))
	b = appendInt(b, int64(e.Ingest-base.Ingest))
	b = appendInt(b, int64(e.EventTime-e.Ingest))
	if e.Line != 0 {
		b = appendUint(b, uint64(uint32(e.Line)))
	}
	if e.Flags != 0 {
		b = appendUint(b, uint64(e.Flags))
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(e.Route))
	return append(b, e.Print[:]...)
}

func (c *Cursor) envelope(base *Base, e *event.Envelope) {
	bits := c.Byte()
	e.Partition = base.Partition
	e.Backfill = bits&hasBackfill != 0
	e.Offset = base.Offset + event.Offset(c.Varint())
	e.Ingest = base.Ingest + event.Time(c.Varint())
	e.EventTime = e.Ingest + event.Time(c.Varint())
	e.Line, e.Flags = 0, 0
	if bits&hasLine != 0 {
		e.Line = int32(c.Uvarint())
	}
	if bits&hasFlags != 0 {
		e.Flags = event.Flags(c.Uvarint())
	}
	const size = 8 + len(e.Print)
	if len(c.Rest) < size || bits >= hasFlags<<1 {
		c.Fail()
		return
	}
	e.Route = event.Route(binary.LittleEndian.Uint64(c.Rest))
	copy(e.Print[:], c.Rest[8:size])
	c.Rest = c.Rest[size:]
}
