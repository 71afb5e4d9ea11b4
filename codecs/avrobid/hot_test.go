package avrobid

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/avro"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// FuzzHot holds the decoder by hand to twmb/avro: which bytes are a datum of
// the frozen schema, where it ends, and what it says.
func FuzzHot(f *testing.F) {
	e := &event.Bid{AuctionID: "a", Exchange: "x", UserID: "u", Imps: []event.Imp{{ID: "1", DealIDs: []string{"d"}}, {ID: "2"}},
		SiteCategories: []string{"IAB1"}, Targeting: []event.Pair{{Key: "k", Value: "v"}}, GDPR: event.True, NoBidReason: 3,
		Offers: []event.Offer{{BidID: "b", LossCode: 0, MinToWin: 5}, {BidID: "c", LossCode: -1, MinToWin: event.Absent}}}
	f.Add(AppendBid(nil, e))
	f.Add(AppendBid(nil, &event.Bid{AuctionID: "a", NoBidReason: -1}))
	blocks := AppendBid(nil, &event.Bid{AuctionID: "a", NoBidReason: -1})
	f.Add(bytes.Replace(blocks, []byte{0, 0, 0, 0, 0, 0}, []byte{3, 4, 2, 'x', 2, 'y', 0, 0, 0, 0}, 1))
	schema := avro.MustParse(Schema, rawLogicalTypes()...)
	w, err := compile(Schema)
	if err != nil || !w.hot {
		f.Fatal("the frozen schema is not decoded by hand: ", err)
	}
	f.Fuzz(func(t *testing.T, b []byte) { compareHot(t, schema, w, b) })
}

func compareHot(t *testing.T, schema *avro.Schema, w *writer, b []byte) {
	t.Helper()
	c := cursor{b: b, most: codecs.DefaultMaxFields}
	hot := new(draft)
	hot.decodeHot(&c)
	var datum any
	rest, err := schema.Decode(b, &datum)
	if c.crowded {
		return
	}
	if (err != nil) != c.bad {
		t.Fatalf("twmb/avro says %v of %x, by hand bad is %t", err, b, c.bad)
	}
	if err != nil {
		return
	}
	if len(rest) != len(c.b) {
		t.Fatalf("%x: %d bytes are left, want %d", b, len(c.b), len(rest))
	}
	fields := codecs.Fields{Config: codecs.Config{}.WithDefaults()}
	l := loose{f: &fields, record: datum.(map[string]any)}
	slow := new(draft)
	slow.decodeLoose(w, &l)
	if l.invalid != c.invalid {
		t.Fatalf("%x: invalid UTF-8 is %t, want %t", b, c.invalid, l.invalid)
	}
	if c.invalid || !utf8.Valid([]byte(hot.stated.Timestamp)) {
		return
	}
	compareBids(t, hot, slow, &fields)
}

// compareBids compares after the rules, which both ways must pass alike.
func compareBids(t *testing.T, hot, slow *draft, b *codecs.Fields) {
	t.Helper()
	a := codecs.Fields{Config: b.Config}
	hot.apply(&a)
	slow.apply(b)
	if a.Reason != b.Reason || a.Field != b.Field {
		t.Fatalf("by hand %s %s, by library %s %s", a.Reason, a.Field, b.Reason, b.Field)
	}
	if a.Reason != event.NotRejected {
		return
	}
	hot.complete(&a, nil)
	slow.complete(b, nil)
	if diff := cmp.Diff(slow.Bid, hot.Bid, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(event.Envelope{}, "Flags")); diff != "" {
		t.Fatal(diff)
	}
}

func TestAllTimestampUnitsMeanTheSameInstant(t *testing.T) {
	for unit, n := range map[string]int64{
		`{"type":"long","logicalType":"timestamp-millis"}`:         1_763_892_000_123,
		`{"type":"long","logicalType":"timestamp-micros"}`:         1_763_892_000_123_000,
		`["null",{"type":"long","logicalType":"timestamp-nanos"}]`: 1_763_892_000_123_000_000,
		`{"type":"long","logicalType":"local-timestamp-micros"}`:   1_763_892_000_123_000,
		`"long"`:            1_763_892_000_123,
		`{"type":"string"}`: 0,
		`["null",{"type":"long","logicalType":"timestamp-millis"},"string"]`: 1_763_892_000_123,
	} {
		text := `{"type":"record","name":"B","fields":[{"name":"auction_id","type":"string"},{"name":"timestamp","type":` + unit + `}]}`
		w, err := compile(text)
		if err != nil {
			t.Fatal(err)
		}
		datum := map[string]any{"auction_id": "a", "timestamp": n}
		if n == 0 {
			datum["timestamp"] = "2025-11-23T10:00:00.123Z"
		}
		b, err := w.schema.Encode(datum)
		if err != nil {
			t.Fatalf("%s: %v", unit, err)
		}
		d := &Decoder{fields: codecs.Fields{Config: codecs.Config{}.WithDefaults()}}
		if _, how := d.one(w, b, 0, b); how != readable || d.draft.EventTime != 1_763_892_000_123_000 || !d.draft.timed {
			t.Errorf("%s: %d, time %d", unit, how, d.draft.EventTime)
		}
	}
}

func TestASchemaThatDiffersOnlyInItsUnitIsNotDecodedByHand(t *testing.T) {
	w, err := compile(string(bytes.Replace([]byte(Schema), []byte("timestamp-micros"), []byte("timestamp-millis"), 1)))
	if err != nil || w.hot || w.unit != millis {
		t.Errorf("%v %+v", err, w)
	}
}
