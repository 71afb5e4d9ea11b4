package event

import "math/bits"

// CampaignKey is one group of agg_campaign_minute: half-open minute bucket,
// then the dimensions (spec tables). Text is "" when unknown, except Campaign,
// which is "unknown" for a touch without one and "" only for bid requests that
// no campaign of ours answered.
type CampaignKey struct {
	Bucket   Time // start of the minute
	Campaign string
	Creative string
	Exchange string
	Country  string
	Currency string
	Device   int32 // AdCOM device type, 0 unknown
}

// Measure is an index into Measures.
type Measure uint8

// The additive measures of agg_campaign_minute. Counts of impressions,
// requests and bids are in 1e-6 (quantity, sampling weight); the rest are
// plain counts or micros. Spend is kept apart: it needs 128 bits.
const (
	Requests Measure = iota
	BidCount
	WinCount
	ImpressionsGross
	ImpressionsGIVT
	ImpressionsSIVT
	MeasurableCount
	ViewableCount
	ClicksGross
	ClicksGIVT
	ClicksSIVT
	ConvCT
	ConvVT
	ValueCT
	ValueVT
	ConvCTByTime
	ConvVTByTime
	ValueCTByTime
	ValueVTByTime
	Assists
	OrphanClicks
	LateEvents

	// Credit under the models besides last_touch, in 1e-6 of a conversion, and
	// its value: four for each model, in the order of ConvCTFirst. Hours and days
	// have them, minutes do not (R-G5).
	ConvCTFirst
	ConvVTFirst
	ValueCTFirst
	ValueVTFirst
	ConvCTLinear
	ConvVTLinear
	ValueCTLinear
	ValueVTLinear
	ConvCTDecay
	ConvVTDecay
	ValueCTDecay
	ValueVTDecay
	ConvCTPosition
	ConvVTPosition
	ValueCTPosition
	ValueVTPosition
	MeasureCount

	// FastConv is of sites alone (R-G7).
	FastConv = MeasureCount
	// ImpToClick is an entry of a site's multiset of imp_to_click_ms: its value
	// is the milliseconds.
	ImpToClick = MeasureCount + 1
	// MatchedCount is of ops_pipeline_minute alone (R-G8).
	MatchedCount = MeasureCount + 2
	// MeasureEnd is beyond them all.
	MeasureEnd = MeasureCount + 3
)

// MinuteMeasures is how many of them agg_campaign_minute has: the first.
const MinuteMeasures = ConvCTFirst

// FrequencyBins is how many bins freq_hist has: 1, 2, 3, 4, 5, 6-10, 11-20 and
// 21 or more impressions (R-G3).
const FrequencyBins = 8

// FrequencyBin is the bin of a user with n impressions, n > 0.
func FrequencyBin(n uint32) int {
	switch {
	case n <= 5:
		return int(n) - 1
	case n <= 10:
		return 5
	case n <= 20:
		return 6
	}
	return 7
}

// Measures is one value for each measure.
type Measures [MeasureCount]int64

// Int128 is a signed 128-bit integer: Hi*2^64 + Lo.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Int128Of widens v.
func Int128Of(v int64) Int128 { return Int128{Hi: v >> 63, Lo: uint64(v)} }

// Mul64 is the exact product of two 64-bit integers.
func Mul64(a, b int64) Int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// Two's complement: the unsigned product counts 2^64 too often for each
	// negative factor.
	if a < 0 {
		hi -= uint64(b)
	}
	if b < 0 {
		hi -= uint64(a)
	}
	return Int128{Hi: int64(hi), Lo: lo}
}

// Add is a + b.
func (a Int128) Add(b Int128) Int128 {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	hi, _ := bits.Add64(uint64(a.Hi), uint64(b.Hi), carry)
	return Int128{Hi: int64(hi), Lo: lo}
}

// Neg is -a.
func (a Int128) Neg() Int128 {
	lo, borrow := bits.Sub64(0, a.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(a.Hi), borrow)
	return Int128{Hi: int64(hi), Lo: lo}
}

// IsZero reports whether a is 0.
func (a Int128) IsZero() bool { return a == Int128{} }
