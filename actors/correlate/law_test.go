package correlate

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// history makes random small histories that aim at the edges of rules: few
// users and ids, times a microsecond around every window, equal times, exact
// duplicates in other partitions, conflicts, late and very late records.
type history struct {
	rng  *rand.Rand
	feed feed
	out  []any
}

var (
	lawUsers     = []string{"u1", "u2", ""}
	lawCampaigns = []string{"A", "B", "C", ""}
	lawCreatives = []string{"cr1", "cr2", "crB"}
	lawSteps     = []event.Span{
		0, 1, event.Second, 2 * event.Second, 2*event.Second + 1, 29 * event.Second, 30 * event.Second, event.Minute,
		event.Minute + 1, 10 * event.Minute, 10*event.Minute + 1, event.Hour, event.Hour + 1, 24 * event.Hour, 24*event.Hour + 1,
		30 * event.Day, 30*event.Day + 1,
	}
	lawDelays = []event.Span{
		event.Second, event.Second, event.Second, 11 * event.Minute, 2 * event.Hour, 2*event.Hour + event.Millisecond,
		48 * event.Hour, 48*event.Hour + event.Millisecond, 20 * event.Day, -time5,
	}
)

const time5 = 6 * event.Minute // ahead of the clock: clamped

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// id is one of n ids of the days that t lies in. An id comes back within the time
// for which a shard remembers it (see the package comment): conversions within
// a month, auctions within hours.
func (h *history) id(prefix string, n int, t event.Time) string {
	if prefix == "auc" {
		hours := int64(t.Sub(at("10:00:00"))+(3*36_000)*event.Hour+90*event.Minute) / int64(3*event.Hour)
		return fmt.Sprintf("%s%d.%d", prefix, h.rng.IntN(n), hours)
	}
	if prefix != "v" {
		days := int64(t.Sub(at("09:30:00"))+2_500*event.Hour) / int64(25*event.Hour)
		return fmt.Sprintf("%s%d.%d", prefix, h.rng.IntN(n), days)
	}
	month := int64(t.Sub(at("10:00:00"))+(15+3000)*event.Day) / int64(30*event.Day)
	return fmt.Sprintf("%s%d.%d", prefix, h.rng.IntN(n), month)
}

// time is an instant near the anchors of this history.
func (h *history) time(anchors []event.Time) event.Time {
	t := pick(h.rng, anchors)
	step := pick(h.rng, lawSteps)
	if h.rng.IntN(2) == 0 {
		step = -step
	}
	return t.Add(step)
}

func (h *history) make(n int) []any {
	roots := []event.Time{at("10:00:00"), at("10:00:00").Add(30 * event.Day)}
	anchors := slices.Clone(roots)
	for range n {
		t := h.time(anchors)
		near := func(root event.Time) bool { return t.Sub(root) < event.Hour+2 && t.Sub(root) > -event.Hour-2 }
		if h.rng.IntN(3) == 0 && slices.ContainsFunc(roots, near) {
			anchors = append(anchors, t)
		}
		h.out = append(h.out, h.event(t))
		if h.rng.IntN(6) == 0 {
			h.out = append(h.out, h.repeat(pick(h.rng, h.out)))
		}
	}
	return h.out
}

func (h *history) event(t event.Time) any {
	r := h.rng
	user := pick(r, lawUsers)
	delay := pick(r, lawDelays)
	switch r.IntN(8) {
	case 0, 1, 2:
		return h.feed.impression(h.id("i", 5, t), user, t, func(e *event.Impression) {
			e.Ingest = t.Add(delay)
			e.CreativeID, e.CampaignID = pick(r, lawCreatives), pick(r, lawCampaigns)
			e.Viewable = event.Tri(r.IntN(3))
			e.Test = r.IntN(8) == 0
			e.PriceMicros = r.Int64N(3) * 1_000_001
			if r.IntN(2) == 0 {
				e.Exchange, e.AuctionID, e.ImpID = "ex", h.id("auc", 3, t), "1"
				e.BidID = pick(r, []string{"", "b0", "b1"})
			}
			if r.IntN(5) == 0 {
				e.QuantityE6 = 1_500_000
			}
		})
	case 3:
		return h.feed.bid(h.id("auc", 3, t), user, t, func(e *event.Bid) {
			e.Ingest, e.Exchange = t.Add(delay), "ex"
			for k := range r.IntN(3) {
				e.Offers = append(e.Offers, offerOf("b"+strconv.Itoa(k), r.Int64N(3), func(o *event.Offer) {
					o.CampaignID, o.CreativeID = pick(r, lawCampaigns), pick(r, lawCreatives)
				}))
			}
			if r.IntN(3) == 0 {
				e.Imps[0].ExpirySeconds = 100
			}
		})
	case 4, 5:
		return h.feed.click(h.id("c", 5, t), user, t, func(e *event.Click) {
			e.Ingest = t.Add(delay)
			e.CreativeID, e.CampaignID = pick(r, append(lawCreatives, "")), pick(r, lawCampaigns)
			if r.IntN(2) == 0 {
				e.ImpressionID = h.id("i", 5, t)
			}
			if r.IntN(4) == 0 {
				e.Exchange, e.AuctionID, e.ImpID = "ex", h.id("auc", 3, t), "1"
			}
			e.Test = r.IntN(8) == 0
		})
	}
	return h.conversion(user, t, delay)
}

func (h *history) conversion(user string, t event.Time, delay event.Span) any {
	r := h.rng
	if r.IntN(4) == 0 { // around the 90 days of orders and adjustments
		t = at("10:00:00").Add(pick(r, []event.Span{0, 30 * event.Day, 60 * event.Day, 90 * event.Day, 90*event.Day + 1}))
	}
	t = max(t, at("10:00:00")) // nothing is asked for after more than its 125 days
	if r.IntN(8) == 0 {
		delay = 35*event.Day - event.Span(r.IntN(2))*event.Second
	}
	return h.feed.conversion(h.id("v", 5, t), user, t, func(e *event.Conversion) {
		e.Ingest = t.Add(delay)
		e.CampaignID = pick(r, lawCampaigns)
		e.Type = pick(r, []string{"purchase", "sign_up"})
		e.ValueMicros = r.Int64N(1000)
		if r.IntN(2) == 0 {
			e.OrderID = "o" + strconv.Itoa(r.IntN(2))
		}
		if r.IntN(2) == 0 {
			e.ClickID = h.id("c", 5, t)
		}
		if r.IntN(4) == 0 {
			e.ImpressionID = h.id("i", 5, t)
		}
		e.Test = r.IntN(8) == 0
		e.Adjustment = event.Adjustment(max(r.IntN(6)-3, 0))
		if e.Adjustment != event.New && e.OrderID != "" && r.IntN(2) == 0 {
			e.ID, e.Flags = fmt.Sprintf("s:%032x", r.Int64()), event.IDSynthetic
		}
	})
}

// repeat is the same record again somewhere else, with another ingest time.
func (h *history) repeat(e any) any {
	move := func(v *event.Envelope) {
		v.Offset += 1_000_000 * event.Offset(1+h.rng.IntN(3))
		v.Partition.ID = int32(h.rng.IntN(3))
		v.Line = int32(len(h.out))
		v.Ingest = v.Ingest.Add(pick(h.rng, []event.Span{0, event.Second, 3 * event.Hour}))
		if h.rng.IntN(4) == 0 {
			v.EventTime = v.EventTime.Add(event.Second) // repaired by another clock
		}
	}
	switch e := e.(type) {
	case *event.Impression:
		c := *e
		move(&c.Envelope)
		return &c
	case *event.Click:
		c := *e
		move(&c.Envelope)
		return &c
	case *event.Conversion:
		c := *e
		move(&c.Envelope)
		return &c
	case *event.Bid:
		c := *e
		move(&c.Envelope)
		return &c
	}
	return e
}

func envelopeOf(e any) *event.Envelope {
	switch e := e.(type) {
	case *event.Impression:
		return &e.Envelope
	case *event.Click:
		return &e.Envelope
	case *event.Conversion:
		return &e.Envelope
	case *event.Bid:
		return &e.Envelope
	case *event.Rejected:
		return &e.Envelope
	}
	return nil
}

// lawReference is the campaigns of the histories: different windows, pricings
// and settings, one with two versions.
func lawReference(t testing.TB) *reference.Set {
	t.Helper()
	set, err := reference.Parse([]byte(`[
		{"campaign_id":"A","advertiser_id":"adv1","count_modes":{"purchase":"EVERY"}},
		{"campaign_id":"B","advertiser_id":"adv1","pricing":"cpc","rate_micros":500,"currency":"EUR","path_set":"clicks_and_views","tz":"Asia/Kolkata","vt_requires_viewable":true,"max_clicks_per_impression":1},
		{"campaign_id":"B","valid_from":"2026-03-11T10:00:00Z","advertiser_id":"adv1","pricing":"cpa","rate_micros":700,"path_set":"clicks_and_views","tz":"Asia/Kolkata","windows":{"click_refractory":"2s","click_through":"1d"}},
		{"campaign_id":"C","advertiser_id":"adv2","scope":"account","count_modes":{"purchase":"ONE"},"windows":{"view_through":"10m","click_join":"1h","bid_join":"1m"}}
	]`), []byte(`[
		{"creative_id":"cr1","campaign_id":"A","line_item_id":"li1"},
		{"creative_id":"crB","campaign_id":"B","line_item_id":"li2","ad_format":"video"}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// run applies the events in their order with cuts at random moments and clocks
// that run as far as they may: the frontier never passes what is still to come.
func run(w *world, events []any, rng *rand.Rand, restore bool) {
	least := make([]event.Time, len(events)+1)
	least[len(events)] = event.MaxTime
	for i := len(events) - 1; i >= 0; i-- {
		least[i] = min(least[i+1], envelopeOf(events[i]).Ingest)
	}
	highest := event.MinTime
	for i, e := range events {
		w.apply(e)
		highest = max(highest, envelopeOf(e).EventTime)
		if rng.IntN(3) == 0 {
			watermark := highest.Add(-10 * event.Minute)
			frontier := least[i+1]
			if i+1 == len(events) {
				frontier = highest
			}
			w.clocks(watermark, frontier)
		}
		if rng.IntN(3) == 0 {
			w.cutAndMaybeRestore(rng, restore)
		}
	}
	w.finish()
}

func (w *world) cutAndMaybeRestore(rng *rand.Rand, restore bool) {
	w.endWith(func(i int, s *Shard) {
		if !restore {
			return
		}
		base := rng.IntN(4) == 0
		segment := s.Segment(base)
		if base {
			w.base[i] = nil
		}
		w.base[i] = append(w.base[i], segment)
		if rng.IntN(2) > 0 {
			return
		}
		restored, err := Restore(w.config(uint32(i)), w.base[i])
		if err != nil {
			w.t.Fatalf("restore: %v", err)
		}
		w.shards[i] = restored
		w.links = append(w.links, restored.Outbox()...) // sent again
	})
}

func lawSeeds(t *testing.T, n int) []uint64 {
	if text := os.Getenv("LAW_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return []uint64{seed}
	}
	first := uint64(time.Now().UnixNano())
	if os.Getenv("LAW_RANDOM") == "" {
		first = 1
	}
	if text := os.Getenv("LAW_RUNS"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = first + uint64(i)
	}
	return seeds
}

func TestK1_AnyOrderAnyCutsAnyRestore(t *testing.T) {
	set := lawReference(t)
	for _, seed := range lawSeeds(t, 300) {
		holdsLaw(t, set, seed)
		if t.Failed() {
			t.Fatalf("seed %d: LAW_SEED=%d to repeat", seed, seed)
		}
	}
}

func holdsLaw(t *testing.T, set *reference.Set, seed uint64) {
	defer func() {
		if p := recover(); p != nil {
			t.Logf("seed %d: LAW_SEED=%d to repeat", seed, seed)
			panic(p)
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 0))
	h := &history{rng: rng}
	events := h.make(3 + rng.IntN(40))
	want := ""
	for variant := range 5 {
		order := slices.Clone(events)
		switch variant {
		case 0, 1: // as ingested: state is forgotten as early as it may be
			slices.SortStableFunc(order, func(a, b any) int {
				return cmp.Compare(envelopeOf(a).Ingest, envelopeOf(b).Ingest)
			})
		case 2:
			slices.Reverse(order)
		case 3, 4:
			rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		w := newWorld(t, func(c *Config) { c.Reference, c.Shards = set, []uint32{1, 3, 1, 64, 5}[variant] })
		run(w, order, rng, variant == 1 || variant == 4)
		got := w.final()
		if variant == 0 {
			want = got
			continue
		}
		if got != want {
			t.Errorf("variant %d:\n%s", variant, difference(want, got))
			return
		}
	}
}

// difference is the lines that only one of two texts has.
func difference(want, got string) string {
	var b strings.Builder
	a, c := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range a {
		if !slices.Contains(c, line) {
			fmt.Fprintln(&b, "-", line)
		}
	}
	for _, line := range c {
		if !slices.Contains(a, line) {
			fmt.Fprintln(&b, "+", line)
		}
	}
	return b.String()
}
