package oracle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// noon is a JSON timestamp, and when records of these tests arrive.
const noon = `"timestamp":"2026-03-02T12:00:00Z"`

func jsonRun(t *testing.T, records ...string) *Tables {
	t.Helper()
	f := newFeed()
	for _, r := range records {
		f.put("ad_impressions", at("12:00:01"), []byte(r))
	}
	return f.run(t)
}

// reasons is "line:REASON:field" of the rejects in order.
func reasons(out *Tables) string {
	var list []string
	for _, r := range out.Rejected {
		list = append(list, fmt.Sprintf("%d:%s:%s", r.Line, r.Reason, r.Field))
	}
	return strings.Join(list, " ")
}

func TestN15_JSONLines(t *testing.T) {
	ok := func(id string) string { return `{"impression_id":"` + id + `","creative_id":"c",` + noon + `}` }
	for _, c := range []struct {
		name, record, rejects string
		facts                 int
	}{
		{"object", ok("a"), "", 1},
		{"pretty object", strings.ReplaceAll(ok("a"), ",", ",\n"), "", 1},
		{"array", "[" + ok("a") + "," + ok("b") + "]", "", 2},
		{"ndjson", ok("a") + "\n\n" + ok("b") + "\r\n", "", 2},
		{"one after another", ok("a") + ok("b"), "", 2},
		{"empty array", " [ ] ", "0:EMPTY:", 0},
		{"blank", " \n ", "0:EMPTY:", 0},
		{"bad line", ok("a") + "\n{\"x\":\n" + ok("b"), "1:BAD_JSON:", 2},
		{"number in array", "[" + ok("a") + ",5," + ok("b") + "]", "1:BAD_JSON:", 2},
		{"array breaks off", "[" + ok("a") + "," + ok("b"), "2:BAD_JSON:", 2},
		{"array with a broken element", "[" + ok("a") + ",{x}," + ok("b") + "]", "1:BAD_JSON:", 1},
		{"something behind an array", "[" + ok("a") + "] x", "1:BAD_JSON:", 1},
		{"truncated", ok("a")[:20], "0:BAD_JSON:", 0},
		{"scalar", `"x"`, "0:BAD_JSON:", 0},
		{"bad encoding", ok("a\xff"), "0:BAD_ENCODING:", 0},
		{"bad encoding in an array", "[" + ok("a\xff") + "," + ok("b") + "]", "0:BAD_ENCODING:", 1},
		{"control character in a string", ok("a\x01"), "0:BAD_JSON:", 0},
		{"deep", `{"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + "}", "0:TOO_LARGE:", 0},
		{"deep enough", `{"x":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + "," + ok("a")[1:], "", 1},
		{"ten thousand deep", strings.Repeat(`{"x":`, 10_001), "0:TOO_LARGE:", 0},
		{"deep in an array", `[{"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + "}," + ok("a") + "]", "0:TOO_LARGE:", 1},
		{"many members", "{" + strings.Repeat(`"x":1,`, 4096) + ok("a")[1:], "0:TOO_LARGE:", 0},
	} {
		out := jsonRun(t, c.record)
		same(t, c.name, spaced(len(out.Impressions), reasons(out)), spaced(c.facts, c.rejects))
	}
}

func TestN11_NamesAndAliases(t *testing.T) {
	for _, c := range []struct{ name, pairs, want string }{
		{"any case", `"Impression_ID":"a","CREATIVE":"c"`, "a c"},
		{"canonical wins", `"id":"b","impression_id":"a","crid":"d","creative_id":"c"`, "a c"},
		{"earlier alias wins", `"id":"b","imp_uid":"a","creative":"d","ad_creative_id":"c"`, "a c"},
		{"first of the same name", `"id":"a","ID":"b","creative_id":"c"`, "a c"},
		{"null is not there", `"impression_id":null,"id":"a","creative_id":"c"`, "a c"},
		{"escaped name", `"\u0069d":"a","creative_id":"c"`, "a c"},
		{"integer", `"id":9007199254740993,"creative_id":7`, "9007199254740993 7"},
	} {
		out := jsonRun(t, "{"+c.pairs+","+noon+"}")
		if len(out.Impressions) != 1 {
			t.Errorf("%s: %s", c.name, reasons(out))
			continue
		}
		same(t, c.name, out.Impressions[0].ImpressionID+" "+out.Impressions[0].CreativeID, c.want)
	}
}

func TestN12_OrderOfChecks(t *testing.T) {
	for record, want := range map[string]string{
		`{"creative_id":"c"}`:            "0:MISSING_FIELD:timestamp",
		`{` + noon + `}`:                 "0:MISSING_FIELD:creative_id",
		`{` + noon + `,"creative_id":0}`: "0:MISSING_FIELD:creative_id",
		`{"timestamp":"x","creative_id":"c","impression_id":1.5}`: "0:BAD_ID:impression_id",
		`{"timestamp":"x","user_id":true}`:                        "0:BAD_TIME:timestamp",
		`{"timestamp":"","creative_id":"c"}`:                      "0:MISSING_FIELD:timestamp",
		`{"timestamp":true,"creative_id":"c"}`:                    "0:BAD_TIME:timestamp",
		`{` + noon + `,"creative_id":"c","price":"1.x"}`:          "0:BAD_MONEY:price",
		`{` + noon + `,"creative_id":"c","price":-1}`:             "0:BAD_MONEY:price",
		`{` + noon + `,"creative_id":"c","price_cpm_micros":1.5}`: "0:BAD_MONEY:price_cpm_micros",
		`{` + noon + `,"creative_id":"c","currency":"XYZ"}`:       "0:BAD_CURRENCY:currency",
		`{` + noon + `,"creative_id":"c","quantity":0}`:           "0:BAD_NUMBER:quantity",
		`{` + noon + `,"creative_id":"c","width":20000}`:          "0:BAD_NUMBER:width",
		`{` + noon + `,"creative_id":"c","width":"wide"}`:         "",
		`{` + noon + `,"creative_id":["c"]}`:                      "0:BAD_ID:creative_id",
	} {
		same(t, record, reasons(jsonRun(t, record)), want)
	}
}

func impressionOfRecord(t *testing.T, pairs string) table.Impression {
	t.Helper()
	out := jsonRun(t, `{"id":"i","creative_id":"c",`+noon+","+pairs+"}")
	if len(out.Impressions) != 1 {
		t.Fatalf("%s: %s", pairs, reasons(out))
	}
	return out.Impressions[0]
}

func TestN4_Prices(t *testing.T) {
	sealed := strings.Repeat("aB3_", 4)
	for pairs, want := range map[string]string{
		`"price":"2.10"`:                          "2100000 true CUR_DEFAULTED,UNMAPPED_CREATIVE",
		`"price":2.10,"currency":"eur"`:           "2100000 true UNMAPPED_CREATIVE",
		`"price":"1e-6"`:                          "1 true CUR_DEFAULTED,UNMAPPED_CREATIVE",
		`"price":9,"price_cpm_micros":5`:          "5 true CUR_DEFAULTED,UNMAPPED_CREATIVE",
		`"price":""`:                              "null true UNMAPPED_CREATIVE",
		`"price":"AUDIT"`:                         "null false UNMAPPED_CREATIVE",
		`"price":"%%WINNING_PRICE%%"`:             "null true PRICE_ENCODED,UNMAPPED_CREATIVE",
		`"price":"` + sealed + `"`:                "null true PRICE_ENCODED,UNMAPPED_CREATIVE",
		`"deal_id":"AUDIT"`:                       "null false UNMAPPED_CREATIVE",
		`"price":"AUDIT","price_cpm_micros":"55"`: "55 false CUR_DEFAULTED,UNMAPPED_CREATIVE",
	} {
		i := impressionOfRecord(t, pairs)
		price := "null"
		if i.PriceMicros != nil {
			price = fmt.Sprint(*i.PriceMicros)
		}
		same(t, pairs, spaced(price, i.Valid, i.Flags), want)
	}
	same(t, "short text", reasons(jsonRun(t, `{"creative_id":"c",`+noon+`,"price":"`+sealed[1:]+`"}`)), "0:BAD_MONEY:price")
	same(t, "too many digits", reasons(jsonRun(t, `{"creative_id":"c",`+noon+`,"price":"1234567890123456"}`)), "0:BAD_MONEY:price")
}

func TestValidity_Viewable(t *testing.T) {
	show := func(b *bool) string {
		if b == nil {
			return "-"
		}
		return fmt.Sprint(*b)
	}
	for pairs, want := range map[string]string{
		`"os":"x"`:                                           "- -",
		`"in_view_ms":1000`:                                  "true true",
		`"in_view_ms":999`:                                   "true false",
		`"measurable":true`:                                  "true -",
		`"viewable":"0"`:                                     "true false",
		`"viewable":null`:                                    "- -",
		`"viewable":"maybe"`:                                 "- -",
		`"in_view_ms":"a long"`:                              "- -",
		`"in_view_ms":1999,"ad_format":"Video"`:              "true false",
		`"in_view_ms":2000,"ad_format":"Video"`:              "true true",
		`"viewable":false,"in_view_ms":5000`:                 "true false",
		`"viewable":true,"measurable":0,"ad_format":"vidoe"`: "false true",
	} {
		i := impressionOfRecord(t, pairs)
		same(t, pairs, show(i.Measurable)+" "+show(i.Viewable), want)
	}
}

func TestN3_ClockRepair(t *testing.T) {
	for _, c := range []struct{ sent, received, want, flags string }{
		{"12:00:05", "12:00:30", "12:00:25", "TIME_CORRECTED,UNMAPPED_CREATIVE"},
		{"12:00:00", "12:00:00", "12:00:00", "TIME_CORRECTED,UNMAPPED_CREATIVE"},
		{"11:59:59", "12:00:30", "12:00:00", "UNMAPPED_CREATIVE"},
	} {
		i := impressionOfRecord(t, fmt.Sprintf(`"sent_at":%q,"received_at":%q`, stamp(at(c.sent)), stamp(at(c.received))))
		same(t, c.sent, spaced(i.EventTime, i.Flags), spaced(event.TimeOf(at(c.want)), c.flags))
	}
	i := impressionOfRecord(t, `"sent_at":"soon","received_at":"later"`)
	same(t, "unreadable", i.EventTime, event.TimeOf(at("12:00:00")))
}

func TestN7N8_EnumsAndCountries(t *testing.T) {
	for pairs, want := range map[string]string{
		`"country":"de","ad_format":"BANNER","price_type":"Bid"`:  "DEU banner bid",
		`"country":"deu","ad_format":"popup","price_type":"free"`: "DEU unknown clearing",
		`"country":"Germany"`: " unknown clearing",
		`"country":49`:        " unknown clearing",
	} {
		i := impressionOfRecord(t, pairs)
		same(t, pairs, i.Country+" "+i.AdFormat+" "+i.PriceType, want)
	}
}

func TestN13N14_SyntheticIDsAndFingerprints(t *testing.T) {
	record := `{"creative_id":"c","uid":"u","site":"http://WWW.a.example/p?q",` + noon + `,"price":"1.0","Currency":"usd","ad_format":"nonsense","is_test":"FALSE","gdpr":true,"exchange":"","auction_id":"a","quantity":"2.5","sent_at":5,"mystery":1,"width":"x","viewable":1,"country":"de"}`
	f := newFeed()
	f.put("ad_impressions", at("12:00:01"), []byte(record))
	f.put("ad_impressions", at("12:00:02"), []byte(record))
	out := f.run(t)
	same(t, "facts", len(out.Impressions), 1)
	same(t, "duplicates", out.Ledger["ad_impressions"].DupExact, 1)
	i := out.Impressions[0]
	same(t, "id", i.ImpressionID, syntheticID(printOf("user_id", "u", "creative_id", "c", "website", "a.example/p", "timestamp", "2026-03-02T12:00:00Z")))
	same(t, "defaults", spaced(i.Exchange, i.ImpID, i.QuantityE6, i.SiteDomain, i.PagePath), "default 1 2500000 a.example /p")
	same(t, "flag", strings.Contains(i.Flags, "ID_SYNTHETIC"), true)

	e := jsonElements([]byte(record), &f.set)[0]
	c, _ := jsonCells(e.raw, impressionFields, &f.set)
	got, _ := impressionOf(&reading{cells: c, set: &f.set, words: words{}})
	same(t, "fingerprint", got.print, printOf(
		"timestamp", "2026-03-02T12:00:00Z", "user_id", "u", "creative_id", "c", "website", "a.example/p", "auction_id", "a",
		"price_cpm_micros", "1000000", "currency", "USD", "quantity", "2500000", "ad_format", "unknown", "viewable", "true",
		"country", "DEU", "is_test", "false", "gdpr", "1"))

	f.set.IDMode = "offset"
	out = f.run(t)
	same(t, "facts by offset", len(out.Impressions), 2)
	same(t, "id by offset", out.Impressions[0].ImpressionID == "k:0-0" || out.Impressions[1].ImpressionID == "k:0-0", true)
}

func TestEvents_TextIsCut(t *testing.T) {
	i := impressionOfRecord(t, `"os":"`+strings.Repeat("x", 2047)+`é","site":"a.example/p"`)
	same(t, "os", i.OS, strings.Repeat("x", 2047))
	same(t, "flags", i.Flags, "UNMAPPED_CREATIVE,TEXT_TRUNCATED")
}

func TestEvents_RecordLimit(t *testing.T) {
	f := newFeed()
	f.set.RecordMaxBytes = 10
	f.put("ad_impressions", at("12:00:01"), []byte(`{"creative_id":"c"}`))
	f.put("ad_impressions", at("12:00:01"), nil)
	same(t, "rejects", reasons(f.run(t)), "0:TOO_LARGE: 0:EMPTY:")
}
