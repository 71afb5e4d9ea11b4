package finaltable

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// Files is the sink of a program that computes the rows of every table in the
// order of their keys: they go straight to Parquet, each table in a goroutine of
// its own. The files are those that a Set would write.
//
//	files := finaltable.NewFiles(dir)
//	files.WriteBids(rows) // ascending keys, each key once
//	rows, err := files.Close()
//
// Written slices belong to the Files from then on.
type Files struct {
	bids         *fileWriter[table.Bid]
	wins         *fileWriter[table.Win]
	impressions  *fileWriter[table.Impression]
	clicks       *fileWriter[table.Click]
	conversions  *fileWriter[table.Conversion]
	attributions *fileWriter[table.Attribution]
	minutes      *fileWriter[table.CampaignMinute]
	hours        *fileWriter[table.CampaignHour]
	days         *fileWriter[table.CampaignDay]
	sites        *fileWriter[table.SiteDay]
	pipeline     *fileWriter[table.PipelineMinute]
	rejected     *fileWriter[table.Rejected]
}

var _ sinks.Sink = (*Files)(nil)

// NewFiles begins every table. Close must be called.
func NewFiles(dir string) *Files {
	return &Files{
		bids:         startFile[table.Bid](dir),
		wins:         startFile[table.Win](dir),
		impressions:  startFile[table.Impression](dir),
		clicks:       startFile[table.Click](dir),
		conversions:  startFile[table.Conversion](dir),
		attributions: startFile[table.Attribution](dir),
		minutes:      startFile[table.CampaignMinute](dir),
		hours:        startFile[table.CampaignHour](dir),
		days:         startFile[table.CampaignDay](dir),
		sites:        startFile[table.SiteDay](dir),
		pipeline:     startFile[table.PipelineMinute](dir),
		rejected:     startFile[table.Rejected](dir),
	}
}

// WriteBids takes the next rows of fact_bids (sinks.Sink). It fails when they
// are out of order or an earlier write failed.
func (f *Files) WriteBids(rows []table.Bid) error { return f.bids.add(rows) }

// WriteWins takes the next rows of fact_wins.
func (f *Files) WriteWins(rows []table.Win) error { return f.wins.add(rows) }

// WriteImpressions takes the next rows of fact_impressions.
func (f *Files) WriteImpressions(rows []table.Impression) error { return f.impressions.add(rows) }

// WriteClicks takes the next rows of fact_clicks.
func (f *Files) WriteClicks(rows []table.Click) error { return f.clicks.add(rows) }

// WriteConversions takes the next rows of fact_conversions.
func (f *Files) WriteConversions(rows []table.Conversion) error { return f.conversions.add(rows) }

// WriteAttributions takes the next rows of fact_attributions.
func (f *Files) WriteAttributions(rows []table.Attribution) error { return f.attributions.add(rows) }

// WriteCampaignMinutes takes the next rows of agg_campaign_minute.
func (f *Files) WriteCampaignMinutes(rows []table.CampaignMinute) error { return f.minutes.add(rows) }

// WriteCampaignHours takes the next rows of agg_campaign_hour.
func (f *Files) WriteCampaignHours(rows []table.CampaignHour) error { return f.hours.add(rows) }

// WriteCampaignDays takes the next rows of agg_campaign_day.
func (f *Files) WriteCampaignDays(rows []table.CampaignDay) error { return f.days.add(rows) }

// WriteSiteDays takes the next rows of agg_site_day.
func (f *Files) WriteSiteDays(rows []table.SiteDay) error { return f.sites.add(rows) }

// WritePipelineMinutes takes the next rows of ops_pipeline_minute.
func (f *Files) WritePipelineMinutes(rows []table.PipelineMinute) error { return f.pipeline.add(rows) }

// WriteRejected takes the next rows of rejected_events.
func (f *Files) WriteRejected(rows []table.Rejected) error { return f.rejected.add(rows) }

// Close completes every file and returns the rows of each table. After an error
// of a write it completes only the other tables' files.
func (f *Files) Close() (map[table.Name]int64, error) {
	rows := map[table.Name]int64{}
	var faults []error
	for _, t := range []interface {
		finish() (table.Name, int64, error)
	}{f.bids, f.wins, f.impressions, f.clicks, f.conversions, f.attributions, f.minutes, f.hours, f.days, f.sites, f.pipeline, f.rejected} {
		name, n, err := t.finish()
		if err != nil {
			faults = append(faults, fmt.Errorf("finaltable: writing %s: %w", name, err))
		}
		rows[name] = n
	}
	return rows, errors.Join(faults...)
}

// fileWriter hands the rows of one table to the goroutine that encodes them.
// finish ends it.
type fileWriter[T any] struct {
	codec *codec[T]
	queue chan []T
	ended bool

	before, key []byte // keys of the last two rows
	some        bool

	over chan struct{} // closed when the goroutine has ended
	rows int64         // set before that
	err  error         // set before that
}

func startFile[T any](dir string) *fileWriter[T] {
	w := &fileWriter[T]{codec: newCodec[T](), queue: make(chan []T, 8), over: make(chan struct{})}
	go func() {
		defer close(w.over)
		w.rows, w.err = writeFile(filepath.Join(dir, string(w.codec.name)), inBatches(w.queue))
	}()
	return w
}

// add checks the order of the rows and queues them.
func (w *fileWriter[T]) add(rows []T) error {
	for i := range rows {
		w.before, w.key = w.key, w.codec.appendKey(w.before[:0], &rows[i])
		if w.some && bytes.Compare(w.before, w.key) >= 0 {
			return fmt.Errorf("finaltable: rows of %s are not in the order of their keys, or a key comes twice", w.codec.name)
		}
		w.some = true
	}
	if len(rows) == 0 {
		return nil
	}
	select {
	case w.queue <- rows:
		return nil
	case <-w.over:
		return fmt.Errorf("finaltable: writing %s: %w", w.codec.name, w.err)
	}
}

func (w *fileWriter[T]) finish() (table.Name, int64, error) {
	if !w.ended {
		w.ended = true
		close(w.queue)
	}
	<-w.over
	return w.codec.name, w.rows, w.err
}

// inBatches cuts queued rows into the batches that every writer of final tables
// keeps to.
func inBatches[T any](queue <-chan []T) func() ([]T, error) {
	var rest []T
	batch := make([]T, 0, batchRows)
	return func() ([]T, error) {
		clear(batch)
		batch = batch[:0]
		for len(batch) < batchRows {
			if len(rest) == 0 {
				var open bool
				if rest, open = <-queue; !open {
					return batch, nil
				}
			}
			n := min(batchRows-len(batch), len(rest))
			batch = append(batch, rest[:n]...)
			rest = slices.Clip(rest[n:])
		}
		return batch, nil
	}
}
