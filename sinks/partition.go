package sinks

import (
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

// Partitions is which folders lie under a table.
type Partitions uint8

// The layouts of a table's folder. A table that has no hours (attributions,
// aggregates, rejects) has none under ByHour either.
const (
	ByHour        Partitions = iota // TABLE/dt=YYYY-MM-DD/hour=HH/
	ByDay                           // TABLE/dt=YYYY-MM-DD/
	Unpartitioned                   // TABLE/
)

// spanHour, spanDay and spanAll are the grains.
const (
	spanHour = event.Hour
	spanDay  = event.Day
	spanAll  = event.Span(0)
)

// grain says how the rows of a table are partitioned.
type grain[T any] struct {
	span event.Span          // spanHour, spanDay or spanAll
	time func(*T) event.Time // the instant that decides
}

// within makes a grain as coarse as a layout asks.
func (g grain[T]) within(p Partitions) grain[T] {
	switch {
	case p == Unpartitioned:
		g.span = spanAll
	case p == ByDay && g.span == spanHour:
		g.span = spanDay
	}
	return g
}

// at is the instant that decides about a row. What claims to be from before
// 1970 lies with the first day: dates of files count up from there.
func (g grain[T]) at(row *T) event.Time { return max(g.time(row), 0) }

// partition is the [start, end) that an instant lies in.
func (g grain[T]) partition(at event.Time) (start, end event.Time) {
	if g.span == spanAll {
		return 0, event.MaxTime
	}
	start = at.Floor(g.span)
	return start, start.Add(g.span)
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

func campaignHourGrain() grain[table.CampaignHour] {
	return grain[table.CampaignHour]{spanDay, func(r *table.CampaignHour) event.Time { return r.BucketStart }}
}

func siteDayGrain() grain[table.SiteDay] {
	return grain[table.SiteDay]{spanDay, func(r *table.SiteDay) event.Time {
		return event.Time(r.Day) * event.Time(event.Day)
	}}
}

func pipelineGrain() grain[table.PipelineMinute] {
	return grain[table.PipelineMinute]{spanDay, func(r *table.PipelineMinute) event.Time { return r.BucketStart }}
}

func rejectedGrain() grain[table.Rejected] {
	return grain[table.Rejected]{spanDay, func(r *table.Rejected) event.Time { return r.IngestTime }}
}
