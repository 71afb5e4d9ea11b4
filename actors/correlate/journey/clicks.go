package journey

import (
	"cmp"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

// The values of match_method and orphan_reason in fact_clicks.
const (
	methodID           = "ID"
	methodUserCreative = "USER_CREATIVE"
	methodUserCampaign = "USER_CAMPAIGN"

	orphanLate    = "LATE_FOR_JOIN"
	orphanNoKeys  = "NO_KEYS"
	orphanInvalid = "PARENT_INVALID"
	orphanNone    = "NO_PARENT"
)

// matchClicks finds each click's impression (J2) and the columns that follow.
func (r *resolution) matchClicks() {
	for _, c := range r.facts {
		r.matchClick(c)
	}
	for _, c := range r.lentClicks {
		r.matchClick(c)
	}
}

func (r *resolution) matchClick(c *clickFact) {
	own, creative := r.ownCampaign(&c.e)
	home := c.guest == nil && c.e.UserID == ""
	if c.settled {
		c.match = c.click.match
		c.away = home && c.match.matched()
	} else {
		c.match = r.matchOf(&c.e, own)
		if c.e.Test {
			c.match.codes |= codeTest
		}
		if c.match.matched() && !c.match.parent.Valid {
			c.match.codes |= codeParent
		}
		if home {
			if l := r.loanOf(clickChild(c), c.print, c.e.EventTime); l != nil {
				c.match, c.away = l.match, true
			}
		}
	}
	if p := &c.match.parent; c.match.matched() {
		c.campaign, c.creative, c.lineItem, c.adviser = p.Campaign, p.Creative, p.LineItem, p.Advertiser
		return
	}
	c.campaign, c.creative = own, c.e.CreativeID
	if creative != nil {
		c.lineItem = creative.LineItemID
	}
	settings, _ := r.env.Reference.Campaign(own, c.e.EventTime)
	c.adviser = settings.AdvertiserID
}

// ownCampaign is a click's own campaign (R-J0) and what is known of its
// creative.
func (r *resolution) ownCampaign(e *event.Click) (string, *reference.Creative) {
	creative, _ := r.env.Reference.Creative(e.CreativeID)
	campaign := e.CampaignID
	if creative != nil {
		campaign = cmp.Or(campaign, creative.CampaignID)
	}
	return cmp.Or(campaign, fact.UnknownCampaign), creative
}

// matchOf applies R-J2 and R-J6.
func (r *resolution) matchOf(e *event.Click, own string) match {
	if e.Ingest.Sub(e.EventTime) > r.env.Settings.ClickLateness {
		return match{method: fact.MethodNone, reason: orphanLate}
	}
	if e.ImpressionID != "" {
		if v := r.nearest(e, func(v *View) bool { return v.WireID == e.ImpressionID }); v != nil {
			return r.matchedBy(methodID, e, v)
		}
	}
	if e.AuctionID != "" {
		auction := fact.AuctionHash(e.Exchange, e.AuctionID)
		v := r.nearest(e, func(v *View) bool { return v.Auction == auction && v.ImpID == e.ImpID })
		if v != nil {
			return r.matchedBy(fact.ByAuction, e, v)
		}
	}
	byUser := e.UserID != "" && own != fact.UnknownCampaign
	invalid := false
	if byUser {
		if e.CreativeID != "" {
			if v, _ := r.latest(e, own, e.CreativeID); v != nil {
				return r.matchedBy(methodUserCreative, e, v)
			}
		}
		v, bad := r.latest(e, own, "") // bad covers those of the creative, too
		if v != nil {
			return r.matchedBy(methodUserCampaign, e, v)
		}
		invalid = bad
	}
	switch {
	case e.ImpressionID == "" && e.AuctionID == "" && !byUser:
		return match{method: fact.MethodNone, reason: orphanNoKeys}
	case invalid:
		return match{method: fact.MethodNone, reason: orphanInvalid}
	}
	return match{method: fact.MethodNone, reason: orphanNone}
}

func (r *resolution) matchedBy(method string, e *event.Click, v *View) match {
	return match{
		method: method, parent: *v,
		inversion: e.EventTime.Sub(v.At) < -r.env.Settings.ClockTolerance,
	}
}

// joinWindow is how long after the impression a click may follow.
func (r *resolution) joinWindow(v *View, at event.Time) event.Span {
	c, _ := r.env.Reference.Campaign(v.Campaign, at)
	return c.Windows.ClickJoin
}

// nearest is the impression a click means by an id: the latest at or before
// click + 2 s, else the earliest after that; of equal times the larger id.
func (r *resolution) nearest(e *event.Click, is func(*View) bool) *View {
	var best *View
	for i := range r.views {
		v := &r.views[i]
		if !is(v) {
			continue
		}
		d := e.EventTime.Sub(v.At)
		if d < -r.env.Settings.InversionMax || d > r.joinWindow(v, e.EventTime) {
			continue
		}
		if best == nil || best.At == v.At || fact.Nearer(v.At, best.At, e.EventTime, r.env.Settings.ClockTolerance) {
			best = v // views are in order, so an equal time is a larger id
		}
	}
	return best
}

// latest is the latest valid impression of the campaign, and of the creative
// unless it is "", inside [click - window, click]: of equal times the viewable
// one, then the larger id. invalid reports that there were only invalid ones.
func (r *resolution) latest(e *event.Click, campaign, creative string) (best *View, invalid bool) {
	for i := range r.views {
		v := &r.views[i]
		d := e.EventTime.Sub(v.At)
		if v.Campaign != campaign || creative != "" && v.Creative != creative || d < 0 || d > r.joinWindow(v, e.EventTime) {
			continue
		}
		if !v.Valid {
			invalid = true
			continue
		}
		if best == nil || v.At > best.At || v.Viewable == event.True || best.Viewable != event.True {
			best = v
		}
	}
	return best, invalid && best == nil
}

// orderClicks marks repeat clicks and clicks over the cap (D5, D6). Both walk
// forward in time, so what is settled stands.
func (r *resolution) orderClicks() {
	type chain struct{ campaign, creative string }
	accepted := map[chain]event.Time{}
	taken := map[string]int32{}
	for _, c := range r.facts {
		if c.away {
			continue // its keeper's timeline says what it is
		}
		settings, _ := r.env.Reference.Campaign(r.computedCampaign(c), c.e.EventTime)
		k := chain{c.campaign, c.creative}
		last, any := accepted[k]
		if !c.settled && any && c.e.EventTime.Sub(last) < settings.Windows.ClickRefractory {
			c.match.codes |= codeRepeat
		}
		if c.match.codes&codeRepeat != 0 {
			continue
		}
		accepted[k] = c.e.EventTime
		if !c.match.matched() {
			continue
		}
		id := c.match.parent.ID
		taken[id]++
		if limit := settings.MaxClicksPerImpression; !c.settled && limit > 0 && taken[id] > limit {
			c.match.codes |= codeCap
		}
	}
}

// computedCampaign is whose refractory period and cap a click has: its own
// creative's, else its parent's, else what it declares (W).
func (r *resolution) computedCampaign(c *clickFact) string {
	if creative, ok := r.env.Reference.Creative(c.e.CreativeID); ok && creative.CampaignID != "" {
		return creative.CampaignID
	}
	return c.campaign
}

// writeClicks writes what changed.
func (r *resolution) writeClicks() {
	list := r.j.clicks
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].e.ID == list[from].e.ID {
			to++
		}
		r.moveClickRows(list[from:to])
		from = to
	}
	for _, c := range r.facts {
		if c.guest != nil {
			continue
		}
		if c.match.matched() || c.wrote.there || r.env.Watermark >= c.hold {
			r.writeClick(c)
		}
	}
}

// moveClickRows hands what was written under a key to the record that has the
// key now, and deletes keys that no record has any more.
func (r *resolution) moveClickRows(list []click) {
	for i := range list {
		c := &list[i]
		if !c.wrote.there || c.verdict.Class == fact.Fact && c.verdict.Reused == c.wrote.reused {
			continue
		}
		was := c.wrote
		c.wrote = wroteClick{}
		if to := heir(list, was.reused, c.e.EventTime); to != nil {
			to.wrote = was
			continue
		}
		r.env.Recount(was.counts, nil)
		r.env.Rows.Corrections++
		r.env.Rows.Clicks = append(r.env.Rows.Clicks, table.Click{
			Route: int64(r.j.route), ClickID: c.e.ID + fact.Suffix(was.reused, c.e.EventTime), EventTime: c.e.EventTime,
			Meta: r.env.Rows.Meta(&c.e.Envelope, table.Delete, 0),
		})
	}
}

// heir is the record that has the key now and has not written it.
func heir(list []click, reused bool, at event.Time) *click {
	for i := range list {
		c := &list[i]
		if c.verdict.Class == fact.Fact && c.verdict.Reused == reused && (!reused || c.e.EventTime == at) && !c.wrote.there {
			return c
		}
	}
	return nil
}

// writeClick writes the row of a click if it says something new.
func (r *resolution) writeClick(c *clickFact) {
	row := r.clickRow(c)
	counts := r.clickCounts(c, &row)
	hash := hashClick(&r.env.hash, &row)
	if c.wrote.there && c.wrote.hash == hash {
		r.env.Recount(c.wrote.counts, counts)
		c.wrote.counts = counts
		return
	}
	if c.wrote.there {
		r.env.Rows.Corrections++
	}
	r.env.Recount(c.wrote.counts, counts)
	c.wrote = wroteClick{there: true, reused: c.verdict.Reused, hash: hash, counts: counts}
	r.env.Rows.Clicks = append(r.env.Rows.Clicks, row)
}

func (r *resolution) clickRow(c *clickFact) table.Click {
	e := &c.e
	flags := e.Flags
	row := table.Click{
		Route: int64(e.Route), ClickID: c.key, EventTime: e.EventTime, UserKey: r.env.userKey(e.UserID),
		CampaignID: c.campaign, DeclaredCampaignID: e.CampaignID, CreativeID: c.creative,
		ImpressionID: e.ImpressionID, MatchStatus: "ORPHAN", MatchMethod: fact.MethodNone, OrphanReason: c.match.reason,
		Valid: c.valid(), IVTCodes: c.match.codes.text(),
		LineItemID: c.lineItem, AdvertiserID: c.adviser,
		SiteDomain: e.SiteDomain, Exchange: e.Exchange, DeviceType: max(e.DeviceType, 0), OS: e.OS, Country: e.Country,
		LandingHost: e.LandingHost, Late: e.Ingest.Sub(e.EventTime) > r.env.Settings.LateAfter,
	}
	if p := &c.match.parent; c.match.matched() {
		row.MatchStatus, row.MatchMethod, row.ImpressionID = "MATCHED", c.match.method, p.ID
		ms := fact.FloorMS(e.EventTime.Sub(p.At))
		row.ImpToClickMS = &ms
		row.SiteDomain, row.AppBundle, row.PlacementID = p.Site, p.App, p.Placement
		row.Exchange, row.AdFormat, row.Currency = p.Exchange, p.AdFormat, p.Currency
		row.DeviceType, row.OS, row.Country = p.Device, p.OS, p.Country
		if e.CampaignID != "" && e.CampaignID != p.Campaign {
			flags |= event.CampaignMismatch
		}
	}
	if c.match.inversion {
		flags |= event.TimeInversion
	}
	if e.Ingest.Sub(e.EventTime) > r.env.Settings.ClickLateness {
		flags |= event.LateForJoin
	}
	if c.verdict.Reused {
		flags |= event.IDReused
	}
	if !row.Valid {
		row.IVTClass = fact.GIVT
	}
	if settings, _ := r.env.Reference.Campaign(c.campaign, e.EventTime); settings.Pricing == reference.CPC {
		row.Currency = cmp.Or(settings.Currency, row.Currency)
		if row.Valid {
			row.CostNanos = settings.RateMicros * 1_000
		}
	}
	row.Meta = r.env.Rows.Meta(&e.Envelope, table.Upsert, flags)
	return row
}

// clickCounts is what a click adds to its group.
func (r *resolution) clickCounts(c *clickFact, row *table.Click) []Contribution {
	out := Contribution{
		Kind: MinuteAndSite, Site: row.SiteDomain, App: row.AppBundle,
		Key: event.CampaignKey{
			Bucket: row.EventTime.Floor(event.Minute), Campaign: row.CampaignID, Creative: row.CreativeID,
			Exchange: row.Exchange, Country: row.Country, Currency: row.Currency, Device: row.DeviceType,
		},
		Add:    []Addend{{event.ClicksGross, 1}},
		Micros: row.CostNanos / 1_000,
	}
	if !row.Valid {
		out.Add = append(out.Add, Addend{event.ClicksGIVT, 1})
	}
	if !c.match.matched() {
		out.Add = append(out.Add, Addend{event.OrphanClicks, 1})
	}
	if row.Late {
		out.Add = append(out.Add, Addend{event.LateEvents, 1})
	}
	if !c.match.matched() {
		return []Contribution{out}
	}
	if row.Valid {
		out.Add = append(out.Add, Addend{event.ImpToClick, *row.ImpToClickMS})
	}
	return []Contribution{out, matchedAt(&c.e.Envelope)}
}

// matchedAt counts a record that found a parent (R-G8).
func matchedAt(e *event.Envelope) Contribution {
	return Contribution{
		Kind: Pipeline, Key: event.CampaignKey{Bucket: e.Ingest.Floor(event.Minute), Exchange: e.Topic},
		Add: []Addend{{event.MatchedCount, 1}},
	}
}
