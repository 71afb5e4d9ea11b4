package campaign

import "strings"

// dictionary numbers the texts of keys. Campaigns, creatives, countries and
// currencies are few and live as long as the shard, so nothing is forgotten.
type dictionary struct {
	ids  map[string]uint32
	text []string
	size int64
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

func (d *dictionary) of(id uint32) string { return d.text[id] }

func (d *dictionary) bytes() int64 { return d.size }
