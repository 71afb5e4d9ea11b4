package law

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/bench/oracle"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/codecs/csvevents"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// secret is the key of user_key on both sides.
const secret = "law"

// source is a history as the oracle reads it: whole topics.
type source map[string][]oracle.Record

func (s source) Each(topic string, yield func(*oracle.Record) error) error {
	for i := range s[topic] {
		if err := yield(&s[topic][i]); err != nil {
			return err
		}
	}
	return nil
}

// expected is what the oracle says.
func expected(history []record) (tables, error) {
	history = opened(history)
	in := source{}
	for _, p := range split(history) {
		for offset, r := range p {
			in[r.topic] = append(in[r.topic], oracle.Record{
				Partition: event.Partition{Topic: r.topic, ID: r.partition}, Offset: event.Offset(offset), Time: r.time, Value: r.value,
			})
		}
	}
	set := oracle.DefaultSettings()
	set.AvroSchema, set.UserKeySecret = bidWriterJSON, []byte(secret)
	t, err := oracle.Run(oracle.Input{Records: in, Campaigns: []byte(campaignsJSON), Creatives: []byte(creativesJSON), Settings: set})
	if err != nil {
		return nil, err
	}
	c := collector{tables{}}
	return c.tables, errors.Join(
		c.WriteBids(t.Bids), c.WriteWins(t.Wins), c.WriteImpressions(t.Impressions), c.WriteClicks(t.Clicks),
		c.WriteConversions(t.Conversions), c.WriteAttributions(t.Attributions),
		c.WriteCampaignMinutes(t.CampaignMinutes), c.WriteCampaignHours(t.CampaignHours),
		c.WriteCampaignDays(t.CampaignDays), c.WriteSiteDays(t.SiteDays), c.WritePipelineMinutes(t.PipelineMinutes),
		c.WriteRejected(t.Rejected),
	)
}

// split is the records of each partition in the order of their offsets.
func split(history []record) [][]record {
	type place struct {
		topic string
		id    int32
	}
	at := map[place]int{}
	var out [][]record
	for _, r := range history {
		i, ok := at[place{r.topic, r.partition}]
		if !ok {
			i = len(out)
			at[place{r.topic, r.partition}] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out
}

// engine is what one goroutine needs to run histories: decoders are costly to
// make.
type engine struct {
	topics    []actors.Topic
	reference *reference.Set
	settings  correlate.Settings
}

func newEngine(t testing.TB) *engine {
	t.Helper()
	set, err := reference.Parse([]byte(campaignsJSON), []byte(creativesJSON))
	if err != nil {
		t.Fatal(err)
	}
	bids, err := avrobid.New(avrobid.Config{Schema: bidWriterJSON})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{reference: set, settings: correlate.DefaultSettings()}
	e.settings.UserKeySecret = []byte(secret)
	for name, decoder := range map[string]codecs.Decoder{
		impressionsTopic: jsonimp.New(codecs.Config{}), bidsTopic: bids,
		clicksTopic:      mustCSV(t, csvevents.Clicks),
		conversionsTopic: mustCSV(t, csvevents.Conversions),
	} {
		e.topics = append(e.topics, actors.Topic{Name: name, NewDecoder: func() codecs.Decoder { return decoder }})
	}
	return e
}

// way is one way for a history to arrive.
type way struct {
	seed     uint64
	ingested bool // in the order of ingest, so that state expires as early as it may
	shards   uint32
	cutEvery int
	restore  bool
}

func (w way) String() string {
	return fmt.Sprintf("order %d (as ingested: %t), %d shards, a cut every %d records, restored: %t", w.seed, w.ingested, w.shards, w.cutEvery, w.restore)
}

func randomWay(r *rand.Rand, records int) way {
	return way{
		seed: r.Uint64(), ingested: r.IntN(2) == 0, shards: pick(r, []uint32{1, 1, 2, 5}),
		cutEvery: 1 + records/(1+r.IntN(16)), restore: r.IntN(3) == 0,
	}
}

// run is what the engine says of a history that arrives this way.
func (e *engine) run(history []record, w way) (tables, error) {
	history = opened(history)
	c := collector{tables{}}
	_, err := actors.Replay(context.Background(), actors.ReplayConfig{
		Topics: e.topics, UserShards: w.shards, CampaignShards: 2, Settings: e.settings, Reference: e.reference,
		WatermarkDelay: 10 * event.Minute, Next: w.arrivals(history), Again: again(history), Out: c, CutEvery: w.cutEvery, Restore: w.restore,
	})
	return c.tables, err
}

// arrivals interleaves the partitions and keeps the order inside each. The
// empty records in front come first: the frontier waits for every partition that
// has shown itself (T7). A record's turn depends on itself alone, so that leaving
// out another changes little.
func (w way) arrivals(history []record) func() (codecs.Record, bool, error) {
	left := split(history)
	offsets := make([]event.Offset, len(left))
	return func() (codecs.Record, bool, error) {
		best, turn := -1, uint64(0)
		for i, p := range left {
			if len(p) == 0 {
				continue
			}
			if t := w.turn(p[0], offsets[i]); best < 0 || t < turn {
				best, turn = i, t
			}
		}
		if best < 0 {
			return codecs.Record{}, false, nil
		}
		next := left[best][0]
		left[best] = left[best][1:]
		offsets[best]++
		return kafkaRecord(next, offsets[best]-1), true, nil
	}
}

// turn orders the records that may come next.
func (w way) turn(r record, offset event.Offset) uint64 {
	switch {
	case offset == 0:
		return 0
	case w.ingested:
		return uint64(r.time)
	}
	return rand.NewPCG(w.seed, uint64(r.serial)).Uint64()
}

// again finds a record by its place.
func again(history []record) func(event.Position) (codecs.Record, bool) {
	return func(at event.Position) (codecs.Record, bool) {
		for _, p := range split(history) {
			if p[0].topic == at.Topic && p[0].partition == at.ID && int(at.Offset) < len(p) {
				return kafkaRecord(p[at.Offset], at.Offset), true
			}
		}
		return codecs.Record{}, false
	}
}

func kafkaRecord(r record, offset event.Offset) codecs.Record {
	rec := codecs.Record{Time: r.time, Value: slices.Clone(r.value)}
	rec.Partition, rec.Offset = event.Partition{Topic: r.topic, ID: r.partition}, offset
	return rec
}

func mustCSV(t testing.TB, topic csvevents.Topic) codecs.Decoder {
	t.Helper()
	d, err := csvevents.New(csvevents.Config{Topic: topic})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
