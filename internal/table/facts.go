package table

import "github.com/advertisex/adjoin/internal/event"

// Pair is one entry of a MAP column.
type Pair struct {
	Key   string `parquet:"key"`
	Value string `parquet:"value"`
}

// StringMap is a MAP<VARCHAR, VARCHAR> column, entries sorted by key.
type StringMap struct {
	KeyValue []Pair `parquet:"key_value"`
}

// Bid is a row of fact_bids: one offer of ours, or one imp we did not bid on
// (BidID ""). It says only what the bid log said (J7).
type Bid struct {
	Route     int64  `parquet:"route"`
	Exchange  string `parquet:"exchange,dict"`
	AuctionID string `parquet:"auction_id"`
	ImpID     string `parquet:"imp_id,dict"`
	BidID     string `parquet:"bid_id"`

	EventTime      event.Time `parquet:"event_time,timestamp(microsecond)"`
	UserKey        string     `parquet:"user_key,optional"`
	SiteDomain     string     `parquet:"site_domain,dict,optional"`
	AppBundle      string     `parquet:"app_bundle,dict,optional"`
	PlacementID    string     `parquet:"placement_id,dict,optional"`
	AdFormat       string     `parquet:"ad_format,dict,optional"`
	Width          int32      `parquet:"w,optional"`
	Height         int32      `parquet:"h,optional"`
	Country        string     `parquet:"country,dict,optional"`
	DeviceType     int32      `parquet:"device_type,optional"`
	FloorMicros    int64      `parquet:"bidfloor_cpm_micros"`
	CampaignID     string     `parquet:"campaign_id,dict,optional"`
	LineItemID     string     `parquet:"line_item_id,dict,optional"`
	CreativeID     string     `parquet:"creative_id,dict,optional"`
	AdvertiserID   string     `parquet:"advertiser_id,dict,optional"`
	BidMicros      *int64     `parquet:"bid_cpm_micros,optional"` // NULL without an offer
	Currency       string     `parquet:"currency,dict,optional"`
	DealID         string     `parquet:"deal_id,dict,optional"`
	LossCode       *int32     `parquet:"loss_code,optional"`
	MinToWinMicros *int64     `parquet:"min_to_win_cpm_micros,optional"`
	NoBidReason    *int32     `parquet:"no_bid_reason,optional"`
	Targeting      StringMap  `parquet:"targeting"`
	SampleWeight   float64    `parquet:"sample_weight"` // 1000 / sample_permille
	Valid          bool       `parquet:"valid"`         // false for test traffic
	IVTCodes       string     `parquet:"ivt_codes,dict,optional"`
	Late           bool       `parquet:"late"`
	Meta
}

// Win is a row of fact_wins: an impression and the bid that won it (J1, J7).
type Win struct {
	Route        int64  `parquet:"route"`
	ImpressionID string `parquet:"impression_id"`

	Exchange       string     `parquet:"exchange,dict,optional"`
	AuctionID      string     `parquet:"auction_id,optional"`
	ImpID          string     `parquet:"imp_id,dict,optional"`
	BidID          string     `parquet:"bid_id,optional"`
	MatchMethod    string     `parquet:"match_method,dict"` // what narrowed to one bid: AUCTION, BID_ID, CREATIVE, CAMPAIGN, PRICE
	BidTime        event.Time `parquet:"bid_time,timestamp(microsecond)"`
	ImpressionTime event.Time `parquet:"impression_time,timestamp(microsecond)"`
	BidToImpMS     int64      `parquet:"bid_to_imp_ms"` // floor of the difference; negative inside J5
	BidMicros      int64      `parquet:"bid_cpm_micros"`
	ClearingMicros *int64     `parquet:"clearing_cpm_micros,optional"` // the impression's price
	Currency       string     `parquet:"currency,dict,optional"`       // the impression's
	CampaignID     string     `parquet:"campaign_id,dict,optional"`    // the bid's: it is the parent (J4)
	CreativeID     string     `parquet:"creative_id,dict,optional"`    // the bid's
	Billable       bool       `parquet:"billable"`
	Meta                      // position and ingest time of the impression
}

// Impression is a row of fact_impressions.
type Impression struct {
	Route        int64  `parquet:"route"`
	ImpressionID string `parquet:"impression_id"`

	EventTime    event.Time `parquet:"event_time,timestamp(microsecond)"`
	UserKey      string     `parquet:"user_key,optional"`
	UserIDType   string     `parquet:"user_id_type,dict,optional"` // "user" where user_key is set
	CreativeID   string     `parquet:"creative_id,dict,optional"`
	CampaignID   string     `parquet:"campaign_id,dict,optional"` // declared, else the creative's, else "unknown"
	LineItemID   string     `parquet:"line_item_id,dict,optional"`
	AdvertiserID string     `parquet:"advertiser_id,dict,optional"`
	SiteDomain   string     `parquet:"site_domain,dict,optional"`
	PagePath     string     `parquet:"page_path,optional"`
	AppBundle    string     `parquet:"app_bundle,dict,optional"`
	PlacementID  string     `parquet:"placement_id,dict,optional"`
	Exchange     string     `parquet:"exchange,dict,optional"`
	AuctionID    string     `parquet:"auction_id,optional"`
	ImpID        string     `parquet:"imp_id,dict,optional"`
	BidID        string     `parquet:"bid_id,optional"`
	PriceMicros  *int64     `parquet:"price_cpm_micros,optional"`
	PriceType    string     `parquet:"price_type,dict,optional"`
	Currency     string     `parquet:"currency,dict,optional"`
	QuantityE6   int64      `parquet:"quantity_e6"`
	AdFormat     string     `parquet:"ad_format,dict,optional"`
	Width        int32      `parquet:"w,optional"`
	Height       int32      `parquet:"h,optional"`
	Measurable   *bool      `parquet:"measurable,optional"`
	Viewable     *bool      `parquet:"viewable,optional"` // declared, else derived from in_view_ms (MRC)
	InViewMS     *int64     `parquet:"in_view_ms,optional"`
	DeviceType   int32      `parquet:"device_type,optional"`
	OS           string     `parquet:"os,dict,optional"`
	Browser      string     `parquet:"browser,dict,optional"`
	Country      string     `parquet:"country,dict,optional"`
	Region       string     `parquet:"region,dict,optional"`
	Valid        bool       `parquet:"valid"`
	IVTClass     string     `parquet:"ivt_class,dict,optional"` // GIVT or SIVT, of the first code
	IVTCodes     string     `parquet:"ivt_codes,dict,optional"` // comma separated, table order (I3)
	Late         bool       `parquet:"late"`                    // T4
	Meta
}

// Click is a row of fact_clicks: the click, and its impression's columns where
// it has one.
type Click struct {
	Route   int64  `parquet:"route"`
	ClickID string `parquet:"click_id"`

	EventTime          event.Time `parquet:"event_time,timestamp(microsecond)"`
	UserKey            string     `parquet:"user_key,optional"`
	CampaignID         string     `parquet:"campaign_id,dict,optional"`          // the parent's (J4), else declared, else the creative's, else "unknown"
	DeclaredCampaignID string     `parquet:"declared_campaign_id,dict,optional"` // as on the wire
	CreativeID         string     `parquet:"creative_id,dict,optional"`          // the parent's, else own
	ImpressionID       string     `parquet:"impression_id,optional"`             // the matched one's, else as on the wire
	MatchStatus        string     `parquet:"match_status,dict"`                  // MATCHED or ORPHAN
	MatchMethod        string     `parquet:"match_method,dict"`                  // ID, AUCTION, USER_CREATIVE, USER_CAMPAIGN, GRAPH, NONE (J2)
	OrphanReason       string     `parquet:"orphan_reason,dict,optional"`        // J6
	ImpToClickMS       *int64     `parquet:"imp_to_click_ms,optional"`           // floor of the difference; negative inside J5
	Valid              bool       `parquet:"valid"`
	IVTClass           string     `parquet:"ivt_class,dict,optional"`
	IVTCodes           string     `parquet:"ivt_codes,dict,optional"`
	CostNanos          int64      `parquet:"cost_nanos"` // pricing cpc: the campaign's rate, for valid clicks; else 0
	Currency           string     `parquet:"currency,dict,optional"`
	LineItemID         string     `parquet:"line_item_id,dict,optional"`
	AdvertiserID       string     `parquet:"advertiser_id,dict,optional"`
	SiteDomain         string     `parquet:"site_domain,dict,optional"` // from here on the parent's, else the click's own
	AppBundle          string     `parquet:"app_bundle,dict,optional"`
	PlacementID        string     `parquet:"placement_id,dict,optional"`
	Exchange           string     `parquet:"exchange,dict,optional"`
	AdFormat           string     `parquet:"ad_format,dict,optional"`
	DeviceType         int32      `parquet:"device_type,optional"`
	OS                 string     `parquet:"os,dict,optional"`
	Country            string     `parquet:"country,dict,optional"`
	LandingHost        string     `parquet:"landing_host,dict,optional"`
	Late               bool       `parquet:"late"`
	Meta
}

// Conversion is a row of fact_conversions. Where five models could disagree
// (touch kind, campaign) it says what last_touch says.
type Conversion struct {
	Route        int64  `parquet:"route"`
	ConversionID string `parquet:"conversion_id"`

	EventTime           event.Time `parquet:"event_time,timestamp(microsecond)"`
	UserKey             string     `parquet:"user_key,optional"`
	ConversionType      string     `parquet:"conversion_type,dict"`
	OrderID             string     `parquet:"order_id,optional"`
	ValueMicros         int64      `parquet:"value_micros"`          // after adjustments (C2)
	OriginalValueMicros int64      `parquet:"original_value_micros"` // as first stated
	Quantity            int32      `parquet:"quantity"`
	Currency            string     `parquet:"currency,dict,optional"`
	DeclaredCampaignID  string     `parquet:"declared_campaign_id,dict,optional"`
	AdvertiserID        string     `parquet:"advertiser_id,dict,optional"` // declared, else the declared campaign's
	ClickID             string     `parquet:"click_id,optional"`           // as on the wire
	ImpressionID        string     `parquet:"impression_id,optional"`      // as on the wire
	AdjustmentState     string     `parquet:"adjustment_state,dict"`       // NONE, RESTATED, RETRACTED
	Counted             bool       `parquet:"counted"`
	CountReason         string     `parquet:"count_reason,dict,optional"` // why not counted: DUP_ORDER, COUNT_ONE, RETRACTED, or an IVT code
	TouchKind           string     `parquet:"touch_kind,dict"`            // CLICK, VIEW, NONE
	LastTouchCampaignID string     `parquet:"last_touch_campaign_id,dict,optional"`
	PathLen             int32      `parquet:"path_len"` // touches that took part in the models
	PathTruncated       bool       `parquet:"path_truncated"`
	ClickToConvS        *int64     `parquet:"click_to_conv_s,optional"` // floor seconds, when the last touch is a click
	Valid               bool       `parquet:"valid"`
	IVTCodes            string     `parquet:"ivt_codes,dict,optional"`
	Late                bool       `parquet:"late"`
	Meta
}

// Attribution is a row of fact_attributions: one touch's credit for one
// conversion under one model, or the row that says there is none
// (TouchID "", credit 0; A8).
type Attribution struct {
	Route        int64  `parquet:"route"`
	ConversionID string `parquet:"conversion_id"`
	Model        string `parquet:"model,dict"` // last_touch, first_touch, linear, time_decay, position_based
	TouchID      string `parquet:"touch_id"`   // click or impression id of the touch

	AttributionVersion  int64      `parquet:"attribution_version"`                        // of the whole credit set (X2); 0 in a replay
	TouchKind           string     `parquet:"touch_kind,dict"`                            // CLICK, VIEW, NONE
	TouchTime           event.Time `parquet:"touch_time,timestamp(microsecond),optional"` // NULL when unattributed
	Position            int32      `parquet:"position"`                                   // from 1 in the path's order
	PathLen             int32      `parquet:"path_len"`
	CampaignID          string     `parquet:"campaign_id,dict,optional"`
	CreativeID          string     `parquet:"creative_id,dict,optional"`
	LineItemID          string     `parquet:"line_item_id,dict,optional"`
	SiteDomain          string     `parquet:"site_domain,dict,optional"`
	Exchange            string     `parquet:"exchange,dict,optional"`
	CreditPPM           int32      `parquet:"credit_ppm"`
	CreditedValueMicros int64      `parquet:"credited_value_micros"`
	Currency            string     `parquet:"currency,dict,optional"` // the conversion's
	ConversionTime      event.Time `parquet:"conversion_time,timestamp(microsecond)"`
	ConversionType      string     `parquet:"conversion_type,dict"`
	IsLast              bool       `parquet:"is_last"`
	IsFirst             bool       `parquet:"is_first"`
	IsAssist            bool       `parquet:"is_assist"`                 // A9: not the last touch's campaign
	MatchMethod         string     `parquet:"match_method,dict"`         // CLICK_ID, IMPRESSION_ID, USER, NONE
	Counted             bool       `parquet:"counted"`                   // the conversion's
	Reason              string     `parquet:"reason,dict,optional"`      // of an unattributed conversion: NO_KEYS, NO_TOUCH
	WindowRule          string     `parquet:"window_rule,dict,optional"` // "click_through=30d" or "view_through=24h"
	Meta                           // position and ingest time of the conversion
}

// Rejected is a row of rejected_events.
type Rejected struct {
	Topic     string `parquet:"topic,dict"`
	Partition int32  `parquet:"partition"`
	Offset    int64  `parquet:"offset"`
	Line      int32  `parquet:"line"`

	Reason        string     `parquet:"reason,dict"`
	Detail        string     `parquet:"detail,optional"`
	Field         string     `parquet:"field,dict,optional"`
	Raw           []byte     `parquet:"raw_bytes_truncated,optional"`
	SchemaVersion string     `parquet:"schema_version,dict,optional"`
	EventTime     event.Time `parquet:"event_time,timestamp(microsecond),optional"` // NULL when unreadable
	CampaignID    string     `parquet:"campaign_id,dict,optional"`
	Meta
}
