package correlate

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/journey"
	"github.com/advertisex/adjoin/internal/event"
)

// holdOf is the watermark from which an orphan click that comes now is written:
// orphan_hold after the watermark of its arrival (J6).
func (s *Shard) holdOf(at event.Time) event.Time {
	set := &s.cfg.Settings
	return max(s.watermark, at.Add(-set.LateAfter)).Add(set.OrphanHold)
}

// Click applies one click record. It may set e.EventTime and e.Flags (T1).
func (s *Shard) Click(e *event.Click) {
	if s.admit(event.KindClick, &e.Envelope, e.CampaignID) {
		s.openJourney(e.Route).AddClick(e, s.holdOf(e.EventTime), &s.ledger)
	}
}

// Conversion applies one conversion record, an adjustment included. It may set
// e.EventTime and e.Flags (T1).
func (s *Shard) Conversion(e *event.Conversion) {
	if s.admit(event.KindConversion, &e.Envelope, e.CampaignID) {
		s.openJourney(e.Route).AddConversion(e, &s.ledger)
	}
}

// recount takes back what a child added before and adds what it adds now.
func (s *Shard) recount(before, now []journey.Contribution) {
	if slices.EqualFunc(before, now, journey.Contribution.Equal) {
		return
	}
	s.contribute(before, -1)
	s.contribute(now, 1)
}

// openJourney is the journey of a route, for this cut. It lives on a copy of its
// bytes, since rows of the cut alias them.
func (s *Shard) openJourney(r event.Route) *journey.Journey {
	if j := s.opened[r]; j != nil {
		return j
	}
	j := journey.New(r)
	if n, ok := s.journeys.Find(r); ok {
		if j, ok = journey.Decode(r, slices.Clone(s.journeys.Record(n)), &s.ledger); !ok {
			panic("correlate: a journey in memory does not decode")
		}
		s.countChildren(j, -1)
	}
	s.opened[r] = j
	return j
}

// countChildren keeps the numbers of clicks and conversions in all journeys at
// rest.
func (s *Shard) countChildren(j *journey.Journey, sign int64) {
	clicks, conversions := j.Len()
	s.children.clicks += sign * int64(clicks)
	s.children.conversions += sign * int64(conversions)
}

// touchJourney opens the journey of a route that an impression at the given
// time can change.
func (s *Shard) touchJourney(r event.Route, at event.Time) {
	if h := s.links.hosts[r]; h != nil && at <= h.until {
		s.openJourney(r)
		return
	}
	if s.journeys.Len() == 0 {
		return
	}
	if n, ok := s.journeys.Find(r); ok && at <= s.journeys.Until(n) {
		s.openJourney(r)
	}
}

// resolveJourneys resolves every journey that this cut concerns, in the order of
// their routes.
func (s *Shard) resolveJourneys() {
	s.journeys.Due(s.watermark, s.frontier, func(r event.Route) { s.openJourney(r) })
	s.openDueHosts()
	s.seatGuests()
	env := &journey.Env{
		Settings: &s.cfg.Settings, Reference: s.reference, Longest: s.longest,
		Watermark: s.watermark, Frontier: s.frontier, Ledger: &s.ledger, Rows: &s.rows,
		Views:   s.viewsOf,
		UserKey: func(user string) string { return s.users.keys.text(s.users.keys.of(user)) },
		Recount: s.recount,
	}
	s.linkEnv(env)
	for _, r := range slices.Sorted(maps.Keys(s.opened)) {
		j := s.opened[r]
		s.watchJourney(j)
		s.lender = r
		j.Resolve(env)
		s.withdraw(r)
		s.closeHost(j)
		s.closeJourney(j)
		s.counters.Resolved++
	}
}

// closeJourney puts a journey to rest.
func (s *Shard) closeJourney(j *journey.Journey) {
	s.countChildren(j, 1)
	var record []byte
	if clicks, conversions := j.Len(); clicks+conversions > 0 {
		s.scratch.buf = j.Append(s.scratch.buf[:0], &s.ledger)
		record = s.scratch.buf
	}
	n, ok := s.journeys.Find(j.Route())
	if !ok && record == nil {
		return
	}
	if !ok || !bytes.Equal(record, s.journeys.Record(n)) {
		var names []uint64
		was := n
		if ok && s.links.named.journeys.on {
			names = s.journeyNames(j.Route(), n)
		}
		n, ok = s.journeys.Put(j.Route(), record)
		s.journeyFresh = append(s.journeyFresh, j.Route())
		s.renameJourney(j, was, n, ok, names)
	}
	if ok {
		if u, w, t := s.journeys.Times(n); s.links.busy() && (u != j.Until || w != j.Wake || t != j.Write) {
			s.journeyFresh = append(s.journeyFresh, j.Route()) // guests have a say in when it is due
		}
		s.journeys.Schedule(n, j.Until, j.Wake, j.Write)
	}
}

// viewsOf copies the live impressions of a route in [from, to].
func (s *Shard) viewsOf(r event.Route, from, to event.Time) []journey.View {
	user, ok := s.users.find(r)
	if !ok {
		return s.viewsWithoutUser(r, from, to)
	}
	var views []journey.View
	m := &s.imps
	for n := s.users.at(user).head; n != 0; {
		row := n - 1
		c, i := m.at(row)
		n = c.older[i]
		if at := m.time(row); c.flags[i]&impFact != 0 && at >= from && at <= to {
			views = append(views, s.viewOf(row))
		}
	}
	return views
}

// viewOf copies a row.
func (s *Shard) viewOf(row uint32) journey.View {
	c, i := s.imps.at(row)
	v := journey.View{
		ID: s.winID(row), At: s.imps.time(row), Valid: c.flags[i]&impValid != 0,
		Viewable: c.flags[i].viewable(), Auction: c.auctionOf(i), User: c.user[i] != noUser,
		CreativeDims: s.dims.creative(c.creative[i]),
		PlaceDims:    s.dims.place(c.place[i]),
		DeviceDims:   s.dims.device(c.device[i]),
	}
	v.WireID = v.ID
	if c.flags[i]&impReused != 0 {
		v.WireID = v.ID[:strings.LastIndexByte(v.ID, '@')]
	}
	return v
}
