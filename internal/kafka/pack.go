package kafka

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/pierrec/lz4/v4"

	"github.com/advertisex/adjoin/internal/event"
)

// PackBatch appends one record batch (format 2) to b, as a broker would store and
// a fetch bring it: messages of ascending time at the offsets from base on, packed
// with lz4 when asked. Nothing is sent; it is for measuring what reading costs
// without a network. A batch without messages is an error.
func PackBatch(b []byte, base event.Offset, messages []Message, packed bool) ([]byte, error) {
	if len(messages) == 0 {
		return b, fmt.Errorf("a record batch at offset %d without records", base)
	}
	first, last := messages[0].Time, messages[0].Time
	var body, one []byte
	for i := range messages {
		m := &messages[i]
		last = max(last, m.Time)
		one = append(one[:0], 0)
		one = binary.AppendVarint(one, int64(m.Time-first)/1000)
		one = binary.AppendVarint(one, int64(i))
		one = appendField(appendField(one, m.Key), m.Value)
		one = binary.AppendVarint(one, int64(len(m.Headers)))
		for _, h := range m.Headers {
			one = appendField(appendField(one, []byte(h.Key)), h.Value)
		}
		body = binary.AppendVarint(body, int64(len(one)))
		body = append(body, one...)
	}
	attrs := uint16(0)
	if packed {
		var out bytes.Buffer
		w := lz4.NewWriter(&out)
		if _, err := w.Write(body); err != nil {
			return b, fmt.Errorf("lz4: %w", err)
		}
		if err := w.Close(); err != nil {
			return b, fmt.Errorf("lz4: %w", err)
		}
		attrs, body = codecLZ4, out.Bytes()
	}
	at, be := len(b), binary.BigEndian
	b = be.AppendUint64(b, uint64(base))
	b = be.AppendUint32(b, uint32(batchHead-12+len(body)))
	b = append(b, 0, 0, 0, 0, 2, 0, 0, 0, 0) // leader epoch, format, checksum
	b = be.AppendUint16(b, attrs)
	b = be.AppendUint32(b, uint32(len(messages)-1))
	b = be.AppendUint64(b, uint64(first/1000))
	b = be.AppendUint64(b, uint64(last/1000))
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // no producer
	b = be.AppendUint32(b, uint32(len(messages)))
	b = append(b, body...)
	be.PutUint32(b[at+17:], crc32.Checksum(b[at+crcFrom:], castagnoli))
	return b, nil
}

// appendField writes a length as a varint and the bytes, -1 for nil.
func appendField(b, field []byte) []byte {
	if field == nil {
		return binary.AppendVarint(b, -1)
	}
	return append(binary.AppendVarint(b, int64(len(field))), field...)
}

// Unpacker reads record batches that are already in memory, the way a Source
// reads those of a fetch: checksum, decompression, records. It is for one
// goroutine; Close frees its tables.
type Unpacker struct{ d decoder }

// Unpack gives the records of raw, the batches of one partition from an offset
// on, in chunks of about limit decoded bytes. What visit gets aliases raw or
// memory of its own, and is the visitor's.
func (u *Unpacker) Unpack(p event.Partition, raw []byte, from event.Offset, limit int, visit func(*Chunk) error) error {
	w := newWalk(&u.d, &fetchBlock{records: raw}, from, limit)
	for {
		piece, ok, err := w.next()
		if err != nil || !ok {
			return err
		}
		c := Chunk{
			Range:   event.Range{Partition: p, From: piece.from, To: piece.to},
			Records: piece.records, HighWatermark: piece.to, LastStable: piece.to, Bad: piece.bad,
		}
		if err := visit(&c); err != nil {
			return err
		}
	}
}

// Close frees the decompressors.
func (u *Unpacker) Close() { u.d.close() }
