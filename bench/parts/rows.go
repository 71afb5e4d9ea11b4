package parts

import (
	"slices"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// nowhere is where a user shard's own rows go when only its state counts.
type nowhere struct{}

var _ correlate.Sink = nowhere{}

// Bid implements correlate.Sink.
func (nowhere) Bid(*table.Bid) {}

// Impression implements correlate.Sink.
func (nowhere) Impression(*table.Impression) {}

// kept is a Sink that keeps what it is given, as the writes that gave it: what
// encode writes again.
type kept struct {
	writes []func(sinks.Sink) error
}

var _ sinks.Sink = (*kept)(nil)

// keep copies the rows; the text in them stays where it is, as Sink allows.
func keep[T any](k *kept, rows []T, write func(sinks.Sink, []T) error) error {
	if len(rows) > 0 {
		rows = slices.Clone(rows)
		k.writes = append(k.writes, func(to sinks.Sink) error { return write(to, rows) })
	}
	return nil
}

func (k *kept) WriteBids(r []table.Bid) error { return keep(k, r, sinks.Sink.WriteBids) }
func (k *kept) WriteWins(r []table.Win) error { return keep(k, r, sinks.Sink.WriteWins) }
func (k *kept) WriteImpressions(r []table.Impression) error {
	return keep(k, r, sinks.Sink.WriteImpressions)
}
func (k *kept) WriteClicks(r []table.Click) error { return keep(k, r, sinks.Sink.WriteClicks) }
func (k *kept) WriteConversions(r []table.Conversion) error {
	return keep(k, r, sinks.Sink.WriteConversions)
}
func (k *kept) WriteAttributions(r []table.Attribution) error {
	return keep(k, r, sinks.Sink.WriteAttributions)
}
func (k *kept) WriteCampaignMinutes(r []table.CampaignMinute) error {
	return keep(k, r, sinks.Sink.WriteCampaignMinutes)
}
func (k *kept) WriteCampaignHours(r []table.CampaignHour) error {
	return keep(k, r, sinks.Sink.WriteCampaignHours)
}
func (k *kept) WriteCampaignDays(r []table.CampaignDay) error {
	return keep(k, r, sinks.Sink.WriteCampaignDays)
}
func (k *kept) WriteSiteDays(r []table.SiteDay) error {
	return keep(k, r, sinks.Sink.WriteSiteDays)
}
func (k *kept) WritePipelineMinutes(r []table.PipelineMinute) error {
	return keep(k, r, sinks.Sink.WritePipelineMinutes)
}
func (k *kept) WriteRejected(r []table.Rejected) error { return keep(k, r, sinks.Sink.WriteRejected) }
