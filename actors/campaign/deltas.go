package campaign

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/internal/event"
)

const deltasVersion = 1

// AppendDeltas appends the bytes of the deltas of one cut of one user shard:
//
//	version  1 byte (1)
//	minutes  uvarint count, then each: key, a uvarint mask of the measures
//	         that are not zero, their varints in order, spend (varint hi, uvarint lo)
//	key      varint bucket, text campaign, creative, exchange, country,
//	         currency, varint device
//	reach    uvarint count, then each: text campaign, varint day, uvarint
//	         shard, bytes added, bytes removed (portable Roaring; empty for none)
//
// Text and bytes are a uvarint length and the bytes.
func AppendDeltas(dst []byte, d *event.Deltas) []byte {
	dst = append(dst, deltasVersion)
	dst = binary.AppendUvarint(dst, uint64(len(d.Minutes)))
	for i := range d.Minutes {
		m := &d.Minutes[i]
		dst = appendKey(dst, &m.Key)
		dst = appendTotals(dst, &m.Add, m.SpendNanos)
	}
	dst = binary.AppendUvarint(dst, uint64(len(d.Reach)))
	for i := range d.Reach {
		r := &d.Reach[i]
		dst = appendBytes(dst, r.Campaign)
		dst = binary.AppendVarint(dst, int64(r.Day))
		dst = binary.AppendUvarint(dst, uint64(r.Shard))
		dst = appendBytes(dst, r.Added)
		dst = appendBytes(dst, r.Removed)
	}
	return dst
}

// DecodeDeltas reads what AppendDeltas wrote. Bitmaps alias b.
func DecodeDeltas(b []byte) (*event.Deltas, error) {
	if len(b) == 0 || b[0] != deltasVersion {
		return nil, ErrCorrupt
	}
	r := &reader{rest: b[1:]}
	d := &event.Deltas{}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		m := event.MinuteDelta{Key: r.key()}
		m.Add, m.SpendNanos = r.totals()
		d.Minutes = append(d.Minutes, m)
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		d.Reach = append(d.Reach, event.ReachDelta{
			Campaign: r.string(),
			Day:      int32(r.varint()),
			Shard:    event.Shard(r.uvarint()),
			Added:    orNil(r.bytes()),
			Removed:  orNil(r.bytes()),
		})
	}
	if r.err == nil && len(r.rest) > 0 {
		return nil, ErrCorrupt
	}
	return d, r.err
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
