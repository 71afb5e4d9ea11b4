package delta

import (
	"encoding/binary"
	"errors"

	"github.com/advertisex/adjoin/internal/event"
)

// ErrCorrupt is the cause of every error about bytes that are not what a Writer
// of this version made. Checksums have been right by then, so it means a defect
// or a deployment of another version or number of campaign shards.
var ErrCorrupt = errors.New("delta: bytes are not deltas of this version for this number of campaign shards")

// Reader walks the section of one campaign shard. Its parts are read in order,
// each to its end: texts, minutes, audiences, sites, pipeline.
type Reader struct {
	rest []byte
	bad  bool
	part int   // that left counts
	left int   // items of the part that are still to be read
	last int32 // time of the item before
	all  int   // texts there are
}

// Open finds a shard's section.
func Open(b []byte, shard event.Shard, shards uint32) (*Reader, error) {
	if len(b) == 0 || b[0] != version {
		return nil, ErrCorrupt
	}
	r := &Reader{rest: b[1:]}
	if r.uvarint() != uint64(shards) || r.bad {
		return nil, ErrCorrupt
	}
	var from, size, total uint64
	for i := range shards {
		n := r.uvarint()
		if n > uint64(len(b)) {
			return nil, ErrCorrupt
		}
		if i == uint32(shard) {
			from, size = total, n
		}
		total += n
	}
	if r.bad || total != uint64(len(r.rest)) {
		return nil, ErrCorrupt
	}
	r.rest = r.rest[from : from+size]
	r.enter()
	r.all = r.left
	return r, nil
}

// Err is nil when the section was read to its end and was sound.
func (r *Reader) Err() error {
	if r.bad || r.part != partCount || len(r.rest) > 0 {
		return ErrCorrupt
	}
	return nil
}

// Texts is how many texts the section has.
func (r *Reader) Texts() int { return r.all }

// Text is the next entry; it aliases the bytes.
func (r *Reader) Text() (entry []byte, ok bool) {
	if !r.next(texts) {
		return nil, false
	}
	n := r.uvarint()
	if n == 0 || n > uint64(len(r.rest)) {
		r.fail()
		return nil, false
	}
	entry, r.rest = r.rest[:n], r.rest[n:]
	return entry, true
}

// Minute reads the next delta of a minute.
func (r *Reader) Minute(m *Minute) bool {
	if !r.next(minutes) {
		return false
	}
	m.At = r.time()
	m.Creative, m.Exchange, m.Device = r.place(), r.place(), r.place()
	r.amounts(&m.Amounts)
	return !r.bad
}

// Audience reads the next change of a histogram.
func (r *Reader) Audience(a *Audience) bool {
	if !r.next(audiences) {
		return false
	}
	a.At = r.time()
	a.Day = r.byte() == 1
	a.Campaign, a.Currency = r.place(), r.place()
	for i := range a.Bins {
		a.Bins[i] = r.varint()
	}
	return !r.bad
}

// Site reads the next delta of a site, into the room that d has.
func (r *Reader) Site(d *Site) bool {
	if !r.next(sites) {
		return false
	}
	d.At = r.time()
	d.Place, d.Campaign, d.Currency = r.place(), r.place(), r.place()
	r.amounts(&d.Amounts)
	d.ToClick = r.counts(d.ToClick[:0])
	return !r.bad
}

// Pipeline reads the next delta of the pipeline, into the room that d has.
func (r *Reader) Pipeline(d *Pipeline) bool {
	if !r.next(pipelines) {
		return false
	}
	d.At = r.time()
	d.Topic = r.place()
	d.Facts, d.Duplicates, d.Late, d.Matched = r.varint(), r.varint(), r.varint(), r.varint()
	d.Rejected = d.Rejected[:0]
	for n := r.count(2); n > 0 && !r.bad; n-- {
		d.Rejected = append(d.Rejected, ReasonCount{Reason: event.Reason(r.byte()), Times: r.varint()})
	}
	d.Lags = r.counts(d.Lags[:0])
	return !r.bad
}

// next reports whether the part has one more item; at the end of a part the
// next one is entered.
func (r *Reader) next(part int) bool {
	if r.bad || r.part != part {
		return false
	}
	if r.left > 0 {
		r.left--
		return true
	}
	r.part++
	r.enter()
	return false
}

func (r *Reader) enter() {
	r.last = 0
	if r.part < partCount {
		r.left = r.count(1)
	}
}

func (r *Reader) fail() { r.bad, r.rest = true, nil }

func (r *Reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *Reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *Reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// count reads a number of items of at least so many bytes each.
func (r *Reader) count(least int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/least) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *Reader) time() int32 {
	r.last += int32(r.varint())
	return r.last
}

// place reads the place of a text.
func (r *Reader) place() uint32 {
	n := r.uvarint()
	if n >= uint64(r.all) {
		r.fail()
		return 0
	}
	return uint32(n)
}

func (r *Reader) amounts(a *Amounts) {
	head := r.uvarint()
	a.Mask, a.Spend = head>>2, event.Int128{}
	if a.Mask>>event.MeasureEnd != 0 {
		r.fail()
		return
	}
	for i := range a.Values[:bitsBelow(a.Mask)] {
		a.Values[i] = r.varint()
	}
	if head&1 != 0 {
		a.Spend = event.Int128Of(r.varint())
	}
	if head&2 != 0 {
		a.Spend.Hi = r.varint()
	}
}

func (r *Reader) counts(into []Count) []Count {
	before := int64(0)
	for n := r.count(2); n > 0 && !r.bad; n-- {
		before += r.varint()
		into = append(into, Count{MS: before, Times: r.varint()})
	}
	return into
}
