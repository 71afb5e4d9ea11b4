package oracle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/table"
)

func reachOf(s table.Totals) string {
	return spaced(s.Reach, s.Freq1, s.Freq2, s.Freq3, s.Freq4, s.Freq5, s.Freq6To10, s.Freq11To20, s.Freq21AndUp)
}

func hourOf(t *testing.T, out *Tables, hour, campaign string) table.CampaignHour {
	t.Helper()
	for _, h := range out.CampaignHours {
		if h.BucketStart.UTC().Format("15") == hour && h.CampaignID == campaign {
			return h
		}
	}
	t.Fatalf("no hour %s of %s", hour, campaign)
	return table.CampaignHour{}
}

func TestG3_ReachAndFrequency(t *testing.T) {
	f := newFeed()
	seen := func(moment, user string, more ...string) {
		f.impression(at(moment), append(more, "user_id="+user, "creative_id=cr", "campaign_id=c", fmt.Sprint("id=", moment, user))...)
	}
	seen("10:05:00", "u", "quantity=3")
	seen("10:50:00", "u")
	seen("11:00:00", "v")
	seen("11:10:00", "w", "is_test=1")
	seen("11:10:00", "0")
	out := f.run(t)
	same(t, "hour 10", reachOf(hourOf(t, out, "10", "c").Totals), "1 0 1 0 0 0 0 0 0")
	same(t, "hour 11", reachOf(hourOf(t, out, "11", "c").Totals), "1 1 0 0 0 0 0 0 0")
	same(t, "day", reachOf(out.CampaignDays[0].Totals), "2 1 1 0 0 0 0 0 0")

	f = newFeed()
	for user, times := range map[string]int{"a": 3, "b": 4, "c": 5, "d": 6, "e": 10, "f": 11, "g": 20, "h": 21, "i": 40} {
		for n := range times {
			f.impression(at("10:00:00").Add(time.Duration(n)*time.Second), "user_id="+user, "creative_id=cr", "campaign_id=c", fmt.Sprint("id=", user, n))
		}
	}
	same(t, "classes", reachOf(f.run(t).CampaignDays[0].Totals), "9 0 0 1 1 1 2 2 2")
}

func TestG3_ReachIsByCurrency(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:00"), "user_id=u", "creative_id=cr", "campaign_id=c", "id=i", "currency=EUR", "price=1")
	f.impression(at("10:00:00"), "user_id=u", "creative_id=cr", "campaign_id=c", "id=j", "currency=USD", "price=1")
	var got []string
	for _, d := range f.run(t).CampaignDays {
		got = append(got, spaced(d.Currency, d.Reach, d.SpendMicros))
	}
	same(t, "days", strings.Join(got, ", "), "EUR 1 1000, USD 1 1000")
}

func TestG4_HoursAndLocalDays(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"c","tz":"Asia/Kolkata"},{"campaign_id":"c","tz":"America/New_York","valid_from":"2026-03-03T00:00:00Z"}]`
	f.impression(at("18:29:59"), "user_id=u", "creative_id=cr", "campaign_id=c", "id=i", "price=0.0005")
	f.impression(at("18:30:00"), "user_id=u", "creative_id=cr", "campaign_id=c", "id=j", "price=0.0005")
	f.impression(at("1d 00:00:30"), "user_id=u", "creative_id=cr", "campaign_id=c", "id=k", "price=0.0005")
	out := f.run(t)
	var got []string
	for _, d := range out.CampaignDays {
		got = append(got, spaced(d.Day-int32(day0.Unix()/86400), d.TimeZone, d.ImpressionsNet, d.Reach, d.SpendMicros))
	}
	// At midnight New York begins: 19:00 of the day before, where 18:29:59 of
	// Kolkata is too, with 1,000 nanos that are one micro.
	same(t, "days", strings.Join(got, ", "), "0 Asia/Kolkata 2000000 1 1, 1 America/New_York 1000000 1 0")
	same(t, "hour", spaced(hourOf(t, out, "18", "c").ImpressionsGross, hourOf(t, out, "18", "c").SpendMicros), "2000000 1")
	for _, m := range out.CampaignMinutes {
		same(t, "500 nanos to the even micro", m.SpendMicros, 0)
	}
}

func TestG5_ModelsByTouch(t *testing.T) {
	f := newFeed()
	f.click(at("09:10:00"), "click_id=k1", "user_id=u", "campaign_id=a")
	f.click(at("10:20:00"), "click_id=k2", "user_id=u", "campaign_id=b")
	f.conversion(at("11:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "value=30", "currency=USD")
	f.impression(at("12:00:00"), "id=i", "user_id=w", "creative_id=cr", "campaign_id=a")
	f.conversion(at("12:30:00"), "conversion_id=v2", "user_id=w", "conversion_type=purchase", "value=2", "currency=USD")
	f.conversion(at("12:31:00"), "conversion_id=v3", "user_id=w", "conversion_type=purchase", "value=2", "currency=USD", "is_test=1")
	out := f.run(t)
	book := func(hour, campaign string) string {
		for _, h := range out.CampaignHours {
			if h.BucketStart.UTC().Format("15") == hour && h.CampaignID == campaign && h.Currency == "USD" {
				return spaced(h.ConvCT, h.ValueCTMicros, h.ConvCTFirst, h.ValueCTFirst, h.ConvCTLinear, h.ValueCTLinear, h.ConvCTPosition, h.ConvVT, h.ConvVTFirst, h.ValueVTLinear, h.ConvVTDecay, h.ValueVTPosition)
			}
		}
		return ""
	}
	same(t, "hour 9 of a", book("09", "a"), "0 0 1000000 30000000 500000 15000000 500000 0 0 0 0 0")
	same(t, "hour 10 of b", book("10", "b"), "1 30000000 0 0 500000 15000000 500000 0 0 0 0 0")
	same(t, "views", book("12", "a"), "0 0 0 0 0 0 0 1 1000000 2000000 1000000 2000000")
	// 2^(-4200/604800) is 0.9951983: the older of the two has 0.9951983/1.9951983.
	for _, h := range out.CampaignHours {
		if h.CampaignID == "a" && h.Currency == "USD" && h.ConvCTFirst > 0 {
			same(t, "time_decay", h.ConvCTDecay/10, 49879)
		}
	}
}

// Hours and days are the sums of their minutes.
func TestK4_MinutesHoursAndDays(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","tz":"Asia/Kolkata","pricing":"cpc","rate_micros":7}]`
	for n := range 60 {
		moment := at("10:00:00").Add(time.Duration(n) * 37 * time.Minute)
		user := fmt.Sprint("user_id=u", n%7)
		f.impression(moment, fmt.Sprint("id=i", n), user, "creative_id=c", fmt.Sprint("campaign_id=", string("AB"[n%2])), "price=0.0011")
		f.click(moment.Add(time.Minute), fmt.Sprint("click_id=k", n), user, fmt.Sprint("impression_id=i", n))
		f.conversion(moment.Add(2*time.Minute), fmt.Sprint("conversion_id=v", n), user, "conversion_type=purchase", "value=1.5")
	}
	out := f.run(t)
	var minutes, hours, days [6]int64
	for _, m := range out.CampaignMinutes {
		for i, n := range []int64{m.ImpressionsNet, m.ClicksNet, m.ConvCT, m.ValueCTByTime, m.Assists, int64(m.SpendNanos[15]) + 256*int64(m.SpendNanos[14])} {
			minutes[i] += n
		}
	}
	sum := func(to *[6]int64, s *table.Totals) {
		for i, n := range []int64{s.ImpressionsNet, s.ClicksNet, s.ConvCT, s.ValueCTByTime, s.Assists, int64(s.SpendNanos[15]) + 256*int64(s.SpendNanos[14]) + 65536*int64(s.SpendNanos[13])} {
			to[i] += n
		}
	}
	for i := range out.CampaignHours {
		sum(&hours, &out.CampaignHours[i].Totals)
	}
	for i := range out.CampaignDays {
		sum(&days, &out.CampaignDays[i].Totals)
	}
	same(t, "hours", hours, minutes)
	same(t, "days", days, minutes)
	same(t, "conversions", minutes[2], 60)
}
