package campaign

import (
	"slices"
	"strings"
)

// dictionary numbers the texts of keys. Campaigns, creatives, countries and
// currencies are few and live as long as the shard, so nothing is forgotten.
type dictionary struct {
	ids  map[string]uint32
	text []string
	size int64
	rank []uint32 // by id, as long as text or out of date
}

func newDictionary() dictionary {
	return dictionary{ids: map[string]uint32{"": 0}, text: []string{""}}
}

func (d *dictionary) id(text string) uint32 {
	if id, ok := d.ids[text]; ok {
		return id
	}
	id := uint32(len(d.text))
	kept := strings.Clone(text) // the caller's bytes belong to a batch
	d.ids[kept] = id
	d.text = append(d.text, kept)
	d.size += int64(len(kept)) + 48
	return id
}

// idOf is id for bytes; only a new text is copied.
func (d *dictionary) idOf(text []byte) uint32 {
	if id, ok := d.ids[string(text)]; ok {
		return id
	}
	return d.id(string(text))
}

func (d *dictionary) of(id uint32) string { return d.text[id] }

func (d *dictionary) bytes() int64 { return d.size }

// ranks is the place of each text among all in byte order, by id. Keys compare
// as their ranks do. The slice is good until a text is added.
func (d *dictionary) ranks() []uint32 {
	if len(d.rank) == len(d.text) {
		return d.rank
	}
	order := make([]uint32, len(d.text))
	for id := range order {
		order[id] = uint32(id)
	}
	slices.SortFunc(order, func(a, b uint32) int { return strings.Compare(d.text[a], d.text[b]) })
	d.rank = make([]uint32, len(order))
	for rank, id := range order {
		d.rank[id] = uint32(rank)
	}
	return d.rank
}
