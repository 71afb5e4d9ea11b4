package law

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// record is one Kafka record of a history. Its offset is its place among the
// records of its partition, in the order of their times.
type record struct {
	topic     string
	partition int32
	time      event.Time // whole milliseconds, as Kafka keeps them
	value     []byte
	story     int // the history of the run that it belongs to
	serial    int // its place in the run
}

// start is where the histories begin; the second anchor lies a month later, so
// that the longest windows have an edge.
var start = event.TimeOf(time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC))

const (
	month      = 30 * event.Day
	partitions = 2 // of each topic
)

// Topics of a history.
const (
	impressionsTopic = "ad_impressions"
	clicksTopic      = "clicks"
	conversionsTopic = "conversions"
	bidsTopic        = "bid_requests"
)

var (
	// "0" is a sentinel: no user.
	users     = []string{"u1", "u1", "u2", "u2", "", "0"}
	campaigns = []string{"A", "B", "C", ""}
	creatives = []string{"cr1", "cr2", "crB"}

	// steps are the distances from an anchor: both sides of every window of the
	// campaigns below and of every tolerance.
	steps = []event.Span{
		0, 1, event.Second, 2 * event.Second, 2*event.Second + 1, 29 * event.Second, 30 * event.Second,
		event.Minute, event.Minute + 1, 10 * event.Minute, 10*event.Minute + 1, event.Hour, event.Hour + 1,
		24 * event.Hour, 24*event.Hour + 1, 30 * event.Day, 30*event.Day + 1,
	}
	// delays are how long after its event a record arrives: on time, late, at
	// both sides of the join latenesses and horizons, and ahead of the clock.
	delays = []event.Span{
		event.Second, event.Second, event.Second, 11 * event.Minute, 2 * event.Hour, 2*event.Hour + event.Millisecond,
		48 * event.Hour, 48*event.Hour + event.Millisecond, 20 * event.Day, -6 * event.Minute,
	}
)

// campaignsJSON has every setting that a campaign may have, one campaign in two
// versions.
const campaignsJSON = `[
	{"campaign_id":"A","advertiser_id":"adv1","count_modes":{"purchase":"EVERY"}},
	{"campaign_id":"B","advertiser_id":"adv1","pricing":"cpc","rate_micros":500,"currency":"EUR","path_set":"clicks_and_views","tz":"Asia/Kolkata","vt_requires_viewable":true,"max_clicks_per_impression":1},
	{"campaign_id":"B","valid_from":"2026-03-11T10:00:00Z","advertiser_id":"adv1","pricing":"cpa","rate_micros":700,"path_set":"clicks_and_views","tz":"Asia/Kolkata","windows":{"click_refractory":"2s","click_through":"1d"}},
	{"campaign_id":"C","advertiser_id":"adv2","scope":"account","count_modes":{"purchase":"ONE"},"windows":{"view_through":"10m","click_join":"1h","bid_join":"1m"}}
]`

const creativesJSON = `[
	{"creative_id":"cr1","campaign_id":"A","line_item_id":"li1"},
	{"creative_id":"crB","campaign_id":"B","line_item_id":"li2","ad_format":"video"}
]`

// writer makes a history.
type writer struct {
	rng     *rand.Rand
	suffix  string // of its users and ids: histories of one run do not meet
	anchors []event.Time
	out     []record
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// runOf makes n histories of a seed, each of up to about 45 records, in the
// order in which each partition holds them.
func runOf(seed uint64, n int) []record {
	rng := rand.New(rand.NewPCG(seed, 0))
	var out []record
	for i := range n {
		w := &writer{rng: rng, suffix: "~" + strconv.Itoa(i), anchors: []event.Time{start, start.Add(month)}}
		w.history()
		for _, r := range w.out {
			r.story = i
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b record) int { return cmp.Compare(a.time, b.time) })
	for i := range out {
		out[i].serial = i
	}
	return out
}

func (w *writer) history() {
	for range 2 + w.rng.IntN(36) {
		w.event(w.instant())
		if w.rng.IntN(6) == 0 {
			w.repeat(pick(w.rng, w.out))
		}
		if w.rng.IntN(8) == 0 {
			w.tick()
		}
	}
}

// opened is a history with an empty record in front of every partition, as old
// as the oldest of all: no frontier passes what a partition still holds (T7),
// whichever the engine sees first.
func opened(history []record) []record {
	if len(history) == 0 {
		return nil
	}
	return append(empties(history[0].time), history...)
}

// instant is a time at an edge away from an anchor. Some of the instants near a
// first anchor become anchors, so that chains grow.
func (w *writer) instant() event.Time {
	step := pick(w.rng, steps)
	if w.rng.IntN(2) == 0 {
		step = -step
	}
	t := pick(w.rng, w.anchors).Add(step)
	for _, root := range w.anchors[:2] {
		if d := t.Sub(root); d < event.Hour+2 && d > -event.Hour-2 && w.rng.IntN(3) == 0 {
			w.anchors = append(w.anchors, t)
		}
	}
	return t
}

// id is one of n ids of the time that t lies in: an id is not used again beyond
// the time for which its kind is remembered.
func (w *writer) id(prefix string, n int, t event.Time, reuse event.Span) string {
	era := (int64(t.Sub(start)) + 400*int64(event.Day) + int64(reuse)/3) / int64(reuse)
	return fmt.Sprintf("%s%d.%d%s", prefix, w.rng.IntN(n), era, w.suffix)
}

func (w *writer) impressionID(t event.Time) string { return w.id("i", 5, t, 25*event.Hour) }
func (w *writer) clickID(t event.Time) string      { return w.id("c", 5, t, 25*event.Hour) }
func (w *writer) auctionID(t event.Time) string    { return w.id("auc", 3, t, 3*event.Hour) }
func (w *writer) conversionID(t event.Time) string { return w.id("v", 5, t, month) }

// user is one of two users, or none: absent, or the sentinel "0".
func (w *writer) user() string {
	if id := pick(w.rng, users); id != "" && id != "0" {
		return id + w.suffix
	} else {
		return id
	}
}

func (w *writer) order() string { return "o" + strconv.Itoa(w.rng.IntN(2)) + w.suffix }

func (w *writer) one(n int) bool { return w.rng.IntN(n) == 0 }

func (w *writer) put(topic string, t event.Time, delay event.Span, value []byte) {
	ms := int64(event.Millisecond)
	arrives := (int64(t.Add(delay)) + ms - 1) / ms * ms
	w.out = append(w.out, record{topic: topic, partition: w.rng.Int32N(partitions), time: event.Time(arrives), value: value})
}

// repeat is the same bytes again, somewhere else and later or earlier.
func (w *writer) repeat(r record) {
	r.partition = w.rng.Int32N(partitions)
	r.time = r.time.Add(pick(w.rng, []event.Span{0, event.Second, 3 * event.Hour, -event.Millisecond}))
	w.out = append(w.out, r)
}

// tick lets time pass in every partition: an empty record in each, which is one
// reject.
func (w *writer) tick() {
	t := w.instant().Add(event.Second)
	w.out = append(w.out, empties(t-t%event.Time(event.Millisecond))...)
}

func empties(t event.Time) []record {
	var out []record
	for _, topic := range []string{impressionsTopic, clicksTopic, conversionsTopic, bidsTopic} {
		for p := range int32(partitions) {
			out = append(out, record{topic: topic, partition: p, time: t})
		}
	}
	return out
}

func (w *writer) event(t event.Time) {
	delay := pick(w.rng, delays)
	switch w.rng.IntN(8) {
	case 0, 1, 2:
		w.put(impressionsTopic, t, delay, w.impression(t))
	case 3:
		w.put(bidsTopic, t, delay, w.bid(t))
	case 4, 5:
		w.put(clicksTopic, t, delay, w.click(t))
	default:
		if w.one(4) { // around the 90 days of orders and adjustments
			t = start.Add(pick(w.rng, []event.Span{0, month, 2 * month, 90 * event.Day, 90*event.Day + 1}))
		}
		t = max(t, start) // nothing is asked for after more than its 125 days
		if w.one(8) {
			delay = 35*event.Day - event.Span(w.rng.IntN(2))*event.Second
		}
		w.put(conversionsTopic, t, delay, w.conversion(t))
	}
}

// fields are names and values of one event; an absent value is left out.
type fields [][2]string

func (f *fields) add(name, value string) {
	if value != "" {
		*f = append(*f, [2]string{name, value})
	}
}

func (f fields) json() []byte {
	b := []byte("{")
	for i, each := range f {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%q:%q", each[0], each[1])
	}
	return append(b, '}')
}

// csv is a header and one line.
func (f fields) csv() []byte {
	names, cells := make([]string, len(f)), make([]string, len(f))
	for i, each := range f {
		names[i], cells[i] = each[0], each[1]
	}
	return []byte(strings.Join(names, ",") + "\n" + strings.Join(cells, ",") + "\n")
}

func stamp(t event.Time) string {
	return time.UnixMicro(int64(t)).UTC().Format("2006-01-02T15:04:05.000000Z")
}

func (w *writer) impression(t event.Time) []byte {
	r := w.rng
	f := fields{{"timestamp", stamp(t)}, {"creative_id", pick(r, creatives)}, {"website", "https://a.example/x"}}
	f.add("impression_id", w.impressionID(t))
	f.add("user_id", w.user())
	f.add("campaign_id", pick(r, campaigns))
	f.add("viewable", pick(r, []string{"", "true", "false"}))
	f.add("price_cpm_micros", strconv.Itoa(r.IntN(3)*1_000_001))
	if w.one(8) {
		f.add("is_test", "true")
	}
	if w.one(2) {
		f.add("exchange", "ex")
		f.add("auction_id", w.auctionID(t))
		f.add("bid_id", pick(r, []string{"", "b0", "b1"}))
	}
	if w.one(5) {
		f.add("quantity", "1.5")
	}
	if w.one(40) { // a record that cannot be read
		return f.json()[:20]
	}
	return f.json()
}

func (w *writer) click(t event.Time) []byte {
	r := w.rng
	f := fields{{"event_timestamp", stamp(t)}}
	f.add("click_id", w.clickID(t))
	f.add("user_id", w.user())
	f.add("campaign_id", pick(r, campaigns))
	f.add("creative_id", pick(r, append(creatives, "")))
	if w.one(2) {
		f.add("impression_id", w.impressionID(t))
	}
	if w.one(4) {
		f.add("exchange", "ex")
		f.add("auction_id", w.auctionID(t))
	}
	if w.one(8) {
		f.add("is_test", "1")
	}
	return f.csv()
}

func (w *writer) conversion(t event.Time) []byte {
	r := w.rng
	f := fields{{"event_timestamp", stamp(t)}, {"conversion_type", pick(r, []string{"purchase", "sign_up"})}}
	if w.one(8) {
		f.add("user_id", "")
	} else {
		f.add("user_id", w.user())
	}
	f.add("campaign_id", pick(r, campaigns))
	f.add("value_micros", strconv.Itoa(r.IntN(1000)))
	if w.one(2) {
		f.add("order_id", w.order())
	}
	if w.one(2) {
		f.add("click_id", w.clickID(t))
	}
	if w.one(4) {
		f.add("impression_id", w.impressionID(t))
	}
	if w.one(8) {
		f.add("is_test", "1")
	}
	adjustment := pick(r, []string{"", "", "", "", "RESTATE", "RETRACT"})
	f.add("adjustment", adjustment)
	if adjustment == "" || w.one(2) { // else it names its original by type and order
		f.add("conversion_id", w.conversionID(t))
	}
	return f.csv()
}
