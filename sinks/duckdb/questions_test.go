//go:build cgo

package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/reference"
)

// questionRows is the small world of the answers below, worked out by hand.
//
// Campaign A (Berlin, cpm, budget 10.00 over ten days from 1 March) and B (UTC,
// cpc at 0.25, no budget). On 2 March users u1 to u3 see:
//
//	22:30  u1 A i1   23:30  u1 A i2   (23:30 UTC is 3 March in Berlin)
//	10:00  u2 B i3   10:05  u2 B i4   10:10  u3 A i5, a test
//
// Clicks: k1 on i1, k2 on i3 (cost 0.25), k3 an orphan of A that came late, k4 of
// B that repeats k2. Conversions: v1 of 40.00 half an hour after k2, with k1 before
// it in the path; v2 of 10.00 two days after k1.
func questionRows() []string {
	rows := []string{
		impressionRow("i1", "u1", "A", "22:30:00", "true", "true"), impressionRow("i2", "u1", "A", "23:30:00", "false", "true"),
		impressionRow("i3", "u2", "B", "10:00:00", "true", "true"), impressionRow("i4", "u2", "B", "10:05:00", "NULL", "true"),
		impressionRow("i5", "u3", "A", "10:10:00", "true", "false"),
		clickRow("k1", "A", "i1", "MATCHED", "ID", "true", "false"), clickRow("k2", "B", "i3", "MATCHED", "ID", "true", "false"),
		clickRow("k3", "A", "", "ORPHAN", "NONE", "true", "true"), clickRow("k4", "B", "i3", "MATCHED", "ID", "false", "false"),
		conversionRow("v1", 40_000_000, 1800), conversionRow("v2", 10_000_000, 172_800),
		bidRow("a1", "b1", 2_000_000, "1500000", 1, "10"), bidRow("a2", "b2", 1_000_000, "NULL", 10, "11"),
		`INSERT INTO fact_wins BY NAME SELECT 1 AS route, 'i3' AS impression_id, 'x1' AS exchange, 'a1' AS auction_id, '1' AS imp_id, 'b1' AS bid_id,
TIMESTAMP '2026-03-02 10:00:00' AS impression_time, DATE '2026-03-02' AS event_date, 1500000 AS clearing_cpm_micros, true AS billable, 1 AS row_version, 'U' AS op`,
		minuteRow("A", "22:30:00", 1, 1, 0, 0, 0, 0, 2_000_000), minuteRow("A", "22:30:00", 2, 1, 1, 1, 10_000_000, 1, 2_000_000_000),
		minuteRow("A", "23:30:00", 1, 1, 0, 0, 0, 0, 3_000_000_000), minuteRow("B", "10:00:00", 1, 2, 1, 1, 40_000_000, 0, 250_000_000),
		`INSERT INTO agg_site_day BY NAME SELECT DATE '2026-03-02' AS "day", site AS site_domain, '' AS app_bundle, 'A' AS campaign_id, 'USD' AS currency, gross AS impressions_gross,
givt AS impressions_givt, 0 AS impressions_sivt, gross - givt AS impressions_net, 4 AS measurable, seen AS viewable, 1 AS clicks_net, conv AS conv_ct, 0 AS conv_vt, nanos AS spend_nanos, 1 AS row_version, 'U' AS op
FROM (VALUES ('good.example', 10, 1, 3, 2, 3000000000), ('bad.example', 10, 5, 1, 0, 4000000000), ('cheap.example', 2, 0, 4, 0, 500000000)) t(site, gross, givt, seen, conv, nanos)`,
		`INSERT INTO discrepancy_daily VALUES ('2026-03-02', 'A', 'verifier', 2, 1), ('2026-03-02', 'B', 'verifier', 1.5, 1)`,
	}
	// v1 has the path A (k1), B (k2); v2 the path A alone.
	for model, share := range map[string]int{"last_touch": 0, "first_touch": 1_000_000, "linear": 500_000, "time_decay": 400_000, "position_based": 500_000} {
		if share > 0 {
			rows = append(rows, creditRow("v1", model, "k1", "A", 1, 2, share, 40*share))
		}
		if share < 1_000_000 {
			rows = append(rows, creditRow("v1", model, "k2", "B", 2, 2, 1_000_000-share, 40*(1_000_000-share)))
		}
		rows = append(rows, creditRow("v2", model, "k1", "A", 1, 1, 1_000_000, 10_000_000))
	}
	return rows
}

func impressionRow(id, user, campaign, at, viewable, valid string) string {
	return fmt.Sprintf(`INSERT INTO fact_impressions BY NAME SELECT 1 AS route, '%s' AS impression_id, TIMESTAMP '2026-03-02 %s' AS event_time,
DATE '2026-03-02' AS event_date, '%s' AS user_key, '%s' AS campaign_id, 'x1' AS exchange, 1000000 AS quantity_e6, %s AS viewable, %s AS valid, 1 AS row_version, 'U' AS op`,
		id, at, user, campaign, viewable, valid)
}

func clickRow(id, campaign, imp, status, method, valid, late string) string {
	return fmt.Sprintf(`INSERT INTO fact_clicks BY NAME SELECT 1 AS route, '%s' AS click_id, TIMESTAMP '2026-03-02 23:00:00' AS event_time,
DATE '2026-03-02' AS event_date, '%s' AS campaign_id, '%s' AS impression_id, 'x1' AS exchange, '%s' AS match_status, '%s' AS match_method, %s AS valid, %s AS late, 1 AS row_version, 'U' AS op`,
		id, campaign, imp, status, method, valid, late)
}

func conversionRow(id string, value, seconds int) string {
	return fmt.Sprintf(`INSERT INTO fact_conversions BY NAME SELECT 1 AS route, '%s' AS conversion_id, TIMESTAMP '2026-03-02 23:30:00' AS event_time,
DATE '2026-03-02' AS event_date, 'purchase' AS conversion_type, %d AS value_micros, 'USD' AS currency, true AS counted, 'CLICK' AS touch_kind, %d AS click_to_conv_s, 1 AS row_version, 'U' AS op`,
		id, value, seconds)
}

func creditRow(conv, model, touch, campaign string, position, length, ppm, value int) string {
	return fmt.Sprintf(`INSERT INTO fact_attributions BY NAME SELECT 1 AS route, '%s' AS conversion_id, '%s' AS model, '%s' AS touch_id, 'CLICK' AS touch_kind,
TIMESTAMP '2026-03-02 23:30:00' AS conversion_time, DATE '2026-03-02' AS event_date, %d AS position, %d AS path_len, '%s' AS campaign_id, 'x1' AS exchange, %d AS credit_ppm,
%d AS credited_value_micros, 'USD' AS currency, true AS counted, 1 AS row_version, 'U' AS op`, conv, model, touch, position, length, campaign, ppm, value)
}

func bidRow(auction, offer string, price int, toWin string, weight int, hour string) string {
	return fmt.Sprintf(`INSERT INTO fact_bids BY NAME SELECT 1 AS route, 'x1' AS exchange, '%s' AS auction_id, '1' AS imp_id, '%s' AS bid_id, TIMESTAMP '2026-03-02 %s:00:00' AS event_time,
DATE '2026-03-02' AS event_date, 'p1' AS placement_id, %d AS bid_cpm_micros, %s AS min_to_win_cpm_micros, %d AS sample_weight, true AS valid, 1 AS row_version, 'U' AS op`,
		auction, offer, hour, price, toWin, weight)
}

func minuteRow(campaign, at string, version, impressions, clicks, conv, value, assists int, nanos int64) string {
	return fmt.Sprintf(`INSERT INTO agg_campaign_minute BY NAME SELECT TIMESTAMP '2026-03-02 %s' AS bucket_start, '%s' AS campaign_id, '' AS creative_id, 'x1' AS exchange,
'' AS country, 0 AS device_type, 'USD' AS currency, %d AS impressions_net, %d AS clicks_net, %d AS conv_ct, 0 AS conv_vt, %d AS value_ct_micros, %d AS assists, %d AS spend_nanos,
%d AS row_version, 'U' AS op`, at, campaign, impressions, clicks, conv, value, assists, nanos, version)
}

const questionCampaigns = `[
{"campaign_id":"A","advertiser_id":"adv","tz":"Europe/Berlin","currency":"USD","pricing":"cpm","flight_start":"2026-03-01T00:00:00Z","flight_end":"2026-03-11T00:00:00Z","budget_micros":10000000},
{"campaign_id":"B","advertiser_id":"adv","currency":"USD","pricing":"cpc","rate_micros":250000}]`

func questionWorld(t *testing.T) *Warehouse {
	t.Helper()
	w := mustOpen(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	set, err := reference.Parse([]byte(questionCampaigns), nil)
	if err == nil {
		err = w.EnsureSchema(t.Context())
	}
	for range 2 { // again changes nothing
		if err == nil {
			err = w.LoadReference(t.Context(), set)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range questionRows() {
		if _, err := w.db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s\n%s", err, s)
		}
	}
	return w
}

func answer(t *testing.T, w *Warehouse, q Question) string {
	t.Helper()
	var b strings.Builder
	err := w.Query(t.Context(), q.SQL, Visit{Row: func(values []any) error {
		cells := make([]string, len(values))
		for i, v := range values {
			cells[i] = strings.TrimSuffix(text(v), "T00:00:00Z")
		}
		_, err := fmt.Fprintln(&b, strings.Join(cells, " | "))
		return err
	}})
	if err != nil {
		t.Fatalf("%s: %s", q.Name, err)
	}
	return strings.TrimSpace(b.String())
}

// The answers to the stored questions, each worked out by hand from the rows
// above.
func TestQuestionsHaveTheirAnswers(t *testing.T) {
	w := questionWorld(t)
	want := map[string]string{
		// A: 22:30 and 23:30 are two days in Berlin. 2.00 for one impression is a CPM
		// of 2,000; one conversion of 10.00 for 2.00 is a ROAS of 5.
		"campaign-day": `
A | 2026-03-02 | USD | 1 | 1 | 1 | 1 | 1 | 2 | 2000 | 2 | 5 | NULL | NULL
A | 2026-03-03 | USD | 1 | 0 | 0 | 0 | NULL | 3 | 3000 | NULL | 0 | NULL | NULL
B | 2026-03-02 | USD | 2 | 1 | 1 | 0.5 | 1 | 0.25 | 125 | 0.25 | 160 | NULL | NULL`,
		// v1 is worth 40 and v2 10; A has v2 always and of v1 what the model gives.
		"models": `
A | USD | 1 | 2 | 1.5 | 1.4 | 1.5 | 10 | 50 | 30 | 26 | 30
B | USD | 1 | NULL | 0.5 | 0.6 | 0.5 | 40 | NULL | 20 | 24 | 20`,
		// One request stands for ten; four valid impressions of which two were seen;
		// three valid clicks.
		"funnel": `x1 | 11 | 11 | 1 | 4 | 2 | 3 | 2`,
		"reach": `
A | 2026-03-02 | 1 | 2 | 2
B | 2026-03-02 | 1 | 2 | 2`,
		// v2 came from the first impression of A (i1), v1 from the first of B (i3).
		"exposure": `
A | 1 | 1 | 1 | 1
A | 2 | 1 | 0 | 0
B | 1 | 1 | 1 | 1
B | 2 | 1 | 0 | 0`,
		"lag": `purchase | 2 | 1800 | 172800 | 172800 | 0.5 | 0.5 | 1`,
		"sites": `
bad.example | USD | 4 | 5 | 1 | 0 | 0.5 | 0.25 | NULL | true
good.example | USD | 3 | 9 | 1 | 2 | 0.1 | 0.75 | 1.5 | false
cheap.example | USD | 0.5 | 2 | 1 | 0 | 0 | 1 | NULL | false`,
		// The cheaper bid is the first tenth. 1.50 paid for a bid of 2.00.
		"bids": `
decile | 1 | 1 | 0 | 0 | NULL | NULL
decile | 2 | 1 | 1 | 1 | 0.75 | 0.5
hour | 10 | 1 | 1 | 1 | 0.75 | 0.5
hour | 11 | 1 | 0 | 0 | NULL | NULL
placement | p1 | 2 | 1 | 0.5 | 0.75 | 0.5`,
		"paths": `
A > B | 2 | 1 | USD | 40
A | 1 | 1 | USD | 10`,
		"assists": `
A | 1 | 1 | 1
B | 0 | 1 | 0`,
		// At 23:30 of the second of ten days 47.5 / 240 of the flight are over.
		"pacing": `A | USD | 10 | 5 | 0.197917 | 1.979167 | 3.020833 | 25.263158`,
		// A agrees; of B's 2 impressions the partner has 1.5: a quarter less.
		"discrepancy": `
2026-03-02 | A | verifier | 2 | 2 | 0 | 1 | 1 | 0 | false
2026-03-02 | B | verifier | 2 | 1.5 | 25 | 1 | 1 | 0 | true`,
		"quality": `
2026-03-02 | ID | 3 | 0.75 | 0
2026-03-02 | NONE | 1 | 0.25 | 1`,
		// One of three groups was written twice: the click and conversion came late.
		"moved": `2026-03-02 | 3 | 1 | 4 | 4 | 1 | 2 | 1 | 2`,
	}
	for _, q := range Questions() {
		t.Run(q.Name, func(t *testing.T) {
			expected, ok := want[q.Name]
			if !ok {
				t.Fatal("nobody has worked out its answer")
			}
			if got := answer(t, w, q); got != strings.TrimSpace(expected) {
				t.Errorf("%s\ngot\n%s\nwant\n%s", q.Title, got, strings.TrimSpace(expected))
			}
			if q.Title == "" || q.Prose == "" {
				t.Error("it has no title or no prose")
			}
		})
	}
	if len(want) != len(Questions()) {
		t.Errorf("%d answers for %d questions", len(want), len(Questions()))
	}
}

func TestPartnerCountsFromAFile(t *testing.T) {
	w := questionWorld(t)
	file := filepath.Join(t.TempDir(), "partner's.csv")
	if err := os.WriteFile(file, []byte("date,campaign_id,partner,impressions,clicks\n2026-03-02,A,p,1,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	q, err := FindQuestion("discrepancy")
	if err != nil {
		t.Fatal(err)
	}
	if got := answer(t, w, q.WithPartnerFile(file)); got != "2026-03-02 | A | p | 2 | 1 | 50 | 1 | 1 | 0 | true" {
		t.Error(got)
	}
}
