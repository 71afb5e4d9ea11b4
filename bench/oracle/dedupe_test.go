package oracle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

func TestT1_ClockAhead(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration
		want  string
	}{
		{5 * time.Minute, "12:05:00 UNMAPPED_CREATIVE"},
		{5*time.Minute + time.Microsecond, "12:00:00 CLOCK_FUTURE,UNMAPPED_CREATIVE"},
		{24 * time.Hour, "12:00:00 CLOCK_FUTURE,UNMAPPED_CREATIVE"},
		{24*time.Hour + time.Microsecond, "0:TIME_FUTURE:timestamp"},
	} {
		f := newFeed()
		f.put("ad_impressions", at("12:00:00"), []byte(object("id=i", "creative_id=c", "timestamp="+stamp(at("12:00:00").Add(c.ahead)))))
		out := f.run(t)
		got := reasons(out)
		if len(out.Impressions) == 1 {
			got = out.Impressions[0].EventTime.UTC().Format("15:04:05") + " " + out.Impressions[0].Flags
		}
		same(t, c.ahead.String(), got, c.want)
	}
}

func TestT2T4_HorizonsAreInclusive(t *testing.T) {
	for _, c := range []struct {
		topic   string
		horizon time.Duration
	}{{"clicks", 48 * time.Hour}, {"conversions", 35 * 24 * time.Hour}} {
		for _, more := range []time.Duration{0, time.Microsecond} {
			f := newFeed()
			moment := at("12:00:00").Add(-more)
			f.csv(c.topic, moment, at("12:00:00").Add(c.horizon), "click_id=k", "user_id=u", "conversion_type=purchase")
			want := ""
			if more > 0 {
				want = "0:TOO_LATE:event_timestamp"
			}
			same(t, c.topic, reasons(f.run(t)), want)
		}
	}
	f := newFeed()
	f.csv("clicks", at("12:00:00"), at("12:10:00"), "click_id=k")
	f.csv("clicks", at("12:00:00"), at("12:10:00").Add(time.Millisecond), "click_id=l")
	out := f.run(t)
	same(t, "late", spaced(clickByID(t, out, "k").Late, clickByID(t, out, "l").Late), "false true")
}

func TestD1_FirstInOrderIsTheFact(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:05"), "id=i", "user_id=u", "creative_id=second", "campaign_id=B")
	f.impression(at("10:00:00"), "id=i", "user_id=u", "creative_id=first", "campaign_id=A")
	f.impression(at("10:00:00"), "id=i", "user_id=u", "creative_id=first", "campaign_id=A")
	f.impression(at("10:00:05"), "id=i", "user_id=u", "creative_id=second", "campaign_id=B")
	show := func(out *Tables) string {
		l := out.Ledger["ad_impressions"]
		i := out.Impressions[0]
		return spaced(len(out.Impressions), i.CreativeID, l.Fact, l.DupExact, l.IDConflict, len(out.Rejected))
	}
	out := f.both(t, show)
	same(t, "classes", show(out), "1 first 1 2 1 1")
	same(t, "position", out.Impressions[0].SrcOffset, 1)
	same(t, "conflict", spaced(out.Rejected[0].Offset, out.Rejected[0].CampaignID), "0 B")
}

func TestD1_ARecordTwiceInADumpCountsOnce(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:00"), "id=i", "creative_id=c")
	f.records["ad_impressions"] = append(f.records["ad_impressions"], f.records["ad_impressions"][0])
	out := f.run(t)
	same(t, "classes", spaced(out.Ledger["ad_impressions"].Total(), out.Records["ad_impressions"]), "1 1")
}

func TestD3_ReusedID(t *testing.T) {
	f := newFeed()
	first := at("10:00:00")
	for _, after := range []time.Duration{0, 24 * time.Hour, 24*time.Hour + time.Microsecond, 48*time.Hour + time.Microsecond, 48*time.Hour + 2*time.Microsecond} {
		f.csv("clicks", first.Add(after), first.Add(after), "click_id=k", "user_id=u")
	}
	show := func(out *Tables) string {
		var list []string
		for _, c := range out.Clicks {
			list = append(list, c.ClickID, c.Flags)
		}
		l := out.Ledger["clicks"]
		return spaced(strings.Join(list, " "), l.Fact, l.DupExact, l.IDConflict)
	}
	out := f.both(t, show)
	key := func(after time.Duration) string { return fmt.Sprintf("k@%d", first.Add(after).UnixMicro()) }
	same(t, "facts", show(out), spaced("k ", key(24*time.Hour+time.Microsecond), "ID_REUSED", key(48*time.Hour+2*time.Microsecond), "ID_REUSED", 3, 0, 2))
}

func TestD3_DuplicateOfAConflictIsADuplicateUntilTheNextFact(t *testing.T) {
	f := newFeed()
	put := func(t time.Time, agent string) {
		f.csv("clicks", t, t, "click_id=k", "user_id=u", "user_agent="+agent)
	}
	put(at("10:00:00"), "x")
	put(at("10:00:01"), "y")
	put(at("10:00:01"), "y")
	put(at("1d 10:00:01"), "z") // a new fact
	put(at("1d 10:00:02"), "z")
	l := f.run(t).Ledger["clicks"]
	same(t, "classes", spaced(l.Fact, l.DupExact, l.IDConflict), "2 1 2")
}

func TestD1_WhatWasSeenBeforeTheNextFactIsForgotten(t *testing.T) {
	f := newFeed()
	repaired := at("1d 10:00:02") // same content as the first, its clock was a day behind
	f.csv("clicks", at("10:00:00"), at("10:00:00"), "click_id=k", "user_id=u")
	f.csv("clicks", at("1d 10:00:01"), at("1d 10:00:01"), "click_id=k", "user_id=u", "os=x")
	f.csv("clicks", at("10:00:00"), repaired, "click_id=k", "user_id=u", "sent_at="+stamp(at("10:00:00")), "received_at="+stamp(repaired))
	l := f.run(t).Ledger["clicks"]
	same(t, "classes", spaced(l.Fact, l.DupExact, l.IDConflict), "2 0 1")
}

func TestR5_OneIDUnderTwoUsersIsTwoFacts(t *testing.T) {
	f := newFeed()
	f.impression(at("10:00:00"), "id=i", "user_id=u1", "creative_id=c")
	f.impression(at("10:00:00"), "id=i", "user_id=u2", "creative_id=c")
	f.impression(at("10:00:00"), "id=i", "creative_id=c")
	out := f.run(t)
	routes := map[int64]bool{}
	for _, i := range out.Impressions {
		routes[i.Route] = true
	}
	same(t, "routes", len(routes), 3)
	same(t, "user", routes[int64(event.RouteUser("u1"))] && routes[int64(event.RouteUser("u2"))] && routes[int64(event.RouteImpression("i"))], true)
}

func TestK2_TheLedgerBalances(t *testing.T) {
	f := newFeed()
	f.put("ad_impressions", at("12:00:01"), []byte(`[{"id":"a","creative_id":"c",`+noon+`},{"id":"a","creative_id":"c",`+noon+`},{"id":"a","creative_id":"d",`+noon+`},5]`))
	f.put("ad_impressions", at("12:00:01"), []byte(`{`))
	l := f.run(t).Ledger["ad_impressions"]
	same(t, "classes", spaced(l.Fact, l.DupExact, l.IDConflict, l.Rejected[event.BadJSON], l.Total()), "1 1 1 2 5")
}
