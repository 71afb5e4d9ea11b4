package explain

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// record is what of a decoded event the rules need.
type record struct {
	event.Envelope
	kind                                event.Kind
	id, user                            string
	campaign, creative                  string
	impressionID, clickID               string
	exchange, auction, impID            string
	conversionType, orderID, advertiser string
	adjustment                          event.Adjustment
}

// finder is the codecs.Handler that keeps the records of one id.
type finder struct {
	kind  event.Kind
	id    string
	found []record
}

var _ codecs.Handler = (*finder)(nil)

// Bid implements codecs.Handler; bids are found by their rows.
func (f *finder) Bid(*event.Bid) {}

// Reject implements codecs.Handler: what was not decoded has no id.
func (f *finder) Reject(*event.Rejected) {}

// Impression implements codecs.Handler.
func (f *finder) Impression(e *event.Impression) {
	if f.kind == event.KindImpression && names(f.id, e.ID) {
		f.keep(record{Envelope: e.Envelope, id: e.ID, user: e.UserID, campaign: e.CampaignID, creative: e.CreativeID,
			exchange: e.Exchange, auction: e.AuctionID, impID: e.ImpID})
	}
}

// Click implements codecs.Handler.
func (f *finder) Click(e *event.Click) {
	if f.kind == event.KindClick && names(f.id, e.ID) {
		f.keep(record{Envelope: e.Envelope, id: e.ID, user: e.UserID, campaign: e.CampaignID, creative: e.CreativeID,
			impressionID: e.ImpressionID, exchange: e.Exchange, auction: e.AuctionID, impID: e.ImpID})
	}
}

// Conversion implements codecs.Handler.
func (f *finder) Conversion(e *event.Conversion) {
	if f.kind == event.KindConversion && names(f.id, e.ID) {
		f.keep(record{Envelope: e.Envelope, id: e.ID, user: e.UserID, campaign: e.CampaignID, clickID: e.ClickID,
			impressionID: e.ImpressionID, conversionType: e.Type, orderID: e.OrderID, advertiser: e.Advertiser, adjustment: e.Adjustment})
	}
}

// keep copies: a decoder reuses its memory.
func (f *finder) keep(r record) {
	r.kind = f.kind
	for _, s := range []*string{
		&r.Topic, &r.id, &r.user, &r.campaign, &r.creative, &r.impressionID, &r.clickID, &r.exchange, &r.auction, &r.impID,
		&r.conversionType, &r.orderID, &r.advertiser,
	} {
		*s = strings.Clone(*s)
	}
	f.found = append(f.found, r)
}

// names reports whether a row's key stands for the id of a record: it is the id,
// or the id with the suffix of a reuse (D3).
func names(key, id string) bool {
	return key == id || (strings.HasPrefix(key, id) && strings.HasPrefix(key[len(id):], "@"))
}

// standing orders the records of the id, route by route, and says of each what
// D1 to D3 and T1, T2 make of it.
func (in *Input) standing(found []record) []Candidate {
	seen := map[event.Position]bool{}
	found = slices.DeleteFunc(slices.Clone(found), func(r record) bool {
		twice := seen[r.Position]
		seen[r.Position] = true
		return twice
	})
	for i := range found {
		if r := &found[i]; r.EventTime.Sub(r.Ingest) > in.Settings.FutureClamp && r.EventTime.Sub(r.Ingest) <= in.Settings.FutureReject {
			r.EventTime = r.Ingest
		}
	}
	slices.SortFunc(found, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.EventTime, b.EventTime),
			bytes.Compare(a.Print[:8], b.Print[:8]), a.Position.Compare(b.Position))
	})
	list := make([]Candidate, 0, len(found))
	w := walk{in: in}
	for i := range found {
		r := &found[i]
		c := Candidate{Kind: "record", ID: r.Position.String(), EventTime: r.EventTime.UTC()}
		c.Taken, c.Rule, c.Why = w.judge(r)
		list = append(list, c)
	}
	return list
}

// walk goes through the records of one id in the order of D1.
type walk struct {
	in   *Input
	fact *record
	seen map[[8]byte]bool
}

func (w *walk) judge(r *record) (taken bool, rule, why string) {
	set := &w.in.Settings
	age := r.Ingest.Sub(r.EventTime)
	switch {
	case -age > set.FutureReject:
		return false, "T1", fmt.Sprintf("rejected TIME_FUTURE: its event time is %s ahead of its arrival, more than %s", span(-age), span(set.FutureReject))
	case age > set.Horizon.Of(r.kind) && !r.Backfill:
		return false, "T2", fmt.Sprintf("rejected TOO_LATE: it arrived %s after its event time, more than %s", span(age), span(set.Horizon.Of(r.kind)))
	case r.adjustment != event.New:
		return false, "C2", "an adjustment of the conversion, no conversion itself: " + r.adjustment.String()
	}
	print := [8]byte(r.Print[:8])
	defer func() { w.seen[print] = true }()
	switch {
	case w.fact == nil || w.fact.Route != r.Route:
		w.fact, w.seen = r, map[[8]byte]bool{}
		return true, "D1", "the fact: the first of the records with this id by event time, fingerprint and position"
	case r.EventTime.Sub(w.fact.EventTime) > set.Conflict.Of(r.kind):
		since := r.EventTime.Sub(w.fact.EventTime)
		w.fact, w.seen = r, map[[8]byte]bool{}
		return true, "D3", fmt.Sprintf("a new fact, ID_REUSED: %s after the one before, beyond the conflict horizon of %s", span(since), span(set.Conflict.Of(r.kind)))
	case w.seen[print]:
		return false, "D1", fmt.Sprintf("dup_exact: the same content (fingerprint %x) as a record before it", print)
	}
	return false, "D2", fmt.Sprintf("rejected DUP_ID_CONFLICT: other content (fingerprint %x) than the fact's (%x), which comes first", print, w.fact.Print[:8])
}
