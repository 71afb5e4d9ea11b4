package reference

import (
	"time"

	// Zones come with the binary, so a container without zoneinfo files cuts
	// the same local days.
	_ "time/tzdata"

	"github.com/advertisex/adjoin/internal/event"
)

// Pricing is what an advertiser pays for.
type Pricing uint8

// The pricings (semantics, campaign metrics: spend by pricing).
const (
	CPM Pricing = iota // price on the impression, the default
	CPC                // rate for each valid click
	CPA                // rate for each counted conversion
)

// String is the wire name.
func (p Pricing) String() string { return pricingNames[p] }

var pricingNames = [...]string{"cpm", "cpc", "cpa"}

// Scope is how far a conversion looks for touches (A1).
type Scope uint8

// The scopes. ScopeUnset is a campaign that says nothing: then the conversion
// decides (advertiser when it has one, else campaign, else account).
const (
	ScopeUnset Scope = iota
	ScopeCampaign
	ScopeAdvertiser
	ScopeAccount
)

// String is the wire name, "" when unset.
func (s Scope) String() string { return scopeNames[s] }

var scopeNames = [...]string{"", "campaign", "advertiser", "account"}

// Model is an attribution model (A5). The engine computes all five; a campaign
// names the one its reports use.
type Model uint8

// The models, in the order of A5.
const (
	LastTouch Model = iota // default
	FirstTouch
	Linear
	TimeDecay
	PositionBased
)

// String is the wire name.
func (m Model) String() string { return modelNames[m] }

var modelNames = [...]string{"last_touch", "first_touch", "linear", "time_decay", "position_based"}

// PathSet is which eligible touches make the path (A3).
type PathSet uint8

// The path sets. PathSetUnset is a campaign that says nothing; it reads as
// ClicksElseViews where no other campaign is asked.
const (
	PathSetUnset    PathSet = iota
	ClicksElseViews         // views only where no click is eligible, the default
	ClicksAndViews
)

// String is the wire name, "" when unset.
func (p PathSet) String() string { return pathSetNames[p] }

var pathSetNames = [...]string{"", "clicks_else_views", "clicks_and_views"}

// CountMode is how often one touch may count the same conversion type (C1).
type CountMode uint8

// The count modes.
const (
	Every CountMode = iota
	One
)

// String is the wire name.
func (m CountMode) String() string { return countModeNames[m] }

var countModeNames = [...]string{"EVERY", "ONE"}

// Windows are the spans of semantics W that a campaign may set. All are filled
// in: what the row left out is the default.
type Windows struct {
	BidJoinWeb      event.Span // bid -> impression on a site, default 10 min
	BidJoinApp      event.Span // bid -> impression in an app, default 60 min
	ClickJoin       event.Span // impression -> click, default 24 h
	ClickThrough    event.Span // click -> conversion, default 30 d, 0 disables clicks
	ViewThrough     event.Span // impression -> conversion, default 24 h, 0 disables views
	ClickRefractory event.Span // repeat clicks (D5), default 30 s, 0 disables
}

// MaxWindow bounds every window; state is held as long as the longest (ST1).
const MaxWindow = 90 * event.Day

// DefaultWindows are the spans of semantics W.
func DefaultWindows() Windows {
	return Windows{
		BidJoinWeb:      10 * event.Minute,
		BidJoinApp:      60 * event.Minute,
		ClickJoin:       24 * event.Hour,
		ClickThrough:    30 * event.Day,
		ViewThrough:     24 * event.Hour,
		ClickRefractory: 30 * event.Second,
	}
}

// Campaign is one version of a campaign: a row of dim_campaign. Money is in
// 1e-6 of a unit of Currency.
type Campaign struct {
	ID                     string
	ValidFrom              event.Time // MinTime when the row names none
	AdvertiserID           string     // "" unknown
	Name                   string
	TimeZone               string         // IANA name, default "UTC"
	Location               *time.Location // TimeZone, loaded; never nil
	Currency               string         // ISO 4217, "" when the row names none
	Pricing                Pricing
	RateMicros             int64      // per click (cpc) or counted conversion (cpa)
	FlightStart, FlightEnd event.Time // MinTime and MaxTime when absent
	BudgetMicros           int64      // 0: none
	DailyBudgetMicros      int64      // 0: none
	Scope                  Scope
	Model                  Model
	PathSet                PathSet
	VTRequiresViewable     bool
	CountModes             map[string]CountMode // by conversion type; only what the row sets
	Windows                Windows
	MaxClicksPerImpression int32 // D6, 0: off
}

// DefaultCampaign is what holds for a campaign that no row describes.
func DefaultCampaign() Campaign {
	return Campaign{
		ValidFrom:   event.MinTime,
		TimeZone:    "UTC",
		Location:    time.UTC,
		FlightStart: event.MinTime,
		FlightEnd:   event.MaxTime,
		Windows:     DefaultWindows(),
	}
}

// CountMode is how conversions of the type count (C1): what the campaign says
// (CountModes tells whether it does), else ONE for sign_up, lead, install and page_view, else EVERY.
func (c *Campaign) CountMode(conversionType string) CountMode {
	if m, ok := c.CountModes[conversionType]; ok {
		return m
	}
	switch conversionType {
	case "sign_up", "lead", "install", "page_view":
		return One
	}
	return Every
}

// LocalDay is the number of the campaign's local day that holds t, in days
// since 1970-01-01 (T5). A day has 23, 24 or 25 hours.
func (c *Campaign) LocalDay(t event.Time) int32 {
	year, month, day := t.UTC().In(c.Location).Date()
	return int32(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86_400)
}

// Creative is one creative: a row of dim_creative.
type Creative struct {
	ID            string
	CampaignID    string
	LineItemID    string
	AdFormat      string // "" unknown
	Width, Height int32  // pixels, 0 unknown
}
