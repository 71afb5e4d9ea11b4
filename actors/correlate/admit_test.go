package correlate

import (
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

func TestT1_FutureIsClampedOrRejected(t *testing.T) {
	w := newWorld(t)
	f := feed{}
	for _, ahead := range []event.Span{5 * event.Minute, 5*event.Minute + 1, 24 * event.Hour, 24*event.Hour + 1} {
		w.apply(f.impression("i"+windowName(ahead), "u1", at("10:00:00").Add(ahead), func(e *event.Impression) {
			e.Ingest = at("10:00:00")
		}))
	}
	w.finish()
	w.wants("impressions", "i5m", "event_time=2026-03-10T10:05:00.000000")
	w.wants("impressions", "i5m+", "event_time=2026-03-10T10:00:00.000000", "flags=CLOCK_FUTURE")
	w.wants("impressions", "i24h", "event_time=2026-03-10T10:00:00.000000", "flags=CLOCK_FUTURE")
	w.wants("rejected", "ad_impressions/0/3/0", "reason=TIME_FUTURE", "field=timestamp")
	if n := w.count("impressions"); n != 3 {
		t.Errorf("%d impressions", n)
	}
}

func windowName(s event.Span) string {
	name := map[event.Span]string{5 * event.Minute: "5m", 24 * event.Hour: "24h"}
	if n, ok := name[s]; ok {
		return n
	}
	return name[s-1] + "+"
}

func TestT2_HorizonsAreInclusive(t *testing.T) {
	w := newWorld(t)
	f := feed{}
	for _, late := range []event.Span{0, event.Millisecond} {
		after := func(e *event.Envelope, horizon event.Span) { e.Ingest = e.EventTime.Add(horizon + late) }
		w.apply(f.bid("a"+spanName(late), "u1", at("10:00:00"), func(e *event.Bid) { after(&e.Envelope, 2*event.Hour) }))
		w.apply(f.impression("i"+spanName(late), "u1", at("10:00:00"), func(e *event.Impression) { after(&e.Envelope, 48*event.Hour) }))
		w.apply(f.click("c"+spanName(late), "u1", at("10:00:00"), func(e *event.Click) { after(&e.Envelope, 48*event.Hour) }))
		w.apply(f.conversion("v"+spanName(late), "u1", at("10:00:00"), func(e *event.Conversion) { after(&e.Envelope, 35*event.Day) }))
	}
	w.apply(f.click("backfilled", "u1", at("10:00:00"), func(e *event.Click) {
		e.Ingest, e.Backfill = e.EventTime.Add(90*event.Day), true
	}))
	w.finish()
	for name, want := range map[string]int{"bids": 1, "impressions": 1, "clicks": 2, "conversions": 1, "rejected": 4} {
		if n := w.count(name); n != want {
			t.Errorf("%d rows of %s, want %d", n, name, want)
		}
	}
}

func TestT7_OldKafkaTimeBehindTheFrontier(t *testing.T) {
	w := newWorld(t)
	f := feed{}
	w.shards[0].Advance(event.MinTime, at("10:00:00"))
	late := func(e *event.Envelope, ago event.Span) {
		e.EventTime = at("10:00:00").Add(-ago)
		e.Ingest = e.EventTime
	}
	const slack = 2 * event.Minute
	for _, over := range []event.Span{0, 1} {
		name := spanName(over)
		w.apply(f.click("c"+name, "u1", 0, func(e *event.Click) { late(&e.Envelope, 48*event.Hour+slack+over) }))
		// On time for its bid by its own record, so the bids must be there.
		w.apply(f.impression("i"+name, "u1", 0, func(e *event.Impression) { late(&e.Envelope, 2*event.Hour+slack+over) }))
		// On time for views by its own record, so the views must be there.
		w.apply(f.conversion("v"+name, "u1", 0, func(e *event.Conversion) { late(&e.Envelope, 48*event.Hour+slack+over) }))
	}
	w.finish()
	for i := range 3 {
		topic := []string{"clicks", "ad_impressions", "conversions"}[i]
		w.wants("rejected", topic+"/0/1/0", "reason=BEHIND_STATE")
	}
	if n := w.count("rejected"); n != 3 {
		t.Errorf("%d rejects", n)
	}
}

func TestST4_RejectedRecordsAreCounted(t *testing.T) {
	w := newWorld(t)
	w.apply(&event.Rejected{
		Envelope: event.Envelope{Position: event.Position{Partition: event.Partition{Topic: "clicks", ID: 3}, Offset: 7, Line: 2}, EventTime: event.MinTime},
		Reason:   event.CSVArity, Field: "user_id", Detail: "3 cells", Raw: []byte("a,b,c"), Campaign: "A",
	})
	w.end()
	w.wants("rejected", "clicks/3/7/2", "reason=CSV_ARITY", "field=user_id", "campaign_id=A", "detail=3")
	a := w.accounts()[0]
	if a.Rejected[event.CSVArity] != 1 || a.Consumed() != 1 || a.ID != 3 {
		t.Errorf("ledger %+v", a.Rejected)
	}
}

func TestW_LiveTouchesAreCapped(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Settings.MaxTouchesPerUser = 8 })
	f := feed{}
	for i := range 10 {
		w.apply(f.impression("i"+string(rune('a'+i)), "u1", at("09:00:00").Add(event.Span(i)*event.Minute)))
	}
	w.apply(f.conversion("v1", "u1", at("10:00:00"), func(e *event.Conversion) { e.CampaignID = "A" }))
	w.advance(at("10:30:00"))
	w.end()
	// The ninth view makes room: the two oldest go, seven stay, then one comes.
	w.wants("conversions", "v1", "path_len=8")
	if n := w.shards[0].Stats().Counters.Evicted; n != 2 {
		t.Errorf("%d evicted", n)
	}
	if row := w.row("attributions", "v1/first_touch/ic"); row == "" {
		t.Error("the third view is not the first touch")
	}
	if n := w.count("impressions"); n != 10 {
		t.Errorf("%d impressions", n)
	}
}

// spanName tells the record on the edge from the one beyond it.
func spanName(s event.Span) string {
	if s == 0 {
		return "on"
	}
	return "over"
}
