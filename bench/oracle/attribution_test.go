package oracle

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// pathOf is the touches of a conversion's linear path with the method of each.
func pathOf(out *Tables, id string) string {
	byPosition := map[int32]string{}
	for _, a := range out.Attributions {
		if a.ConversionID == id && a.Model == "linear" {
			byPosition[a.Position] = a.TouchID + ":" + a.MatchMethod
		}
	}
	var list []string
	for i := int32(1); byPosition[i] != ""; i++ {
		list = append(list, byPosition[i])
	}
	return strings.Join(list, " ")
}

// story is two clicks and two views of one user under one advertiser before a
// conversion at 12:00.
func story(campaigns string) *feed {
	f := newFeed()
	f.campaigns = campaigns
	if campaigns == "" {
		f.campaigns = `[{"campaign_id":"A","advertiser_id":"adv"},{"campaign_id":"B","advertiser_id":"adv"},{"campaign_id":"C","advertiser_id":"rival"}]`
	}
	f.impression(at("08:00:00"), "id=v1", "user_id=u", "creative_id=c", "campaign_id=A")
	f.click(at("09:00:00"), "click_id=k1", "user_id=u", "campaign_id=A", "creative_id=x")
	f.click(at("10:00:00"), "click_id=k2", "user_id=u", "campaign_id=B", "creative_id=x")
	f.impression(at("11:00:00"), "id=v2", "user_id=u", "creative_id=c", "campaign_id=B")
	f.click(at("11:30:00"), "click_id=k3", "user_id=u", "campaign_id=C", "creative_id=x")
	return f
}

const bothSets = `[{"campaign_id":"A","advertiser_id":"adv","path_set":"clicks_and_views"},{"campaign_id":"B","advertiser_id":"adv"},{"campaign_id":"C","advertiser_id":"rival"}]`

func TestA1A4_Paths(t *testing.T) {
	for _, c := range []struct{ name, campaigns, pairs, want, flags string }{
		{"scope by advertiser", "", "advertiser_id=adv", "k1:USER k2:USER", ""},
		{"scope by the declared campaign's advertiser", "", "campaign_id=A", "k1:USER k2:USER", "DECLARED_DIFFERS"},
		{"scope of everything", "", "value=1", "k1:USER k2:USER k3:USER", "CUR_DEFAULTED"},
		{"scope by campaign", `[]`, "campaign_id=A", "k1:USER", ""},
		{"scope set to account", `[{"campaign_id":"A","advertiser_id":"adv","scope":"account"}]`, "campaign_id=A", "k1:USER k2:USER k3:USER", "DECLARED_DIFFERS"},
		{"scope set to an advertiser nobody knows", `[{"campaign_id":"A","scope":"advertiser"}]`, "campaign_id=A", "k1:USER k2:USER k3:USER", "DECLARED_DIFFERS"},
		{"named click is last", "", "advertiser_id=adv,click_id=k1", "k2:USER k1:CLICK_ID", ""},
		{"named click out of scope", "", "advertiser_id=adv,click_id=k3", "k1:USER k2:USER", "CLICK_ID_UNRESOLVED"},
		{"unknown click", "", "advertiser_id=adv,click_id=zz1", "k1:USER k2:USER", "CLICK_ID_UNRESOLVED"},
		{"named impression gives way to clicks", "", "advertiser_id=adv,impression_id=v2", "k1:USER k2:USER", ""},
		{"clicks and views, the last click last", bothSets, "campaign_id=A", "v1:USER k1:USER v2:USER k2:USER", "DECLARED_DIFFERS"},
		{"clicks and views, the named click last", bothSets, "campaign_id=A,click_id=k1,impression_id=v1", "v1:IMPRESSION_ID k2:USER v2:USER k1:CLICK_ID", ""},
	} {
		f := story(c.campaigns)
		f.conversion(at("12:00:00"), append([]string{"conversion_id=w", "user_id=u", "conversion_type=purchase"}, strings.Split(c.pairs, ",")...)...)
		out := f.run(t)
		same(t, c.name, pathOf(out, "w"), c.want)
		same(t, c.name, conversionByID(t, out, "w").Flags, c.flags)
	}
}

func TestA4_NamedImpressionIsLastAmongViews(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:00"), "id=v1", "user_id=u", "creative_id=c", "campaign_id=A")
	f.impression(at("11:00:00"), "id=v2", "user_id=u", "creative_id=c", "campaign_id=B")
	f.conversion(at("12:00:00"), "conversion_id=w", "user_id=u", "conversion_type=purchase", "impression_id=v1")
	f.conversion(at("12:00:01"), "conversion_id=x", "user_id=u", "conversion_type=purchase", "impression_id=none1")
	out := f.run(t)
	same(t, "named", pathOf(out, "w"), "v2:USER v1:IMPRESSION_ID")
	same(t, "unknown", spaced(pathOf(out, "x"), conversionByID(t, out, "x").Flags), "v1:USER v2:USER ")
	same(t, "kind", conversionByID(t, out, "w").TouchKind, "VIEW")
}

func TestA4_NamedClickAfterTheConversion(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{2 * time.Second, "k1:USER k2:CLICK_ID  -2"},
		{60 * time.Second, "k1:USER k2:CLICK_ID TIME_INVERSION -60"},
		{60*time.Second + time.Microsecond, "k1:USER CLICK_ID_UNRESOLVED 3600"},
	} {
		f := newFeed()
		f.click(at("11:00:00"), "click_id=k1", "user_id=u", "campaign_id=A")
		f.click(at("12:00:00").Add(c.after), "click_id=k2", "user_id=u", "campaign_id=B")
		f.conversion(at("12:00:00"), "conversion_id=w", "user_id=u", "conversion_type=purchase", "click_id=k2")
		out := f.run(t)
		v := conversionByID(t, out, "w")
		same(t, c.after.String(), spaced(pathOf(out, "w"), v.Flags, *v.ClickToConvS), c.want)
	}
}

func TestA2A7_OrderAndBoundaries(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","path_set":"clicks_and_views","windows":{"click_through":"2h","view_through":"1h","click_refractory":"0"}},{"campaign_id":"Z","path_set":"clicks_and_views","windows":{"click_through":"0","view_through":"0"}}]`
	f.set.Scope = "account"
	f.click(at("10:00:00"), "click_id=edge", "user_id=u", "campaign_id=A", "creative_id=1a")
	f.click(at("10:00:00").Add(-time.Microsecond), "click_id=old", "user_id=u", "campaign_id=A", "creative_id=2a")
	f.impression(at("11:00:00"), "id=vedge", "user_id=u", "creative_id=c", "campaign_id=A")
	f.impression(at("11:00:00").Add(-time.Microsecond), "id=vold", "user_id=u", "creative_id=c", "campaign_id=A")
	f.click(at("12:00:00"), "click_id=now1", "user_id=u", "campaign_id=A", "creative_id=3a")
	f.click(at("12:00:00"), "click_id=now2", "user_id=u", "campaign_id=A", "creative_id=4a")
	f.impression(at("12:00:00"), "id=vnow", "user_id=u", "creative_id=c", "campaign_id=A")
	f.click(at("12:00:00").Add(time.Microsecond), "click_id=after", "user_id=u", "campaign_id=A", "creative_id=5a")
	f.click(at("11:59:00"), "click_id=disabled", "user_id=u", "campaign_id=Z")
	f.impression(at("11:59:00"), "id=vdisabled", "user_id=u", "creative_id=c", "campaign_id=Z")
	f.click(at("11:58:00"), "click_id=test", "user_id=u", "campaign_id=A", "creative_id=6a", "is_test=1")
	f.conversion(at("12:00:00"), "conversion_id=w", "user_id=u", "conversion_type=purchase")
	out := f.run(t)
	same(t, "path", pathOf(out, "w"), "edge:USER vedge:USER vnow:USER now1:USER now2:USER")
	for _, a := range out.Attributions {
		if a.Model == "last_touch" {
			same(t, "last", spaced(a.TouchID, a.WindowRule, a.IsLast, a.IsFirst, a.Position, a.PathLen, a.CreditPPM), "now2 click_through=2h true false 5 5 1000000")
		}
		if a.TouchID == "vedge" {
			same(t, "view rule", a.WindowRule, "view_through=1h")
		}
	}
}

func TestWindowRule_LargestUnit(t *testing.T) {
	f := newFeed()
	f.impression(at("11:00:00"), "id=v", "user_id=u", "creative_id=c", "campaign_id=A")
	f.conversion(at("12:00:00"), "conversion_id=w", "user_id=u", "conversion_type=purchase")
	same(t, "24 h", f.run(t).Attributions[0].WindowRule, "view_through=1d")
}

func TestV2_ViewsThatMustBeViewable(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","vt_requires_viewable":true}]`
	f.impression(at("10:00:00"), "id=seen", "user_id=u", "creative_id=c", "campaign_id=A", "viewable=:true")
	f.impression(at("10:30:00"), "id=unseen", "user_id=u", "creative_id=c", "campaign_id=A", "viewable=:false")
	f.conversion(at("10:50:00"), "conversion_id=w", "user_id=u", "conversion_type=purchase")
	f.impression(at("11:00:00"), "id=unmeasured", "user_id=u", "creative_id=c", "campaign_id=A")
	f.conversion(at("12:00:00"), "conversion_id=x", "user_id=u", "conversion_type=purchase")
	out := f.run(t)
	same(t, "measured", spaced(pathOf(out, "w"), conversionByID(t, out, "w").Flags), "seen:USER ")
	same(t, "unmeasured", spaced(pathOf(out, "x"), conversionByID(t, out, "x").Flags), "seen:USER unmeasured:USER VIEW_UNMEASURED")
}

func TestT6_LateConversionTakesNoViews(t *testing.T) {
	for _, c := range []struct {
		late time.Duration
		want string
	}{{48 * time.Hour, "v:USER "}, {48*time.Hour + time.Millisecond, " LATE_FOR_JOIN"}} {
		f := newFeed()
		f.impression(at("11:00:00"), "id=v", "user_id=u", "creative_id=c", "campaign_id=A")
		f.csv("conversions", at("12:00:00"), at("12:00:00").Add(c.late), "conversion_id=w", "user_id=u", "conversion_type=purchase")
		out := f.run(t)
		same(t, c.late.String(), spaced(pathOf(out, "w"), conversionByID(t, out, "w").Flags), c.want)
	}
}

func TestW_LongPathsAreCut(t *testing.T) {
	f := newFeed()
	f.set.MaxTouchesPerPath = 3
	for i := range 5 {
		f.click(at("10:00:00").Add(time.Duration(i)*time.Minute), fmt.Sprintf("click_id=k%d", i), "user_id=u", "campaign_id=A", fmt.Sprintf("creative_id=c%d", i))
	}
	f.conversion(at("12:00:00"), "conversion_id=w", "user_id=u", "conversion_type=purchase")
	out := f.run(t)
	v := conversionByID(t, out, "w")
	same(t, "path", spaced(pathOf(out, "w"), v.PathLen, v.PathTruncated, v.Flags), "k0:USER k3:USER k4:USER 3 true PATH_TRUNCATED")
}

func TestW_ASettingHoldsFromItsDay(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A"},{"campaign_id":"A","valid_from":"2026-03-02T12:00:00Z","windows":{"click_through":"1h"}}]`
	f.click(at("10:00:00"), "click_id=k", "user_id=u", "campaign_id=A")
	f.conversion(at("11:59:59"), "conversion_id=before", "user_id=u", "conversion_type=purchase")
	f.conversion(at("12:00:00"), "conversion_id=after", "user_id=u", "conversion_type=purchase")
	out := f.run(t)
	same(t, "paths", pathOf(out, "before")+pathOf(out, "after"), "k:USER")
}

func TestA8_RowsWithoutATouch(t *testing.T) {
	f := newFeed()
	f.click(at("11:00:00"), "click_id=other", "user_id=u", "campaign_id=A")
	f.conversion(at("12:00:00"), "conversion_id=w", "conversion_type=purchase", "click_id=k")
	out := f.run(t)
	v := conversionByID(t, out, "w")
	same(t, "conversion", spaced(v.TouchKind, v.Counted, v.Flags), "NONE true CLICK_ID_UNRESOLVED")
	same(t, "rows", len(out.Attributions), 5)
	for i, a := range out.Attributions {
		same(t, "row", spaced(a.Model, a.TouchID, a.TouchKind, a.MatchMethod, a.Reason, a.CreditPPM, a.Position, a.PathLen, a.TouchTime),
			[]string{"first_touch", "last_touch", "linear", "position_based", "time_decay"}[i]+"  NONE NONE NO_TOUCH 0 0 0 0")
	}
}

func TestA9_AssistRows(t *testing.T) {
	f := story("")
	f.conversion(at("12:00:00"), "conversion_id=w", "user_id=u", "conversion_type=purchase", "advertiser_id=adv")
	for _, a := range f.run(t).Attributions {
		same(t, a.Model+a.TouchID, a.IsAssist, a.CampaignID == "A")
	}
}
