package event

import "testing"

func BenchmarkParseTime(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseTime("2026-11-23T10:00:00.123456Z", nil)
	}
}

func BenchmarkCleanID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		CleanID("550e8400-e29b-41d4-a716-446655440000")
	}
}

// typicalImpression states what the 434-byte record of the decoder's benchmark
// does.
func typicalImpression() (*Impression, *Stated) {
	e := unstated()
	e.ID, e.UserID, e.CreativeID, e.CampaignID = "imp-7f3a9c2e41d0", "u-00123456789", "cr-1001", "camp-42"
	e.SiteDomain, e.PagePath, e.Exchange, e.AuctionID, e.ImpID = "news.example", "/world/article-17", "adx", "auc-550e8400e29b", "1"
	e.PriceMicros, e.Currency, e.AdFormat, e.Width, e.Height = 2_100_000, "USD", "banner", 300, 250
	e.Viewable, e.DeviceType, e.OS, e.Country, e.UserAgent = True, 4, "ios", "DEU", "Mozilla/5.0 (X11)"
	return &e, &Stated{Timestamp: "2026-11-23T10:00:00.123456Z"}
}

func BenchmarkAppendImpressionPrint(b *testing.B) {
	e, s := typicalImpression()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		AppendImpressionPrint(buf[:0], e, s)
	}
}

func BenchmarkPrintOf(b *testing.B) {
	e, s := typicalImpression()
	text := AppendImpressionPrint(nil, e, s)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		PrintOf(text)
	}
}
