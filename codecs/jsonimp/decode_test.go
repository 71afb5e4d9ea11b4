package jsonimp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/codectest"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
)

// collector keeps copies of what a decoder hands over, as text where the text
// would not outlive the call.
type collector struct {
	impressions []event.Impression
	rejects     []event.Rejected
}

func (c *collector) Bid(*event.Bid)               {}
func (c *collector) Click(*event.Click)           {}
func (c *collector) Conversion(*event.Conversion) {}

func (c *collector) Impression(e *event.Impression) {
	copied := *e
	copied.ID, copied.UserID = strings.Clone(e.ID), strings.Clone(e.UserID)
	copied.CreativeID, copied.SiteDomain = strings.Clone(e.CreativeID), strings.Clone(e.SiteDomain)
	c.impressions = append(c.impressions, copied)
}

func (c *collector) Reject(e *event.Rejected) {
	copied := *e
	copied.Raw = append([]byte(nil), e.Raw...)
	c.rejects = append(c.rejects, copied)
}

const ingest = 1_763_892_005_000_000

var position = event.Position{Partition: event.Partition{Topic: "ad_impressions", ID: 3}, Offset: 42}

func decode(t *testing.T, config codecs.Config, value string) *collector {
	t.Helper()
	c := new(collector)
	jsonimp.New(config).Decode(&codecs.Record{Position: position, Time: ingest, Value: []byte(value)}, c)
	return c
}

// one decodes a record that must be one impression.
func one(t *testing.T, config codecs.Config, value string) event.Impression {
	t.Helper()
	c := decode(t, config, value)
	if len(c.impressions) != 1 || len(c.rejects) > 0 {
		t.Fatalf("%s: %d impressions, rejected %+v", value, len(c.impressions), c.rejects)
	}
	return c.impressions[0]
}

// with is a minimal impression with more members.
func with(members string) string {
	return `{"timestamp":"2025-11-23T10:00:00Z","creative_id":"cr-1",` + members + `}`
}

const minimalTime = 1_763_892_000_000_000

func TestEveryFieldIsRead(t *testing.T) {
	got := one(t, codecs.Config{}, `{"impression_id":"imp-1","timestamp":"2025-11-23T10:00:00Z","user_id":"u-1","creative_id":"cr-1",
	 "campaign_id":"camp-1","website":"https://www.News.example:8080/a/B?q#f","app_bundle":"com.x","placement_id":"top","exchange":"adx",
	 "line_item_id":"li","advertiser_id":"adv","deal_id":"d1","auction_id":"auc","imp_id":"2","bid_id":"b1","price":"2.10","currency":"eur",
	 "price_type":"BID","quantity":"1.5","ad_format":"Video","width":640,"height":"480","measurable":true,"viewable":"0","in_view_ms":1500,
	 "user_agent":"ua","ip":"203.0.113.7","device_type":4,"os":"ios","browser":"safari","country":"de","region":"BE","utc_offset_min":-330,
	 "is_prefetch":1,"is_test":false,"gdpr":"1","consent":"CP","gpp":"g","us_privacy":"1---"}`)
	want := event.Impression{
		Envelope: event.Envelope{Position: position, Ingest: ingest, EventTime: minimalTime, Route: event.RouteUser("u-1")},
		ID:       "imp-1", UserID: "u-1", CreativeID: "cr-1", CampaignID: "camp-1", SiteDomain: "news.example", PagePath: "/a/B",
		AppBundle: "com.x", PlacementID: "top", Exchange: "adx", LineItemID: "li", Advertiser: "adv", DealID: "d1", AuctionID: "auc",
		ImpID: "2", BidID: "b1", PriceMicros: 2_100_000, Currency: "EUR", PriceType: "bid", QuantityE6: 1_500_000, AdFormat: "video",
		Width: 640, Height: 480, Measurable: event.True, Viewable: event.False, InViewMS: 1500, UserAgent: "ua", IP: "203.0.113.7",
		DeviceType: 4, OS: "ios", Browser: "safari", Country: "DEU", Region: "BE", UTCOffset: -330, Prefetch: true, GDPR: event.True,
		Consent: "CP", GPP: "g", USPrivacy: "1---",
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(event.Envelope{}, "Print")); diff != "" {
		t.Error(diff)
	}
}

func TestTheCaseStudyShapeIsAcceptedAsItIs(t *testing.T) {
	got := one(t, codecs.Config{}, `{"ad_creative_id": 1001, "user_id": 42, "timestamp": "2025-11-23 10:00:00", "website": "http://example.com"}`)
	want := event.Impression{
		Envelope: event.Envelope{Position: position, Ingest: ingest, EventTime: minimalTime, Route: event.RouteUser("42"), Flags: event.IDSynthetic},
		// printf 'user_id\0\0\0\0\x0242creative_id\0\0\0\0\x041001website\0\0\0\0\x0bexample.comtimestamp\0\0\0\0\x132025-11-23 10:00:00' | sha256sum
		ID: "s:a656003efd257cabfbb6973b24a04f7b", UserID: "42", CreativeID: "1001", SiteDomain: "example.com", PriceMicros: event.Absent,
		Currency: "USD", PriceType: "clearing", QuantityE6: 1_000_000, AdFormat: "unknown", Width: -1, Height: -1,
		InViewMS: event.Absent, DeviceType: -1, UTCOffset: event.NoUTCOffset,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(event.Envelope{}, "Print")); diff != "" {
		t.Error(diff)
	}
}

func TestN11_CanonicalNamesWin(t *testing.T) {
	for members, want := range map[string]string{
		`"uid":"b","user_id":"a"`:               "a",
		`"USER_ID":"a","uid":"b"`:               "a",
		`"cookie_id":"c","buyeruid":"b"`:        "b",
		`"user_id":"a","user_id":"b"`:           "a",
		`"User_Id":"b","user_id":"a"`:           "b",
		`"user_id":null,"uid":"b"`:              "b",
		`"user_id":"0","uid":"b"`:               "",
		`"user\u005fid":"a","uid":"b"`:          "a",
		`"user_id":9007199254740993,"uid":"b"`:  "9007199254740993",
		`"user_id":` + strings.Repeat("7", 100): strings.Repeat("7", 100),
	} {
		if got := one(t, codecs.Config{}, with(members)); got.UserID != want {
			t.Errorf("%s: %q, want %q", members, got.UserID, want)
		}
	}
}

func TestRejectsNameReasonAndField(t *testing.T) {
	for value, want := range map[string]string{
		``:                                     "EMPTY:",
		" \n\t ":                               "EMPTY:",
		`[]`:                                   "EMPTY:",
		`null`:                                 "BAD_JSON:",
		`"x"`:                                  "BAD_JSON:",
		`12`:                                   "BAD_JSON:",
		`{`:                                    "BAD_JSON:",
		with(`"x":NaN`):                        "BAD_JSON:",
		with(`"x":"` + "\x01" + `"`):           "BAD_JSON:",
		with(`"x":"` + "\xff" + `"`):           "BAD_ENCODING:",
		`{"timestamp":"` + "\xff" + `"`:        "BAD_ENCODING:",
		`{}`:                                   "MISSING_FIELD:timestamp",
		`{"timestamp":1}`:                      "MISSING_FIELD:creative_id",
		`{"creative_id":"0","timestamp":1}`:    "MISSING_FIELD:creative_id",
		`{"creative_id":"a","timestamp":""}`:   "MISSING_FIELD:timestamp",
		`{"creative_id":"a","timestamp":"x"}`:  "BAD_TIME:timestamp",
		`{"creative_id":"a","timestamp":true}`: "BAD_TIME:timestamp",
		`{"creative_id":"a","timestamp":1e9}`:  "BAD_TIME:timestamp",
		with(`"user_id":1.0`):                  "BAD_ID:user_id",
		with(`"user_id":1e3`):                  "BAD_ID:user_id",
		with(`"user_id":true`):                 "BAD_ID:user_id",
		with(`"user_id":{}`):                   "BAD_ID:user_id",
		with(`"user_id":"a\u0000"`):            "BAD_ID:user_id",
		with(`"uid":"` + strings.Repeat("x", 129) + `"`): "BAD_ID:user_id",
		with(`"price":"2,10"`):                           "BAD_MONEY:price",
		with(`"price":-1`):                               "BAD_MONEY:price",
		with(`"price":1000000.01`):                       "BAD_MONEY:price",
		with(`"price":12345678901234567890`):             "BAD_MONEY:price",
		with(`"price":"12345678901234567890"`):           "BAD_MONEY:price",
		with(`"price_cpm_micros":1.5`):                   "BAD_MONEY:price_cpm_micros",
		with(`"currency":"DOLLARS"`):                     "BAD_CURRENCY:currency",
		with(`"currency":978`):                           "BAD_CURRENCY:currency",
		with(`"width":16385`):                            "BAD_NUMBER:width",
		with(`"height":-1`):                              "BAD_NUMBER:height",
		with(`"quantity":0`):                             "BAD_NUMBER:quantity",
		with(`"quantity":"1000000.1"`):                   "BAD_NUMBER:quantity",
		with(`"quantity":"many"`):                        "BAD_NUMBER:quantity",
		with(`"utc_offset_min":1441`):                    "BAD_NUMBER:utc_offset_min",
		with(`"width":99999,"user_id":1.5`):              "BAD_ID:user_id", // the order of the list, not of the record
		with(`"x":` + strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64)): "TOO_LARGE:",
		with(`"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64)):           "TOO_LARGE:",
		`{` + strings.Repeat(`"a":1,`, 4096) + `"b":1}`:                            "TOO_LARGE:",
		strings.Repeat(" ", codecs.DefaultMaxRecordBytes+1):                        "TOO_LARGE:",
	} {
		c := decode(t, codecs.Config{}, value)
		if len(c.rejects) != 1 || len(c.impressions) > 0 {
			t.Errorf("%.80q: %d impressions, %d rejects", value, len(c.impressions), len(c.rejects))
			continue
		}
		r := c.rejects[0]
		if got := r.Reason.String() + ":" + r.Field; got != want || r.Intended != event.KindImpression || r.Route != event.RouteRecord(position) {
			t.Errorf("%.80q: %s (%s), want %s", value, got, r.Detail, want)
		}
	}
}

func TestWhatIsAtTheLimitIsAccepted(t *testing.T) {
	for _, members := range []string{
		`"x":` + strings.Repeat("[", 63) + strings.Repeat("]", 63), // the object is the first level
		`"x":` + strings.Repeat(`{"a":`, 63) + "1" + strings.Repeat("}", 63),
		strings.Repeat(`"a":1,`, 4093) + `"b":1`,
		`"user_id":"` + strings.Repeat("x", 128) + `"`,
		`"width":16384,"height":0,"quantity":1000000`, `"price":"1000000"`, `"price":1e-3`, `"quantity":0.000001`,
	} {
		one(t, codecs.Config{}, with(members))
	}
}

func TestARejectSaysWhatCouldBeRead(t *testing.T) {
	c := decode(t, codecs.Config{}, with(`"campaign_id":"camp-1","user_id":"secret-user","width":-5,"mail":"joe@mail.example"`))
	r := c.rejects[0]
	if r.EventTime != minimalTime || r.Campaign != "camp-1" {
		t.Errorf("time %d, campaign %q", r.EventTime, r.Campaign)
	}
	want := `{"timestamp":"9999-99-99x99:99:99x","creative_id":"xx-9","campaign_id":"xxxx-9","user_id":"xxxxxx-xxxx","width":-9,"xxxx":"xxx@xxxx.xxxxxxx"}`
	if string(r.Raw) != want {
		t.Errorf("raw %s", r.Raw)
	}
	if c = decode(t, codecs.Config{}, `{"timestamp":"x","creative_id":"a"}`); c.rejects[0].EventTime != event.MinTime {
		t.Errorf("an unreadable time is %d", c.rejects[0].EventTime)
	}
}

func TestN4_Prices(t *testing.T) {
	for members, want := range map[string]string{
		`"price":"2.10"`:                             "2100000 false CUR_DEFAULTED,IDS",
		`"price":2.10,"currency":"USD"`:              "2100000 false IDS",
		`"price_cpm":"0"`:                            "0 false CUR_DEFAULTED,IDS",
		`"price_cpm_micros":7,"price":"9"`:           "7 false CUR_DEFAULTED,IDS",
		`"price":"x","price_cpm_micros":"7"`:         "7 false CUR_DEFAULTED,IDS",
		`"price":""`:                                 "null false IDS",
		`"price":null`:                               "null false IDS",
		`"price":"AUDIT"`:                            "null true IDS",
		`"price":"AUDIT","price_cpm_micros":7`:       "7 true CUR_DEFAULTED,IDS",
		`"price":"${AUCTION_PRICE}"`:                 "null false PRICE_ENCODED,IDS",
		`"price":"%%WINNING_PRICE%%"`:                "null false PRICE_ENCODED,IDS",
		`"price":"YWJjMTIzZGVmNDU2Z2hpNwAAAAA_-w=="`: "null false PRICE_ENCODED,IDS",
		`"price":"abcdefghijklmno1"`:                 "null false PRICE_ENCODED,IDS",
	} {
		e := one(t, codecs.Config{}, with(members))
		price := "null"
		if e.PriceMicros != event.Absent {
			price = fmt.Sprint(e.PriceMicros)
		}
		got := fmt.Sprintf("%s %t %s", price, e.Test, strings.Replace(e.Flags.String(), "ID_SYNTHETIC", "IDS", 1))
		if got != want {
			t.Errorf("%s: %s, want %s", members, got, want)
		}
	}
	if c := decode(t, codecs.Config{}, with(`"price":"abcdefghijklmno"`)); len(c.rejects) != 1 {
		t.Error("15 bytes are taken for an encrypted price")
	}
}

func TestN3_ClockRepair(t *testing.T) {
	for members, want := range map[string]struct {
		at   event.Time
		flag bool
	}{
		`"sent_at":"2025-11-23T10:00:30Z","received_at":"2025-11-23T12:00:00Z"`: {minimalTime + 7170*1_000_000, true},
		`"sent_at":"2025-11-23T10:00:00Z","received_at":"2025-11-23T10:00:00Z"`: {minimalTime, true},
		`"sent_at":"2025-11-23T09:59:59Z","received_at":"2025-11-23T12:00:00Z"`: {minimalTime, false},
		`"sent_at":"2025-11-23T10:00:30Z"`:                                      {minimalTime, false},
		`"sent_at":"soon","received_at":"2025-11-23T12:00:00Z"`:                 {minimalTime, false},
	} {
		e := one(t, codecs.Config{}, with(members))
		if e.EventTime != want.at || e.Flags.Has(event.TimeCorrected) != want.flag {
			t.Errorf("%s: %s %s", members, e.EventTime.UTC(), e.Flags)
		}
	}
}

func TestN9_DefaultsOfTheAuctionChain(t *testing.T) {
	e := one(t, codecs.Config{}, with(`"auction_id":"a1"`))
	if e.Exchange != "default" || e.ImpID != "1" || e.Route != event.RouteAuction("default", "a1") {
		t.Errorf("%+v", e)
	}
	if e = one(t, codecs.Config{}, with(`"item_id":"7"`)); e.Exchange != "" || e.ImpID != "7" || e.Route != event.RouteImpression(e.ID) {
		t.Errorf("%+v", e)
	}
}

func TestN14_DefaultsAreNotHashed(t *testing.T) {
	print := func(members string) event.Fingerprint { return one(t, codecs.Config{}, with(members)).Print }
	plain := print(`"auction_id":"a1"`)
	for _, members := range []string{`"exchange":"default"`, `"imp_id":"1"`, `"quantity":1`, `"ad_format":"unknown"`,
		`"price_type":"clearing"`, `"currency":"USD"`, `"is_test":false`} {
		if print(`"auction_id":"a1",`+members) == plain {
			t.Errorf("a stated %s is not hashed", members)
		}
	}
	for _, members := range []string{`"sent_at":"x"`, `"new_field":1`, `"user_id":"0"`, `"width":"wide"`, `"gdpr":null`, `"country":"??"`, `"price":"AUDIT"`} {
		if print(`"auction_id":"a1",`+members) != plain {
			t.Errorf("%s is hashed", members)
		}
	}
}

func TestN10_AuditIsTestTraffic(t *testing.T) {
	for _, members := range []string{`"deal_id":"AUDIT"`, `"is_test":1`, `"is_test":"TRUE"`, `"price":"AUDIT"`} {
		if e := one(t, codecs.Config{}, with(members)); !e.Test || e.DealID != "" {
			t.Errorf("%s: %+v", members, e)
		}
	}
}

func TestN13_IDsByPosition(t *testing.T) {
	config := codecs.Config{IDMode: codecs.Offset}
	if e := one(t, config, with(`"x":1`)); e.ID != "k:3-42" || !e.Flags.Has(event.IDSynthetic) {
		t.Errorf("%q", e.ID)
	}
}

func TestN15_LinesOfArraysAndNDJSON(t *testing.T) {
	good := with(`"x":1`)
	deep := `{"x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`
	for name, test := range map[string]struct{ value, want string }{
		"array":                    {"[" + good + ", " + good + "]", "+0 +1"},
		"ndjson":                   {good + "\n" + good + "\r\n\n" + good + "\n", "+0 +1 +2"},
		"pretty":                   {strings.ReplaceAll(good, ",", ",\n"), "+0"},
		"array with a bad element": {"[" + good + ",7,{}," + good + "]", "+0 -1 -2 +3"},
		"array that breaks off":    {"[" + good + ",{\"a\"", "+0 -1"},
		"array that does not end":  {"[" + good, "+0 -1"},
		"array and more":           {"[" + good + "] x", "+0 -1"},
		"empty array and more":     {"[] x", "-0 -1"},
		"deep element":             {"[" + deep + "," + good + "]", "-0 +1"},
		"deep line":                {deep + "\n" + good, "-0 +1"},
		"bad line":                 {good + "\n{\"a\":\n" + good + "\ngarbage\nmore\n" + good, "+0 -1 +2 -3 +4"},
		"number line":              {"7\n" + good, "-0 +1"},
	} {
		var got []string
		h := order{&got}
		jsonimp.New(codecs.Config{}).Decode(&codecs.Record{Position: position, Value: []byte(test.value)}, h)
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// order notes the line of each event with +, of each rejection with -.
type order struct{ lines *[]string }

func (o order) Bid(*event.Bid)               {}
func (o order) Click(*event.Click)           {}
func (o order) Conversion(*event.Conversion) {}
func (o order) Impression(e *event.Impression) {
	*o.lines = append(*o.lines, fmt.Sprintf("+%d", e.Line))
}
func (o order) Reject(e *event.Rejected) { *o.lines = append(*o.lines, fmt.Sprintf("-%d", e.Line)) }

func TestFreeTextIsCut(t *testing.T) {
	e := one(t, codecs.Config{}, with(`"user_agent":"`+strings.Repeat("ä", 2000)+`"`))
	if len(e.UserAgent) != 2048 || !e.Flags.Has(event.TextTruncated) {
		t.Errorf("%d bytes, %s", len(e.UserAgent), e.Flags)
	}
	e = one(t, codecs.Config{}, with(`"os":"x`+strings.Repeat("ä", 2000)+`"`))
	if len(e.OS) != 2047 {
		t.Errorf("%d bytes: a letter was cut in two", len(e.OS))
	}
}

func TestDriftIsCounted(t *testing.T) {
	d := jsonimp.New(codecs.Config{})
	d.Decode(&codecs.Record{Value: []byte(with(`"new":1,"other":{},"country":"Atlantis","viewable":"maybe","ad_format":"hologram"`))}, new(collector))
	if d.Drift() != 5 {
		t.Error(d.Drift())
	}
}

func TestNaiveTimesUseTheConfiguredZone(t *testing.T) {
	e := one(t, codecs.Config{Zone: time.FixedZone("", 3600)}, `{"ts":"2025-11-23 10:00:00","crid":"a"}`)
	if e.EventTime != minimalTime-3600*1_000_000 {
		t.Error(e.EventTime.UTC())
	}
}

func TestDecodingAllocatesNothing(t *testing.T) {
	d, rec, s := jsonimp.New(codecs.Config{}), &codecs.Record{Value: []byte(typical)}, new(sink)
	if n := testing.AllocsPerRun(100, func() { d.Decode(rec, s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, value := range append(valid(), hostile()...) {
		if len(value) < 1<<14 {
			f.Add(value)
		}
	}
	f.Fuzz(func(t *testing.T, value []byte) { codectest.Check(t, newDecoder(), value) })
}
