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
	dimCurrency      = 'U' // currency
	dimSite          = 'S' // site_domain or app_bundle
)

// noGroup is the group of an ordinal that is no tuple.
const noGroup = ^uint32(0)

// dims is the dictionary of a shard. The note of an ordinal is what it stands
// for in aggregates: of a tuple the ordinal of its group, then of a creative the
// ordinal of its campaign, of a place that of its site, of a device that of its
// currency.
type dims struct {
	dict  column.Dictionary
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
	return d.putHashed(column.HashText(d.buf), d.buf)
}

func (d *dims) putHashed(hash uint64, text []byte) (ordinal uint32, added bool) {
	ordinal, added = d.dict.PutHashed(hash, text)
	if added {
		d.fresh = append(d.fresh, ordinal)
		d.dict.SetNote(ordinal, column.Note{noGroup, noGroup})
	}
	return ordinal, added
}

// group is the group of a tuple.
func (d *dims) group(n uint32) uint32 { return d.dict.Note(n)[0] }

// camp is the campaign of a creative tuple.
func (d *dims) camp(n uint32) uint32 { return d.dict.Note(n)[1] }

// currency is the currency of a device tuple.
func (d *dims) currency(n uint32) uint32 { return d.dict.Note(n)[1] }

// appendCreative, appendPlace and appendDevice append the entry of a tuple.
func appendCreative(b []byte, c *fact.CreativeDims) []byte {
	b = append(b, dimCreative)
	return fact.AppendText(fact.AppendText(fact.AppendText(fact.AppendText(b, c.Campaign), c.Creative), c.LineItem), c.Advertiser)
}

func appendPlace(b []byte, p *fact.PlaceDims) []byte {
	b = append(b, dimPlace)
	b = fact.AppendText(fact.AppendText(fact.AppendText(b, p.Site), p.App), p.Placement)
	return fact.AppendText(fact.AppendText(fact.AppendText(b, p.Exchange), p.AdFormat), p.ImpID)
}

func appendDevice(b []byte, v *fact.DeviceDims) []byte {
	b = append(b, dimDevice)
	b = fact.AppendText(fact.AppendText(fact.AppendText(b, v.OS), v.Country), v.Currency)
	return binary.LittleEndian.AppendUint32(b, uint32(v.Device))
}

// putTuple is the ordinal of a tuple, given its entry. The entry of a new one is
// linked to its group.
func (d *dims) putTuple(hash uint64, entry []byte) uint32 {
	n, added := d.putHashed(hash, entry)
	if added {
		d.link(n)
	}
	return n
}

// link notes what an entry stands for in aggregates, putting its group where
// that is missing.
func (d *dims) link(n uint32) {
	note := column.Note{noGroup, noGroup}
	switch d.dict.Text(n)[0] {
	case dimCreative:
		c := d.creative(n)
		note[0] = d.groupCreative(c.Campaign, c.Creative)
		note[1] = d.campaign(c.Campaign)
	case dimPlace:
		p := d.place(n)
		note[0] = d.groupExchange(p.Exchange)
		note[1] = d.putSite(p.Site, p.App)
	case dimDevice:
		v := d.device(n)
		note[0] = d.groupDevice(v.Country, v.Currency, v.Device)
		note[1] = d.putCurrency(v.Currency)
	}
	d.dict.SetNote(n, note)
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

func (d *dims) putCurrency(code string) uint32 {
	d.start(dimCurrency)
	d.text(code)
	n, _ := d.put()
	return n
}

// putSite is the group of a place in agg_site_day: the app, else the site (R-G7).
func (d *dims) putSite(site, app string) uint32 {
	if app != "" {
		site = ""
	}
	d.start(dimSite)
	d.text(site)
	d.text(app)
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
	for n := range uint32(d.dict.Len()) {
		if !d.dict.Has(n) {
			continue
		}
		if !wellFormed(d.dict.Text(n)) {
			return false
		}
		d.link(n)
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
	case dimGroupCreative, dimSite:
		texts = 2
	case dimGroupExchange, dimCampaign, dimCurrency:
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
