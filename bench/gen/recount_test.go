package gen_test

import (
	"cmp"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/event"
)

const secondUS = 1_000_000

// recount applies the semantics' rules on time and dedupe the naive way, and
// sums up.
type recount struct {
	cfg       gen.Config
	creatives map[string]string // to campaign
	exact     gen.Exact
	facts     []*seen
}

func micros(text string) (int64, bool) {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	r.Mul(r, big.NewRat(1e6, 1))
	return r.Num().Int64() / r.Denom().Int64(), true
}

func isID(text string) bool {
	switch strings.ToLower(text) {
	case "", "-1", "null", "none", "undefined":
		return false
	}
	return strings.Trim(text, "0-") != "" && !strings.Contains(text, "{{")
}

func horizons(kind string) (accept, conflict int64) {
	switch kind {
	case "bid":
		return 2 * 3600 * secondUS, 3600 * secondUS
	case "impression", "click":
		return 48 * 3600 * secondUS, 24 * 3600 * secondUS
	}
	return 35 * 86400 * secondUS, 90 * 86400 * secondUS
}

// judge applies T1 and T2.
func judge(s *seen) {
	accept, _ := horizons(s.kind)
	switch d := s.at - s.ingest; {
	case s.reason != "":
	case d > 24*3600*secondUS:
		s.reason = "TIME_FUTURE"
	case -d > accept:
		s.reason = "TOO_LATE"
	case d > 300*secondUS:
		s.at = s.ingest
	}
}

// print is what a fingerprint would be: every field but transport.
func print(s *seen) string {
	if s.printed != "" {
		return s.printed
	}
	var parts []string
	for name, v := range s.fields {
		if name != "sent_at" && name != "received_at" {
			parts = append(parts, name+"="+v)
		}
	}
	sort.Strings(parts)
	s.printed = strings.Join(parts, "\x00") + "."
	return s.printed
}

// owner is the routing key, group the identity inside it.
func owner(s *seen) (string, string) {
	f := s.fields
	id := f[s.kind+"_id"]
	if s.kind == "bid" {
		id = f["exchange"] + "/" + f["auction_id"]
	}
	if !isID(id) {
		id = "synthetic " + print(s)
	}
	switch {
	case isID(f["user_id"]):
		return "user " + f["user_id"], id
	case s.kind == "click" || s.kind == "conversion":
		return "own", id
	case f["auction_id"] != "":
		return "auction " + f["exchange"] + f["auction_id"], id
	case f["impression_id"] != "":
		return "impression", id
	}
	return "place " + s.place, id
}

func (r *recount) dedupe(all []*seen) {
	groups := map[[3]string][]*seen{}
	for _, s := range all {
		l := r.exact.Ledger[s.topic]
		l.Consumed++
		if judge(s); s.reason != "" {
			l.Rejected[s.reason]++
			r.exact.Rows["rejected_events"]++
			r.exact.Ledger[s.topic] = l
			continue
		}
		r.exact.Ledger[s.topic] = l
		key, id := owner(s)
		kind := s.kind
		if adjusts(s) {
			kind, id = "adjustment", print(s)
		}
		groups[[3]string{kind, key, id}] = append(groups[[3]string{kind, key, id}], s)
	}
	for _, g := range groups {
		r.walk(g)
	}
}

func adjusts(s *seen) bool {
	return s.fields["adjustment"] == "RESTATE" || s.fields["adjustment"] == "RETRACT"
}

// walk is D1 to D3.
func (r *recount) walk(g []*seen) {
	slices.SortFunc(g, func(a, b *seen) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(print(a), print(b)), cmp.Compare(a.place, b.place))
	})
	var fact *seen
	var prints []string
	for _, s := range g {
		l := r.exact.Ledger[s.topic]
		_, horizon := horizons(s.kind)
		switch {
		case fact == nil || s.at-fact.at > horizon:
			fact, prints = s, []string{print(s)}
			l.Fact++
			r.facts = append(r.facts, s)
		case slices.Contains(prints, print(s)):
			l.DupExact++
		default:
			prints = append(prints, print(s))
			l.IDConflict++
			r.exact.Rows["rejected_events"]++
		}
		r.exact.Ledger[s.topic] = l
	}
}

func (r *recount) sum() {
	values := map[string]*seen{}
	for _, s := range r.facts {
		f := s.fields
		switch s.kind {
		case "bid":
			r.exact.Rows["fact_bids"] += bidRows(s)
		case "impression":
			r.impression(s)
		case "click":
			r.exact.Rows["fact_clicks"]++
			r.add(f["campaign_id"], func(c *gen.Figures) { c.Clicks++ })
		case "conversion":
			if adjusts(s) {
				continue
			}
			r.exact.Rows["fact_conversions"]++
			v, _ := micros(f["value"])
			r.add(f["campaign_id"], func(c *gen.Figures) { c.Conversions++; c.OriginalMicros += v; c.ValueMicros += v })
			values["id "+f["conversion_id"]] = s
			values["order "+f["order_id"]] = s
		}
	}
	for _, s := range r.facts {
		if !adjusts(s) {
			continue
		}
		original := values["id "+s.fields["conversion_id"]]
		if s.fields["conversion_id"] == "" {
			original = values["order "+s.fields["order_id"]]
		}
		if original == nil || s.at < original.at {
			panic("an adjustment without its original: " + s.place)
		}
		before, _ := micros(original.fields["value"])
		after, _ := micros(s.fields["value"]) // RETRACT has none
		r.add(original.fields["campaign_id"], func(c *gen.Figures) { c.ValueMicros += after - before })
	}
}

func (r *recount) add(campaign string, change func(*gen.Figures)) {
	f := r.exact.Campaigns[campaign]
	change(&f)
	r.exact.Campaigns[campaign] = f
}

func (r *recount) impression(s *seen) {
	r.exact.Rows["fact_impressions"]++
	f := s.fields
	campaign := f["campaign_id"]
	if campaign == "" {
		campaign = r.creatives[f["creative_id"]]
	}
	if campaign == "" {
		campaign = "unknown"
	}
	quantity := int64(1e6)
	if f["quantity"] != "" {
		quantity, _ = micros(f["quantity"])
	}
	test := f["is_test"] == "true" || f["price"] == "AUDIT"
	price, _ := micros(f["price"])
	if f["price_cpm_micros"] != "" {
		price, _ = micros(f["price_cpm_micros"])
		price /= 1e6
	}
	r.add(campaign, func(c *gen.Figures) {
		c.ImpressionsE6 += quantity
		if test {
			c.TestE6 += quantity
		} else {
			c.SpendNanos += price * (quantity / 100_000) / 10
		}
	})
}

func bidRows(s *seen) int64 {
	imps, ok := s.bid["imps"].([]any)
	if !ok {
		return 1 // case study
	}
	offers, _ := s.bid["bids"].([]any)
	bare := int64(0)
	for _, imp := range imps {
		answered := slices.ContainsFunc(offers, func(o any) bool {
			return o.(map[string]any)["imp_id"] == imp.(map[string]any)["imp_id"]
		})
		if !answered {
			bare++
		}
	}
	return int64(len(offers)) + bare
}

// wins joins impressions to bids by auction, inside the window and T6.
func (r *recount) wins() {
	bids := map[string]*seen{}
	for _, s := range r.facts {
		if s.kind == "bid" {
			if offers, _ := s.bid["bids"].([]any); len(offers) > 0 {
				bids[s.fields["exchange"]+s.fields["auction_id"]] = s
			}
		}
	}
	r.exact.Rows["fact_wins"] = 0
	for _, s := range r.facts {
		if s.kind != "impression" || s.fields["auction_id"] == "" {
			continue
		}
		b := bids[s.fields["exchange"]+s.fields["auction_id"]]
		if b == nil || (isID(b.fields["user_id"]) || isID(s.fields["user_id"])) && b.fields["user_id"] != s.fields["user_id"] {
			continue
		}
		window := int64(600)
		if b.bid["app_bundle"] != "" {
			window = 3600
		}
		imp := b.bid["imps"].([]any)[0].(map[string]any)
		if e := int64(imp["exp_s"].(int32)); e > 0 {
			window = max(2*e, 60)
		}
		d := s.at - b.at
		if d >= -60*secondUS && d <= window*secondUS && s.ingest-s.at <= 7200*secondUS {
			r.exact.Rows["fact_wins"]++
		}
	}
}

// recountOf runs a generator to its end and recounts its records.
func recountOf(t testing.TB, g *gen.Generator) gen.Exact { return recountUntil(t, g, event.MaxTime) }

func recountUntil(t testing.TB, g *gen.Generator, now event.Time) gen.Exact {
	t.Helper()
	cfg := g.Config()
	r := &recount{cfg: cfg, creatives: map[string]string{}, exact: gen.Exact{
		Records: map[string]int64{}, Ledger: map[string]gen.Ledger{}, Campaigns: map[string]gen.Figures{},
		Rows: map[string]int64{"fact_bids": 0, "fact_impressions": 0, "fact_clicks": 0, "fact_conversions": 0, "rejected_events": 0},
	}}
	campaigns, creatives := g.Reference()
	for _, c := range creatives {
		r.creatives[c.ID] = c.CampaignID
	}
	for _, topic := range g.Topics() {
		r.exact.Records[topic] = 0
		r.exact.Ledger[topic] = gen.Ledger{Rejected: map[string]int64{}}
	}
	offsets, last := map[string]int{}, map[string]int64{}
	var all []*seen
	var rec gen.Record
	for g.NextBefore(now, &rec) {
		part := fmt.Sprint(rec.Topic, rec.Partition)
		if rec.TimestampMS < last[part] {
			t.Fatalf("%s goes back in time: %d after %d", part, rec.TimestampMS, last[part])
		}
		last[part] = rec.TimestampMS
		r.exact.Records[rec.Topic]++
		for _, s := range decode(rec.Topic, &cfg, &rec, offsets[part]) {
			all = append(all, &s)
		}
		offsets[part]++
	}
	r.dedupe(all)
	r.sum()
	r.wins()
	currency := map[string]string{"unknown": "USD"}
	for _, c := range campaigns {
		currency[c.ID] = c.Currency
	}
	for id := range r.exact.Campaigns {
		r.add(id, func(f *gen.Figures) { f.Currency = currency[id] })
	}
	return r.exact
}

func TestExact_EqualsANaiveRecount(t *testing.T) {
	for i, p := range gen.Presets() {
		for _, pace := range []gen.Pace{gen.Natural, gen.Brisk} {
			t.Run(fmt.Sprint(p, pace), func(t *testing.T) {
				rates := p.Rates()
				rates.BidsPerImpression = min(rates.BidsPerImpression, 2)
				rates.Malformed *= 5 // every kind of break appears
				g, err := gen.New(gen.Config{
					Seed: 11, Preset: p, Rates: &rates, Impressions: 5_000, Bids: true, Pace: pace, Framing: gen.Framing((i + int(pace)) % 4),
				})
				if err != nil {
					t.Fatal(err)
				}
				compare(t, g.Truth, recountOf(t, g))
			})
		}
	}
}

// Without bids the run is cheap enough to be large: rare faults appear.
func TestExact_HoldsForRareFaults(t *testing.T) {
	g, err := gen.New(gen.Config{Seed: 12, Preset: gen.Hostile, Impressions: 40_000})
	if err != nil {
		t.Fatal(err)
	}
	want := recountOf(t, g)
	compare(t, g.Truth, want)
	for topic, reasons := range map[string]string{
		"ad_impressions": "TOO_LATE TIME_FUTURE BAD_JSON BAD_ENCODING BAD_ID BAD_TIME MISSING_FIELD BAD_CURRENCY BAD_MONEY BAD_NUMBER EMPTY",
	} {
		for _, reason := range strings.Fields(reasons) {
			if want.Ledger[topic].Rejected[reason] == 0 {
				t.Errorf("no %s in %s: the recount proves nothing about it", reason, topic)
			}
		}
		if l := want.Ledger[topic]; l.DupExact == 0 || l.IDConflict == 0 {
			t.Errorf("%s: %+v", topic, l)
		}
	}
}

// Dense and hostile together: every fault of clicks and conversions.
func TestExact_HoldsForAdjustmentsAndBrokenLines(t *testing.T) {
	rates := gen.Hostile.Rates()
	rates.CTR, rates.CTRPremium, rates.CVR, rates.CVRRetargeting, rates.ViewThrough = 0.3, 0.3, 0.4, 0.4, 0.05
	rates.Malformed = 0.05
	rates.WildClock, rates.TooLate = 0.01, 0.01
	g, err := gen.New(gen.Config{Seed: 13, Preset: gen.Hostile, Rates: &rates, Impressions: 12_000, Labels: true})
	if err != nil {
		t.Fatal(err)
	}
	want := recountOf(t, g)
	compare(t, g.Truth, want)
	lines := "BAD_CSV CSV_ARITY BAD_ENCODING BAD_ID BAD_TIME MISSING_FIELD EMPTY TOO_LATE TIME_FUTURE"
	for topic, reasons := range map[string]string{"clicks": lines, "conversions": lines + " BAD_MONEY BAD_CURRENCY"} {
		for _, reason := range strings.Fields(reasons) {
			if want.Ledger[topic].Rejected[reason] == 0 {
				t.Errorf("no %s in %s: the recount proves nothing about it", reason, topic)
			}
		}
		if l := want.Ledger[topic]; l.DupExact == 0 || l.IDConflict == 0 {
			t.Errorf("%s: %+v", topic, l)
		}
	}
	if c := want.Campaigns["cmp-0000"]; c.ValueMicros >= c.OriginalMicros || want.Records["conversions"] >= want.Ledger["conversions"].Consumed {
		t.Errorf("no adjustments or no records of several lines: %+v", c)
	}
}

func compare(t *testing.T, truth func() gen.Truth, want gen.Exact) {
	t.Helper()
	got := truth().Exact
	for topic, l := range want.Ledger {
		if !reflect.DeepEqual(got.Ledger[topic], l) || got.Records[topic] != want.Records[topic] {
			t.Errorf("%s: truth %d records %+v\nrecount %d records %+v", topic, got.Records[topic], got.Ledger[topic], want.Records[topic], l)
		}
		sum := l.Fact + l.DupExact + l.IDConflict
		for _, n := range l.Rejected {
			sum += n
		}
		if sum != l.Consumed {
			t.Errorf("%s: %d events in classes of %d", topic, sum, l.Consumed)
		}
	}
	if !reflect.DeepEqual(got.Rows, want.Rows) {
		t.Errorf("rows: truth %v, recount %v", got.Rows, want.Rows)
	}
	differ := 0
	for id, f := range want.Campaigns {
		if got.Campaigns[id] != f && differ < 5 {
			differ++
			t.Errorf("campaign %q: truth %+v, recount %+v", id, got.Campaigns[id], f)
		}
	}
	if len(got.Campaigns) != len(want.Campaigns) {
		t.Errorf("%d campaigns, recount %d", len(got.Campaigns), len(want.Campaigns))
	}
}
