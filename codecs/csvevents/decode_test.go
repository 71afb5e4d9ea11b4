package csvevents_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/codectest"
	"github.com/advertisex/adjoin/codecs/csvevents"
	"github.com/advertisex/adjoin/internal/event"
)

// collector keeps copies of what a decoder hands over, and its order.
type collector struct {
	clicks      []event.Click
	conversions []event.Conversion
	rejects     []event.Rejected
	order       []string
}

func (c *collector) Bid(*event.Bid)               {}
func (c *collector) Impression(*event.Impression) {}

func (c *collector) Click(e *event.Click) {
	copied := *e
	copied.ID, copied.UserID = strings.Clone(e.ID), strings.Clone(e.UserID)
	c.clicks = append(c.clicks, copied)
	c.order = append(c.order, fmt.Sprintf("click%d", e.Line))
}

func (c *collector) Conversion(e *event.Conversion) {
	copied := *e
	copied.ID, copied.UserID = strings.Clone(e.ID), strings.Clone(e.UserID)
	c.conversions = append(c.conversions, copied)
	c.order = append(c.order, fmt.Sprintf("conv%d", e.Line))
}

func (c *collector) Reject(e *event.Rejected) {
	copied := *e
	copied.Raw = append([]byte(nil), e.Raw...)
	c.rejects = append(c.rejects, copied)
	c.order = append(c.order, fmt.Sprintf("%s%d", e.Reason, e.Line))
}

const (
	ingest = 1_763_892_005_000_000
	at     = 1_763_892_000_000_000 // 2025-11-23T10:00:00Z
)

var position = event.Position{Partition: event.Partition{Topic: "clicks", ID: 3}, Offset: 42}

func decoder(t testing.TB, config csvevents.Config) *csvevents.Decoder {
	t.Helper()
	d, err := csvevents.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func decode(t testing.TB, config csvevents.Config, value string) *collector {
	t.Helper()
	c := new(collector)
	decoder(t, config).Decode(&codecs.Record{Position: position, Time: ingest, Value: []byte(value)}, c)
	return c
}

const (
	clickHeader = "event_timestamp,user_id,campaign_id,creative_id,click_id,impression_id,exchange,auction_id,imp_id,bid_id," +
		"website,landing_url,user_agent,ip,country,device_type,os,click_x,click_y,is_test,gdpr,consent\n"
	clickLine = "2025-11-23T10:00:00Z,u-1,camp-1,cr-1,c-1,imp-1,adx,auc,2,b1,https://news.example/a,https://www.Shop.example:443/p?x," +
		"\"Mozilla, \"\"5\"\"\",203.0.113.7,de,4,ios,0,17,1,0,CP\n"
	conversionHeader = "event_timestamp,user_id,campaign_id,conversion_type,conversion_id,order_id,click_id,impression_id,advertiser_id," +
		"value,currency,quantity,adjustment,user_agent,ip,country,device_type,is_test,gdpr,consent\n"
	conversionLine = "2025-11-23T10:00:00Z,u-1,camp-1,Purchase,v-1,o-1,c-1,imp-1,adv,-40.0000005,eur,3,restate,ua,203.0.113.7,DEU,4,false,1,CP\n"
)

func TestEveryColumnOfAClickIsRead(t *testing.T) {
	c := decode(t, csvevents.Config{}, clickHeader+clickLine)
	if len(c.clicks) != 1 {
		t.Fatalf("%+v", c.rejects)
	}
	want := event.Click{
		Envelope: event.Envelope{Position: position, Ingest: ingest, EventTime: at, Route: event.RouteUser("u-1")},
		ID:       "c-1", UserID: "u-1", CampaignID: "camp-1", CreativeID: "cr-1", ImpressionID: "imp-1", Exchange: "adx", AuctionID: "auc",
		ImpID: "2", BidID: "b1", SiteDomain: "news.example", LandingHost: "shop.example", UserAgent: `Mozilla, "5"`, IP: "203.0.113.7",
		Country: "DEU", DeviceType: 4, OS: "ios", ClickX: 0, ClickY: 17, Test: true, GDPR: event.False, Consent: "CP",
	}
	if diff := cmp.Diff(want, c.clicks[0], cmpopts.IgnoreFields(event.Envelope{}, "Print")); diff != "" {
		t.Error(diff)
	}
}

func TestEveryColumnOfAConversionIsRead(t *testing.T) {
	c := decode(t, csvevents.Config{Topic: csvevents.Conversions}, conversionHeader+conversionLine)
	if len(c.conversions) != 1 {
		t.Fatalf("%+v", c.rejects)
	}
	want := event.Conversion{
		Envelope: event.Envelope{Position: position, Ingest: ingest, EventTime: at, Route: event.RouteUser("u-1")},
		ID:       "v-1", UserID: "u-1", CampaignID: "camp-1", Type: "purchase", OrderID: "o-1", ClickID: "c-1", ImpressionID: "imp-1",
		Advertiser: "adv", ValueMicros: -40_000_000, Currency: "EUR", Quantity: 3, Adjustment: event.Restate, UserAgent: "ua",
		IP: "203.0.113.7", Country: "DEU", DeviceType: 4, GDPR: event.True, Consent: "CP",
	}
	if diff := cmp.Diff(want, c.conversions[0], cmpopts.IgnoreFields(event.Envelope{}, "Print")); diff != "" {
		t.Error(diff)
	}
}

func TestTheCaseStudyFileIsAcceptedAsItIs(t *testing.T) {
	const lines = "2025-11-23 10:00:00,42,7,click\n2025-11-23T10:00:00.000000,42,7,signup\n2025-11-23T10:00:00Z,42,7,visit\n1763892000,42,7,purchase\n"
	for _, header := range []string{"", "timestamp,user_id,campaign_id,conversion_type\n", "event_timestamp,user_id,ad_campaign_id,event_type\n", "\ufeffTimestamp,User_ID,Campaign_ID,Event_Type\r\n"} {
		c := decode(t, csvevents.Config{Topic: csvevents.Combined}, header+lines)
		if strings.Join(c.order, " ") != "click0 conv1 conv2 conv3" {
			t.Fatalf("%q: %s", header, c.order)
		}
		types := []string{c.conversions[0].Type, c.conversions[1].Type, c.conversions[2].Type}
		if strings.Join(types, " ") != "sign_up page_view purchase" {
			t.Errorf("types %s", types)
		}
		click := c.clicks[0]
		if click.EventTime != at || click.UserID != "42" || click.CampaignID != "7" || !click.Flags.Has(event.IDSynthetic) {
			t.Errorf("%+v", click)
		}
		// printf 'event_timestamp\0\0\0\0\x132025-11-23 10:00:00user_id\0\0\0\0\x0242campaign_id\0\0\0\0\x017conversion_type\0\0\0\0\x05click' | sha256sum
		if click.ID != "s:dcd9aeec338c9423fb665f203a1eb542" {
			t.Errorf("id %s", click.ID)
		}
	}
}

func TestLinesAndTheirVerdicts(t *testing.T) {
	for name, test := range map[string]struct {
		config      csvevents.Config
		value, want string
	}{
		"no record":         {csvevents.Config{}, "", "EMPTY0"},
		"blank lines":       {csvevents.Config{}, "\n\r\n\n", "EMPTY0"},
		"only a mark":       {csvevents.Config{}, "\ufeff", "EMPTY0"},
		"only a header":     {csvevents.Config{}, "ts,user_id\n", "EMPTY0"},
		"blank lines apart": {csvevents.Config{}, "\n1,u,c\n\r\n\n2,u,c", "click0 click1"},
		"header orders":     {csvevents.Config{}, "user_id,ts\nu,1\nu,2\n", "click0 click1"},
		"header in caps":    {csvevents.Config{}, "USER_ID,TS\nu,1\n", "click0"},
		"quoted header":     {csvevents.Config{}, "\"user_id\",\"ts\"\nu,1\n", "click0"},
		"header, blank end": {csvevents.Config{}, "user_id,ts,,\nu,1\n", "click0"},
		"second header":     {csvevents.Config{}, "user_id,ts\nu,1\nuser_id,ts\n", "click0 BAD_TIME1"},
		"unknown in header": {csvevents.Config{}, "user_id,ts,foo\nu,1,x\n", "BAD_TIME0 BAD_TIME1"},
		"too few cells":     {csvevents.Config{}, "1,u\n1,u,c\n", "CSV_ARITY0 click1"},
		"too many cells":    {csvevents.Config{}, "1,u,c,x\n1,u,c\n", "CSV_ARITY0 click1"},
		"blank cells more":  {csvevents.Config{}, "1,u,c,,,\n", "click0"},
		"cells beyond max":  {csvevents.Config{Config: codecs.Config{MaxFields: 4}}, "1,u,c,,x\n1,u,c,,,,\n", "CSV_ARITY0 click1"},
		"semicolons":        {csvevents.Config{Delimiter: ';'}, "1;u,x;c\n", "click0"},
		"tabs":              {csvevents.Config{Delimiter: '\t'}, "1\tu\tc\n", "click0"},
		"quoted newline":    {csvevents.Config{}, "1,\"u\n2\",c\n1,u,c\n", "BAD_ID0 click1"},
		"stray quote":       {csvevents.Config{}, "1,u\"x,c\n1,u,c\n", "BAD_CSV0 click1"},
		"open quote":        {csvevents.Config{}, "1,u,c\n1,\"u,c\n1,u,c\n", "click0 BAD_CSV1"},
		"bad UTF-8":         {csvevents.Config{}, "1,\xff,c\n1,u,c\n", "BAD_ENCODING0 click1"},
		"bad UTF-8 first":   {csvevents.Config{}, "1,\xff\n", "BAD_ENCODING0"},
		"too large":         {csvevents.Config{Config: codecs.Config{MaxRecordBytes: 8}}, "1,u,c\n1,u", "TOO_LARGE0"},
		"no keys":           {csvevents.Config{}, "1,0,c\n", "MISSING_FIELD0"},
		"no time":           {csvevents.Config{}, ",u,c\n", "MISSING_FIELD0"},
		"combined, no type": {csvevents.Config{Topic: csvevents.Combined}, "1,u,c,\n1,u,c,CLICK\n", "MISSING_FIELD0 click1"},
		"combined, bad":     {csvevents.Config{Topic: csvevents.Combined}, "1,u,c,a b\n", "BAD_NUMBER0"},
		"extra column":      {csvevents.Config{Columns: []string{"ts", "mystery", "user_id"}}, "1,x,u\n", "click0"},
	} {
		if c := decode(t, test.config, test.value); strings.Join(c.order, " ") != test.want {
			t.Errorf("%s: %s, want %s", name, c.order, test.want)
		}
	}
}

func TestConversionRules(t *testing.T) {
	const header = "ts,timestamp,user_id,conversion_type,conversion_id,order_id,click_id,value,value_micros,currency,quantity,adjustment\n"
	for cells, want := range map[string]string{
		"u,purchase,,,,12.5,,,,":                     "12500000 USD 1 NEW CUR_DEFAULTED,ID_SYNTHETIC",
		"u,purchase,v,,,,,,,":                        "0 USD 1 NEW ",
		"u,purchase,v,,,1,7,EUR,,":                   "7 EUR 1 NEW ",
		"u,purchase,v,,,-1,,EUR,,RESTATE":            "-1000000 EUR 1 RESTATE ",
		"u,purchase,,o,,,,,2,retract":                "0 USD 2 RETRACT ID_SYNTHETIC",
		",purchase,v,,c1,,,,,":                       "0 USD 1 NEW ",
		"u,purchase,v,,,-1,,EUR,,":                   "BAD_MONEY:value",
		"u,purchase,v,,,-1,,EUR,,RETRACT":            "BAD_MONEY:value",
		"u,purchase,v,,,,1.5,,,":                     "BAD_MONEY:value_micros",
		"u,purchase,v,,,1000000000.1,,,,":            "BAD_MONEY:value",
		"u,purchase,v,,,1,,XYZ,,":                    "BAD_CURRENCY:currency",
		"u,purchase,v,,,,,,0,":                       "BAD_NUMBER:quantity",
		"u,purchase,v,,,,,,1000001,":                 "BAD_NUMBER:quantity",
		"u,purchase,v,,,,,,1000000,":                 "0 USD 1000000 NEW ",
		"u,purchase,v,,,,,,x,":                       "BAD_NUMBER:quantity",
		"u,purchase,v,,,,,,,UNDO":                    "BAD_NUMBER:adjustment",
		"u,purchase,,,,,,,,RETRACT":                  "MISSING_FIELD:conversion_id",
		"u,,v,,,,,,,":                                "MISSING_FIELD:conversion_type",
		"0,purchase,v,,,,,,,":                        "MISSING_FIELD:user_id",
		"u," + strings.Repeat("x", 65) + ",v,,,,,,,": "BAD_NUMBER:conversion_type",
	} {
		c := decode(t, csvevents.Config{Topic: csvevents.Conversions}, header+",1763892000,"+cells+"\n")
		got := ""
		switch {
		case len(c.rejects) == 1 && len(c.conversions) == 0:
			got = c.rejects[0].Reason.String() + ":" + c.rejects[0].Field
		case len(c.conversions) == 1:
			e := c.conversions[0]
			got = fmt.Sprintf("%d %s %d %s %s", e.ValueMicros, e.Currency, e.Quantity, e.Adjustment, e.Flags)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", cells, got, want)
		}
	}
}

func TestN11_BlankCellsLetTheAliasSpeak(t *testing.T) {
	c := decode(t, csvevents.Config{}, "ad_campaign_id,campaign_id,ts,event_timestamp,user_id\nb,a,2,1763892000,u\nb,,1763892000,,u\n")
	if len(c.clicks) != 2 || c.clicks[0].CampaignID != "a" || c.clicks[1].CampaignID != "b" || c.clicks[0].EventTime != at || c.clicks[1].EventTime != at {
		t.Errorf("%+v %+v", c.clicks, c.rejects)
	}
}

func TestN13_IDsByPosition(t *testing.T) {
	c := decode(t, csvevents.Config{Config: codecs.Config{IDMode: codecs.Offset}}, "1,u,c\n1,u,c\n")
	if c.clicks[0].ID != "k:3-42-0" || c.clicks[1].ID != "k:3-42-1" || c.clicks[0].Print != c.clicks[1].Print {
		t.Errorf("%q %q", c.clicks[0].ID, c.clicks[1].ID)
	}
}

func TestR3_UserlessEventsAreAtHomeByTheirOwnID(t *testing.T) {
	c := decode(t, csvevents.Config{Columns: []string{"ts", "click_id", "auction_id"}}, "1,c-9,\n1,,auc\n")
	if c.clicks[0].Route != event.RouteClick("c-9") || c.clicks[1].Route != event.RouteClick(c.clicks[1].ID) {
		t.Errorf("%+v", c.clicks)
	}
	if c.clicks[1].Exchange != "default" || c.clicks[1].ImpID != "1" {
		t.Errorf("%+v", c.clicks[1])
	}
}

func TestARejectSaysWhatCouldBeRead(t *testing.T) {
	c := decode(t, csvevents.Config{Topic: csvevents.Conversions}, "timestamp,user_id,campaign_id,conversion_type\n2025-11-23T10:00:00Z,alice,camp-1,a b\n")
	r := c.rejects[0]
	if r.EventTime != at || r.Campaign != "camp-1" || r.Intended != event.KindConversion || string(r.Raw) != "9999-99-99x99:99:99x,xxxxx,xxxx-9,x x." {
		t.Errorf("%d %q %q", r.EventTime, r.Campaign, r.Raw)
	}
}

func TestDriftIsCounted(t *testing.T) {
	d := decoder(t, csvevents.Config{Topic: csvevents.Combined, Columns: []string{"ts", "user_id", "conversion_type", "foo", "landing_url"}})
	d.Decode(&codecs.Record{Value: []byte("1,u,click,x,y\n")}, new(collector))
	if d.Drift() != 1 {
		t.Error(d.Drift())
	}
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	for _, config := range []csvevents.Config{{Delimiter: 'x'}, {Delimiter: '"'}, {Columns: []string{"user_id", "campaign_id"}}} {
		if _, err := csvevents.New(config); err == nil {
			t.Errorf("%+v is accepted", config)
		}
	}
}

func valid() [][]byte {
	return [][]byte{
		[]byte("1763892000,u,c,click\n1763892000,u,c,purchase\r\n"),
		[]byte("\ufeffevent_timestamp,user_id,campaign_id,event_type\n\"2025-11-23 10:00:00\",u,\"c\",\"sign-up\"\n"),
		[]byte(conversionHeader + conversionLine),
		[]byte("event_timestamp,event_type,auction_id,user_agent\n1763892000.5,click,auc,\"two\nlines \"\"and quotes\"\"\"\n"),
	}
}

func hostile() [][]byte {
	return [][]byte{
		[]byte(strings.Repeat("\"", 1<<20)),
		[]byte(strings.Repeat("\"\n", 1<<18)),
		[]byte(strings.Repeat("a\"\n", 1<<16)),
		[]byte(strings.Repeat("user_id,", 1<<16)),
		[]byte("1763892000,u,c,click" + strings.Repeat(",", 1<<20) + "\n"),
		[]byte("1763892000,u,c,click" + strings.Repeat(",", 1<<20) + "x\n"),
		[]byte("1763892000,\"" + strings.Repeat("\"\"", 1<<20) + "\",c,click\n"),
		[]byte("1763892000," + strings.Repeat("9", 1<<20) + ",c,click\n"),
	}
}

func newDecoder() codecs.Decoder {
	d, err := csvevents.New(csvevents.Config{Topic: csvevents.Combined})
	if err != nil {
		panic(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	codectest.Run(t, codectest.Subject{New: newDecoder, Valid: valid(), Hostile: hostile()})
}

func FuzzDecode(f *testing.F) {
	for _, value := range valid() {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value []byte) { codectest.Check(t, newDecoder(), value) })
}
