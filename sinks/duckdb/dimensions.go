package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// dimensionDDL makes the reference tables: campaigns and creatives as the loader
// last saw them, and partners' own counts, which users fill.
func dimensionDDL() []string {
	return []string{`CREATE TABLE IF NOT EXISTS dim_campaign (
  "campaign_id" VARCHAR NOT NULL,
  "valid_from" TIMESTAMP NOT NULL,
  "advertiser_id" VARCHAR,
  "name" VARCHAR,
  "tz" VARCHAR NOT NULL,
  "currency" VARCHAR,
  "pricing" VARCHAR NOT NULL,
  "rate_micros" BIGINT NOT NULL,
  "flight_start" TIMESTAMP,
  "flight_end" TIMESTAMP,
  "budget_micros" BIGINT,
  "daily_budget_micros" BIGINT,
  "model" VARCHAR NOT NULL
)`, `CREATE TABLE IF NOT EXISTS dim_creative (
  "creative_id" VARCHAR NOT NULL,
  "campaign_id" VARCHAR,
  "line_item_id" VARCHAR,
  "ad_format" VARCHAR,
  "w" INTEGER,
  "h" INTEGER
)`, `CREATE TABLE IF NOT EXISTS discrepancy_daily (
  "date" DATE NOT NULL,
  "campaign_id" VARCHAR NOT NULL,
  "partner" VARCHAR NOT NULL,
  "impressions" DOUBLE,
  "clicks" BIGINT
)`}
}

// LoadReference replaces dim_campaign and dim_creative by the reference data, in
// one transaction: a reader sees the old rows or the new ones. Loading the same
// data again changes nothing.
func (w *Warehouse) LoadReference(ctx context.Context, set *reference.Set) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	return w.transact(ctx, func(tx *sql.Tx) error {
		for _, s := range []string{"DELETE FROM dim_campaign", "DELETE FROM dim_creative"} {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return failed("replacing the reference data", err)
			}
		}
		var campaigns, creatives [][]any
		for _, c := range set.Campaigns() {
			campaigns = append(campaigns, []any{
				c.ID, instant(c.ValidFrom, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), orNull(c.AdvertiserID), orNull(c.Name), c.TimeZone, orNull(c.Currency),
				c.Pricing.String(), c.RateMicros, instant(c.FlightStart, nil), instant(c.FlightEnd, nil),
				positive(c.BudgetMicros), positive(c.DailyBudgetMicros), c.Model.String(),
			})
		}
		for _, c := range set.Creatives() {
			creatives = append(creatives, []any{
				c.ID, orNull(c.CampaignID), orNull(c.LineItemID), orNull(c.AdFormat), positive(int64(c.Width)), positive(int64(c.Height)),
			})
		}
		return errors.Join(insertRows(ctx, tx, "dim_campaign", campaigns), insertRows(ctx, tx, "dim_creative", creatives))
	})
}

// insertRows inserts many rows a statement: one each would take a second for a
// few thousand.
func insertRows(ctx context.Context, tx *sql.Tx, table string, rows [][]any) error {
	for part := range slices.Chunk(rows, 200) {
		row := "(?" + strings.Repeat(", ?", len(part[0])-1) + ")"
		statement := "INSERT INTO " + table + " VALUES " + row + strings.Repeat(", "+row, len(part)-1)
		if _, err := tx.ExecContext(ctx, statement, slices.Concat(part...)...); err != nil {
			return failed("loading "+table, err)
		}
	}
	return nil
}

// instant is a time, or other where the reference data names none.
func instant(t event.Time, other any) any {
	if t == event.MinTime || t == event.MaxTime {
		return other
	}
	return t.UTC()
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func positive(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}
