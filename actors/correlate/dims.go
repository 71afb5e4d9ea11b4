package correlate

import (
	"encoding/binary"
	"unsafe"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
)

// Repeated text of rows is kept once a shard, as tuples of what usually comes
// together: a creative with its campaign, a place with its exchange, a kind of
// device with its country. A row holds three ordinals. Each tuple knows the
// part of it that agg_campaign_minute groups by.

// The first byte of a dictionary entry says what it is.
const (
	dimCreative      = 'c' // fact.CreativeDims
	dimPlace         = 'p' // fact.PlaceDims
	dimDevice        = 'd' // fact.DeviceDims
	dimGroupCreative = 'C' // campaign, creative
	dimGroupExchange = 'X' // exchange
	dimGroupDevice   = 'D' // country, currency, device
	dimCampaign      = 'K' // campaign
)

// noGroup is the group of an ordinal that is no tuple.
const noGroup = ^uint32(0)

// dims is the dictionary of a shard and what each ordinal stands for in
// aggregates.
type dims struct {
	dict  column.Dictionary
	group []uint32 // by ordinal of a tuple: the ordinal of its group
	camp  []uint32 // by ordinal of a creative tuple: the ordinal of its campaign
	buf   []byte
	fresh []uint32 // ordinals put since the last segment
}

func (d *dims) start(kind byte) { d.buf = append(d.buf[:0], kind) }

func (d *dims) text(s string) {
	d.buf = binary.AppendUvarint(d.buf, uint64(len(s)))
	d.buf = append(d.buf, s...)
}

func (d *dims) number(v int32) { d.buf = binary.LittleEndian.AppendUint32(d.buf, uint32(v)) }

func (d *dims) put() (ordinal uint32, added bool) {
	ordinal, added = d.dict.Put(d.buf)
	if added {
		d.fresh = append(d.fresh, ordinal)
		d.room()
		d.group[ordinal], d.camp[ordinal] = noGroup, noGroup // it may have been another's
	}
	return ordinal, added
}

func (d *dims) room() {
	for len(d.group) < d.dict.Len() {
		d.group = append(d.group, noGroup)
		d.camp = append(d.camp, noGroup)
	}
}

func (d *dims) putCreative(c fact.CreativeDims) uint32 {
	d.start(dimCreative)
	d.text(c.Campaign)
	d.text(c.Creative)
	d.text(c.LineItem)
	d.text(c.Advertiser)
	n, added := d.put()
	if added {
		d.group[n] = d.groupCreative(c.Campaign, c.Creative)
		d.camp[n] = d.campaign(c.Campaign)
	}
	return n
}

func (d *dims) putPlace(p fact.PlaceDims) uint32 {
	d.start(dimPlace)
	d.text(p.Site)
	d.text(p.App)
	d.text(p.Placement)
	d.text(p.Exchange)
	d.text(p.AdFormat)
	d.text(p.ImpID)
	n, added := d.put()
	if added {
		d.group[n] = d.groupExchange(p.Exchange)
	}
	return n
}

func (d *dims) putDevice(v fact.DeviceDims) uint32 {
	d.start(dimDevice)
	d.text(v.OS)
	d.text(v.Country)
	d.text(v.Currency)
	d.number(v.Device)
	n, added := d.put()
	if added {
		d.group[n] = d.groupDevice(v.Country, v.Currency, v.Device)
	}
	return n
}

func (d *dims) groupCreative(campaign, creative string) uint32 {
	d.start(dimGroupCreative)
	d.text(campaign)
	d.text(creative)
	n, _ := d.put()
	return n
}

func (d *dims) groupExchange(exchange string) uint32 {
	d.start(dimGroupExchange)
	d.text(exchange)
	n, _ := d.put()
	return n
}

func (d *dims) groupDevice(country, currency string, device int32) uint32 {
	d.start(dimGroupDevice)
	d.text(country)
	d.text(currency)
	d.number(device)
	n, _ := d.put()
	return n
}

func (d *dims) campaign(id string) uint32 {
	d.start(dimCampaign)
	d.text(id)
	n, _ := d.put()
	return n
}

func (d *dims) creative(n uint32) (c fact.CreativeDims) {
	r := tuple(d.dict.Text(n)[1:])
	c.Campaign, c.Creative, c.LineItem, c.Advertiser = r.text(), r.text(), r.text(), r.text()
	return c
}

func (d *dims) place(n uint32) (p fact.PlaceDims) {
	r := tuple(d.dict.Text(n)[1:])
	p.Site, p.App, p.Placement = r.text(), r.text(), r.text()
	p.Exchange, p.AdFormat, p.ImpID = r.text(), r.text(), r.text()
	return p
}

func (d *dims) device(n uint32) (v fact.DeviceDims) {
	r := tuple(d.dict.Text(n)[1:])
	v.OS, v.Country, v.Currency, v.Device = r.text(), r.text(), r.text(), r.number()
	return v
}

// relink finds the group of every tuple again after a restore, putting the ones
// that are missing. It reports false for an entry that is no tuple.
func (d *dims) relink() bool {
	d.room()
	for n := range uint32(d.dict.Len()) {
		if !d.dict.Has(n) {
			continue
		}
		text := d.dict.Text(n)
		if !wellFormed(text) {
			return false
		}
		switch text[0] {
		case dimCreative:
			c := d.creative(n)
			d.group[n], d.camp[n] = d.groupCreative(c.Campaign, c.Creative), d.campaign(c.Campaign)
		case dimPlace:
			d.group[n] = d.groupExchange(d.place(n).Exchange)
		case dimDevice:
			v := d.device(n)
			d.group[n] = d.groupDevice(v.Country, v.Currency, v.Device)
		}
	}
	return true
}

// wellFormed reports whether text is a tuple of one of the kinds.
func wellFormed(text string) bool {
	if text == "" {
		return false
	}
	texts, numbers := 0, 0
	switch text[0] {
	case dimCreative:
		texts = 4
	case dimPlace:
		texts = 6
	case dimDevice:
		texts, numbers = 3, 1
	case dimGroupCreative:
		texts = 2
	case dimGroupExchange, dimCampaign:
		texts = 1
	case dimGroupDevice:
		texts, numbers = 2, 1
	default:
		return false
	}
	b := []byte(text[1:])
	for range texts {
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return false
		}
		b = b[k+int(n):]
	}
	return len(b) == 4*numbers
}

// tuple reads the parts of a dictionary entry. They alias the dictionary.
type tuple string

func (t *tuple) text() string {
	b := unsafe.Slice(unsafe.StringData(string(*t)), len(*t))
	n, k := binary.Uvarint(b)
	end := k + int(n)
	s := string((*t)[k:end])
	*t = (*t)[end:]
	return s
}

func (t *tuple) number() int32 {
	b := unsafe.Slice(unsafe.StringData(string(*t)), len(*t))
	v := int32(binary.LittleEndian.Uint32(b))
	*t = (*t)[4:]
	return v
}
