package campaign

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/delta"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

const noon = event.Time(1_772_366_400_000_000) // 2026-03-01 12:00:00 UTC

var (
	noonMinute = int32(noon / event.Time(event.Minute))
	noonDay    = int32(noon / event.Time(event.Day))
)

func newShard(shard event.Shard, shards uint32) *Shard {
	return New(Config{Shard: shard, Shards: shards, Reference: &reference.Set{}})
}

func fold(t *testing.T, s *Shard, x *sheet) {
	t.Helper()
	b := x.w.Bytes()
	if b == nil {
		return
	}
	if err := s.Fold(b); err != nil {
		t.Fatal(err)
	}
}

func clicks(minute int32, campaign string, n, spend int64) *sheet {
	return newSheet(1).minute(minute, campaign, "USD", spend, int64(event.ClicksGross), n)
}

func TestX3_RowsCarryFullValues(t *testing.T) {
	s := newShard(0, 1)
	s.Begin(1, noon)
	fold(t, s, clicks(noonMinute, "c", 2, 500))
	if got := s.Cut().Minutes[0].ClicksGross; got != 2 {
		t.Fatalf("first cut says %d clicks, want 2", got)
	}
	s.Begin(2, noon)
	fold(t, s, clicks(noonMinute, "c", 3, 1_000).minute(noonMinute+1, "c", "USD", 0, int64(event.ClicksGross), 1))
	second := s.Cut()
	if len(second.Minutes) != 2 {
		t.Fatalf("%d rows, want the two touched groups", len(second.Minutes))
	}
	row := second.Minutes[0]
	if row.ClicksGross != 5 || row.SpendMicros != 2 || row.RowVersion != 2 || row.Country != "DEU" || row.CreativeID != "cr" {
		t.Fatalf("%+v; want 5 clicks, 2 micros (1,500 nanos, half to even), version 2", row)
	}
	if again := s.Cut(); again.Rows() != 0 {
		t.Fatalf("a cut without changes gave %d rows", again.Rows())
	}
}

func TestK1_AGroupThatComesBackToNothingIsDeleted(t *testing.T) {
	s := newShard(0, 1)
	site := func(sign int64) *sheet {
		return clicks(noonMinute, "c", sign, 7*sign).
			site(noonDay, "a.com", "c", nil, int64(event.ClicksGross), sign).
			pipeline(delta.Pipeline{At: noonMinute, Facts: sign}, "clicks")
	}
	for _, want := range []struct {
		sign int64
		op   string
	}{{1, table.Upsert}, {-1, table.Delete}} {
		fold(t, s, site(want.sign))
		s.Advance(event.MaxTime, noon) // hours, days and sites need not wait
		out := s.Cut()
		if out.Rows() != 5 {
			t.Fatalf("%d rows, want one of each table", out.Rows())
		}
		for i, op := range []string{out.Minutes[0].Op, out.Hours[0].Op, out.Days[0].Op, out.Sites[0].Op, out.Pipeline[0].Op} {
			if op != want.op {
				t.Errorf("table %d: op %s, want %s", i, op, want.op)
			}
		}
	}
}

func TestX4_BucketIsFinalOnceAndStillCorrected(t *testing.T) {
	s := newShard(0, 1)
	fold(t, s, clicks(noonMinute, "c", 1, 0))
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
	fold(t, s, clicks(noonMinute, "c", 2, 0))
	if out := s.Cut(); len(out.Minutes) != 1 || !out.Minutes[0].IsFinal || out.Minutes[0].ClicksGross != 3 {
		t.Fatalf("rows of a correction: %+v, want 3 clicks, final", out.Minutes)
	}
	s.Advance(event.MinTime, end.Add(215*event.Day))
	s.Advance(event.MinTime, event.MinTime) // one cut later
	if out := s.Cut(); len(out.Minutes) != 0 || s.Stats().Groups != 0 {
		t.Fatalf("%d rows, %d groups still held once nothing can change", len(out.Minutes), s.Stats().Groups)
	}
	s.Advance(end.Add(38*event.Day), end.Add(218*event.Day))
	s.Advance(event.MinTime, event.MinTime)
	if out = s.Cut(); len(out.Hours) != 1 || !out.Hours[0].IsFinal || out.Hours[0].ClicksGross != 3 || !out.Days[0].IsFinal || s.Stats().Days != 0 {
		t.Fatalf("hours and days at their end: %+v", out)
	}
}

func TestEnd_EverythingIsFinalAndNothingForgotten(t *testing.T) {
	s := newShard(0, 1)
	fold(t, s, clicks(noonMinute, "c", 1, 0))
	s.Cut()
	s.Advance(event.MaxTime, noon)
	if out := s.Cut(); len(out.Minutes) != 1 || !out.Minutes[0].IsFinal || !out.Hours[0].IsFinal || !out.Days[0].IsFinal {
		t.Fatalf("rows at the end: %+v", out.Minutes)
	}
	next, err := Restore(s.cfg, [][]byte{s.Segment(true)})
	if err != nil {
		t.Fatal(err)
	}
	fold(t, next, clicks(noonMinute, "c", 4, 0))
	if row := next.Cut().Minutes[0]; row.ClicksGross != 5 || row.IsFinal {
		t.Fatalf("the next run says %d clicks, final %v; want 5, not final", row.ClicksGross, row.IsFinal)
	}
}

// The example of R-G3.
func TestG3_ReachAndFrequencyAddShardsUp(t *testing.T) {
	s := newShard(0, 1)
	hour := noonMinute / 60
	fold(t, s, newSheet(1).audience(false, hour, "c", 0, 1).audience(false, hour+1, "c", 1).audience(true, noonDay, "c", 1, 1))
	fold(t, s, newSheet(1).audience(true, noonDay, "c", 2, 0, 0, 0, 0, 0, 0, 1))
	fold(t, s, newSheet(1).audience(true, noonDay, "c", -1, 1)) // one of them saw it again
	out := s.Cut()
	if h := out.Hours[0]; h.Reach != 1 || h.Freq2 != 1 || h.Freq1 != 0 {
		t.Errorf("hour %+v", h)
	}
	d := out.Days[0]
	if d.Reach != 5 || d.Freq1 != 2 || d.Freq2 != 2 || d.Freq21AndUp != 1 || d.TimeZone != "UTC" {
		t.Errorf("day %+v", d)
	}
}

// A campaign in Kolkata, as in R-G4: the minute of 18:29 is on one day, that of
// 18:30 on the next, both in one hour; and K4: minutes, hours and days add up.
func TestK4_MinutesAddUpToHoursAndLocalDays(t *testing.T) {
	set, err := reference.Parse([]byte(`[{"campaign_id":"k","tz":"Asia/Kolkata"},{"campaign_id":"b","tz":"Europe/Berlin"}]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{Shards: 1, Reference: set})
	half := noonMinute + 6*60 + 30
	fold(t, s, clicks(half-1, "k", 1, 0).minute(half, "k", "USD", 0, int64(event.ClicksGross), 10))
	rng := rand.New(rand.NewPCG(4, 4))
	for range 500 {
		campaign, currency := []string{"k", "b", "u"}[rng.IntN(3)], []string{"USD", "EUR"}[rng.IntN(2)]
		fold(t, s, newSheet(1).minute(noonMinute+rng.Int32N(5*24*60), campaign, currency, rng.Int64N(1e9),
			int64(event.ImpressionsGross), rng.Int64N(9), int64(event.ValueCT), rng.Int64N(9)-4, int64(event.ConvCTLinear), rng.Int64N(1e6)))
	}
	s.Advance(event.MaxTime, noon)
	out := s.Cut()
	days := map[int32]int64{}
	for _, d := range out.Days {
		if d.CampaignID == "k" && d.Currency == "USD" {
			days[d.Day] = d.ClicksGross
		}
	}
	if days[noonDay] != 1 || days[noonDay+1] != 10 {
		t.Errorf("clicks by day in Kolkata: %v", days)
	}
	type key struct {
		at       int64
		campaign string
		currency string
	}
	sums, hours, local := map[key][3]int64{}, map[key][3]int64{}, map[key][3]int64{}
	add := func(m map[key][3]int64, k key, gross, value, micros int64) {
		v := m[k]
		m[k] = [3]int64{v[0] + gross, v[1] + value, v[2] + micros}
	}
	nanos := func(d table.Decimal38) int64 { return int64(binary.BigEndian.Uint64(d[8:])) }
	for _, r := range out.Minutes {
		add(sums, key{int64(r.BucketStart.Floor(event.Hour)), r.CampaignID, r.Currency}, r.ImpressionsGross, r.ValueCTMicros, nanos(r.SpendNanos))
		c, _ := set.Campaign(r.CampaignID, r.BucketStart)
		add(local, key{int64(c.LocalDay(r.BucketStart)), r.CampaignID, r.Currency}, r.ImpressionsGross, r.ValueCTMicros, nanos(r.SpendNanos))
	}
	for _, r := range out.Hours {
		add(hours, key{int64(r.BucketStart), r.CampaignID, r.Currency}, r.ImpressionsGross, r.ValueCTMicros, nanos(r.SpendNanos))
	}
	if diff := cmp.Diff(sums, hours); diff != "" {
		t.Errorf("hours are not the sums of their minutes:\n%s", diff)
	}
	got := map[key][3]int64{}
	for _, r := range out.Days {
		add(got, key{int64(r.Day), r.CampaignID, r.Currency}, r.ImpressionsGross, r.ValueCTMicros, nanos(r.SpendNanos))
	}
	if diff := cmp.Diff(local, got); diff != "" {
		t.Errorf("days are not the sums of their minutes:\n%s", diff)
	}
}

// The example of R-G6, and a local day over two UTC dates with a rate each.
func TestG2_ReportingCurrencyTakesTheRateOfTheDate(t *testing.T) {
	rates, err := reference.ParseFX([]byte(`[{"date":"2026-03-01","from":"EUR","to":"USD","rate":"1.1","version":"ecb"},
		{"date":"2026-03-02","from":"GBP","to":"USD","rate":1.5,"version":"b"},{"date":"2026-03-01","from":"GBP","to":"USD","rate":2,"version":"a"}]`))
	if err != nil {
		t.Fatal(err)
	}
	set, err := reference.Parse([]byte(`[{"campaign_id":"k","tz":"America/New_York"}]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if set, err = set.WithFX("USD", rates); err != nil {
		t.Fatal(err)
	}
	s := New(Config{Shards: 1, Reference: set})
	tomorrow := noonMinute + 13*60 // 01:00 UTC, still the first of March in New York
	value := int64(event.ValueCT)
	fold(t, s, newSheet(1).minute(noonMinute, "c", "EUR", 2_345).minute(noonMinute+24*60, "c", "EUR", 2_345, value, 5).
		minute(noonMinute, "c", "USD", 2_500).minute(noonMinute, "c", "", 0, int64(event.OrphanClicks), 1).
		minute(noonMinute, "k", "GBP", 250, value, 1).minute(tomorrow, "k", "GBP", 1_000, value, 3))
	out := s.Cut()
	text := func(p *int64) string {
		if p == nil {
			return "NULL"
		}
		return fmt.Sprint(*p)
	}
	var got []string
	for _, r := range out.Minutes {
		got = append(got, fmt.Sprintf("%s %q: %s %s %q", r.CampaignID, r.Currency, text(r.SpendRCMicros), text(r.ValueCTRCMicros), r.FXVersion))
	}
	slices.Sort(got)
	want := []string{
		`c "": 0 0 ""`, `c "EUR": 3 0 "ecb"`, `c "EUR": NULL NULL ""`, `c "USD": 2 0 ""`,
		`k "GBP": 0 2 "a"`, // 250 x 2 = 500 nanos: half to even
		`k "GBP": 2 4 "b"`, // 1,500 nanos; 4.5 micros
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, d := range out.Days {
		if d.CampaignID == "k" && (text(d.SpendRCMicros) != "2" || text(d.ValueCTRCMicros) != "6" || d.FXVersion != "b") {
			// 500 + 1,500 nanos; 2 + 4.5 = 6.5 micros, to even
			t.Errorf("day of k: %s %s %q", text(d.SpendRCMicros), text(d.ValueCTRCMicros), d.FXVersion)
		}
	}
}

// The examples of R-G7.
func TestRG7_SitesHaveMediansAndShares(t *testing.T) {
	s := newShard(0, 1)
	fold(t, s, newSheet(1).site(noonDay, "a.com", "c", []delta.Count{{MS: 300, Times: 1}, {MS: 1_000, Times: 1}},
		int64(event.ClicksGross), 3, int64(event.ClicksGIVT), 1, int64(event.ConvCT), 4, int64(event.FastConv), 1))
	fold(t, s, newSheet(1).site(noonDay, "a.com", "c", []delta.Count{{MS: 900, Times: 1}, {MS: 4_000, Times: 1}}))
	row := s.Cut().Sites[0]
	if row.SiteDomain != "a.com" || *row.MedianImpToClick != 900 || *row.ClickIVTRate != 1.0/3 || *row.FastConvShare != 0.25 || row.ImpIVTRate != nil {
		t.Errorf("%+v", row)
	}
	s.Begin(2, noon.Add(event.Hour))
	fold(t, s, newSheet(1).site(noonDay, "a.com", "c", []delta.Count{{MS: 300, Times: -1}, {MS: 900, Times: -1}}))
	if row := s.Cut().Sites[0]; *row.MedianImpToClick != 1_000 {
		t.Errorf("after a correction: %d", *row.MedianImpToClick)
	}
}

// The example of R-G8; then the lags are let go and the quantiles stay.
func TestRG8_PipelineHasNearestRanks(t *testing.T) {
	s := newShard(0, 1)
	fold(t, s, newSheet(1).pipeline(delta.Pipeline{
		At: noonMinute, Facts: 2, Duplicates: 1, Matched: 1, Rejected: []delta.ReasonCount{{Reason: event.BadTime, Times: 1}},
		Lags: []delta.Count{{MS: 5, Times: 1}, {MS: 7, Times: 1}, {MS: 100, Times: 1}},
	}, "clicks"))
	check := func(name string, facts int64) {
		row := s.Cut().Pipeline[0]
		if row.Consumed != facts+2 || row.Facts != facts || row.DupExact != 1 || row.Rejected != 1 || *row.LagMSP50 != 7 || *row.LagMSP99 != 100 {
			t.Errorf("%s: %+v", name, row)
		}
		if diff := cmp.Diff([]table.Pair{{Key: "BAD_TIME", Value: "1"}}, row.ByReason.KeyValue); diff != "" {
			t.Error(diff)
		}
	}
	check("fresh", 2)
	s.Advance(event.MinTime, noon.Add(event.Minute).Add(lagsHeld))
	s.Advance(event.MinTime, event.MinTime) // one cut later
	check("frozen", 2)
	next, err := Restore(s.cfg, [][]byte{s.Segment(true)})
	if err != nil {
		t.Fatal(err)
	}
	s = next
	fold(t, s, newSheet(1).pipeline(delta.Pipeline{At: noonMinute, Facts: 1}, "clicks"))
	check("restored", 3)
}

func TestFold_EachCampaignIsInOneShard(t *testing.T) {
	const shards = 4
	x := newSheet(shards)
	for i := range 40 {
		x.minute(noonMinute, fmt.Sprint("c", i), "USD", 1)
	}
	rows := 0
	for shard := range event.Shard(shards) {
		s := newShard(shard, shards)
		fold(t, s, x)
		for _, r := range s.Cut().Minutes {
			if !s.Owns(r.CampaignID) {
				t.Errorf("shard %d has %s", shard, r.CampaignID)
			}
			rows++
		}
	}
	if rows != 40 {
		t.Fatalf("%d rows over all shards, want each campaign once", rows)
	}
}

// final is the last version of every row of several cuts.
type final map[string]any

func (f final) take(c *Cut) {
	put := func(key string, op *string, meta *table.Meta, row any) {
		deleted := *op == table.Delete
		*meta = table.Meta{}
		if deleted {
			delete(f, key)
			return
		}
		f[key] = row
	}
	for _, r := range c.Minutes {
		put(fmt.Sprint("m", r.BucketStart, r.CampaignID, r.Currency), &r.Op, &r.Meta, &r)
	}
	for _, r := range c.Hours {
		put(fmt.Sprint("h", r.BucketStart, r.CampaignID, r.Currency), &r.Op, &r.Meta, &r)
	}
	for _, r := range c.Days {
		put(fmt.Sprint("d", r.Day, r.CampaignID, r.Currency), &r.Op, &r.Meta, &r)
	}
	for _, r := range c.Sites {
		put(fmt.Sprint("s", r.Day, r.SiteDomain, r.CampaignID), &r.Op, &r.Meta, &r)
	}
	for _, r := range c.Pipeline {
		put(fmt.Sprint("p", r.BucketStart, r.Topic), &r.Op, &r.Meta, &r)
	}
}

func TestRestore_AtAnyCutGivesTheSameTables(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 7))
		plain, restored := newShard(0, 1), newShard(0, 1)
		want, got := final{}, final{}
		var segments [][]byte
		watermark, now := noon, noon
		for cut := range uint64(20) {
			x := randomSheet(rng)
			watermark = watermark.Add(event.Span(rng.Int64N(int64(5 * event.Day))))
			now = now.Add(event.Span(rng.Int64N(int64(event.Minute))))
			for _, s := range []*Shard{plain, restored} {
				s.Begin(cut, now)
				fold(t, s, x)
				s.Advance(watermark, watermark)
			}
			want.take(plain.Cut())
			got.take(restored.Cut())
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
		for _, s := range []*Shard{plain, restored} {
			s.Advance(event.MaxTime, watermark)
		}
		want.take(plain.Cut())
		got.take(restored.Cut())
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Fatalf("seed %d:\n%s", seed, diff)
		}
	}
}

func TestFold_RefusesCutBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		b := randomSheet(rng).w.Bytes()
		if b == nil {
			continue
		}
		if err := newShard(0, 1).Fold(b[:rng.IntN(len(b))]); !errors.Is(err, delta.ErrCorrupt) {
			t.Fatalf("deltas cut short were accepted: %v", err)
		}
		if err := newShard(0, 1).Fold(append(b, 0)); !errors.Is(err, delta.ErrCorrupt) {
			t.Fatalf("deltas with a byte too many were accepted: %v", err)
		}
		if err := newShard(0, 2).Fold(b); !errors.Is(err, delta.ErrCorrupt) {
			t.Fatalf("deltas for another number of shards were accepted: %v", err)
		}
	}
}

// A key that a segment has kept and that changes again is in the next segment,
// whether or not a cut lies between.
func TestSegment_HasWhatChangedSinceTheLast(t *testing.T) {
	s := newShard(0, 1)
	var segments [][]byte
	for range 3 {
		fold(t, s, clicks(noonMinute, "c", 1, 0))
		segments = append(segments, s.Segment(false))
	}
	restored, err := Restore(s.cfg, segments)
	if err != nil {
		t.Fatal(err)
	}
	fold(t, restored, clicks(noonMinute, "c", 1, 0))
	if rows := restored.Cut().Minutes; len(rows) != 1 || rows[0].ClicksGross != 4 {
		t.Fatalf("restored and folded once more: %+v, want 4 clicks", rows)
	}
}

func TestCut_RowsAreInTheOrderOfTheKey(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	text := func() string { return []string{"", "a", "ab", "b", "é"}[rng.IntN(5)] }
	s := newShard(0, 1)
	for range 3 {
		x := newSheet(1)
		for range 300 {
			x.minute(noonMinute+rng.Int32N(3), text(), text(), 1).site(noonDay+rng.Int32N(2), text(), text(), nil, int64(event.ClicksGross), 1)
		}
		fold(t, s, x)
		s.Advance(event.MaxTime, noon)
		out := s.Cut()
		if !slices.IsSortedFunc(out.Minutes, table.CompareCampaignMinutes) || !slices.IsSortedFunc(out.Hours, table.CompareCampaignHours) ||
			!slices.IsSortedFunc(out.Days, table.CompareCampaignDays) || !slices.IsSortedFunc(out.Sites, table.CompareSiteDays) {
			t.Fatal("rows are not in order")
		}
	}
}

// Hours, days and sites change in nearly every cut and are shown once a minute.
func TestCut_ShowsHoursDaysAndSitesOnceAMinute(t *testing.T) {
	s := newShard(0, 1)
	shown := func(now event.Time) (rows int) {
		s.Begin(1, now)
		fold(t, s, clicks(noonMinute, "c", 1, 0).site(noonDay, "a.com", "c", nil, int64(event.ClicksGross), 1))
		out := s.Cut()
		if len(out.Minutes) != 1 {
			t.Errorf("%d minutes", len(out.Minutes))
		}
		return out.Rows() - 1
	}
	for i, want := range []int{3, 0, 0, 3} {
		if n := shown(noon.Add(event.Span(i) * 20 * event.Second)); n != want {
			t.Errorf("cut %d shows %d rows of hours, days and sites, want %d", i, n, want)
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

// BenchmarkFold folds the deltas of a user shard into one of eight campaign
// shards: an operation is one delta, of which an eighth is the shard's.
func BenchmarkFold(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	x := newSheet(8)
	for i := range 1000 {
		campaign := fmt.Sprintf("cmp-%03d", i/2)
		x.minute(noonMinute, campaign, "USD", 1, int64(event.ImpressionsGross), 1+rng.Int64N(9))
		x.site(noonDay, "site-"+campaign, campaign, nil, int64(event.ImpressionsGross), 1)
	}
	bytes := x.w.Bytes()
	s := newShard(0, 8)
	b.ReportAllocs()
	for n := 0; n < b.N; n += 1000 {
		if err := s.Fold(bytes); err != nil {
			b.Fatal(err)
		}
	}
}
