package correlate

import (
	"encoding/binary"
	"math"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// A journey at rest: a count of clicks and the clicks, a count of conversions
// and the conversions, each its record (partition ordinal of the ledger, then
// the bytes of package wire) and what was decided and written. The same bytes
// stand in segments; docs/formats/shard-segment.md has the layout.

func (s *Shard) appendJourney(b []byte, j *journey) []byte {
	b = binary.AppendUvarint(b, uint64(len(j.clicks)))
	for i := range j.clicks {
		b = s.appendClick(b, &j.clicks[i])
	}
	b = binary.AppendUvarint(b, uint64(len(j.convs)))
	for i := range j.convs {
		b = s.appendConversion(b, &j.convs[i])
	}
	return b
}

// decodeJourney reads what appendJourney wrote. The text of j aliases b.
func (s *Shard) decodeJourney(b []byte, j *journey) bool {
	r := &journeyReader{reader: reader{rest: b}, s: s}
	j.clicks = make([]click, r.count(leastRecord))
	for i := range j.clicks {
		r.click(&j.clicks[i])
	}
	j.convs = make([]conversion, r.count(leastRecord))
	for i := range j.convs {
		r.conversion(&j.convs[i])
	}
	return !r.bad && len(r.rest) == 0
}

// leastRecord is the least number of bytes of a click or conversion.
const leastRecord = 30

type journeyReader struct {
	reader
	s *Shard
}

func (s *Shard) appendClick(b []byte, c *click) []byte {
	b = binary.AppendUvarint(b, uint64(s.ledger.of(c.e.Partition)))
	b = wire.AppendClick(b, &wire.Base{Partition: c.e.Partition}, &c.e)
	b = s.appendStanding(b, c.verdict, &c.reject)
	b = append(b, byte(boolBit(c.anchored)|boolBit(c.settled)<<1))
	b = appendTime(b, c.hold)
	if c.settled {
		b = appendMatch(b, &c.match)
	}
	b = append(b, byte(boolBit(c.wrote.there)|boolBit(c.wrote.reused)<<1))
	if c.wrote.there {
		b = binary.LittleEndian.AppendUint64(b, c.wrote.hash)
		b = appendCounts(b, c.wrote.counts)
	}
	return b
}

func (r *journeyReader) click(c *click) {
	base := r.base()
	rest, err := wire.ReadClick(r.rest, &base, &c.e)
	if err != nil {
		r.fail()
		return
	}
	r.rest = rest
	c.print = printOf(&c.e.Print)
	r.standing(&c.verdict, &c.reject)
	bits := r.byte()
	c.anchored, c.settled = bits&1 != 0, bits&2 != 0
	c.hold = r.time()
	if c.settled {
		r.match(&c.match)
	}
	bits = r.byte()
	c.wrote.there, c.wrote.reused = bits&1 != 0, bits&2 != 0
	if c.wrote.there {
		c.wrote.hash = r.uint64()
		c.wrote.counts = r.counts()
	}
}

func (r *journeyReader) base() wire.Base {
	n := r.uvarint()
	if n >= uint64(len(r.s.ledger.list)) {
		r.fail()
		return wire.Base{}
	}
	return wire.Base{Partition: r.s.ledger.list[n].Partition}
}

func (s *Shard) appendConversion(b []byte, c *conversion) []byte {
	b = binary.AppendUvarint(b, uint64(s.ledger.of(c.e.Partition)))
	b = wire.AppendConversion(b, &wire.Base{Partition: c.e.Partition}, &c.e)
	b = s.appendStanding(b, c.verdict, &c.reject)
	b = append(b, byte(boolBit(c.anchored)|boolBit(c.order)<<1|boolBit(c.dupOrder)<<2|
		boolBit(c.lost)<<3|boolBit(c.settled)<<4), byte(c.applied))
	if c.settled {
		b = appendPath(b, &c.path)
	}
	b = append(b, byte(c.refusal.reason))
	if c.refusal.reason != event.NotRejected {
		b = s.appendPosition(b, &c.refusal.pos)
	}
	w := &c.wrote
	b = append(b, byte(boolBit(w.there)|boolBit(w.reused)<<1))
	if !w.there {
		return b
	}
	b = binary.LittleEndian.AppendUint64(b, w.hash)
	b = binary.LittleEndian.AppendUint64(b, w.credits)
	b = binary.AppendUvarint(b, uint64(len(w.touches)))
	for _, t := range w.touches {
		b = append(appendText(b, t.id), t.models)
	}
	return appendCounts(b, w.counts)
}

func (r *journeyReader) conversion(c *conversion) {
	base := r.base()
	rest, err := wire.ReadConversion(r.rest, &base, &c.e)
	if err != nil {
		r.fail()
		return
	}
	r.rest = rest
	c.print = printOf(&c.e.Print)
	r.standing(&c.verdict, &c.reject)
	bits := r.byte()
	c.anchored, c.order, c.dupOrder = bits&1 != 0, bits&2 != 0, bits&4 != 0
	c.lost, c.settled = bits&8 != 0, bits&16 != 0
	c.applied = adjusted(r.byte())
	if c.settled {
		r.path(&c.path)
	}
	if c.refusal.reason = event.Reason(r.byte()); c.refusal.reason != event.NotRejected {
		c.refusal.pos = r.position()
	}
	bits = r.byte()
	w := &c.wrote
	w.there, w.reused = bits&1 != 0, bits&2 != 0
	if !w.there {
		return
	}
	w.hash, w.credits = r.uint64(), r.uint64()
	w.touches = make([]wroteTouch, r.count(2))
	for i := range w.touches {
		w.touches[i] = wroteTouch{id: r.text(), models: r.byte()}
	}
	w.counts = r.counts()
}

func (s *Shard) appendStanding(b []byte, v verdict, reject *rejectRow) []byte {
	b = append(b, byte(v.class)|byte(boolBit(v.reused)<<2|boolBit(reject.there)<<3))
	if v.class == classConflict {
		b = binary.LittleEndian.AppendUint64(b, v.fact)
	}
	if reject.there {
		b = s.appendPosition(b, &reject.pos)
		b = binary.LittleEndian.AppendUint64(b, reject.fact)
	}
	return b
}

func (r *journeyReader) standing(v *verdict, reject *rejectRow) {
	bits := r.byte()
	v.class, v.reused, reject.there = class(bits&3), bits&4 != 0, bits&8 != 0
	if v.class == classConflict {
		v.fact = r.uint64()
	}
	if reject.there {
		reject.pos = r.position()
		reject.fact = r.uint64()
	}
}

func (s *Shard) appendPosition(b []byte, p *event.Position) []byte {
	b = binary.AppendUvarint(b, uint64(s.ledger.of(p.Partition)))
	b = binary.AppendVarint(b, int64(p.Offset))
	return binary.AppendUvarint(b, uint64(uint32(p.Line)))
}

func (r *journeyReader) position() (p event.Position) {
	p.Partition = r.base().Partition
	p.Offset = event.Offset(r.varint())
	p.Line = int32(r.uint32())
	return p
}

func appendMatch(b []byte, m *match) []byte {
	b = appendText(appendText(b, m.method), m.reason)
	b = append(b, byte(boolBit(m.inversion)), byte(m.codes))
	if !m.matched() {
		return b
	}
	v := &m.parent
	for _, t := range v.texts() {
		b = appendText(b, *t)
	}
	b = appendTime(b, v.at)
	b = append(b, byte(boolBit(v.valid)), byte(v.viewable))
	return binary.AppendVarint(b, int64(v.Device))
}

func (r *journeyReader) match(m *match) {
	m.method, m.reason = r.text(), r.text()
	m.inversion, m.codes = r.bool(), clickCodes(r.byte())
	if m.codes >= codesEnd {
		r.fail()
	}
	if !m.matched() {
		return
	}
	v := &m.parent
	for _, t := range v.texts() {
		*t = r.text()
	}
	v.at = r.time()
	v.valid, v.viewable = r.bool(), event.Tri(r.byte())
	v.Device = r.int32()
}

func (v *view) texts() [14]*string {
	return [...]*string{
		&v.id, &v.wire, &v.Campaign, &v.Creative, &v.LineItem, &v.Advertiser,
		&v.Site, &v.App, &v.Placement, &v.Exchange, &v.AdFormat,
		&v.OS, &v.Country, &v.Currency,
	}
}

func (r *reader) int32() int32 {
	v := r.varint()
	if v < math.MinInt32 || v > math.MaxInt32 {
		r.fail()
		return 0
	}
	return int32(v)
}

func appendPath(b []byte, p *path) []byte {
	b = append(b, byte(boolBit(p.unresolved)|boolBit(p.inversion)<<1))
	b = binary.AppendUvarint(b, uint64(p.click))
	b = binary.AppendUvarint(b, uint64(p.view))
	b = binary.AppendUvarint(b, uint64(len(p.touches)))
	for i := range p.touches {
		t := &p.touches[i]
		b = append(b, byte(boolBit(t.click)|boolBit(t.unmeasured)<<1))
		for _, text := range t.texts() {
			b = appendText(b, *text)
		}
		b = appendTime(b, t.at)
		b = binary.AppendVarint(b, int64(t.window))
		b = binary.AppendVarint(b, int64(t.device))
	}
	return b
}

func (t *touch) texts() [7]*string {
	return [...]*string{&t.id, &t.campaign, &t.creative, &t.lineItem, &t.site, &t.exchange, &t.country}
}

func (r *journeyReader) path(p *path) {
	bits := r.byte()
	p.unresolved, p.inversion = bits&1 != 0, bits&2 != 0
	click, view := r.uvarint(), r.uvarint()
	p.touches = make([]touch, r.count(11))
	if click > uint64(len(p.touches)) || view > uint64(len(p.touches)) {
		r.fail()
		return
	}
	p.click, p.view = int(click), int(view)
	for i := range p.touches {
		t := &p.touches[i]
		bits := r.byte()
		t.click, t.unmeasured = bits&1 != 0, bits&2 != 0
		for _, text := range t.texts() {
			*text = r.text()
		}
		t.at, t.window, t.device = r.time(), event.Span(r.varint()), r.int32()
	}
}

func appendCounts(b []byte, list []contribution) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for i := range list {
		c := &list[i]
		b = appendTime(b, c.key.Bucket)
		for _, t := range [...]string{c.key.Campaign, c.key.Creative, c.key.Exchange, c.key.Country, c.key.Currency} {
			b = appendText(b, t)
		}
		b = binary.AppendVarint(b, int64(c.key.Device))
		b = binary.AppendVarint(b, c.micros)
		b = binary.AppendUvarint(b, uint64(len(c.add)))
		for _, a := range c.add {
			b = append(b, byte(a.measure))
			b = binary.AppendVarint(b, a.value)
		}
	}
	return b
}

func (r *journeyReader) counts() []contribution {
	n := r.count(9)
	if n == 0 {
		return nil
	}
	list := make([]contribution, n)
	for i := range list {
		c := &list[i]
		c.key.Bucket = r.time()
		for _, t := range [...]*string{&c.key.Campaign, &c.key.Creative, &c.key.Exchange, &c.key.Country, &c.key.Currency} {
			*t = r.text()
		}
		c.key.Device, c.micros = r.int32(), r.varint()
		c.add = make([]addend, r.count(2))
		for k := range c.add {
			c.add[k] = addend{measure: event.Measure(r.byte()), value: r.varint()}
			if c.add[k].measure >= event.MeasureCount {
				r.fail()
				c.add[k].measure = 0
			}
		}
	}
	return list
}
