package campaign

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event/delta"
)

// dictionary numbers the texts of keys as deltas have them (package delta).
// Campaigns, creatives, countries, currencies and sites are few and live as long
// as the shard, so nothing is forgotten.
type dictionary struct {
	ids     map[string]uint32
	entries []entry
	size    int64
	kept    int      // entries that a segment has
	rank    []uint32 // by id, as long as entries or out of date
}

// entry is a text taken apart.
type entry struct {
	text  string
	parts [2]string
	code  int32 // of a device
	// Of a creative its campaign, of a device its currency, as entries of their
	// own.
	of uint32
}

func newDictionary() dictionary { return dictionary{ids: map[string]uint32{}} }

// idOf is the number of an entry; ok is false for bytes that are none.
func (d *dictionary) idOf(text []byte) (id uint32, ok bool) {
	if id, ok := d.ids[string(text)]; ok {
		return id, true
	}
	e := entry{text: string(text)}
	if !e.parse() {
		return 0, false
	}
	switch text[0] {
	case delta.Creative:
		e.of, ok = d.idOf(entryOf(delta.Campaign, e.parts[0]))
	case delta.Device:
		e.of, ok = d.idOf(entryOf(delta.Currency, e.parts[1]))
	default:
		ok = true
	}
	id = uint32(len(d.entries))
	d.ids[e.text] = id
	d.entries = append(d.entries, e)
	d.size += int64(len(e.text)) + 160
	return id, ok
}

// entryOf is an entry of one text.
func entryOf(kind byte, text string) []byte {
	return appendBytes([]byte{kind}, text)
}

// parse takes the text apart.
func (e *entry) parse() bool {
	if e.text == "" {
		return false
	}
	texts, number := 1, false
	switch e.text[0] {
	case delta.Creative, delta.Place:
		texts = 2
	case delta.Device:
		texts, number = 2, true
	case delta.Exchange, delta.Campaign, delta.Currency, delta.Topic:
	default:
		return false
	}
	rest := e.text[1:]
	for i := range texts {
		n, k := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
		if k <= 0 || n > uint64(len(rest)-k) {
			return false
		}
		e.parts[i], rest = rest[k:k+int(n)], rest[k+int(n):]
	}
	if number {
		if len(rest) != 4 {
			return false
		}
		e.code, rest = int32(binary.LittleEndian.Uint32([]byte(rest))), ""
	}
	return rest == ""
}

func (d *dictionary) of(id uint32) *entry { return &d.entries[id] }

// text is the first text of an entry.
func (d *dictionary) text(id uint32) string { return d.entries[id].parts[0] }

func (d *dictionary) bytes() int64 { return d.size }

// ranks is the place of each entry among all in the order of its kind and parts, by id. Keys compare
// as their ranks do. The slice is good until a text is added.
func (d *dictionary) ranks() []uint32 {
	if len(d.rank) == len(d.entries) {
		return d.rank
	}
	order := make([]uint32, len(d.entries))
	for id := range order {
		order[id] = uint32(id)
	}
	slices.SortFunc(order, func(a, b uint32) int { return d.entries[a].compare(&d.entries[b]) })
	d.rank = make([]uint32, len(order))
	for rank, id := range order {
		d.rank[id] = uint32(rank)
	}
	return d.rank
}

func (e *entry) compare(f *entry) int {
	if e.text[0] != f.text[0] {
		return int(e.text[0]) - int(f.text[0])
	}
	if c := strings.Compare(e.parts[0], f.parts[0]); c != 0 {
		return c
	}
	if e.code != f.code { // device type stands before the currency
		return int(e.code) - int(f.code)
	}
	return strings.Compare(e.parts[1], f.parts[1])
}

// appendFresh appends the entries that no segment has, or with base all, each
// under its number.
func (d *dictionary) appendFresh(dst []byte, base bool) []byte {
	if base {
		d.kept = 0
	}
	dst = binary.AppendUvarint(dst, uint64(d.kept))
	dst = binary.AppendUvarint(dst, uint64(len(d.entries)-d.kept))
	for i := range d.entries[d.kept:] {
		dst = appendBytes(dst, d.entries[d.kept+i].text)
	}
	d.kept = len(d.entries)
	return dst
}

// load reads what appendFresh wrote.
func (d *dictionary) load(r *reader) {
	if r.Uvarint() != uint64(len(d.entries)) {
		r.Fail()
		return
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		at := uint32(len(d.entries))
		text := r.Bytes()
		if r.Bad || bytes.Equal(text, nil) {
			r.Fail()
			return
		}
		e := entry{text: string(text)}
		if !e.parse() {
			r.Fail()
			return
		}
		d.ids[e.text] = at
		d.entries = append(d.entries, e)
		d.size += int64(len(e.text)) + 160
	}
	d.kept = len(d.entries)
	for i := range d.entries {
		d.relink(&d.entries[i], r)
	}
}

// relink finds the entry that a creative or device leads to; it was numbered
// first.
func (d *dictionary) relink(e *entry, r *reader) {
	kind, text := byte(0), ""
	switch e.text[0] {
	case delta.Creative:
		kind, text = delta.Campaign, e.parts[0]
	case delta.Device:
		kind, text = delta.Currency, e.parts[1]
	default:
		return
	}
	of, ok := d.ids[string(entryOf(kind, text))]
	if !ok {
		r.Fail()
	}
	e.of = of
}
