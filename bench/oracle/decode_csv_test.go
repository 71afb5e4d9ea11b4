package oracle

import (
	"strings"
	"testing"
)

func csvRun(t *testing.T, topic, record string) *Tables {
	t.Helper()
	f := newFeed()
	f.put(topic, at("12:00:01"), []byte(record))
	return f.run(t)
}

func clickIDs(out *Tables) string {
	ids := map[string]bool{}
	var list []string
	for _, c := range out.Clicks {
		ids[c.ClickID] = true
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		if ids[id] {
			list = append(list, id)
		}
	}
	return strings.Join(list, "")
}

func TestEvents14_CSVLines(t *testing.T) {
	const ts = "2026-03-02T12:00:00Z"
	for _, c := range []struct{ name, record, clicks, rejects string }{
		{"header", "click_id,event_timestamp\na," + ts + "\nb," + ts + "\n", "ab", ""},
		{"bom, crlf, aliases in any case", "\xef\xbb\xbfGCLID,TS\r\na," + ts + "\r\n", "a", ""},
		{"blank lines are not counted", "\n\nclick_id,ts\n\na," + ts + "\n\nb\n", "a", "1:CSV_ARITY:"},
		{"configured columns", ts + ",u,A\n", "", ""},
		{"short line", "click_id,ts,user_id\na," + ts + "\nb," + ts + ",u\n", "b", "0:CSV_ARITY:"},
		{"long line", "click_id,ts\na," + ts + ",x\nb," + ts + ",,,\n", "b", "0:CSV_ARITY:"},
		{"trailing empties in the header", "click_id,ts,,\na," + ts + "\n", "a", ""},
		{"quoted newline", "click_id,ts,user_agent\na," + ts + ",\"x\ny,\"\"z\"\nb," + ts + ",q\n", "ab", ""},
		{"stray quote", "click_id,ts,os\na," + ts + ",x\"y\nb," + ts + ",\"x\"y\nc," + ts + ",z\n", "c", "0:BAD_CSV: 1:BAD_CSV:"},
		{"open quote takes the rest", "click_id,ts,os\na," + ts + ",x\nb," + ts + ",\"y\nc," + ts + ",z\n", "a", "1:BAD_CSV:"},
		{"encoding of one line", "click_id,ts,os\na," + ts + ",\xff\nb," + ts + ",y\n", "b", "0:BAD_ENCODING:"},
		{"header only", "click_id,ts\n", "", "0:EMPTY:"},
		{"nothing", "\n", "", "0:EMPTY:"},
		{"unknown column makes no header", "click_id,ts,mystery\n", "", "0:BAD_TIME:event_timestamp"},
		{"blank cell is no value", "click_id,gclid,ts\n,a," + ts + "\n", "a", ""},
		{"no keys", "ts,campaign_id\n" + ts + ",A\n", "", "0:MISSING_FIELD:user_id"},
		{"no time", "ts,click_id\n,a\n", "", "0:MISSING_FIELD:event_timestamp"},
		{"NUL in an id", "ts,click_id\n" + ts + ",a\x00\n", "", "0:BAD_ID:click_id"},
		{"coordinate", "ts,click_id,click_x\n" + ts + ",a,x\n" + ts + ",b,-1\n", "a", "1:BAD_NUMBER:click_x"},
	} {
		out := csvRun(t, "clicks", c.record)
		same(t, c.name, spaced(clickIDs(out), reasons(out)), spaced(c.clicks, c.rejects))
	}
}

func TestEvents14_HeaderHoldsForItsRecordOnly(t *testing.T) {
	f := newFeed()
	f.put("clicks", at("12:00:01"), []byte("click_id,ts\na,2026-03-02T12:00:00Z\n"))
	f.put("clicks", at("12:00:01"), []byte("2026-03-02T12:00:00Z,u,A\n"))
	out := f.run(t)
	same(t, "clicks", spaced(len(out.Clicks), reasons(out)), "2 ")
}

func TestN16_CombinedTopic(t *testing.T) {
	out := csvRun(t, "clicks_conversions",
		"timestamp,user_id,ad_campaign_id,event_type\n"+
			"2026-03-02 12:00:00,1,7,Click\n"+
			"2026-03-02 12:00:01,1,7,visit\n"+
			"2026-03-02 12:00:02,1,7,signup\n"+
			"2026-03-02 12:00:03,1,7,\n"+
			"2026-03-02 12:00:04,1,7,bad type\n")
	same(t, "counts", spaced(len(out.Clicks), len(out.Conversions), reasons(out)), "1 2 3:MISSING_FIELD:conversion_type 4:BAD_NUMBER:conversion_type")
	same(t, "id", out.Clicks[0].ClickID, syntheticID(printOf(
		"event_timestamp", "2026-03-02 12:00:00", "user_id", "1", "campaign_id", "7", "conversion_type", "click")))
	types := map[string]bool{}
	for _, c := range out.Conversions {
		types[c.ConversionType] = true
		same(t, c.ConversionType, c.LastTouchCampaignID, "7")
	}
	same(t, "types", types["page_view"] && types["sign_up"], true)

	f := newFeed()
	f.put("clicks_conversions", at("12:00:01"), []byte("2026-03-02 12:00:00,1,7,click\n2026-03-02 12:00:00,1,7,purchase\n"))
	out = f.run(t)
	same(t, "without a header", spaced(len(out.Clicks), len(out.Conversions), len(out.Rejected)), "1 1 0")
}

func TestEvents15_Conversions(t *testing.T) {
	for pairs, want := range map[string]string{
		"user_id=u,conversion_type=Purchase,value=40":                                     "40000000 USD 1 CUR_DEFAULTED,ID_SYNTHETIC",
		"user_id=u,conversion_type=purchase":                                              "0 USD 1 ID_SYNTHETIC",
		"user_id=u,conversion_type=purchase,value=1,value_micros=7,currency=eur":          "7 EUR 1 ID_SYNTHETIC",
		"user_id=u,conversion_type=purchase,quantity=3,conversion_id=v":                   "0 USD 3 ",
		"user_id=u,conversion_type=purchase,value=-1":                                     "BAD_MONEY value",
		"user_id=u,conversion_type=purchase,value=1000000001":                             "BAD_MONEY value",
		"user_id=u,conversion_type=purchase,value=x":                                      "BAD_MONEY value",
		"user_id=u,conversion_type=purchase,quantity=0":                                   "BAD_NUMBER quantity",
		"user_id=u,conversion_type=purchase,quantity=1.5":                                 "BAD_NUMBER quantity",
		"user_id=u,conversion_type=two words":                                             "BAD_NUMBER conversion_type",
		"user_id=u,conversion_type=" + strings.Repeat("x", 65):                            "BAD_NUMBER conversion_type",
		"user_id=u,conversion_type=":                                                      "MISSING_FIELD conversion_type",
		"user_id=0,conversion_type=purchase":                                              "MISSING_FIELD user_id",
		"user_id=u,conversion_type=purchase,adjustment=RESTATE":                           "MISSING_FIELD conversion_id",
		"user_id=u,conversion_type=purchase,adjustment=UNDO,conversion_id=v":              "BAD_NUMBER adjustment",
		"user_id=u,conversion_type=purchase,adjustment=retract,conversion_id=v":           "ADJUST_ORPHAN conversion_id",
		"user_id=u,conversion_type=purchase,adjustment=restate,conversion_id=v,value=-1":  "ADJUST_ORPHAN conversion_id",
		"user_id=u,conversion_type=purchase,adjustment=retract,conversion_id=v,value=-1":  "BAD_MONEY value",
		"user_id=u,conversion_type=purchase,adjustment=new,conversion_id=v,value=0.00001": "10 USD 1 CUR_DEFAULTED",
	} {
		f := newFeed()
		f.conversion(at("12:00:00"), strings.Split(pairs, ",")...)
		out := f.run(t)
		got := ""
		switch {
		case len(out.Rejected) > 0:
			got = spaced(out.Rejected[0].Reason, out.Rejected[0].Field)
		case len(out.Conversions) > 0:
			v := out.Conversions[0]
			got = spaced(v.ValueMicros, v.Currency, v.Quantity, v.Flags)
		}
		same(t, pairs, got, want)
	}
}

func TestN13_OffsetIDs(t *testing.T) {
	f := newFeed()
	f.set.IDMode = "offset"
	f.put("clicks", at("12:00:01"), []byte("2026-03-02T12:00:00Z,u,A\n2026-03-02T12:00:00Z,u,A\n"))
	out := f.run(t)
	same(t, "ids", spaced(out.Clicks[0].ClickID, out.Clicks[1].ClickID), "k:0-0-0 k:0-0-1")
}

func TestEvents_RejectsSayWhatCanBeRead(t *testing.T) {
	out := csvRun(t, "conversions", "ts,conversion_time,user_id,campaign_id,conversion_type,value\n,2026-03-02T12:00:00Z,u,A,purchase,x\n")
	r := out.Rejected[0]
	same(t, "reject", spaced(r.Reason, r.EventTime.UTC().Format("15:04"), r.CampaignID), "BAD_MONEY 12:00 A")
}
