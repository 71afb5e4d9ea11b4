package oracle

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	// A campaign's zone must not depend on the machine.
	_ "time/tzdata"

	"github.com/advertisex/adjoin/internal/event"
)

// campaign is one version of a campaign; a nil window is the default of the
// settings.
type campaign struct {
	from       event.Time
	advertiser string
	zone       *time.Location
	zoneName   string
	currency   string // "" not stated
	pricing    string // cpm, cpc, cpa
	rate       int64
	scope      string // "" not stated
	pathSet    string // "" not stated
	viewable   bool
	modes      map[string]string
	cap        int

	bidJoin, clickJoin, clickThrough, viewThrough, refractory *event.Span
}

type creative struct{ campaign, line, format string }

// references is the reference data of a run.
type references struct {
	campaigns map[string][]*campaign // ascending from
	creatives map[string]creative
	unknown   *campaign
}

// at is the version of the campaign valid at the instant; one without a row is
// all defaults.
func (r *references) at(id string, t event.Time) *campaign {
	found := r.unknown
	for _, c := range r.campaigns[id] {
		if c.from <= t {
			found = c
		}
	}
	return found
}

// looseText is a string or a number by its text.
type looseText string

func (l *looseText) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if b[0] != '"' {
		*l = looseText(b)
		return nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	*l = looseText(s)
	return err
}

type campaignJSON struct {
	ID         looseText         `json:"campaign_id"`
	From       string            `json:"valid_from"`
	Advertiser looseText         `json:"advertiser_id"`
	Zone       string            `json:"tz"`
	Currency   string            `json:"currency"`
	Pricing    string            `json:"pricing"`
	Rate       looseText         `json:"rate_micros"`
	Scope      string            `json:"scope"`
	Viewable   bool              `json:"vt_requires_viewable"`
	PathSet    string            `json:"path_set"`
	Modes      map[string]string `json:"count_modes"`
	Windows    map[string]string `json:"windows"`
	Cap        int               `json:"max_clicks_per_impression"`
}

type creativeJSON struct {
	ID       looseText `json:"creative_id"`
	Campaign looseText `json:"campaign_id"`
	Line     looseText `json:"line_item_id"`
	Format   string    `json:"ad_format"`
}

func parseReferences(campaigns, creatives []byte) (*references, error) {
	r := &references{
		campaigns: map[string][]*campaign{}, creatives: map[string]creative{},
		unknown: &campaign{zone: time.UTC, zoneName: "UTC", pricing: "cpm"},
	}
	var cs []campaignJSON
	if len(campaigns) > 0 {
		if err := json.Unmarshal(campaigns, &cs); err != nil {
			return nil, fmt.Errorf("campaigns: %w", err)
		}
	}
	for i, row := range cs {
		c, err := row.campaign()
		if err != nil {
			return nil, fmt.Errorf("campaigns: row %d: %w", i+1, err)
		}
		r.campaigns[string(row.ID)] = append(r.campaigns[string(row.ID)], c)
	}
	for _, versions := range r.campaigns {
		slices.SortStableFunc(versions, func(a, b *campaign) int { return cmp.Compare(a.from, b.from) })
	}
	var crs []creativeJSON
	if len(creatives) > 0 {
		if err := json.Unmarshal(creatives, &crs); err != nil {
			return nil, fmt.Errorf("creatives: %w", err)
		}
	}
	for _, c := range crs {
		r.creatives[string(c.ID)] = creative{string(c.Campaign), string(c.Line), c.Format}
	}
	return r, nil
}

func (row campaignJSON) campaign() (*campaign, error) {
	c := &campaign{
		from: event.MinTime, advertiser: string(row.Advertiser), zone: time.UTC, zoneName: "UTC",
		currency: strings.ToUpper(row.Currency), pricing: orElse(row.Pricing, "cpm"),
		scope: row.Scope, pathSet: row.PathSet, viewable: row.Viewable, cap: row.Cap,
		modes: map[string]string{},
	}
	if row.From != "" {
		at, ok := parseTime(row.From, time.UTC)
		if !ok {
			day, err := time.Parse(time.DateOnly, row.From)
			if err != nil {
				return nil, fmt.Errorf("valid_from %q: not a time", row.From)
			}
			at = event.TimeOf(day)
		}
		c.from = at
	}
	if row.Zone != "" {
		zone, err := time.LoadLocation(row.Zone)
		if err != nil {
			return nil, err
		}
		c.zone, c.zoneName = zone, row.Zone
	}
	if row.Rate != "" {
		rate, err := strconv.ParseInt(string(row.Rate), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("rate_micros: %w", err)
		}
		c.rate = rate
	}
	for kind, mode := range row.Modes {
		c.modes[canonicalKind(kind)] = strings.ToUpper(mode)
	}
	return c, c.windows(row.Windows)
}

// canonicalKind resolves the aliases of a conversion type (N17).
func canonicalKind(kind string) string {
	switch kind = strings.ToLower(kind); kind {
	case "signup", "sign-up":
		return "sign_up"
	case "visit":
		return "page_view"
	}
	return kind
}

func (c *campaign) windows(stated map[string]string) error {
	targets := map[string]**event.Span{
		"bid_join": &c.bidJoin, "click_join": &c.clickJoin, "click_through": &c.clickThrough,
		"view_through": &c.viewThrough, "click_refractory": &c.refractory,
	}
	for name, text := range stated {
		target, known := targets[name]
		if !known {
			return fmt.Errorf("windows: unknown window %q", name)
		}
		span, err := parseSpan(text)
		if err != nil {
			return fmt.Errorf("windows.%s: %w", name, err)
		}
		*target = &span
	}
	return nil
}

// parseSpan reads "30d", "24h", "10m", "30s", "250ms" or "0".
func parseSpan(text string) (event.Span, error) {
	if text == "0" {
		return 0, nil
	}
	digits := strings.TrimRight(text, "dhms")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, ok := map[string]event.Span{
		"d": event.Day, "h": event.Hour, "m": event.Minute, "s": event.Second, "ms": event.Millisecond,
	}[text[len(digits):]]
	if err != nil || !ok {
		return 0, fmt.Errorf("%q is not a duration", text)
	}
	return event.Span(n) * unit, nil
}

func orSpan(s *event.Span, other event.Span) event.Span {
	if s == nil {
		return other
	}
	return *s
}
