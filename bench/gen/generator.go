package gen

import (
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// Record is one Kafka record. Key and Value are the generator's and valid until
// its next call; nil is Kafka's null.
type Record struct {
	Topic       string
	Partition   int32
	TimestampMS int64
	Key, Value  []byte
}

// Generator makes the records of one run. It is not safe for concurrent use and
// starts no goroutine.
type Generator struct {
	cfg       Config
	odds      *odds
	world     *world
	delays    *delays
	users     zipf
	sites     zipf
	campaigns zipf
	prices    *quantiles // 1e-4 dollars per mille
	orders    *quantiles // cents

	rng         random
	arrivals    *arrivals
	startMS     int64
	nextAuction int64
	stopped     bool    // no further auction
	requestsDue float64 // bid requests owed beside impressions
	due         schedule
	truth       *truth

	item                        item
	key, value, datum           []byte
	container, targets, amounts []byte // heads of Avro containers
}

// New makes a generator, or says everything that is wrong with the Config.
func New(c Config) (*Generator, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	r := *c.Rates
	if !c.Bids {
		r.BidsPerImpression = 0
	}
	c.Rates = &r
	g := &Generator{
		cfg: c, odds: newOdds(&r), world: newWorld(&c), delays: newDelays(c.Pace),
		// The shift keeps the busiest person near a hundred impressions a day:
		// a pure power law would give one person a tenth of all traffic.
		users: newZipf(c.Users, 1.05, max(20, float64(c.Users)/200)),
		sites: newZipf(c.Sites, 1.2, 5), campaigns: newZipf(c.Campaigns, 1.1, 2),
		prices: lognormal(6000, 1, 6000*54), orders: lognormal(4500, 0.9, 500_000),
		rng: random{mix(c.Seed ^ 0x6164)}, arrivals: newArrivals(&c), startMS: int64(c.Start) / 1000,
		container: containerHeader(Schema), targets: containerHeader(legacyTargetingSchema), amounts: containerHeader(legacyAmountSchema),
	}
	g.truth = newTruth(g)
	g.advance()
	return g, nil
}

// Config is the configuration with everything filled in.
func (g *Generator) Config() Config { return g.cfg }

// Reference is the reference data that goes with the records: what belongs into
// campaigns.json and creatives.json.
func (g *Generator) Reference() ([]reference.Campaign, []reference.Creative) {
	return g.world.reference()
}

// Topics lists the topics this run writes to.
func (g *Generator) Topics() []string {
	t := g.cfg.Topics
	all := []string{t.Impressions}
	if g.world.legacy {
		all = append(all, t.Combined)
	} else {
		all = append(all, t.Clicks, t.Conversions)
	}
	if g.cfg.Bids {
		all = append(all, t.Bids)
	}
	return all
}

// Truth is the truth about the records given so far.
func (g *Generator) Truth() Truth { return g.truth.report() }

// Stop makes no further auctions. What is under way still comes.
func (g *Generator) Stop() { g.stopped = true }

// Pending is how many events are under way.
func (g *Generator) Pending() int { return len(g.due.heap) }

// Next gives the next record, in the order of TimestampMS, or false at the end
// of a bounded or stopped run.
func (g *Generator) Next(rec *Record) bool { return g.NextBefore(event.MaxTime, rec) }

// NextBefore gives the next record that has reached Kafka by now, or false when
// there is none yet. A live run calls it with the time of its clock until it
// says false, and again a little later.
func (g *Generator) NextBefore(now event.Time, rec *Record) bool {
	limit := int64(now) / 1000
	for {
		due, waiting := g.due.next()
		if waiting && (g.stopped || due < g.nextAuction) {
			if due > limit {
				return false
			}
			g.due.pop(&g.item)
			g.render(rec)
			return true
		}
		if g.stopped || g.nextAuction > limit {
			return false
		}
		g.auction(g.nextAuction)
		g.advance()
	}
}

// advance draws the time of the next auction.
func (g *Generator) advance() {
	at, more := g.arrivals.next(&g.rng)
	g.nextAuction = max(at, g.nextAuction)
	g.stopped = g.stopped || !more
}

// render turns the item that is due, and those sent together with it, into a
// record.
func (g *Generator) render(rec *Record) {
	it := &g.item
	g.value, g.key = g.value[:0], g.key[:0]
	*rec = Record{Topic: g.topicOf(it.kind), TimestampMS: it.at}
	g.truth.record(it)
	if it.fault == broken {
		whole := false
		if g.value, whole = g.brokenRecord(g.value, it); whole {
			g.truth.event(it)
			g.address(rec, it)
			if g.breakOf(it) == tombstone {
				rec.Value = nil
			}
			return
		}
	}
	switch it.kind {
	case kindBid:
		g.value = g.bidRequest(g.value, it)
		g.truth.event(it)
	case kindImpression:
		g.value = g.impression(g.value, it)
		g.truth.event(it)
	default:
		g.lines(it)
	}
	g.address(rec, it)
}

// maxLines bounds a record of several lines.
const maxLines = 50

// lines renders a record of CSV: one line, or all that were sent together.
func (g *Generator) lines(first *item) {
	g.value = g.header(g.value, first)
	headless := first.traits & bareLine
	g.value = g.line(g.value, first)
	g.truth.event(first)
	if first.traits&flushed == 0 {
		return
	}
	topic := g.topicOf(first.kind)
	for n := 1; n < maxLines && len(g.due.heap) > 0; n++ {
		next := g.due.peek()
		if next.at != first.at || next.traits&flushed == 0 || g.topicOf(next.kind) != topic ||
			(!g.world.legacy && next.traits&bareLine != headless) {
			return
		}
		var it item
		g.due.pop(&it)
		g.value = g.line(g.value, &it)
		g.truth.event(&it)
	}
}

func (g *Generator) topicOf(k kind) string {
	t := &g.cfg.Topics
	switch {
	case k == kindBid:
		return t.Bids
	case k == kindImpression:
		return t.Impressions
	case g.world.legacy:
		return t.Combined
	case k == kindClick:
		return t.Clicks
	}
	return t.Conversions
}

// address sets key, partition and value: the key is the user, else the auction,
// and the partition what Kafka's own partitioner makes of it.
func (g *Generator) address(rec *Record, it *item) {
	rec.Value = g.value
	if it.traits&flushed == 0 {
		p := g.world.person(it.user)
		real := false
		if g.key, real = g.appendUser(g.key[:0], it, &p); !real {
			g.key = g.key[:0]
			if it.kind <= kindImpression && !g.world.legacy {
				g.key = appendAuction(g.key, it.seed)
			}
		}
	}
	if len(g.key) == 0 {
		rec.Partition = int32(derive(it.seed, saltPart) % uint64(g.cfg.Partitions))
		return
	}
	rec.Key = g.key
	rec.Partition = partitionOf(g.key, g.cfg.Partitions)
}
