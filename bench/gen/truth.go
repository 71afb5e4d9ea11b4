package gen

import (
	"encoding/json"
	"maps"
)

// Truth is what the generator knows about the records it has given.
type Truth struct {
	FormatVersion int     `json:"format_version"`
	Seed          uint64  `json:"seed"`
	Preset        Preset  `json:"preset"`
	Exact         Exact   `json:"exact"`
	Traffic       Traffic `json:"traffic"`
	// Chains and Bots are there with Config.Labels only.
	Chains []Chain  `json:"chains,omitempty"`
	Bots   []string `json:"bots,omitempty"` // ids of impressions and clicks that bots made
}

// Exact is certain by construction: an engine with default settings and the
// generator's reference data must come to these numbers, whatever the order the
// records arrive in.
type Exact struct {
	Records map[string]int64  `json:"records"` // Kafka records by topic
	Ledger  map[string]Ledger `json:"ledger"`  // by topic
	// Rows of fact_bids, fact_impressions, fact_clicks, fact_conversions,
	// fact_wins and rejected_events, current view.
	Rows map[string]int64 `json:"rows"`
	// Campaigns by campaign_id; "unknown" for creatives nobody knows, "" for
	// conversions that declare none. Campaigns without any event are left out.
	Campaigns map[string]Figures `json:"campaigns"`
}

// Ledger is the class of every event of a topic (semantics ST4). Consumed is
// the sum of the others.
type Ledger struct {
	Consumed   int64            `json:"consumed"` // events: CSV lines, not records
	Fact       int64            `json:"fact"`
	DupExact   int64            `json:"dup_exact"`
	IDConflict int64            `json:"id_conflict"`
	Rejected   map[string]int64 `json:"rejected"` // by reason, without DUP_ID_CONFLICT
}

// Figures are sums over a campaign's facts. Impressions and clicks go by the
// campaign of the row, conversions by the declared one.
type Figures struct {
	Currency       string `json:"currency"`
	ImpressionsE6  int64  `json:"impressions_e6"`      // quantity, all, in 1e-6
	TestE6         int64  `json:"test_impressions_e6"` // of those, test traffic
	Clicks         int64  `json:"clicks"`
	Conversions    int64  `json:"conversions"`
	SpendNanos     int64  `json:"spend_nanos"`           // CPM price of impressions that are not test traffic, as if the pricing were cpm
	OriginalMicros int64  `json:"original_value_micros"` // as first stated
	ValueMicros    int64  `json:"value_micros"`          // after RESTATE and RETRACT
}

// Traffic describes the run. It depends on labels no engine can see.
type Traffic struct {
	Impressions     int64 `json:"impressions"` // facts
	BotImpressions  int64 `json:"bot_impressions"`
	Clicks          int64 `json:"clicks"`
	BotClicks       int64 `json:"bot_clicks"`
	ViewConversions int64 `json:"view_conversions"` // with no click behind them
	Userless        int64 `json:"userless_impressions"`
	Late            int64 `json:"late"`      // facts more than 10 minutes late
	Corrected       int64 `json:"corrected"` // clocks off, with sent_at
	Clamped         int64 `json:"clamped"`   // clocks ahead
}

// Chain is where a click or conversion truly came from. Ids are as on the wire,
// "" where the record has none. UserSame says whether child and impression carry
// the same user id: ids are renewed.
type Chain struct {
	Kind       string `json:"kind"` // click or conversion
	ID         string `json:"id"`
	Click      string `json:"click_id,omitempty"` // of a conversion
	Impression string `json:"impression_id"`
	Named      bool   `json:"named"` // the record names its parent's id
	Bot        bool   `json:"bot,omitempty"`
}

// JSON is truth.json.
func (t *Truth) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(t, "", " ")
	return append(b, '\n'), err
}

// truth counts. Campaigns are slices by ordinal: a map would cost more than
// rendering does.
type truth struct {
	g         *Generator
	topics    [kinds]*ledger
	rows      [kinds]int64
	wins      int64
	campaigns []Figures
	unknown   Figures
	undeclare Figures // conversions that declare no campaign
	traffic   Traffic
	chains    []Chain
	bots      []string
}

type ledger struct {
	topic   string
	records int64
	Ledger
}

func newTruth(g *Generator) *truth {
	t := &truth{g: g, campaigns: make([]Figures, len(g.world.campaigns))}
	for k := range kinds {
		topic := g.topicOf(kind(k))
		for _, l := range t.topics {
			if l != nil && l.topic == topic {
				t.topics[k] = l
			}
		}
		if t.topics[k] == nil {
			t.topics[k] = &ledger{topic: topic, Ledger: Ledger{Rejected: map[string]int64{}}}
		}
	}
	for i := range t.campaigns {
		t.campaigns[i].Currency = g.world.campaigns[i].currency.code
	}
	t.unknown.Currency = currencies[0].code
	return t
}

// record counts a Kafka record, event one event in it.
func (t *truth) record(it *item) { t.topics[it.kind].records++ }

func (t *truth) event(it *item) {
	l := t.topics[it.kind]
	l.Consumed++
	if it.fault == broken {
		l.Rejected[t.g.reasonOf(it)]++
		return
	}
	switch reason := verdict(it); {
	case reason != "":
		l.Rejected[reason]++
		return
	case it.fault == copied:
		l.DupExact++
		return
	case it.fault == conflicting:
		l.IDConflict++
		return
	}
	l.Fact++
	t.fact(it)
}

func (t *truth) fact(it *item) {
	if it.at-effective(it) > 10*minute {
		t.traffic.Late++
	}
	switch it.kind {
	case kindBid:
		t.rows[kindBid]++
		if twoSlots(it) && !t.g.world.legacy {
			t.rows[kindBid]++
		}
	case kindImpression:
		t.impression(it)
	case kindClick:
		t.rows[kindClick]++
		t.campaign(it).Clicks++
		t.traffic.Clicks++
		t.label(it, "click")
	case kindConversion:
		t.conversion(it)
	case kindAdjustment:
		t.adjustment(it)
	}
}

// campaign is where the row's figures go.
func (t *truth) campaign(it *item) *Figures {
	switch {
	case it.traits&unmapped != 0 && it.kind == kindImpression:
		return &t.unknown
	case it.traits&noCampaign != 0 && it.kind >= kindConversion:
		return &t.undeclare
	}
	return &t.campaigns[t.g.world.creatives[it.creative].campaign]
}

func (t *truth) impression(it *item) {
	t.rows[kindImpression]++
	f := t.campaign(it)
	quantity, nanos := int64(1e6), it.amount
	if it.traits&bigCount != 0 {
		quantity, nanos = 2_500_000, it.amount*5/2
	}
	f.ImpressionsE6 += quantity
	switch {
	case it.traits&(isTest|auditPrice) != 0:
		f.TestE6 += quantity
	case it.traits&macroPrice == 0 && !t.g.world.legacy:
		f.SpendNanos += nanos
	}
	if it.ref != 0 && t.wonInTime(it) {
		t.wins++
	}
	t.traffic.Impressions++
	switch it.fault {
	case skewed:
		t.traffic.Corrected++
	case ahead:
		t.traffic.Clamped++
	}
	if it.traits&isBot != 0 {
		t.traffic.BotImpressions++
		t.bot(it)
	}
	if t.g.isNameless(it) {
		t.traffic.Userless++
	}
}

// wonInTime reports whether the impression's own bid, which was accepted, is inside
// the bid window (W) and the impression not too late for the join (T6).
func (t *truth) wonInTime(it *item) bool {
	at := effective(it)
	window := int64(10 * minute)
	if isApp(it.site) {
		window = 60 * minute
	}
	if e := expirySeconds(it.seed); e > 0 {
		window = max(2*e*second, minute)
	}
	return at-it.ref >= -minute && at-it.ref <= window && it.at-at <= 2*hour && !t.g.world.legacy
}

func (t *truth) conversion(it *item) {
	t.rows[kindConversion]++
	f := t.campaign(it)
	f.Conversions++
	f.OriginalMicros += it.amount
	f.ValueMicros += it.amount
	if it.traits&viewOnly != 0 {
		t.traffic.ViewConversions++
	}
	t.label(it, "conversion")
}

// adjustment replaces a value.
func (t *truth) adjustment(it *item) {
	f := t.campaign(it)
	if it.traits&retracted != 0 {
		f.ValueMicros -= it.before
		return
	}
	f.ValueMicros += it.amount - it.before
}

func (t *truth) label(it *item, kind string) {
	bot := it.traits&isBot != 0
	if it.kind == kindClick && bot {
		t.traffic.BotClicks++
		t.bot(it)
	}
	if !t.g.cfg.Labels {
		return
	}
	c := Chain{Kind: kind, Bot: bot, Named: it.traits&noParent == 0}
	if it.traits&(noID|bareLine) == 0 {
		c.ID = string(appendUUID(nil, it.seed, saltID))
	}
	if !t.g.world.legacy {
		c.Impression = string(appendUUID(nil, it.parent, saltID))
	}
	if it.touch != 0 {
		c.Click = string(appendUUID(nil, it.touch, saltID))
	}
	t.chains = append(t.chains, c)
}

func (t *truth) bot(it *item) {
	if t.g.cfg.Labels && it.traits&(noID|bareLine) == 0 {
		t.bots = append(t.bots, string(appendUUID(nil, it.seed, saltID)))
	}
}

// report is a copy of what is known.
func (t *truth) report() Truth {
	r := Truth{FormatVersion: 1, Seed: t.g.cfg.Seed, Preset: t.g.cfg.Preset, Traffic: t.traffic, Chains: t.chains, Bots: t.bots}
	r.Exact = Exact{Records: map[string]int64{}, Ledger: map[string]Ledger{}, Rows: map[string]int64{}, Campaigns: map[string]Figures{}}
	written := map[string]bool{}
	for _, topic := range t.g.Topics() {
		written[topic] = true
	}
	rejected := int64(0)
	for _, l := range t.topics {
		if _, seen := r.Exact.Records[l.topic]; seen || !written[l.topic] {
			continue
		}
		c := l.Ledger
		c.Rejected = maps.Clone(c.Rejected)
		for _, n := range c.Rejected {
			rejected += n
		}
		rejected += c.IDConflict
		r.Exact.Records[l.topic], r.Exact.Ledger[l.topic] = l.records, c
	}
	r.Exact.Rows = map[string]int64{
		"fact_bids": t.rows[kindBid], "fact_impressions": t.rows[kindImpression], "fact_clicks": t.rows[kindClick],
		"fact_conversions": t.rows[kindConversion], "fact_wins": t.wins, "rejected_events": rejected,
	}
	for i, f := range t.campaigns {
		r.Exact.add(t.g.world.campaigns[i].id, f)
	}
	r.Exact.add("unknown", t.unknown)
	r.Exact.add("", t.undeclare)
	return r
}

func (e *Exact) add(campaign string, f Figures) {
	if f.ImpressionsE6+f.Clicks+f.Conversions > 0 {
		e.Campaigns[campaign] = f
	}
}
