//go:build cgo

package sqlcheck_test

import (
	"bytes"
	"flag"
	"testing"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/bench/sqlcheck"
)

var impressions = flag.Int64("impressions", 5000, "how many impressions of each preset")

// The engine's final tables are what SQL makes of the same raw records (K1, D1 to
// D5, J1, J2, A2 to A4, C1, C2, R-G1), on every preset, in both directions.
func TestSQLAgreesWithTheEngine(t *testing.T) {
	for _, preset := range []gen.Preset{gen.Realistic, gen.Dense, gen.CaseStudy, gen.Hostile} {
		t.Run(string(preset), func(t *testing.T) {
			dir, out := folders(t)
			campaigns, creatives := generate(t, dir, busy(preset, *impressions))
			replay(t, dir, out, campaigns, creatives)
			report := check(t, dir, out)
			t.Log(report.Rows)
			if !report.Equal() {
				t.Errorf("SQL and engine disagree:\n%s", report)
			}
			least := map[string]int64{"fact_impressions": *impressions * 9 / 10, "fact_clicks": 100, "fact_conversions": 30, "fact_attributions": 30, "agg_campaign_minute": 100}
			if preset != gen.CaseStudy {
				least["fact_wins"] = *impressions / 2
			}
			for name, n := range least {
				if report.Rows[name] < n {
					t.Errorf("%s: %d rows, fewer than %d prove little", name, report.Rows[name], n)
				}
			}
		})
	}
}

func check(t *testing.T, dir, out string) *sqlcheck.Report {
	t.Helper()
	report, err := sqlcheck.Check(t.Context(), sqlcheck.Input{Dump: dir, Tables: out, UserKeySecret: secret, Examples: 3})
	must(t, err)
	return report
}

// An engine that follows another rule is found out: each case gives it other
// reference data than the SQL reads, and names a table that must then differ.
func TestAnotherRuleIsFoundOut(t *testing.T) {
	dir, _ := folders(t)
	campaigns, creatives := generate(t, dir, busy(gen.Dense, 2500))
	for _, c := range []struct{ rule, from, to, table string }{
		{"D5 refractory period", `"click_refractory":"30s"`, `"click_refractory":"0ms"`, "fact_clicks"},
		{"J2 window", `"click_join":"1d"`, `"click_join":"2s"`, "fact_clicks"},
		{"A2 clicks", `"click_through":"30d"`, `"click_through":"1d"`, "fact_attributions"},
		{"A3 views", `"view_through":"1d"`, `"view_through":"0ms"`, "fact_conversions"},
		{"C1 count mode", `"model":"last_touch"`, `"model":"last_touch","count_modes":{"purchase":"ONE"}`, "fact_conversions"},
		{"R-G2 spend", `"pricing":"cpm"`, `"pricing":"cpc","rate_micros":1`, "agg_campaign_minute"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			changed := bytes.ReplaceAll(campaigns, []byte(c.from), []byte(c.to))
			if bytes.Equal(changed, campaigns) {
				t.Fatalf("no campaign has %s", c.from)
			}
			out := t.TempDir()
			replay(t, dir, out, changed, creatives)
			for _, d := range check(t, dir, out).Differences {
				if d.Table == c.table {
					return
				}
			}
			t.Errorf("SQL agrees with an engine that was given %s", c.to)
		})
	}
}
