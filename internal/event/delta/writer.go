package delta

import (
	"encoding/binary"
	"math/bits"

	"github.com/advertisex/adjoin/internal/event"
)

// version is the first byte of deltas.
const version = 3

func bitsBelow(mask uint64) int { return bits.OnesCount64(mask) }

// Writer gathers the deltas of one cut of one user shard.
type Writer struct{ sections []Section }

// NewWriter is a writer for a deployment with so many campaign shards.
func NewWriter(shards uint32) *Writer { return &Writer{sections: make([]Section, max(shards, 1))} }

// Section is what the writer has for one campaign shard.
func (w *Writer) Section(shard event.Shard) *Section { return &w.sections[shard] }

// Reset empties the writer; the bytes it gave stay as they are.
func (w *Writer) Reset() {
	for i := range w.sections {
		s := &w.sections[i]
		for k := range s.parts {
			s.parts[k] = part{bytes: s.parts[k].bytes[:0]}
		}
	}
}

// Bytes are the deltas, nil when there are none. They are the caller's.
func (w *Writer) Bytes() []byte {
	size, any := 1+binary.MaxVarintLen32, false
	for i := range w.sections {
		n := w.sections[i].size()
		size += n + binary.MaxVarintLen32
		any = any || n > partCount
	}
	if !any {
		return nil
	}
	b := append(make([]byte, 0, size), version)
	b = binary.AppendUvarint(b, uint64(len(w.sections)))
	for i := range w.sections {
		b = binary.AppendUvarint(b, uint64(w.sections[i].size()))
	}
	for i := range w.sections {
		for k := range w.sections[i].parts {
			p := &w.sections[i].parts[k]
			b = append(binary.AppendUvarint(b, uint64(p.count)), p.bytes...)
		}
	}
	return b
}

// The parts of a section, in order.
const (
	texts = iota
	minutes
	audiences
	sites
	pipelines
	partCount
)

// Section is the deltas for one campaign shard.
type Section struct{ parts [partCount]part }

// part is one list: a count and the items.
type part struct {
	bytes []byte
	count int
	last  int32 // time of the item before
}

func (s *Section) size() int {
	n := 0
	var b [binary.MaxVarintLen64]byte
	for i := range s.parts {
		n += binary.PutUvarint(b[:], uint64(s.parts[i].count)) + len(s.parts[i].bytes)
	}
	return n
}

// begin opens an item with its time, as the difference to the one before.
func (p *part) begin(at int32) {
	p.bytes = binary.AppendVarint(p.bytes, int64(at)-int64(p.last))
	p.last = at
	p.count++
}

func (p *part) places(list ...uint32) {
	for _, n := range list {
		p.bytes = binary.AppendUvarint(p.bytes, uint64(n))
	}
}

// Text adds an entry and is its place.
func (s *Section) Text(entry string) uint32 {
	p := &s.parts[texts]
	p.bytes = append(binary.AppendUvarint(p.bytes, uint64(len(entry))), entry...)
	p.count++
	return uint32(p.count - 1)
}

// Minute adds a delta of a minute.
func (s *Section) Minute(m *Minute) {
	p := &s.parts[minutes]
	p.begin(m.At)
	p.places(m.Creative, m.Exchange, m.Device)
	p.amounts(&m.Amounts)
}

// Audience adds a change of a histogram.
func (s *Section) Audience(a *Audience) {
	p := &s.parts[audiences]
	p.begin(a.At)
	p.bytes = append(p.bytes, oneIf(a.Day))
	p.places(a.Campaign, a.Currency)
	for _, v := range a.Bins {
		p.bytes = binary.AppendVarint(p.bytes, v)
	}
}

// Site adds a delta of a site.
func (s *Section) Site(d *Site) {
	p := &s.parts[sites]
	p.begin(d.At)
	p.places(d.Place, d.Campaign, d.Currency)
	p.amounts(&d.Amounts)
	p.counts(d.ToClick)
}

// Pipeline adds a delta of the pipeline.
func (s *Section) Pipeline(d *Pipeline) {
	p := &s.parts[pipelines]
	p.begin(d.At)
	p.places(d.Topic)
	for _, v := range [...]int64{d.Facts, d.Duplicates, d.Late, d.Matched} {
		p.bytes = binary.AppendVarint(p.bytes, v)
	}
	p.bytes = binary.AppendUvarint(p.bytes, uint64(len(d.Rejected)))
	for _, r := range d.Rejected {
		p.bytes = binary.AppendVarint(append(p.bytes, byte(r.Reason)), r.Times)
	}
	p.counts(d.Lags)
}

// amounts writes a uvarint whose lowest bit says that there is spend and the
// next that it needs 128 bits, the rest being the mask; then the values, then
// spend.
func (p *part) amounts(a *Amounts) {
	b := p.bytes
	wide := a.Spend.Hi != int64(a.Spend.Lo)>>63
	b = binary.AppendUvarint(b, a.Mask<<2|uint64(oneIf(!a.Spend.IsZero()))|uint64(oneIf(wide))<<1)
	for _, v := range a.Values[:bitsBelow(a.Mask)] {
		b = binary.AppendVarint(b, v)
	}
	if !a.Spend.IsZero() {
		b = binary.AppendVarint(b, int64(a.Spend.Lo))
	}
	if wide {
		b = binary.AppendVarint(b, a.Spend.Hi)
	}
	p.bytes = b
}

// counts writes a list by differences of its milliseconds.
func (p *part) counts(list []Count) {
	p.bytes = AppendCounts(p.bytes, list)
}

// AppendCounts appends a uvarint length, then for each the difference to the
// milliseconds before and the times, as varints.
func AppendCounts(b []byte, list []Count) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	before := int64(0)
	for _, c := range list {
		b = binary.AppendVarint(binary.AppendVarint(b, c.MS-before), c.Times)
		before = c.MS
	}
	return b
}

func oneIf(b bool) byte {
	if b {
		return 1
	}
	return 0
}
