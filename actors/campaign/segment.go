package campaign

import (
	"encoding/binary"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/delta"
	"github.com/advertisex/adjoin/internal/event/wire"
)

const segmentVersion = 2

// itemBytes is about what a group takes in a segment.
const itemBytes = 32

// Segment is the state that changed since the last Segment, or with base the
// whole state: the watermark and the frontier, the texts that are new, then for
// each table the keys let go and the groups that changed, with their values
// (docs/formats/campaign-segment.md). The same history and the same cuts give
// the same bytes. It is nil when there is nothing to say.
func (s *Shard) Segment(base bool) []byte {
	n := len(s.minutes.unsaved) + len(s.hours.unsaved) + len(s.days.unsaved) + len(s.sites.unsaved) + len(s.pipes.unsaved)
	gone := len(s.minutes.gone) + len(s.hours.gone) + len(s.days.gone) + len(s.sites.gone) + len(s.pipes.gone)
	if !base && n+gone == 0 {
		return nil
	}
	if base {
		n = s.minutes.held + s.hours.held + s.days.held + s.sites.held + s.pipes.held
	}
	b := append(make([]byte, 0, 256+(n+gone)*itemBytes), segmentVersion)
	b = binary.AppendVarint(binary.AppendVarint(b, int64(s.watermark)), int64(s.frontier))
	b = s.text.appendFresh(b, base)
	b = appendStore(b, &s.minutes, base, appendMinuteKey, appendMinuteSums)
	b = appendStore(b, &s.hours, base, appendPeriodKey, appendPeriodSums)
	b = appendStore(b, &s.days, base, appendPeriodKey, appendPeriodSums)
	b = appendStore(b, &s.sites, base, appendSiteKey, appendSiteSums)
	return appendStore(b, &s.pipes, base, appendPipeKey, appendPipeSums)
}

// appendStore appends the keys let go, then the groups: the key, a byte that is
// 1 while a row of it waits to be shown, the value.
func appendStore[K groupKey, V any](
	b []byte, groups *store[K, V], base bool, key func([]byte, K) []byte, value func([]byte, *V) []byte,
) []byte {
	changed, gone := groups.take(&groups.unsaved, unsaved), groups.gone
	if base {
		changed, gone = groups.all(), nil
	}
	groups.gone = nil
	b = binary.AppendUvarint(b, uint64(len(gone)))
	for _, k := range gone {
		b = key(b, k)
	}
	b = binary.AppendUvarint(b, uint64(len(changed)))
	for _, i := range changed {
		it := &groups.items[i]
		b = append(key(b, it.key), byte(it.marks&touched/touched))
		b = value(b, &it.value)
	}
	return b
}

// loadStore reads what appendStore wrote.
func loadStore[K groupKey, V any](
	r *reader, groups *store[K, V], by *closing[int32, uint32],
	key func(*reader) (k K, bucket int32), value func(*reader, *V),
) {
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		k, _ := key(r)
		if i, fresh := groups.at(k); fresh || !r.Bad {
			groups.remove(i)
		}
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		k, bucket := key(r)
		waits := r.Byte() == 1
		i, fresh := groups.at(k)
		if fresh {
			by.add(bucket, i)
		}
		it := &groups.items[i]
		var v V
		value(r, &v)
		it.value = v
		switch {
		case waits:
			groups.show(i)
		case it.marks&touched != 0:
			it.marks &^= touched
			at := slices.Index(groups.touched, i)
			groups.touched = slices.Delete(groups.touched, at, at+1)
		}
	}
	groups.gone = nil
}

// Restore rebuilds a shard from its segments, oldest first.
func Restore(cfg Config, segments [][]byte) (*Shard, error) {
	s := New(cfg)
	for _, b := range segments {
		if err := s.load(b); err != nil {
			return nil, err
		}
	}
	s.finalize(false) // their rows are written, or wait
	return s, nil
}

func (s *Shard) load(b []byte) error {
	if len(b) == 0 || b[0] != segmentVersion {
		return ErrCorrupt
	}
	r := &reader{Cursor: wire.Cursor{Rest: b[1:]}}
	s.watermark = max(s.watermark, event.Time(r.Varint()))
	s.frontier = max(s.frontier, event.Time(r.Varint()))
	s.text.load(r)
	r.texts = uint64(len(s.text.entries))
	loadStore(r, &s.minutes, &s.closingMinutes, (*reader).minuteKey, (*reader).minuteSums)
	loadStore(r, &s.hours, &s.closingHours, (*reader).periodKey, (*reader).periodSums)
	loadStore(r, &s.days, &s.closingDays, (*reader).periodKey, (*reader).periodSums)
	loadStore(r, &s.sites, &s.closingSites, (*reader).siteKey, (*reader).siteSums)
	loadStore(r, &s.pipes, &s.closingPipes, (*reader).pipeKey, (*reader).pipeSums)
	for i := range s.pipes.items {
		if it := &s.pipes.items[i]; it.marks&held != 0 && !it.value.frozen {
			s.cooling.add(it.key.minute, uint32(i))
		}
	}
	return r.end()
}

func appendMinuteKey(b []byte, k minuteKey) []byte {
	b = binary.AppendVarint(b, int64(k.minute))
	b = binary.AppendUvarint(b, uint64(k.creative))
	b = binary.AppendUvarint(b, uint64(k.exchange))
	return binary.AppendUvarint(b, uint64(k.device))
}

func (r *reader) minuteKey() (minuteKey, int32) {
	k := minuteKey{r.Int32(), r.text(), r.text(), r.text()}
	return k, k.minute
}

func appendPeriodKey(b []byte, k periodKey) []byte {
	b = binary.AppendVarint(b, int64(k.at))
	b = binary.AppendUvarint(b, uint64(k.campaign))
	return binary.AppendUvarint(b, uint64(k.currency))
}

func (r *reader) periodKey() (periodKey, int32) {
	k := periodKey{r.Int32(), r.text(), r.text()}
	return k, k.at
}

func appendSiteKey(b []byte, k siteKey) []byte {
	b = binary.AppendVarint(b, int64(k.day))
	b = binary.AppendUvarint(b, uint64(k.place))
	b = binary.AppendUvarint(b, uint64(k.campaign))
	return binary.AppendUvarint(b, uint64(k.currency))
}

func (r *reader) siteKey() (siteKey, int32) {
	k := siteKey{r.Int32(), r.text(), r.text(), r.text()}
	return k, k.day
}

func appendPipeKey(b []byte, k pipeKey) []byte {
	return binary.AppendUvarint(binary.AppendVarint(b, int64(k.minute)), uint64(k.topic))
}

func (r *reader) pipeKey() (pipeKey, int32) {
	k := pipeKey{r.Int32(), r.text()}
	return k, k.minute
}

// appendSums appends a uvarint mask of the numbers that are not zero, their
// varints in order, then spend (varint hi, uvarint lo).
func appendSums(b []byte, list []int64, spend event.Int128) []byte {
	var mask uint64
	for i, v := range list {
		if v != 0 {
			mask |= 1 << i
		}
	}
	b = binary.AppendUvarint(b, mask)
	for _, v := range list {
		if v != 0 {
			b = binary.AppendVarint(b, v)
		}
	}
	return binary.AppendUvarint(binary.AppendVarint(b, spend.Hi), spend.Lo)
}

func (r *reader) sums(list []int64, spend *event.Int128) {
	mask := r.Uvarint()
	if mask>>len(list) != 0 {
		r.Fail()
		return
	}
	for i := range list {
		if mask&(1<<i) != 0 {
			list[i] = r.Varint()
		}
	}
	spend.Hi, spend.Lo = r.Varint(), r.Uvarint()
}

func appendMinuteSums(b []byte, m *minuteSums) []byte { return appendSums(b, m.measures[:], m.spend) }

func (r *reader) minuteSums(m *minuteSums) { r.sums(m.measures[:], &m.spend) }

func appendPeriodSums(b []byte, p *periodSums) []byte {
	b = appendSums(b, p.measures[:], p.spend)
	for _, n := range p.bins {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(p.dated)))
	for i := range p.dated {
		d := &p.dated[i]
		b = appendSums(binary.AppendVarint(b, int64(d.date)), []int64{d.valueCT}, d.spend)
	}
	return b
}

func (r *reader) periodSums(p *periodSums) {
	r.sums(p.measures[:], &p.spend)
	for i := range p.bins {
		p.bins[i] = r.Varint()
	}
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		d := datedSums{date: r.Int32()}
		var value [1]int64
		r.sums(value[:], &d.spend)
		d.valueCT = value[0]
		p.dated = append(p.dated, d)
	}
}

func appendSiteSums(b []byte, v *siteSums) []byte {
	return delta.AppendCounts(appendSums(b, v.measures[:], v.spend), v.toClick)
}

func (r *reader) siteSums(v *siteSums) {
	r.sums(v.measures[:], &v.spend)
	v.toClick = delta.ReadCounts(&r.Cursor, nil)
}

func appendPipeSums(b []byte, p *pipeSums) []byte {
	p.settle()
	frozen := int64(0)
	if p.frozen {
		frozen = 1
	}
	b = appendSums(b, []int64{p.facts, p.duplicates, p.late, p.matched, p.timed, p.p50, p.p99, frozen}, event.Int128{})
	b = binary.AppendUvarint(b, uint64(len(p.rejected)))
	for _, x := range p.rejected {
		b = binary.AppendVarint(append(b, byte(x.Reason)), x.Times)
	}
	return delta.AppendCounts(b, p.lags)
}

func (r *reader) pipeSums(p *pipeSums) {
	var list [8]int64
	var none event.Int128
	r.sums(list[:], &none)
	p.facts, p.duplicates, p.late, p.matched = list[0], list[1], list[2], list[3]
	p.timed, p.p50, p.p99, p.frozen = list[4], list[5], list[6], list[7] != 0
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		p.rejected = append(p.rejected, delta.ReasonCount{Reason: event.Reason(r.Byte()), Times: r.Varint()})
	}
	p.lags = delta.ReadCounts(&r.Cursor, nil)
}
