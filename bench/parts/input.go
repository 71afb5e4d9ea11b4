package parts

import (
	"fmt"
	"slices"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/codecs/csvevents"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/reference"
)

// The kinds of input.
const (
	Mixed       = "mixed"       // all four topics, four bids an impression, a click for two hundred
	Impressions = "impressions" // JSON
	Bids        = "bids"        // Avro
	Clicks      = "clicks"      // CSV
	Conversions = "conversions" // CSV
)

// Kinds lists them.
func Kinds() []string { return []string{Mixed, Impressions, Bids, Clicks, Conversions} }

// InputConfig says what records to make. Zero values are the defaults.
type InputConfig struct {
	Kind       string
	Records    int // default 200,000
	Seed       uint64
	Users      int        // default: a third of the impressions
	Campaigns  int        // default 500
	Partitions int        // of each topic, default 4
	Rates      *gen.Rates // default: those of the kind
	// Mutate changes a record before it is packed; what it puts in must not
	// change after.
	Mutate func(n int, rec *gen.Record)
}

// The shape of packed records: a fetch brings what the partitions got meanwhile.
const (
	roundRecords = 8_000 // over all partitions, between two looks at them
	impRate      = 20e3  // impressions a second of event time
)

// Input is records as record batches, in the order in which fetches brought them.
type Input struct {
	Kind      string
	Records   int64
	Bytes     int64 // of keys and values
	reference *reference.Set
	topics    []actors.Topic
	fetches   []fetch
}

// fetch is one record batch of one partition.
type fetch struct {
	partition event.Partition
	from      event.Offset
	raw       []byte
}

// rates are those of a kind: impressions of real traffic, children enough to
// fill a topic where it is measured alone.
func rates(kind string) gen.Rates {
	r := gen.Dense.Rates()
	r.CTR, r.CTRPremium, r.BidsPerImpression = 0.005, 0.005, 4
	if kind == Clicks || kind == Conversions {
		r.CTR, r.CTRPremium, r.CVR, r.CVRRetargeting = 0.5, 0.5, 0.5, 0.5
	}
	return r
}

// NewInput makes the records; the same configuration gives the same bytes.
func NewInput(c InputConfig) (*Input, error) {
	if !slices.Contains(Kinds(), c.Kind) {
		return nil, fmt.Errorf("input kind %q is none of %v", c.Kind, Kinds())
	}
	if c.Records == 0 {
		c.Records = 200_000
	}
	if c.Rates == nil {
		r := rates(c.Kind)
		c.Rates = &r
	}
	if c.Users == 0 {
		c.Users = max(c.Records/3, 100)
	}
	bids := c.Kind == Mixed || c.Kind == Bids
	g, err := gen.New(gen.Config{
		Seed: c.Seed, Preset: gen.Dense, Rates: c.Rates, Endless: true, Rate: impRate, Pace: gen.Brisk,
		Start: 1774699200e6, Users: c.Users, Campaigns: c.Campaigns, Partitions: c.Partitions, Bids: bids,
	})
	if err != nil {
		return nil, err
	}
	in := &Input{Kind: c.Kind}
	if in.reference, err = reference.NewSet(g.Reference()); err != nil {
		return nil, err
	}
	if err := in.decoders(g); err != nil {
		return nil, err
	}
	return in, in.pack(g, c)
}

// decoders are the topics of the input and how they are read.
func (in *Input) decoders(g *gen.Generator) error {
	names := g.Config().Topics
	var common codecs.Config
	clicks, err := csvDecoder(common, csvevents.Clicks)
	if err != nil {
		return err
	}
	conversions, err := csvDecoder(common, csvevents.Conversions)
	if err != nil {
		return err
	}
	if _, err := avrobid.New(avrobid.Config{Config: common}); err != nil {
		return err
	}
	for _, t := range []struct {
		kind, topic string
		decoder     func() codecs.Decoder
	}{
		{Bids, names.Bids, func() codecs.Decoder {
			d, err := avrobid.New(avrobid.Config{Config: common})
			if err != nil { // it was made a moment ago
				panic(err)
			}
			return d
		}},
		{Impressions, names.Impressions, func() codecs.Decoder { return jsonimp.New(common) }},
		{Clicks, names.Clicks, clicks},
		{Conversions, names.Conversions, conversions},
	} {
		if in.Kind == Mixed || in.Kind == t.kind {
			in.topics = append(in.topics, actors.Topic{Name: t.topic, NewDecoder: t.decoder})
		}
	}
	return nil
}

func csvDecoder(common codecs.Config, topic csvevents.Topic) (func() codecs.Decoder, error) {
	cfg := csvevents.Config{Config: common, Topic: topic}
	if _, err := csvevents.New(cfg); err != nil {
		return nil, err
	}
	return func() codecs.Decoder {
		d, err := csvevents.New(cfg)
		if err != nil { // it was made a moment ago
			panic(err)
		}
		return d
	}, nil
}

// pack takes the generator's records of the input's topics into batches.
func (in *Input) pack(g *gen.Generator, c InputConfig) error {
	wanted := map[string]bool{}
	for _, t := range in.topics {
		wanted[t.Name] = true
	}
	open := map[event.Partition][]kafka.Message{}
	next := map[event.Partition]event.Offset{}
	flush := func() error {
		parts := make([]event.Partition, 0, len(open))
		for p := range open {
			parts = append(parts, p)
		}
		slices.SortFunc(parts, event.Partition.Compare)
		for _, p := range parts {
			raw, err := kafka.PackBatch(nil, next[p], open[p], true)
			if err != nil {
				return err
			}
			in.fetches = append(in.fetches, fetch{partition: p, from: next[p], raw: raw})
			next[p] += event.Offset(len(open[p]))
			delete(open, p)
		}
		return nil
	}
	var rec gen.Record
	for n := 0; n < c.Records && g.Next(&rec); {
		if !wanted[rec.Topic] {
			continue
		}
		if c.Mutate != nil {
			c.Mutate(n, &rec)
		}
		p := event.Partition{Topic: rec.Topic, ID: rec.Partition}
		open[p] = append(open[p], kafka.Message{
			Time: event.Time(rec.TimestampMS) * event.Time(event.Millisecond), Key: slices.Clone(rec.Key), Value: slices.Clone(rec.Value),
		})
		in.Records++
		in.Bytes += int64(len(rec.Key) + len(rec.Value))
		if n++; n%roundRecords == 0 || n == c.Records {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// chunks unpacks the input, fetch by fetch.
func (in *Input) chunks(u *kafka.Unpacker) func() (*kafka.Chunk, bool, error) {
	at := 0
	return func() (*kafka.Chunk, bool, error) {
		if at == len(in.fetches) {
			return nil, false, nil
		}
		f := &in.fetches[at]
		at++
		var out *kafka.Chunk
		err := u.Unpack(f.partition, f.raw, f.from, kafka.MaxBatchBytes, func(c *kafka.Chunk) error {
			if out = c; c.Bad != nil {
				return fmt.Errorf("%s: %s", f.partition, c.Bad.Reason)
			}
			return nil
		})
		return out, err == nil, err
	}
}
