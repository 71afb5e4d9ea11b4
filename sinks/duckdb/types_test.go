//go:build cgo

package duckdb

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

func ptr[T any](v T) *T { return &v }

// at is 2026-03-29T00:30:00.123456Z, an hour before clocks change in Berlin.
const at event.Time = 1_774_744_200_123_456

// lake opens a warehouse and loads what write puts into one cut.
func lake(t *testing.T, write func(c *sinks.Cut) error) *Warehouse {
	t.Helper()
	ctx := context.Background()
	store, err := sinks.OpenBucket(ctx, "file://"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := mustOpen(t, t.TempDir()+"/w.duckdb", store)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.EnsureSchema(ctx); err != nil {
		t.Fatal(err)
	}
	load(t, w, store, 1, write)
	return w
}

func load(t *testing.T, w *Warehouse, store sinks.Store, token sinks.Token, write func(c *sinks.Cut) error) {
	t.Helper()
	ctx := context.Background()
	writer, err := sinks.NewCutWriter(store, sinks.Config{})
	if err != nil {
		t.Fatal(err)
	}
	cut, err := writer.NewCut(fmt.Sprintf("n1-%d", token))
	if err != nil {
		t.Fatal(err)
	}
	if err := write(cut); err != nil {
		t.Fatal(err)
	}
	files, err := cut.Close(ctx)
	if err != nil {
		t.Fatal(err)
	}
	prev, err := w.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Load(ctx, sinks.Batch{Prev: prev, Token: token, Files: files}); err != nil {
		t.Fatal(err)
	}
}

func ndjson(t *testing.T, w *Warehouse, sql string) string {
	t.Helper()
	var out bytes.Buffer
	if err := w.Print(context.Background(), &out, NDJSON, sql); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

func want(t *testing.T, w *Warehouse, sql, expected string) {
	t.Helper()
	if got := ndjson(t, w, sql); got != expected {
		t.Errorf("%s\n got %s\nwant %s", sql, got, expected)
	}
}

// TestTypesOfBids looks at MAP, DOUBLE, NULLs and times as DuckDB sees them.
func TestTypesOfBids(t *testing.T) {
	w := lake(t, func(c *sinks.Cut) error {
		return c.WriteBids([]table.Bid{
			{
				Route: -1, Exchange: "adx", AuctionID: "a1", ImpID: "1", BidID: "b1", EventTime: at, Width: 300,
				BidMicros: ptr(int64(0)), LossCode: ptr(int32(102)), FloorMicros: 1_500_000, SampleWeight: 2.5, Valid: true,
				Targeting: table.StringMap{KeyValue: []table.Pair{{Key: "age", Value: "18-24"}, {Key: "seg", Value: "a,'b"}}},
				Meta:      table.Meta{RowVersion: 1, Op: "U", IngestTime: at + 1, SrcOffset: 1 << 40},
			},
			{Route: 1 << 62, Exchange: "adx", AuctionID: "a2", ImpID: "1", EventTime: at, Meta: table.Meta{RowVersion: 1, Op: "U"}},
		})
	})
	want(t, w, `SELECT typeof(targeting) a, typeof(event_time) b, typeof(event_date) c, typeof(sample_weight) d, typeof(route) e FROM fact_bids LIMIT 1`,
		`{"a":"MAP(VARCHAR, VARCHAR)","b":"TIMESTAMP","c":"DATE","d":"DOUBLE","e":"BIGINT"}`)
	want(t, w, `SELECT targeting['seg'] seg, cardinality(targeting) n, epoch_us(event_time) us, event_time::VARCHAR s, event_date::VARCHAR d,
		route, w, h, bid_cpm_micros b, loss_code l, sample_weight sw, valid, src_offset o, emitted_at e, campaign_id c FROM fact_bids WHERE bid_id = 'b1'`,
		`{"seg":"a,'b","n":2,"us":1774744200123456,"s":"2026-03-29 00:30:00.123456","d":"2026-03-29",`+
			`"route":-1,"w":300,"h":null,"b":0,"l":102,"sw":2.5,"valid":true,"o":1099511627776,"e":null,"c":null}`)
	want(t, w, `SELECT cardinality(targeting) n, bid_cpm_micros b, loss_code l, bid_id = '' nobid, user_key u, route FROM fact_bids WHERE auction_id = 'a2'`,
		`{"n":0,"b":null,"l":null,"nobid":true,"u":null,"route":4611686018427387904}`)
}

// TestTypesOfAggregates looks at DECIMAL(18,6) and DECIMAL(38,0), below zero
// and beyond 64 bits, and at the money columns of the view.
func TestTypesOfAggregates(t *testing.T) {
	w := lake(t, func(c *sinks.Cut) error {
		if err := c.WriteCampaignDays([]table.CampaignDay{{Day: 20_541, CampaignID: "c1", TimeZone: "Europe/Berlin", Totals: table.Totals{Reach: 7}, Meta: table.Meta{RowVersion: 1, Op: "U"}}}); err != nil {
			return err
		}
		return c.WriteCampaignMinutes([]table.CampaignMinute{
			{
				BucketStart: at.Floor(event.Minute), CampaignID: "c1", Currency: "EUR", Requests: 1_500_000, ImpressionsNet: 3_000_000,
				SpendNanos: table.Decimal38Of(event.Mul64(1<<62, 1000)), SpendMicros: 2_100, ValueCTByTime: -5, Meta: table.Meta{RowVersion: 1, Op: "U"},
			},
			{BucketStart: at.Floor(event.Minute), CampaignID: "c2", SpendNanos: table.Decimal38Of(event.Int128Of(-3)), Meta: table.Meta{RowVersion: 1, Op: "U"}},
		})
	})
	want(t, w, `SELECT typeof(requests) a, typeof(spend_nanos) b, typeof(bucket_start) c FROM agg_campaign_minute LIMIT 1`,
		`{"a":"DECIMAL(18,6)","b":"DECIMAL(38,0)","c":"TIMESTAMP"}`)
	want(t, w, `SELECT requests::VARCHAR r, impressions_net::VARCHAR i, spend_nanos::VARCHAR n, spend::VARCHAR s, value_ct_bytime::VARCHAR v, bucket_start::VARCHAR b
		FROM agg_campaign_minute_current WHERE campaign_id = 'c1'`,
		`{"r":"1.500000","i":"3.000000","n":"4611686018427387904000","s":"0.002100000","v":"-0.000005000","b":"2026-03-29 00:30:00"}`)
	want(t, w, `SELECT spend_nanos::VARCHAR n FROM agg_campaign_minute WHERE spend_nanos < 0`, `{"n":"-3"}`)
	want(t, w, `SELECT day::VARCHAR d, tz, reach FROM agg_campaign_day_current`, `{"d":"2026-03-29","tz":"Europe/Berlin","reach":7}`)
}

func TestTypesOfRejects(t *testing.T) {
	w := lake(t, func(c *sinks.Cut) error {
		return c.WriteRejected([]table.Rejected{
			{Topic: "ad.clicks", Partition: 3, Offset: 9, Line: 2, Reason: "BAD_TIME", Raw: []byte{0, 255, '"'}, Meta: table.Meta{Op: "U", IngestTime: at}},
		})
	})
	want(t, w, `SELECT typeof(raw_bytes_truncated) t, octet_length(raw_bytes_truncated) n, event_time e, "partition" p, "offset" o, line FROM rejected_events_current`,
		`{"t":"BLOB","n":3,"e":null,"p":3,"o":9,"line":2}`)
}

// TestX1_CurrentViews: the highest version wins whatever the order of loading,
// and D hides the key.
func TestX1_CurrentViews(t *testing.T) {
	click := func(id string, version int64, op, status string) table.Click {
		return table.Click{Route: 5, ClickID: id, EventTime: at, MatchStatus: status, MatchMethod: "NONE", CostNanos: 1_500_000_000, Meta: table.Meta{RowVersion: version, Op: op}}
	}
	store, err := sinks.OpenBucket(context.Background(), "file://"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := mustOpen(t, t.TempDir()+"/w.duckdb", store)
	defer w.Close()
	if err := w.EnsureSchema(context.Background()); err != nil {
		t.Fatal(err)
	}
	load(t, w, store, 1, func(c *sinks.Cut) error {
		return c.WriteClicks([]table.Click{click("k1", 9, "U", "MATCHED"), click("k2", 1, "U", "ORPHAN"), click("k3", 2, "D", "")})
	})
	load(t, w, store, 2, func(c *sinks.Cut) error {
		return c.WriteClicks([]table.Click{click("k1", 4, "U", "ORPHAN"), click("k2", 2, "U", "MATCHED"), click("k3", 1, "U", "ORPHAN")})
	})
	want(t, w, `SELECT string_agg(click_id || '=' || match_status, ' ' ORDER BY click_id) s, min(cost)::VARCHAR c FROM fact_clicks_current`,
		`{"s":"k1=MATCHED k2=MATCHED","c":"1.500000000"}`)
	want(t, w, `SELECT count(*) n FROM fact_clicks`, `{"n":6}`)
	want(t, w, `SELECT commit_offset, files, "rows", held_files FROM adjoin_loads ORDER BY 1`,
		`{"commit_offset":1,"files":1,"rows":3,"held_files":0}`+"\n"+`{"commit_offset":2,"files":1,"rows":3,"held_files":0}`)
}

func TestJ7_BidsOutcome(t *testing.T) {
	bid := func(id string, mod func(*table.Bid)) table.Bid {
		b := table.Bid{Route: 1, Exchange: "x", AuctionID: id, ImpID: "1", BidID: "b", EventTime: at, Meta: table.Meta{RowVersion: 1, Op: "U", IngestTime: at}}
		mod(&b)
		return b
	}
	w := lake(t, func(c *sinks.Cut) error {
		if err := c.WriteWins([]table.Win{{Route: 1, ImpressionID: "i", Exchange: "x", AuctionID: "won", ImpID: "1", BidID: "b", BidTime: at, ImpressionTime: at, Meta: table.Meta{Op: "U", RowVersion: 1}}}); err != nil {
			return err
		}
		if err := c.WriteImpressions([]table.Impression{{Route: 1, ImpressionID: "i", EventTime: at, Meta: table.Meta{Op: "U", IngestTime: at + 131*event.Time(event.Minute)}}}); err != nil {
			return err
		}
		return c.WriteBids([]table.Bid{
			bid("won", func(b *table.Bid) { b.LossCode = ptr(int32(102)) }),
			bid("lost", func(b *table.Bid) { b.LossCode = ptr(int32(102)) }),
			bid("none", func(b *table.Bid) { b.BidID = "" }),
			bid("web", func(*table.Bid) {}),
			bid("app", func(b *table.Bid) { b.AppBundle = "com.x" }),
		})
	})
	want(t, w, `SELECT string_agg(auction_id || '=' || outcome, ' ' ORDER BY auction_id) s FROM bids_outcome`,
		`{"s":"app=PENDING lost=LOST none=NO_BID web=NO_IMPRESSION won=WON"}`)
}
