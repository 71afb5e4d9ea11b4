package delta

import (
	"errors"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// ErrCorrupt is the cause of every error about bytes that are not what a Writer
// of this version made. Checksums have been right by then, so it means a defect
// or a deployment of another version or number of campaign shards.
var ErrCorrupt = errors.New("delta: bytes are not deltas of this version for this number of campaign shards")

// Reader walks the section of one campaign shard. Its parts are read in order,
// each to its end: texts, minutes, audiences, sites, pipeline.
type Reader struct {
	in   wire.Cursor
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
	r := &Reader{in: wire.Cursor{Rest: b[1:]}}
	if r.in.Uvarint() != uint64(shards) || r.in.Bad {
		return nil, ErrCorrupt
	}
	var from, size, total uint64
	for i := range shards {
		n := r.in.Uvarint()
		if n > uint64(len(b)) {
			return nil, ErrCorrupt
		}
		if i == uint32(shard) {
			from, size = total, n
		}
		total += n
	}
	if r.in.Bad || total != uint64(len(r.in.Rest)) {
		return nil, ErrCorrupt
	}
	r.in.Rest = r.in.Rest[from : from+size]
	r.enter()
	r.all = r.left
	return r, nil
}

// Err is nil when the section was read to its end and was sound.
func (r *Reader) Err() error {
	if r.in.Bad || r.part != partCount || len(r.in.Rest) > 0 {
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
	n := r.in.Uvarint()
	if n == 0 || n > uint64(len(r.in.Rest)) {
		r.in.Fail()
		return nil, false
	}
	entry, r.in.Rest = r.in.Rest[:n], r.in.Rest[n:]
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
	return !r.in.Bad
}

// Audience reads the next change of a histogram.
func (r *Reader) Audience(a *Audience) bool {
	if !r.next(audiences) {
		return false
	}
	a.At = r.time()
	a.Day = r.in.Byte() == 1
	a.Campaign, a.Currency = r.place(), r.place()
	for i := range a.Bins {
		a.Bins[i] = r.in.Varint()
	}
	return !r.in.Bad
}

// Site reads the next delta of a site, into the room that d has.
func (r *Reader) Site(d *Site) bool {
	if !r.next(sites) {
		return false
	}
	d.At = r.time()
	d.Place, d.Campaign, d.Currency = r.place(), r.place(), r.place()
	r.amounts(&d.Amounts)
	d.ToClick = ReadCounts(&r.in, d.ToClick[:0])
	return !r.in.Bad
}

// Pipeline reads the next delta of the pipeline, into the room that d has.
func (r *Reader) Pipeline(d *Pipeline) bool {
	if !r.next(pipelines) {
		return false
	}
	d.At = r.time()
	d.Topic = r.place()
	d.Facts, d.Duplicates, d.Late, d.Matched = r.in.Varint(), r.in.Varint(), r.in.Varint(), r.in.Varint()
	d.Rejected = d.Rejected[:0]
	for n := r.in.Count(2); n > 0 && !r.in.Bad; n-- {
		d.Rejected = append(d.Rejected, ReasonCount{Reason: event.Reason(r.in.Byte()), Times: r.in.Varint()})
	}
	d.Lags = ReadCounts(&r.in, d.Lags[:0])
	return !r.in.Bad
}

// next reports whether the part has one more item; at the end of a part the
// next one is entered.
func (r *Reader) next(part int) bool {
	if r.in.Bad || r.part != part {
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
		r.left = r.in.Count(1)
	}
}

func (r *Reader) time() int32 {
	r.last += int32(r.in.Varint())
	return r.last
}

// place reads the place of a text.
func (r *Reader) place() uint32 {
	n := r.in.Uvarint()
	if n >= uint64(r.all) {
		r.in.Fail()
		return 0
	}
	return uint32(n)
}

func (r *Reader) amounts(a *Amounts) {
	head := r.in.Uvarint()
	a.Mask, a.Spend = head>>2, event.Int128{}
	if a.Mask>>event.MeasureEnd != 0 {
		r.in.Fail()
		return
	}
	for i := range a.Values[:bitsBelow(a.Mask)] {
		a.Values[i] = r.in.Varint()
	}
	if head&1 != 0 {
		a.Spend = event.Int128Of(r.in.Varint())
	}
	if head&2 != 0 {
		a.Spend.Hi = r.in.Varint()
	}
}

// ReadCounts reads what AppendCounts wrote, into the room that into has.
func ReadCounts(c *wire.Cursor, into []Count) []Count {
	before := int64(0)
	for n := c.Count(2); n > 0 && !c.Bad; n-- {
		before += c.Varint()
		into = append(into, Count{MS: before, Times: c.Varint()})
	}
	return into
}
