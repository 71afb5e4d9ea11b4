package campaign

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/internal/event"
)

const deltasVersion = 2

// AppendDeltas appends the bytes of the deltas of one cut of one user shard:
//
//	version  1 byte (2)
//	texts    uvarint count, then each text, in the order of first use
//	minutes  uvarint count, then each: varint bucket less the bucket before,
//	         uvarint places in texts of campaign, creative, exchange, country
//	         and currency, varint device, totals
//	totals   uvarint mask of the measures that are not zero, their varints in
//	         order, spend (varint hi, uvarint lo)
//	reach    uvarint count, then each: uvarint place in texts of the campaign,
//	         varint day, uvarint shard, bytes added, bytes removed (portable
//	         Roaring; empty for none)
//
// Text and bytes are a uvarint length and the bytes. Every campaign shard reads
// the deltas of every user shard, so what it passes over must cost it little:
// texts stand once, and whose a campaign is, is asked once.
func AppendDeltas(dst []byte, d *event.Deltas) []byte {
	texts := newDictionary()
	body := binary.AppendUvarint(nil, uint64(len(d.Minutes)))
	var bucket event.Time
	for i := range d.Minutes {
		m := &d.Minutes[i]
		body = binary.AppendVarint(body, int64(m.Key.Bucket-bucket))
		bucket = m.Key.Bucket
		for _, text := range [...]string{m.Key.Campaign, m.Key.Creative, m.Key.Exchange, m.Key.Country, m.Key.Currency} {
			body = binary.AppendUvarint(body, uint64(texts.id(text)))
		}
		body = binary.AppendVarint(body, int64(m.Key.Device))
		body = appendTotals(body, &m.Add, m.SpendNanos)
	}
	body = binary.AppendUvarint(body, uint64(len(d.Reach)))
	for i := range d.Reach {
		r := &d.Reach[i]
		body = binary.AppendUvarint(body, uint64(texts.id(r.Campaign)))
		body = binary.AppendVarint(body, int64(r.Day))
		body = binary.AppendUvarint(body, uint64(r.Shard))
		body = appendBytes(body, r.Added)
		body = appendBytes(body, r.Removed)
	}
	dst = append(dst, deltasVersion)
	dst = binary.AppendUvarint(dst, uint64(len(texts.text)))
	for _, text := range texts.text {
		dst = appendBytes(dst, text)
	}
	return append(dst, body...)
}

// FoldBytes is Fold for what AppendDeltas wrote, without making the deltas. After
// an error the shard may have folded a part of them: it must not be used.
func (s *Shard) FoldBytes(b []byte) error {
	if len(b) == 0 || b[0] != deltasVersion {
		return ErrCorrupt
	}
	r := &reader{rest: b[1:]}
	texts := newPlaces(s, r)
	var bucket event.Time
	for n := r.count(); n > 0 && r.err == nil; n-- {
		bucket = bucket.Add(event.Span(r.varint()))
		s.foldMinute(r, texts, bucket)
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		if err := s.foldReach(r, texts); err != nil {
			return err
		}
	}
	if r.err == nil && len(r.rest) > 0 {
		return ErrCorrupt
	}
	return r.err
}

func (s *Shard) foldMinute(r *reader, texts *places, bucket event.Time) {
	var at [5]int
	for i := range at {
		at[i] = texts.next(r)
	}
	device := int32(r.varint())
	if r.err != nil {
		return
	}
	if !texts.owns(at[0]) {
		r.skipTotals()
		return
	}
	add, spend := r.totals()
	if r.err != nil {
		return
	}
	s.add(groupKey{
		bucket: bucket, campaign: texts.id(at[0]), creative: texts.id(at[1]), exchange: texts.id(at[2]),
		country: texts.id(at[3]), currency: texts.id(at[4]), device: device,
	}, &add, spend)
}

func (s *Shard) foldReach(r *reader, texts *places) error {
	at := texts.next(r)
	d := event.ReachDelta{
		Day: int32(r.varint()), Shard: event.Shard(r.uvarint()), Added: orNil(r.bytes()), Removed: orNil(r.bytes()),
	}
	if r.err != nil || !texts.owns(at) {
		return r.err
	}
	return s.addReach(texts.id(at), &d)
}

// places are the texts that deltas begin with. What the shard knows of one is
// looked up when it is first wanted: it keeps nothing of texts it passes over.
type places struct {
	shard *Shard
	texts []place
}

type place struct {
	text  []byte
	id    uint32 // in the shard's dictionary, once known
	known bool
	mine  bool // once asked
	asked bool
}

func newPlaces(s *Shard, r *reader) *places {
	p := &places{shard: s, texts: make([]place, r.count())}
	for i := range p.texts {
		p.texts[i].text = r.bytes()
	}
	return p
}

// next reads a place.
func (p *places) next(r *reader) int {
	at := r.uvarint()
	if at >= uint64(len(p.texts)) {
		r.fail()
		return 0
	}
	return int(at)
}

func (p *places) owns(at int) bool {
	t := &p.texts[at]
	if !t.asked {
		t.mine, t.asked = p.shard.Owns(string(t.text)), true
	}
	return t.mine
}

func (p *places) id(at int) uint32 {
	t := &p.texts[at]
	if !t.known {
		t.id, t.known = p.shard.text.idOf(t.text), true
	}
	return t.id
}

func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func appendKey(dst []byte, k *event.CampaignKey) []byte {
	dst = binary.AppendVarint(dst, int64(k.Bucket))
	dst = appendBytes(dst, k.Campaign)
	dst = appendBytes(dst, k.Creative)
	dst = appendBytes(dst, k.Exchange)
	dst = appendBytes(dst, k.Country)
	dst = appendBytes(dst, k.Currency)
	return binary.AppendVarint(dst, int64(k.Device))
}

func (r *reader) key() event.CampaignKey {
	return event.CampaignKey{
		Bucket:   event.Time(r.varint()),
		Campaign: r.string(),
		Creative: r.string(),
		Exchange: r.string(),
		Country:  r.string(),
		Currency: r.string(),
		Device:   int32(r.varint()),
	}
}

func appendTotals(dst []byte, m *event.Measures, spend event.Int128) []byte {
	var mask uint64
	for i, v := range m {
		if v != 0 {
			mask |= 1 << i
		}
	}
	dst = binary.AppendUvarint(dst, mask)
	for _, v := range m {
		if v != 0 {
			dst = binary.AppendVarint(dst, v)
		}
	}
	dst = binary.AppendVarint(dst, spend.Hi)
	return binary.AppendUvarint(dst, spend.Lo)
}

func (r *reader) totals() (m event.Measures, spend event.Int128) {
	mask := r.uvarint()
	if mask>>len(m) != 0 {
		r.fail()
		return m, spend
	}
	for i := range m {
		if mask&(1<<i) != 0 {
			m[i] = r.varint()
		}
	}
	spend.Hi = r.varint()
	spend.Lo = r.uvarint()
	return m, spend
}

func (r *reader) skipTotals() {
	mask := r.uvarint()
	if mask>>event.MeasureCount != 0 {
		r.fail()
	}
	for ; mask != 0; mask &= mask - 1 {
		r.varint()
	}
	r.varint()
	r.uvarint()
}
