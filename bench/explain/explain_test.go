package explain_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/bench/explain"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/csvevents"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// feed is records in memory, by topic and in order.
type feed struct {
	records   []codecs.Record
	campaigns string
	creatives string
	backfill  bool // of the clicks (T2)
}

// at is an instant of 2026-03-02 from "10:00:00", or of n days later from "3d 10:00:00".
func at(text string) time.Time {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	if n, rest, ok := strings.Cut(text, "d "); ok {
		var days int
		fmt.Sscan(n, &days)
		day, text = day.AddDate(0, 0, days), rest
	}
	clock, err := time.Parse("15:04:05", text)
	if err != nil {
		panic(err)
	}
	return day.Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute +
		time.Duration(clock.Second())*time.Second + time.Duration(clock.Nanosecond()))
}

func (f *feed) put(topic string, arrives time.Time, value string) {
	f.records = append(f.records, codecs.Record{
		Position: event.Position{Partition: event.Partition{Topic: topic}, Offset: event.Offset(len(f.records))},
		Time:     event.TimeOf(arrives), Value: []byte(value),
	})
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.999999Z") }

// impression puts a JSON record of the pairs "name=value", which arrives a second
// after it happened.
func (f *feed) impression(t time.Time, pairs ...string) {
	parts := []string{fmt.Sprintf(`"timestamp":%q`, stamp(t))}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		parts = append(parts, fmt.Sprintf("%q:%q", name, value))
	}
	f.put("ad_impressions", t.Add(time.Second), "{"+strings.Join(parts, ",")+"}")
}

// line puts a CSV record with a header.
func (f *feed) line(topic string, t, arrives time.Time, pairs ...string) {
	names, cells := "event_timestamp", stamp(t)
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		names, cells = names+","+name, cells+","+value
	}
	f.put(topic, arrives, names+"\n"+cells+"\n")
}

func (f *feed) click(t time.Time, pairs ...string) { f.line("clicks", t, t.Add(time.Second), pairs...) }

func (f *feed) conversion(t time.Time, pairs ...string) {
	f.line("conversions", t, t.Add(time.Second), pairs...)
}

// explain runs the package over the feed.
func (f *feed) explain(t *testing.T, kind event.Kind, id string) *explain.Answer {
	t.Helper()
	set, err := reference.Parse([]byte(f.campaigns), []byte(f.creatives))
	if err != nil {
		t.Fatal(err)
	}
	common := codecs.Config{Zone: time.UTC, DefaultCurrency: "USD", MaxRecordBytes: 1 << 20, MaxDepth: 64, MaxFields: 4096}
	lines := func(topic csvevents.Topic) func() codecs.Decoder {
		return func() codecs.Decoder {
			d, err := csvevents.New(csvevents.Config{Config: common, Topic: topic})
			if err != nil {
				panic(err)
			}
			return d
		}
	}
	answer, err := explain.Run(t.Context(), explain.Input{
		Kind: kind, ID: id, Settings: correlate.DefaultSettings(), Reference: set, WatermarkDelay: 10 * event.Minute,
		Topics: []actors.Topic{
			{Name: "ad_impressions", NewDecoder: func() codecs.Decoder { return jsonimp.New(common) }},
			{Name: "clicks", NewDecoder: lines(csvevents.Clicks), Backfill: f.backfill},
			{Name: "conversions", NewDecoder: lines(csvevents.Conversions)},
		},
		Open: f.open,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, fact := range answer.Facts {
		if fact.Disagrees != "" {
			t.Errorf("%s %s: steps and row differ: %s\n%s", kind, fact.ID, fact.Disagrees, answer.Text())
		}
	}
	return answer
}

func (f *feed) open() (func() (codecs.Record, bool, error), io.Closer, error) {
	n := 0
	return func() (codecs.Record, bool, error) {
		if n == len(f.records) {
			return codecs.Record{}, false, nil
		}
		n++
		return f.records[n-1], true, nil
	}, io.NopCloser(nil), nil
}

// says holds the text of an answer against what it must hold, each a line's
// part.
func says(t *testing.T, a *explain.Answer, parts ...string) {
	t.Helper()
	text := a.Text()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("nothing says %q in:\n%s", p, text)
		}
	}
}

func TestClickMatchedByItsImpression(t *testing.T) {
	f := &feed{}
	f.impression(at("10:00:00"), "impression_id=i1", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.impression(at("10:00:05"), "impression_id=i2", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.click(at("10:00:09"), "click_id=k", "user_id=u", "campaign_id=A", "creative_id=cr", "impression_id=i1")
	a := f.explain(t, event.KindClick, "k")
	says(t, a, "matched to impression i1 by ID",
		"+ record     clicks/0@2", "D1: the fact",
		"+ impression i1  2026-03-02 10:00:00.000000  J2 (1): click - impression = 9s, inside -1m0s..1d",
		"- impression i2  2026-03-02 10:00:05.000000  J2: an earlier step has a hit", "=> valid")
}

func TestClickTakesTheLatestImpressionOfItsCampaign(t *testing.T) {
	f := &feed{}
	f.impression(at("10:00:00"), "impression_id=i1", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.impression(at("10:00:05"), "impression_id=i2", "user_id=u", "creative_id=other", "campaign_id=A")
	f.impression(at("10:00:07"), "impression_id=i3", "user_id=u", "creative_id=cr", "campaign_id=B")
	f.impression(at("10:00:20"), "impression_id=i4", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.click(at("10:00:09"), "click_id=k", "user_id=u", "campaign_id=A", "creative_id=cr")
	says(t, f.explain(t, event.KindClick, "k"), "matched to impression i1 by USER_CREATIVE",
		"+ impression i1  2026-03-02 10:00:00.000000  J2 (3): the latest valid one, 9s before the click",
		"- impression i2  2026-03-02 10:00:05.000000  J2: creative other, the click's is cr",
		"- impression i3  2026-03-02 10:00:07.000000  J2: campaign B, the click's is A",
		"- impression i4  2026-03-02 10:00:20.000000  J5: 11s after the click; a guess gets no clock tolerance")
}

func TestJ6_EveryReasonOfAnOrphan(t *testing.T) {
	for _, c := range []struct {
		reason string
		feed   func(*feed)
		parts  []string
	}{
		{"NO_KEYS", func(f *feed) { f.click(at("10:00:00"), "click_id=k", "user_id=u") },
			[]string{"no impression_id, no auction_id, and no user_id with a campaign", "the click names none"}},
		{"NO_PARENT", func(f *feed) {
			f.impression(at("10:00:00"), "impression_id=i", "user_id=u", "creative_id=cr", "campaign_id=A")
			f.click(at("1d 10:00:00").Add(time.Microsecond), "click_id=k", "user_id=u", "campaign_id=A", "impression_id=i")
		}, []string{"- impression i  2026-03-02 10:00:00.000000  J5: the click is 1d1µs after it, 1µs beyond the click_join window of 1d"}},
		{"NO_PARENT", func(f *feed) {
			f.impression(at("10:00:00"), "impression_id=i", "user_id=somebody", "creative_id=cr", "campaign_id=A")
			f.click(at("10:00:05"), "click_id=k", "user_id=u", "campaign_id=A", "impression_id=i")
		}, []string{"- impression i  2026-03-02 10:00:00.000000  R3: in the timeline of another routing key"}},
		{"NO_PARENT", func(f *feed) {
			f.impression(at("10:01:01"), "impression_id=i", "user_id=u", "creative_id=cr", "campaign_id=A")
			f.click(at("10:00:00"), "click_id=k", "user_id=u", "campaign_id=A", "impression_id=i")
		}, []string{"J5: the click is 1m1s before it, more than 1m0s"}},
		{"PARENT_INVALID", func(f *feed) {
			f.impression(at("10:00:00"), "impression_id=i", "user_id=u", "creative_id=cr", "campaign_id=A", "is_test=true")
			f.click(at("10:00:05"), "click_id=k", "user_id=u", "campaign_id=A", "creative_id=cr")
		}, []string{"- impression i  2026-03-02 10:00:00.000000  J6: not valid: TEST_TRAFFIC"}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			f := &feed{}
			c.feed(f)
			says(t, f.explain(t, event.KindClick, "k"), append(c.parts, "an orphan, "+c.reason, "=> "+c.reason+":")...)
		})
	}
}

func TestJ6_LateForJoin(t *testing.T) {
	f := &feed{}
	f.impression(at("10:00:00"), "impression_id=i", "user_id=u", "creative_id=cr", "campaign_id=A")
	f.line("clicks", at("10:00:05"), at("2d 10:00:05"), "click_id=k", "user_id=u", "campaign_id=A", "impression_id=i")
	f.line("clicks", at("10:00:05"), at("2d 10:00:06"), "click_id=late", "user_id=u", "campaign_id=A", "impression_id=i")
	says(t, f.explain(t, event.KindClick, "k"), "matched to impression i by ID")
	a := f.explain(t, event.KindClick, "late")
	says(t, a, "T2: rejected TOO_LATE: it arrived 2d1s after its event time, more than 2d")
	if len(a.Facts) != 0 {
		t.Errorf("%d facts of a rejected click", len(a.Facts))
	}
	f.backfill = true
	says(t, f.explain(t, event.KindClick, "late"), "an orphan, LATE_FOR_JOIN", "=> no: 2d1s after its event time, more than 2d, so no impression is asked")
}

func TestD5_TheChainOfARepeatClick(t *testing.T) {
	f := &feed{}
	for n, second := range []string{"00", "29", "31"} {
		f.click(at("10:00:"+second), fmt.Sprintf("click_id=k%d", n), "user_id=u", "campaign_id=A", "creative_id=cr")
	}
	says(t, f.explain(t, event.KindClick, "k1"), "not valid, REPEAT_CLICK: too close to the last accepted click of its chain (D5)",
		"+ click      k0  2026-03-02 10:00:00.000000  D5: accepted 29s before, closer than the refractory period of 30s")
	says(t, f.explain(t, event.KindClick, "k2"), "=> valid", "- click      k1  2026-03-02 10:00:29.000000  D5: of the same campaign and creative, itself a repeat",
		"- click      k0  2026-03-02 10:00:00.000000  D5: accepted 31s before, not closer than")
}

func TestParentIVT(t *testing.T) {
	f := &feed{}
	f.impression(at("10:00:00"), "impression_id=i", "user_id=u", "creative_id=cr", "campaign_id=A", "is_test=true")
	f.click(at("10:00:05"), "click_id=k", "user_id=u", "campaign_id=A", "impression_id=i")
	f.conversion(at("10:10:00"), "conversion_id=v", "user_id=u", "campaign_id=A", "conversion_type=purchase", "click_id=k")
	says(t, f.explain(t, event.KindClick, "k"), "matched to impression i by ID; not valid: PARENT_IVT", "=> not valid, PARENT_IVT: its impression is not valid")
	says(t, f.explain(t, event.KindConversion, "v"), "- click      k  2026-03-02 10:00:05.000000  A2: not valid, PARENT_IVT: its impression is not valid",
		"- impression i  2026-03-02 10:00:00.000000  A2: not valid, TEST_TRAFFIC", "=> UNATTRIBUTED, NO_TOUCH")
}

func TestD1_DuplicateAndConflict(t *testing.T) {
	f := &feed{}
	f.impression(at("10:00:00"), "impression_id=i", "user_id=u", "creative_id=first", "campaign_id=A")
	f.impression(at("10:00:00"), "impression_id=i", "user_id=u", "creative_id=first", "campaign_id=A")
	f.impression(at("10:00:01"), "impression_id=i", "user_id=u", "creative_id=second", "campaign_id=A")
	f.impression(at("1d 10:00:01"), "impression_id=i", "user_id=u", "creative_id=first", "campaign_id=A")
	a := f.explain(t, event.KindImpression, "i")
	says(t, a, "+ record     ad_impressions/0@0", "D1: the fact: the first", "- record     ad_impressions/0@1", "D1: dup_exact: the same content",
		"- record     ad_impressions/0@2", "D2: rejected DUP_ID_CONFLICT", "+ record     ad_impressions/0@3",
		"D3: a new fact, ID_REUSED: 1d1s after the one before, beyond the conflict horizon of 1d")
	if len(a.Facts) != 2 || a.Facts[1].ID != "i@1772532001000000" {
		t.Errorf("facts %+v", a.Facts)
	}
}

func TestA3_ClicksBeatViews(t *testing.T) {
	f := &feed{campaigns: `[{"campaign_id":"A","advertiser_id":"adv"},{"campaign_id":"B","advertiser_id":"adv"},{"campaign_id":"C","advertiser_id":"else"}]`}
	f.click(at("10:00:00"), "click_id=k", "user_id=u", "campaign_id=A", "creative_id=ca")
	f.click(at("10:30:00"), "click_id=other", "user_id=u", "campaign_id=C", "creative_id=cc")
	f.impression(at("1d 10:00:00"), "impression_id=i", "user_id=u", "creative_id=cb", "campaign_id=B")
	f.conversion(at("1d 12:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "advertiser_id=adv", "value=1")
	says(t, f.explain(t, event.KindConversion, "v"), "last touch is a click of campaign A; counted",
		"+ click      k  2026-03-02 10:00:00.000000  A7: the last touch, 1d2h0m0s before the conversion",
		`- click      other  2026-03-02 10:30:00.000000  A1: of advertiser "else", not "adv"`,
		"- impression i  2026-03-03 10:00:00.000000  A3: eligible, but a click beats every view, even a later one")
}

func TestA4_TheNamedClickIsLast(t *testing.T) {
	f := &feed{}
	f.click(at("10:00:00"), "click_id=k1", "user_id=u", "campaign_id=A", "creative_id=ca")
	f.click(at("11:00:00"), "click_id=k2", "user_id=u", "campaign_id=A", "creative_id=cb")
	f.conversion(at("12:00:00"), "conversion_id=v", "user_id=u", "campaign_id=A", "conversion_type=purchase", "click_id=k1")
	f.conversion(at("13:00:00"), "conversion_id=w", "user_id=u", "campaign_id=A", "conversion_type=purchase", "click_id=nobody")
	says(t, f.explain(t, event.KindConversion, "v"), "+ click      k1  2026-03-02 10:00:00.000000  A4: the last touch: the conversion names this click",
		"+ click      k2  2026-03-02 11:00:00.000000  A5: eligible, position 1 of 2 in the path")
	says(t, f.explain(t, event.KindConversion, "w"), "=> CLICK k2; the click nobody that the conversion names is not eligible (CLICK_ID_UNRESOLVED)")
}

func TestA2_OutOfTheWindowByOneMicrosecond(t *testing.T) {
	for _, c := range []struct {
		past  time.Duration
		parts []string
	}{
		{0, []string{"last touch is a view of campaign A", "+ impression i  2026-03-02 10:00:00.000000  A7: the last touch, 1d before the conversion"}},
		{time.Microsecond, []string{"unattributed", "- impression i  2026-03-02 10:00:00.000000  A2: 1d1µs before the conversion, 1µs beyond the view_through window of 1d", "=> UNATTRIBUTED, NO_TOUCH"}},
	} {
		f := &feed{}
		f.impression(at("10:00:00"), "impression_id=i", "user_id=u", "creative_id=c", "campaign_id=A")
		f.conversion(at("1d 10:00:00").Add(c.past), "conversion_id=v", "user_id=u", "campaign_id=A", "conversion_type=purchase")
		says(t, f.explain(t, event.KindConversion, "v"), c.parts...)
	}
}

func TestC1_CountOne(t *testing.T) {
	f := &feed{}
	f.click(at("10:00:00"), "click_id=k", "user_id=u", "campaign_id=A", "creative_id=c")
	f.conversion(at("11:00:00"), "conversion_id=v1", "user_id=u", "campaign_id=A", "conversion_type=sign_up")
	f.conversion(at("12:00:00"), "conversion_id=v2", "user_id=u", "campaign_id=A", "conversion_type=sign_up")
	says(t, f.explain(t, event.KindConversion, "v1"), "last touch is a click of campaign A; counted")
	says(t, f.explain(t, event.KindConversion, "v2"), "not counted, COUNT_ONE", "=> no, COUNT_ONE: of sign_up only the first on one last touch counts",
		"+ conversion v1  2026-03-02 11:00:00.000000  C1: the same type on the same last touch, and first: this one counts")
}

func TestD4_DupOrder(t *testing.T) {
	f := &feed{}
	f.conversion(at("10:05:00"), "conversion_id=v2", "user_id=u", "conversion_type=purchase", "order_id=o", "value=5")
	f.conversion(at("10:00:00"), "conversion_id=v1", "user_id=u", "conversion_type=purchase", "order_id=o", "value=5")
	says(t, f.explain(t, event.KindConversion, "v2"), "not counted, DUP_ORDER, and no credit",
		"+ conversion v1  2026-03-02 10:00:00.000000  D4: the same advertiser, type and order, and earlier")
	says(t, f.explain(t, event.KindConversion, "v1"), "- conversion v2  2026-03-02 10:05:00.000000  D4: later: this one comes first")
}

func TestC2_AdjustmentsAreNamed(t *testing.T) {
	f := &feed{}
	f.conversion(at("10:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "value=40")
	f.conversion(at("3d 10:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "adjustment=RETRACT")
	says(t, f.explain(t, event.KindConversion, "v"), "C2: an adjustment of the conversion, no conversion itself: RETRACT",
		"=> no, RETRACTED: an adjustment took it back (C2)", "=> RETRACTED: its value was 40000000 micros and is 0")
}

func TestAnUnknownID(t *testing.T) {
	f := &feed{}
	f.click(at("10:00:00"), "click_id=k", "user_id=u")
	says(t, f.explain(t, event.KindClick, "nobody"), "no record of the dump has this id")
}
