package fact

import (
	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/internal/event"
)

// UnknownCampaign is the campaign of a touch that names none and whose creative
// nobody knows (R-J0).
const UnknownCampaign = "unknown"

// TestTraffic is the code of test traffic; every code known so far is of class
// GIVT.
const (
	TestTraffic = "TEST_TRAFFIC"
	GIVT        = "GIVT"
)

// ByAuction is the match_method of an auction, MethodNone that of no match.
const (
	ByAuction  = "AUCTION"
	MethodNone = "NONE"
)

// CreativeDims is what a creative says.
type CreativeDims struct{ Campaign, Creative, LineItem, Advertiser string }

// PlaceDims is where an ad was shown.
type PlaceDims struct{ Site, App, Placement, Exchange, AdFormat, ImpID string }

// DeviceDims is on what it was shown, and in which currency it was priced.
type DeviceDims struct {
	OS, Country, Currency string
	Device                int32 // AdCOM, 0 unknown
}

// AuctionHash names an auction: 64 bits decide equality inside a shard (ST3). It
// is never 0.
func AuctionHash(exchange, auction string) uint64 {
	return max(uint64(event.RouteAuction(exchange, auction)), 1)
}

// TextHash is the hash of a text, 0 for none.
func TextHash(s string) uint64 {
	if s == "" {
		return 0
	}
	return max(xxh3.HashString(s), 1)
}

// Nearer reports whether a parent at a is the better choice for a child than
// one at b: the latest at or before child + tolerance, else the earliest after
// (J5a).
func Nearer(a, b, child event.Time, tolerance event.Span) bool {
	limit := child.Add(tolerance)
	switch {
	case a <= limit && b <= limit:
		return a > b
	case a > limit && b > limit:
		return a < b
	}
	return a <= limit
}

// FloorMS is a span in whole milliseconds, rounded down.
func FloorMS(d event.Span) int64 {
	ms := d / event.Millisecond
	if d%event.Millisecond < 0 {
		ms--
	}
	return int64(ms)
}
