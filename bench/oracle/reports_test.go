package oracle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/table"
)

func orNull[T any](v *T) string {
	if v == nil {
		return "NULL"
	}
	return fmt.Sprint(*v)
}

func TestG2_ReportingCurrency(t *testing.T) {
	f := newFeed()
	f.fx = `[{"date":"2026-03-02","from":"EUR","to":"USD","rate":1.1,"version":"ecb"},{"date":"2026-03-02","from":"GBP","to":"USD","rate":"2","version":"zz"},
		{"date":"2026-03-02","from":"USD","to":"EUR","rate":9},{"date":"2026-03-02","from":"CHF","to":"USD","rate":"0.5"}]`
	paid := func(moment, currency string) {
		f.impression(at(moment), "id="+moment+currency, "user_id=u", "creative_id=cr", "campaign_id=c", "price=0.002345", "currency="+currency)
	}
	for _, currency := range []string{"EUR", "USD", "CHF", "JPY"} {
		paid("10:00:00", currency)
	}
	paid("1d 10:00:00", "EUR")
	f.click(at("11:00:00"), "click_id=k", "user_id=u", "campaign_id=o")
	f.conversion(at("1d 11:00:00"), "conversion_id=v", "user_id=u", "campaign_id=o", "conversion_type=purchase", "value=3", "currency=GBP")
	out := f.run(t)
	var got []string
	for _, m := range out.CampaignMinutes {
		got = append(got, spaced(m.BucketStart.UTC().Format("02 15:04"), m.Currency, m.SpendMicros, orNull(m.SpendRCMicros), orNull(m.ValueCTRCMicros), m.FXVersion))
	}
	same(t, "minutes", strings.Join(got, "\n"), strings.Join([]string{
		"02 10:00 CHF 2 1 0 ", // 1,172.5 nanos
		"02 10:00 EUR 2 3 0 ecb",
		"02 10:00 JPY 2 NULL 0 ",
		"02 10:00 USD 2 2 0 ",
		"02 11:00  0 0 0 ",
		"02 11:00 GBP 0 0 6000000 zz",
		"03 10:00 EUR 2 NULL 0 ",
		"03 11:00 GBP 0 0 0 ",
	}, "\n"))
	for _, h := range out.CampaignHours {
		if h.Currency == "EUR" {
			want := map[string]string{"02": "3 ecb", "03": "NULL "}[h.BucketStart.UTC().Format("02")]
			same(t, "hour", spaced(orNull(h.SpendRCMicros), h.FXVersion), want)
		}
	}
	f.set.ReportingCurrency = "EUR"
	for _, m := range f.run(t).CampaignMinutes {
		if m.Currency == "USD" {
			same(t, "into EUR", spaced(orNull(m.SpendRCMicros)), "21")
		}
	}
}

// A local day has amounts of two UTC dates, each at its own rate.
func TestG2_ALocalDayIsSplitByDate(t *testing.T) {
	for _, c := range []struct{ second, want string }{{`,{"date":"2026-03-03","from":"EUR","to":"USD","rate":3,"version":"a"}`, "5000 b"}, {"", "NULL b"}} {
		f := newFeed()
		f.campaigns = `[{"campaign_id":"c","tz":"America/New_York"}]`
		f.fx = `[{"date":"2026-03-02","from":"EUR","to":"USD","rate":2,"version":"b"}` + c.second + `]`
		f.impression(at("23:00:00"), "id=i", "user_id=u", "creative_id=cr", "campaign_id=c", "price=1", "currency=EUR")
		f.impression(at("1d 01:00:00"), "id=j", "user_id=u", "creative_id=cr", "campaign_id=c", "price=1", "currency=EUR")
		d := f.run(t).CampaignDays
		same(t, "rows", len(d), 1)
		same(t, "day", spaced(orNull(d[0].SpendRCMicros), d[0].FXVersion), c.want)
	}
}

func TestG2_BadRates(t *testing.T) {
	for _, bad := range []string{`{`, `[{"date":"2026-13-01","from":"EUR","to":"USD","rate":1}]`, `[{"date":"2026-03-01","from":"EUR","to":"USD","rate":0}]`, `[{"date":"2026-03-01","from":"EUR","to":"USD","rate":"1e3"}]`} {
		f := newFeed()
		if _, err := Run(Input{Records: f, FX: []byte(bad), Settings: f.set}); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestG7_Sites(t *testing.T) {
	f := newFeed()
	f.set.Windows.ClickRefractory = 0
	f.set.MaxClicksPerImpression = 0
	f.campaigns = `[{"campaign_id":"A","pricing":"cpa","rate_micros":5}]`
	f.impression(at("10:00:00"), "id=i", "user_id=u", "creative_id=cr", "campaign_id=A", "site=https://www.a.example/x", "viewable=:true")
	f.impression(at("10:00:00"), "id=t", "user_id=u", "creative_id=cr", "campaign_id=A", "site=a.example", "is_test=1")
	f.impression(at("10:00:00"), "id=app", "user_id=w", "creative_id=cr", "campaign_id=A", "site=a.example", "app_bundle=com.app")
	for n, ms := range []int{4000, 300, 900, 1000} {
		f.click(at("10:00:00").Add(time.Duration(ms)*time.Millisecond), fmt.Sprint("click_id=k", n), "user_id=u", "impression_id=i")
	}
	f.click(at("10:00:02"), "click_id=bad", "user_id=u", "impression_id=i", "is_test=1")
	f.click(at("10:00:02"), "click_id=lone", "user_id=x", "site=a.example", "campaign_id=A")
	f.conversion(at("10:00:13.999999"), "conversion_id=v1", "user_id=u", "conversion_type=purchase", "value=1", "currency=USD", "click_id=k0")
	f.conversion(at("10:00:14"), "conversion_id=v2", "user_id=u", "conversion_type=purchase", "value=1", "currency=USD", "click_id=k0")
	f.conversion(at("10:00:20"), "conversion_id=v3", "user_id=w", "conversion_type=purchase", "value=1", "currency=EUR")
	var got []string
	for _, s := range f.run(t).SiteDays {
		got = append(got, spaced(s.Day-int32(day0.Unix()/86400), s.SiteDomain, s.AppBundle, s.CampaignID, s.Currency, "|",
			s.ImpressionsGross, s.ImpressionsNet, s.Viewable, orNull(s.ImpIVTRate), "|", s.ClicksGross, s.ClicksNet, orNull(s.ClickIVTRate), orNull(s.MedianImpToClick), "|",
			s.ConvCT, s.ConvVT, s.FastConv, orNull(s.FastConvShare), s.SpendMicros))
	}
	same(t, "rows", strings.Join(got, "\n"), strings.Join([]string{
		"0  com.app A EUR | 0 0 0 NULL | 0 0 NULL NULL | 0 1 0 NULL 5",
		"0  com.app A USD | 1000000 1000000 0 0 | 0 0 NULL NULL | 0 0 0 NULL 0",
		"0 a.example  A  | 0 0 0 NULL | 1 1 0 NULL | 0 0 0 NULL 0",
		"0 a.example  A USD | 2000000 1000000 1000000 0.5 | 5 4 0.2 900 | 2 0 1 0.5 10",
	}, "\n"))
}

func flowOf(p table.PipelineMinute) string {
	var reasons []string
	for _, r := range p.ByReason.KeyValue {
		reasons = append(reasons, r.Key+"="+r.Value)
	}
	return spaced(p.BucketStart.UTC().Format("15:04"), p.Topic, p.Consumed, p.Facts, p.DupExact, p.Rejected, strings.Join(reasons, ","),
		p.Late, orNull(p.LagMSP50), orNull(p.LagMSP99), p.Matched, orNull(p.MatchRate))
}

func TestG8_Pipeline(t *testing.T) {
	f := newFeed()
	click := func(ms int, pairs ...string) {
		arrives := at("10:00:30")
		f.csv("clicks", arrives.Add(-time.Duration(ms)*time.Millisecond), arrives, pairs...)
	}
	f.impression(at("10:00:00"), "id=i", "user_id=u", "creative_id=cr", "campaign_id=A")
	click(5, "click_id=k1", "user_id=u", "impression_id=i")
	click(7, "click_id=k2", "user_id=w", "impression_id=i")
	f.csv("clicks", at("10:00:29.993"), at("10:00:30.093"), "click_id=k2", "user_id=w", "impression_id=i")
	f.put("clicks", at("10:00:31"), []byte("event_timestamp,user_id\nnever,u\n"))
	f.put("clicks", at("10:01:00"), nil)
	f.conversion(at("10:00:50"), "conversion_id=v", "user_id=u", "conversion_type=purchase")
	f.conversion(at("10:00:51"), "conversion_id=v", "user_id=u", "conversion_type=lead")
	f.conversion(at("10:00:51"), "conversion_id=zz", "user_id=u", "conversion_type=lead", "adjustment=RETRACT")
	f.csv("conversions", at("08:00:00"), at("10:00:55"), "conversion_id=late", "user_id=q", "conversion_type=lead")
	var got []string
	for _, p := range f.run(t).PipelineMinutes {
		got = append(got, flowOf(p))
	}
	same(t, "rows", strings.Join(got, "\n"), strings.Join([]string{
		"10:00 ad_impressions 1 1 0 0  0 1000 1000 0 0",
		"10:00 clicks 4 2 1 1 BAD_TIME=1 0 7 100 1 0.5",
		"10:00 conversions 4 2 0 2 ADJUST_ORPHAN=1,DUP_ID_CONFLICT=1 1 1000 7255000 1 0.5",
		"10:01 clicks 1 0 0 1 EMPTY=1 0 NULL NULL 0 NULL",
	}, "\n"))
}
