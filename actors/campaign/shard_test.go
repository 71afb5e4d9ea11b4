package campaign

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

const noon = event.Time(1_772_366_400_000_000) // 2026-03-01 12:00:00 UTC

func newShard(shard event.Shard, shards uint32) *Shard {
	return New(Config{Shard: shard, Shards: shards, Reference: &reference.Set{}})
}

func users(ordinals ...uint32) []byte {
	b, err := roaring.BitmapOf(ordinals...).ToBytes()
	if err != nil {
		panic(err)
	}
	return b
}

func minute(bucket event.Time, campaign string, clicks, spend int64) event.MinuteDelta {
	d := event.MinuteDelta{Key: event.CampaignKey{Bucket: bucket, Campaign: campaign, Creative: "cr", Currency: "USD"}}
	d.Add[event.ClicksGross] = clicks
	d.SpendNanos = event.Int128Of(spend)
	return d
}

func TestX3_RowsCarryFullValues(t *testing.T) {
	s := newShard(0, 1)
	s.Begin(1, noon)
	fold(t, s, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", 2, 500)}})
	first := s.Cut()
	if got := first.Minutes[0].ClicksGross; got != 2 {
		t.Fatalf("first cut says %d clicks, want 2", got)
	}
	s.Begin(2, noon)
	fold(t, s, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", 3, 1_000), minute(noon.Add(event.Minute), "c", 1, 0)}})
	second := s.Cut()
	if len(second.Minutes) != 2 {
		t.Fatalf("%d rows, want the two touched groups", len(second.Minutes))
	}
	row := second.Minutes[0]
	if row.ClicksGross != 5 || row.SpendMicros != 2 || row.RowVersion != 2 {
		t.Fatalf("clicks %d, spend %d micros, version %d; want 5, 2 (1,500 nanos, half to even), 2", row.ClicksGross, row.SpendMicros, row.RowVersion)
	}
	if again := s.Cut(); len(again.Minutes) != 0 {
		t.Fatalf("a cut without changes gave %d rows", len(again.Minutes))
	}
}

func TestK1_AGroupThatComesBackToNothingIsDeleted(t *testing.T) {
	s := newShard(0, 1)
	fold(t, s, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", 1, 7)}, Reach: []event.ReachDelta{{Campaign: "c", Day: 20_500, Added: users(1)}}})
	if out := s.Cut(); out.Minutes[0].Op != table.Upsert || out.Days[0].Op != table.Upsert {
		t.Fatalf("ops %s and %s, want U", out.Minutes[0].Op, out.Days[0].Op)
	}
	fold(t, s, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", -1, -7)}, Reach: []event.ReachDelta{{Campaign: "c", Day: 20_500, Removed: users(1)}}})
	if out := s.Cut(); out.Minutes[0].Op != table.Delete || out.Days[0].Op != table.Delete {
		t.Fatalf("ops %s and %s, want D", out.Minutes[0].Op, out.Days[0].Op)
	}
}

func TestX4_BucketIsFinalOnceAndStillCorrected(t *testing.T) {
	s := newShard(0, 1)
	fold(t, s, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", 1, 0)}})
	end := noon.Add(event.Minute)
	s.Advance(end.Add(35*event.Day)-1, event.MinTime)
	if row := s.Cut().Minutes[0]; row.IsFinal {
		t.Fatal("final one microsecond early")
	}
	s.Advance(end.Add(35*event.Day), end.Add(215*event.Day)-1)
	out := s.Cut()
	if len(out.Minutes) != 1 || !out.Minutes[0].IsFinal || out.Minutes[0].ClicksGross != 1 {
		t.Fatalf("rows at the end: %+v", out.Minutes)
	}
	// A retraction 125 days after a conversion that came 30 days after its click.
	fold(t, s, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", 2, 0)}})
	if out := s.Cut(); len(out.Minutes) != 1 || !out.Minutes[0].IsFinal || out.Minutes[0].ClicksGross != 3 {
		t.Fatalf("rows of a correction: %+v, want 3 clicks, final", out.Minutes)
	}
	s.Advance(event.MinTime, end.Add(215*event.Day))
	if out := s.Cut(); len(out.Minutes) != 0 || s.Stats().Groups != 0 {
		t.Fatalf("%d rows, %d groups still held once nothing can change", len(out.Minutes), s.Stats().Groups)
	}
}

func TestEnd_EverythingIsFinalAndNothingForgotten(t *testing.T) {
	s := newShard(0, 1)
	fold(t, s, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", 1, 0)}})
	s.Cut()
	s.Advance(event.MaxTime, event.MinTime)
	if out := s.Cut(); len(out.Minutes) != 1 || !out.Minutes[0].IsFinal {
		t.Fatalf("rows at the end: %+v", out.Minutes)
	}
	next, err := Restore(s.cfg, [][]byte{s.Segment(true)})
	if err != nil {
		t.Fatal(err)
	}
	fold(t, next, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", 4, 0)}})
	if row := next.Cut().Minutes[0]; row.ClicksGross != 5 || row.IsFinal {
		t.Fatalf("the next run says %d clicks, final %v; want 5, not final", row.ClicksGross, row.IsFinal)
	}
}

func TestG3_ReachAddsShardsUp(t *testing.T) {
	s := newShard(0, 1)
	fold(t, s, &event.Deltas{Reach: []event.ReachDelta{
		{Campaign: "c", Day: 20_500, Shard: 0, Added: users(1, 2, 3)},
		{Campaign: "c", Day: 20_500, Shard: 1, Added: users(1)},
	}})
	fold(t, s, &event.Deltas{Reach: []event.ReachDelta{{Campaign: "c", Day: 20_500, Shard: 0, Added: users(3, 4), Removed: users(1)}}})
	row := s.Cut().Days[0]
	if row.Reach != 4 || row.TimeZone != "UTC" {
		t.Fatalf("reach %d in %q, want 4 (2, 3, 4 and another shard's 1) in UTC", row.Reach, row.TimeZone)
	}
}

func TestFold_OtherShardsCampaignsArePassedOver(t *testing.T) {
	const shards = 4
	rows := 0
	for shard := range event.Shard(shards) {
		s := newShard(shard, shards)
		var d event.Deltas
		for i := range 40 {
			d.Minutes = append(d.Minutes, minute(noon, fmt.Sprint("c", i), 1, 0))
		}
		fold(t, s, &d)
		rows += len(s.Cut().Minutes)
	}
	if rows != 40 {
		t.Fatalf("%d rows over all shards, want each campaign once", rows)
	}
}

func TestRestore_AtAnyCutGivesTheSameRows(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 7))
		plain, restored := newShard(0, 1), newShard(0, 1)
		var segments [][]byte
		watermark := noon
		for cut := range uint64(20) {
			d := randomDeltas(rng)
			watermark = watermark.Add(event.Span(rng.Int64N(int64(5 * event.Day))))
			for _, s := range []*Shard{plain, restored} {
				s.Begin(cut, noon)
				fold(t, s, d)
				s.Advance(watermark, watermark)
			}
			want, got := plain.Cut(), restored.Cut()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, cut %d:\n%s", seed, cut, diff)
			}
			base := rng.IntN(4) == 0
			if base {
				segments = nil
			}
			if b := restored.Segment(base); b != nil {
				segments = append(segments, b)
			}
			var err error
			if restored, err = Restore(restored.cfg, segments); err != nil {
				t.Fatalf("seed %d, cut %d: %v", seed, cut, err)
			}
		}
	}
}

func TestDeltas_BytesFoldLikeTheDeltasThemselves(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const shards = 3
	for shard := range event.Shard(shards) {
		plain, fromBytes := newShard(shard, shards), newShard(shard, shards)
		for cut := range uint64(100) {
			d := randomDeltas(rng)
			b := AppendDeltas(nil, d)
			fold(t, plain, d)
			if err := fromBytes.FoldBytes(b); err != nil {
				t.Fatal(err)
			}
			if cut%3 > 0 {
				continue
			}
			if diff := cmp.Diff(plain.Cut(), fromBytes.Cut()); diff != "" {
				t.Fatalf("shard %d, cut %d:\n%s", shard, cut, diff)
			}
			base := cut%2 == 0
			if !bytes.Equal(plain.Segment(base), fromBytes.Segment(base)) {
				t.Fatalf("shard %d, cut %d: the segments differ", shard, cut)
			}
		}
	}
}

func TestDeltas_RefuseCutBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		b := AppendDeltas(nil, randomDeltas(rng))
		for _, shards := range []uint32{1, 1000} { // all is folded, nearly all passed over
			if err := newShard(0, shards).FoldBytes(b[:rng.IntN(len(b))]); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("deltas cut short were accepted: %v", err)
			}
			if err := newShard(0, shards).FoldBytes(append(b, 0)); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("deltas with a byte too many were accepted: %v", err)
			}
		}
	}
}

// A key that a segment has kept and that changes again is in the next segment,
// whether or not a cut lies between.
func TestSegment_HasWhatChangedSinceTheLast(t *testing.T) {
	s := newShard(0, 1)
	var segments [][]byte
	for range 3 {
		fold(t, s, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", 1, 0)}})
		segments = append(segments, s.Segment(false))
	}
	restored, err := Restore(s.cfg, segments)
	if err != nil {
		t.Fatal(err)
	}
	fold(t, restored, &event.Deltas{Minutes: []event.MinuteDelta{minute(noon, "c", 1, 0)}})
	if rows := restored.Cut().Minutes; len(rows) != 1 || rows[0].ClicksGross != 4 {
		t.Fatalf("restored and folded once more: %+v, want 4 clicks", rows)
	}
}

func TestCut_RowsAreInTheOrderOfTheKey(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	text := func() string { return []string{"", "a", "ab", "b", "é"}[rng.IntN(5)] }
	s := newShard(0, 1)
	for range 3 {
		var d event.Deltas
		for range 300 {
			m := minute(noon.Add(event.Span(rng.IntN(3))*event.Minute), text(), 1, 0)
			m.Key.Creative, m.Key.Exchange, m.Key.Country, m.Key.Currency, m.Key.Device = text(), text(), text(), text(), rng.Int32N(3)
			d.Minutes = append(d.Minutes, m)
		}
		fold(t, s, &d)
		if rows := s.Cut().Minutes; !slices.IsSortedFunc(rows, table.CompareCampaignMinutes) {
			t.Fatal("rows are not in order")
		}
	}
}

func TestSpend_DividesLikeBigIntegers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 20_000 {
		v := event.Int128{Hi: rng.Int64N(2000) - 1000, Lo: rng.Uint64()}
		if rng.IntN(3) == 0 {
			v = event.Int128Of(rng.Int64N(20_000) - 10_000)
		}
		if want, got := roundedMicros(v), microsOf(v); want != got {
			t.Fatalf("%+v: %d micros, want %d", v, got, want)
		}
	}
}

// roundedMicros is the definition with big rationals: to nearest, ties to even.
func roundedMicros(v event.Int128) int64 {
	nanos := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	nanos.Add(nanos, new(big.Int).SetUint64(v.Lo))
	q, r := new(big.Int).DivMod(nanos, big.NewInt(1000), new(big.Int))
	if c := r.Cmp(big.NewInt(500)); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	limit := new(big.Int).SetInt64(1<<63 - 1)
	switch {
	case q.Cmp(limit) > 0:
		return 1<<63 - 1
	case q.Cmp(new(big.Int).Neg(limit)) < 0:
		return -(1<<63 - 1)
	}
	return q.Int64()
}

func randomDeltas(rng *rand.Rand) *event.Deltas {
	d := &event.Deltas{}
	for range rng.IntN(6) {
		m := minute(noon.Add(event.Span(rng.Int64N(20))*event.Minute), fmt.Sprint("c", rng.IntN(3)), rng.Int64N(9)-3, rng.Int64N(1e15)-1e14)
		m.Add[event.ValueCT] = rng.Int64() >> 8
		d.Minutes = append(d.Minutes, m)
	}
	for range rng.IntN(3) {
		d.Reach = append(d.Reach, event.ReachDelta{
			Campaign: fmt.Sprint("c", rng.IntN(3)), Day: 20_513 + rng.Int32N(3), Shard: event.Shard(rng.IntN(2)),
			Added: users(rng.Uint32N(10), rng.Uint32N(70_000)),
		})
	}
	return d
}

func fold(t *testing.T, s *Shard, d *event.Deltas) {
	t.Helper()
	if err := s.Fold(d); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkFoldBytes folds the deltas of a user shard into one of eight campaign
// shards: an operation is one delta, of which an eighth is the shard's.
func BenchmarkFoldBytes(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	d := &event.Deltas{}
	for i := range 1000 {
		m := minute(noon, fmt.Sprintf("cmp-%03d", i/2), rng.Int64N(9), 1)
		m.Key.Creative, m.Key.Exchange, m.Key.Country = fmt.Sprintf("cre-%03d-%d", i/2, i%4), "exchange", "DEU"
		d.Minutes = append(d.Minutes, m)
	}
	bytes := AppendDeltas(nil, d)
	s := newShard(0, 8)
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(d.Minutes) {
		if err := s.FoldBytes(bytes); err != nil {
			b.Fatal(err)
		}
	}
}
