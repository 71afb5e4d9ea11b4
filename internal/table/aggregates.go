package table

import (
	"cmp"

	"github.com/advertisex/adjoin/internal/event"
)

// Decimal38 is a DECIMAL(38,0): a big-endian two's complement integer.
type Decimal38 [16]byte

// Decimal38Of converts a 128-bit sum.
func Decimal38Of(v event.Int128) Decimal38 {
	var d Decimal38
	for i := range 8 {
		d[i] = byte(uint64(v.Hi) >> (56 - 8*i))
		d[8+i] = byte(v.Lo >> (56 - 8*i))
	}
	return d
}

// CampaignMinute is a row of agg_campaign_minute: full values for one group
// (X3). Columns of type DECIMAL(18,6) count in 1e-6: impressions by quantity,
// requests and bids by sampling weight.
type CampaignMinute struct {
	BucketStart event.Time `parquet:"bucket_start,timestamp(microsecond)"`
	CampaignID  string     `parquet:"campaign_id,dict"`
	CreativeID  string     `parquet:"creative_id,dict"`
	Exchange    string     `parquet:"exchange,dict"`
	Country     string     `parquet:"country,dict"`
	DeviceType  int32      `parquet:"device_type"`
	Currency    string     `parquet:"currency,dict"`

	Requests         int64     `parquet:"requests,decimal(6:18)"`
	Bids             int64     `parquet:"bids,decimal(6:18)"`
	Wins             int64     `parquet:"wins"`
	ImpressionsGross int64     `parquet:"impressions_gross,decimal(6:18)"`
	ImpressionsGIVT  int64     `parquet:"impressions_givt,decimal(6:18)"`
	ImpressionsSIVT  int64     `parquet:"impressions_sivt,decimal(6:18)"`
	ImpressionsNet   int64     `parquet:"impressions_net,decimal(6:18)"` // gross - givt - sivt (I1)
	Measurable       int64     `parquet:"measurable,decimal(6:18)"`      // net
	Viewable         int64     `parquet:"viewable,decimal(6:18)"`        // net
	ClicksGross      int64     `parquet:"clicks_gross"`
	ClicksGIVT       int64     `parquet:"clicks_givt"`
	ClicksSIVT       int64     `parquet:"clicks_sivt"`
	ClicksNet        int64     `parquet:"clicks_net"`
	ConvCT           int64     `parquet:"conv_ct"` // last_touch, counted and valid, booked at the minute of the touch (G1)
	ConvVT           int64     `parquet:"conv_vt"`
	ValueCTMicros    int64     `parquet:"value_ct_micros"`
	ValueVTMicros    int64     `parquet:"value_vt_micros"`
	ConvCTByTime     int64     `parquet:"conv_ct_bytime"` // the same, booked at the minute of the conversion
	ConvVTByTime     int64     `parquet:"conv_vt_bytime"`
	ValueCTByTime    int64     `parquet:"value_ct_micros_bytime"`
	ValueVTByTime    int64     `parquet:"value_vt_micros_bytime"`
	Assists          int64     `parquet:"assists"`
	SpendNanos       Decimal38 `parquet:"spend_nanos,decimal(0:38)"`
	SpendMicros      int64     `parquet:"spend_micros"`                // SpendNanos / 1000, half to even, once
	SpendRCMicros    *int64    `parquet:"spend_rc_micros,optional"`    // in the reporting currency (R-G6); NULL without a rate
	ValueCTRCMicros  *int64    `parquet:"value_ct_rc_micros,optional"` // ValueCTMicros in the reporting currency
	FXVersion        string    `parquet:"fx_version,dict,optional"`    // of the rates used; NULL for none
	OrphanClicks     int64     `parquet:"orphan_clicks"`
	LateEvents       int64     `parquet:"late_events"`
	IsFinal          bool      `parquet:"is_final"` // X4
	Meta
}

// Totals are the measures of a row of agg_campaign_hour or agg_campaign_day: the
// sums of the minutes it holds (K4), then what only they say: exact reach (G3)
// and the models besides last_touch. DECIMAL(18,6) as in CampaignMinute.
type Totals struct {
	Requests         int64     `parquet:"requests,decimal(6:18)"`
	Bids             int64     `parquet:"bids,decimal(6:18)"`
	Wins             int64     `parquet:"wins"`
	ImpressionsGross int64     `parquet:"impressions_gross,decimal(6:18)"`
	ImpressionsGIVT  int64     `parquet:"impressions_givt,decimal(6:18)"`
	ImpressionsSIVT  int64     `parquet:"impressions_sivt,decimal(6:18)"`
	ImpressionsNet   int64     `parquet:"impressions_net,decimal(6:18)"`
	Measurable       int64     `parquet:"measurable,decimal(6:18)"`
	Viewable         int64     `parquet:"viewable,decimal(6:18)"`
	ClicksGross      int64     `parquet:"clicks_gross"`
	ClicksGIVT       int64     `parquet:"clicks_givt"`
	ClicksSIVT       int64     `parquet:"clicks_sivt"`
	ClicksNet        int64     `parquet:"clicks_net"`
	ConvCT           int64     `parquet:"conv_ct"`
	ConvVT           int64     `parquet:"conv_vt"`
	ValueCTMicros    int64     `parquet:"value_ct_micros"`
	ValueVTMicros    int64     `parquet:"value_vt_micros"`
	ConvCTByTime     int64     `parquet:"conv_ct_bytime"`
	ConvVTByTime     int64     `parquet:"conv_vt_bytime"`
	ValueCTByTime    int64     `parquet:"value_ct_micros_bytime"`
	ValueVTByTime    int64     `parquet:"value_vt_micros_bytime"`
	Assists          int64     `parquet:"assists"`
	SpendNanos       Decimal38 `parquet:"spend_nanos,decimal(0:38)"`
	SpendMicros      int64     `parquet:"spend_micros"`
	SpendRCMicros    *int64    `parquet:"spend_rc_micros,optional"`
	ValueCTRCMicros  *int64    `parquet:"value_ct_rc_micros,optional"`
	FXVersion        string    `parquet:"fx_version,dict,optional"`
	OrphanClicks     int64     `parquet:"orphan_clicks"`
	LateEvents       int64     `parquet:"late_events"`

	Reach       int64 `parquet:"reach"`        // distinct users with a valid impression; the sum of the eight
	Freq1       int64 `parquet:"freq_1"`       // users with exactly one of them
	Freq2       int64 `parquet:"freq_2"`       //
	Freq3       int64 `parquet:"freq_3"`       //
	Freq4       int64 `parquet:"freq_4"`       //
	Freq5       int64 `parquet:"freq_5"`       //
	Freq6To10   int64 `parquet:"freq_6_10"`    //
	Freq11To20  int64 `parquet:"freq_11_20"`   //
	Freq21AndUp int64 `parquet:"freq_21_plus"` //

	ConvCTFirst     int64 `parquet:"conv_ct_first_touch,decimal(6:18)"` // credit of clicks under first_touch, booked at touch time
	ConvVTFirst     int64 `parquet:"conv_vt_first_touch,decimal(6:18)"` // credit of views
	ValueCTFirst    int64 `parquet:"value_ct_micros_first_touch"`
	ValueVTFirst    int64 `parquet:"value_vt_micros_first_touch"`
	ConvCTLinear    int64 `parquet:"conv_ct_linear,decimal(6:18)"`
	ConvVTLinear    int64 `parquet:"conv_vt_linear,decimal(6:18)"`
	ValueCTLinear   int64 `parquet:"value_ct_micros_linear"`
	ValueVTLinear   int64 `parquet:"value_vt_micros_linear"`
	ConvCTDecay     int64 `parquet:"conv_ct_time_decay,decimal(6:18)"`
	ConvVTDecay     int64 `parquet:"conv_vt_time_decay,decimal(6:18)"`
	ValueCTDecay    int64 `parquet:"value_ct_micros_time_decay"`
	ValueVTDecay    int64 `parquet:"value_vt_micros_time_decay"`
	ConvCTPosition  int64 `parquet:"conv_ct_position_based,decimal(6:18)"`
	ConvVTPosition  int64 `parquet:"conv_vt_position_based,decimal(6:18)"`
	ValueCTPosition int64 `parquet:"value_ct_micros_position_based"`
	ValueVTPosition int64 `parquet:"value_vt_micros_position_based"`
}

// CampaignHour is a row of agg_campaign_hour: a campaign in one UTC hour, by
// currency (R-G4).
type CampaignHour struct {
	BucketStart event.Time `parquet:"bucket_start,timestamp(microsecond)"`
	CampaignID  string     `parquet:"campaign_id,dict"`
	Currency    string     `parquet:"currency,dict"`
	Totals
	IsFinal bool `parquet:"is_final"`
	Meta
}

// CampaignDay is a row of agg_campaign_day: a campaign on one day of its own
// time zone, by currency (R-G4, T5).
type CampaignDay struct {
	Day        int32  `parquet:"day,date"` // days since 1970-01-01, local
	CampaignID string `parquet:"campaign_id,dict"`
	Currency   string `parquet:"currency,dict"`
	TimeZone   string `parquet:"tz,dict"` // IANA name, of the version valid at 00:00 UTC of the date
	Totals
	IsFinal bool `parquet:"is_final"`
	Meta
}

// SiteDay is a row of agg_site_day: a campaign on one site or in one app on one
// UTC day, by currency (R-G7). One of SiteDomain and AppBundle is "", or both.
type SiteDay struct {
	Day        int32  `parquet:"day,date"` // UTC
	SiteDomain string `parquet:"site_domain,dict"`
	AppBundle  string `parquet:"app_bundle,dict"`
	CampaignID string `parquet:"campaign_id,dict"`
	Currency   string `parquet:"currency,dict"`

	ImpressionsGross int64     `parquet:"impressions_gross,decimal(6:18)"`
	ImpressionsGIVT  int64     `parquet:"impressions_givt,decimal(6:18)"`
	ImpressionsSIVT  int64     `parquet:"impressions_sivt,decimal(6:18)"`
	ImpressionsNet   int64     `parquet:"impressions_net,decimal(6:18)"`
	Measurable       int64     `parquet:"measurable,decimal(6:18)"`
	Viewable         int64     `parquet:"viewable,decimal(6:18)"`
	ClicksGross      int64     `parquet:"clicks_gross"`
	ClicksGIVT       int64     `parquet:"clicks_givt"`
	ClicksSIVT       int64     `parquet:"clicks_sivt"`
	ClicksNet        int64     `parquet:"clicks_net"`
	ConvCT           int64     `parquet:"conv_ct"` // last_touch, counted and valid, booked at touch time
	ConvVT           int64     `parquet:"conv_vt"`
	SpendNanos       Decimal38 `parquet:"spend_nanos,decimal(0:38)"`
	SpendMicros      int64     `parquet:"spend_micros"`
	SpendRCMicros    *int64    `parquet:"spend_rc_micros,optional"`
	FXVersion        string    `parquet:"fx_version,dict,optional"`
	ImpIVTRate       *float64  `parquet:"imp_ivt_rate,optional"`           // (givt + sivt) / gross; NULL without impressions
	ClickIVTRate     *float64  `parquet:"click_ivt_rate,optional"`         // NULL without clicks
	MedianImpToClick *int64    `parquet:"median_imp_to_click_ms,optional"` // lower median of valid matched clicks; NULL for none
	FastConv         int64     `parquet:"fast_conv"`                       // of conv_ct, those less than 10 s after their click
	FastConvShare    *float64  `parquet:"fast_conv_share,optional"`        // fast_conv / conv_ct; NULL without conv_ct
	IsFinal          bool      `parquet:"is_final"`
	Meta
}

// PipelineMinute is a row of ops_pipeline_minute: what became of the events of
// one topic whose records have a Kafka timestamp in one minute (R-G8).
type PipelineMinute struct {
	BucketStart event.Time `parquet:"bucket_start,timestamp(microsecond)"`
	Topic       string     `parquet:"topic,dict"`

	Consumed  int64     `parquet:"consumed"` // facts + dup_exact + rejected + erased (K2)
	Facts     int64     `parquet:"facts"`
	DupExact  int64     `parquet:"dup_exact"`
	Rejected  int64     `parquet:"rejected"`
	ByReason  StringMap `parquet:"rejected_by_reason"` // counts in decimal digits, of reasons that occur
	Erased    int64     `parquet:"erased"`
	Late      int64     `parquet:"late"`                // T4
	LagMSP50  *int64    `parquet:"lag_ms_p50,optional"` // nearest rank; NULL where no event has a usable time
	LagMSP99  *int64    `parquet:"lag_ms_p99,optional"`
	Matched   int64     `parquet:"matched"`             // facts joined to a parent
	MatchRate *float64  `parquet:"match_rate,optional"` // matched / facts; NULL without facts
	Meta
}

// CompareCampaignMinutes orders rows of agg_campaign_minute by their key.
func CompareCampaignMinutes(a, b CampaignMinute) int {
	return cmp.Or(
		cmp.Compare(a.BucketStart, b.BucketStart),
		cmp.Compare(a.CampaignID, b.CampaignID),
		cmp.Compare(a.CreativeID, b.CreativeID),
		cmp.Compare(a.Exchange, b.Exchange),
		cmp.Compare(a.Country, b.Country),
		cmp.Compare(a.DeviceType, b.DeviceType),
		cmp.Compare(a.Currency, b.Currency),
	)
}

// CompareCampaignHours orders rows of agg_campaign_hour by their key.
func CompareCampaignHours(a, b CampaignHour) int {
	return cmp.Or(
		cmp.Compare(a.BucketStart, b.BucketStart),
		cmp.Compare(a.CampaignID, b.CampaignID),
		cmp.Compare(a.Currency, b.Currency),
	)
}

// CompareCampaignDays orders rows of agg_campaign_day by their key.
func CompareCampaignDays(a, b CampaignDay) int {
	return cmp.Or(
		cmp.Compare(a.Day, b.Day), cmp.Compare(a.CampaignID, b.CampaignID), cmp.Compare(a.Currency, b.Currency),
	)
}

// CompareSiteDays orders rows of agg_site_day by their key.
func CompareSiteDays(a, b SiteDay) int {
	return cmp.Or(
		cmp.Compare(a.Day, b.Day),
		cmp.Compare(a.SiteDomain, b.SiteDomain),
		cmp.Compare(a.AppBundle, b.AppBundle),
		cmp.Compare(a.CampaignID, b.CampaignID),
		cmp.Compare(a.Currency, b.Currency),
	)
}

// ComparePipelineMinutes orders rows of ops_pipeline_minute by their key.
func ComparePipelineMinutes(a, b PipelineMinute) int {
	return cmp.Or(cmp.Compare(a.BucketStart, b.BucketStart), cmp.Compare(a.Topic, b.Topic))
}
