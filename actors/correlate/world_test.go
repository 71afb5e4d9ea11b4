package correlate

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/actors/correlate/journey"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// A world drives the shards, carries their links and keeps what a consumer of its output would have:
// the final tables by X1 and the sums of the deltas.
type world struct {
	t      testing.TB
	cfg    Config // of shard 0
	shards []*Shard
	cut    uint64

	links    []event.Link // to be delivered with the next cut
	restless bool         // something came that may set off links
	base     [][][]byte   // segments that would restore each shard
	rows     map[string]map[string]versioned
	minutes  map[event.CampaignKey]minuteSum
	others   map[string]int64 // all else that deltas add up to
	ledger   [][]Account      // by shard
	last     *Cut
	seen     map[string]uint64 // key -> last cut that wrote it
	records  map[event.Position]any
	consumed int
	history  []string // every row as it went out
	userless bool     // a child without a user has come
}

type versioned struct {
	version int64
	op      string
	text    string
}

func newWorld(t testing.TB, change ...func(*Config)) *world {
	w := &world{
		t: t, rows: map[string]map[string]versioned{}, minutes: map[event.CampaignKey]minuteSum{},
		others: map[string]int64{}, seen: map[string]uint64{}, records: map[event.Position]any{},
	}
	w.cfg = Config{Shard: 0, Shards: 1, Settings: DefaultSettings(), Sink: w}
	w.cfg.Settings.UserKeySecret = []byte("secret")
	for _, f := range change {
		f(&w.cfg)
	}
	for i := range w.cfg.Shards {
		w.shards = append(w.shards, New(w.config(i)))
	}
	w.base, w.ledger = make([][][]byte, w.cfg.Shards), make([][]Account, w.cfg.Shards)
	w.begin()
	return w
}

func (w *world) config(i uint32) Config {
	c := w.cfg
	c.Shard = event.Shard(i)
	return c
}

// begin opens the next cut everywhere and delivers the links of the last one, some
// of them twice.
func (w *world) begin() {
	w.cut++
	for _, s := range w.shards {
		s.Begin(w.cut, event.Time(w.cut))
	}
	links := w.links
	w.links = nil
	for i, l := range links {
		for k, s := range w.shards {
			if !l.All && event.ShardOf(l.Route, w.cfg.Shards) != event.Shard(k) {
				continue
			}
			for range 1 + i%2 {
				if err := s.Link(l.Body); err != nil {
					w.t.Fatal(err)
				}
			}
		}
		w.restless = true
	}
}

// of is the shard of a record.
func (w *world) of(r event.Route) *Shard { return w.shards[event.ShardOf(r, w.cfg.Shards)] }

// apply gives an event to the shard. It is copied: the shard may set fields.
func (w *world) apply(e any) {
	w.consumed++
	w.restless = true
	switch e := e.(type) {
	case *event.Bid:
		c := *e
		w.records[c.Position] = e
		w.of(c.Route).Bid(&c)
	case *event.Impression:
		c := *e
		w.records[c.Position] = e
		w.of(c.Route).Impression(&c)
	case *event.Click:
		c := *e
		w.userless = w.userless || c.UserID == ""
		w.of(c.Route).Click(&c)
	case *event.Conversion:
		c := *e
		w.userless = w.userless || c.UserID == ""
		w.of(c.Route).Conversion(&c)
	case *event.Rejected:
		c := *e
		w.of(c.Route).Reject(&c)
	default:
		w.t.Fatalf("no event: %T", e)
	}
}

func (w *world) advance(t event.Time) { w.clocks(t, t) }

// clocks moves the clocks, once nothing that came before can set off a link any
// more: the frontier never passes a record with links on their way.
func (w *world) clocks(watermark event.Watermark, frontier event.Time) {
	w.exchange()
	for _, s := range w.shards {
		s.Advance(watermark, frontier)
	}
	w.restless = true
}

// exchange cuts until no links are on their way.
func (w *world) exchange() {
	for n := 0; w.restless && w.linked(); n++ {
		if n > journey.Hops {
			w.t.Fatalf("links go round after %d cuts", n)
		}
		w.restless = false
		w.end()
	}
	w.restless = false
}

// linked reports whether there are, or may be, children without a user.
func (w *world) linked() bool {
	if w.userless {
		return true
	}
	return slices.ContainsFunc(w.shards, func(s *Shard) bool { return s.links.busy() })
}

// end closes the cut and opens the next.
func (w *world) end() *Cut { return w.endWith(func(int, *Shard) {}) }

func (w *world) endWith(after func(i int, s *Shard)) *Cut {
	all := &Cut{}
	var cuts []*Cut
	for i, s := range w.shards {
		c := s.Cut()
		w.fold(i, c)
		after(i, s)
		cuts = append(cuts, c)
		all.Pending = all.Pending || c.Pending || len(c.Links) > 0
	}
	w.begin()
	for _, c := range cuts {
		w.recall(c)
	}
	return all
}

// recall hands the shard what it asked for.
func (w *world) recall(c *Cut) {
	for _, p := range c.Recalls {
		switch e := w.records[p].(type) {
		case *event.Bid:
			again := *e
			w.of(e.Route).RecallBid(&again)
		case *event.Impression:
			again := *e
			w.of(e.Route).RecallImpression(&again)
		}
	}
}

// finish closes every window and cuts until nothing is pending.
func (w *world) finish() {
	w.clocks(event.MaxTime, event.MinTime) // credits that wait for the watermark are counted
	w.clocks(event.MaxTime, event.MaxTime)
	for range 20 {
		if c := w.end(); !c.Pending {
			return
		}
	}
	w.t.Fatal("still pending after 20 cuts")
}

func (w *world) Bid(r *table.Bid) {
	key := fmt.Sprint(r.Route, "/", r.Exchange, "/", r.AuctionID, "/", r.ImpID, "/", r.BidID)
	w.put("bids", key, &r.Meta, show(*r))
}

func (w *world) Impression(r *table.Impression) {
	w.put("impressions", fmt.Sprint(r.Route, "/", r.ImpressionID), &r.Meta, show(*r))
}

// put folds a row by X1 and checks that a key is written once a cut.
func (w *world) put(name, key string, m *table.Meta, text string) {
	if w.rows[name] == nil {
		w.rows[name] = map[string]versioned{}
	}
	if w.seen[name+key] == w.cut {
		w.t.Errorf("X1: %s %s is written twice in cut %d", name, key, w.cut)
	}
	w.seen[name+key] = w.cut
	if m.RowVersion != int64(w.cut) {
		w.t.Errorf("%s %s: version %d in cut %d", name, key, m.RowVersion, w.cut)
	}
	w.history = append(w.history, fmt.Sprintf("%s %s %s", name, m.Op, key))
	w.rows[name][key] = versioned{m.RowVersion, m.Op, text}
}

func (w *world) fold(shard int, c *Cut) {
	w.last = c
	w.links = append(w.links, c.Links...)
	for i := range c.Wins {
		r := c.Wins[i]
		w.put("wins", fmt.Sprint(r.Route, "/", r.ImpressionID), &r.Meta, show(r))
	}
	for i := range c.Clicks {
		r := c.Clicks[i]
		w.put("clicks", fmt.Sprint(r.Route, "/", r.ClickID), &r.Meta, show(r))
	}
	for i := range c.Conversions {
		r := c.Conversions[i]
		w.put("conversions", fmt.Sprint(r.Route, "/", r.ConversionID), &r.Meta, show(r))
	}
	for i := range c.Attributions {
		r := c.Attributions[i]
		w.put("attributions", fmt.Sprint(r.Route, "/", r.ConversionID, "/", r.Model, "/", r.TouchID), &r.Meta, show(r))
	}
	for i := range c.Rejected {
		r := c.Rejected[i]
		w.put("rejected", fmt.Sprint(r.Topic, "/", r.Partition, "/", r.Offset, "/", r.Line), &r.Meta, show(r))
	}
	w.foldDeltas(c.Deltas)
	w.ledger[shard] = c.Ledger
	if shard < len(w.shards)-1 {
		return
	}
	total := int64(0)
	for _, list := range w.ledger {
		for i := range list {
			total += list[i].Consumed()
		}
	}
	if total != int64(w.consumed) {
		w.t.Errorf("ST4: the ledger accounts for %d of %d records: %+v", total, w.consumed, w.ledger)
	}
}

// final is the final tables as text: one line a row that is not deleted, and
// the sums of the deltas, zeros left out.
func (w *world) final() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(w.rows)) {
		for _, key := range slices.Sorted(maps.Keys(w.rows[name])) {
			if r := w.rows[name][key]; r.op == table.Upsert {
				out = append(out, name+" "+r.text)
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(w.minutes), func(a, b event.CampaignKey) int { return compareKeys(&a, &b) })
	for _, k := range keys {
		m := w.minutes[k]
		if m.Add != (event.Measures{}) || !m.Spend.IsZero() {
			out = append(out, fmt.Sprintf("minute %+v %v spend %+v", k, m.Add, m.Spend))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(w.others)) {
		if n := w.others[k]; n != 0 {
			out = append(out, fmt.Sprintf("%s %d", k, n))
		}
	}
	for _, a := range w.accounts() {
		out = append(out, fmt.Sprintf("ledger %s facts %d duplicates %d conflicts %d erased %d rejected %v",
			a.Partition, a.Facts, a.Duplicates, a.Conflicts, a.Erased, a.Rejected))
	}
	return strings.Join(out, "\n")
}

// accounts is the ledgers of all shards together.
func (w *world) accounts() []Account {
	sums := map[event.Partition]Account{}
	for _, list := range w.ledger {
		for _, a := range list {
			sum, ok := sums[a.Partition]
			if !ok {
				sum = Account{Partition: a.Partition, Rejected: make([]int64, len(a.Rejected))}
			}
			sum.Facts += a.Facts
			sum.Duplicates += a.Duplicates
			sum.Conflicts += a.Conflicts
			sum.Erased += a.Erased
			for i, n := range a.Rejected {
				sum.Rejected[i] += n
			}
			sums[a.Partition] = sum
		}
	}
	return slices.SortedFunc(maps.Values(sums), func(a, b Account) int { return a.Partition.Compare(b.Partition) })
}

// row is the one row of a table whose key ends in suffix, as text, "" for none.
func (w *world) row(name, suffix string) string {
	w.t.Helper()
	var got []string
	for key, r := range w.rows[name] {
		if strings.HasSuffix("/"+key, "/"+suffix) && r.op == table.Upsert {
			got = append(got, r.text)
		}
	}
	if len(got) > 1 {
		w.t.Fatalf("%d rows of %s end in %s", len(got), name, suffix)
	}
	return strings.Join(got, "")
}

// wants checks that the row has each of the column=value texts.
func (w *world) wants(name, suffix string, columns ...string) {
	w.t.Helper()
	row := w.row(name, suffix)
	for _, c := range columns {
		if !strings.Contains(row, " "+c+" ") {
			w.t.Errorf("%s %s: no %s in%s", name, suffix, c, row)
		}
	}
}

// count is how many rows a table has.
func (w *world) count(name string) int {
	n := 0
	for _, r := range w.rows[name] {
		if r.op == table.Upsert {
			n++
		}
	}
	return n
}

// sum is a measure over all groups.
func (w *world) sum(m event.Measure) (n int64) {
	for _, d := range w.minutes {
		n += d.Add[m]
	}
	return n
}

func (w *world) spend() event.Int128 {
	var n event.Int128
	for _, d := range w.minutes {
		n = n.Add(d.Spend)
	}
	return n
}

// compareKeys is the order of aggregate keys.
func compareKeys(a, b *event.CampaignKey) int {
	return cmp.Or(
		cmp.Compare(a.Bucket, b.Bucket), strings.Compare(a.Campaign, b.Campaign),
		strings.Compare(a.Creative, b.Creative), strings.Compare(a.Exchange, b.Exchange),
		strings.Compare(a.Country, b.Country), cmp.Compare(a.Device, b.Device),
		strings.Compare(a.Currency, b.Currency),
	)
}

// printed makes a fingerprint of what a test event says.
func printed(e any) event.Fingerprint {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%#v", e)))
	return event.Fingerprint(sum[:16])
}

// withPrint makes a fingerprint that starts with n, for tests of the order.
func withPrint(n uint64) (p event.Fingerprint) {
	binary.BigEndian.PutUint64(p[:], n)
	return p
}
