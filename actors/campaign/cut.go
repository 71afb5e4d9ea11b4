package campaign

import (
	"cmp"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// Cut is the rows of one cut, each table sorted by its key.
type Cut struct {
	Minutes  []table.CampaignMinute
	Hours    []table.CampaignHour
	Days     []table.CampaignDay
	Sites    []table.SiteDay
	Pipeline []table.PipelineMinute
}

// Rows is how many rows there are.
func (c *Cut) Rows() int {
	return len(c.Minutes) + len(c.Hours) + len(c.Days) + len(c.Sites) + len(c.Pipeline)
}

// Cut gives a row for every group that changed or became final since the last
// one, and lets go of groups that nothing can change any more. A group that
// holds nothing is a row with op D. Hours, days and sites are shown once a
// minute, and when one of theirs became final.
func (s *Shard) Cut() *Cut {
	s.freezeLags()
	slow := s.finalize(true)
	s.ints, s.floats = nil, nil
	out := &Cut{Minutes: s.minuteRows(), Pipeline: s.pipeRows()}
	if s.ending || slow || s.slowIsDue() {
		s.shownAt = s.emittedAt
		out.Hours, out.Days, out.Sites = s.hourRows(), s.dayRows(), s.siteRows()
		s.forgetSlow()
	}
	s.forget()
	return out
}

func (s *Shard) slowIsDue() bool {
	return s.shownAt == event.MinTime || s.emittedAt < s.shownAt || s.emittedAt.Sub(s.shownAt) >= slowEvery
}

// finalize has what the watermark has closed shown once more, so that its row
// says so. It reports hours, days and sites.
func (s *Shard) finalize(show bool) (slow bool) {
	finish(&s.minutes, &s.closingMinutes, &s.leavingMinutes, minuteKey.bucket, s.passedMinute, show)
	hours := finish(&s.hours, &s.closingHours, &s.leavingHours, periodKey.bucket, s.passedHour, show)
	days := finish(&s.days, &s.closingDays, &s.leavingDays, periodKey.bucket, s.passedDay, show)
	sites := finish(&s.sites, &s.closingSites, &s.leavingSites, siteKey.bucket, s.passedSite, show)
	return hours || days || sites
}

// finish moves the groups whose buckets are final from one list to the next. An
// index that has become another key's is not one of them.
func finish[K groupKey, V any](
	groups *store[K, V], from, to *closing[int32, uint32], bucket func(K) int32, final func(int32) bool, show bool,
) (any bool) {
	from.close(final, func(at int32, i uint32) {
		if it := &groups.items[i]; it.marks&held != 0 && bucket(it.key) == at {
			to.add(at, i)
			if show {
				groups.show(i)
			}
			any = true
		}
	})
	return any
}

// forget lets go of final groups that no accepted record can change (T7).
func (s *Shard) forget() {
	leave(&s.minutes, &s.leavingMinutes, minuteKey.bucket, func(n int32) bool { return s.left(endOfMinute(n)) })
	leave(&s.pipes, &s.closingPipes, pipeKey.bucket, func(n int32) bool { return s.left(endOfMinute(n)) })
}

// forgetSlow is forget for hours, days and sites, none of which waits to be
// shown.
func (s *Shard) forgetSlow() {
	leave(&s.sites, &s.leavingSites, siteKey.bucket, func(n int32) bool { return s.left(timeOf(n+1, event.Day)) })
	hours := leave(&s.hours, &s.leavingHours, periodKey.bucket, func(n int32) bool { return s.left(timeOf(n+1, event.Hour)) })
	days := leave(&s.days, &s.leavingDays, periodKey.bucket, func(n int32) bool { return s.left(endOfDay(n)) })
	if hours || days {
		s.forgetRecent()
	}
}

func leave[K groupKey, V any](
	groups *store[K, V], from *closing[int32, uint32], bucket func(K) int32, over func(int32) bool,
) (any bool) {
	from.close(over, func(at int32, i uint32) {
		if it := &groups.items[i]; it.marks&held != 0 && bucket(it.key) == at {
			groups.remove(i)
			any = true
		}
	})
	return any
}

func (s *Shard) left(end event.Time) bool { return s.settled >= end.Add(s.cfg.Held) }

// freezeLags forgets the lags of minutes that are long past.
func (s *Shard) freezeLags() {
	s.cooling.close(func(minute int32) bool {
		return s.settled >= endOfMinute(minute).Add(lagsHeld)
	}, func(minute int32, i uint32) {
		if it := &s.pipes.items[i]; it.marks&held != 0 && it.key.minute == minute && !it.value.frozen {
			s.pipes.change(i).freeze()
		}
	})
}

func (k minuteKey) bucket() int32 { return k.minute }
func (k periodKey) bucket() int32 { return k.at }
func (k siteKey) bucket() int32   { return k.day }
func (k pipeKey) bucket() int32   { return k.minute }

func (s *Shard) passedMinute(minute int32) bool { return s.passed(endOfMinute(minute)) }

func (s *Shard) passedHour(hour int32) bool { return s.passed(timeOf(hour+1, event.Hour)) }

func (s *Shard) passedSite(day int32) bool { return s.passed(timeOf(day+1, event.Day)) }

func (s *Shard) passedDay(day int32) bool { return s.passed(endOfDay(day)) }

func (s *Shard) passed(end event.Time) bool { return s.watermark >= end.Add(s.cfg.Horizon) }

func endOfMinute(minute int32) event.Time { return timeOf(minute+1, event.Minute) }

// endOfDay is conservative: a local day ends at most 14 hours after the UTC day
// of the same date.
func endOfDay(day int32) event.Time { return timeOf(day+1, event.Day).Add(14 * event.Hour) }

// rows makes a row of each group that is to be shown, in the order of the
// table's key.
func rows[K groupKey, V, R any](groups *store[K, V], compare func(a, b K) int, fill func(*R, *item[K, V])) []R {
	list := groups.take(&groups.touched, touched)
	slices.SortFunc(list, func(a, b uint32) int { return compare(groups.items[a].key, groups.items[b].key) })
	out := make([]R, len(list))
	for n, i := range list {
		fill(&out[n], &groups.items[i])
	}
	return out
}

func (s *Shard) minuteRows() []table.CampaignMinute {
	rank := s.text.ranks()
	return rows(&s.minutes, func(a, b minuteKey) int {
		return cmp.Or(
			cmp.Compare(a.minute, b.minute), cmp.Compare(rank[a.creative], rank[b.creative]),
			cmp.Compare(rank[a.exchange], rank[b.exchange]), cmp.Compare(rank[a.device], rank[b.device]),
		)
	}, s.minuteRow)
}

func (s *Shard) comparePeriods() func(a, b periodKey) int {
	rank := s.text.ranks()
	return func(a, b periodKey) int {
		return cmp.Or(
			cmp.Compare(a.at, b.at), cmp.Compare(rank[a.campaign], rank[b.campaign]), cmp.Compare(rank[a.currency], rank[b.currency]),
		)
	}
}

func (s *Shard) hourRows() []table.CampaignHour { return rows(&s.hours, s.comparePeriods(), s.hourRow) }

func (s *Shard) dayRows() []table.CampaignDay { return rows(&s.days, s.comparePeriods(), s.dayRow) }

func (s *Shard) siteRows() []table.SiteDay {
	rank := s.text.ranks()
	return rows(&s.sites, func(a, b siteKey) int {
		return cmp.Or(
			cmp.Compare(a.day, b.day), cmp.Compare(rank[a.place], rank[b.place]),
			cmp.Compare(rank[a.campaign], rank[b.campaign]), cmp.Compare(rank[a.currency], rank[b.currency]),
		)
	}, s.siteRow)
}

func (s *Shard) pipeRows() []table.PipelineMinute {
	rank := s.text.ranks()
	return rows(&s.pipes, func(a, b pipeKey) int {
		return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(rank[a.topic], rank[b.topic]))
	}, s.pipeRow)
}
