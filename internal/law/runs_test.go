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
	"github.com/advertisex/adjoin/internal/table"
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
		c.WriteCampaignMinutes(t.CampaignMinutes), c.WriteCampaignDays(t.CampaignDays), c.WriteRejected(t.Rejected),
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

func randomWay(r *rand.Rand) way {
	return way{
		seed: r.Uint64(), ingested: r.IntN(2) == 0, shards: pick(r, []uint32{1, 1, 2, 5}),
		cutEvery: 1 + r.IntN(20), restore: r.IntN(3) == 0,
	}
}

// run is what the engine says of a history that arrives this way.
func (e *engine) run(history []record, w way) (tables, error) {
	c := collector{tables{}}
	_, err := actors.Replay(context.Background(), actors.ReplayConfig{
		Topics: e.topics, UserShards: w.shards, CampaignShards: 2, Settings: e.settings, Reference: e.reference,
		WatermarkDelay: 10 * event.Minute, Next: w.arrivals(history), Out: c, CutEvery: w.cutEvery, Restore: w.restore,
	})
	return c.tables, err
}

// arrivals interleaves the partitions and keeps the order inside each. Every
// partition shows its first record early: the frontier waits for it (T7).
func (w way) arrivals(history []record) func() (codecs.Record, bool, error) {
	r := rand.New(rand.NewPCG(w.seed, 1))
	left := split(history)
	offsets := make([]event.Offset, len(left))
	order := r.Perm(len(left))
	return func() (codecs.Record, bool, error) {
		i := w.next(r, left, &order)
		if i < 0 {
			return codecs.Record{}, false, nil
		}
		next := left[i][0]
		left[i] = left[i][1:]
		rec := codecs.Record{Time: next.time, Value: slices.Clone(next.value)}
		rec.Partition = event.Partition{Topic: next.topic, ID: next.partition}
		rec.Offset = offsets[i]
		offsets[i]++
		return rec, true, nil
	}
}

// next is the partition whose record comes next, -1 at the end.
func (w way) next(r *rand.Rand, left [][]record, first *[]int) int {
	if len(*first) > 0 {
		i := (*first)[0]
		*first = (*first)[1:]
		return i
	}
	best, seen := -1, 0
	for i, p := range left {
		if len(p) == 0 {
			continue
		}
		seen++
		switch {
		case best < 0:
			best = i
		case w.ingested && p[0].time < left[best][0].time, !w.ingested && r.IntN(seen) == 0:
			best = i
		}
	}
	return best
}

// size is the number of rows of each table.
func (t tables) size(name table.Name) int { return len(t[name]) }

func mustCSV(t testing.TB, topic csvevents.Topic) codecs.Decoder {
	t.Helper()
	d, err := csvevents.New(csvevents.Config{Topic: topic})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
