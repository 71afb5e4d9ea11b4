package oracle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/table"
)

func verdicts(out *Tables) string {
	var list []string
	for _, v := range out.Conversions {
		list = append(list, spaced(v.ConversionID, v.Counted, v.CountReason))
	}
	return strings.Join(list, "; ")
}

func TestD4_BusinessKey(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","advertiser_id":"adv"}]`
	first := at("10:00:00")
	put := func(id string, after time.Duration, pairs ...string) {
		moment := first.Add(after)
		f.csv("conversions", moment, moment, append([]string{"conversion_id=" + id, "user_id=u", "order_id=o"}, pairs...)...)
	}
	const day = 24 * time.Hour
	put("a", 0, "conversion_type=purchase", "campaign_id=A")
	put("b", 90*day, "conversion_type=purchase", "advertiser_id=adv")
	put("c", 90*day+time.Microsecond, "conversion_type=purchase", "advertiser_id=adv")
	put("d", time.Second, "conversion_type=purchase", "advertiser_id=other")
	put("e", time.Second, "conversion_type=lead", "advertiser_id=adv")
	same(t, "verdicts", verdicts(f.both(t, verdicts)), "a true ; b false DUP_ORDER; c true ; d true ; e true ")
}

func TestC1_FirstReasonCounts(t *testing.T) {
	f := newFeed()
	f.click(at("09:00:00"), "click_id=k", "user_id=u", "campaign_id=A")
	put := func(id, moment string, pairs ...string) {
		f.conversion(at(moment), append([]string{"conversion_id=" + id, "user_id=u", "conversion_type=lead"}, pairs...)...)
	}
	put("a", "10:00:00", "is_test=1", "order_id=o")
	put("b", "10:01:00", "order_id=o")
	put("c", "10:02:00", "value=5")
	put("c", "10:03:00", "adjustment=RETRACT")
	put("d", "10:04:00")
	put("e", "10:05:00")
	out := f.run(t)
	// a, b and c do not take the place of the first: d does.
	same(t, "verdicts", verdicts(out), "a false TEST_TRAFFIC; b false DUP_ORDER; c false RETRACTED; d true ; e false COUNT_ONE")
	same(t, "conv_ct", total(out, all, func(m *table.CampaignMinute) int64 { return m.ConvCT }), 1)
	same(t, "test keeps its credit", credits(out, "a", "linear"), "k:1000000:0")
}

func TestC1_ModesComeFromTheDeclaredCampaignThenTheTouch(t *testing.T) {
	f := newFeed()
	f.campaigns = `[{"campaign_id":"A","scope":"account","count_modes":{"purchase":"ONE"}},{"campaign_id":"B","scope":"account","count_modes":{"purchase":"EVERY"}},{"campaign_id":"C","scope":"account"}]`
	f.click(at("09:00:00"), "click_id=k", "user_id=u", "campaign_id=A")
	for i, declared := range []string{"", "", "B", "C"} {
		f.conversion(at("10:00:00").Add(time.Duration(i)*time.Second), fmt.Sprintf("conversion_id=v%d", i), "user_id=u", "conversion_type=purchase", "campaign_id="+declared)
	}
	same(t, "verdicts", verdicts(f.run(t)), "v0 true ; v1 false COUNT_ONE; v2 true ; v3 false COUNT_ONE")
}

func TestC2_TheLargestAdjustmentDecides(t *testing.T) {
	f := newFeed()
	f.click(at("09:00:00"), "click_id=k", "user_id=u", "campaign_id=A")
	f.conversion(at("10:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "value=40", "currency=EUR", "quantity=2")
	f.conversion(at("12:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "value=30.5", "adjustment=RESTATE")
	f.conversion(at("11:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "adjustment=RETRACT")
	show := func(out *Tables) string {
		v := conversionByID(t, out, "v")
		l := out.Ledger["conversions"]
		return spaced(v.AdjustmentState, v.Counted, v.ValueMicros, v.OriginalValueMicros, v.Currency, v.Quantity, l.Fact, len(out.Rejected))
	}
	same(t, "row", show(f.both(t, show)), "RESTATED true 30500000 40000000 EUR 2 3 0")

	f.conversion(at("12:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "adjustment=RETRACT")
	same(t, "RETRACT is after RESTATE", conversionByID(t, f.run(t), "v").AdjustmentState, "RETRACTED")

	f.conversion(at("12:00:01"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "value=-7", "adjustment=RESTATE")
	out := f.run(t)
	same(t, "negative", spaced(conversionByID(t, out, "v").ValueMicros, credits(out, "v", "linear")), "-7000000 k:1000000:-7000000")
}

func TestC2_OriginalsByOrderAndTime(t *testing.T) {
	f := newFeed()
	f.conversion(at("10:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "order_id=o", "value=1")
	f.conversion(at("11:00:00"), "user_id=u", "conversion_type=purchase", "order_id=o", "value=2", "adjustment=RESTATE")
	f.conversion(at("11:00:00"), "user_id=u", "conversion_type=purchase", "order_id=o", "value=2", "adjustment=RESTATE")
	f.conversion(at("09:59:59"), "user_id=u", "conversion_type=purchase", "order_id=o", "value=3", "adjustment=RESTATE")
	f.conversion(at("12:00:00"), "user_id=u", "conversion_type=lead", "order_id=o", "value=4", "adjustment=RESTATE")
	f.conversion(at("12:00:00"), "user_id=w", "conversion_type=purchase", "order_id=o", "value=5", "adjustment=RESTATE")
	old := at("10:00:00").Add(90*24*time.Hour + time.Microsecond)
	f.csv("conversions", old, old, "conversion_id=v", "user_id=u", "conversion_type=purchase", "value=6", "adjustment=RESTATE")
	out := f.run(t)
	same(t, "value", conversionByID(t, out, "v").ValueMicros, 2_000_000)
	l := out.Ledger["conversions"]
	same(t, "ledger", spaced(l.Fact, l.DupExact, l.Total(), reasons(out)), "2 1 7 0:ADJUST_ORPHAN:order_id 0:ADJUST_ORPHAN:order_id 0:ADJUST_ORPHAN:order_id 0:ADJUST_TOO_OLD:conversion_id")
}

func TestC2_ADuplicateOrderIsNoOriginal(t *testing.T) {
	f := newFeed()
	f.conversion(at("10:00:00"), "conversion_id=v", "user_id=u", "conversion_type=purchase", "order_id=o", "value=1")
	f.conversion(at("10:01:00"), "conversion_id=w", "user_id=u", "conversion_type=purchase", "order_id=o", "value=1")
	f.conversion(at("11:00:00"), "conversion_id=w", "user_id=u", "conversion_type=purchase", "adjustment=RETRACT")
	same(t, "rejects", reasons(f.run(t)), "0:ADJUST_ORPHAN:conversion_id")
}
