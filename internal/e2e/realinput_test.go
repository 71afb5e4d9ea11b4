package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// campaignSQL is what an analyst asks: CTR, conversions, spend and revenue of a
// campaign, money in micros of its currency, from the aggregates alone.
const campaignSQL = `select campaign_id,
  cast(sum(impressions_net) as bigint) imps, cast(sum(clicks_net) as bigint) clicks,
  printf('%.4f', cast(sum(clicks_net) as double) / nullif(cast(sum(impressions_net) as double), 0)) ctr,
  cast(sum(conv_ct) as bigint) ct, cast(sum(conv_vt) as bigint) vt,
  cast(sum(spend_micros) as bigint) spend, cast(sum(value_ct_micros) as bigint) revenue,
  cast(sum(value_vt_micros) as bigint) vt_revenue
from agg_campaign_minute_current
where campaign_id <> '' group by 1 having imps + clicks + ct + vt > 0 order by 1`

// rejectedSQL is what could not be used, and why.
const rejectedSQL = `select topic, reason, count(*) n from rejected_events_current group by 1, 2 order by 1, 2`

// times writes moments a few minutes ago in the ways of sources.
type times struct{ base time.Time }

func (ts times) rfc(d time.Duration) string   { return ts.base.Add(d).UTC().Format(time.RFC3339) }
func (ts times) naive(d time.Duration) string { return ts.base.Add(d).UTC().Format(time.DateTime) }
func (ts times) micros(d time.Duration) int64 { return ts.base.Add(d).UnixMicro() }

// The full shapes of all four inputs, sent by Kafka's console producer and, for
// Avro and for records with line breaks, by Apache's producer and Apache Avro.
func TestRealInput_FullShapes(t *testing.T) {
	k := apache.Start(t, kafkatest.Options{Secure: true})
	d := newDeployment(t, k.Brokers, "full.")
	f := foreignClients(t, k.Brokers)
	d.reference(t,
		`[{"campaign_id":"c1","advertiser_id":"a1","currency":"USD","pricing":"cpm"},
		  {"campaign_id":"c2","advertiser_id":"a2","currency":"USD","pricing":"cpm"}]`,
		`[{"creative_id":"cr1","campaign_id":"c1"},{"creative_id":"cr2","campaign_id":"c2"}]`)
	d.config["decode"] = `{csv: {clicks_columns: [event_timestamp, user_id, campaign_id, creative_id, click_id, impression_id],
  conversions_columns: [event_timestamp, user_id, campaign_id, conversion_type, conversion_id, order_id, click_id, value, currency, adjustment]}}`
	d.write(t)
	d.create(t, 3, nil)
	ts := times{time.Now().Add(-8 * time.Minute).Truncate(time.Second)}

	f.avro(t, d.topic("bids"), "single", f.schema, fullBids(ts)...)
	f.raw(t, d.topic("bids"), "\x07this is not Avro")
	lines, records := fullImpressions(ts)
	f.console(t, d.topic("impressions"), lines...)
	f.raw(t, d.topic("impressions"), records...)
	f.console(t, d.topic("clicks"), fullClicks(ts)...)
	f.raw(t, d.topic("clicks"), fullClickFile(ts))
	f.console(t, d.topic("conversions"), fullConversions(ts)...)

	s := d.untilEnd(t)
	// c1: impressions i1..i6, CPM 2.10+2.00+1.50+3.00+1.25+0.15 = 10.00, which is
	//     10.00/1000 = 0.010000 for one of each; clicks k1, k2 and k6 (k3 repeats
	//     k2 within 30 s), 3/6; conversions after a click v1 40.00 and v2, restated
	//     from 25.50 to 30.50; after a view v3 10.00. v4 repeats the order of v1.
	// c2: impressions i7..i10, CPM 5.00+4.50+0.25+0.75 = 10.50; clicks k4, k7 and
	//     the orphan k5, 3/4; of the two sign-ups v5, v6 one counts.
	same(t, "campaigns", d.table(t, campaignSQL), `
c1 6 3 0.5000 2 1 10000 70500000 10000000
c2 4 3 0.7500 1 0 10500 0 0`)
	same(t, "reach", d.table(t, `select campaign_id, sum(reach) from agg_campaign_day_current where reach > 0 group by 1 order by 1`), "c1 6\nc2 4")
	same(t, "late events", d.table(t, `select campaign_id, sum(late_events) from agg_campaign_minute_current where late_events > 0 group by 1`), "c1 1")
	same(t, "clicks", d.table(t, `select click_id, impression_id, match_status, orphan_reason, ivt_codes from fact_clicks_current order by 1`), `
k1 i1 MATCHED - -
k2 i2 MATCHED - -
k3 i2 MATCHED - REPEAT_CLICK
k4 i7 MATCHED - -
k5 i404 ORPHAN NO_PARENT -
k6 i4 MATCHED - -
k7 i8 MATCHED - -`)
	same(t, "conversions", d.table(t, `select conversion_id, touch_kind, last_touch_campaign_id, counted, count_reason, value_micros from fact_conversions_current order by 1`), `
v1 CLICK c1 true - 40000000
v2 CLICK c1 true - 30500000
v3 VIEW c1 true - 10000000
v4 NONE - false DUP_ORDER 40000000
v5 CLICK c2 true - 0
v6 CLICK c2 false COUNT_ONE 0
v7 NONE - true - 99000000`)
	// Four offers won; b5 and b6 lost; a7 is a request without an offer.
	same(t, "bids", d.table(t, `select outcome, count(*) n from bids_outcome group by 1 order by 1`), "LOST 1\nNO_BID 1\nPENDING 1\nWON 4")
	same(t, "wins", d.table(t, `select impression_id, bid_id, bid_cpm_micros, clearing_cpm_micros from fact_wins_current order by 1`), `
i1 b1 2500000 2100000
i2 b2 2400000 2000000
i3 b3 1500000 1500000
i7 b4 6000000 5000000`)
	same(t, "rejected", d.table(t, rejectedSQL), strings.ReplaceAll(`
T.bids BAD_AVRO 1
T.clicks CSV_ARITY 1
T.conversions BAD_MONEY 1
T.impressions BAD_JSON 1
T.impressions TOO_LATE 1`, "T.", d.prefix))
	fullLedger(t, d, s)
	if again := d.untilEnd(t); again.Records[d.topic("clicks")] != 0 {
		t.Errorf("a second run reads what the first has committed: %v", again.Records)
	}
	same(t, "rows after a second run", d.table(t, `select count(*), count(distinct impression_id) from fact_impressions`), "10 10")
}

// fullLedger checks the classes of every topic (ST4), counted by hand.
func fullLedger(t *testing.T, d *deployment, s summary) {
	t.Helper()
	for topic, want := range map[string]string{
		"bids":        "fact 7, dup_exact 1, rejected 1",
		"impressions": "fact 10, dup_exact 1, rejected 2",
		"clicks":      "fact 7, dup_exact 1, rejected 1",
		"conversions": "fact 8, dup_exact 0, rejected 1", // seven and the restatement
	} {
		c := s.Ledger.Classes[d.topic(topic)]
		var rejected int64
		for class, n := range c {
			if strings.HasPrefix(class, "rejected:") {
				rejected += n
			}
		}
		same(t, "ledger of "+topic, fmt.Sprintf("fact %d, dup_exact %d, rejected %d", c["fact"], c["dup_exact"], rejected), want)
	}
}

// fullBids are seven auctions, b1 sent twice.
func fullBids(ts times) []string {
	bid := func(auction, user string, at time.Duration, offers string) string {
		return fmt.Sprintf(`{"auction_id":%q,"exchange":"x1","timestamp":%d,"user":{"user_id":%q,"country":"USA"},"site_domain":"news.example",`+
			`"imps":[{"imp_id":"1","w":300,"h":250}],"targeting":{"segment":"sport"},"bids":[%s]}`, auction, ts.micros(at), user, offers)
	}
	offer := func(id, campaign, creative string, micros int64, more string) string {
		return fmt.Sprintf(`{"bid_id":%q,"imp_id":"1","campaign_id":%q,"creative_id":%q,"price_cpm_micros":%d%s}`, id, campaign, creative, micros, more)
	}
	b1 := bid("a1", "u1", -time.Second, offer("b1", "c1", "cr1", 2_500_000, ""))
	return []string{
		b1, b1,
		bid("a2", "u2", 0, offer("b2", "c1", "cr1", 2_400_000, "")),
		bid("a3", "u3", time.Second, offer("b3", "c1", "cr1", 1_500_000, "")),
		bid("a4", "u7", 9*time.Second, offer("b4", "c2", "cr2", 6_000_000, `,"loss_code":0`)),
		bid("a5", "u20", 5*time.Second, offer("b5", "c1", "cr1", 900_000, `,"loss_code":102,"min_to_win_cpm_micros":950000`)),
		bid("a6", "u21", 6*time.Second, offer("b6", "c2", "cr2", 800_000, "")),
		bid("a7", "u22", 7*time.Second, ""),
	}
}

// fullImpressions are ten impressions: i2 is sent twice, i6 is three hours
// late, one record is cut short and one is 49 hours late. i7 and i8 share a
// record of two lines, i9 and i10 one array.
func fullImpressions(ts times) (lines, records []string) {
	imp := func(id, user, creative, price string, at time.Duration, more string) string {
		return fmt.Sprintf(`{"impression_id":%q,"timestamp":%q,"user_id":%q,"creative_id":%q,"website":"https://www.News.example:443/front?x=1","price":%q,"currency":"USD","country":"US"%s}`,
			id, ts.rfc(at), user, creative, price, more)
	}
	won := func(auction, bid string) string {
		return fmt.Sprintf(`,"exchange":"x1","auction_id":%q,"imp_id":"1","bid_id":%q`, auction, bid)
	}
	i2 := imp("i2", "u2", "cr1", "2.00", time.Second, won("a2", "b2"))
	lines = []string{
		imp("i1", "u1", "cr1", "2.10", 0, won("a1", "b1")+`,"campaign_id":"c1","viewable":true,"measurable":true`),
		i2, i2,
		imp("i3", "u3", "cr1", "1.5", 2*time.Second, won("a3", "b3")),
		imp("i4", "u4", "cr1", "3.00", 3*time.Second, ""),
		imp("i5", "u5", "cr1", "1.25", 4*time.Second, ""),
		imp("i6", "u6", "cr1", "0.15", -3*time.Hour, ""),
		`{"impression_id":"i11","timestamp":`,
		imp("i12", "u12", "cr1", "1.00", -49*time.Hour, ""),
	}
	i7, i8 := imp("i7", "u7", "cr2", "5.00", 10*time.Second, won("a4", "b4")), imp("i8", "u8", "cr2", "4.50", 11*time.Second, "")
	i9, i10 := imp("i9", "u9", "cr2", "0.25", 12*time.Second, ""), imp("i10", "u10", "cr2", "0.75", 13*time.Second, "")
	return lines, []string{i7 + "\n" + i8 + "\n", "[" + i9 + "," + i10 + "]"}
}

// fullClicks are in the configured columns; k2 is sent twice, k3 follows it
// after five seconds, k5 names an impression nobody sent, one line is short.
func fullClicks(ts times) []string {
	k2 := ts.rfc(21*time.Second) + ",u2,c1,cr1,k2,i2"
	return []string{
		ts.rfc(9*time.Second) + ",u1,c1,cr1,k1,i1",
		k2, k2,
		ts.rfc(26*time.Second) + ",u2,c1,cr1,k3,i2",
		ts.rfc(22*time.Second) + ",u7,c2,cr2,k4,i7",
		ts.rfc(30*time.Second) + ",u99,c2,cr2,k5,i404",
		ts.rfc(31*time.Second) + ",u5",
	}
}

// fullClickFile is one record with a byte order mark, a header that sets
// another order, line breaks of Windows and a quoted cell.
func fullClickFile(ts times) string {
	return "\ufeffclick_id,impression_id,event_timestamp,user_id,campaign_id,landing_url\r\n" +
		"k6,i4," + ts.rfc(40*time.Second) + ",u4,c1,\"https://shop.example/a,b\"\r\n" +
		"k7,i8," + ts.rfc(41*time.Second) + ",u8,c2,\r\n"
}

func fullConversions(ts times) []string {
	return []string{
		ts.rfc(60*time.Second) + ",u1,c1,purchase,v1,o1,k1,40.00,USD,",
		ts.rfc(70*time.Second) + ",u2,c1,purchase,v2,o2,,25.50,USD,",
		ts.rfc(80*time.Second) + ",u3,c1,purchase,v3,o3,,10.00,USD,",
		ts.rfc(90*time.Second) + ",u1,c1,purchase,v4,o1,k1,40.00,USD,",
		ts.rfc(61*time.Second) + ",u7,c2,Sign-Up,v5,,k4,,,",
		ts.rfc(62*time.Second) + ",u7,c2,signup,v6,,k4,,,",
		ts.rfc(63*time.Second) + ",u50,c1,purchase,v7,o7,,99.00,USD,",
		ts.rfc(95*time.Second) + ",u2,c1,purchase,v2,o2,,30.50,USD,RESTATE",
		ts.rfc(96*time.Second) + ",u2,c1,purchase,v9,o9,,abc,USD,",
	}
}
