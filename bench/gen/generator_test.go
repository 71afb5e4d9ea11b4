package gen_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

func newGenerator(t testing.TB, c gen.Config) *gen.Generator {
	t.Helper()
	g, err := gen.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// digest hashes every byte of a run that a consumer can see.
func digest(g *gen.Generator, next func(*gen.Record) bool) string {
	h := sha256.New()
	var rec gen.Record
	for next(&rec) {
		head := binary.BigEndian.AppendUint32([]byte(rec.Topic), uint32(rec.Partition))
		head = binary.BigEndian.AppendUint64(head, uint64(rec.TimestampMS))
		head = binary.BigEndian.AppendUint32(head, uint32(len(rec.Key)))
		h.Write(append(append(head, rec.Key...), 0))
		h.Write(rec.Value)
	}
	truth := g.Truth()
	b, err := truth.JSON()
	if err != nil {
		panic(err)
	}
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// The digests pin the bytes of a seed. They change when the traffic changes,
// which is allowed, but never by machine or by accident.
func TestSameSeedSameBytes(t *testing.T) {
	for preset, want := range map[gen.Preset]string{
		gen.Realistic: "2896942340217842", gen.Dense: "114382cc235b0744", gen.CaseStudy: "4ceb587165057f26",
		gen.Hostile: "c641d93650779867", gen.Protected: "2c3ec2621f03a75f",
	} {
		c := gen.Config{Seed: 42, Preset: preset, Impressions: 500, Bids: true, Labels: true}
		g := newGenerator(t, c)
		got := digest(g, g.Next)
		if got != want {
			t.Errorf("%s: %s, want %s", preset, got, want)
		}
		g = newGenerator(t, c)
		if again := digest(g, g.Next); again != got {
			t.Errorf("%s: a second run gave %s", preset, again)
		}
		c.Seed = 43
		g = newGenerator(t, c)
		if other := digest(g, g.Next); other == got {
			t.Errorf("%s: another seed gave the same bytes", preset)
		}
	}
}

func TestNextBefore_GivesTheSameRecordsInSteps(t *testing.T) {
	c := gen.Config{Seed: 5, Preset: gen.Dense, Impressions: 2000, Bids: true}
	whole := newGenerator(t, c)
	want := digest(whole, whole.Next)
	g := newGenerator(t, c)
	now := g.Config().Start
	got := digest(g, func(rec *gen.Record) bool {
		for !g.NextBefore(now, rec) {
			if now > g.Config().Start.Add(200*event.Day) {
				return false
			}
			now = now.Add(7 * event.Minute)
		}
		if event.Time(rec.TimestampMS)*1000 > now {
			t.Fatalf("a record of %d at %d", rec.TimestampMS, now)
		}
		return true
	})
	if got != want {
		t.Errorf("in steps %s, at once %s", got, want)
	}
}

// A live run may stop at any moment: the truth is about what was given.
func TestLive_TruthHoldsAtAnyMoment(t *testing.T) {
	start := event.Time(1_780_000_000_000_000)
	for _, seconds := range []event.Span{1, 30, 300} {
		g := newGenerator(t, gen.Config{
			Seed: 3, Preset: gen.Dense, Start: start, Endless: true, Rate: 40, Pace: gen.Brisk, Bids: true,
		})
		want := recountUntil(t, g, start.Add(seconds*event.Second))
		compare(t, g.Truth, want)
	}
}

func TestLive_TheFunnelIsAliveWithinAMinute(t *testing.T) {
	start := event.Time(1_780_000_000_000_000)
	g := newGenerator(t, gen.Config{Seed: 42, Preset: gen.Dense, Start: start, Endless: true, Rate: 170, Pace: gen.Brisk, Bids: true})
	var rec gen.Record
	for g.NextBefore(start.Add(event.Minute), &rec) {
	}
	e := g.Truth().Exact
	if n := e.Rows["fact_impressions"]; n < 9_800 || n > 10_400 {
		t.Errorf("%d impressions in a minute at 170/s", n)
	}
	if e.Rows["fact_clicks"] < 150 || e.Rows["fact_conversions"] < 8 || e.Rows["fact_bids"] < 45_000 {
		t.Errorf("rows %v", e.Rows)
	}
	if g.Pending() > 20_000 {
		t.Errorf("%d events under way", g.Pending())
	}
	g.Stop()
	for g.Next(&rec) {
	}
	if g.Pending() != 0 {
		t.Errorf("%d events left after Stop", g.Pending())
	}
}

func TestReference_GoesWithTheTraffic(t *testing.T) {
	for _, p := range gen.Presets() {
		g := newGenerator(t, gen.Config{Seed: 9, Preset: p})
		cs, crs := g.Reference()
		campaigns, err := reference.EncodeCampaigns(cs)
		if err != nil {
			t.Fatal(err)
		}
		creatives, err := reference.EncodeCreatives(crs)
		if err != nil {
			t.Fatal(err)
		}
		set, err := reference.Parse(campaigns, creatives)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		if len(set.Campaigns()) != 500 || len(set.Creatives()) != 3000 {
			t.Errorf("%s: %d campaigns, %d creatives", p, len(set.Campaigns()), len(set.Creatives()))
		}
	}
}

func TestNew_RefusesWhatCannotBe(t *testing.T) {
	odd, much := gen.Realistic.Rates(), gen.Realistic.Rates()
	odd.CTR, much.Duplicate, much.Late = 1.5, 0.6, 0.6
	for want, c := range map[string]gen.Config{
		"CTR is 1.5":         {Rates: &odd},
		"at most one":        {Rates: &much},
		"preset":             {Preset: "wild"},
		"an endless run":     {Endless: true, Impressions: 5},
		"must not be":        {Impressions: -1},
		"1 s to 400 days":    {Impressions: 5, Duration: event.Millisecond},
		"partitions: 1 to":   {Partitions: -1},
		"campaigns: 1 to 10": {Campaigns: 20_000},
	} {
		if _, err := gen.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestSize_ByNumberOrByRate(t *testing.T) {
	for _, c := range []gen.Config{
		{Impressions: 3000},
		{Rate: 10, Duration: 300 * event.Second},
		{Impressions: 3000, Rate: 10},
	} {
		r := gen.Realistic.Rates()
		r.Duplicate, r.BurstDuplicate, r.Conflict, r.Malformed, r.WildClock, r.TooLate = 0, 0, 0, 0, 0, 0
		c.Rates = &r
		g := newGenerator(t, c)
		var rec gen.Record
		n := 0
		for g.Next(&rec) {
			if rec.Topic == "ad_impressions" {
				n++
			}
		}
		if n != 3000 {
			t.Errorf("%d impressions of %+v", n, c)
		}
	}
}

// Keyed records go where Kafka's own partitioner would put them, and chains
// name ids that are on the wire.
func TestChains_NameWhatIsOnTheWire(t *testing.T) {
	g := newGenerator(t, gen.Config{Seed: 4, Preset: gen.Dense, Impressions: 20_000, Labels: true})
	impressions := map[string]bool{}
	var rec gen.Record
	clicks := ""
	for g.Next(&rec) {
		switch rec.Topic {
		case "ad_impressions":
			var m map[string]any
			if json.Unmarshal(rec.Value, &m) == nil {
				for _, name := range []string{"impression_id", "imp_uid"} {
					if id, ok := m[name].(string); ok {
						impressions[id] = true
					}
				}
			}
		case "clicks":
			clicks += string(rec.Value)
		}
	}
	truth := g.Truth()
	kinds := map[string]int{}
	for _, c := range truth.Chains {
		kinds[c.Kind]++
		if !impressions[c.Impression] {
			t.Fatalf("%+v: no such impression", c)
		}
		if c.Kind == "click" && c.ID != "" && !strings.Contains(clicks, c.ID) {
			t.Fatalf("%+v: no such click", c)
		}
		if c.Kind == "click" && c.Named && !strings.Contains(clicks, c.Impression) {
			t.Fatalf("%+v: said to be named", c)
		}
	}
	if int64(kinds["click"]) != truth.Exact.Rows["fact_clicks"] || int64(kinds["conversion"]) != truth.Exact.Rows["fact_conversions"] {
		t.Errorf("%v chains, rows %v", kinds, truth.Exact.Rows)
	}
	if int64(len(truth.Bots)) < truth.Traffic.BotImpressions*9/10 || truth.Traffic.BotClicks == 0 {
		t.Errorf("%d bots labelled, %+v", len(truth.Bots), truth.Traffic)
	}
}
