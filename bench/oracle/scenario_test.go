package oracle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// The golden scenarios of the semantics, through real wire bytes.

func TestS1_FullChain(t *testing.T) {
	f := newFeed()
	f.bid(at("09:59:58"), newRequest(at("09:59:58"), "a1", "u1", offerOf("b1", "1", "A", "cr1", 2_500_000)))
	f.impression(at("10:00:00"), "impression_id=i1", "user_id=u1", "creative_id=cr1", "campaign_id=A",
		"exchange=x1", "auction_id=a1", "price=2.10", "currency=USD", "website=https://www.News.example/a?b")
	f.click(at("10:00:09"), "click_id=k1", "user_id=u1", "campaign_id=A", "impression_id=i1")
	f.conversion(at("10:20:00"), "conversion_id=v1", "user_id=u1", "conversion_type=purchase", "click_id=k1", "value=40.00", "currency=USD")
	out := f.run(t)

	if len(out.Wins) != 1 {
		t.Fatalf("wins: %d, want 1", len(out.Wins))
	}
	win := out.Wins[0]
	same(t, "win", spaced(win.ImpressionID, win.BidID, win.MatchMethod, win.BidToImpMS, win.BidMicros, *win.ClearingMicros), "i1 b1 AUCTION 2000 2500000 2100000")
	click := clickByID(t, out, "k1")
	same(t, "click method", click.MatchMethod, "ID")
	same(t, "click ms", *click.ImpToClickMS, 9000)
	same(t, "click site", click.SiteDomain, "news.example")
	for _, m := range models {
		same(t, "credit "+m, credits(out, "v1", m), "k1:1000000:40000000")
	}
	same(t, "conv_ct", total(out, all, func(m *table.CampaignMinute) int64 { return m.ConvCT }), 1)
	same(t, "revenue", total(out, all, func(m *table.CampaignMinute) int64 { return m.ValueCTMicros }), 40_000_000)
	same(t, "spend micros", total(out, all, func(m *table.CampaignMinute) int64 { return m.SpendMicros }), 2100)
	for _, m := range out.CampaignMinutes {
		if m.ImpressionsGross > 0 {
			same(t, "spend nanos", m.SpendNanos, table.Decimal38Of(event.Int128Of(2_100_000)))
		}
	}
	conv := conversionByID(t, out, "v1")
	same(t, "click to conversion", *conv.ClickToConvS, 1191)
	same(t, "touch", conv.TouchKind+" "+conv.LastTouchCampaignID, "CLICK A")
}

func TestS2_ClickBeatsLaterView(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","advertiser_id":"adv"},{"campaign_id":"B","advertiser_id":"adv"}]`
	f.click(at("10:00:00"), "click_id=k1", "user_id=u", "campaign_id=A", "creative_id=ca")
	f.impression(at("1d 10:00:00"), "impression_id=i1", "user_id=u", "creative_id=cb", "campaign_id=B")
	f.conversion(at("1d 12:00:00"), "conversion_id=v1", "user_id=u", "conversion_type=purchase", "advertiser_id=adv", "value=1")
	out := f.run(t)
	same(t, "A conv_ct", total(out, campaignIs("A"), func(m *table.CampaignMinute) int64 { return m.ConvCT }), 1)
	same(t, "B assists", total(out, campaignIs("B"), func(m *table.CampaignMinute) int64 { return m.Assists }), 1)
	same(t, "A assists", total(out, campaignIs("A"), func(m *table.CampaignMinute) int64 { return m.Assists }), 0)
	same(t, "conv_vt", total(out, all, func(m *table.CampaignMinute) int64 { return m.ConvVT }), 0)
	same(t, "path", credits(out, "v1", "linear"), "k1:1000000:1000000")
}

func TestS3_ViewThroughBoundary(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		kind  string
	}{{24 * time.Hour, "VIEW"}, {24*time.Hour + time.Microsecond, "NONE"}} {
		f := newFeed()
		f.impression(at("10:00:00"), "impression_id=i1", "user_id=u", "creative_id=c", "campaign_id=A")
		f.conversion(at("10:00:00").Add(c.after), "conversion_id=v1", "user_id=u", "conversion_type=purchase", "campaign_id=A")
		out := f.run(t)
		same(t, c.after.String(), conversionByID(t, out, "v1").TouchKind, c.kind)
		same(t, "conv_vt", total(out, all, func(m *table.CampaignMinute) int64 { return m.ConvVT }) == 1, c.kind == "VIEW")
		if c.kind == "NONE" {
			same(t, "rows", len(out.Attributions), 5)
			same(t, "reason", out.Attributions[0].Reason, "NO_TOUCH")
		}
	}
}

func TestS4_RepeatClicks(t *testing.T) {
	f := newFeed()
	for _, s := range []int{0, 1, 29, 31, 61} {
		f.click(at("10:00:00").Add(time.Duration(s)*time.Second),
			fmt.Sprintf("click_id=k%02d", s), "user_id=u", "campaign_id=A", "creative_id=c")
	}
	verdicts := func(out *Tables) string {
		var list []string
		for _, c := range out.Clicks {
			list = append(list, c.ClickID+"="+c.IVTCodes)
		}
		return strings.Join(list, " ")
	}
	out := f.both(t, verdicts)
	same(t, "verdicts", verdicts(out), "k00= k01=REPEAT_CLICK k29=REPEAT_CLICK k31= k61=")
	same(t, "net", total(out, all, func(m *table.CampaignMinute) int64 { return m.ClicksNet }), 3)
	same(t, "givt", total(out, all, func(m *table.CampaignMinute) int64 { return m.ClicksGIVT }), 2)
}

func TestS5_ChildBeforeItsParent(t *testing.T) {
	f := newFeed()
	f.csv("clicks", at("10:00:05"), at("10:00:06"), "click_id=k", "user_id=u", "campaign_id=A", "impression_id=i")
	f.put("ad_impressions", at("10:20:00"), []byte(object("timestamp="+stamp(at("10:00:00")), "impression_id=i", "user_id=u", "creative_id=c", "campaign_id=A")))
	out := f.run(t)
	same(t, "clicks", len(out.Clicks), 1)
	same(t, "status", out.Clicks[0].MatchStatus, "MATCHED")
	same(t, "late", out.Impressions[0].Late, true)
}

func TestS6_DuplicateOrder(t *testing.T) {
	f := newFeed()
	f.conversion(at("10:05:00"), "conversion_id=v2", "user_id=u", "conversion_type=purchase", "order_id=o", "value=5")
	f.conversion(at("10:00:00"), "conversion_id=v1", "user_id=u", "conversion_type=purchase", "order_id=o", "value=5")
	verdicts := func(out *Tables) string {
		a, b := conversionByID(t, out, "v1"), conversionByID(t, out, "v2")
		return spaced(a.Counted, b.Counted, b.CountReason)
	}
	out := f.both(t, verdicts)
	same(t, "verdicts", verdicts(out), "true false DUP_ORDER")
	for _, a := range out.Attributions {
		if a.ConversionID == "v2" && (a.Reason != "DUP_ORDER" || a.CreditPPM != 0 || a.Counted) {
			t.Errorf("duplicate order earns credit: %+v", a)
		}
	}
}

func TestS7_SentinelUsers(t *testing.T) {
	f := newFeed()
	f.impression(at("09:00:00"), "impression_id=i", "user_id=0", "creative_id=c", "campaign_id=A")
	for n := range 1000 {
		f.click(at("10:00:00"), fmt.Sprintf("click_id=k%d", n), "user_id=0", "campaign_id=A")
	}
	out := f.run(t)
	same(t, "clicks", len(out.Clicks), 1000)
	for _, c := range out.Clicks {
		if c.MatchStatus != "ORPHAN" || c.OrphanReason != "NO_KEYS" || c.UserKey != "" {
			t.Fatalf("click %s: %s %s", c.ClickID, c.MatchStatus, c.OrphanReason)
		}
	}
	for _, d := range out.CampaignDays {
		same(t, "reach", d.Reach, 0)
	}
	same(t, "orphans", total(out, all, func(m *table.CampaignMinute) int64 { return m.OrphanClicks }), 1000)
}

func TestS8_CountModes(t *testing.T) {
	for _, c := range []struct {
		campaigns string
		counted   int
	}{
		{"", 1},
		{`[{"campaign_id":"A","count_modes":{"signup":"EVERY"}}]`, 3},
	} {
		f := newFeed()
		f.campaigns = c.campaigns
		f.click(at("10:00:00"), "click_id=k", "user_id=u", "campaign_id=A")
		for n := range 3 {
			f.conversion(at("10:01:00").Add(time.Duration(n)*time.Second), fmt.Sprintf("conversion_id=v%d", n), "user_id=u", "campaign_id=A", "conversion_type=Sign-Up")
		}
		out := f.run(t)
		counted := 0
		for _, v := range out.Conversions {
			if v.Counted {
				counted++
			} else {
				same(t, "reason", v.CountReason, "COUNT_ONE")
			}
		}
		same(t, "counted", counted, c.counted)
		same(t, "first", conversionByID(t, out, "v0").Counted, true)
		same(t, "conv_ct", total(out, all, func(m *table.CampaignMinute) int64 { return m.ConvCT }), int64(c.counted))
	}
}

func TestS9_Retract(t *testing.T) {
	f := newFeed()
	f.click(at("10:00:00"), "click_id=k", "user_id=u", "campaign_id=A")
	f.conversion(at("10:01:00"), "conversion_id=v", "user_id=u", "campaign_id=A", "conversion_type=purchase", "value=40")
	f.conversion(at("3d 10:01:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "adjustment=retract")
	out := f.run(t)
	v := conversionByID(t, out, "v")
	same(t, "state", spaced(v.AdjustmentState, v.Counted, v.CountReason, v.ValueMicros, v.OriginalValueMicros), "RETRACTED false RETRACTED 0 40000000")
	for _, m := range models {
		same(t, m, credits(out, "v", m), "k:1000000:0")
	}
	same(t, "conv_ct", total(out, all, func(m *table.CampaignMinute) int64 { return m.ConvCT + m.ValueCTMicros }), 0)
	same(t, "facts", out.Ledger["conversions"].Fact, 2)
}

func TestS10_FallbackWithoutFanOut(t *testing.T) {
	f := newFeed()
	for n := range 3 {
		f.impression(at("10:00:00").Add(time.Duration(n)*time.Second), fmt.Sprintf("impression_id=i%d", n), "user_id=u", "creative_id=c", "campaign_id=A")
	}
	f.click(at("10:05:00"), "click_id=k1", "user_id=u", "campaign_id=A")
	f.click(at("10:06:00"), "click_id=k2", "user_id=u", "campaign_id=A")
	out := f.run(t)
	same(t, "clicks", len(out.Clicks), 2)
	for _, c := range out.Clicks {
		same(t, c.ClickID, c.ImpressionID+" "+c.MatchMethod, "i2 USER_CAMPAIGN")
	}
	same(t, "impressions", total(out, all, func(m *table.CampaignMinute) int64 { return m.ImpressionsNet }), 3_000_000)
	same(t, "clicks net", total(out, all, func(m *table.CampaignMinute) int64 { return m.ClicksNet }), 2)
}

func TestS11_LocalDays(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"B","tz":"Europe/Berlin"},{"campaign_id":"K","tz":"Asia/Kolkata"}]`
	minute := 0
	for t0 := time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC); t0.Before(time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)); t0 = t0.Add(time.Minute) {
		f.impression(t0, fmt.Sprintf("impression_id=b%d", minute), fmt.Sprintf("user_id=u%d", minute), "creative_id=c", "campaign_id=B")
		f.impression(t0, fmt.Sprintf("impression_id=k%d", minute), fmt.Sprintf("user_id=u%d", minute), "creative_id=c", "campaign_id=K")
		minute++
	}
	out := f.run(t)
	reach := map[string]int64{}
	for _, d := range out.CampaignDays {
		reach[fmt.Sprintf("%s %s", d.CampaignID, time.Unix(int64(d.Day)*86400, 0).UTC().Format(time.DateOnly))] = d.Reach
	}
	// One new user a minute: reach is the number of minutes of the local day.
	same(t, "Berlin", reach["B 2026-03-29"], 1380)
	same(t, "Kolkata ends", reach["K 2026-03-29"], (18*60+30)+2*60)
	same(t, "Kolkata starts", reach["K 2026-03-30"], 5*60+30)
}

func TestS12_TooLate(t *testing.T) {
	f := newFeed()
	f.csv("conversions", day0, day0.AddDate(0, 0, 36), "conversion_id=v", "user_id=u", "campaign_id=A", "conversion_type=purchase")
	f.csv("conversions", day0, day0.AddDate(0, 0, 35), "conversion_id=w", "user_id=u", "conversion_type=purchase")
	out := f.run(t)
	same(t, "rejects", len(out.Rejected), 1)
	r := out.Rejected[0]
	same(t, "reject", spaced(r.Reason, r.EventTime, r.CampaignID), spaced("TOO_LATE", event.TimeOf(day0), "A"))
	same(t, "ledger", out.Ledger["conversions"].Total(), 2)
	same(t, "conversions", len(out.Conversions), 1)

	f.set.Backfill = []string{"conversions"}
	same(t, "backfill", len(f.run(t).Conversions), 2)
}

func TestS13_IDConflict(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:00"), "impression_id=i", "creative_id=c1")
	f.impression(at("10:00:01"), "impression_id=i", "creative_id=c2")
	show := func(out *Tables) string {
		r := out.Rejected[0]
		return spaced(len(out.Impressions), out.Impressions[0].CreativeID, r.Reason, r.Field, r.Detail)
	}
	out := f.both(t, show)
	first := headHex(printOf("impression_id", "i", "timestamp", stamp(at("10:00:00")), "creative_id", "c1"))
	second := headHex(printOf("impression_id", "i", "timestamp", stamp(at("10:00:01")), "creative_id", "c2"))
	same(t, "conflict", show(out), "1 c1 DUP_ID_CONFLICT impression_id fact "+first+", this record "+second)
	same(t, "ledger", out.Ledger["ad_impressions"].IDConflict, 1)
}

func TestS14_PriceMacros(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:00"), "impression_id=i1", "creative_id=c", "price=${AUCTION_PRICE}")
	f.impression(at("10:00:00"), "impression_id=i2", "creative_id=c", "price=AUDIT")
	out := f.run(t)
	for _, i := range out.Impressions {
		if i.PriceMicros != nil {
			t.Errorf("%s has a price", i.ImpressionID)
		}
		switch i.ImpressionID {
		case "i1":
			same(t, "i1", spaced(i.Valid, i.Flags), "true PRICE_ENCODED,UNMAPPED_CREATIVE")
		case "i2":
			same(t, "i2", spaced(i.Valid, i.IVTClass, i.IVTCodes), "false GIVT TEST_TRAFFIC")
		}
	}
	same(t, "gross", total(out, all, func(m *table.CampaignMinute) int64 { return m.ImpressionsGross }), 2_000_000)
	same(t, "net", total(out, all, func(m *table.CampaignMinute) int64 { return m.ImpressionsNet }), 1_000_000)
}

// printOf is a fingerprint over names and values in turn.
func printOf(pairs ...string) event.Fingerprint {
	var p printer
	for i := 0; i < len(pairs); i += 2 {
		p.add(pairs[i], pairs[i+1])
	}
	return p.sum()
}
