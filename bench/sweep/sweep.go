package sweep

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/bench/parts"
	"github.com/advertisex/adjoin/bench/sheet"
)

// Config says how large the sweeps are.
type Config struct {
	Seed    uint64
	Records int // a point, default 50,000
	Rounds  int // of each point, default 2; the least counts
	Dir     string
	// Tell is told each point as it is measured; nil for nobody.
	Tell func(sweep string, p sheet.Point)
}

// point is one thing to measure.
type point struct {
	label  string
	value  float64
	input  parts.InputConfig
	engine parts.Engine
}

// plan is a sweep before it is measured.
type plan struct {
	name, unit string
	points     []point
}

// defaultShards are what a node has, over which users are spread.
const defaultShards = 64

// plans are all sweeps.
func plans(c Config) []plan {
	n := c.Records
	base := parts.InputConfig{Kind: parts.Mixed, Records: n, Seed: c.Seed}
	imps := parts.InputConfig{Kind: parts.Impressions, Records: n, Seed: c.Seed}
	return []plan{
		vary("live", "live impressions", imps, []int{n / 4, n / 2, n, 2 * n, 4 * n}, func(p *point, v int) { p.input.Records = v }),
		vary("users", "users a shard", imps, []int{1, 10, 100, 1000, 10_000}, func(p *point, v int) { p.input.Users = v * defaultShards }),
		clickRates(base),
		skews(imps),
		vary("partitions", "partitions a topic", base, []int{1, 4, 16, 64}, func(p *point, v int) { p.input.Partitions = v }),
		vary("size", "bytes added to a record", imps, []int{0, 512, 2048, 8192}, func(p *point, v int) { p.input.Mutate = padded(v) }),
		vary("shards", "user shards", base, []int{1, 4, 16, 64, 256}, func(p *point, v int) { p.engine.Shards = v }),
	}
}

// Names lists the sweeps.
func Names() []string {
	var out []string
	for _, p := range plans(Config{Records: 4}) {
		out = append(out, p.name)
	}
	return out
}

func vary(name, unit string, base parts.InputConfig, values []int, set func(*point, int)) plan {
	p := plan{name: name, unit: unit}
	for _, v := range values {
		pt := point{label: fmt.Sprint(v), value: float64(v), input: base}
		set(&pt, v)
		p.points = append(p.points, pt)
	}
	return p
}

func clickRates(base parts.InputConfig) plan {
	p := plan{name: "ctr", unit: "clicks for 1,000 impressions"}
	for _, perMille := range []float64{0, 1, 5, 20, 100} {
		r := gen.Dense.Rates()
		r.CTR, r.CTRPremium, r.BidsPerImpression = perMille/1000, perMille/1000, 4
		pt := point{label: fmt.Sprint(perMille), value: perMille, input: base}
		pt.input.Rates = &r
		p.points = append(p.points, pt)
	}
	return p
}

// skews are even traffic, one campaign with half of it, and one user with half.
func skews(base parts.InputConfig) plan {
	p := plan{name: "skew", unit: "kind of skew"}
	for i, s := range []struct {
		label  string
		mutate func(int, *gen.Record)
	}{{"even", nil}, {"a campaign with 50 %", hotCampaign}, {"a user with 50 %", hotUser()}} {
		pt := point{label: s.label, value: float64(i), input: base}
		pt.input.Mutate = s.mutate
		p.points = append(p.points, pt)
	}
	return p
}

// padded adds a member that no rule knows to JSON records.
func padded(size int) func(int, *gen.Record) {
	if size == 0 {
		return nil
	}
	pad := append(append([]byte(`"x":"`), bytes.Repeat([]byte("p"), size)...), `",`...)
	return func(_ int, rec *gen.Record) {
		if len(rec.Value) > 2 && rec.Value[0] == '{' && rec.Value[1] == '"' {
			rec.Value = slices.Concat(rec.Value[:1], pad, rec.Value[1:])
		}
	}
}

// hotCampaign gives every other record to the first campaign and creative.
func hotCampaign(n int, rec *gen.Record) {
	if n%2 == 0 {
		return
	}
	for _, id := range []struct {
		prefix string
		digits int
	}{{`"cmp-`, 4}, {`"cr-`, 6}} {
		if at := bytes.Index(rec.Value, []byte(id.prefix)); at >= 0 && at+len(id.prefix)+id.digits <= len(rec.Value) {
			rec.Value = slices.Clone(rec.Value)
			for i := range id.digits {
				rec.Value[at+len(id.prefix)+i] = '0'
			}
		}
	}
}

// hotUser gives every other record with a user to the first one.
func hotUser() func(int, *gen.Record) {
	var hot []byte
	var partition int32
	return func(n int, rec *gen.Record) {
		if len(rec.Key) == 0 || n%2 == 0 || !bytes.Contains(rec.Value, rec.Key) {
			return
		}
		if hot == nil {
			hot, partition = slices.Clone(rec.Key), rec.Partition
		}
		rec.Value = bytes.ReplaceAll(rec.Value, rec.Key, hot)
		rec.Key, rec.Partition = hot, partition
	}
}

// Run measures the named sweeps, all when none is named.
func Run(ctx context.Context, c Config, names ...string) ([]sheet.Sweep, error) {
	if c.Records == 0 {
		c.Records = 50_000
	}
	if c.Rounds == 0 {
		c.Rounds = 2
	}
	var out []sheet.Sweep
	for _, p := range plans(c) {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		s := sheet.Sweep{Name: p.name, Unit: p.unit}
		for _, pt := range p.points {
			done, err := pt.measure(ctx, c)
			if err != nil {
				return out, fmt.Errorf("sweep %s at %s: %w", p.name, pt.label, err)
			}
			if c.Tell != nil {
				c.Tell(p.name, done)
			}
			s.Points = append(s.Points, done)
		}
		out = append(out, s)
	}
	return out, nil
}

func (pt *point) measure(ctx context.Context, c Config) (sheet.Point, error) {
	in, err := parts.NewInput(pt.input)
	if err != nil {
		return sheet.Point{}, err
	}
	pt.engine.Dir = c.Dir
	cost, err := parts.WholeCost(ctx, in, pt.engine, c.Rounds)
	return sheet.Point{
		Label: pt.label, Value: pt.value, Events: cost.Events, WholeNS: cost.WholeNS,
		AllocsPerEvent: cost.AllocsPerEvent, BytesPerEvent: cost.BytesPerEvent,
	}, err
}
