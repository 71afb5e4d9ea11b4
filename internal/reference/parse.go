package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// Parse reads campaigns.json and creatives.json: JSON arrays of objects with
// the fields of dim_campaign and dim_creative. Nil or empty input is no rows.
// It reports every faulty row at once, each with its file, number from 1 and
// what to change.
func Parse(campaigns, creatives []byte) (*Set, error) {
	return ParseWith(DefaultCampaign(), campaigns, creatives)
}

// ParseWith is Parse where a deployment has defaults of its own: they hold for
// every field a row leaves out, and for campaigns that no row describes.
func ParseWith(defaults Campaign, campaigns, creatives []byte) (*Set, error) {
	cs, err1 := parseCampaigns(defaults, campaigns)
	crs, err2 := ParseCreatives(creatives)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	set, err := NewSet(cs, crs)
	if err == nil {
		set.fallback = defaults
	}
	return set, err
}

// ParseCampaigns reads the rows of campaigns.json with defaults filled in.
func ParseCampaigns(data []byte) ([]Campaign, error) {
	return parseCampaigns(DefaultCampaign(), data)
}

func parseCampaigns(defaults Campaign, data []byte) ([]Campaign, error) {
	return parseRows(data, "campaigns", func(w campaignRow) (Campaign, error) { return w.campaign(defaults) })
}

// ParseCreatives reads the rows of creatives.json.
func ParseCreatives(data []byte) ([]Creative, error) {
	return parseRows(data, "creatives", creativeRow.creative)
}

// parseRows decodes each element by itself, so that one bad row does not hide
// the faults of the next.
func parseRows[W, R any](data []byte, file string, convert func(W) (R, error)) ([]R, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("%s: not a JSON array of objects: %w", file, err)
	}
	rows := make([]R, 0, len(raw))
	var faults []error
	for i, r := range raw {
		var wire W
		err := decodeStrict(r, &wire)
		if err == nil {
			var row R
			row, err = convert(wire)
			rows = append(rows, row)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: row %d: %w", file, i+1, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return rows, nil
}

func decodeStrict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("text after the object")
	}
	return nil
}

// identifier is an id on the wire: text, or an integer kept digit by digit
// (events 1.1).
type identifier string

// UnmarshalJSON accepts a string or an integer.
func (id *identifier) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		if len(s) > 128 {
			return fmt.Errorf("id of %d bytes: at most 128", len(s))
		}
		*id = identifier(s)
		return nil
	}
	text := string(b)
	if text == "null" {
		return nil
	}
	if strings.Trim(strings.TrimPrefix(text, "-"), "0123456789") != "" {
		return fmt.Errorf("id %s: write a string or an integer", text)
	}
	*id = identifier(text)
	return nil
}

type campaignRow struct {
	CampaignID        identifier        `json:"campaign_id"`
	ValidFrom         string            `json:"valid_from,omitempty"`
	AdvertiserID      identifier        `json:"advertiser_id,omitempty"`
	Name              string            `json:"name,omitempty"`
	TZ                string            `json:"tz,omitempty"`
	Currency          string            `json:"currency,omitempty"`
	Pricing           string            `json:"pricing,omitempty"`
	RateMicros        json.Number       `json:"rate_micros,omitempty"`
	FlightStart       string            `json:"flight_start,omitempty"`
	FlightEnd         string            `json:"flight_end,omitempty"`
	BudgetMicros      json.Number       `json:"budget_micros,omitempty"`
	DailyBudgetMicros json.Number       `json:"daily_budget_micros,omitempty"`
	Scope             string            `json:"scope,omitempty"`
	Model             string            `json:"model,omitempty"`
	VTViewable        bool              `json:"vt_requires_viewable,omitempty"`
	PathSet           string            `json:"path_set,omitempty"`
	CountModes        map[string]string `json:"count_modes,omitempty"`
	Windows           *windowsRow       `json:"windows,omitempty"`
	MaxClicks         *int32            `json:"max_clicks_per_impression,omitempty"`
}

type windowsRow struct {
	BidJoin         string `json:"bid_join,omitempty"`
	ClickJoin       string `json:"click_join,omitempty"`
	ClickThrough    string `json:"click_through,omitempty"`
	ViewThrough     string `json:"view_through,omitempty"`
	ClickRefractory string `json:"click_refractory,omitempty"`
}

type creativeRow struct {
	CreativeID identifier `json:"creative_id"`
	CampaignID identifier `json:"campaign_id"`
	LineItemID identifier `json:"line_item_id,omitempty"`
	AdFormat   string     `json:"ad_format,omitempty"`
	W          int32      `json:"w,omitempty"`
	H          int32      `json:"h,omitempty"`
}

func (w creativeRow) creative() (Creative, error) {
	if w.CreativeID == "" {
		return Creative{}, errors.New("creative_id is missing: name the creative")
	}
	if w.W < 0 || w.W > 16384 || w.H < 0 || w.H > 16384 {
		return Creative{}, fmt.Errorf("creative %q: size %dx%d: 0 to 16384 pixels", w.CreativeID, w.W, w.H)
	}
	switch w.AdFormat {
	case "", "banner", "video", "audio", "native", "unknown":
	default:
		return Creative{}, fmt.Errorf("creative %q: ad_format %q: one of banner, video, audio, native", w.CreativeID, w.AdFormat)
	}
	return Creative{
		ID: string(w.CreativeID), CampaignID: string(w.CampaignID), LineItemID: string(w.LineItemID),
		AdFormat: w.AdFormat, Width: w.W, Height: w.H,
	}, nil
}

func (w campaignRow) campaign(c Campaign) (Campaign, error) {
	if w.CampaignID == "" {
		return Campaign{}, errors.New("campaign_id is missing: name the campaign")
	}
	c.ID, c.AdvertiserID, c.Name = string(w.CampaignID), string(w.AdvertiserID), w.Name
	c.VTRequiresViewable = w.VTViewable
	err := errors.Join(w.identity(&c), w.money(&c), w.rules(&c))
	if err != nil {
		return c, fmt.Errorf("campaign %q: %w", c.ID, err)
	}
	return c, nil
}

// identity fills in zone, currency and times.
func (w campaignRow) identity(c *Campaign) error {
	var faults []error
	if w.TZ != "" {
		loc, err := time.LoadLocation(w.TZ)
		if err != nil || w.TZ == "Local" {
			faults = append(faults, fmt.Errorf("tz %q: not an IANA zone, such as Europe/Berlin", w.TZ))
		} else {
			c.TimeZone, c.Location = w.TZ, loc
		}
	}
	if w.Currency != "" {
		c.Currency = strings.ToUpper(w.Currency)
		if len(c.Currency) != 3 || strings.Trim(c.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			faults = append(faults, fmt.Errorf("currency %q: three letters of ISO 4217", w.Currency))
		}
	}
	faults = append(faults,
		instant("valid_from", w.ValidFrom, &c.ValidFrom),
		instant("flight_start", w.FlightStart, &c.FlightStart),
		instant("flight_end", w.FlightEnd, &c.FlightEnd))
	return errors.Join(faults...)
}

// money fills in pricing, rate and budgets.
func (w campaignRow) money(c *Campaign) error {
	return errors.Join(
		oneOf("pricing", w.Pricing, pricingNames[:], &c.Pricing),
		micros("rate_micros", w.RateMicros, &c.RateMicros),
		micros("budget_micros", w.BudgetMicros, &c.BudgetMicros),
		micros("daily_budget_micros", w.DailyBudgetMicros, &c.DailyBudgetMicros))
}

// rules fills in scope, model, path set, count modes, windows and caps.
func (w campaignRow) rules(c *Campaign) error {
	faults := []error{
		oneOf("scope", w.Scope, scopeNames[:], &c.Scope),
		oneOf("model", w.Model, modelNames[:], &c.Model),
		oneOf("path_set", w.PathSet, pathSetNames[:], &c.PathSet),
	}
	switch {
	case w.MaxClicks == nil:
	case *w.MaxClicks < 0:
		faults = append(faults, fmt.Errorf("max_clicks_per_impression %d: 0 (off) or more", *w.MaxClicks))
	default:
		c.MaxClicksPerImpression = *w.MaxClicks
	}
	for name, mode := range w.CountModes {
		var m CountMode
		if err := oneOf("count_modes", strings.ToUpper(mode), countModeNames[:], &m); err != nil {
			faults = append(faults, err)
			continue
		}
		if c.CountModes == nil {
			c.CountModes = make(map[string]CountMode, len(w.CountModes))
		}
		c.CountModes[conversionType(name)] = m
	}
	if w.Windows != nil {
		faults = append(faults, w.Windows.fill(&c.Windows))
	}
	return errors.Join(faults...)
}

func (w *windowsRow) fill(into *Windows) error {
	err := errors.Join(
		span("bid_join", w.BidJoin, &into.BidJoinWeb),
		span("click_join", w.ClickJoin, &into.ClickJoin),
		span("click_through", w.ClickThrough, &into.ClickThrough),
		span("view_through", w.ViewThrough, &into.ViewThrough),
		span("click_refractory", w.ClickRefractory, &into.ClickRefractory))
	if w.BidJoin != "" {
		into.BidJoinApp = into.BidJoinWeb
	}
	return err
}

// conversionType is the canonical token of a conversion type (events 1.5).
func conversionType(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case "signup", "sign-up":
		return "sign_up"
	case "visit":
		return "page_view"
	}
	return name
}

func oneOf[T ~uint8](field, text string, names []string, into *T) error {
	if text == "" {
		return nil
	}
	if i := slices.Index(names, text); i >= 0 {
		*into = T(i)
		return nil
	}
	return fmt.Errorf("%s %q: one of %s", field, text, strings.Join(slices.DeleteFunc(slices.Clone(names), isEmpty), ", "))
}

func isEmpty(s string) bool { return s == "" }

func micros(field string, n json.Number, into *int64) error {
	if n == "" {
		return nil
	}
	v, err := n.Int64()
	if err != nil || v < 0 {
		return fmt.Errorf("%s %s: a whole number of micros, 0 or more", field, n)
	}
	*into = v
	return nil
}

func instant(field, text string, into *event.Time) error {
	if text == "" {
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			*into = event.TimeOf(t)
			return nil
		}
	}
	return fmt.Errorf("%s %q: write it like 2026-03-29T00:00:00Z", field, text)
}
