package explain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/bench/oracle"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// For every click and conversion of generated traffic the steps come to the
// engine's row, and the outcome is the oracle's.
func TestStepsComeToTheEnginesRow(t *testing.T) {
	rates := gen.Dense.Rates()
	rates.CTR, rates.CTRPremium, rates.CVR, rates.CVRRetargeting = 0.15, 0.15, 0.5, 0.5
	rates.ViewThrough, rates.DoubleClick, rates.Malformed = 0.02, 0.1, 0
	g, err := gen.New(gen.Config{Seed: 3, Preset: gen.Dense, Rates: &rates, Impressions: 400, Users: 60, Campaigns: 12})
	if err != nil {
		t.Fatal(err)
	}
	f := &feed{}
	f.campaigns, f.creatives = encoded(t, g)
	src := memory{}
	var rec gen.Record
	for g.Next(&rec) {
		r := codecs.Record{
			Position: event.Position{Partition: event.Partition{Topic: rec.Topic}, Offset: event.Offset(len(f.records))},
			Time:     event.Time(rec.TimestampMS) * event.Time(event.Millisecond), Value: slices.Clone(rec.Value),
		}
		f.records = append(f.records, r)
		src[rec.Topic] = append(src[rec.Topic], oracle.Record{Partition: r.Partition, Offset: r.Offset, Time: r.Time, Value: r.Value})
	}
	set := oracle.DefaultSettings()
	tables, err := oracle.Run(oracle.Input{Records: src, Campaigns: []byte(f.campaigns), Creatives: []byte(f.creatives), Settings: set})
	if err != nil {
		t.Fatal(err)
	}
	if len(tables.Clicks) < 30 || len(tables.Conversions) < 10 {
		t.Fatalf("%d clicks, %d conversions: they prove little", len(tables.Clicks), len(tables.Conversions))
	}
	for _, c := range tables.Clicks {
		outcome := "an orphan, " + c.OrphanReason
		if c.MatchStatus == "MATCHED" {
			outcome = "matched to impression " + c.ImpressionID + " by " + c.MatchMethod
		}
		says(t, f.explain(t, event.KindClick, c.ClickID), outcome)
	}
	for _, c := range tables.Conversions {
		outcome := "unattributed"
		if c.TouchKind != "NONE" {
			outcome = "last touch is a " + strings.ToLower(c.TouchKind) + " of campaign " + c.LastTouchCampaignID
		}
		if c.CountReason != "" {
			outcome = "not counted, " + c.CountReason
		}
		says(t, f.explain(t, event.KindConversion, c.ConversionID), outcome)
	}
}

// memory is records by topic, as the oracle reads them.
type memory map[string][]oracle.Record

// Each implements oracle.Source.
func (m memory) Each(topic string, yield func(*oracle.Record) error) error {
	for i := range m[topic] {
		if err := yield(&m[topic][i]); err != nil {
			return err
		}
	}
	return nil
}

func encoded(t *testing.T, g *gen.Generator) (campaigns, creatives string) {
	t.Helper()
	cs, crs := g.Reference()
	a, err := reference.EncodeCampaigns(cs)
	if err != nil {
		t.Fatal(err)
	}
	b, err := reference.EncodeCreatives(crs)
	if err != nil {
		t.Fatal(err)
	}
	return string(a), string(b)
}
