package explain

import (
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// keeper is the sink that keeps what the world wants, and of tables that explain
// nothing no row.
type keeper struct{ w *world }

var _ sinks.Sink = keeper{}

// put keeps the last version of a row.
func put[R any](k keeper, rows map[key]R, at key, op string, row R) {
	if !k.w.wants(at.route, at.id) {
		return
	}
	if op == table.Delete {
		delete(rows, at)
		return
	}
	rows[at] = row
}

// putAll keeps the last version of each row under the key that at names.
func putAll[R any](k keeper, into map[key]R, rows []R, at func(*R) (key, string)) error {
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	for i := range rows {
		under, op := at(&rows[i])
		put(k, into, under, op, rows[i])
	}
	return nil
}

// WriteImpressions implements sinks.Sink.
func (k keeper) WriteImpressions(rows []table.Impression) error {
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	for _, r := range rows {
		at := key{r.Route, r.ImpressionID}
		if k.w.chains[r.Exchange+"\x00"+r.AuctionID] && r.Op != table.Delete {
			k.w.impressions[at] = r
			continue
		}
		put(k, k.w.impressions, at, r.Op, r)
	}
	return nil
}

// WriteClicks implements sinks.Sink.
func (k keeper) WriteClicks(rows []table.Click) error {
	return putAll(k, k.w.clicks, rows, func(r *table.Click) (key, string) { return key{r.Route, r.ClickID}, r.Op })
}

// WriteConversions implements sinks.Sink.
func (k keeper) WriteConversions(rows []table.Conversion) error {
	return putAll(k, k.w.conversions, rows, func(r *table.Conversion) (key, string) { return key{r.Route, r.ConversionID}, r.Op })
}

// WriteAttributions implements sinks.Sink. Under linear every touch of a path
// has a row.
func (k keeper) WriteAttributions(rows []table.Attribution) error {
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	for _, r := range rows {
		at := key{r.Route, r.ConversionID}
		if r.Model != "linear" || !k.w.wants(at.route, at.id) {
			continue
		}
		path := k.w.attributions[at]
		if path == nil {
			path = map[string]table.Attribution{}
			k.w.attributions[at] = path
		}
		if r.Op == table.Delete {
			delete(path, r.TouchID)
		} else {
			path[r.TouchID] = r
		}
	}
	return nil
}

// WriteWins implements sinks.Sink.
func (k keeper) WriteWins(rows []table.Win) error {
	return putAll(k, k.w.wins, rows, func(r *table.Win) (key, string) { return key{r.Route, r.ImpressionID}, r.Op })
}

// WriteBids implements sinks.Sink.
func (k keeper) WriteBids(rows []table.Bid) error {
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	for _, r := range rows {
		if r.BidID == "" || !k.w.chains[r.Exchange+"\x00"+baseID(r.AuctionID)] {
			continue
		}
		k.w.bids[bidKey{r.Route, r.AuctionID, r.ImpID, r.BidID}] = r
	}
	return nil
}

// WriteCampaignMinutes implements sinks.Sink.
func (keeper) WriteCampaignMinutes([]table.CampaignMinute) error { return nil }

// WriteCampaignHours implements sinks.Sink.
func (keeper) WriteCampaignHours([]table.CampaignHour) error { return nil }

// WriteCampaignDays implements sinks.Sink.
func (keeper) WriteCampaignDays([]table.CampaignDay) error { return nil }

// WriteSiteDays implements sinks.Sink.
func (keeper) WriteSiteDays([]table.SiteDay) error { return nil }

// WritePipelineMinutes implements sinks.Sink.
func (keeper) WritePipelineMinutes([]table.PipelineMinute) error { return nil }

// WriteRejected implements sinks.Sink.
func (keeper) WriteRejected([]table.Rejected) error { return nil }
