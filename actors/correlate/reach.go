package correlate

import "github.com/advertisex/adjoin/internal/event"

// Reach says how often each user was shown a campaign in a currency, in one UTC
// hour or on one local day (R-G3), for every hour and day to which a record
// could still be added. Campaign shards learn only how the histogram changes.
// Nothing of it is in a segment: the impressions it counts are in the state for
// longer, so a restore counts them again.

// audienceKey names an audience: a campaign and currency by their ordinals.
type audienceKey struct {
	campaign, currency uint32
	day                bool  // else an hour
	at                 int32 // days (local) or hours since 1970-01-01
}

// An audience is small on purpose: where there are few impressions for each
// campaign, hour and shard, most of reach is audiences, not users.
type audience struct {
	audienceKey
	change uint32 // index+1 of reach.changed, 0 for none
	users  exposures
	first  event.Time // earliest impression
}

type reach struct {
	sets    map[audienceKey]*audience
	changed []audienceChange // of this cut
	days    map[daySlot]daySpan
	recent  []recentReach // by campaign ordinal: the sets used last
}

// recentReach spares the look-ups of the sets for the impressions of one
// campaign, which nearly all fall in one quarter of an hour.
type recentReach struct {
	slot      int64
	currency  uint32
	hour, day *audience
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
	r.sets = make(map[audienceKey]*audience)
	r.days = make(map[daySlot]daySpan)
}

// audiencesOf is the hour and the day of an impression.
func (s *Shard) audiencesOf(campaign, currency uint32, t event.Time) (hour, day *audience) {
	r := &s.reach
	if int(campaign) >= len(r.recent) {
		r.recent = append(r.recent, make([]recentReach, s.dims.dict.Len()-len(r.recent))...)
	}
	near := &r.recent[campaign]
	slot := int64(t.Floor(daySlotSpan)) / int64(daySlotSpan)
	if near.hour != nil && near.slot == slot && near.currency == currency {
		return near.hour, near.day
	}
	hour = r.set(audienceKey{campaign, currency, false, int32(t.Floor(event.Hour) / event.Time(event.Hour))})
	day = r.set(audienceKey{campaign, currency, true, s.dayOf(campaign, t)})
	if r.days[daySlot{campaign, slot}].one {
		*near = recentReach{slot: slot, currency: currency, hour: hour, day: day}
	}
	return hour, day
}

// dayOf is the campaign's local day of the minute that holds an instant (T5,
// R-G4).
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
		minute := t.Floor(event.Minute)
		c, _ := s.reference.Campaign(s.dims.campaignText(campaign), minute)
		return c.LocalDay(minute)
	}
	return span.day
}

func (d *dims) campaignText(n uint32) string {
	t := tuple(d.dict.Text(n)[1:])
	return t.text()
}

func (r *reach) set(k audienceKey) *audience {
	set := r.sets[k]
	if set == nil {
		set = &audience{audienceKey: k, first: event.MaxTime}
		r.sets[k] = set
	}
	return set
}

// count adds an impression of a user to the hour and day, or with sign -1 takes
// it back.
func (s *Shard) countReach(campaign, currency, user uint32, at event.Time, sign int64) {
	hour, day := s.audiencesOf(campaign, currency, at)
	s.reach.count(hour, user, at, sign)
	s.reach.count(day, user, at, sign)
}

func (r *reach) count(a *audience, user uint32, at event.Time, sign int64) {
	a.first = min(a.first, at)
	if a.change == 0 {
		r.changed = append(r.changed, audienceChange{of: a})
		a.change = uint32(len(r.changed))
	}
	bins := &r.changed[a.change-1].bins
	var n uint32
	if sign > 0 {
		n = a.users.add(user)
		bins[event.FrequencyBin(n)]++
		if n > 1 {
			bins[event.FrequencyBin(n-1)]--
		}
	} else {
		n = a.users.remove(user)
		bins[event.FrequencyBin(n+1)]--
		if n > 0 {
			bins[event.FrequencyBin(n)]++
		}
	}
}

// audienceChange is how the histogram of an audience changed in a cut.
type audienceChange struct {
	of   *audience
	bins [event.FrequencyBins]int64
}

// take is what the cut did, changes that cancelled out left out; the next cut
// starts with none. It is good until then.
func (r *reach) take() []audienceChange {
	out := r.changed[:0]
	for i := range r.changed {
		c := &r.changed[i]
		c.of.change = 0
		if c.bins != ([event.FrequencyBins]int64{}) {
			out = append(out, *c)
		}
	}
	r.changed = r.changed[:0]
	return out
}

// recountReach counts every live impression, after a restore.
func (s *Shard) recountReach() {
	const shown = impFact | impValid
	s.imps.each(func(row uint32) {
		c, i := s.imps.at(row)
		if c.flags[i]&shown == shown && c.user[i] != noUser {
			s.countReach(s.dims.camp(c.creative[i]), s.dims.currency(c.device[i]), c.user[i], s.imps.time(row), 1)
		}
	})
	s.reach.take()
}

// expireReach forgets audiences to which no record can be added. It does so
// before the first of their impressions expires, so no ordinal in them has
// become another user's.
func (s *Shard) expireReach() {
	hold := s.cfg.Settings.Horizon.Impression + s.cfg.Settings.Slack
	for k, a := range s.reach.sets {
		span := event.Hour
		if k.day {
			span = longestDay
		}
		if a.change == 0 && a.first.Add(span+hold) < s.frontier {
			delete(s.reach.sets, k)
			clear(s.reach.recent)
		}
	}
}

// forget drops what is only kept to be fast: ordinals or zones have changed.
func (r *reach) forget() {
	clear(r.days)
	clear(r.recent)
}
