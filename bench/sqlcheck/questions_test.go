//go:build cgo

package sqlcheck_test

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

// loaded puts the engine's final tables into a warehouse, through the loader's
// own door.
func loaded(t *testing.T, out string, campaigns, creatives []byte) *duckdb.Warehouse {
	t.Helper()
	store, err := sinks.OpenBucket(t.Context(), "file://"+out)
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	w, err := duckdb.Open(t.Context(), filepath.Join(t.TempDir(), "w.duckdb"), store, duckdb.Config{})
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	must(t, w.EnsureSchema(t.Context()))
	set, err := reference.Parse(campaigns, creatives)
	must(t, err)
	must(t, w.LoadReference(t.Context(), set))
	batch := sinks.Batch{Prev: sinks.NoToken, Token: 1}
	for _, name := range table.Names() {
		file := string(name) + "/part-0.parquet"
		content, err := os.ReadFile(filepath.Join(out, file))
		must(t, err)
		var rows int64
		must(t, w.Query(t.Context(), fmt.Sprintf("SELECT count(*) FROM read_parquet('%s')", filepath.Join(out, file)), duckdb.Visit{
			Row: func(v []any) error { rows, _ = v[0].(int64); return nil },
		}))
		batch.Files = append(batch.Files, sinks.File{Table: name, Key: file, Rows: rows, Bytes: int64(len(content)), SHA256: sha256.Sum256(content)})
	}
	_, err = w.Load(t.Context(), batch)
	must(t, err)
	return w
}

// ask runs a stored question and gives its rows as text by column.
func ask(t *testing.T, w *duckdb.Warehouse, name string) (rows []map[string]string) {
	t.Helper()
	q, err := duckdb.FindQuestion(name)
	must(t, err)
	var columns []string
	must(t, w.Query(t.Context(), q.SQL, duckdb.Visit{
		Columns: func(names []string) error { columns = names; return nil },
		Row: func(values []any) error {
			row := map[string]string{}
			for i, v := range values {
				row[columns[i]] = fmt.Sprint(v)
				if f, ok := v.(float64); ok {
					row[columns[i]] = strconv.FormatFloat(f, 'f', -1, 64)
				}
			}
			rows = append(rows, row)
			return nil
		},
	}))
	return rows
}

// sum adds a column up, exactly.
func sum(t *testing.T, rows []map[string]string, column string, keep func(map[string]string) bool) *big.Rat {
	t.Helper()
	total := new(big.Rat)
	for _, r := range rows {
		if keep != nil && !keep(r) {
			continue
		}
		n, ok := new(big.Rat).SetString(r[column])
		if !ok {
			t.Fatalf("column %s: %q is no number", column, r[column])
		}
		total.Add(total, n)
	}
	return total
}

// On generated traffic the stored questions come to what the generator knows it
// sent, and every one of them runs.
func TestQuestionsAgreeWithTheGenerator(t *testing.T) {
	dir, out := folders(t)
	cfg := busy(gen.Dense, 3000)
	cfg.Rates.Test, cfg.Rates.TestPrice = 0, 0
	campaigns, creatives := generate(t, dir, cfg)
	replay(t, dir, out, campaigns, creatives)
	w := loaded(t, out, campaigns, creatives)
	truth := truthOf(t, cfg)

	funnel, days := ask(t, w, "funnel"), ask(t, w, "campaign-day")
	var impressions, clicks int64
	for _, f := range truth.Exact.Campaigns {
		impressions += f.ImpressionsE6
		clicks += f.Clicks
	}
	equal(t, "requests", sum(t, funnel, "requests", nil), big.NewRat(truth.Exact.Ledger["bid_requests"].Fact, 1))
	equal(t, "wins", sum(t, funnel, "wins", nil), big.NewRat(truth.Exact.Rows["fact_wins"], 1))
	equal(t, "impressions", sum(t, funnel, "impressions", nil), big.NewRat(impressions, 1_000_000))

	set, err := reference.Parse(campaigns, creatives)
	must(t, err)
	compared := 0
	for id, f := range truth.Exact.Campaigns {
		c, ok := set.Campaign(id, 0)
		if !ok || c.Pricing != reference.CPM {
			continue
		}
		own := func(r map[string]string) bool { return r["campaign_id"] == id }
		equal(t, id+" impressions", sum(t, days, "impressions", own), big.NewRat(f.ImpressionsE6, 1_000_000))
		equal(t, id+" spend", sum(t, days, "spend", own), big.NewRat(f.SpendNanos, 1_000_000_000))
		compared++
	}
	if compared < 10 {
		t.Errorf("%d campaigns compared prove little", compared)
	}
	var seen int64
	for _, r := range ask(t, w, "quality") {
		n, err := strconv.ParseInt(r["clicks"], 10, 64)
		must(t, err)
		seen += n
	}
	if seen != clicks {
		t.Errorf("quality counts %d clicks, the generator made %d", seen, clicks)
	}
	for _, q := range duckdb.Questions() {
		ask(t, w, q.Name)
	}
}

func equal(t *testing.T, what string, got, want *big.Rat) {
	t.Helper()
	// Sums of doubles in an answer are good to a millionth.
	if d := new(big.Rat).Sub(got, want); d.Abs(d).Cmp(big.NewRat(1, 1_000_000)) > 0 {
		t.Errorf("%s: %s, the generator says %s", what, got.FloatString(6), want.FloatString(6))
	}
}

// truthOf makes the traffic again for what the generator knows of it.
func truthOf(t *testing.T, cfg gen.Config) gen.Truth {
	t.Helper()
	g, err := gen.New(cfg)
	must(t, err)
	var rec gen.Record
	for g.Next(&rec) {
	}
	return g.Truth()
}
