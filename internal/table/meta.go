package table

import "github.com/advertisex/adjoin/internal/event"

// The values of the op column (X1).
const (
	Upsert = "U"
	Delete = "D"
)

// Meta ends every row: which version of its key it is and what it comes from.
type Meta struct {
	RowVersion   int64      `parquet:"row_version"`                                 // grows per key (X1); 0 in final tables of a replay
	Op           string     `parquet:"op,dict"`                                     // U or D
	EmittedAt    event.Time `parquet:"emitted_at,timestamp(microsecond),optional"`  // processing time of the cut; NULL in a replay
	IngestTime   event.Time `parquet:"ingest_time,timestamp(microsecond),optional"` // Kafka time of the record the row states
	SrcPartition int32      `parquet:"src_partition"`
	SrcOffset    int64      `parquet:"src_offset"`
	Flags        string     `parquet:"flags,dict,optional"` // names of event.Flags, comma separated
}

// Name is the name of an output table.
type Name string

// The tables, in the order they are documented and loaded.
const (
	Bids            Name = "fact_bids"
	Wins            Name = "fact_wins"
	Impressions     Name = "fact_impressions"
	Clicks          Name = "fact_clicks"
	Conversions     Name = "fact_conversions"
	Attributions    Name = "fact_attributions"
	CampaignMinutes Name = "agg_campaign_minute"
	CampaignHours   Name = "agg_campaign_hour"
	CampaignDays    Name = "agg_campaign_day"
	SiteDays        Name = "agg_site_day"
	PipelineMinutes Name = "ops_pipeline_minute"
	RejectedEvents  Name = "rejected_events"
)

// Names lists every table in order.
func Names() []Name {
	return []Name{
		Bids, Wins, Impressions, Clicks, Conversions, Attributions,
		CampaignMinutes, CampaignHours, CampaignDays, SiteDays, PipelineMinutes, RejectedEvents,
	}
}
