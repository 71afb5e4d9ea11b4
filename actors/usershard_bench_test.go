package actors

import (
	"syscall"
	"testing"
	"time"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/codecs/csvevents"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// nowhere is a sinks.Sink that drops the rows of user shards.
type nowhere struct{ sinks.Sink }

func (nowhere) WriteBids([]table.Bid) error                 { return nil }
func (nowhere) WriteWins([]table.Win) error                 { return nil }
func (nowhere) WriteImpressions([]table.Impression) error   { return nil }
func (nowhere) WriteClicks([]table.Click) error             { return nil }
func (nowhere) WriteConversions([]table.Conversion) error   { return nil }
func (nowhere) WriteAttributions([]table.Attribution) error { return nil }
func (nowhere) WriteRejected([]table.Rejected) error        { return nil }

const benchUserShards = 64

// benchTraffic is what the sources send to the user shards: batches of ranges
// of 4,000 records, in the order in which they are fetched.
func benchTraffic(b *testing.B, c gen.Config) (batches []routed, set *reference.Set, events int) {
	b.Helper()
	c.Seed, c.Rate = 42, 100_000
	g, err := gen.New(c)
	if err != nil {
		b.Fatal(err)
	}
	if set, err = reference.NewSet(g.Reference()); err != nil {
		b.Fatal(err)
	}
	routers := map[string]*router{}
	for name, decoder := range map[string]func() (codecs.Decoder, error){
		"ad_impressions": func() (codecs.Decoder, error) { return jsonimp.New(codecs.Config{}), nil },
		"clicks":         func() (codecs.Decoder, error) { return csvevents.New(csvevents.Config{Topic: csvevents.Clicks}) },
		"conversions":    func() (codecs.Decoder, error) { return csvevents.New(csvevents.Config{Topic: csvevents.Conversions}) },
		"bid_requests":   func() (codecs.Decoder, error) { return avrobid.New(avrobid.Config{}) },
	} {
		d, err := decoder()
		if err != nil {
			b.Fatal(err)
		}
		routers[name] = newRouter(Topic{NewDecoder: func() codecs.Decoder { return d }}, benchUserShards, nil)
	}
	gathered := map[event.Partition][]codecs.Record{}
	flush := func(p event.Partition) {
		list := gathered[p]
		if len(list) == 0 {
			return
		}
		r := routers[p.Topic]
		at := r.progress[p.ID]
		if at == nil {
			at = r.start(p.ID, 0)
		}
		r.begin(event.Range{Partition: p, From: at.next, To: at.next + event.Offset(len(list))}, at)
		for i := range list {
			list[i].Offset = at.next + event.Offset(i)
			r.take(&list[i])
		}
		batches = r.finish(batches)
		gathered[p] = list[:0]
	}
	var rec gen.Record
	for g.Next(&rec) {
		p := event.Partition{Topic: rec.Topic, ID: rec.Partition}
		gathered[p] = append(gathered[p], codecs.Record{
			Position: event.Position{Partition: p}, Time: event.Time(rec.TimestampMS) * event.Time(event.Millisecond),
			Value: append([]byte(nil), rec.Value...),
		})
		if events++; len(gathered[p]) == 4_000 {
			flush(p)
		}
	}
	for p := range gathered {
		flush(p)
	}
	return batches, set, events
}

// BenchmarkUserShards is what 64 user shards of a node do with the traffic of
// make baseline, without files and Kafka: batches in, rows handed over and
// dropped, a cut with its segment every 350,000 events. It reports the time of
// one event, and of it that in cuts and segments.
func BenchmarkUserShards(b *testing.B) {
	for _, bids := range []bool{false, true} {
		name, cfg := "impressions", gen.Config{Impressions: 500_000}
		if bids {
			rates := gen.Realistic.Rates()
			rates.BidsPerImpression = 4
			name, cfg = "bids", gen.Config{Impressions: 100_000, Bids: true, Rates: &rates}
		}
		b.Run(name, func(b *testing.B) {
			batches, set, events := benchTraffic(b, cfg)
			b.ReportAllocs()
			b.ResetTimer()
			before := processorTime(b)
			var cuts, segments time.Duration
			for range b.N {
				c, s := runUserShards(b, batches, set)
				cuts, segments = cuts+c, segments+s
			}
			n := float64(b.N) * float64(events)
			b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/n, "cpu-ns/event")
			b.ReportMetric(float64(cuts.Nanoseconds())/n, "ns/event-cuts")
			b.ReportMetric(float64(segments.Nanoseconds())/n, "ns/event-segments")
		})
	}
}

// processorTime is what this process has used, collection of garbage included: on
// a machine that others use as well, the time that passed says little.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func runUserShards(b *testing.B, batches []routed, set *reference.Set) (cuts, segments time.Duration) {
	users := make([]*userShard, benchUserShards)
	for i := range users {
		u := &userShard{id: event.Shard(i), rows: &rowStream{cut: nowhere{}}, vector: event.Vector{}}
		u.core = correlate.New(correlate.Config{
			Shard: u.id, Shards: benchUserShards, Reference: set, Settings: correlate.DefaultSettings(), Sink: u.rows,
		})
		u.core.Begin(1, 0)
		users[i] = u
	}
	events, number := 0, uint64(1)
	for i := range batches {
		u := users[batches[i].shard]
		if err := u.apply(batches[i].bytes); err != nil {
			b.Fatal(err)
		}
		events += u.reader.Events()
		if events < 350_000 && i < len(batches)-1 {
			continue
		}
		events, number = 0, number+1
		for _, u := range users {
			started := time.Now()
			u.writeCut(u.core.Cut())
			cut := time.Now()
			u.growth.segment(u.core.Segment)
			cuts, segments = cuts+cut.Sub(started), segments+time.Since(cut)
			u.core.Begin(number, 0)
		}
	}
	return cuts, segments
}
