package event

import (
	"encoding/hex"
	"testing"
)

// unstated is an impression of whose numbers none is stated.
func unstated() Impression {
	return Impression{PriceMicros: Absent, QuantityE6: Absent, Width: -1, Height: -1, InViewMS: Absent, DeviceType: -1, UTCOffset: NoUTCOffset}
}

func fullImpression() (*Impression, *Stated) {
	return &Impression{
		ID: "imp-1", UserID: "u-1", CreativeID: "cr-1", CampaignID: "camp-1", SiteDomain: "news.example", PagePath: "/a/b",
		AppBundle: "com.x", PlacementID: "top", Exchange: "adx", LineItemID: "li", Advertiser: "adv", DealID: "d1",
		AuctionID: "auc", ImpID: "2", BidID: "b1", PriceMicros: 2_100_000, Currency: "EUR", PriceType: "bid",
		QuantityE6: 1_500_000, AdFormat: "unknown", Width: 300, Height: 0, Measurable: True, Viewable: False, InViewMS: 0,
		UserAgent: "Müller/1.0", IP: "203.0.113.7", DeviceType: 0, OS: "ios", Browser: "safari", Country: "DEU", Region: "BE",
		UTCOffset: -330, GDPR: True, Consent: "CP", GPP: "g", USPrivacy: "1---",
	}, &Stated{Timestamp: "1763892000123.5", Prefetch: False, Test: True}
}

func fullBid() (*Bid, *StatedBid) {
	return &Bid{
		AuctionID: "auc", Exchange: "adx", AuctionType: 1, TimeoutMS: 120, Test: true, UserID: "u-1", UserIDType: "device",
		IFA: "ifa-9", LMT: true, DNT: true, IP: "203.0.113.7", UserAgent: "ua", Country: "DEU", Region: "BE", City: "Berlin",
		UTCOffset: 60, DeviceType: 4, OS: "ios", Browser: "safari", GDPR: False, Consent: "CP", GPP: "g", USPrivacy: "1---",
		COPPA: true, SiteDomain: "news.example", PageURL: "https://news.example/a?b", AppBundle: "com.x", Publisher: "p-1",
		SiteCategories: []string{"IAB1", "IAB2"}, NoBidReason: 8, SamplePermille: 500,
		Imps: []Imp{{ID: "1", PlacementID: "top", AdFormat: "video", Width: 640, Height: 480, Position: 1, FloorMicros: 500_000,
			FloorCurrency: "EUR", Interstitial: true, Rewarded: true, ExpirySeconds: 30, DealIDs: []string{"d1", "d2"}}},
		Offers: []Offer{{BidID: "b1", ResponseID: "r1", ImpID: "1", CampaignID: "camp-1", LineItemID: "li", CreativeID: "cr-1",
			Advertiser: "adv", PriceMicros: 0, Currency: "EUR", DealID: "d1", LossCode: 0, MinToWin: 2_600_000}},
		Targeting: []Pair{{"age", "25-34"}, {"empty", ""}, {"geo", "de|at"}},
	}, &StatedBid{Timestamp: "1763892000123456", SourceTID: "tid", ExchangeUserID: "x-1", Language: "de", ImpIDs: []bool{true}}
}

// TestD1_GoldenVectors holds the fingerprints to those that
// testdata/fingerprint.py computes from the rule, sharing nothing with them.
func TestD1_GoldenVectors(t *testing.T) {
	minimal := unstated()
	minimal.CreativeID = "cr-1"
	impression, stated := fullImpression()
	bid, statedBid := fullBid()
	click := &Click{UserID: "u-1", CampaignID: "camp-1", CreativeID: "cr-1", ID: "c-1", ImpressionID: "imp-1", Exchange: "adx",
		AuctionID: "auc", ImpID: "2", BidID: "b1", SiteDomain: "news.example", LandingHost: "shop.example", UserAgent: "ua",
		IP: "203.0.113.7", Country: "DEU", DeviceType: 4, OS: "ios", ClickX: 0, ClickY: 17, GDPR: False, Consent: "CP"}
	conversion := &Conversion{UserID: "u-1", CampaignID: "camp-1", Type: "purchase", ID: "v-1", OrderID: "o-1", ClickID: "c-1",
		ImpressionID: "imp-1", Advertiser: "adv", ValueMicros: -40_000_000, Currency: "EUR", Adjustment: Restate, UserAgent: "ua",
		IP: "203.0.113.7", Country: "DEU", DeviceType: 4, GDPR: True, Consent: "CP"}
	minimalBid := &Bid{AuctionID: "a1", Exchange: "default", AuctionType: 2, UserIDType: "cookie", NoBidReason: -1, SamplePermille: 1000,
		Imps: []Imp{{ID: "1", AdFormat: "banner", FloorCurrency: "USD"}, {ID: "7", AdFormat: "banner", FloorCurrency: "USD"}}}
	for _, test := range []struct {
		name, want string
		text       []byte
	}{
		{"impression minimal", "90d0d1d209c890237e9937d16da2a135", AppendImpressionPrint(nil, &minimal, &Stated{Timestamp: "2025-11-23 10:00:00"})},
		{"impression full", "fb6181c05898c986b4b77c759f4d8fc3", AppendImpressionPrint(nil, impression, stated)},
		{"impression identity", "4d484a804a424623c0353f888df887e6", AppendImpressionIdentity(nil, impression, stated)},
		{"click", "96ebb1fa3f74934424efa8f1978798f7", AppendClickPrint(nil, click,
			&Stated{Timestamp: "2025-11-23T10:00:09Z", PagePath: "/a", ConversionType: "click", Test: False})},
		{"conversion", "53f64f79681c25b1545fc4482bbc9001", AppendConversionPrint(nil, conversion,
			&Stated{Timestamp: "2025-11-23T10:20:00Z", Quantity: 3, Adjustment: true, Test: True})},
		{"bid minimal", "937bc6ed5b8b44e5cc46cbf9a9fc474e", AppendBidPrint(nil, minimalBid, &StatedBid{Timestamp: "1763892000123", ImpIDs: []bool{false, true}})},
		{"bid full", "4029656d14736627b166e78f7d84f8be", AppendBidPrint(nil, bid, statedBid)},
	} {
		print := PrintOf(test.text)
		if got := hex.EncodeToString(print[:]); got != test.want {
			t.Errorf("%s: %s, want %s\nof %q", test.name, got, test.want, test.text)
		}
	}
}

func TestN13_SyntheticIDs(t *testing.T) {
	print := Fingerprint{0x0a, 0xff, 15: 0x01}
	if got := string(AppendSyntheticID(nil, print)); got != "s:0aff0000000000000000000000000001" || len(got) != SyntheticIDBytes {
		t.Error(got)
	}
	at := Position{Partition: Partition{Topic: "t", ID: 3}, Offset: 1234, Line: 2}
	if got := string(AppendPositionID(nil, at, false)); got != "k:3-1234" {
		t.Error(got)
	}
	if got := string(AppendPositionID(nil, at, true)); got != "k:3-1234-2" {
		t.Error(got)
	}
}

func TestPrintingAllocatesNothing(t *testing.T) {
	impression, stated := fullImpression()
	bid, statedBid := fullBid()
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		PrintOf(AppendImpressionPrint(buf[:0], impression, stated))
		PrintOf(AppendBidPrint(buf[:0], bid, statedBid))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
