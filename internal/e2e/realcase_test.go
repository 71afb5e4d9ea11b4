package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// The case-study shapes as they are: no ids of impressions, clicks or
// conversions, one CSV topic for clicks and conversions, whole numbers as ids,
// times without a zone, bids in two schemas of their own.
func TestRealInput_CaseStudy(t *testing.T) {
	k := apache.Start(t, kafkatest.Options{Secure: true})
	d := newDeployment(t, k.Brokers, "case.")
	d.combined = true
	f := foreignClients(t, k.Brokers)
	d.reference(t,
		`[{"campaign_id":1,"currency":"USD","pricing":"cpc","rate_micros":500000},
		  {"campaign_id":2,"currency":"USD","pricing":"cpa","rate_micros":5000000}]`,
		`[{"creative_id":101,"campaign_id":1},{"creative_id":102,"campaign_id":2}]`)
	legacy := d.path("legacy.avsc")
	must(t, os.WriteFile(legacy, []byte(`{"type":"record","name":"BidRequest","fields":[
		{"name":"user_id","type":"string"},{"name":"auction_id","type":"string"},{"name":"timestamp","type":"string"},
		{"name":"ad_targeting","type":{"type":"map","values":"string"}}]}`), 0o600))
	flat := d.path("flat.avsc")
	must(t, os.WriteFile(flat, []byte(`{"type":"record","name":"Bid","fields":[
		{"name":"bid_amount","type":"double"},{"name":"user_id","type":"int"},{"name":"auction_id","type":"string"},
		{"name":"ip_address","type":"string"},{"name":"timestamp","type":"string"}]}`), 0o600))
	d.config["decode"] = `{avro: {schema_file: legacy.avsc}}`
	d.write(t)
	d.create(t, 3, nil)
	ts := times{time.Now().Add(-8 * time.Minute).Truncate(time.Second)}

	f.avro(t, d.topic("bids"), "bare", legacy,
		fmt.Sprintf(`{"user_id":"1","auction_id":"A1","timestamp":%q,"ad_targeting":{"age":"25-34","interest":"sport"}}`, ts.rfc(0)),
		fmt.Sprintf(`{"user_id":"2","auction_id":"A2","timestamp":%q,"ad_targeting":{}}`, ts.naive(time.Second)))
	f.avro(t, d.topic("bids"), "container", flat,
		fmt.Sprintf(`{"bid_amount":1.75,"user_id":6,"auction_id":"A3","ip_address":"192.0.2.7","timestamp":%q}`, ts.naive(2*time.Second)))
	f.console(t, d.topic("impressions"), caseImpressions(ts)...)
	f.console(t, d.topic("clicks_conversions"), caseClicksConversions(ts)...)

	s := d.untilEnd(t)
	// 1: creative 101 to users 1..5, user 2's record twice; clicks of users 1 and
	//    2, the latter's record twice, 2/5 = 0.4; two purchases of user 1 count
	//    (EVERY), user 3's "conversion" after a view; 2 clicks x 0.50 = 1.00.
	// 2: creative 102 to users 6..8; clicks of user 6 and of user 77, whom no
	//    impression knows, 2/3; one of two sign-ups counts; 1 x 5.00.
	// Nobody knows creative 999.
	same(t, "campaigns", d.table(t, campaignSQL), `
1 5 2 0.4000 2 1 1000000 0 0
2 3 2 0.6667 1 0 5000000 0 0
unknown 1 0 0.0000 0 0 0 0 0`)
	// No joins multiply: a click row for each accepted click (K7).
	same(t, "clicks", d.table(t, `select campaign_id, match_status, match_method, orphan_reason, count(*) n from fact_clicks_current group by all order by all`), `
1 MATCHED USER_CAMPAIGN - 2
2 MATCHED USER_CAMPAIGN - 1
2 ORPHAN NONE NO_PARENT 1`)
	same(t, "conversions", d.table(t, `select declared_campaign_id, conversion_type, touch_kind, counted, count_reason, count(*) n from fact_conversions_current group by all order by all`), `
1 conversion VIEW true - 1
1 page_view NONE true - 1
1 purchase CLICK true - 2
2 sign_up CLICK false COUNT_ONE 1
2 sign_up CLICK true - 1`)
	same(t, "bids", d.table(t, `select auction_id, bid_cpm_micros, targeting['interest'] interest from fact_bids_current order by 1`), "A1 - sport\nA2 - -\nA3 1750000 -")
	same(t, "late impressions", d.table(t, `select campaign_id, sum(late_events) from agg_campaign_minute_current where late_events > 0 group by 1`), "1 1")
	same(t, "rejected", d.table(t, rejectedSQL), strings.ReplaceAll("T.clicks_conversions CSV_ARITY 1\nT.impressions BAD_JSON 1", "T.", d.prefix))
	c := s.Ledger.Classes[d.topic("clicks_conversions")]
	if c["fact"] != 10 || c["dup_exact"] != 1 || c["rejected:CSV_ARITY"] != 1 {
		t.Errorf("ledger of clicks and conversions: %v, want 10 facts, 1 duplicate, 1 rejected", c)
	}
}

// caseImpressions: user 5's is two hours late, one is cut short.
func caseImpressions(ts times) []string {
	imp := func(creative, user int, at string) string {
		return fmt.Sprintf(`{"ad_creative_id":%d,"user_id":%d,"timestamp":%q,"website":"news.example"}`, creative, user, at)
	}
	second := imp(101, 2, ts.rfc(time.Second))
	return []string{
		imp(101, 1, ts.naive(0)), second, second, imp(101, 3, ts.naive(2*time.Second)+".250"),
		imp(101, 4, ts.naive(3*time.Second)), imp(101, 5, ts.naive(-2*time.Hour)),
		imp(102, 6, ts.naive(4*time.Second)), imp(102, 7, ts.naive(5*time.Second)), imp(102, 8, ts.naive(6*time.Second)),
		imp(999, 9, ts.naive(7*time.Second)),
		`{"ad_creative_id":101,`,
	}
}

func caseClicksConversions(ts times) []string {
	second := ts.naive(12*time.Second) + ",2,1,click"
	return []string{
		ts.naive(10*time.Second) + ",1,1,click", second, second,
		ts.naive(14*time.Second) + ",6,2,click",
		ts.naive(15*time.Second) + ",77,2,click",
		ts.naive(60*time.Second) + ",1,1,purchase",
		ts.naive(90*time.Second) + ",1,1,purchase",
		ts.naive(61*time.Second) + ",6,2,signup",
		ts.naive(71*time.Second) + ",6,2,signup",
		ts.naive(62*time.Second) + ",3,1,conversion",
		ts.naive(63*time.Second) + ",88,1,visit",
		ts.naive(64*time.Second) + ",3",
	}
}
