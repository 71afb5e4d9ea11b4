package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

// figures are what a warehouse says of a run, in the terms of the generator's
// truth.
type figures struct {
	rows      map[string]int64
	campaigns map[string]gen.Figures
}

// campaignSQL sums a campaign's facts as gen.Figures counts them: impressions
// and clicks by the campaign of the row, conversions by the declared one.
const campaignSQL = `
select campaign, sum(imps)::bigint, sum(test)::bigint, sum(clicks)::bigint, sum(convs)::bigint, sum(spend)::bigint, sum(original)::bigint, sum(val)::bigint from (
  select coalesce(campaign_id, '') as campaign, quantity_e6 as imps, case when valid then 0 else quantity_e6 end as test, 0 as clicks, 0 as convs,
         case when valid then coalesce(price_cpm_micros, 0) * quantity_e6 // 1000000 else 0 end as spend, 0 as original, 0 as val from fact_impressions_current
  union all select coalesce(campaign_id, ''), 0, 0, 1, 0, 0, 0, 0 from fact_clicks_current
  union all select coalesce(declared_campaign_id, ''), 0, 0, 0, 1, 0, original_value_micros, value_micros from fact_conversions_current
) group by 1`

func readFigures(w *duckdb.Warehouse) (*figures, error) {
	f := &figures{rows: map[string]int64{}, campaigns: map[string]gen.Figures{}}
	ctx := context.Background()
	for _, name := range table.Names() {
		err := w.Query(ctx, "select count(*) from "+string(name)+"_current", duckdb.Visit{Row: func(v []any) error {
			f.rows[string(name)] = integer(v[0])
			return nil
		}})
		if err != nil {
			return nil, err
		}
	}
	err := w.Query(ctx, campaignSQL, duckdb.Visit{Row: func(v []any) error {
		f.campaigns[fmt.Sprint(v[0])] = gen.Figures{
			ImpressionsE6: integer(v[1]), TestE6: integer(v[2]), Clicks: integer(v[3]), Conversions: integer(v[4]),
			SpendNanos: integer(v[5]), OriginalMicros: integer(v[6]), ValueMicros: integer(v[7]),
		}
		return nil
	}})
	return f, err
}

func integer(v any) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case int32:
		return int64(n)
	}
	return 0
}

// differences are the sentences about what the warehouse and the truth do not
// agree on.
func (f *figures) differences(truth *gen.Truth) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(truth.Exact.Rows)) {
		if got, want := f.rows[name], truth.Exact.Rows[name]; got != want {
			out = append(out, fmt.Sprintf("%s: %d rows, %d were made", name, got, want))
		}
	}
	all := maps.Clone(truth.Exact.Campaigns)
	for id := range f.campaigns {
		if _, known := all[id]; !known {
			all[id] = gen.Figures{}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		want, got := all[id], f.campaigns[id]
		want.Currency = ""
		if got != want {
			out = append(out, fmt.Sprintf("campaign %q: %+v, made were %+v", id, got, want))
		}
	}
	return out
}

// ledgerDifferences compares the classes that events ended in.
func ledgerDifferences(truth *gen.Truth, ledger ledgerResult) []string {
	var out []string
	for _, topic := range slices.Sorted(maps.Keys(truth.Exact.Ledger)) {
		l := truth.Exact.Ledger[topic]
		want := map[string]int64{"fact": l.Fact, "dup_exact": l.DupExact, "id_conflict": l.IDConflict}
		for reason, n := range l.Rejected {
			want["rejected:"+reason] = n
		}
		got := ledger.Classes[topic]
		for class := range got {
			if _, known := want[class]; !known {
				want[class] = 0
			}
		}
		for _, class := range slices.Sorted(maps.Keys(want)) {
			if got[class] != want[class] {
				out = append(out, fmt.Sprintf("ledger of %s: %d in class %s, %d were made", topic, got[class], class, want[class]))
			}
		}
	}
	return out
}

// totals adds up the journal of both runs of the demo.
func (d *demo) totals() (actors.Summary, error) { return journalTotals(&d.loaded.Config) }

// journalTotals adds up a journal.
func journalTotals(c *config.Config) (actors.Summary, error) {
	s, err := actors.ReadTotals(context.Background(), kafkaConfig(c), c.Kafka.Journal)
	if err != nil {
		return s, engineFailure(err)
	}
	return s, nil
}
