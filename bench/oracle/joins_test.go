package oracle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/table"
)

func winsOf(out *Tables) string {
	var list []string
	for _, w := range out.Wins {
		list = append(list, spaced(w.ImpressionID, w.BidID, w.MatchMethod, w.Flags))
	}
	return strings.Join(list, "; ")
}

func TestJ1_Narrowing(t *testing.T) {
	for _, c := range []struct {
		name   string
		pairs  []string
		offers []map[string]any
		want   string
	}{
		{"one offer wins whatever its ids", []string{"bid_id=zz"}, []map[string]any{offerOf("b1", "1", "A", "c9", 1)}, "i b1 AUCTION CAMPAIGN_MISMATCH"},
		{"bid id", []string{"bid_id=b2"}, []map[string]any{offerOf("b1", "1", "Z", "cr", 9), offerOf("b2", "1", "Z", "c2", 1)}, "i b2 BID_ID "},
		{"creative", []string{"bid_id=none1"}, []map[string]any{offerOf("b1", "1", "Z", "c1", 9), offerOf("b2", "1", "Z", "cr", 1)}, "i b2 CREATIVE "},
		{"campaign", nil, []map[string]any{offerOf("b1", "1", "Y", "cr", 9), offerOf("b2", "1", "Z", "cr", 1)}, "i b2 CAMPAIGN "},
		{"price", nil, []map[string]any{offerOf("b1", "1", "Z", "cr", 1), offerOf("b3", "1", "Z", "cr", 9), offerOf("b2", "1", "Z", "cr", 9)}, "i b2 PRICE AMBIGUOUS_BID"},
		{"other imp", nil, []map[string]any{offerOf("b1", "2", "Z", "cr", 1)}, ""},
		{"no offer", nil, nil, ""},
	} {
		f := newFeed()
		f.bid(at("10:00:00"), newRequest(at("10:00:00"), "a", "u", c.offers...))
		campaign := "campaign_id=Z"
		f.impression(at("10:00:01"), append([]string{"id=i", "user_id=u", "creative_id=cr", campaign, "exchange=x1", "auction_id=a"}, c.pairs...)...)
		same(t, c.name, winsOf(f.run(t)), c.want)
	}
}

func TestJ1_ResponseID(t *testing.T) {
	f := newFeed()
	a, b := offerOf("b1", "1", "Z", "cr", 9), offerOf("b2", "1", "Z", "cr", 1)
	b["bidid"] = "resp"
	f.bid(at("10:00:00"), newRequest(at("10:00:00"), "a", "u", a, b))
	f.impression(at("10:00:01"), "id=i", "user_id=u", "creative_id=cr", "campaign_id=Z", "exchange=x1", "auction_id=a", "bid_id=resp")
	same(t, "win", winsOf(f.run(t)), "i b2 BID_ID ")
}

func TestJ1_Windows(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(request)
		campaigns string
		window    time.Duration
	}{
		{"web", func(request) {}, "", 10 * time.Minute},
		{"app", func(r request) { r["app_bundle"] = "com.app" }, "", time.Hour},
		{"exp_s", func(r request) { r["imps"] = []any{map[string]any{"imp_id": "1", "exp_s": 100}} }, "", 200 * time.Second},
		{"short exp_s", func(r request) { r["imps"] = []any{map[string]any{"imp_id": "1", "exp_s": 5}} }, "", time.Minute},
		{"campaign", func(request) {}, `[{"campaign_id":"A","windows":{"bid_join":"2m"}}]`, 2 * time.Minute},
		{"exp_s beats campaign", func(r request) { r["imps"] = []any{map[string]any{"imp_id": "1", "exp_s": 100}} }, `[{"campaign_id":"A","windows":{"bid_join":"2m"}}]`, 200 * time.Second},
	} {
		for _, shift := range []struct {
			after time.Duration
			won   bool
		}{{c.window, true}, {c.window + time.Microsecond, false}, {-time.Minute, true}, {-time.Minute - time.Microsecond, false}} {
			f := newFeed()
			f.campaigns = c.campaigns
			r := newRequest(at("10:00:00"), "a", "u", offerOf("b", "1", "A", "cr", 1))
			c.change(r)
			f.bid(at("10:00:00"), r)
			f.impression(at("10:00:00").Add(shift.after), "id=i", "user_id=u", "creative_id=cr", "exchange=x1", "auction_id=a")
			out := f.run(t)
			same(t, fmt.Sprint(c.name, shift.after), len(out.Wins) == 1, shift.won)
		}
	}
}

func TestJ5_Inversion(t *testing.T) {
	for _, c := range []struct {
		before time.Duration
		want   string
	}{{2 * time.Second, "i b AUCTION "}, {2*time.Second + time.Microsecond, "i b AUCTION TIME_INVERSION"}} {
		f := newFeed()
		f.bid(at("10:00:00"), newRequest(at("10:00:00"), "a", "u", offerOf("b", "1", "A", "cr", 1)))
		f.impression(at("10:00:00").Add(-c.before), "id=i", "user_id=u", "creative_id=cr", "campaign_id=A", "exchange=x1", "auction_id=a")
		out := f.run(t)
		same(t, c.before.String(), winsOf(out), c.want)
		same(t, "ms", out.Wins[0].BidToImpMS, (-c.before-time.Microsecond/2).Milliseconds()-map[bool]int64{true: 1}[c.before > 2*time.Second])
	}
}

func TestT6_LateImpressionTakesNoBid(t *testing.T) {
	for _, more := range []time.Duration{0, time.Microsecond} {
		f := newFeed()
		f.bid(at("10:00:00"), newRequest(at("10:00:00"), "a", "u", offerOf("b", "1", "A", "cr", 1)))
		moment := at("10:00:01").Add(-more)
		f.put("ad_impressions", at("12:00:01"), []byte(object("timestamp="+stamp(moment), "id=i", "user_id=u", "creative_id=cr", "campaign_id=A", "exchange=x1", "auction_id=a")))
		out := f.run(t)
		same(t, "wins", len(out.Wins), map[bool]int{true: 1, false: 0}[more == 0])
		same(t, "flag", strings.Contains(out.Impressions[0].Flags, "LATE_FOR_JOIN"), more > 0)
	}
}

func TestJ5a_ReusedAuction(t *testing.T) {
	f := newFeed()
	later := at("11:30:00")
	f.bid(at("10:00:00"), newRequest(at("10:00:00"), "a", "u", offerOf("b1", "1", "A", "cr", 1)))
	f.bid(later, newRequest(later, "a", "u", offerOf("b2", "1", "A", "cr", 1)))
	f.impression(at("11:30:05"), "id=i", "user_id=u", "creative_id=cr", "campaign_id=A", "exchange=x1", "auction_id=a")
	out := f.run(t)
	same(t, "win", winsOf(out), "i b2 AUCTION ")
	same(t, "key", out.Wins[0].AuctionID, fmt.Sprintf("a@%d", later.UnixMicro()))
}

// clickRun is one click at 12:00 and what it becomes.
func clickRun(t *testing.T, impressions func(*feed), pairs ...string) table.Click {
	t.Helper()
	f := newFeed()
	f.creatives = `[{"creative_id":"cr","campaign_id":"A","line_item_id":"L","ad_format":"video"}]`
	f.campaigns = `[{"campaign_id":"A","advertiser_id":"adv"}]`
	impressions(f)
	f.click(at("12:00:00"), append([]string{"click_id=k"}, pairs...)...)
	return clickByID(t, f.run(t), "k")
}

func TestJ2_Steps(t *testing.T) {
	view := func(moment string, pairs ...string) func(*feed) {
		return func(f *feed) { f.impression(at(moment), append([]string{"user_id=u", "creative_id=cr"}, pairs...)...) }
	}
	both := func(list ...func(*feed)) func(*feed) {
		return func(f *feed) {
			for _, each := range list {
				each(f)
			}
		}
	}
	for _, c := range []struct {
		name  string
		views func(*feed)
		pairs string
		want  string
	}{
		{"id", view("11:00:00", "id=i"), "user_id=u,impression_id=i", "i ID  A"},
		{"id of another user", view("11:00:00", "id=i"), "user_id=w,impression_id=i", "i NONE NO_PARENT unknown"},
		{"id before auction", both(view("11:00:00", "id=i"), view("11:30:00", "id=j", "auction_id=a")), "user_id=u,impression_id=i,auction_id=a", "i ID  A"},
		{"auction", view("11:00:00", "id=i", "auction_id=a"), "user_id=u,auction_id=a", "i AUCTION  A"},
		{"auction, the latest", both(view("11:30:00", "id=j", "auction_id=a"), view("11:00:00", "id=i", "auction_id=a")), "user_id=u,auction_id=a", "j AUCTION  A"},
		{"auction, before rather than after", both(view("11:00:00", "id=i", "auction_id=a"), view("12:00:03", "id=j", "auction_id=a")), "user_id=u,auction_id=a", "i AUCTION  A"},
		{"auction, the earliest after", both(view("12:00:30", "id=i", "auction_id=a"), view("12:00:20", "id=j", "auction_id=a")), "user_id=u,auction_id=a", "j AUCTION  A"},
		{"auction, tie", both(view("11:00:00", "id=j", "auction_id=a"), view("11:00:00", "id=i", "auction_id=a")), "user_id=u,auction_id=a", "j AUCTION  A"},
		{"auction, other exchange", view("11:00:00", "id=i", "auction_id=a"), "user_id=u,auction_id=a,exchange=x", " NONE NO_PARENT unknown"},
		{"auction, other imp", view("11:00:00", "id=i", "auction_id=a", "imp_id=2"), "user_id=u,auction_id=a", " NONE NO_PARENT unknown"},
		{"missed id goes on", view("11:00:00", "id=i"), "user_id=u,impression_id=zz1,creative_id=cr", "i USER_CREATIVE  A"},
		{"creative before campaign", both(view("11:00:00", "id=i"), func(f *feed) {
			f.impression(at("11:30:00"), "id=j", "user_id=u", "creative_id=x", "campaign_id=A")
		}), "user_id=u,creative_id=cr", "i USER_CREATIVE  A"},
		{"campaign, the latest", both(view("11:00:00", "id=i"), view("11:30:00", "id=j")), "user_id=u,campaign_id=A", "j USER_CAMPAIGN  A"},
		{"campaign, tie", both(view("11:30:00", "id=i2", "viewable=:true"), view("11:30:00", "id=i3"), view("11:30:00", "id=i1", "viewable=:true")), "user_id=u,campaign_id=A", "i2 USER_CAMPAIGN  A"},
		{"no tolerance by user", view("12:00:01", "id=i"), "user_id=u,campaign_id=A", " NONE NO_PARENT A"},
		{"tolerance by id", view("12:00:02", "id=i"), "user_id=u,impression_id=i", "i ID  A"},
		{"id, too early", view("12:01:01", "id=i"), "user_id=u,impression_id=i", "i NONE NO_PARENT unknown"},
		{"user without a campaign", view("11:00:00", "id=i"), "user_id=u", " NONE NO_KEYS unknown"},
		{"only invalid", view("11:00:00", "id=i", "is_test=1"), "user_id=u,campaign_id=A", " NONE PARENT_INVALID A"},
		{"invalid by id", view("11:00:00", "id=i", "is_test=1"), "user_id=u,impression_id=i", "i ID  A"},
		{"other campaign", view("11:00:00", "id=i"), "user_id=u,campaign_id=B", " NONE NO_PARENT B"},
	} {
		k := clickRun(t, c.views, strings.Split(c.pairs, ",")...)
		same(t, c.name, spaced(k.ImpressionID, k.MatchMethod, k.OrphanReason, k.CampaignID), c.want)
	}
}

func TestJ2_ClickJoinWindow(t *testing.T) {
	for _, c := range []struct {
		age     time.Duration
		matched bool
	}{{24 * time.Hour, true}, {24*time.Hour + time.Microsecond, false}} {
		for _, pairs := range []string{"impression_id=i", "campaign_id=A"} {
			k := clickRun(t, func(f *feed) {
				f.impression(at("12:00:00").Add(-c.age), "id=i", "user_id=u", "creative_id=cr")
			}, "user_id=u", pairs)
			same(t, spaced(c.age, pairs), k.MatchStatus == "MATCHED", c.matched)
		}
	}
}

func TestJ4_ParentsColumns(t *testing.T) {
	k := clickRun(t, func(f *feed) {
		f.impression(at("11:59:59"), "id=i", "user_id=u", "creative_id=cr", "site=a.example", "placement_id=p", "app_bundle=b", "device_type=:2", "os=x", "country=DE", "exchange=x9")
	}, "user_id=u", "impression_id=i", "campaign_id=B", "creative_id=other", "site=c.example", "country=FR", "landing_url=https://www.Shop.example/x")
	same(t, "row", spaced(k.CampaignID, k.DeclaredCampaignID, k.CreativeID, k.LineItemID, k.AdvertiserID, k.SiteDomain, k.PlacementID, k.AppBundle, k.DeviceType, k.OS, k.Country, k.Exchange, k.AdFormat, k.LandingHost, k.Flags),
		"A B cr L adv a.example p b 2 x DEU x9 video shop.example CAMPAIGN_MISMATCH")
	k = clickRun(t, func(*feed) {}, "user_id=u", "creative_id=cr", "site=c.example", "country=FR")
	same(t, "orphan", spaced(k.CampaignID, k.CreativeID, k.LineItemID, k.AdvertiserID, k.SiteDomain, k.Country, k.OrphanReason), "A cr L adv c.example FRA NO_PARENT")
}

func TestT6_LateClickTakesNoImpression(t *testing.T) {
	f := newFeed()
	f.set.Backfill = []string{"clicks"}
	f.impression(at("11:00:00"), "id=i", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.csv("clicks", at("12:00:00"), at("2d 12:00:00").Add(time.Microsecond*1000), "click_id=k", "user_id=u", "impression_id=i")
	k := clickByID(t, f.run(t), "k")
	same(t, "click", spaced(k.MatchStatus, k.OrphanReason, k.Flags), "ORPHAN LATE_FOR_JOIN LATE_FOR_JOIN")
}

func TestJ5a_ReusedImpression(t *testing.T) {
	f := newFeed()
	second := at("1d 11:00:00")
	f.impression(at("10:00:00"), "id=i", "user_id=u", "creative_id=c", "campaign_id=A")
	f.impression(second, "id=i", "user_id=u", "creative_id=c", "campaign_id=A")
	f.click(at("1d 10:59:57"), "click_id=k1", "user_id=u", "impression_id=i") // 24 h after the first is over: the second, inverted
	f.click(at("1d 11:00:10"), "click_id=k2", "user_id=u", "impression_id=i")
	f.click(at("10:00:05"), "click_id=k3", "user_id=u", "impression_id=i")
	out := f.run(t)
	key := fmt.Sprintf("i@%d", second.UnixMicro())
	same(t, "k1", spaced(clickByID(t, out, "k1").ImpressionID, clickByID(t, out, "k1").Flags), key+" TIME_INVERSION")
	same(t, "k2", clickByID(t, out, "k2").ImpressionID, key)
	same(t, "k3", clickByID(t, out, "k3").ImpressionID, "i")
}

func TestD5_ChainsAndSettings(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","windows":{"click_refractory":"10s"}},{"campaign_id":"A","valid_from":"2026-03-02T11:00:00Z","windows":{"click_refractory":"0"}}]`
	for i, moment := range []string{"10:00:00", "10:00:09", "10:00:10", "11:00:00", "11:00:00"} {
		f.click(at(moment), fmt.Sprintf("click_id=k%d", i), "user_id=u", "campaign_id=A")
	}
	f.click(at("10:00:01"), "click_id=other-user", "user_id=v", "campaign_id=A")
	f.click(at("10:00:01"), "click_id=other-campaign", "user_id=u", "campaign_id=B")
	f.click(at("10:00:02"), "click_id=b-test", "user_id=u", "campaign_id=B", "is_test=1")
	out := f.run(t)
	for id, want := range map[string]string{
		"k0": "", "k1": "REPEAT_CLICK", "k2": "", "k3": "", "k4": "", "other-user": "", "other-campaign": "", "b-test": "TEST_TRAFFIC,REPEAT_CLICK",
	} {
		same(t, id, clickByID(t, out, id).IVTCodes, want)
	}
}

func TestW_RefractoryIsTheOwnCreativesCampaign(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","windows":{"click_refractory":"1m"}},{"campaign_id":"B","windows":{"click_refractory":"5s"}}]`
	f.creatives = `[{"creative_id":"cb","campaign_id":"B"}]`
	f.click(at("10:00:00"), "click_id=k0", "user_id=u", "campaign_id=A", "creative_id=cb")
	f.click(at("10:00:06"), "click_id=k1", "user_id=u", "campaign_id=A", "creative_id=cb")
	f.click(at("10:00:00"), "click_id=k2", "user_id=v", "campaign_id=A", "creative_id=ca")
	f.click(at("10:00:06"), "click_id=k3", "user_id=v", "campaign_id=A", "creative_id=ca")
	out := f.run(t)
	same(t, "own creative's", clickByID(t, out, "k1").IVTCodes, "")
	same(t, "row's", clickByID(t, out, "k3").IVTCodes, "REPEAT_CLICK")
}

func TestD6_ClickCap(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","max_clicks_per_impression":2}]`
	f.impression(at("10:00:00"), "id=i", "user_id=u", "creative_id=c", "campaign_id=A", "is_test=true")
	for i, moment := range []string{"10:01:00", "10:01:10", "10:02:00", "10:03:00"} {
		f.click(at(moment), fmt.Sprintf("click_id=k%d", i), "user_id=u", "impression_id=i")
	}
	out := f.run(t)
	for id, want := range map[string]string{
		"k0": "PARENT_IVT", "k1": "REPEAT_CLICK,PARENT_IVT", "k2": "PARENT_IVT", "k3": "CLICK_CAP,PARENT_IVT",
	} {
		same(t, id, clickByID(t, out, id).IVTCodes, want)
	}
	same(t, "class", clickByID(t, out, "k3").IVTClass, "GIVT")
}
