package gen

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/advertisex/adjoin/internal/event"
)

// Preset is a named set of Rates.
type Preset string

// The presets.
const (
	Realistic Preset = "realistic"  // rates of real display traffic
	Dense     Preset = "dense"      // CTR 2%, CVR 10%: many joins from few records
	CaseStudy Preset = "case_study" // legacy fields only: no ids, one CSV topic
	Hostile   Preset = "hostile"    // realistic, all faults ten times as often
	Protected Preset = "protected"  // realistic behind bot filtering: 1.5% invalid
)

// Presets lists all presets.
func Presets() []Preset { return []Preset{Realistic, Dense, CaseStudy, Hostile, Protected} }

// Rates are shares from 0 to 1 unless the comment says otherwise.
type Rates struct {
	CTR, CTRPremium     float64 // clicks per human impression; a fifth of the campaigns is premium
	CVR, CVRRetargeting float64 // conversions per human click; three in ten campaigns retarget
	ViewThrough         float64 // conversions without a click, per impression

	BidsPerImpression float64 // logged bid requests per impression, the won one included; 0 none
	WinRate           float64 // rendered impressions per bid
	Unrendered        float64 // won and never rendered, per won bid

	BotsWeb, BotsApp float64 // invalid impressions
	DoubleClick      float64 // second clicks of an impatient human
	NoUserWeb        float64 // people without an id on the web
	NoUserIOS        float64 // people without an id in iOS apps
	Sentinel         float64 // of those, the share whose id is a placeholder instead of absent

	RepeatOrder, DuplicateOrder float64 // a purchase followed by another one, or by its own copy under another id
	Restate, Retract            float64 // purchases changed or taken back

	NoImpressionID  float64 // clicks that do not name their impression
	NoClickID       float64 // conversions that do not name their click
	NoOwnID         float64 // childless impressions, and clicks, without an id of their own
	NoConversionID  float64
	NoCampaign      float64 // impressions that leave the campaign to the creative
	Unmapped        float64 // childless impressions of a creative nobody knows
	NoDeclaration   float64 // conversions without a campaign
	PriceMacro      float64 // price is an unexpanded macro
	PriceEncoded    float64 // price is encrypted
	Test, TestPrice float64 // is_test, or price AUDIT
	Quantity        float64 // impressions that count 2.5 times (out of home)

	Duplicate, BurstDuplicate float64 // exact copies: always, and for 10 minutes after a producer restart
	Conflict                  float64 // another record with the same id
	Late, TooLate             float64 // delayed beyond 10 minutes, and beyond the correction horizon
	Skewed                    float64 // app events whose clock is off, with sent_at
	WildClock                 float64 // events of year 1970 or of next year
	Ahead                     float64 // childless app impressions up to 3 h in the future
	Offline                   float64 // app events sent hours later
	Malformed                 float64 // extra broken records, per record
}

// Rates are the rates of a preset.
func (p Preset) Rates() Rates {
	r := Rates{
		CTR: 0.0008, CTRPremium: 0.0046, CVR: 0.007, CVRRetargeting: 0.05, ViewThrough: 0.0002,
		BidsPerImpression: 1 / (0.30 * 0.25), WinRate: 0.30, Unrendered: 0.08,
		BotsWeb: 0.11, BotsApp: 0.20, DoubleClick: 0.015, NoUserWeb: 0.12, NoUserIOS: 0.60, Sentinel: 0.3,
		RepeatOrder: 0.12, DuplicateOrder: 0.01, Restate: 0.02, Retract: 0.06,
		NoImpressionID: 0.10, NoClickID: 0.35, NoOwnID: 0.001, NoConversionID: 0.05, NoCampaign: 0.05, Unmapped: 0.0005,
		NoDeclaration: 0.10, PriceMacro: 0.002, PriceEncoded: 0.001, Test: 0.001, TestPrice: 0.0002, Quantity: 0.001,
		Duplicate: 0.003, BurstDuplicate: 0.05, Conflict: 0.0001, Late: 0.002, TooLate: 0.00005,
		Skewed: 0.005, WildClock: 0.0001, Ahead: 0.0002, Offline: 0.02, Malformed: 0.0005,
	}
	switch p {
	case Dense:
		r.CTR, r.CTRPremium, r.CVR, r.CVRRetargeting = 0.02, 0.02, 0.10, 0.10
		r.ViewThrough, r.BidsPerImpression = 0.002, 5
	case CaseStudy:
		r = caseStudy(r)
	case Hostile:
		r = hostile(r)
	case Protected:
		r.BotsWeb, r.BotsApp = 0.015, 0.015
	}
	return r
}

// caseStudy keeps what the legacy fields can say.
func caseStudy(r Rates) Rates {
	r.CTR, r.CTRPremium, r.CVR, r.CVRRetargeting, r.ViewThrough = 0.01, 0.01, 0.05, 0.05, 0.001
	r.BidsPerImpression = 3
	r.DuplicateOrder, r.Restate, r.Retract = 0, 0, 0
	r.NoImpressionID, r.NoClickID, r.NoOwnID, r.NoConversionID = 1, 1, 1, 1
	r.NoCampaign, r.NoDeclaration = 1, 0
	r.PriceMacro, r.PriceEncoded, r.Test, r.TestPrice, r.Quantity = 0, 0, 0, 0, 0
	r.Conflict, r.Skewed = 0, 0
	return r
}

// hostile multiplies every fault by ten, and by no more than keeps it a share.
func hostile(r Rates) Rates {
	for _, p := range []*float64{
		&r.Unmapped, &r.PriceMacro, &r.PriceEncoded, &r.Test, &r.TestPrice, &r.Quantity, &r.NoOwnID,
		&r.DoubleClick, &r.DuplicateOrder, &r.Restate, &r.Duplicate, &r.Conflict,
		&r.Late, &r.TooLate, &r.Skewed, &r.WildClock, &r.Ahead, &r.Offline, &r.Malformed,
	} {
		*p = min(10**p, 0.25)
	}
	r.BurstDuplicate, r.Retract, r.NoConversionID = 0.5, 0.25, 0.5
	r.NoImpressionID, r.NoClickID = 0.5, 0.8
	return r
}

// Framing is how an Avro bid request is wrapped (events 1.6).
type Framing uint8

// The framings. Bare needs the reader to be configured with the schema, which
// is its default. The case study's records carry their own schema (Container).
const (
	Bare Framing = iota
	Registry
	SingleObject
	Container
)

// Pace is how long consequences take.
type Pace uint8

// The paces.
const (
	Natural Pace = iota // delays as in the field: seconds to weeks
	Brisk               // milliseconds to seconds: a demo shows the whole funnel at once
)

// Topics are the topic names.
type Topics struct {
	Impressions, Clicks, Conversions, Bids string
	Combined                               string // clicks and conversions of CaseStudy
}

// Config says what to make. The zero value, with a Seed, is a day of 100,000
// realistic impressions.
type Config struct {
	Seed   uint64
	Preset Preset // default Realistic
	Rates  *Rates // nil: the preset's

	Start       event.Time // first auction; default 2026-03-28 12:00 UTC, so a day holds Europe's change to summer time
	Impressions int64      // how many; 0: Rate x Duration, else 100,000
	Duration    event.Span // over how long; 0: Impressions / Rate, else a day
	Rate        float64    // impressions a second, on average; 0: from the other two
	Endless     bool       // no end, at Rate (default 100); Impressions and Duration must be 0
	Pace        Pace

	Users, Campaigns, Creatives, Sites int // default: a third of the impressions a day; 500; 6 a campaign; 20,000
	Partitions                         int // of each topic, default 4
	Topics                             Topics
	Bids                               bool // emit bid requests
	Framing                            Framing
	SchemaID                           uint32 // for Registry

	Labels bool // collect Truth.Chains and Truth.Bots: memory grows with the run
}

// The bounds that keep tables small and ordinals in 32 bits.
const (
	maxUsers     = 1 << 30
	maxCampaigns = 10_000
	maxCreatives = 100
	maxSites     = 1_000_000
	maxParts     = 10_000
)

// withDefaults fills in what is absent and refuses what cannot be.
func (c Config) withDefaults() (Config, error) {
	var faults []error
	if c.Preset == "" {
		c.Preset = Realistic
	}
	known := false
	for _, p := range Presets() {
		known = known || p == c.Preset
	}
	if !known {
		faults = append(faults, fmt.Errorf("gen: preset %q: one of %v", c.Preset, Presets()))
	}
	if c.Rates == nil {
		r := c.Preset.Rates()
		c.Rates = &r
	}
	if c.Start == 0 {
		c.Start = 1774699200e6 // 2026-03-28T12:00:00Z
	}
	c.Start -= c.Start % 1000
	faults = append(faults, c.Rates.check(), c.size(), c.population())
	orDefault(&c.Topics.Impressions, "ad_impressions")
	orDefault(&c.Topics.Clicks, "clicks")
	orDefault(&c.Topics.Conversions, "conversions")
	orDefault(&c.Topics.Bids, "bid_requests")
	orDefault(&c.Topics.Combined, "clicks_conversions")
	return c, errors.Join(faults...)
}

func orDefault(s *string, name string) {
	if *s == "" {
		*s = name
	}
}

// check refuses what is no share, and faults that together are more than all.
func (r *Rates) check() error {
	if r.BidsPerImpression < 0 || r.BidsPerImpression > 1000 {
		return fmt.Errorf("gen: %g bids per impression: 0 to 1000", r.BidsPerImpression)
	}
	shares := *r
	shares.BidsPerImpression = 0
	v := reflect.ValueOf(shares)
	for i := range v.NumField() {
		if f := v.Field(i).Float(); !(f >= 0 && f <= 1) {
			return fmt.Errorf("gen: %s is %g: a share is 0 to 1", v.Type().Field(i).Name, f)
		}
	}
	if sum := r.Duplicate + r.Conflict + r.Late + r.TooLate + r.Skewed + r.WildClock + r.Ahead; sum > 1 {
		return fmt.Errorf("gen: the faults' shares add up to %g: an event has at most one", sum)
	}
	return nil
}

// size settles impressions, duration and rate.
func (c *Config) size() error {
	if c.Impressions < 0 || c.Duration < 0 || c.Rate < 0 {
		return errors.New("gen: impressions, duration and rate must not be negative")
	}
	if c.Endless {
		if c.Impressions != 0 || c.Duration != 0 {
			return errors.New("gen: an endless run has no number of impressions and no duration")
		}
		if c.Rate == 0 {
			c.Rate = 100
		}
		return nil
	}
	switch {
	case c.Impressions == 0 && c.Rate > 0 && c.Duration > 0:
		c.Impressions = int64(c.Rate * float64(c.Duration) / float64(event.Second))
	case c.Impressions == 0:
		c.Impressions = 100_000
	}
	switch {
	case c.Duration == 0 && c.Rate > 0:
		c.Duration = event.Span(float64(c.Impressions) / c.Rate * float64(event.Second))
	case c.Duration == 0:
		c.Duration = event.Day
	}
	if c.Duration < event.Second || c.Duration > 400*event.Day {
		return fmt.Errorf("gen: a run of %d s: 1 s to 400 days", c.Duration/event.Second)
	}
	c.Rate = float64(c.Impressions) / (float64(c.Duration) / float64(event.Second))
	return nil
}

// population settles how many of everything there are.
func (c *Config) population() error {
	if c.Users == 0 {
		c.Users = int(min(max(c.Rate*86_400/3, 100), 50_000_000))
	}
	var faults []error
	for _, f := range []struct {
		name        string
		value       *int
		preset, top int
	}{
		{"users", &c.Users, 0, maxUsers}, {"campaigns", &c.Campaigns, 500, maxCampaigns},
		{"creatives", &c.Creatives, 6, maxCreatives}, {"sites", &c.Sites, 20_000, maxSites},
		{"partitions", &c.Partitions, 4, maxParts},
	} {
		if *f.value == 0 {
			*f.value = f.preset
		}
		if *f.value < 1 || *f.value > f.top {
			faults = append(faults, fmt.Errorf("gen: %d %s: 1 to %d", *f.value, f.name, f.top))
		}
	}
	return errors.Join(faults...)
}
