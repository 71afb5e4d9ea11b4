package correlate

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// A script in testdata tells a scenario: prose, events, what the tables say. It
// is run as written, backwards, shuffled over 1, 7 and 64 shards, and with the
// shards put through their segments after every step. Its lines:
//
//	# prose
//	campaign {json}, creative {json}      reference data
//	bid|impression|click|conversion NAME=VALUE ...
//	watermark TIME                        (as written only) advance both clocks, cut
//	now row|no|rows ...                   (as written only) what holds at this point
//	row TABLE KEY COLUMN=VALUE ...        one row, KEY the end of its key
//	no TABLE KEY                          no such row
//	rows TABLE N                          so many rows
//	sum MEASURE N                         a measure over all groups
//	spend NANOS, reach CAMPAIGN N
//
// TIME is 15:04:05.999999 on 2026-03-10, with N d before it for days later or
// earlier: -1d10:00:00.
type script struct {
	t         *testing.T
	campaigns []string
	creatives []string
	steps     []step
	feed      feed
}

type step struct {
	line   string
	number int
	event  any
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 14 {
		t.Fatalf("%d scripts: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sc := parseScript(t, string(text))
			sc.asWritten(false)
			sc.asWritten(true)
			sc.reordered(func(events []any) { slices.Reverse(events) }, false, 1)
			rng := rand.New(rand.NewPCG(1, 1))
			for i := range 5 {
				sc.reordered(func(events []any) {
					rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
				}, true, []uint32{1, 64, 1, 7, 64}[i])
			}
		})
	}
}

func parseScript(t *testing.T, text string) *script {
	sc := &script{t: t}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "", "#":
			continue
		case "campaign":
			sc.campaigns = append(sc.campaigns, rest)
			continue
		case "creative":
			sc.creatives = append(sc.creatives, rest)
			continue
		}
		s := step{line: line, number: i + 1}
		s.event = sc.parseEvent(word, strings.Fields(rest))
		sc.steps = append(sc.steps, s)
	}
	return sc
}

func (sc *script) world(shards uint32) *world {
	set, err := reference.Parse(
		[]byte("["+strings.Join(sc.campaigns, ",")+"]"), []byte("["+strings.Join(sc.creatives, ",")+"]"))
	if err != nil {
		sc.t.Fatal(err)
	}
	return newWorld(sc.t, func(c *Config) { c.Reference, c.Shards = set, shards })
}

// asWritten runs the steps in order, each in a cut of its own.
func (sc *script) asWritten(restore bool) {
	w := sc.world(1)
	rng := rand.New(rand.NewPCG(2, 2))
	for _, s := range sc.steps {
		word, rest, _ := strings.Cut(s.line, " ")
		switch {
		case s.event != nil:
			w.apply(s.event)
		case word == "watermark":
			w.advance(scriptTime(sc.t, rest))
		case word == "now":
			sc.check(w, s.number, rest)
			continue
		default:
			continue
		}
		if len(sc.steps) > 100 && rng.IntN(20) > 0 {
			continue
		}
		w.cutAndMaybeRestore(rng, restore)
		w.cutAndMaybeRestore(rng, restore) // what waited for the next cut
		w.exchange()
	}
	w.finish()
	sc.checkAll(w, "as written")
}

// reordered runs the events in another order, in one cut or with cuts between.
func (sc *script) reordered(change func([]any), cuts bool, shards uint32) {
	var events []any
	for _, s := range sc.steps {
		if s.event != nil {
			events = append(events, s.event)
		}
	}
	change(events)
	w := sc.world(shards)
	rng := rand.New(rand.NewPCG(3, 3))
	for _, e := range events {
		w.apply(e)
		if cuts && (len(events) < 100 || rng.IntN(20) == 0) {
			w.cutAndMaybeRestore(rng, true)
		}
	}
	w.finish()
	sc.checkAll(w, "in another order")
}

func (sc *script) checkAll(w *world, how string) {
	sc.t.Helper()
	for _, s := range sc.steps {
		if word, _, _ := strings.Cut(s.line, " "); s.event == nil && word != "watermark" && word != "now" {
			sc.check(w, s.number, s.line)
		}
	}
	if sc.t.Failed() {
		sc.t.Fatalf("%s; the tables are\n%s", how, w.final())
	}
}

// check holds one expectation against the tables.
func (sc *script) check(w *world, number int, line string) {
	t := sc.t
	f := strings.Fields(line)
	want := func(i int) int64 {
		n, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil {
			t.Fatalf("line %d: %v", number, err)
		}
		return n
	}
	switch f[0] {
	case "row":
		row := w.row(f[1], f[2])
		if row == "" {
			t.Errorf("line %d: no row %s in %s", number, f[2], f[1])
		}
		for _, c := range f[3:] {
			if !strings.Contains(row, " "+c+" ") {
				t.Errorf("line %d: no %s in%s", number, c, row)
			}
		}
	case "no":
		if row := w.row(f[1], f[2]); row != "" {
			t.Errorf("line %d: there is%s", number, row)
		}
	case "rows":
		if n := w.count(f[1]); int64(n) != want(2) {
			t.Errorf("line %d: %d rows", number, n)
		}
	case "sum":
		if n := w.sum(measureNamed(t, f[1])); n != want(2) {
			t.Errorf("line %d: %d", number, n)
		}
	case "spend":
		if n := w.spend(); n != event.Int128Of(want(1)) {
			t.Errorf("line %d: %v nanos", number, n)
		}
	case "reach":
		n := w.others["reach "+f[1]]
		if n != want(2) {
			t.Errorf("line %d: %d users", number, n)
		}
	default:
		t.Fatalf("line %d: %q is no step", number, line)
	}
}

func measureNamed(t *testing.T, name string) event.Measure {
	m, ok := map[string]event.Measure{
		"requests": event.Requests, "bids": event.BidCount, "wins": event.WinCount,
		"impressions_gross": event.ImpressionsGross, "impressions_givt": event.ImpressionsGIVT,
		"clicks_gross": event.ClicksGross, "clicks_givt": event.ClicksGIVT,
		"measurable": event.MeasurableCount, "viewable": event.ViewableCount,
		"conv_ct": event.ConvCT, "conv_vt": event.ConvVT, "value_ct": event.ValueCT, "value_vt": event.ValueVT,
		"conv_ct_bytime": event.ConvCTByTime, "assists": event.Assists,
		"orphan_clicks": event.OrphanClicks, "late_events": event.LateEvents,
	}[name]
	if !ok {
		t.Fatalf("no measure %q", name)
	}
	return m
}

// scriptTime reads a TIME.
func scriptTime(t *testing.T, text string) event.Time {
	days := 0
	if d, clock, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.Atoi(d)
		if err != nil {
			t.Fatalf("time %q: %v", text, err)
		}
		days, text = n, clock
	}
	return at(text).Add(event.Span(days) * event.Day)
}

// parseEvent makes an event of NAME=VALUE words, nil when word is no kind.
func (sc *script) parseEvent(word string, words []string) any {
	v := map[string]string{}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		v[name] = value
	}
	var when event.Time
	if v["at"] != "" {
		when = scriptTime(sc.t, v["at"])
	}
	take := func(name string, into *string) {
		if value, ok := v[name]; ok {
			*into = value
		}
	}
	stamp := func(e *event.Envelope) {
		if v["ingest"] != "" {
			e.Ingest = scriptTime(sc.t, v["ingest"])
		}
		if v["print"] != "" {
			e.Print = withPrint(uint64(sc.number(v["print"])))
		}
	}
	switch word {
	case "impression":
		return sc.impression(v, when, take, stamp)
	case "click":
		return sc.click(v, when, take, stamp)
	case "conversion":
		return sc.conversion(v, when, take, stamp)
	case "bid":
		return sc.bid(v, when, take, stamp)
	}
	return nil
}

func (sc *script) number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		sc.t.Fatal(err)
	}
	return n
}

type (
	taker   = func(name string, into *string)
	stamper = func(*event.Envelope)
)

func (sc *script) impression(v map[string]string, when event.Time, take taker, stamp stamper) any {
	e := sc.feed.impression(v["id"], v["user"], when, func(e *event.Impression) {
		take("creative", &e.CreativeID)
		take("campaign", &e.CampaignID)
		take("exchange", &e.Exchange)
		take("auction", &e.AuctionID)
		take("bid", &e.BidID)
		take("site", &e.SiteDomain)
		if e.AuctionID != "" {
			e.ImpID = "1"
			e.Exchange = cmp.Or(e.Exchange, "default")
		}
		if v["price"] != "" {
			e.PriceMicros = sc.number(v["price"])
		}
		e.Viewable = map[string]event.Tri{"true": event.True, "false": event.False}[v["viewable"]]
		e.Test = v["test"] == "true"
		if v["encoded"] == "true" {
			e.Flags |= event.PriceEncoded
		}
		stamp(&e.Envelope)
	})
	stamp(&e.Envelope)
	return e
}

func (sc *script) click(v map[string]string, when event.Time, take taker, stamp stamper) any {
	e := sc.feed.click(v["id"], v["user"], when, func(e *event.Click) {
		take("creative", &e.CreativeID)
		take("campaign", &e.CampaignID)
		take("impression", &e.ImpressionID)
		take("exchange", &e.Exchange)
		take("auction", &e.AuctionID)
		if e.AuctionID != "" {
			e.ImpID = "1"
			e.Exchange = cmp.Or(e.Exchange, "default")
		}
		e.Test = v["test"] == "true"
		stamp(&e.Envelope)
	})
	stamp(&e.Envelope)
	return e
}

func (sc *script) conversion(v map[string]string, when event.Time, take taker, stamp stamper) any {
	e := sc.feed.conversion(v["id"], v["user"], when, func(e *event.Conversion) {
		take("type", &e.Type)
		take("order", &e.OrderID)
		take("click", &e.ClickID)
		take("impression", &e.ImpressionID)
		take("campaign", &e.CampaignID)
		take("advertiser", &e.Advertiser)
		if v["value"] != "" {
			e.ValueMicros = sc.number(v["value"])
		}
		switch v["adjust"] {
		case "restate":
			e.Adjustment = event.Restate
		case "retract":
			e.Adjustment = event.Retract
		}
		if v["id"] == "" {
			e.ID, e.Flags = fmt.Sprintf("s:%032x", e.Offset), event.IDSynthetic
		}
		e.Test = v["test"] == "true"
		stamp(&e.Envelope)
	})
	stamp(&e.Envelope)
	return e
}

func (sc *script) bid(v map[string]string, when event.Time, take taker, stamp stamper) any {
	e := sc.feed.bid(v["auction"], v["user"], when, func(e *event.Bid) {
		take("exchange", &e.Exchange)
		take("app", &e.AppBundle)
		for _, text := range strings.Split(v["offers"], ",") {
			id, price, ok := strings.Cut(text, ":")
			if !ok {
				continue
			}
			e.Offers = append(e.Offers, offerOf(id, sc.number(price), func(o *event.Offer) {
				take("campaign", &o.CampaignID)
				take("creative", &o.CreativeID)
			}))
		}
		if v["exp"] != "" {
			e.Imps[0].ExpirySeconds = int32(sc.number(v["exp"]))
		}
		stamp(&e.Envelope)
	})
	stamp(&e.Envelope)
	return e
}
