package correlate

import (
	"cmp"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/advertisex/adjoin/internal/event"
)

// Reach is the set of users with a valid impression of a campaign on one of its
// local days (R-G3), for every day to which a record could still be added. The
// campaign shards keep the sets for good; what is here only says whether a user
// is new.

type reachKey struct {
	campaign uint32 // ordinal in dims
	day      int32
}

type reachSet struct {
	users   *roaring.Bitmap
	added   *roaring.Bitmap // in this cut; nil for none
	removed *roaring.Bitmap
	touched bool // is in reach.changed
}

type reach struct {
	sets    map[reachKey]*reachSet
	changed []reachKey
	days    map[daySlot]daySpan
	recent  []recentReach // by campaign ordinal: the set used last
}

// recentReach spares the look-ups of a set for the impressions of one campaign,
// which nearly all fall in one quarter of an hour.
type recentReach struct {
	slot int64
	set  *reachSet
	key  reachKey
}

// daySlot is a quarter of an hour for one campaign: local days begin on such
// boundaries, so one look-up of the zone serves them all.
type daySlot struct {
	campaign uint32
	slot     int64
}

type daySpan struct {
	day int32
	one bool // the whole slot is one day under one version of the campaign
}

const (
	daySlotSpan = 15 * event.Minute
	daySlotsMax = 1 << 14
)

func (r *reach) init() {
	r.sets = make(map[reachKey]*reachSet)
	r.days = make(map[daySlot]daySpan)
}

// reachOf is the set of the campaign's local day of an instant.
func (s *Shard) reachOf(campaign uint32, t event.Time) (reachKey, *reachSet) {
	r := &s.reach
	if int(campaign) >= len(r.recent) {
		r.recent = append(r.recent, make([]recentReach, s.dims.dict.Len()-len(r.recent))...)
	}
	near := &r.recent[campaign]
	slot := int64(t) / int64(daySlotSpan)
	if near.set != nil && near.slot == slot && t >= 0 {
		return near.key, near.set
	}
	key := reachKey{campaign, s.dayOf(campaign, t)}
	set := r.set(key)
	if r.days[daySlot{campaign, slot}].one {
		*near = recentReach{slot: slot, set: set, key: key}
	}
	return key, set
}

// dayOf is the campaign's local day of an instant (T5).
func (s *Shard) dayOf(campaign uint32, t event.Time) int32 {
	start := t.Floor(daySlotSpan)
	key := daySlot{campaign, int64(start) / int64(daySlotSpan)}
	span, ok := s.reach.days[key]
	if !ok {
		id := s.dims.campaignText(campaign)
		end := start.Add(daySlotSpan - 1)
		first, _ := s.reference.Campaign(id, start)
		last, _ := s.reference.Campaign(id, end)
		span = daySpan{day: first.LocalDay(start)}
		span.one = first == last && last.LocalDay(end) == span.day
		if len(s.reach.days) >= daySlotsMax {
			clear(s.reach.days)
		}
		s.reach.days[key] = span
	}
	if !span.one {
		c, _ := s.reference.Campaign(s.dims.campaignText(campaign), t)
		return c.LocalDay(t)
	}
	return span.day
}

func (d *dims) campaignText(n uint32) string {
	t := tuple(d.dict.Text(n)[1:])
	return t.text()
}

func (r *reach) set(k reachKey) *reachSet {
	set := r.sets[k]
	if set == nil {
		set = &reachSet{users: roaring.New()}
		r.sets[k] = set
	}
	return set
}

// add puts a user into a set.
func (r *reach) add(k reachKey, set *reachSet, user uint32) {
	if set.users.CheckedAdd(user) {
		r.note(k, set, user, &set.added, set.removed)
	}
}

// remove takes a user out. The set stays, empty or not.
func (r *reach) remove(k reachKey, set *reachSet, user uint32) {
	if set.users.CheckedRemove(user) {
		r.note(k, set, user, &set.removed, set.added)
	}
}

// note writes a change down, or strikes the opposite one of the same cut.
func (r *reach) note(k reachKey, set *reachSet, user uint32, into **roaring.Bitmap, opposite *roaring.Bitmap) {
	if !set.touched {
		set.touched = true
		r.changed = append(r.changed, k)
	}
	if opposite != nil && opposite.CheckedRemove(user) {
		return
	}
	if *into == nil {
		*into = roaring.New()
	}
	(*into).Add(user)
}

// take is what the cut did to the sets, in the order of their keys. A set whose
// changes cancelled out is there all the same: it has a row (R-G3).
func (r *reach) take() []reachPatch {
	var out []reachPatch
	for _, k := range r.changed {
		set := r.sets[k]
		out = append(out, reachPatch{key: k, added: bitmapBytes(set.added), removed: bitmapBytes(set.removed)})
		set.added, set.removed, set.touched = nil, nil, false
	}
	r.changed = r.changed[:0]
	slices.SortFunc(out, func(a, b reachPatch) int {
		return cmp.Or(cmp.Compare(a.key.campaign, b.key.campaign), cmp.Compare(a.key.day, b.key.day))
	})
	return out
}

// reachDeltas is the patches as the campaign shards get them.
func (s *Shard) reachDeltas(list []reachPatch) []event.ReachDelta {
	var out []event.ReachDelta
	for _, p := range list {
		out = append(out, event.ReachDelta{
			Campaign: s.dims.campaignText(p.key.campaign), Day: p.key.day, Shard: s.cfg.Shard,
			Added: p.added, Removed: p.removed,
		})
	}
	slices.SortFunc(out, func(a, b event.ReachDelta) int {
		return cmp.Or(cmp.Compare(a.Campaign, b.Campaign), cmp.Compare(a.Day, b.Day))
	})
	return out
}

// bitmapBytes is a bitmap in the portable format, nil for an empty one.
func bitmapBytes(b *roaring.Bitmap) []byte {
	if b == nil || b.IsEmpty() {
		return nil
	}
	out, err := b.ToBytes()
	if err != nil {
		panic("correlate: a bitmap in memory did not serialise: " + err.Error())
	}
	return out
}

// expire forgets days that ended so long ago that no record can be added.
func (r *reach) expire(before int32) {
	for k := range r.sets {
		if k.day < before {
			delete(r.sets, k)
			clear(r.recent)
		}
	}
}

// forget drops what is only kept to be fast: ordinals or zones have changed.
func (r *reach) forget() {
	clear(r.days)
	clear(r.recent)
}
