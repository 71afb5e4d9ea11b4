package avrobid_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/avro"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/internal/event"
)

// collector keeps copies of what a decoder hands over.
type collector struct {
	bids    []event.Bid
	rejects []event.Rejected
}

func (c *collector) Bid(e *event.Bid) {
	copied := *e
	copied.Imps = append([]event.Imp(nil), e.Imps...)
	copied.Offers = append([]event.Offer(nil), e.Offers...)
	copied.Targeting = append([]event.Pair(nil), e.Targeting...)
	c.bids = append(c.bids, copied)
}
func (c *collector) Impression(*event.Impression) {}
func (c *collector) Click(*event.Click)           {}
func (c *collector) Conversion(*event.Conversion) {}
func (c *collector) Reject(e *event.Rejected)     { c.rejects = append(c.rejects, *e) }

var position = event.Position{Partition: event.Partition{Topic: "bid_requests", ID: 2}, Offset: 77}

const eventTime = 1_763_892_000_123_456

func record(value []byte) *codecs.Record {
	return &codecs.Record{Position: position, Time: eventTime + 5, Value: value}
}

func decoder(t testing.TB, config avrobid.Config) *avrobid.Decoder {
	t.Helper()
	d, err := avrobid.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func decode(t testing.TB, d *avrobid.Decoder, value []byte) *collector {
	t.Helper()
	c := new(collector)
	d.Decode(record(value), c)
	if len(c.bids)+len(c.rejects) == 0 {
		t.Fatal("the record yields nothing")
	}
	return c
}

// full is a bid with every field of the schema stated.
func full() *event.Bid {
	return &event.Bid{
		Envelope:  event.Envelope{EventTime: eventTime},
		AuctionID: "auc-550e8400", Exchange: "adx", AuctionType: 1, TimeoutMS: 120,
		UserID: "u-1", UserIDType: "device", IFA: "ifa-9", IP: "203.0.113.7", UserAgent: "ua", Country: "DEU",
		Region: "BE", City: "Berlin", UTCOffset: 60, DeviceType: 4, OS: "ios", Browser: "safari",
		GDPR: event.True, Consent: "CP", GPP: "g", USPrivacy: "1---", LMT: true,
		SiteDomain: "news.example", PageURL: "https://news.example/a?b", AppBundle: "com.x", Publisher: "p-1",
		SiteCategories: []string{"IAB1", "IAB2"},
		Imps: []event.Imp{{ID: "1", PlacementID: "top", AdFormat: "video", Width: 640, Height: 480, Position: 1,
			FloorMicros: 500_000, FloorCurrency: "EUR", Interstitial: true, Rewarded: true, ExpirySeconds: 30, DealIDs: []string{"d1", "d2"}}},
		Targeting: []event.Pair{{Key: "age", Value: "25-34"}, {Key: "geo", Value: "de|at"}},
		Offers: []event.Offer{{BidID: "b1", ResponseID: "r1", ImpID: "1", CampaignID: "camp-1", LineItemID: "li",
			CreativeID: "cr-1", Advertiser: "adv", PriceMicros: 2_500_000, Currency: "EUR", DealID: "d1", LossCode: 102, MinToWin: 2_600_000}},
		NoBidReason: 8, SamplePermille: 500,
	}
}

func TestEveryFieldOfTheFrozenSchemaIsRead(t *testing.T) {
	want := full()
	c := decode(t, decoder(t, avrobid.Config{}), avrobid.AppendBid(nil, want))
	if len(c.bids) != 1 {
		t.Fatalf("rejected: %+v", c.rejects)
	}
	want.Position, want.Ingest, want.Route = position, eventTime+5, event.RouteUser("u-1")
	if diff := cmp.Diff(*want, c.bids[0], cmpopts.IgnoreFields(event.Envelope{}, "Print")); diff != "" {
		t.Error(diff)
	}
}

// TestTheEncoderWritesWhatALibraryReads holds AppendBid to twmb/avro, so that
// encoder and decoder cannot agree on a mistake.
func TestTheEncoderWritesWhatALibraryReads(t *testing.T) {
	var got map[string]any
	rest, err := avro.MustParse(avrobid.Schema).Decode(avrobid.AppendBid(nil, full()), &got)
	if err != nil || len(rest) > 0 {
		t.Fatal(err, len(rest))
	}
	user := got["user"].(map[string]any)
	imp := got["imps"].([]any)[0].(map[string]any)
	bid := got["bids"].([]any)[0].(map[string]any)
	for _, check := range []struct{ got, want any }{
		{got["auction_id"], "auc-550e8400"}, {got["source_tid"], nil}, {user["country"], "DEU"},
		{user["gdpr"], int32(1)}, {user["lmt"], true}, {user["coppa"], false}, {imp["exp_s"], int32(30)},
		{imp["bidfloor_cpm_micros"], int64(500_000)}, {bid["loss_code"], int32(102)},
		{bid["min_to_win_cpm_micros"], int64(2_600_000)}, {got["no_bid_reason"], int32(8)},
		{got["sample_permille"], int32(500)}, {got["targeting"].(map[string]any)["geo"], "de|at"},
	} {
		if check.got != check.want {
			t.Errorf("got %v, want %v", check.got, check.want)
		}
	}
}

func TestFramingsAreToldApart(t *testing.T) {
	bare := avrobid.AppendBid(nil, full())
	hamba := binary.LittleEndian.AppendUint64([]byte{0xc3, 0x01}, 0x109cc2c383bb39ab)
	var sync [16]byte
	copy(sync[:], "0123456789abcdef")
	file := avrobid.AppendContainerHeader(nil, sync)
	file = avrobid.AppendContainerBlock(file, sync, 2, append(append([]byte(nil), bare...), bare...))
	file = avrobid.AppendContainerBlock(file, sync, 1, bare)
	library, err := avro.MustParse(avrobid.Schema).AppendSingleObject(nil, decodeAny(t, bare))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		value []byte
		bids  int
	}{
		"bare":                     {bare, 1},
		"single object":            {append(avrobid.AppendSingleObjectHeader(nil), bare...), 1},
		"single object of hamba":   {append(hamba, bare...), 1},
		"single object of library": {library, 1},
		"container":                {file, 3},
	} {
		c := decode(t, decoder(t, avrobid.Config{}), test.value)
		if len(c.bids) != test.bids || len(c.rejects) > 0 {
			t.Errorf("%s: %d bids, rejected %+v", name, len(c.bids), c.rejects)
			continue
		}
		for i, bid := range c.bids {
			if bid.Line != int32(i) || bid.AuctionID != "auc-550e8400" || bid.Print != c.bids[0].Print {
				t.Errorf("%s: bid %d is %+v", name, i, bid.Envelope)
			}
		}
	}
}

func decodeAny(t testing.TB, bare []byte) any {
	t.Helper()
	var v any
	if _, err := avro.MustParse(avrobid.Schema).Decode(bare, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// encodeWith writes a datum with a library and any schema.
func encodeWith(t testing.TB, schema string, datum map[string]any) []byte {
	t.Helper()
	b, err := avro.MustParse(schema).Encode(datum)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const minimalSchema = `{"type":"record","name":"BidRequest","namespace":"advertisex.v1","fields":[
 {"name":"auction_id","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},
 {"name":"user","type":{"type":"record","name":"UserInfo","fields":[{"name":"user_id","type":"string"}]}},
 {"name":"extra","type":["null","double"],"default":null},
 {"name":"imps","type":{"type":"array","items":{"type":"record","name":"Imp","fields":[{"name":"imp_id","type":"string"}]}}}]}`

func TestAMinimalWriterGetsTheDefaults(t *testing.T) {
	value := encodeWith(t, minimalSchema, map[string]any{
		"auction_id": "a1", "timestamp": int64(1_763_892_000_123), "user": map[string]any{"user_id": ""},
		"imps": []any{map[string]any{"imp_id": "0"}, map[string]any{"imp_id": "7"}},
	})
	c := decode(t, decoder(t, avrobid.Config{Schema: minimalSchema}), value)
	if len(c.bids) != 1 {
		t.Fatalf("rejected: %+v", c.rejects)
	}
	want := event.Bid{
		Envelope: event.Envelope{Position: position, Ingest: eventTime + 5, EventTime: 1_763_892_000_123_000,
			Route: event.RouteAuction("default", "a1")},
		AuctionID: "a1", Exchange: "default", AuctionType: 2, UserIDType: "cookie", NoBidReason: -1, SamplePermille: 1000,
		Imps: []event.Imp{{ID: "1", AdFormat: "banner", FloorCurrency: "USD"}, {ID: "7", AdFormat: "banner", FloorCurrency: "USD"}},
	}
	if diff := cmp.Diff(want, c.bids[0], cmpopts.IgnoreFields(event.Envelope{}, "Print"), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

const legacyMap = `{"type":"record","name":"Bid","fields":[{"name":"user_id","type":["null","string"]},{"name":"auction_id","type":"string"},
 {"name":"timestamp","type":"string"},{"name":"targeting_criteria","type":{"type":"map","values":"string"}}]}`

const legacyAmount = `{"type":"record","name":"Bid","fields":[{"name":"bid_amount","type":"double"},{"name":"user_id","type":"int"},
 {"name":"auction_id","type":"long"},{"name":"ip_address","type":"string"},{"name":"timestamp","type":"string"}]}`

const legacyFlat = `{"type":"record","name":"Bid","fields":[{"name":"auction_id","type":"string"},{"name":"user_id","type":"string"},
 {"name":"timestamp","type":"long"},{"name":"age","type":"int"},{"name":"gender","type":"string"},{"name":"device","type":"string"},
 {"name":"format","type":"string"},{"name":"position","type":"string"},{"name":"location","type":"string"}]}`

func TestLegacyShapesOfTheCaseStudy(t *testing.T) {
	for name, test := range map[string]struct {
		schema string
		datum  map[string]any
		want   event.Bid
	}{
		"map": {legacyMap, map[string]any{"user_id": nil, "auction_id": "a1", "timestamp": "2025-11-23 10:00:00",
			"targeting_criteria": map[string]any{"geo": "us", "age": "25"}},
			event.Bid{AuctionID: "a1", Targeting: []event.Pair{{Key: "age", Value: "25"}, {Key: "geo", Value: "us"}}}},
		"amount": {legacyAmount, map[string]any{"bid_amount": 1.2345675, "user_id": 42, "auction_id": 9007199254740993, "ip_address": "203.0.113.7",
			"timestamp": "2025-11-23T10:00:00Z"},
			event.Bid{AuctionID: "9007199254740993", UserID: "42", IP: "203.0.113.7",
				Offers: []event.Offer{{ImpID: "1", PriceMicros: 1_234_568, Currency: "USD", LossCode: -1, MinToWin: event.Absent}}}},
		"flat": {legacyFlat, map[string]any{"auction_id": "a1", "user_id": "-1", "timestamp": int64(1_763_892_000), "age": 30,
			"gender": "f", "device": "phone", "format": "Video", "position": "top", "location": "Berlin"},
			event.Bid{AuctionID: "a1", Imps: []event.Imp{{AdFormat: "video"}}, Targeting: []event.Pair{
				{Key: "age", Value: "30"}, {Key: "device", Value: "phone"}, {Key: "gender", Value: "f"}, {Key: "location", Value: "Berlin"}}}},
	} {
		c := decode(t, decoder(t, avrobid.Config{Schema: test.schema}), encodeWith(t, test.schema, test.datum))
		if len(c.bids) != 1 {
			t.Errorf("%s rejected: %+v", name, c.rejects)
			continue
		}
		want, got := test.want, c.bids[0]
		want.Exchange, want.AuctionType, want.UserIDType, want.NoBidReason, want.SamplePermille = "default", 2, "cookie", -1, 1000
		if want.Imps == nil {
			want.Imps = []event.Imp{{AdFormat: "banner"}}
		}
		want.Imps[0].ID, want.Imps[0].FloorCurrency = "1", "USD"
		want.EventTime = 1_763_892_000_000_000
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(event.Envelope{}, "Print", "Position", "Route", "Ingest", "Flags")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if (len(want.Offers) > 0) != got.Flags.Has(event.CurrencyDefaulted) {
			t.Errorf("%s: flags %s", name, got.Flags)
		}
	}
}

func TestRejectsAreTyped(t *testing.T) {
	change := func(f func(*event.Bid)) []byte {
		e := full()
		f(e)
		return avrobid.AppendBid(nil, e)
	}
	bare := avrobid.AppendBid(nil, full())
	start := avrobid.AppendBid(nil, &event.Bid{AuctionID: "a", NoBidReason: -1})
	start = start[:len(start)-6] // up to the count of site_cat
	for name, test := range map[string]struct {
		value  []byte
		reason event.Reason
		field  string
	}{
		"tombstone":        {nil, event.Empty, ""},
		"truncated":        {bare[:len(bare)-1], event.BadAvro, ""},
		"trailing":         {append(append([]byte(nil), bare...), 0), event.BadAvro, ""},
		"no imps":          {change(func(e *event.Bid) { e.Imps = nil }), event.NoImps, "imps"},
		"no auction":       {change(func(e *event.Bid) { e.AuctionID = "0" }), event.MissingField, "auction_id"},
		"control in id":    {change(func(e *event.Bid) { e.UserID = "a\x00b" }), event.BadID, "user_id"},
		"not UTF-8":        {change(func(e *event.Bid) { e.UserAgent = "\xff" }), event.BadEncoding, ""},
		"year 10000":       {change(func(e *event.Bid) { e.EventTime = 253402300800 * 1_000_000 }), event.BadTime, "timestamp"},
		"currency":         {change(func(e *event.Bid) { e.Offers[0].Currency = "DOL" }), event.BadCurrency, "bids.currency"},
		"negative price":   {change(func(e *event.Bid) { e.Offers[0].PriceMicros = -1 }), event.BadMoney, "bids.price_cpm_micros"},
		"sample of none":   {change(func(e *event.Bid) { e.SamplePermille = 0 }), event.BadNumber, "sample_permille"},
		"width":            {change(func(e *event.Bid) { e.Imps[0].Width = 16385 }), event.BadNumber, "imps.w"},
		"registry without": {append(avrobid.AppendRegistryHeader(nil, 7), bare...), event.UnknownSchema, ""},
		"fingerprint":      {append([]byte{0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8}, bare...), event.UnknownSchema, ""},
		"forged count":     {binary.AppendVarint(start[:len(start):len(start)], 1<<40), event.BadAvro, ""},
		"crowded list":     {append(binary.AppendVarint(start[:len(start):len(start)], 4097), make([]byte, 5000)...), event.TooLarge, ""},
		"container header": {[]byte("Obj\x01\x02"), event.BadAvro, ""},
		"too large":        {make([]byte, codecs.DefaultMaxRecordBytes+1), event.TooLarge, ""},
	} {
		c := decode(t, decoder(t, avrobid.Config{}), test.value)
		if len(c.rejects) != 1 || len(c.bids) > 0 {
			t.Errorf("%s: %d bids, %+v", name, len(c.bids), c.rejects)
			continue
		}
		if r := c.rejects[0]; r.Reason != test.reason || r.Field != test.field || r.Intended != event.KindBid || r.Offset != 77 || len(r.Raw) > codecs.MaxRawBytes {
			t.Errorf("%s: %s %q %q", name, r.Reason, r.Field, r.Detail)
		}
	}
}

func TestN10_AuditInAnyIDIsTestTraffic(t *testing.T) {
	e := full()
	e.Imps[0].DealIDs = []string{"AUDIT", "d2"}
	c := decode(t, decoder(t, avrobid.Config{}), avrobid.AppendBid(nil, e))
	if len(c.bids) != 1 || !c.bids[0].Test || !cmp.Equal(c.bids[0].Imps[0].DealIDs, []string{"d2"}) {
		t.Fatalf("%+v %+v", c.bids, c.rejects)
	}
}

func TestALegacyAmountThatIsNoNumberIsRejected(t *testing.T) {
	for _, amount := range []float64{math.NaN(), math.Inf(1), -1, 1e7} {
		value := encodeWith(t, legacyAmount, map[string]any{"bid_amount": amount, "user_id": 1, "auction_id": 5, "ip_address": "", "timestamp": "2025-11-23T10:00:00Z"})
		c := decode(t, decoder(t, avrobid.Config{Schema: legacyAmount}), value)
		if len(c.rejects) != 1 || c.rejects[0].Reason != event.BadMoney {
			t.Errorf("%v: %+v", amount, c.rejects)
		}
	}
}

// TestALegacyAmountRoundsTheFloatItIs: 1.2345685 as a double lies below the tie
// that its text stands for, 0.0000005 above it (python3: Decimal(x)).
func TestALegacyAmountRoundsTheFloatItIs(t *testing.T) {
	for amount, want := range map[float64]int64{1.2345685: 1_234_568, 2.0000005: 2_000_001, 0.1234565: 123_456, 0.5: 500_000, 1e6: 1_000_000_000_000} {
		value := encodeWith(t, legacyAmount, map[string]any{"bid_amount": amount, "user_id": 1, "auction_id": 5, "ip_address": "", "timestamp": "2025-11-23T10:00:00Z"})
		c := decode(t, decoder(t, avrobid.Config{Schema: legacyAmount}), value)
		if len(c.bids) != 1 || c.bids[0].Offers[0].PriceMicros != want {
			t.Errorf("%v: %+v %+v", amount, c.bids, c.rejects)
		}
	}
}

func TestTheExchangesUserStandsInForAMissingOne(t *testing.T) {
	const schema = `{"type":"record","name":"B","fields":[{"name":"auction_id","type":"string"},{"name":"timestamp","type":"long"},
	 {"name":"user_id","type":"string"},{"name":"exchange_user_id","type":"string"}]}`
	for user, want := range map[string]string{"": "x-1", "0": "x-1", "u-1": "u-1"} {
		c := decode(t, decoder(t, avrobid.Config{Schema: schema}), encodeWith(t, schema,
			map[string]any{"auction_id": "a", "timestamp": 1, "user_id": user, "exchange_user_id": "x-1"}))
		if len(c.bids) != 1 || c.bids[0].UserID != want || c.bids[0].Route != event.RouteUser(want) {
			t.Errorf("%q: %+v", user, c.bids)
		}
	}
}

// TestN14_ALegacyOffersImpIsNotHashed compares with a vector of
//
//	auction_id a, timestamp 1, bids.0.price_cpm_micros 1500000
//
// computed by python's hashlib.
func TestN14_ALegacyOffersImpIsNotHashed(t *testing.T) {
	const schema = `{"type":"record","name":"B","fields":[{"name":"auction_id","type":"string"},{"name":"timestamp","type":"long"},{"name":"bid_amount","type":"float"}]}`
	c := decode(t, decoder(t, avrobid.Config{Schema: schema}), encodeWith(t, schema, map[string]any{"auction_id": "a", "timestamp": 1, "bid_amount": float32(1.5)}))
	if len(c.bids) != 1 || c.bids[0].Offers[0].ImpID != "1" {
		t.Fatalf("%+v", c.rejects)
	}
	if got := fmt.Sprintf("%x", c.bids[0].Print); got != "e6cda46999b20fe9496ea895e847ee6f" {
		t.Error(got)
	}
}

func TestN1_AFloatIsNoID(t *testing.T) {
	const schema = `{"type":"record","name":"B","fields":[{"name":"auction_id","type":"string"},{"name":"timestamp","type":"long"},{"name":"user_id","type":"double"}]}`
	c := decode(t, decoder(t, avrobid.Config{Schema: schema}), encodeWith(t, schema, map[string]any{"auction_id": "a", "timestamp": 1, "user_id": 12.0}))
	if len(c.rejects) != 1 || c.rejects[0].Reason != event.BadID || c.rejects[0].Field != "user_id" {
		t.Errorf("%+v", c.rejects)
	}
}
