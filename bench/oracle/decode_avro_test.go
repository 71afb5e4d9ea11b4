package oracle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"
)

func minimal(auction string) map[string]any {
	return map[string]any{
		"auction_id": auction, "timestamp": at("12:00:00").UnixMicro(),
		"user": map[string]any{"user_id": "u"}, "imps": []any{map[string]any{"imp_id": "1"}},
	}
}

func avroRun(t *testing.T, set func(*Settings), records ...[]byte) *Tables {
	t.Helper()
	f := newFeed()
	if set != nil {
		set(&f.set)
	}
	for _, r := range records {
		f.put("bid_requests", at("12:00:01"), r)
	}
	return f.run(t)
}

func auctions(out *Tables) string {
	seen := map[string]bool{}
	for _, b := range out.Bids {
		seen[b.AuctionID] = true
	}
	list := ""
	for _, id := range []string{"a", "b", "c"} {
		if seen[id] {
			list += id
		}
	}
	return list
}

func container1(t *testing.T, codec ocf.Codec, auctions ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := ocf.NewWriter(&b, avro.MustParse(bidSchema), ocf.WithCodec(codec))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range auctions {
		if err := w.Encode(minimal(a)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEvents16_Framings(t *testing.T) {
	bare := encode(bidSchema, minimal("a"))
	framed := append([]byte{0, 0, 0, 0, 7}, bare...)
	single := func(print uint64) []byte {
		return append(binary.LittleEndian.AppendUint64([]byte{0xC3, 0x01}, print), bare...)
	}
	registry := func(s *Settings) { s.Registry = map[uint32]string{7: bidSchema} }
	file := container1(t, ocf.DeflateCodec(6), "a", "b", "c")
	bomb := minimal("a")
	bomb["page_url"] = strings.Repeat("x", 100_000)
	var packed bytes.Buffer
	w, _ := ocf.NewWriter(&packed, avro.MustParse(bidSchema), ocf.WithCodec(ocf.DeflateCodec(9)))
	w.Encode(bomb)
	w.Close()
	for _, c := range []struct {
		name    string
		set     func(*Settings)
		record  []byte
		want    string
		rejects string
	}{
		{"bare", nil, bare, "a", ""},
		{"bare with a tail", nil, append(bytes.Clone(bare), 0), "", "0:BAD_AVRO:"},
		{"bare cut short", nil, bare[:len(bare)-3], "", "0:BAD_AVRO:"},
		{"registry", registry, framed, "a", ""},
		{"registry without the schema", nil, framed, "", "0:UNKNOWN_SCHEMA:"},
		{"single object", nil, single(0x0c40f36d0e7698bb), "a", ""},
		{"single object by the other fingerprint", nil, single(0x109cc2c383bb39ab), "a", ""},
		{"single object, unknown", nil, single(1), "", "0:UNKNOWN_SCHEMA:"},
		{"container", nil, file, "abc", ""},
		{"container, zstd", nil, container1(t, ocf.MustZstdCodec(nil, nil), "a", "b"), "ab", ""},
		{"container without data", nil, container1(t, ocf.DeflateCodec(6)), "", "0:EMPTY:"},
		{"container cut short", nil, file[:len(file)-20], "", "0:BAD_AVRO:"},
		{"container header cut short", nil, file[:30], "", "0:BAD_AVRO:"},
		{"bomb", func(s *Settings) { s.RecordMaxBytes = 50_000 }, packed.Bytes(), "", "0:TOO_LARGE:"},
		{"empty", nil, []byte{}, "", "0:EMPTY:"},
		{"noise", nil, []byte("{}{}{}"), "", "0:BAD_AVRO:"},
	} {
		out := avroRun(t, c.set, c.record)
		same(t, c.name, spaced(auctions(out), reasons(out)), spaced(c.want, c.rejects))
	}
}

func TestEvents16_Rules(t *testing.T) {
	offer := func(change func(map[string]any)) func(map[string]any) {
		return func(r map[string]any) {
			o := offerOf("b", "1", "A", "cr", 5)
			change(o)
			r["bids"] = []any{o}
		}
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		want   string
	}{
		"no imps":       {func(r map[string]any) { r["imps"] = []any{} }, "0:NO_IMPS:imps"},
		"no auction":    {func(r map[string]any) { r["auction_id"] = "0" }, "0:MISSING_FIELD:auction_id"},
		"control":       {func(r map[string]any) { r["auction_id"] = "a\n" }, "0:BAD_ID:auction_id"},
		"encoding":      {func(r map[string]any) { r["page_url"] = "a\xff" }, "0:BAD_ENCODING:"},
		"sampling":      {func(r map[string]any) { r["sample_permille"] = 0 }, "0:BAD_NUMBER:sample_permille"},
		"year 20000":    {func(r map[string]any) { r["timestamp"] = int64(600_000_000_000_000_000) }, "0:BAD_TIME:timestamp"},
		"price":         {offer(func(o map[string]any) { o["price_cpm_micros"] = int64(-1) }), "0:BAD_MONEY:bids.0.price_cpm_micros"},
		"currency":      {offer(func(o map[string]any) { o["currency"] = "ZZZ" }), "0:BAD_CURRENCY:bids.0.currency"},
		"no currency":   {offer(func(o map[string]any) { o["currency"] = "" }), ""},
		"fine":          {func(map[string]any) {}, ""},
		"size":          {func(r map[string]any) { r["imps"] = []any{map[string]any{"imp_id": "1", "w": -1}} }, "0:BAD_NUMBER:imps.0.w"},
		"absent imp id": {func(r map[string]any) { r["imps"] = []any{map[string]any{"imp_id": ""}, map[string]any{"imp_id": ""}} }, ""},
	} {
		r := minimal("a")
		c.change(r)
		out := avroRun(t, nil, encode(bidSchema, r))
		same(t, name, reasons(out), c.want)
		switch name {
		case "no currency":
			same(t, name, out.Bids[0].Currency+" "+out.Bids[0].Flags, "USD CUR_DEFAULTED")
		case "absent imp id":
			same(t, name, out.Bids[0].ImpID+out.Bids[1].ImpID, "12")
		}
	}
}

func TestEvents16_LegacySchemas(t *testing.T) {
	flat := `{"type":"record","name":"B","fields":[{"name":"user_id","type":"int"},{"name":"auction_id","type":"string"},
		{"name":"timestamp","type":"string"},{"name":"ad_targeting","type":{"type":"map","values":"string"}},{"name":"bid_amount","type":"double"},{"name":"ip_address","type":"string"}]}`
	out := avroRun(t, func(s *Settings) { s.AvroSchema = flat }, encode(flat, map[string]any{
		"user_id": 12, "auction_id": "a", "timestamp": "2026-03-02 12:00:00", "bid_amount": 1.2345675, "ip_address": "10.0.0.1",
		"ad_targeting": map[string]any{"b": "2", "a": "1"}}))
	if len(out.Bids) != 1 {
		t.Fatal(reasons(out))
	}
	b := out.Bids[0]
	same(t, "row", spaced(b.Exchange, b.ImpID, b.BidID, *b.BidMicros, b.Currency, b.Targeting.KeyValue, b.EventTime.UTC().Format("15:04")),
		"default 1  1234568 USD [{a 1} {b 2}] 12:00")
	same(t, "user", b.UserKey, (&userKeys{secret: []byte("test")}).of("12"))

	millis := `{"type":"record","name":"B","fields":[{"name":"auction_id","type":"long"},{"name":"user_id","type":"double"},
		{"name":"timestamp","type":["null",{"type":"long","logicalType":"timestamp-millis"}]}]}`
	out = avroRun(t, func(s *Settings) { s.AvroSchema = millis },
		encode(millis, map[string]any{"auction_id": int64(9007199254740993), "user_id": 5.0, "timestamp": at("12:00:00").UnixMilli()}))
	same(t, "a float is no id", reasons(out), "0:BAD_ID:user_id")

	var nothing string
	noTime := strings.Replace(millis, `"double"`, `"string"`, 1)
	out = avroRun(t, func(s *Settings) { s.AvroSchema = noTime },
		encode(noTime, map[string]any{"auction_id": int64(9007199254740993), "user_id": nothing, "timestamp": nil}))
	same(t, "no time", reasons(out), "0:MISSING_FIELD:timestamp")
	out = avroRun(t, func(s *Settings) { s.AvroSchema = noTime },
		encode(noTime, map[string]any{"auction_id": int64(9007199254740993), "user_id": nothing, "timestamp": at("12:00:00").UnixMilli()}))
	same(t, "millis", spaced(out.Bids[0].AuctionID, out.Bids[0].EventTime.UTC().Format("15:04:05")), "9007199254740993 12:00:00")
}

func TestN14_BidFingerprint(t *testing.T) {
	r := minimal("a")
	stamp := fmt.Sprint(at("12:00:00").UnixMicro())
	r["exchange"] = "default"
	r["test"] = true
	r["user"] = map[string]any{"user_id": "u", "country": "de", "gdpr": 1, "ifa": "00000000-0000-0000-0000-000000000000", "user_id_type": "cookie", "lmt": true}
	r["site_cat"] = []any{"IAB1", "IAB2"}
	r["imps"] = []any{map[string]any{"imp_id": "1", "ad_format": "VIDEO", "deal_ids": []any{"d1", "d2"}, "exp_s": 30}, map[string]any{"imp_id": ""}}
	o := offerOf("b", "1", "A", "cr", 0)
	o["currency"] = "usd"
	o["loss_code"] = 0
	r["bids"] = []any{o}
	r["targeting"] = map[string]any{"b": "2", "a": "1", "c": ""}
	r["sample_permille"] = 100
	w, err := newWriter(bidSchema)
	if err != nil {
		t.Fatal(err)
	}
	set := DefaultSettings()
	d := one(w, encode(bidSchema, r))[0]
	b, bad := bidOf(d, &bidReading{set: &set, words: words{}})
	if bad != nil {
		t.Fatal(bad)
	}
	same(t, "print", b.print, printOf(
		"auction_id", "a", "timestamp", stamp, "test", "true", "user_id", "u", "lmt", "true", "country", "DEU", "gdpr", "1",
		"site_cat", "IAB1|IAB2", "sample_permille", "100",
		"imps.0.imp_id", "1", "imps.0.ad_format", "video", "imps.0.exp_s", "30", "imps.0.deal_ids", "d1|d2",
		"bids.0.bid_id", "b", "bids.0.imp_id", "1", "bids.0.campaign_id", "A", "bids.0.creative_id", "cr", "bids.0.price_cpm_micros", "0", "bids.0.loss_code", "0",
		"targeting.a", "1", "targeting.b", "2"))
}

func TestTables_BidRows(t *testing.T) {
	r := minimal("a")
	r["imps"] = []any{
		map[string]any{"imp_id": "1", "placement_id": "p1", "w": 300, "h": 250, "bidfloor_cpm_micros": int64(9)},
		map[string]any{"imp_id": "2", "placement_id": "p2"},
	}
	lost := offerOf("b2", "1", "B", "cr2", 7)
	lost["loss_code"] = 102
	r["bids"] = []any{offerOf("b1", "1", "A", "cr1", 5), lost}
	r["no_bid_reason"] = 3
	r["sample_permille"] = 250
	out := avroRun(t, nil, encode(bidSchema, r))
	var rows []string
	for _, b := range out.Bids {
		price := "-"
		if b.BidMicros != nil {
			price = fmt.Sprint(*b.BidMicros)
		}
		rows = append(rows, spaced(b.ImpID, b.BidID, b.PlacementID, b.Width, b.FloorMicros, b.CampaignID, price, b.Currency, b.SampleWeight, *b.NoBidReason))
	}
	same(t, "rows", strings.Join(rows, "; "), "1 b1 p1 300 9 A 5 USD 4 3; 1 b2 p1 300 9 B 7 USD 4 3; 2  p2 0 0  -  4 3")
	same(t, "loss", *out.Bids[1].LossCode, 102)
}
