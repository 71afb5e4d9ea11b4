package journal

import (
	"path"
	"regexp"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"pgregory.net/rapid"
)

func TestSegmentKey_IsRoleShardEpochCutPart(t *testing.T) {
	if got := SegmentKey(ShardID{User, 17}, 1042, 7, "base"); got != "user-17-1042-7-base" {
		t.Error(got)
	}
	if got := SegmentKey(ShardID{Campaign, 0}, 0, 1, "Day-1/ü"); got != "campaign-0-0-1-_ay_1___" {
		t.Error(got)
	}
	if got := SegmentKey(u0, 0, 1, ""); got != "user-0-0-1-_" {
		t.Error(got)
	}
	if got := ChunkKey("user-0-0-1-base", 12); got != "user-0-0-1-base/12" {
		t.Error(got)
	}
}

func TestSegmentKey_TakenApartIsWhatItWasMadeOf(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		id := ShardID{rapid.SampledFrom([]Role{User, Campaign}).Draw(rt, "role"), event.Shard(rapid.Uint32().Draw(rt, "shard"))}
		epoch, cut := Epoch(genNatural(rt)), rapid.Uint64().Draw(rt, "cut")
		part := rapid.StringMatching(`[a-z0-9_]+`).Draw(rt, "part")
		key := SegmentKey(id, epoch, cut, part)
		for _, k := range []string{key, ChunkKey(key, 3)} {
			gotID, gotEpoch, gotCut, gotPart, err := ParseSegmentKey(k)
			if err != nil || gotID != id || gotEpoch != epoch || gotCut != cut || gotPart != part {
				rt.Fatalf("%s: %v %d %d %s %v", k, gotID, gotEpoch, gotCut, gotPart, err)
			}
		}
	})
	for _, bad := range []string{"", "user", "user-1-2-3", "user-1-2-3-4-5", "node-1-2-3-base", "user--1-2-3-base",
		"user-x-2-3-base", "user-1-x-3-base", "user-1-2-x-base", "user-4294967296-2-3-base"} {
		if _, _, _, _, err := ParseSegmentKey(bad); err == nil {
			t.Errorf("%q was taken for a key", bad)
		}
	}
}

func TestSafeName_LetsNothingThroughThatAPathCouldMisread(t *testing.T) {
	for name, want := range map[string]string{
		"adjoin-0.eu_1": "adjoin-0.eu_1",
		"":              "_",
		"../../etc":     "_._.._etc",
		"-rf":           "_rf",
		"a b/c\\d=é\n":  "a_b_c_d____",
	} {
		if got := SafeName(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
	allowed := regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$`)
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.String().Draw(rt, "name")
		if got := SafeName(name); !allowed.MatchString(got) || path.Clean(got) != got {
			rt.Fatal(got)
		}
	})
}
