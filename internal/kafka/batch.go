package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// MaxBatchBytes is the most a record batch may decompress to. A larger one is
// reported as a BadBatch (reliability S9).
const MaxBatchBytes = 64 << 20

// A record batch, format 2 (big-endian):
//
//	 0 base offset int64               27 time of the first record, ms int64
//	 8 bytes that follow int32         35 greatest time, ms int64
//	12 leader epoch int32              43 producer id int64
//	16 format int8 = 2                 51 producer epoch int16
//	17 CRC-32C                         53 sequence of the first record int32
//	21 attributes int16                57 number of records int32
//	23 last offset - base int32        61 records, compressed together
//
// The checksum covers everything from 21 on. Attributes: bits 0-2 codec, bit 3
// the greatest time is the time of every record (LogAppendTime), bit 4
// transactional, bit 5 control.
const (
	batchHead   = 61
	crcFrom     = 21
	attrCodec   = 0x07
	attrLogTime = 0x08
	attrTxn     = 0x10
	attrControl = 0x20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// batch is one record batch and what its head says.
type batch struct {
	base     event.Offset
	next     event.Offset // the offset after its last
	format   int8
	crc      uint32
	attrs    int16
	baseTime int64
	maxTime  int64
	producer int64
	count    int
	raw      []byte // all of it
}

// cutBatch takes the first batch off b. ok is false when b ends before the batch
// does: brokers cut the last one off where their byte limit is.
func cutBatch(b []byte) (out batch, rest []byte, ok bool, err error) {
	if len(b) < 17 {
		return batch{}, nil, false, nil
	}
	be := binary.BigEndian
	size := int(int32(be.Uint32(b[8:])))
	if size < batchHead-12 && b[16] >= 2 || size < 5 {
		return batch{}, nil, false, fmt.Errorf("a batch says it has %d bytes", size)
	}
	if size += 12; len(b) < size {
		return batch{}, nil, false, nil
	}
	out.format = int8(b[16])
	out.base = event.Offset(be.Uint64(b))
	if out.format != 2 {
		return out, b[size:], true, nil
	}
	out.crc = be.Uint32(b[17:])
	out.attrs = int16(be.Uint16(b[21:]))
	out.next = out.base + event.Offset(int32(be.Uint32(b[23:]))) + 1
	out.baseTime = int64(be.Uint64(b[27:]))
	out.maxTime = int64(be.Uint64(b[35:]))
	out.producer = int64(be.Uint64(b[43:]))
	out.count = int(int32(be.Uint32(b[57:])))
	out.raw = b[:size:size]
	return out, b[size:], true, nil
}

// intact reports whether the checksum is right.
func (b *batch) intact() bool { return crc32.Checksum(b.raw[crcFrom:], castagnoli) == b.crc }

var errRecords = errors.New("the records do not follow the format")

// records appends the batch's records from an offset on to out. What it appends
// aliases the batch, or memory of its own where the batch is compressed. payload
// is the number of decoded bytes.
func (d *decoder) records(b *batch, from event.Offset, out []Record) (all []Record, payload int, err error) {
	body := b.raw[batchHead:]
	if codec := b.attrs & attrCodec; codec != 0 {
		if body, err = d.decompress(codec, body); err != nil {
			return out, 0, err
		}
	}
	payload = len(body)
	c := cursor{b: body}
	for range b.count {
		n := c.varint()
		if n < 0 || n > int64(len(c.b)) {
			return out, payload, errRecords
		}
		r, err := b.record(cursor{b: c.take(int(n))})
		if err != nil {
			return out, payload, err
		}
		if r.Offset >= from {
			out = append(out, r)
		}
	}
	if c.bad || len(c.b) > 0 {
		return out, payload, errRecords
	}
	return out, payload, nil
}

// record decodes one record: attributes int8, then as varints the time delta,
// the offset delta, key, value and headers.
func (b *batch) record(c cursor) (r Record, err error) {
	c.int8()
	ms := b.baseTime + c.varint()
	r.Offset = b.base + event.Offset(c.varint())
	r.Key = c.bytes(c.varint())
	r.Value = c.bytes(c.varint())
	if len(c.b) > 1 {
		r.headers = c.b
	}
	if c.bad || r.Offset < b.base || r.Offset >= b.next {
		return r, errRecords
	}
	if b.attrs&attrLogTime != 0 {
		// First time and deltas are still what the producer sent.
		ms = b.maxTime
	}
	r.Time = timeOf(ms)
	return r, nil
}

// timeOf is a time of Kafka's: milliseconds, -1 for none.
func timeOf(ms int64) event.Time {
	const limit = int64(event.MaxTime) / 1000
	if ms < 0 && ms == -1 || ms <= -limit {
		return event.MinTime
	}
	return event.Time(min(ms, limit) * 1000)
}

// abortMarker reports whether a control batch ends a transaction as aborted. The
// key of its only record is version int16, type int16: 0 abort, 1 commit.
func (d *decoder) abortMarker(b *batch) (bool, error) {
	records, _, err := d.records(b, b.base, nil)
	if err != nil {
		return false, err
	}
	if len(records) == 0 {
		return false, nil // compacted away; its transaction, too
	}
	if key := records[0].Key; len(key) >= 4 {
		return key[2] == 0 && key[3] == 0, nil
	}
	return false, errRecords
}

// kerr is an error code of the wire as sarama names it.
func kerr(code int16) sarama.KError { return sarama.KError(code) }
