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
	MeasureCount
)

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

// MinuteDelta is what one cut of one shard adds to one group.
type MinuteDelta struct {
	Key        CampaignKey
	Add        Measures
	SpendNanos Int128
}

// ReachDelta is how the set of users of one shard that a campaign reached on
// one local day changed in a cut. The sets are Roaring bitmaps (portable
// format) over the shard's user ordinals: a user lives in one shard, so the
// campaign's reach is the sum of the shards' cardinalities (G3).
type ReachDelta struct {
	Campaign string
	Day      int32 // days since 1970-01-01 in the campaign's time zone (T5)
	Shard    Shard
	Added    []byte // nil for none
	Removed  []byte // nil for none
}

// Deltas is all that one cut of one shard tells the campaign shards. Minutes
// and Reach are sorted by key, so the same cut gives the same bytes.
type Deltas struct {
	Minutes []MinuteDelta
	Reach   []ReachDelta
}
