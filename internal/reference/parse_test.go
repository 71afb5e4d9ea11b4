package reference_test

import (
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

func at(t *testing.T, text string) event.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return event.TimeOf(v)
}

func TestW_AbsentFieldsAreDefaults(t *testing.T) {
	s, err := reference.Parse([]byte(`[{"campaign_id":17}]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := s.Campaign("17", 0)
	if !ok {
		t.Fatal("an integer id must be found by its text")
	}
	w := c.Windows
	if w.BidJoinWeb != 600e6 || w.BidJoinApp != 3600e6 || w.ClickJoin != 86400e6 ||
		w.ClickThrough != 30*86400e6 || w.ViewThrough != 86400e6 || w.ClickRefractory != 30e6 {
		t.Errorf("windows %+v", w)
	}
	if c.Scope != reference.ScopeUnset || c.PathSet != reference.PathSetUnset || c.Model.String() != "last_touch" || c.Currency != "" || c.Pricing != reference.CPM {
		t.Errorf("campaign %+v", c)
	}
	if c.CountMode("purchase") != reference.Every || c.CountMode("sign_up") != reference.One {
		t.Error("C1 defaults: purchase EVERY, sign_up ONE")
	}
}

func TestA1_ScopeIsASettingOrUnset(t *testing.T) {
	s, err := reference.Parse([]byte(`[{"campaign_id":"a","advertiser_id":"x"},{"campaign_id":"b","scope":"account"},{"campaign_id":"c","scope":"campaign","path_set":"clicks_else_views"}]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := s.Campaign("a", 0); c.Scope != reference.ScopeUnset {
		t.Errorf("a: %v", c.Scope)
	}
	if c, _ := s.Campaign("b", 0); c.Scope != reference.ScopeAccount {
		t.Errorf("b: %v", c.Scope)
	}
	if c, _ := s.Campaign("c", 0); c.Scope != reference.ScopeCampaign || c.PathSet != reference.ClicksElseViews {
		t.Errorf("c: %v %v", c.Scope, c.PathSet)
	}
}

func TestW_TheVersionValidAtTheInstant(t *testing.T) {
	s, err := reference.Parse([]byte(`[
		{"campaign_id":"a","valid_from":"2026-02-01T00:00:00Z","windows":{"click_through":"7d","bid_join":"5m"},"count_modes":{"signup":"EVERY"}},
		{"campaign_id":"a","valid_from":"2026-01-01T00:00:00Z"}]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	boundary := at(t, "2026-02-01T00:00:00Z")
	for _, c := range []struct {
		at    event.Time
		known bool
		days  event.Span
	}{
		{at(t, "2025-12-31T23:59:59Z"), false, 30},
		{boundary - 1, true, 30},
		{boundary, true, 7},
	} {
		v, known := s.Campaign("a", c.at)
		if known != c.known || v.Windows.ClickThrough != c.days*event.Day {
			t.Errorf("at %d: known %v, %d days", c.at, known, v.Windows.ClickThrough/event.Day)
		}
	}
	v, _ := s.Campaign("a", boundary)
	if v.CountMode("sign_up") != reference.Every || v.Windows.BidJoinApp != 5*event.Minute {
		t.Errorf("aliases and bid_join: %+v", v)
	}
}

func TestT5_LocalDayFollowsTheZone(t *testing.T) {
	s, err := reference.Parse([]byte(`[{"campaign_id":"k","tz":"Asia/Kolkata"},{"campaign_id":"b","tz":"Europe/Berlin"}]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	k, _ := s.Campaign("k", 0)
	b, _ := s.Campaign("b", 0)
	start := at(t, "2026-03-28T18:30:00Z")
	if k.LocalDay(start) != k.LocalDay(start-1)+1 {
		t.Error("S11: a Kolkata day starts at 18:30 UTC")
	}
	minutes := 0
	day := b.LocalDay(at(t, "2026-03-29T12:00:00Z"))
	for m := at(t, "2026-03-28T00:00:00Z"); m < at(t, "2026-03-31T00:00:00Z"); m = m.Add(event.Minute) {
		if b.LocalDay(m) == day {
			minutes++
		}
	}
	if minutes != 1380 {
		t.Errorf("S11: %d minutes in Berlin's 2026-03-29", minutes)
	}
	if d := b.LocalDay(-1); d != 0 { // 00:59:59 local on 1970-01-01
		t.Errorf("day of the instant before the epoch: %d", d)
	}
}

func TestParse_RefusesAllFaultsAtOnce(t *testing.T) {
	_, err := reference.Parse([]byte(`[
		{"campaign_id":"a","windows":{"click_through":"30"}},
		{"campaign_id":"b","windwos":{}},
		{"campaign_id":"c","tz":"Mars/Base","pricing":"cpx","rate_micros":1.5},
		{"name":"x"},
		{"campaign_id":1.5},
		{"campaign_id":"d","windows":{"view_through":"91d"}}]`), []byte(`[{"creative_id":""}]`))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`row 1: campaign "a": windows.click_through: "30" is not a duration`, `row 2: json: unknown field "windwos"`,
		`tz "Mars/Base"`, `pricing "cpx": one of cpm, cpc, cpa`, `rate_micros 1.5`,
		`row 4: campaign_id is missing`, `row 5: id 1.5`, `"91d" is more than 90d`, `creatives: row 1: creative_id is missing`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}

func TestNewSet_RefusesTwoRowsOfOneKey(t *testing.T) {
	_, err := reference.Parse([]byte(`[{"campaign_id":"a"},{"campaign_id":"a"}]`), []byte(`[{"creative_id":1,"campaign_id":"a"}]`))
	if err == nil || !strings.Contains(err.Error(), `campaign "a" has two rows`) {
		t.Errorf("got %v", err)
	}
	_, err = reference.Parse(nil, []byte(`[{"creative_id":1,"campaign_id":"a"},{"creative_id":"1","campaign_id":"a"}]`))
	if err == nil || !strings.Contains(err.Error(), `creative "1" has two rows`) {
		t.Errorf("got %v", err)
	}
}

func TestEncode_ReadsBackAsWritten(t *testing.T) {
	in := []byte(`[{"campaign_id":"a","valid_from":"2026-02-01T00:00:00Z","advertiser_id":"x","name":"n","tz":"Asia/Kolkata","currency":"inr",
		"pricing":"cpc","rate_micros":250000,"flight_start":"2026-01-01","flight_end":"2026-12-31","budget_micros":"9007199254740993",
		"daily_budget_micros":5,"scope":"campaign","model":"linear","vt_requires_viewable":true,"path_set":"clicks_and_views",
		"count_modes":{"lead":"EVERY"},"windows":{"bid_join":"90s","click_join":"12h","click_through":"0","view_through":"250ms","click_refractory":"1m"},
		"max_clicks_per_impression":3}]`)
	first, err := reference.ParseCampaigns(in)
	if err != nil {
		t.Fatal(err)
	}
	if first[0].BudgetMicros != 9007199254740993 || first[0].Currency != "INR" || first[0].Windows.ClickThrough != 0 {
		t.Errorf("parsed %+v", first[0])
	}
	out, err := reference.EncodeCampaigns(first)
	if err != nil {
		t.Fatal(err)
	}
	again, err := reference.ParseCampaigns(out)
	if err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	second, err := reference.EncodeCampaigns(again)
	if err != nil || string(second) != string(out) {
		t.Errorf("not stable: %v\n%s\n%s", err, out, second)
	}
	if again[0].Windows != first[0].Windows || again[0].Scope != first[0].Scope || again[0].FlightStart != first[0].FlightStart {
		t.Errorf("windows %+v, want %+v", again[0].Windows, first[0].Windows)
	}
}

func TestZeroSetGivesDefaults(t *testing.T) {
	var s reference.Set
	c, ok := s.Campaign("x", 0)
	if ok || c.Location == nil || c.Windows.ClickThrough != 30*event.Day {
		t.Errorf("%v %+v", ok, c)
	}
	if _, ok := s.Creative("x"); ok {
		t.Error("a zero set knows no creative")
	}
}

func TestCreative_LookupIsByID(t *testing.T) {
	s, err := reference.Parse(nil, []byte(`[{"creative_id":42,"campaign_id":"a","line_item_id":"l","ad_format":"banner","w":300,"h":250}]`))
	if err != nil {
		t.Fatal(err)
	}
	c, ok := s.Creative("42")
	if !ok || *c != (reference.Creative{ID: "42", CampaignID: "a", LineItemID: "l", AdFormat: "banner", Width: 300, Height: 250}) {
		t.Errorf("%v %+v", ok, c)
	}
	if len(s.Creatives()) != 1 || len(s.Campaigns()) != 0 {
		t.Error("lists")
	}
}
