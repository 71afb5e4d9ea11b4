package event

import "testing"

// TestR4_TheHashIsPinned: the hash of a routing key is in every stored row.
// The values are those of the reference implementation of XXH3 (xxhash 0.8).
func TestR4_TheHashIsPinned(t *testing.T) {
	for _, test := range []struct {
		name  string
		route Route
		want  Route
		shard Shard // of 64
	}{
		{"user", RouteUser("u1"), 0x6687cc2a90fc43c0, 0},
		{"auction", RouteAuction("x1", "a-7"), 0x4e01942b605e071c, 28},
		{"impression", RouteImpression("i1"), 0xb1f7ec9e0dc4f4bc, 60},
		{"click", RouteClick("c1"), 0xac6cac42a89823e6, 38},
		{"conversion", RouteConversion("v1"), 0x549bb84e49eba592, 18},
		{"record", RouteRecord(Position{Partition: Partition{Topic: "ad_impressions", ID: 3}, Offset: 42}), 0x6a096092b5c2358a, 10},
		{"campaign", RouteCampaign("A"), 0x8bba1678ea47f2b6, 54},
	} {
		if test.route != test.want || ShardOf(test.route, 64) != test.shard {
			t.Errorf("%s: route %#x on shard %d, want %#x on %d", test.name, uint64(test.route), ShardOf(test.route, 64), uint64(test.want), test.shard)
		}
	}
}

// TestR1_UsersAndOthersNeverShareAKey: an id has a timeline of its own for
// each thing it may name (R1 to R3).
func TestR1_UsersAndOthersNeverShareAKey(t *testing.T) {
	seen := map[Route]int{}
	for i, r := range []Route{RouteUser("1"), RouteAuction("", "1"), RouteAuction("1", ""), RouteImpression("1"), RouteClick("1"), RouteConversion("1"), RouteCampaign("1")} {
		if before, there := seen[r]; there {
			t.Errorf("keys %d and %d share a route", before, i)
		}
		seen[r] = i
	}
}
