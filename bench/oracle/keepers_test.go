package oracle

import (
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// keptClick is where a click without a user found its impression.
func keptClick(out *Tables, id string) string {
	for _, c := range out.Clicks {
		if c.ClickID == id {
			return spaced(c.ImpressionID, c.MatchMethod, c.OrphanReason, c.IVTCodes, c.UserKey, c.Route == int64(event.RouteClick(id)))
		}
	}
	return "no row"
}

func TestR3_TheKeeperIsTheFirstOffer(t *testing.T) {
	type view struct {
		moment string
		pairs  string
	}
	for _, c := range []struct {
		name  string
		views []view
		click string
		want  string
	}{
		{"id of a user", []view{{"10:00:00", "id=i1,user_id=u"}}, "impression_id=i1", "i1 ID    true"},
		{"id before the auction of another user", []view{{"09:00:00", "id=i2,user_id=w,auction_id=a"}, {"10:00:00", "id=i1,user_id=u"}}, "impression_id=i1,auction_id=a", "i1 ID    true"},
		{"a user's auction before the id without a user", []view{{"09:00:00", "id=i1"}, {"10:00:00", "id=i2,user_id=w,auction_id=a"}}, "impression_id=i1,auction_id=a", "i2 AUCTION    true"},
		{"the earlier impression", []view{{"10:00:00", "id=i1,user_id=u"}, {"09:00:00", "id=i1,user_id=w,placement_id=early"}}, "impression_id=i1", "i1 ID    true"},
		{"the latest of one timeline", []view{{"10:00:00", "id=i1,user_id=u,auction_id=a"}, {"09:00:00", "id=i0,user_id=u,auction_id=a"}}, "auction_id=a", "i1 AUCTION    true"},
		{"the smaller key", []view{{"10:00:00", "id=i2,user_id=u,auction_id=a"}, {"10:00:00", "id=i1,user_id=w,auction_id=a"}}, "auction_id=a", "i1 AUCTION    true"},
		{"no user at all", []view{{"10:00:00", "id=i1"}}, "impression_id=i1", "i1 ID    true"},
		{"an invalid parent", []view{{"10:00:00", "id=i1,user_id=u,is_test=1"}}, "impression_id=i1", "i1 ID  PARENT_IVT  true"},
		{"out of the window", []view{{"1d 10:00:00", "id=i1,user_id=u"}}, "impression_id=i1", "i1 NONE NO_PARENT   true"},
		{"never by campaign", []view{{"10:00:00", "id=i1,user_id=u"}}, "click_id=~c1,campaign_id=A", " NONE NO_KEYS   true"},
	} {
		f := newFeed()
		for _, v := range c.views {
			f.impression(at(v.moment), append(strings.Split(v.pairs, ","), "creative_id=cr", "campaign_id=A")...)
		}
		f.click(at("10:05:00"), append(strings.Split(c.click, ","), "click_id=~c1")...)
		out := f.run(t)
		same(t, c.name, keptClick(out, "~c1"), c.want)
		if c.name == "the earlier impression" {
			same(t, "its columns", out.Clicks[0].PlacementID, "early")
		}
	}
}

func TestR3_EqualParentsByTheHashOfTheKey(t *testing.T) {
	f := newFeed()
	least := ""
	for _, user := range []string{"u", "v", "w", "x"} {
		f.impression(at("10:00:00"), "id=i", "user_id="+user, "creative_id=cr", "campaign_id=A", "placement_id="+user)
		if least == "" || event.RouteUser(user) < event.RouteUser(least) {
			least = user
		}
	}
	f.click(at("10:00:09"), "click_id=~c", "impression_id=i")
	same(t, "keeper", f.run(t).Clicks[0].PlacementID, least)
}

// A record that is no fact of its home is nowhere a touch, and only home rejects.
func TestR3_HomeDecidesWhatIsAFact(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:00"), "id=i1", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.impression(at("10:00:00"), "id=i2", "user_id=w", "creative_id=cr", "campaign_id=B")
	f.click(at("10:00:10"), "click_id=~c1", "impression_id=i2")
	f.click(at("10:00:20"), "click_id=~c1", "impression_id=i1")
	f.conversion(at("11:00:00"), "conversion_id=vu", "user_id=u", "conversion_type=purchase")
	f.conversion(at("11:00:00"), "conversion_id=vw", "user_id=w", "conversion_type=purchase")
	out := f.both(t, func(out *Tables) string { return keptClick(out, "~c1") + pathOf(out, "vu") + pathOf(out, "vw") })
	same(t, "click", keptClick(out, "~c1"), "i2 ID    true")
	same(t, "u has its view alone", pathOf(out, "vu"), "i1:USER")
	same(t, "w has the click", pathOf(out, "vw"), "~c1:USER")
	same(t, "rejects", reasons(out), "0:DUP_ID_CONFLICT:click_id")
}

func TestR3_AKeptClickIsInTheKeepersChains(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","max_clicks_per_impression":2}]`
	f.impression(at("09:59:00"), "id=i1", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.click(at("10:00:00"), "click_id=~c1", "impression_id=i1")
	f.click(at("10:00:10"), "click_id=c7", "user_id=u", "impression_id=i1")
	f.click(at("10:01:00"), "click_id=c8", "user_id=u", "impression_id=i1")
	f.click(at("10:02:00"), "click_id=~c9", "impression_id=i1")
	out := f.run(t)
	same(t, "accepted", keptClick(out, "~c1"), "i1 ID    true")
	same(t, "repeats it", clickByID(t, out, "c7").IVTCodes, "REPEAT_CLICK")
	same(t, "second", clickByID(t, out, "c8").IVTCodes, "")
	same(t, "third", keptClick(out, "~c9"), "i1 ID  CLICK_CAP  true")
}

// Of a click of the keeper's own and a kept one at the same time and with the
// same id the own comes first.
func TestR3_OwnRecordsComeFirst(t *testing.T) {
	f := newFeed()
	f.impression(at("09:59:00"), "id=i1", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.click(at("10:00:00"), "click_id=c1", "impression_id=i1")
	f.click(at("10:00:00"), "click_id=c1", "user_id=u", "impression_id=i1")
	f.conversion(at("11:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "click_id=c1")
	out := f.run(t)
	for _, c := range out.Clicks {
		same(t, "verdict", c.IVTCodes, map[bool]string{true: "", false: "REPEAT_CLICK"}[c.UserKey != ""])
	}
	same(t, "one touch (R-R3.5)", pathOf(out, "v"), "c1:CLICK_ID")
}

// An own and a kept click with one key are one touch of a path, the own one.
func TestR3_EqualKeysAreOneTouch(t *testing.T) {
	for _, c := range []struct {
		name                  string
		own, kept, conversion string
		ownPairs, pairs       string
		want                  string
	}{
		{"before the second", "10:00:00", "10:05:00", "10:04:00", "", "", "c1:USER 10:00"},
		{"after both", "10:00:00", "10:05:00", "10:06:00", "", "", "c1:USER 10:00"},
		{"named", "10:00:00", "10:05:00", "10:06:00", "", "click_id=c1", "c1:CLICK_ID 10:00"},
		{"the own one is no eligible one", "10:00:00", "10:05:00", "10:06:00", "is_test=1", "click_id=c1", "c1:CLICK_ID 10:05"},
		{"of the same time it is the named one", "10:05:00", "10:05:00", "10:06:00", "is_test=1", "click_id=c1", "c1:USER 10:05 CLICK_ID_UNRESOLVED"},
		{"the later is the named one", "10:05:00", "10:00:00", "10:06:00", "is_test=1", "click_id=c1", "c1:USER 10:00 CLICK_ID_UNRESOLVED"},
	} {
		for _, id := range []string{"v", "~v"} {
			f := newFeed()
			f.set.Windows.ClickRefractory = 0
			f.impression(at("09:59:00"), "id=i1", "user_id=u", "creative_id=cr", "campaign_id=A")
			f.click(at(c.kept), "click_id=c1", "impression_id=i1")
			pairs := []string{"click_id=c1", "user_id=u", "impression_id=i1"}
			if c.ownPairs != "" {
				pairs = append(pairs, c.ownPairs)
			}
			f.click(at(c.own), pairs...)
			pairs = []string{"conversion_id=" + id, "conversion_type=purchase"}
			if c.pairs != "" {
				pairs = append(pairs, c.pairs)
			}
			if id == "v" {
				pairs = append(pairs, "user_id=u")
			} else if c.pairs == "" {
				continue
			}
			f.conversion(at(c.conversion), pairs...)
			out := f.run(t)
			got := pathOf(out, id)
			for _, a := range out.Attributions {
				if a.Model == "linear" && a.TouchID != "" {
					got += " " + a.TouchTime.UTC().Format("15:04")
				}
			}
			if flags := conversionByID(t, out, id).Flags; flags != "" {
				got += " " + flags
			}
			same(t, c.name+" "+id, got, c.want)
		}
	}
}

func TestR3_AKeptClickIsATouch(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:00"), "id=i1", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.click(at("10:00:05"), "click_id=~c1", "impression_id=i1")
	f.click(at("10:30:00"), "click_id=c2", "user_id=u", "campaign_id=A")
	f.conversion(at("11:00:00"), "conversion_id=v1", "user_id=u", "conversion_type=purchase")
	f.conversion(at("11:00:00"), "conversion_id=v2", "user_id=u", "conversion_type=purchase", "click_id=~c1")
	out := f.run(t)
	same(t, "by user", pathOf(out, "v1"), "~c1:USER c2:USER")
	same(t, "named", pathOf(out, "v2"), "c2:USER ~c1:CLICK_ID")
}

func TestR3_AConversionTakesTheLendersPath(t *testing.T) {
	base := func() *feed {
		f := newFeed()
		f.impression(at("10:00:00"), "id=i1", "user_id=u", "creative_id=cr", "campaign_id=A")
		f.click(at("10:00:05"), "click_id=~c1", "impression_id=i1")
		f.click(at("10:30:00"), "click_id=c2", "user_id=u", "campaign_id=A")
		f.click(at("10:31:00"), "click_id=c3", "user_id=w", "campaign_id=A", "is_test=1")
		f.click(at("10:00:00"), "click_id=~lone", "campaign_id=L")
		return f
	}
	for _, c := range []struct {
		name  string
		after func(*feed)
		pairs string
		want  string
	}{
		{"the whole path", nil, "click_id=~c1", "c2:USER ~c1:CLICK_ID "},
		{"nothing eligible, no offer", nil, "click_id=c3", " CLICK_ID_UNRESOLVED"},
		{"an invalid click lends its timeline", func(f *feed) { f.click(at("09:00:00"), "click_id=c0", "user_id=w", "campaign_id=B") }, "click_id=c3", "c0:USER CLICK_ID_UNRESOLVED"},
		{"by impression", nil, "impression_id=i1", "~c1:USER c2:USER "},
		{"a home lends its orphan", nil, "click_id=~lone", "~lone:CLICK_ID "},
		{"the click before the impression", nil, "click_id=~lone,impression_id=i1", "~c1:USER c2:USER CLICK_ID_UNRESOLVED"},
		{"a user's click before a user's impression", func(f *feed) { f.impression(at("09:00:00"), "id=i9", "user_id=x", "creative_id=cr") }, "click_id=c2,impression_id=i9", "~c1:USER c2:CLICK_ID "},
		{"the next offer where the first is empty", func(f *feed) { f.impression(at("10:50:00"), "id=i9", "user_id=x", "creative_id=cr") }, "click_id=c3,impression_id=i9", "i9:IMPRESSION_ID CLICK_ID_UNRESOLVED"},
		{"an unknown click", nil, "click_id=zz", " CLICK_ID_UNRESOLVED"},
	} {
		f := base()
		if c.after != nil {
			c.after(f)
		}
		f.conversion(at("11:00:00"), append(strings.Split(c.pairs, ","), "conversion_id=~v", "conversion_type=purchase", "value=7", "currency=USD")...)
		out := f.run(t)
		v := conversionByID(t, out, "~v")
		same(t, c.name, spaced(pathOf(out, "~v"), v.Flags), c.want)
		same(t, "home", spaced(v.Route == int64(event.RouteConversion("~v")), v.UserKey), "true ")
		if v.TouchKind == "CLICK" {
			same(t, "conv_ct", total(out, all, func(m *table.CampaignMinute) int64 { return m.ConvCT }), 1)
		}
	}
}

func TestR3_BoundsOfALender(t *testing.T) {
	for _, c := range []struct {
		name   string
		after  time.Duration
		pairs  string
		lends  bool
		arrive time.Duration
	}{
		{"click, a minute after", -time.Minute, "click_id=c", true, 0},
		{"click, more", -time.Minute - time.Microsecond, "click_id=c", false, 0},
		{"click window", 30 * 24 * time.Hour, "click_id=c", true, 0},
		{"beyond", 30*24*time.Hour + time.Microsecond, "click_id=c", false, 0},
		{"impression, before it", -time.Second, "impression_id=i", true, 0},
		{"impression, long before", -time.Minute - time.Microsecond, "impression_id=i", false, 0},
		{"late", time.Hour, "impression_id=i", true, 48 * time.Hour},
		{"too late for views", time.Hour, "impression_id=i", false, 48*time.Hour + time.Millisecond},
	} {
		f := newFeed()
		f.impression(at("10:00:00"), "id=i", "user_id=u", "creative_id=cr", "campaign_id=A")
		f.impression(at("09:30:00"), "id=i0", "user_id=u", "creative_id=cr", "campaign_id=A")
		f.click(at("10:00:00"), "click_id=c", "user_id=u", "campaign_id=A")
		moment := at("10:00:00").Add(c.after)
		f.csv("conversions", moment, moment.Add(c.arrive), c.pairs, "conversion_id=~v", "conversion_type=purchase")
		same(t, c.name, pathOf(f.run(t), "~v") != "", c.lends)
	}
}

// One counts over what a timeline has and what it lends to.
func TestR3_CountOneOverOwnAndKept(t *testing.T) {
	base := func() *feed {
		f := newFeed()
		f.click(at("10:00:00"), "click_id=c1", "user_id=u", "campaign_id=A")
		f.conversion(at("12:00:00"), "conversion_id=v5", "user_id=u", "conversion_type=sign_up")
		f.conversion(at("11:00:00"), "conversion_id=~v1", "conversion_type=sign_up", "click_id=c1")
		return f
	}
	verdict := func(out *Tables) string {
		return spaced(conversionByID(t, out, "v5").CountReason, conversionByID(t, out, "~v1").CountReason)
	}
	same(t, "kept first", verdict(base().run(t)), "COUNT_ONE ")
	f := base()
	f.conversion(at("13:00:00"), "conversion_id=~v1", "conversion_type=sign_up", "adjustment=RETRACT", "click_id=c1")
	same(t, "retracted", verdict(f.run(t)), " RETRACTED")
	f = newFeed()
	f.click(at("10:00:00"), "click_id=c1", "user_id=u", "campaign_id=A")
	f.conversion(at("11:00:00"), "conversion_id=v", "conversion_type=sign_up", "click_id=c1")
	f.conversion(at("11:00:00"), "conversion_id=v", "user_id=u", "conversion_type=sign_up")
	for _, v := range f.run(t).Conversions {
		same(t, "own first", v.CountReason, map[bool]string{true: "", false: "COUNT_ONE"}[v.UserKey != ""])
	}
}

// D4 and originals of adjustments are home's alone.
func TestR3_OrdersStayAtHome(t *testing.T) {
	f := newFeed()
	f.click(at("10:00:00"), "click_id=c1", "user_id=u", "campaign_id=A")
	f.conversion(at("11:00:00"), "conversion_id=~v1", "conversion_type=purchase", "click_id=c1", "order_id=o")
	f.conversion(at("12:00:00"), "conversion_id=v5", "user_id=u", "conversion_type=purchase", "order_id=o")
	f.conversion(at("13:00:00"), "order_id=o", "user_id=u", "conversion_type=purchase", "adjustment=RETRACT")
	out := f.run(t)
	same(t, "home's", spaced(conversionByID(t, out, "~v1").Counted, conversionByID(t, out, "~v1").AdjustmentState), "true NONE")
	same(t, "u's", conversionByID(t, out, "v5").CountReason, "RETRACTED")
}

func TestR3_AdjustmentsWithoutAUser(t *testing.T) {
	for _, c := range []struct {
		name  string
		pairs string
		want  string
	}{
		{"by id, at home", "conversion_id=~v2", "~v2"},
		{"by id, of a user", "conversion_id=v1", "v1"},
		{"by order: a user's before home's", "order_id=o", "v1"},
		{"by order: of users the earlier", "order_id=p", "v3"},
		{"an own one names its timeline's", "order_id=p,user_id=w", "v4"},
		{"one with a user does not look elsewhere", "conversion_id=v1,user_id=w", "ADJUST_ORPHAN"},
		{"none", "conversion_id=zz", "ADJUST_ORPHAN"},
		{"a duplicate order is no original", "conversion_id=v1dup", "ADJUST_ORPHAN"},
	} {
		f := newFeed()
		f.click(at("09:00:00"), "click_id=c1", "user_id=u", "campaign_id=A")
		f.conversion(at("11:00:00"), "conversion_id=v1", "user_id=u", "conversion_type=purchase", "order_id=o")
		f.conversion(at("11:00:01"), "conversion_id=v1dup", "user_id=u", "conversion_type=purchase", "order_id=o")
		f.conversion(at("10:00:00"), "conversion_id=~v2", "conversion_type=purchase", "order_id=o", "click_id=c1")
		f.conversion(at("11:00:00"), "conversion_id=v3", "user_id=u", "conversion_type=purchase", "order_id=p")
		f.conversion(at("11:30:00"), "conversion_id=v4", "user_id=w", "conversion_type=purchase", "order_id=p")
		pairs := strings.Split(c.pairs, ",")
		if !strings.Contains(c.pairs, "user_id") {
			pairs = append(pairs, "click_id=c1")
		}
		f.conversion(at("12:00:00"), append(pairs, "conversion_type=purchase", "adjustment=RETRACT")...)
		out := f.run(t)
		var hit []string
		for _, v := range out.Conversions {
			if v.AdjustmentState == "RETRACTED" {
				hit = append(hit, v.ConversionID)
			}
		}
		for _, r := range out.Rejected {
			hit = append(hit, r.Reason)
		}
		same(t, c.name, strings.Join(hit, " "), c.want)
	}
}

// An original within 90 days comes before an older one of anybody.
func TestR3_AdjustmentsPreferTheYoung(t *testing.T) {
	f := newFeed()
	f.set.Backfill = []string{"conversions"}
	f.conversion(at("10:00:00"), "conversion_id=old", "user_id=u", "conversion_type=purchase", "order_id=o")
	f.conversion(at("50d 10:00:00"), "conversion_id=~young", "conversion_type=purchase", "order_id=o", "click_id=c1")
	f.conversion(at("91d 10:00:00"), "order_id=o", "conversion_type=purchase", "adjustment=RETRACT", "click_id=c1")
	out := f.run(t)
	same(t, "states", spaced(conversionByID(t, out, "old").AdjustmentState, conversionByID(t, out, "~young").AdjustmentState), "NONE RETRACTED")
	f = newFeed()
	f.conversion(at("10:00:00"), "conversion_id=old", "user_id=u", "conversion_type=purchase", "order_id=o")
	f.conversion(at("91d 10:00:00"), "order_id=o", "conversion_type=purchase", "adjustment=RETRACT", "click_id=c1")
	same(t, "too old", reasons(f.run(t)), "0:ADJUST_TOO_OLD:order_id")
}
