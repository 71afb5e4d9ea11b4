package oracle

import (
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// Topics names the input topics by what they hold. A topic that is in no list
// is not read.
type Topics struct {
	Bids              []string
	Impressions       []string
	Clicks            []string
	Conversions       []string
	ClicksConversions []string // legacy CSV of clicks and conversions together (N16)
}

// Horizons is one span for each type of event.
type Horizons struct {
	Bids, Impressions, Clicks, Conversions event.Span
}

// Windows are the join windows of semantics W. A campaign's row replaces them
// one by one; both ends are inclusive (T4).
type Windows struct {
	BidJoinWeb      event.Span
	BidJoinApp      event.Span
	ClickJoin       event.Span
	ClickThrough    event.Span // 0: clicks earn no credit
	ViewThrough     event.Span // 0: views earn no credit
	ClickRefractory event.Span // D5
}

// JoinLateness is how late, against its own event time, a child may arrive and
// still take the join (T6).
type JoinLateness struct {
	BidImpression   event.Span
	ImpressionClick event.Span
	ViewConversion  event.Span
	ClickConversion event.Span
}

// Settings is everything beside the records that the tables depend on. The
// names are those of the configuration and of semantics W.
type Settings struct {
	Topics   Topics
	Backfill []string // topics whose records are never TOO_LATE (T2)

	Zone     *time.Location // of timestamps without an offset
	Currency string         // of money without one (N5)
	IDMode   string         // "fingerprint" or "offset" (N13)

	ReportingCurrency string // of the *_rc_micros columns (R-G6)

	CSVDelimiter       rune
	ClicksColumns      []string // column lists of records without a header
	ConversionsColumns []string
	CombinedColumns    []string

	AvroSchema  string            // JSON of the writer schema of bare data; "" is the one of events 1.6
	AvroSchemas []string          // JSON of further writer schemas, found by fingerprint
	Registry    map[uint32]string // JSON of writer schemas by registry id

	RecordMaxBytes int // a larger record is TOO_LARGE
	NestingMax     int // a JSON object nested deeper is TOO_LARGE
	FieldsMax      int // an object or list with more members is TOO_LARGE

	Windows                Windows
	WatermarkDelay         event.Span // later than this against ingest is late (T4)
	Horizons               Horizons   // beyond is TOO_LATE (T2)
	ConflictHorizons       Horizons   // D3
	JoinLateness           JoinLateness
	HalfLife               event.Span // of time_decay (A5)
	Scope                  string     // "advertiser", "campaign" or "account" (A1)
	PathSet                string     // "clicks_else_views" or "clicks_and_views" (A3)
	MaxClicksPerImpression int        // D6, 0: off
	MaxTouchesPerPath      int
	UserKeySecret          []byte // key of the HMAC that stands for a user (P2)
}

// DefaultSettings are the defaults of semantics W and of the configuration.
func DefaultSettings() Settings {
	return Settings{
		Topics: Topics{
			Bids: []string{"bid_requests"}, Impressions: []string{"ad_impressions"},
			Clicks: []string{"clicks"}, Conversions: []string{"conversions"},
			ClicksConversions: []string{"clicks_conversions"},
		},
		Zone: time.UTC, Currency: "USD", IDMode: "fingerprint", ReportingCurrency: "USD",
		CSVDelimiter:       ',',
		ClicksColumns:      []string{"event_timestamp", "user_id", "campaign_id"},
		ConversionsColumns: []string{"event_timestamp", "user_id", "campaign_id", "conversion_type"},
		CombinedColumns:    []string{"event_timestamp", "user_id", "campaign_id", "conversion_type"},
		RecordMaxBytes:     4 << 20,
		NestingMax:         64,
		FieldsMax:          4096,
		Windows: Windows{
			BidJoinWeb: 10 * event.Minute, BidJoinApp: 60 * event.Minute,
			ClickJoin: 24 * event.Hour, ClickThrough: 30 * event.Day, ViewThrough: 24 * event.Hour,
			ClickRefractory: 30 * event.Second,
		},
		WatermarkDelay: 10 * event.Minute,
		Horizons: Horizons{
			Bids: 2 * event.Hour, Impressions: 48 * event.Hour, Clicks: 48 * event.Hour, Conversions: 35 * event.Day,
		},
		ConflictHorizons: Horizons{
			Bids: event.Hour, Impressions: 24 * event.Hour, Clicks: 24 * event.Hour, Conversions: 90 * event.Day,
		},
		JoinLateness: JoinLateness{
			BidImpression: 2 * event.Hour, ImpressionClick: 48 * event.Hour,
			ViewConversion: 48 * event.Hour, ClickConversion: 35 * event.Day,
		},
		HalfLife: 7 * event.Day, Scope: "advertiser", PathSet: "clicks_else_views",
		MaxTouchesPerPath: 200,
	}
}
