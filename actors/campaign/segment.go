package campaign

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/advertisex/adjoin/internal/event"
)

const segmentVersion = 1

// groupBytes is about what a group takes in a segment.
const groupBytes = 96

// What a segment says of a key.
const (
	gone  = 0 // the key is final and has been let go
	holds = 1 // the key's full value follows
)

// Segment is the state that changed since the last Segment, or with base the
// whole state:
//
//	version    1 byte (1)
//	watermark  varint
//	groups     uvarint count, then each: key as in deltas, 1 byte gone or
//	           holds, and when it holds: totals as in deltas
//	days       uvarint count, then each: text campaign, varint day, 1 byte
//	           gone or holds, and when it holds: uvarint count of user shards, then
//	           each: uvarint shard, bytes (portable Roaring)
//
// Keys are in order, so the same history and the same cuts give the same
// bytes. It is nil when there is nothing to say.
func (s *Shard) Segment(base bool) []byte {
	groups, days := s.pending(base)
	for k := range s.unsaved {
		if at, held := s.index[k]; held {
			s.groups[at].unsaved = false
		}
	}
	clear(s.unsaved)
	clear(s.unsavedDays)
	if !base && len(groups) == 0 && len(days) == 0 {
		return nil
	}
	dst := append(make([]byte, 0, 64+len(groups)*groupBytes), segmentVersion)
	dst = binary.AppendVarint(dst, int64(s.watermark))
	dst = binary.AppendUvarint(dst, uint64(len(groups)))
	for _, k := range groups {
		dst = s.appendGroup(dst, k)
	}
	dst = binary.AppendUvarint(dst, uint64(len(days)))
	for _, k := range days {
		dst = s.appendDay(dst, k)
	}
	return dst
}

// pending is the keys a segment is about, in order.
func (s *Shard) pending(base bool) (groups []groupKey, days []dayKey) {
	if base {
		groups, days = inOrder(&s.text, s.index), slices.Collect(maps.Keys(s.days))
	} else {
		groups, days = inOrder(&s.text, s.unsaved), slices.Collect(maps.Keys(s.unsavedDays))
	}
	slices.SortFunc(days, func(a, b dayKey) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(s.text.of(a.campaign), s.text.of(b.campaign)))
	})
	return groups, days
}

// inOrder is the keys of a set in the order of the table's key.
func inOrder[V any](text *dictionary, set map[groupKey]V) []groupKey {
	keys := make([]groupKey, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	rank := text.ranks()
	slices.SortFunc(keys, func(a, b groupKey) int {
		return cmp.Or(
			cmp.Compare(a.bucket, b.bucket),
			cmp.Compare(rank[a.campaign], rank[b.campaign]),
			cmp.Compare(rank[a.creative], rank[b.creative]),
			cmp.Compare(rank[a.exchange], rank[b.exchange]),
			cmp.Compare(rank[a.country], rank[b.country]),
			cmp.Compare(a.device, b.device),
			cmp.Compare(rank[a.currency], rank[b.currency]),
		)
	})
	return keys
}

func (s *Shard) appendGroup(dst []byte, k groupKey) []byte {
	dst = appendKey(dst, &event.CampaignKey{
		Bucket:   k.bucket,
		Campaign: s.text.of(k.campaign),
		Creative: s.text.of(k.creative),
		Exchange: s.text.of(k.exchange),
		Country:  s.text.of(k.country),
		Currency: s.text.of(k.currency),
		Device:   k.device,
	})
	at, ok := s.index[k]
	if !ok {
		return append(dst, gone)
	}
	g := &s.groups[at]
	return appendTotals(append(dst, holds), &g.measures, g.spend)
}

func (s *Shard) appendDay(dst []byte, k dayKey) []byte {
	dst = appendBytes(dst, s.text.of(k.campaign))
	dst = binary.AppendVarint(dst, int64(k.day))
	r, ok := s.days[k]
	if !ok {
		return append(dst, gone)
	}
	dst = append(dst, holds)
	dst = binary.AppendUvarint(dst, uint64(len(r.users)))
	shards := make([]event.Shard, 0, len(r.users))
	for shard := range r.users {
		shards = append(shards, shard)
	}
	slices.Sort(shards)
	for _, shard := range shards {
		dst = binary.AppendUvarint(dst, uint64(shard))
		users, err := r.users[shard].ToBytes()
		if err != nil { // it writes to memory
			panic("campaign: bitmap does not encode: " + err.Error())
		}
		dst = appendBytes(dst, users)
	}
	return dst
}

// Restore rebuilds a shard from its segments, oldest first.
func Restore(cfg Config, segments [][]byte) (*Shard, error) {
	s := New(cfg)
	for _, b := range segments {
		if err := s.load(b); err != nil {
			return nil, err
		}
	}
	clear(s.unsaved)
	clear(s.unsavedDays)
	s.finalize(func(groupKey) {}, func(dayKey) {}) // their rows are written
	return s, nil
}

func (s *Shard) load(b []byte) error {
	if len(b) == 0 || b[0] != segmentVersion {
		return ErrCorrupt
	}
	r := &reader{rest: b[1:]}
	s.watermark = max(s.watermark, event.Time(r.varint()))
	for n := r.count(); n > 0 && r.err == nil; n-- {
		s.loadGroup(r)
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		s.loadDay(r)
	}
	if r.err == nil && len(r.rest) > 0 {
		return ErrCorrupt
	}
	return r.err
}

func (s *Shard) loadGroup(r *reader) {
	key := r.key()
	if state := r.byte(); state == gone || r.err != nil {
		k := s.intern(&key)
		if at, ok := s.index[k]; ok {
			s.free = append(s.free, at)
			delete(s.index, k)
		}
		return
	}
	g := s.group(s.intern(&key))
	g.measures, g.spend = r.totals()
}

func (s *Shard) loadDay(r *reader) {
	k := dayKey{campaign: s.text.id(r.string()), day: int32(r.varint())}
	if state := r.byte(); state == gone || r.err != nil {
		delete(s.days, k)
		return
	}
	d := s.day(k)
	d.users = map[event.Shard]*roaring.Bitmap{}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		shard := event.Shard(r.uvarint())
		users, err := bitmap(r.bytes())
		if err != nil {
			r.err = err
			return
		}
		d.users[shard] = users
	}
}
