package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Version is the version of the format that Append writes, and the highest that
// Decode reads. See docs/formats/journal.md for what may change under it.
const Version uint8 = 1

// MaxRecord is the length of the longest record, in bytes: what every Kafka topic
// with the default max.message.bytes takes, with room for the record's frame.
const MaxRecord = 1_000_000

// The frame around every body: magic, version, kind; body; CRC-32C of all before.
const (
	magic      = "AJRN"
	headBytes  = len(magic) + 2
	frameBytes = headBytes + crcBytes
	crcBytes   = 4
)

// The errors of Decode, to be told apart with errors.Is. Both mean: stop reading.
// A record passed over could have been a claim or a commit.
var (
	// ErrCorrupt means that the bytes are not a record any version has written.
	ErrCorrupt = errors.New("journal: record is corrupt")

	// ErrVersion means that a later version of the program wrote the record.
	ErrVersion = errors.New("journal: record is of an unknown version")
)

// ErrInvalid means that Append was given what no record may say; nothing is
// written.
var ErrInvalid = errors.New("journal: record is invalid")

// Append appends the bytes of a record to dst. Lists that have an order in the
// format are written in it; the record is not changed. The error is ErrInvalid
// for a value out of range, a shard or partition named twice, or a record longer
// than MaxRecord; dst is then returned as it was.
func Append(dst []byte, rec Record) ([]byte, error) {
	e := encoder{b: append(dst, magic...)}
	e.byte(Version)
	e.byte(uint8(rec.Kind()))
	rec.encode(&e)
	if n := len(e.b) - len(dst) + crcBytes; e.err == nil && n > MaxRecord {
		e.fail("%d bytes, the limit is %d: commit fewer shards at once, or merge their segments", n, MaxRecord)
	}
	if e.err != nil {
		return dst, fmt.Errorf("%w: kind %d: %w", ErrInvalid, rec.Kind(), e.err)
	}
	return binary.LittleEndian.AppendUint32(e.b, checksum(e.b[len(dst):])), nil
}

// Decode reads one record, which must fill b. Nothing of the result aliases b,
// and what it allocates is bounded by a multiple of len(b). The error is
// ErrCorrupt or ErrVersion.
func Decode(b []byte) (Record, error) {
	if len(b) < frameBytes || string(b[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: %d bytes that do not begin with %q; is this topic the journal?", ErrCorrupt, len(b), magic)
	}
	body, sum := b[:len(b)-crcBytes], binary.LittleEndian.Uint32(b[len(b)-crcBytes:])
	if got := checksum(body); got != sum {
		return nil, fmt.Errorf("%w: checksum %08x, the record says %08x", ErrCorrupt, got, sum)
	}
	version, kind := b[len(magic)], Kind(b[len(magic)+1])
	if version != Version {
		return nil, fmt.Errorf("%w: version %d, this program reads version %d; run the newer program", ErrVersion, version, Version)
	}
	d := decoder{b: body[headBytes:]}
	var rec Record
	switch kind {
	case KindClaim:
		rec = d.claim()
	case KindRelease:
		rec = d.release()
	case KindHeartbeat:
		rec = d.heartbeat()
	case KindCommit:
		rec = d.commit()
	case KindSnapshot:
		rec = d.snapshot()
	default:
		return nil, fmt.Errorf("%w: kind %d of version %d; run the newer program", ErrVersion, kind, version)
	}
	if d.err == nil && len(d.b) > 0 {
		d.fail("%d bytes after the end", len(d.b))
	}
	if d.err != nil {
		return nil, fmt.Errorf("%w: kind %d, byte %d: %w", ErrCorrupt, kind, len(body)-len(d.b), d.err)
	}
	return rec, nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
