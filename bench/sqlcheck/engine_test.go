//go:build cgo

package sqlcheck_test

import (
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/bench/dump"
	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/codecs/csvevents"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/sinks/finaltable"
)

// secret is the key of user_key in these tests.
var secret = []byte("a key of the test")

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// generate writes a dump with its reference data, and gives that too.
func generate(t *testing.T, dir string, cfg gen.Config) (campaigns, creatives []byte) {
	t.Helper()
	g, err := gen.New(cfg)
	must(t, err)
	cs, crs := g.Reference()
	campaigns, err = reference.EncodeCampaigns(cs)
	must(t, err)
	creatives, err = reference.EncodeCreatives(crs)
	must(t, err)
	folder, err := dump.Create(dir, false)
	must(t, err)
	must(t, errors.Join(folder.WriteFile(dump.CampaignsFile, campaigns), folder.WriteFile(dump.CreativesFile, creatives)))
	var rec gen.Record
	for g.Next(&rec) {
		must(t, folder.Write(&dump.Record{
			Topic: rec.Topic, Partition: rec.Partition, Offset: dump.NextOffset, TimestampMS: rec.TimestampMS, Key: rec.Key, Value: rec.Value,
		}))
	}
	must(t, folder.Close())
	return campaigns, creatives
}

// replay runs the engine over a dump and writes its final tables.
func replay(t *testing.T, dir, out string, campaigns, creatives []byte) {
	t.Helper()
	set, err := reference.Parse(campaigns, creatives)
	must(t, err)
	topics := sources()
	names := make([]string, len(topics))
	for i := range topics {
		names[i] = topics[i].Name
	}
	records, err := dump.OpenInterleaved(dir, names, 3)
	must(t, err)
	defer records.Close()
	rules := correlate.DefaultSettings()
	rules.UserKeySecret = secret
	tables := finaltable.NewSet()
	_, err = actors.Replay(t.Context(), actors.ReplayConfig{
		Topics: topics, UserShards: 5, CampaignShards: 2, Settings: rules, Reference: set,
		WatermarkDelay: 10 * event.Minute, Next: nextOf(records), Out: tables,
	})
	must(t, err)
	_, err = tables.Write(out)
	must(t, err)
}

func nextOf(records *dump.Interleaved) func() (codecs.Record, bool, error) {
	var r dump.Record
	return func() (codecs.Record, bool, error) {
		err := records.Next(&r)
		if errors.Is(err, io.EOF) {
			return codecs.Record{}, false, nil
		}
		return codecs.Record{
			Position: event.Position{Partition: event.Partition{Topic: r.Topic, ID: r.Partition}, Offset: event.Offset(r.Offset)},
			Time:     event.Time(r.TimestampMS) * event.Time(event.Millisecond), Key: r.Key, Value: r.Value,
		}, err == nil, err
	}
}

func sources() []actors.Topic {
	common := codecs.Config{Zone: time.UTC, DefaultCurrency: "USD", MaxRecordBytes: 4 << 20, MaxDepth: 64, MaxFields: 4096}
	made := func(d codecs.Decoder, err error) codecs.Decoder {
		if err != nil {
			panic(err)
		}
		return d
	}
	lines := func(topic csvevents.Topic) func() codecs.Decoder {
		return func() codecs.Decoder {
			d, err := csvevents.New(csvevents.Config{Config: common, Topic: topic})
			return made(d, err)
		}
	}
	return []actors.Topic{
		{Name: "bid_requests", NewDecoder: func() codecs.Decoder {
			d, err := avrobid.New(avrobid.Config{Config: common})
			return made(d, err)
		}},
		{Name: "ad_impressions", NewDecoder: func() codecs.Decoder { return jsonimp.New(common) }},
		{Name: "clicks", NewDecoder: lines(csvevents.Clicks)},
		{Name: "conversions", NewDecoder: lines(csvevents.Conversions)},
		{Name: "clicks_conversions", NewDecoder: lines(csvevents.Combined)},
	}
}

// busy is traffic with many joins from few records.
func busy(preset gen.Preset, impressions int64) gen.Config {
	r := preset.Rates()
	r.CTR, r.CTRPremium, r.CVR, r.CVRRetargeting, r.ViewThrough = 0.08, 0.08, 0.4, 0.4, 0.01
	r.BidsPerImpression = 2
	r.DoubleClick = 0.05
	r.Conflict = max(r.Conflict, 0.002)
	if preset == gen.CaseStudy {
		r.Conflict = 0
	} else {
		r.RepeatOrder, r.DuplicateOrder, r.Restate, r.Retract = 0.2, 0.1, 0.1, 0.1
	}
	return gen.Config{Seed: uint64(len(preset)), Preset: preset, Rates: &r, Impressions: impressions, Users: int(impressions / 6), Campaigns: 40, Bids: true}
}

// folders are where a dump and its tables go.
func folders(t *testing.T) (dir, out string) {
	dir = t.TempDir()
	return filepath.Join(dir, "dump"), filepath.Join(dir, "tables")
}
