package batch_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/batch"
	"github.com/advertisex/adjoin/internal/event"
)

var _ codecs.Handler = (*batch.Builder)(nil)

var partition = event.Partition{Topic: "ad_impressions", ID: 3}

func envelope(offset event.Offset, line int32) event.Envelope {
	return event.Envelope{
		Position:  event.Position{Partition: partition, Offset: offset, Line: line},
		Ingest:    1_700_000_000_000_000 + event.Time(offset),
		EventTime: 1_700_000_000_000_000 - event.Time(line)*1000,
		Route:     0xfedcba9876543210,
		Print:     event.Fingerprint{1, 2, 3, 15: 9},
		Flags:     event.TimeCorrected | event.TextTruncated,
		Backfill:  line == 2,
	}
}

func impression(offset event.Offset) *event.Impression {
	return &event.Impression{
		Envelope: envelope(offset, 0), ID: "imp-0000000001", UserID: "user-42", CreativeID: "cr-7",
		SiteDomain: "news.example", PagePath: "/a/b", Exchange: "default", AuctionID: "auc-1", ImpID: "1",
		PriceMicros: 2_100_000, Currency: "USD", PriceType: "clearing", QuantityE6: 1_000_000,
		AdFormat: "banner", Width: 300, Height: 250, Measurable: event.True, Viewable: event.False,
		InViewMS: event.Absent, DeviceType: -1, Country: "DEU", UTCOffset: event.NoUTCOffset,
		GDPR: event.True, Test: true, USPrivacy: "1---",
	}
}

// emptyImpression has every number absent, which is where presence bits err.
func emptyImpression(offset event.Offset) *event.Impression {
	return &event.Impression{Envelope: envelope(offset, 2), ID: "x", PriceMicros: event.Absent,
		QuantityE6: 5, Width: -1, Height: 9, InViewMS: 0, DeviceType: 0, UTCOffset: -300}
}

func click(offset event.Offset) *event.Click {
	return &event.Click{Envelope: envelope(offset, 1), ID: "c1", UserID: "u", OS: "ios",
		DeviceType: -1, ClickX: -1, ClickY: 4, Consent: "CPx", GDPR: event.False, Test: true}
}

func conversion(offset event.Offset) *event.Conversion {
	return &event.Conversion{Envelope: envelope(offset, 2), ID: "v1", Type: "purchase",
		ValueMicros: -40_000_000, Quantity: 3, Adjustment: event.Restate, DeviceType: 2,
		Currency: "EUR", Consent: "z", GDPR: event.Unknown}
}

func bid(offset event.Offset) *event.Bid {
	return &event.Bid{Envelope: envelope(offset, 0), AuctionID: "a1", Exchange: "x", AuctionType: 2,
		TimeoutMS: 120, UTCOffset: -60, DeviceType: 4, GDPR: event.True, COPPA: true, DNT: true,
		SiteDomain: "s", PageURL: "https://s/p", Publisher: "p", SiteCategories: []string{"IAB1", ""},
		Imps: []event.Imp{
			{ID: "1", AdFormat: "video", Width: 640, Height: 480, FloorMicros: 1, FloorCurrency: "USD",
				Rewarded: true, ExpirySeconds: 30, DealIDs: []string{"d1", "d2"}},
			{ID: "2", AdFormat: "banner", Position: -1, Interstitial: true, DealIDs: []string{}},
		},
		Targeting: []event.Pair{{Key: "age", Value: "25|34"}, {Key: "geo", Value: ""}},
		Offers: []event.Offer{
			{BidID: "b1", ImpID: "1", CampaignID: "c", PriceMicros: 2_500_000, Currency: "USD", LossCode: -1, MinToWin: event.Absent},
			{BidID: "b2", ImpID: "2", CreativeID: "cr", PriceMicros: 0, LossCode: 102, MinToWin: 7},
		},
		NoBidReason: -1, SamplePermille: 1000}
}

func rejected(offset event.Offset) *event.Rejected {
	e := &event.Rejected{Envelope: envelope(offset, 0), Reason: event.BadTime, Field: "timestamp",
		Detail: "not a time", Raw: []byte{0, 1, 0xff}, Campaign: "c", Intended: event.KindClick}
	e.EventTime = event.MinTime
	return e
}

var batchRange = event.Range{Partition: partition, From: 7, To: 8}

func diffEvents(want, got any) string { return cmp.Diff(want, got, cmpopts.EquateEmpty()) }

// oneOfEach builds a batch of all kinds and returns what went in.
func oneOfEach() ([]byte, []any) {
	b := batch.NewBuilder()
	b.Reset(event.Range{Partition: partition, From: 100}, 17)
	in := []any{impression(100), emptyImpression(101), click(102), conversion(103), bid(104), rejected(105), impression(90)}
	for _, e := range in {
		add(b, e)
	}
	b.Extend(220)
	return b.Bytes(), in
}

func add(b *batch.Builder, e any) {
	switch e := e.(type) {
	case *event.Impression:
		b.Impression(e)
	case *event.Click:
		b.Click(e)
	case *event.Conversion:
		b.Conversion(e)
	case *event.Bid:
		b.Bid(e)
	case *event.Rejected:
		b.Reject(e)
	}
}

func current(r *batch.Reader) any {
	switch r.Kind() {
	case event.KindBid:
		return r.Bid()
	case event.KindImpression:
		return r.Impression()
	case event.KindClick:
		return r.Click()
	case event.KindConversion:
		return r.Conversion()
	}
	return r.Rejected()
}

func TestEveryFieldOfEveryKindComesBack(t *testing.T) {
	bytes, in := oneOfEach()
	r, err := batch.Open(bytes)
	if err != nil {
		t.Fatal(err)
	}
	if want := (event.Range{Partition: partition, From: 100, To: 220}); r.Range() != want || r.Shard() != 17 || r.Events() != len(in) {
		t.Fatalf("header: %v %v %v", r.Range(), r.Shard(), r.Events())
	}
	for pass := range 2 { // the second pass reads into used structs
		for i, want := range in {
			if !r.Next() {
				t.Fatalf("pass %d event %d: %v", pass, i, r.Err())
			}
			if diff := diffEvents(want, current(r)); diff != "" {
				t.Errorf("pass %d event %d: %s", pass, i, diff)
			}
		}
		if r.Next() || r.Err() != nil {
			t.Fatalf("after the end: %v", r.Err())
		}
		if err := r.Open(bytes); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStructsAreCovered fails when a field is added to an event and not to the
// format: every field is set to something unusual by reflection.
func TestStructsAreCovered(t *testing.T) {
	for _, e := range []any{new(event.Impression), new(event.Click), new(event.Conversion), new(event.Bid), new(event.Rejected)} {
		n := int64(0)
		fill(reflect.ValueOf(e).Elem(), &n)
		at := reflect.ValueOf(e).Elem().FieldByName("Envelope").Addr().Interface().(*event.Envelope)
		at.Partition = partition
		b := batch.NewBuilder()
		b.Reset(event.Range{Partition: partition}, 0)
		add(b, e)
		r, err := batch.Open(b.Bytes())
		if err != nil || !r.Next() {
			t.Fatalf("%T: %v %v", e, err, r.Err())
		}
		if diff := cmp.Diff(e, current(r)); diff != "" {
			t.Errorf("%T: %s", e, diff)
		}
	}
}

func fill(v reflect.Value, n *int64) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString("text" + string(rune('a'+*n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64, reflect.Int:
		v.SetInt(1000 + *n)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	default:
		panic(v.Kind())
	}
}

func TestAnEmptyBatchStillCoversItsRange(t *testing.T) {
	b := batch.NewBuilder()
	b.Reset(event.Range{Partition: partition, From: 5, To: 9}, 2)
	r, err := batch.Open(b.Bytes())
	if err != nil || r.Next() || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	if r.Range() != (event.Range{Partition: partition, From: 5, To: 9}) {
		t.Fatal(r.Range())
	}
}

func TestBytesAreTheCallersOwn(t *testing.T) {
	b := batch.NewBuilder()
	b.Reset(event.Range{Partition: partition}, 0)
	b.Impression(impression(1))
	first := b.Bytes()
	copied := string(first)
	b.Reset(event.Range{Partition: partition}, 1)
	b.Click(click(2))
	b.Bytes()
	if string(first) != copied {
		t.Fatal("the next batch wrote into the last one's bytes")
	}
}

func TestTheTopicOutlivesTheBatch(t *testing.T) {
	bytes, _ := oneOfEach()
	r, err := batch.Open(bytes)
	if err != nil || !r.Next() {
		t.Fatal(err)
	}
	rng, at := r.Range(), r.Envelope().Partition
	clear(bytes)
	if rng.Partition != partition || at != partition {
		t.Errorf("%q %q", rng.Topic, at.Topic)
	}
}

func TestEveryTruncationIsAnError(t *testing.T) {
	bytes, _ := oneOfEach()
	for n := range bytes {
		if _, err := batch.Open(bytes[:n]); !errors.Is(err, batch.ErrCorrupt) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

func TestEveryFlippedBitIsAnError(t *testing.T) {
	bytes, _ := oneOfEach()
	for i := range bytes {
		for bit := range 8 {
			bytes[i] ^= 1 << bit
			if _, err := batch.Open(bytes); !errors.Is(err, batch.ErrCorrupt) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
			bytes[i] ^= 1 << bit
		}
	}
}
