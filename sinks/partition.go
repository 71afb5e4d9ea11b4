package sinks

import (
	"fmt"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// Partitioning of the lake. Facts lie by UTC date and hour of the event that
// the row is about; what is small and spreads over a long horizon
// (attributions: 35 days of corrections) and the aggregates lie by date alone,
// so that a cut of a few seconds does not become hundreds of tiny files.
// Rejects lie by the date they came in: their own time may be unreadable.
//
// The partition is a function of columns inside the file, which therefore holds
// no partition columns: BigQuery and Hive refuse a column that is in both.

// spanHour and spanDay are the two grains.
const (
	spanHour = event.Hour
	spanDay  = event.Day
)

// grain says how the rows of a table are partitioned.
type grain[T any] struct {
	span event.Span          // spanHour or spanDay
	time func(*T) event.Time // the instant that decides
}

func bidGrain() grain[table.Bid] {
	return grain[table.Bid]{spanHour, func(r *table.Bid) event.Time { return r.EventTime }}
}

func winGrain() grain[table.Win] {
	return grain[table.Win]{spanHour, func(r *table.Win) event.Time { return r.ImpressionTime }}
}

func impressionGrain() grain[table.Impression] {
	return grain[table.Impression]{spanHour, func(r *table.Impression) event.Time { return r.EventTime }}
}

func clickGrain() grain[table.Click] {
	return grain[table.Click]{spanHour, func(r *table.Click) event.Time { return r.EventTime }}
}

func conversionGrain() grain[table.Conversion] {
	return grain[table.Conversion]{spanHour, func(r *table.Conversion) event.Time { return r.EventTime }}
}

func attributionGrain() grain[table.Attribution] {
	return grain[table.Attribution]{spanDay, func(r *table.Attribution) event.Time { return r.ConversionTime }}
}

func minuteGrain() grain[table.CampaignMinute] {
	return grain[table.CampaignMinute]{spanDay, func(r *table.CampaignMinute) event.Time { return r.BucketStart }}
}

func dayGrain() grain[table.CampaignDay] {
	return grain[table.CampaignDay]{spanDay, func(r *table.CampaignDay) event.Time {
		return event.Time(r.Day) * event.Time(event.Day)
	}}
}

func rejectedGrain() grain[table.Rejected] {
	return grain[table.Rejected]{spanDay, func(r *table.Rejected) event.Time { return r.IngestTime }}
}

// folder is the key up to the file name, with a slash at the end. Years beyond
// 9999 cannot be: times are clamped to the input's clock (T1, T2).
func folder(n table.Name, start event.Time, span event.Span) string {
	t := start.UTC()
	if span == spanHour {
		return fmt.Sprintf("%s/event_date=%s/event_hour=%02d/", n, t.Format("2006-01-02"), t.Hour())
	}
	return fmt.Sprintf("%s/event_date=%s/", n, t.Format("2006-01-02"))
}
