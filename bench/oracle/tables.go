package oracle

import (
	"cmp"
	"errors"
	"slices"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// Tables is every row of every final table, in the order of its key: facts by
// route and key columns, aggregates by their key columns, rejects by position.
// RowVersion and EmittedAt are 0, Op is U. It is a sink that keeps what it gets.
type Tables struct {
	Bids            []table.Bid
	Wins            []table.Win
	Impressions     []table.Impression
	Clicks          []table.Click
	Conversions     []table.Conversion
	Attributions    []table.Attribution
	CampaignMinutes []table.CampaignMinute
	CampaignHours   []table.CampaignHour
	CampaignDays    []table.CampaignDay
	SiteDays        []table.SiteDay
	PipelineMinutes []table.PipelineMinute
	Rejected        []table.Rejected
	Summary
}

var _ sinks.Sink = (*Tables)(nil)

func keep[T any](list *[]T, rows []T) error {
	*list = append(*list, rows...)
	return nil
}

// WriteBids keeps rows of fact_bids (sinks.Sink).
func (t *Tables) WriteBids(rows []table.Bid) error { return keep(&t.Bids, rows) }

// WriteWins keeps rows of fact_wins.
func (t *Tables) WriteWins(rows []table.Win) error { return keep(&t.Wins, rows) }

// WriteImpressions keeps rows of fact_impressions.
func (t *Tables) WriteImpressions(rows []table.Impression) error { return keep(&t.Impressions, rows) }

// WriteClicks keeps rows of fact_clicks.
func (t *Tables) WriteClicks(rows []table.Click) error { return keep(&t.Clicks, rows) }

// WriteConversions keeps rows of fact_conversions.
func (t *Tables) WriteConversions(rows []table.Conversion) error { return keep(&t.Conversions, rows) }

// WriteAttributions keeps rows of fact_attributions.
func (t *Tables) WriteAttributions(rows []table.Attribution) error {
	return keep(&t.Attributions, rows)
}

// WriteCampaignMinutes keeps rows of agg_campaign_minute.
func (t *Tables) WriteCampaignMinutes(rows []table.CampaignMinute) error {
	return keep(&t.CampaignMinutes, rows)
}

// WriteCampaignHours keeps rows of agg_campaign_hour.
func (t *Tables) WriteCampaignHours(rows []table.CampaignHour) error {
	return keep(&t.CampaignHours, rows)
}

// WriteSiteDays keeps rows of agg_site_day.
func (t *Tables) WriteSiteDays(rows []table.SiteDay) error { return keep(&t.SiteDays, rows) }

// WritePipelineMinutes keeps rows of ops_pipeline_minute.
func (t *Tables) WritePipelineMinutes(rows []table.PipelineMinute) error {
	return keep(&t.PipelineMinutes, rows)
}

// WriteCampaignDays keeps rows of agg_campaign_day.
func (t *Tables) WriteCampaignDays(rows []table.CampaignDay) error {
	return keep(&t.CampaignDays, rows)
}

// WriteRejected keeps rows of rejected_events.
func (t *Tables) WriteRejected(rows []table.Rejected) error { return keep(&t.Rejected, rows) }

// pageRows is how many rows go to a sink at a time.
const pageRows = 1024

// page gathers rows for one method of a sink. The first error sticks.
type page[T any] struct {
	write func([]T) error
	rows  []T
	err   error
}

func (p *page[T]) add(rows ...T) {
	if p.rows = append(p.rows, rows...); len(p.rows) >= pageRows {
		p.flush()
	}
}

func (p *page[T]) flush() error {
	if p.err == nil && len(p.rows) > 0 {
		p.err = p.write(p.rows)
	}
	p.rows = make([]T, 0, pageRows)
	return p.err
}

// writeAll hands over rows that are all there.
func writeAll[T any](write func([]T) error, rows []T) error {
	for part := range slices.Chunk(rows, pageRows) {
		if err := write(part); err != nil {
			return err
		}
	}
	return nil
}

// writeRows makes the rows of facts and hands them over, in the order of route
// and key. The facts come ordered by route.
func writeRows[R record, T any](write func([]T) error, facts []R, of func(R) []T) error {
	p := page[T]{write: write}
	for start := 0; start < len(facts); {
		end := start + 1
		for end < len(facts) && facts[end].self().route == facts[start].self().route {
			end++
		}
		sameRoute := slices.Clone(facts[start:end])
		slices.SortFunc(sameRoute, func(a, b R) int { return cmp.Compare(a.self().key, b.self().key) })
		for _, f := range sameRoute {
			p.add(of(f)...)
		}
		start = end
	}
	return p.flush()
}

// write hands over the rows of everything but bids, wins, the pipeline and
// rejects.
func (w *world) write(out sinks.Sink) error {
	users := &userKeys{secret: w.set.UserKeySecret}
	steps := []func() error{
		func() error {
			return writeRows(out.WriteImpressions, w.impressions, func(i *impression) []table.Impression {
				return []table.Impression{i.row(users)}
			})
		},
		func() error {
			return writeRows(out.WriteClicks, w.clicks, func(c *click) []table.Click {
				return []table.Click{w.clickRow(c, users)}
			})
		},
		func() error {
			return writeRows(out.WriteConversions, w.conversions, func(c *conversion) []table.Conversion {
				return []table.Conversion{c.row(users)}
			})
		},
		func() error {
			return writeRows(out.WriteAttributions, w.conversions, func(c *conversion) []table.Attribution {
				rows := w.attributionRows(c)
				slices.SortFunc(rows, func(a, b table.Attribution) int {
					return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.TouchID, b.TouchID))
				})
				return rows
			})
		},
		func() error {
			w.addAll()
			return w.writeMinutes(out.WriteCampaignMinutes)
		},
		func() error {
			w.exposures()
			w.addModels()
			return errors.Join(writeAll(out.WriteCampaignHours, w.hourRows()), writeAll(out.WriteCampaignDays, w.dayRows()))
		},
		func() error { return writeAll(out.WriteSiteDays, w.siteRows()) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
