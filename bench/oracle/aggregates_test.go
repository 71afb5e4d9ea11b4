package oracle

import (
	"math/big"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// nonzero describes a row by its key and the measures that are not zero.
func nonzero(m table.CampaignMinute) string {
	parts := []string{m.BucketStart.UTC().Format("15:04"), m.CampaignID, m.CreativeID, m.Exchange, m.Country, spaced(m.DeviceType), m.Currency}
	for _, each := range []struct {
		name string
		n    int64
	}{
		{"requests", m.Requests}, {"bids", m.Bids}, {"wins", m.Wins}, {"gross", m.ImpressionsGross}, {"givt", m.ImpressionsGIVT},
		{"net", m.ImpressionsNet}, {"measurable", m.Measurable}, {"viewable", m.Viewable}, {"clicks", m.ClicksGross}, {"cgivt", m.ClicksGIVT},
		{"ct", m.ConvCT}, {"vt", m.ConvVT}, {"vct", m.ValueCTMicros}, {"vvt", m.ValueVTMicros}, {"ct_t", m.ConvCTByTime}, {"vt_t", m.ConvVTByTime},
		{"vct_t", m.ValueCTByTime}, {"vvt_t", m.ValueVTByTime}, {"assists", m.Assists}, {"spend", m.SpendMicros}, {"orphans", m.OrphanClicks}, {"late", m.LateEvents},
	} {
		if each.n != 0 {
			parts = append(parts, each.name+"="+spaced(each.n))
		}
	}
	return strings.Join(parts, "|")
}

func minutesOf(out *Tables) string {
	var list []string
	for _, m := range out.CampaignMinutes {
		list = append(list, nonzero(m))
	}
	return strings.Join(list, "\n")
}

func TestRG1_Groups(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A"},{"campaign_id":"B","pricing":"cpc","rate_micros":500000,"currency":"GBP"},{"campaign_id":"D","pricing":"cpa","rate_micros":2000000}]`
	r := newRequest(at("10:00:00"), "a", "u", offerOf("b", "1", "A", "cr", 1), offerOf("b2", "1", "B", "c2", 1))
	r["user"] = map[string]any{"user_id": "u", "country": "DE", "device_type": 2}
	r["sample_permille"] = 300
	f.bid(at("10:00:00"), r)
	test := newRequest(at("10:00:00"), "t", "u", offerOf("b", "1", "A", "cr", 1))
	test["test"] = true
	f.bid(at("10:00:00"), test)
	f.impression(at("10:01:00"), "id=i", "user_id=u", "creative_id=cr", "campaign_id=A", "exchange=x1", "auction_id=a", "bid_id=b",
		"price=3", "currency=EUR", "quantity=1.5", "viewable=:true", "country=FR", "device_type=:4")
	f.impression(at("10:01:30"), "id=j", "user_id=u", "creative_id=cr", "campaign_id=A", "exchange=x1", "price=9", "currency=EUR", "is_test=1", "country=FR", "device_type=:4")
	f.click(at("10:02:00"), "click_id=k", "user_id=u", "impression_id=i", "country=US", "device_type=1")
	f.click(at("10:03:00"), "click_id=l", "user_id=u", "campaign_id=B", "country=US", "device_type=1")
	f.conversion(at("10:04:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "value=10", "currency=CHF")
	f.conversion(at("10:05:00"), "conversion_id=w", "user_id=w", "conversion_type=purchase", "value=10", "currency=CHF")
	out := f.run(t)
	want := strings.TrimSpace(`
10:00|||x1|DEU|2||requests=3333333
10:00|A|cr|x1|DEU|2|USD|bids=3333333
10:00|B|c2|x1|DEU|2|USD|bids=3333333
10:01|A|cr|x1|FRA|4|EUR|wins=1|gross=2500000|givt=1000000|net=1500000|measurable=1500000|viewable=1500000|spend=4500
10:02|A|cr|x1|FRA|4|CHF|assists=1
10:02|A|cr|x1|FRA|4|EUR|clicks=1
10:03|B|||USA|1|CHF|ct=1|vct=10000000
10:03|B|||USA|1|GBP|clicks=1|spend=500000|orphans=1
10:04|B|||USA|1|CHF|ct_t=1|vct_t=10000000`)
	same(t, "minutes", minutesOf(out), want)
	same(t, "click cost", spaced(clickByID(t, out, "k").CostNanos, clickByID(t, out, "l").CostNanos, clickByID(t, out, "l").Currency), "0 500000000 GBP")
}

func TestRG1_TestBidsCountOnlyAsWins(t *testing.T) {
	f := newFeed()
	r := newRequest(at("10:00:00"), "a", "u", offerOf("b", "1", "A", "cr", 1))
	r["test"] = true
	f.bid(at("10:00:00"), r)
	f.impression(at("10:01:00"), "id=i", "user_id=u", "creative_id=cr", "campaign_id=A", "exchange=x1", "auction_id=a")
	out := f.run(t)
	same(t, "rows", spaced(len(out.Bids), out.Bids[0].Valid, out.Bids[0].IVTCodes, len(out.Wins)), "1 false TEST_TRAFFIC 1")
	same(t, "minutes", minutesOf(out), "10:01|A|cr|x1||0|USD|wins=1|gross=1000000|net=1000000")
}

func TestRG2_CPA(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"D","pricing":"cpa","rate_micros":2000000,"currency":"EUR"}]`
	f.click(at("10:00:00"), "click_id=k", "user_id=u", "campaign_id=D")
	f.conversion(at("10:04:00"), "conversion_id=v", "user_id=u", "conversion_type=lead")
	f.conversion(at("10:05:00"), "conversion_id=w", "user_id=u", "conversion_type=lead")
	want := "10:00|D||||0||clicks=1|orphans=1\n10:00|D||||0|USD|ct=1|spend=2000000\n10:04|D||||0|USD|ct_t=1"
	same(t, "minutes", minutesOf(f.run(t)), want)
}

func TestRG1_LateEvents(t *testing.T) {
	f := newFeed()
	late := at("10:30:00")
	f.csv("clicks", at("10:00:00"), late, "click_id=k", "user_id=u", "campaign_id=A")
	f.csv("conversions", at("10:05:00"), late, "conversion_id=v", "user_id=u", "conversion_type=purchase")
	f.csv("conversions", at("10:06:00"), late, "conversion_id=w", "user_id=nobody", "conversion_type=purchase")
	f.put("bid_requests", late, encode(bidSchema, map[string]any(newRequest(at("10:07:00"), "a", "u", offerOf("b", "1", "A", "c", 1)))))
	f.put("ad_impressions", late, []byte(object("timestamp="+stamp(at("10:08:00")), "id=i", "creative_id=c", "is_test=1")))
	want := strings.TrimSpace(`
10:00|A||||0||clicks=1|orphans=1|late=1
10:00|A||||0|USD|ct=1
10:05|A||||0|USD|ct_t=1|late=1
10:07|||x1||0||requests=1000000|late=1
10:07|A|c|x1||0|USD|bids=1000000
10:08|unknown|c|||0|USD|gross=1000000|givt=1000000|late=1`)
	same(t, "minutes", minutesOf(f.run(t)), want)
}

func TestG3_Reach(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:00"), "id=a", "user_id=u", "creative_id=c", "campaign_id=A")
	f.impression(at("11:00:00"), "id=b", "user_id=u", "creative_id=c", "campaign_id=A")
	f.impression(at("11:00:00"), "id=c", "user_id=w", "creative_id=c", "campaign_id=A")
	f.impression(at("11:00:00"), "id=d", "creative_id=c", "campaign_id=A")
	f.impression(at("11:00:00"), "id=e", "user_id=x", "creative_id=c", "campaign_id=A", "is_test=1")
	out := f.run(t)
	same(t, "days", len(out.CampaignDays), 1)
	d := out.CampaignDays[0]
	same(t, "day", spaced(d.CampaignID, int64(d.Day)*86400 == day0.Unix(), d.Reach, d.TimeZone, d.IsFinal), "A true 2 UTC true")
}

func TestG2_SumsBeyond64Bits(t *testing.T) {
	n, _ := new(big.Int).SetString("-170141183460469231731687303715884105728", 10)
	same(t, "least", decimal38(n), table.Decimal38{0: 0x80})
	same(t, "-1", decimal38(big.NewInt(-1)), table.Decimal38Of(event.Int128Of(-1)))
	same(t, "half to even", spaced(halfEven(big.NewRat(5, 2)), halfEven(big.NewRat(7, 2)), halfEven(big.NewRat(-5, 2)), halfEven(big.NewRat(-7, 4))), "2 4 -2 -2")
}

func TestK6_ConvCTIsTheNumberOfCountedPostClickConversions(t *testing.T) {
	f := story("")
	for _, pairs := range []string{"advertiser_id=adv", "campaign_id=A", "click_id=k1"} {
		f.conversion(at("12:00:00"), "user_id=u", "conversion_type=purchase", pairs)
	}
	out := f.run(t)
	var counted int64
	for _, v := range out.Conversions {
		if v.Counted && v.TouchKind == "CLICK" {
			counted++
		}
	}
	same(t, "conv_ct", total(out, all, func(m *table.CampaignMinute) int64 { return m.ConvCT }), counted)
	same(t, "by time", total(out, all, func(m *table.CampaignMinute) int64 { return m.ConvCTByTime }), counted)
}
