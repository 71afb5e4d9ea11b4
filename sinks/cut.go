package sinks

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/advertisex/adjoin/internal/table"
)

// Cut collects the rows of one cut of one node and turns them into files. Its
// life: rows are written by any number of goroutines; Close seals it, completes
// the files and uploads them; Release (or Abort) gives memory and spool back.
// Two cuts may be open at once.
//
// The id is part of every file name. It must be unique for ever, so it carries
// node, epoch and sequence; a cut that is tried again under the same id with
// other rows is refused by the store (ErrNameTaken).
type Cut struct {
	owner *CutWriter
	id    string

	bids         tableCut[table.Bid]
	wins         tableCut[table.Win]
	impressions  tableCut[table.Impression]
	clicks       tableCut[table.Click]
	conversions  tableCut[table.Conversion]
	attributions tableCut[table.Attribution]
	minutes      tableCut[table.CampaignMinute]
	hours        tableCut[table.CampaignHour]
	days         tableCut[table.CampaignDay]
	sites        tableCut[table.SiteDay]
	pipeline     tableCut[table.PipelineMinute]
	rejected     tableCut[table.Rejected]

	mu     sync.Mutex // taken last, never while calling out
	sealed bool
	broken error // a file that could not be encoded
	files  []*finished
}

// finished is a complete file that waits for its upload.
type finished struct {
	File
	out      *spool
	uploaded bool
}

var _ Sink = (*Cut)(nil)

// NewCut opens a cut. The id is one segment of an object key (CheckKey) of at
// most 128 bytes.
func (w *CutWriter) NewCut(id string) (*Cut, error) {
	if err := checkCutID(id); err != nil {
		return nil, err
	}
	c := &Cut{owner: w, id: id}
	c.bids.cut, c.bids.kind = c, &w.bids
	c.wins.cut, c.wins.kind = c, &w.wins
	c.impressions.cut, c.impressions.kind = c, &w.impressions
	c.clicks.cut, c.clicks.kind = c, &w.clicks
	c.conversions.cut, c.conversions.kind = c, &w.conversions
	c.attributions.cut, c.attributions.kind = c, &w.attributions
	c.minutes.cut, c.minutes.kind = c, &w.minutes
	c.hours.cut, c.hours.kind = c, &w.hours
	c.days.cut, c.days.kind = c, &w.days
	c.sites.cut, c.sites.kind = c, &w.sites
	c.pipeline.cut, c.pipeline.kind = c, &w.pipeline
	c.rejected.cut, c.rejected.kind = c, &w.rejected
	return c, nil
}

// ID is the cut's id.
func (c *Cut) ID() string { return c.id }

// WriteBids takes rows of fact_bids (Sink). It returns ErrSealed after Close
// began, and otherwise only errors that spoil the whole cut.
func (c *Cut) WriteBids(rows []table.Bid) error { return c.bids.write(rows) }

// WriteWins takes rows of fact_wins.
func (c *Cut) WriteWins(rows []table.Win) error { return c.wins.write(rows) }

// WriteImpressions takes rows of fact_impressions.
func (c *Cut) WriteImpressions(rows []table.Impression) error { return c.impressions.write(rows) }

// WriteClicks takes rows of fact_clicks.
func (c *Cut) WriteClicks(rows []table.Click) error { return c.clicks.write(rows) }

// WriteConversions takes rows of fact_conversions.
func (c *Cut) WriteConversions(rows []table.Conversion) error { return c.conversions.write(rows) }

// WriteAttributions takes rows of fact_attributions.
func (c *Cut) WriteAttributions(rows []table.Attribution) error { return c.attributions.write(rows) }

// WriteCampaignMinutes takes rows of agg_campaign_minute.
func (c *Cut) WriteCampaignMinutes(rows []table.CampaignMinute) error { return c.minutes.write(rows) }

// WriteCampaignHours takes rows of agg_campaign_hour.
func (c *Cut) WriteCampaignHours(rows []table.CampaignHour) error { return c.hours.write(rows) }

// WriteCampaignDays takes rows of agg_campaign_day.
func (c *Cut) WriteCampaignDays(rows []table.CampaignDay) error { return c.days.write(rows) }

// WriteSiteDays takes rows of agg_site_day.
func (c *Cut) WriteSiteDays(rows []table.SiteDay) error { return c.sites.write(rows) }

// WritePipelineMinutes takes rows of ops_pipeline_minute.
func (c *Cut) WritePipelineMinutes(rows []table.PipelineMinute) error { return c.pipeline.write(rows) }

// WriteRejected takes rows of rejected_events.
func (c *Cut) WriteRejected(rows []table.Rejected) error { return c.rejected.write(rows) }

// Close seals the cut, completes its files and uploads them, several at a time,
// each verified. It returns them ordered by table and key; a cut without rows
// has none. Every goroutine it starts has ended when it returns.
//
// After an error (see ClassOf) Close may be called again: complete files stay
// complete, uploaded ones are not uploaded twice, names do not change (F14).
func (c *Cut) Close(ctx context.Context) ([]File, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	files := slices.Clone(c.files)
	c.mu.Unlock()
	slices.SortFunc(files, func(a, b *finished) int {
		return cmp.Or(tableOrder(a.Table)-tableOrder(b.Table), strings.Compare(a.Key, b.Key))
	})
	var work []func() error
	for _, f := range files {
		if !f.uploaded {
			work = append(work, func() error { return c.upload(ctx, f) })
		}
	}
	if err := parallel(c.owner.cfg.Uploads, work); err != nil {
		return nil, err
	}
	list := make([]File, len(files))
	for i, f := range files {
		list[i] = f.File
	}
	return list, nil
}

// complete ends the open files.
func (c *Cut) complete() error {
	c.mu.Lock()
	c.sealed = true
	c.mu.Unlock()
	var work []func() error
	work = append(work, c.bids.seal()...)
	work = append(work, c.wins.seal()...)
	work = append(work, c.impressions.seal()...)
	work = append(work, c.clicks.seal()...)
	work = append(work, c.conversions.seal()...)
	work = append(work, c.attributions.seal()...)
	work = append(work, c.minutes.seal()...)
	work = append(work, c.hours.seal()...)
	work = append(work, c.days.seal()...)
	work = append(work, c.sites.seal()...)
	work = append(work, c.pipeline.seal()...)
	work = append(work, c.rejected.seal()...)
	err := parallel(c.owner.cfg.Lanes, work)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == nil {
		c.broken = err
	}
	return c.broken
}

func (c *Cut) upload(ctx context.Context, f *finished) error {
	if err := c.owner.store.Put(ctx, f.File, io.NewSectionReader(f.out, 0, f.Bytes)); err != nil {
		return err
	}
	f.uploaded = true // read after parallel has waited
	return nil
}

// Release gives back what the cut holds; it must be the last call. After a
// successful Close the files are in the store; otherwise their rows are gone
// and only a replay brings them back.
func (c *Cut) Release() error {
	c.mu.Lock()
	c.sealed = true
	c.mu.Unlock()
	var errs []error
	errs = append(errs, c.bids.drop(), c.wins.drop(), c.impressions.drop(), c.clicks.drop(),
		c.conversions.drop(), c.attributions.drop(), c.minutes.drop(), c.hours.drop(), c.days.drop(),
		c.sites.drop(), c.pipeline.drop(), c.rejected.drop())
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.files {
		errs = append(errs, f.out.release())
	}
	c.files = nil
	return errors.Join(errs...)
}

func (c *Cut) isSealed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sealed
}

func (c *Cut) done(f *finished) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files = append(c.files, f)
}

func tableOrder(n table.Name) int { return slices.Index(table.Names(), n) }

// parallel runs work on up to n goroutines, waits for all of them and returns
// the errors. After the first error the rest is not begun.
func parallel(n int, work []func() error) error {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
		next int
	)
	take := func() (func() error, bool) {
		mu.Lock()
		defer mu.Unlock()
		if len(errs) > 0 || next == len(work) {
			return nil, false
		}
		next++
		return work[next-1], true
	}
	for range min(n, len(work)) {
		wg.Go(func() {
			for f, ok := take(); ok; f, ok = take() {
				if err := f(); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
