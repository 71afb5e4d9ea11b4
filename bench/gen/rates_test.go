package gen_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/event"
)

// within holds a share against its expectation, five standard errors wide plus
// a tenth for what the model leaves open.
func within(t *testing.T, name string, hits, of int64, want, slack float64) {
	t.Helper()
	got := float64(hits) / float64(of)
	tolerance := slack*want + 5*math.Sqrt(want*(1-want)/float64(of))
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: %.5f (%d of %d), want %.5f within %.5f", name, got, hits, of, want, tolerance)
	}
}

func TestRates_RealisticTraffic(t *testing.T) {
	g := newGenerator(t, gen.Config{Seed: 21, Impressions: 100_000})
	var rec gen.Record
	bytes, n, app, hot := int64(0), int64(0), int64(0), int64(0)
	hours := [24]int64{}
	users := map[string]int64{}
	for g.Next(&rec) {
		if rec.Topic != "ad_impressions" || len(rec.Value) < 100 {
			continue
		}
		n++
		bytes += int64(len(rec.Value))
		app += count(rec.Value, `"app_bundle"`)
		hot += count(rec.Value, `"cmp-0000"`)
		hours[rec.TimestampMS/3_600_000%24] += count(rec.Value, `"DEU"`)
		if len(rec.Key) == 36 {
			users[string(rec.Key)]++
		}
	}
	truth := g.Truth()
	tr, e := truth.Traffic, truth.Exact
	if mean := bytes / n; mean < 400 || mean > 480 {
		t.Errorf("an impression of %d bytes", mean)
	}
	humans := tr.Impressions - tr.BotImpressions
	appShare := float64(app) / float64(n)
	within(t, "bots", tr.BotImpressions, tr.Impressions, 0.11*(1-appShare)+0.20*appShare, 0.05)
	// Ordinary and premium campaigns; the hot one decides by itself.
	ctr := float64(tr.Clicks-tr.BotClicks) / float64(humans)
	if ctr < 0.0008 || ctr > 0.0046*1.05 {
		t.Errorf("CTR %.5f", ctr)
	}
	within(t, "bot clicks", tr.BotClicks, tr.Clicks, 0.16, 0.3)
	within(t, "hot campaign", hot, n, 0.95*(0.2+0.8*0.135), 0.25)
	l := e.Ledger["ad_impressions"]
	within(t, "copies", l.DupExact, l.Fact, 0.003+0.05*4*10/1440, 0.4)
	within(t, "malformed", l.Consumed-l.Fact-l.DupExact-l.IDConflict, l.Fact, 0.0005+0.0001+0.00005, 0.2)
	within(t, "late", tr.Late, tr.Impressions, 0.002+0.02*appShare*math.Exp(-1.0/18), 0.15)
	var busiest int64
	for _, v := range users {
		busiest = max(busiest, v)
	}
	if busiest > 400 || busiest < 30 {
		t.Errorf("the busiest person saw %d ads", busiest)
	}
	// Berlin is an hour ahead of UTC: 20:00 there against 04:00.
	if ratio := float64(hours[18]+hours[19]) / float64(hours[2]+hours[3]); ratio < 3.5 || ratio > 5.5 {
		t.Errorf("evening to night %.1f: %v", ratio, hours)
	}
}

func count(value []byte, text string) int64 {
	if bytes.Contains(value, []byte(text)) {
		return 1
	}
	return 0
}

func TestRates_Dense(t *testing.T) {
	g := newGenerator(t, gen.Config{Seed: 22, Preset: gen.Dense, Impressions: 50_000, Bids: true, Duration: 3 * event.Day})
	var rec gen.Record
	for g.Next(&rec) {
	}
	truth := g.Truth()
	tr, e := truth.Traffic, truth.Exact
	within(t, "CTR", tr.Clicks-tr.BotClicks, tr.Impressions-tr.BotImpressions, 0.02, 0.05)
	byClick := e.Rows["fact_conversions"] - tr.ViewConversions
	within(t, "CVR", byClick, tr.Clicks-tr.BotClicks, 0.10, 0.12)
	within(t, "requests", e.Ledger["bid_requests"].Fact, 50_000*6, 5.0/6, 0.02)
	within(t, "win rate", e.Rows["fact_wins"], int64(float64(e.Rows["fact_bids"])*(1/0.3)/5), 0.30, 0.05)
}

func TestRates_HostileIsTenTimesWorse(t *testing.T) {
	faults := func(p gen.Preset) float64 {
		g := newGenerator(t, gen.Config{Seed: 23, Preset: p, Impressions: 50_000})
		var rec gen.Record
		for g.Next(&rec) {
		}
		l := g.Truth().Exact.Ledger["ad_impressions"]
		return float64(l.Consumed-l.Fact) / float64(l.Fact)
	}
	if ratio := faults(gen.Hostile) / faults(gen.Realistic); ratio < 7 || ratio > 13 {
		t.Errorf("faults are %.1f times as frequent", ratio)
	}
	if protected := gen.Protected.Rates(); protected.BotsWeb != 0.015 || protected.BotsApp != 0.015 {
		t.Errorf("protected: %+v", protected)
	}
}
