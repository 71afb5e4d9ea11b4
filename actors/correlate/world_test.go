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

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// A world drives one shard and keeps what a consumer of its output would have:
// the final tables by X1 and the sums of the deltas.
type world struct {
	t     testing.TB
	cfg   Config
	shard *Shard
	cut   uint64

	base     [][]byte // segments that would restore the shard
	rows     map[string]map[string]versioned
	minutes  map[event.CampaignKey]event.MinuteDelta
	reach    map[string]*roaring.Bitmap
	ledger   []Account
	last     *Cut
	seen     map[string]uint64 // key -> last cut that wrote it
	records  map[event.Position]any
	consumed int
	history  []string // every row as it went out
}

type versioned struct {
	version int64
	op      string
	text    string
}

func newWorld(t testing.TB, change ...func(*Config)) *world {
	w := &world{
		t: t, rows: map[string]map[string]versioned{}, minutes: map[event.CampaignKey]event.MinuteDelta{},
		reach: map[string]*roaring.Bitmap{}, seen: map[string]uint64{}, records: map[event.Position]any{},
	}
	w.cfg = Config{Shard: 0, Shards: 1, Settings: DefaultSettings(), Sink: w}
	w.cfg.Settings.UserKeySecret = []byte("secret")
	for _, f := range change {
		f(&w.cfg)
	}
	w.shard = New(w.cfg)
	w.begin()
	return w
}

func (w *world) begin() {
	w.cut++
	w.shard.Begin(w.cut, event.Time(w.cut))
}

// apply gives an event to the shard. It is copied: the shard may set fields.
func (w *world) apply(e any) {
	w.consumed++
	switch e := e.(type) {
	case *event.Bid:
		c := *e
		w.records[c.Position] = e
		w.shard.Bid(&c)
	case *event.Impression:
		c := *e
		w.records[c.Position] = e
		w.shard.Impression(&c)
	case *event.Click:
		c := *e
		w.shard.Click(&c)
	case *event.Conversion:
		c := *e
		w.shard.Conversion(&c)
	case *event.Rejected:
		c := *e
		w.shard.Reject(&c)
	default:
		w.t.Fatalf("no event: %T", e)
	}
}

func (w *world) advance(t event.Time) { w.shard.Advance(t, t) }

// end closes the cut and opens the next.
func (w *world) end() *Cut {
	c := w.shard.Cut()
	w.fold(c)
	w.begin()
	w.recall(c)
	return c
}

// recall hands the shard what it asked for.
func (w *world) recall(c *Cut) {
	for _, p := range c.Recalls {
		switch e := w.records[p].(type) {
		case *event.Bid:
			again := *e
			w.shard.RecallBid(&again)
		case *event.Impression:
			again := *e
			w.shard.RecallImpression(&again)
		}
	}
}

// finish closes every window and cuts until nothing is pending.
func (w *world) finish() {
	w.shard.Advance(event.MaxTime, event.MaxTime)
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

func (w *world) fold(c *Cut) {
	w.last = c
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
	w.foldDeltas(&c.Deltas)
	w.ledger = c.Ledger
	total := int64(0)
	for i := range c.Ledger {
		total += c.Ledger[i].Consumed()
	}
	if total != int64(w.consumed) {
		w.t.Errorf("ST4: the ledger accounts for %d of %d records: %+v", total, w.consumed, c.Ledger)
	}
}

func (w *world) foldDeltas(d *event.Deltas) {
	if !slices.IsSortedFunc(d.Minutes, func(a, b event.MinuteDelta) int { return compareKeys(&a.Key, &b.Key) }) {
		w.t.Error("deltas are not sorted by key")
	}
	for _, m := range d.Minutes {
		sum := w.minutes[m.Key]
		sum.Key = m.Key
		for i, v := range m.Add {
			sum.Add[i] += v
		}
		sum.SpendNanos = sum.SpendNanos.Add(m.SpendNanos)
		w.minutes[m.Key] = sum
	}
	for _, r := range d.Reach {
		key := fmt.Sprint(r.Campaign, "/", r.Day)
		set := w.reach[key]
		if set == nil {
			set = roaring.New()
			w.reach[key] = set
		}
		for _, change := range []struct {
			bytes []byte
			apply func(uint32) bool
		}{{r.Added, set.CheckedAdd}, {r.Removed, set.CheckedRemove}} {
			if change.bytes == nil {
				continue
			}
			b := roaring.New()
			if err := b.UnmarshalBinary(change.bytes); err != nil {
				w.t.Fatal(err)
			}
			for _, u := range b.ToArray() {
				if !change.apply(u) {
					w.t.Errorf("reach %s: user %d changes nothing", key, u)
				}
			}
		}
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
		if m.Add != (event.Measures{}) || !m.SpendNanos.IsZero() {
			out = append(out, fmt.Sprintf("minute %+v %v spend %+v", k, m.Add, m.SpendNanos))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(w.reach)) {
		if n := w.reach[k].GetCardinality(); n > 0 {
			out = append(out, fmt.Sprintf("reach %s %d", k, n))
		}
	}
	for i := range w.ledger {
		a := &w.ledger[i]
		out = append(out, fmt.Sprintf("ledger %s facts %d duplicates %d conflicts %d erased %d rejected %v",
			a.Partition, a.Facts, a.Duplicates, a.Conflicts, a.Erased, a.Rejected))
	}
	return strings.Join(out, "\n")
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
		n = n.Add(d.SpendNanos)
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
