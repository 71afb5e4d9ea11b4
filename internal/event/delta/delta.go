package delta

import "github.com/advertisex/adjoin/internal/event"

// The kinds of texts: the first byte of an entry. The parts follow, each a
// uvarint length and the bytes; a device type is 4 bytes, little-endian.
const (
	Creative = 'C' // campaign, creative
	Exchange = 'X' // exchange
	Device   = 'D' // country, currency, device type
	Campaign = 'K' // campaign
	Currency = 'U' // currency
	Place    = 'S' // site_domain, app_bundle
	Topic    = 'T' // topic
)

// Amounts are the measures of a group that are not zero: Values has one for each
// bit of Mask, from the lowest on, by event.Measure. Spend is in nanos.
type Amounts struct {
	Mask   uint64
	Values [event.MeasureEnd]int64
	Spend  event.Int128
}

// Set adds a measure; measures are set in ascending order, zeros left out.
func (a *Amounts) Set(m event.Measure, v int64) {
	if v != 0 {
		a.Values[bitsBelow(a.Mask)] = v
		a.Mask |= 1 << m
	}
}

// Minute is what is added to a group of agg_campaign_minute, and to its hour and
// day.
type Minute struct {
	At                         int32 // minutes since 1970-01-01
	Creative, Exchange, Device uint32
	Amounts
}

// Audience is how the frequency histogram of a campaign and currency changes in
// one UTC hour or on one local day.
type Audience struct {
	Day                bool  // else an hour
	At                 int32 // days or hours since 1970-01-01
	Campaign, Currency uint32
	Bins               [event.FrequencyBins]int64
}

// Site is what is added to a group of agg_site_day.
type Site struct {
	At                        int32 // days since 1970-01-01
	Place, Campaign, Currency uint32
	Amounts
	ToClick []Count // of imp_to_click_ms
}

// Count is how often a number of milliseconds is added, less than zero when it
// is taken away.
type Count struct{ MS, Times int64 }

// Pipeline is what is added to a row of ops_pipeline_minute.
type Pipeline struct {
	At                               int32 // minutes since 1970-01-01
	Topic                            uint32
	Facts, Duplicates, Late, Matched int64
	Rejected                         []ReasonCount
	Lags                             []Count // ascending
}

// ReasonCount is how many more events have a reason.
type ReasonCount struct {
	Reason event.Reason
	Times  int64
}
