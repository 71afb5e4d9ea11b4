package journey

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// A journey at rest: a count of clicks and the clicks, a count of conversions
// and the conversions, each its record (partition ordinal of the ledger, then
// the bytes of package wire) and what was decided and written. The same bytes
// stand in segments; docs/formats/shard-segment.md has the layout.

// Append appends the journey as it rests.
func (j *Journey) Append(b []byte, l *fact.Ledger) []byte {
	b = binary.AppendUvarint(b, uint64(len(j.clicks)))
	for i := range j.clicks {
		b = appendClick(b, &j.clicks[i], l)
	}
	b = binary.AppendUvarint(b, uint64(len(j.convs)))
	for i := range j.convs {
		b = appendConversion(b, &j.convs[i], l)
	}
	return b
}

// Decode reads what Append wrote, or reports false. Its text aliases b.
func Decode(route event.Route, b []byte, l *fact.Ledger) (*Journey, bool) {
	j := New(route)
	r := &reader{Reader: *fact.ReaderOf(b, l)}
	j.clicks = make([]click, r.Count(leastRecord))
	for i := range j.clicks {
		r.click(&j.clicks[i])
	}
	j.convs = make([]conversion, r.Count(leastRecord))
	for i := range j.convs {
		r.conversion(&j.convs[i])
	}
	return j, !r.Bad && len(r.Rest) == 0
}

// leastRecord is the least number of bytes of a click or conversion.
const leastRecord = 30

type reader struct{ fact.Reader }

func appendClick(b []byte, c *click, l *fact.Ledger) []byte {
	b = binary.AppendUvarint(b, uint64(l.Of(c.e.Partition)))
	b = wire.AppendClick(b, &wire.Base{Partition: c.e.Partition}, &c.e)
	b = l.AppendStanding(b, c.verdict, &c.reject)
	b = append(b, byte(fact.Bit(c.anchored)|fact.Bit(c.settled)<<1))
	b = fact.AppendTime(b, c.hold)
	if c.settled {
		b = appendMatch(b, &c.match)
	}
	b = append(b, byte(fact.Bit(c.wrote.there)|fact.Bit(c.wrote.reused)<<1))
	if c.wrote.there {
		b = binary.LittleEndian.AppendUint64(b, c.wrote.hash)
		b = appendCounts(b, c.wrote.counts)
	}
	return b
}

func (r *reader) click(c *click) {
	base := r.Base()
	rest, err := wire.ReadClick(r.Rest, &base, &c.e)
	if err != nil {
		r.Fail()
		return
	}
	r.Rest = rest
	c.print = fact.Print(&c.e.Print)
	r.Standing(&c.verdict, &c.reject)
	bits := r.Byte()
	c.anchored, c.settled = bits&1 != 0, bits&2 != 0
	c.hold = r.Time()
	if c.settled {
		r.match(&c.match)
	}
	bits = r.Byte()
	c.wrote.there, c.wrote.reused = bits&1 != 0, bits&2 != 0
	if c.wrote.there {
		c.wrote.hash = r.Fixed64()
		c.wrote.counts = r.counts()
	}
}

func appendConversion(b []byte, c *conversion, l *fact.Ledger) []byte {
	b = binary.AppendUvarint(b, uint64(l.Of(c.e.Partition)))
	b = wire.AppendConversion(b, &wire.Base{Partition: c.e.Partition}, &c.e)
	b = l.AppendStanding(b, c.verdict, &c.reject)
	b = append(b, byte(fact.Bit(c.anchored)|fact.Bit(c.order)<<1|fact.Bit(c.dupOrder)<<2|
		fact.Bit(c.lost)<<3|fact.Bit(c.settled)<<4), byte(c.applied))
	if c.settled {
		b = appendPath(b, &c.path)
	}
	b = append(b, byte(c.refusal.reason))
	if c.refusal.reason != event.NotRejected {
		b = l.AppendPosition(b, &c.refusal.pos)
	}
	w := &c.wrote
	b = append(b, byte(fact.Bit(w.there)|fact.Bit(w.reused)<<1))
	if !w.there {
		return b
	}
	b = binary.LittleEndian.AppendUint64(b, w.hash)
	b = binary.LittleEndian.AppendUint64(b, w.credits)
	b = binary.AppendUvarint(b, uint64(len(w.touches)))
	for _, t := range w.touches {
		b = append(fact.AppendText(b, t.id), t.models)
	}
	return appendCounts(b, w.counts)
}

func (r *reader) conversion(c *conversion) {
	base := r.Base()
	rest, err := wire.ReadConversion(r.Rest, &base, &c.e)
	if err != nil {
		r.Fail()
		return
	}
	r.Rest = rest
	c.print = fact.Print(&c.e.Print)
	r.Standing(&c.verdict, &c.reject)
	bits := r.Byte()
	c.anchored, c.order, c.dupOrder = bits&1 != 0, bits&2 != 0, bits&4 != 0
	c.lost, c.settled = bits&8 != 0, bits&16 != 0
	c.applied = adjusted(r.Byte())
	if c.settled {
		r.path(&c.path)
	}
	if c.refusal.reason = event.Reason(r.Byte()); c.refusal.reason != event.NotRejected {
		c.refusal.pos = r.Position()
	}
	bits = r.Byte()
	w := &c.wrote
	w.there, w.reused = bits&1 != 0, bits&2 != 0
	if !w.there {
		return
	}
	w.hash, w.credits = r.Fixed64(), r.Fixed64()
	w.touches = make([]wroteTouch, r.Count(2))
	for i := range w.touches {
		w.touches[i] = wroteTouch{id: r.Text(), models: r.Byte()}
	}
	w.counts = r.counts()
}

func appendMatch(b []byte, m *match) []byte {
	b = fact.AppendText(fact.AppendText(b, m.method), m.reason)
	b = append(b, byte(fact.Bit(m.inversion)), byte(m.codes))
	if !m.matched() {
		return b
	}
	v := &m.parent
	for _, t := range v.texts() {
		b = fact.AppendText(b, *t)
	}
	b = fact.AppendTime(b, v.At)
	b = append(b, byte(fact.Bit(v.Valid)|fact.Bit(v.User)<<1), byte(v.Viewable))
	return binary.AppendVarint(b, int64(v.Device))
}

func (r *reader) match(m *match) {
	m.method, m.reason = r.Text(), r.Text()
	m.inversion, m.codes = r.Bool(), clickCodes(r.Byte())
	if m.codes >= codesEnd {
		r.Fail()
	}
	if !m.matched() {
		return
	}
	v := &m.parent
	for _, t := range v.texts() {
		*t = r.Text()
	}
	v.At = r.Time()
	bits := r.Byte()
	v.Valid, v.User, v.Viewable = bits&1 != 0, bits&2 != 0, event.Tri(r.Byte())
	v.Device = r.Int32()
}

func (v *View) texts() [14]*string {
	return [...]*string{
		&v.ID, &v.WireID, &v.Campaign, &v.Creative, &v.LineItem, &v.Advertiser,
		&v.Site, &v.App, &v.Placement, &v.Exchange, &v.AdFormat,
		&v.OS, &v.Country, &v.Currency,
	}
}

func appendPath(b []byte, p *path) []byte {
	b = append(b, byte(fact.Bit(p.unresolved)|fact.Bit(p.inversion)<<1))
	b = binary.AppendUvarint(b, uint64(p.click))
	b = binary.AppendUvarint(b, uint64(p.view))
	b = binary.AppendUvarint(b, uint64(len(p.touches)))
	for i := range p.touches {
		t := &p.touches[i]
		b = append(b, byte(fact.Bit(t.click)|fact.Bit(t.unmeasured)<<1|fact.Bit(t.lent)<<2))
		for _, text := range t.texts() {
			b = fact.AppendText(b, *text)
		}
		b = fact.AppendTime(b, t.at)
		b = binary.AppendVarint(b, int64(t.window))
		b = binary.AppendVarint(b, int64(t.device))
	}
	return b
}

func (t *touch) texts() [8]*string {
	return [...]*string{&t.id, &t.campaign, &t.creative, &t.lineItem, &t.site, &t.app, &t.exchange, &t.country}
}

func (r *reader) path(p *path) {
	bits := r.Byte()
	p.unresolved, p.inversion = bits&1 != 0, bits&2 != 0
	click, view := r.Uvarint(), r.Uvarint()
	p.touches = make([]touch, r.Count(12))
	if click > uint64(len(p.touches)) || view > uint64(len(p.touches)) {
		r.Fail()
		return
	}
	p.click, p.view = int(click), int(view)
	for i := range p.touches {
		t := &p.touches[i]
		bits := r.Byte()
		t.click, t.unmeasured, t.lent = bits&1 != 0, bits&2 != 0, bits&4 != 0
		for _, text := range t.texts() {
			*text = r.Text()
		}
		t.at, t.window, t.device = r.Time(), event.Span(r.Varint()), r.Int32()
	}
}

func appendCounts(b []byte, list []Contribution) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for i := range list {
		c := &list[i]
		b = fact.AppendTime(append(b, byte(c.Kind)), c.Key.Bucket)
		for _, t := range c.texts() {
			b = fact.AppendText(b, *t)
		}
		b = binary.AppendVarint(b, int64(c.Key.Device))
		b = binary.AppendVarint(b, c.Micros)
		b = binary.AppendUvarint(b, uint64(len(c.Add)))
		for _, a := range c.Add {
			b = append(b, byte(a.Measure))
			b = binary.AppendVarint(b, a.Value)
		}
	}
	return b
}

func (c *Contribution) texts() [7]*string {
	return [...]*string{
		&c.Key.Campaign, &c.Key.Creative, &c.Key.Exchange, &c.Key.Country, &c.Key.Currency, &c.Site, &c.App,
	}
}

func (r *reader) counts() []Contribution {
	n := r.Count(12)
	if n == 0 {
		return nil
	}
	list := make([]Contribution, n)
	for i := range list {
		c := &list[i]
		if c.Kind = ContributionKind(r.Byte()); c.Kind >= contributionKinds {
			r.Fail()
		}
		c.Key.Bucket = r.Time()
		for _, t := range c.texts() {
			*t = r.Text()
		}
		c.Key.Device, c.Micros = r.Int32(), r.Varint()
		c.Add = make([]Addend, r.Count(2))
		for k := range c.Add {
			c.Add[k] = Addend{Measure: event.Measure(r.Byte()), Value: r.Varint()}
			if c.Add[k].Measure >= event.MeasureEnd {
				r.Fail()
				c.Add[k].Measure = 0
			}
		}
	}
	return list
}
