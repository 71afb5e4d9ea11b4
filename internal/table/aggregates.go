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
	SpendMicros      int64     `parquet:"spend_micros"` // SpendNanos / 1000, half to even, once
	OrphanClicks     int64     `parquet:"orphan_clicks"`
	LateEvents       int64     `parquet:"late_events"`
	IsFinal          bool      `parquet:"is_final"` // X4
	Meta
}

// CampaignDay is a row of agg_campaign_day: exact reach of a campaign on one
// day of its own time zone (G3, T5).
type CampaignDay struct {
	Day        int32  `parquet:"day,date"` // days since 1970-01-01, local
	CampaignID string `parquet:"campaign_id,dict"`

	TimeZone string `parquet:"tz,dict"` // IANA name
	Reach    int64  `parquet:"reach"`   // distinct users with a valid impression
	IsFinal  bool   `parquet:"is_final"`
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

// CompareCampaignDays orders rows of agg_campaign_day by their key.
func CompareCampaignDays(a, b CampaignDay) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.CampaignID, b.CampaignID))
}
