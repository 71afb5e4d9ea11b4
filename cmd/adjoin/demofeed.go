package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// feed sends traffic and prints the funnel until the demo is to end, or the
// engine has ended by itself.
func (d *demo) feed(ctx context.Context, engine chan error) error {
	pump := time.NewTicker(demoPump)
	defer pump.Stop()
	show := time.NewTicker(time.Second)
	defer show.Stop()
	var end <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-end:
			return nil
		case err := <-engine:
			engine <- nil
			return errors.Join(errors.New("the engine ended before the demo did"), err)
		case <-pump.C:
			if err := d.send(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			if d.ready == 0 && d.node.engine.Stats().Snapshot().Ready {
				d.becomeReady()
				if d.duration > 0 {
					end = time.After(d.duration)
				}
			}
		case <-show.C:
			if d.ready > 0 && !d.app.json() && !d.app.flags.noProgress {
				fmt.Fprintln(d.app.out, d.funnel())
			}
		}
	}
}

// send hands over what has become due.
func (d *demo) send(ctx context.Context) error {
	if d.flags.noGenerate {
		return nil
	}
	now := event.TimeOf(time.Now())
	var rec gen.Record
	for d.gen.NextBefore(now, &rec) {
		if rec.Topic == d.gen.Config().Topics.Clicks && len(rec.Key) > 0 {
			d.user = string(rec.Key)
		}
		if err := d.producer.Send(ctx, event.Partition{Topic: rec.Topic, ID: rec.Partition}, message(&rec)); err != nil {
			return err
		}
	}
	return d.producer.Flush(ctx)
}

func (d *demo) becomeReady() {
	d.ready = time.Since(d.started)
	if d.app.json() {
		return
	}
	keep := "data is deleted on exit"
	if d.flags.keep || d.flags.dir != "" {
		keep = "data is kept in " + d.dir
	}
	fmt.Fprintf(d.app.out, "DEMO MODE: in-process Kafka, one node, %s. Not for production.\n  metrics  http://%s/metrics     kafka  %s\nready in %.1fs\n",
		keep, d.node.web.address(), d.broker.Addrs()[0], d.ready.Seconds())
	fmt.Fprintf(d.app.out, "Try in a second terminal:  adjoin query -c %s/adjoin.yaml 'select * from fact_clicks_current limit 5'\n", d.dir)
}

// funnel is one line of what has been committed so far.
func (d *demo) funnel() string {
	s := d.node.engine.Stats().Snapshot()
	rows := func(name table.Name) int64 { return s.Tables[string(name)].Rows }
	imps, clicks := rows(table.Impressions), rows(table.Clicks)
	var lag int64
	for _, p := range s.Partitions {
		lag += max(int64(p.Stable-p.Durable), 0)
	}
	line := fmt.Sprintf("%5.0fs  bids %s  impressions %s  clicks %s  conversions %s  CTR %s  CVR %s  cut %.2fs  lag %d  rejected %d",
		time.Since(d.started).Seconds(), thousands(rows(table.Bids)), thousands(imps), thousands(clicks), thousands(rows(table.Conversions)),
		percent(clicks, imps), percent(rows(table.Conversions), clicks), s.CutSeconds, lag, rows(table.RejectedEvents))
	if d.user != "" {
		line += "  e.g. user " + d.user
	}
	return line
}

func percent(n, of int64) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f%%", 100*float64(n)/float64(of))
}

// thousands groups digits by three.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// drain waits until everything sent has been committed.
func (d *demo) drain(engine chan error) error {
	deadline := time.After(demoSettle)
	for {
		select {
		case err := <-engine:
			engine <- nil
			return errors.Join(errors.New("the engine ended before the demo did"), err)
		case <-deadline:
			return fmt.Errorf("what was sent was not committed within %s", demoSettle)
		case <-time.After(50 * time.Millisecond):
		}
		lag, err := readLag(context.Background(), &d.loaded.Config, "")
		if err != nil {
			return engineFailure(err)
		}
		var behind int64
		for _, p := range lag.Partitions {
			behind += p.Lag
		}
		if behind == 0 {
			return nil
		}
	}
}

// settle runs a second, bounded run over the same journal: it finds nothing
// new, closes every window and loads the rest. Then the warehouse can be
// compared with the truth.
func (d *demo) settle() error {
	if err := d.node.close(); err != nil {
		return err
	}
	d.node = nil
	node, err := d.app.openNode(context.Background(), d.loaded, true)
	if err != nil {
		return err
	}
	d.node = node
	if _, err := node.run(context.Background()); err != nil {
		return engineFailure(err)
	}
	return d.compare()
}

// demoResult is `adjoin demo -o json` (interface 2.1a).
type demoResult struct {
	FormatVersion int              `json:"format_version"`
	ReadySeconds  float64          `json:"ready_seconds"`
	Records       map[string]int64 `json:"records"`
	Rows          map[string]int64 `json:"rows"`
	Ledger        ledgerResult     `json:"ledger"`
	Truth         truthResult      `json:"truth"`
	Lag           int64            `json:"lag"`
}

type truthResult struct {
	Equal       bool     `json:"equal"`
	Differences int      `json:"differences"`
	First       []string `json:"first"`
}

func (d *demo) report() error {
	if d.app.json() {
		if err := d.app.document(d.result); err != nil {
			return err
		}
	} else {
		d.reportText()
	}
	if !d.result.Truth.Equal {
		return answerNo()
	}
	return nil
}

func (d *demo) reportText() {
	for _, name := range slices.Sorted(maps.Keys(d.result.Rows)) {
		fmt.Fprintf(d.app.out, "%-22s %10s rows\n", name, thousands(d.result.Rows[name]))
	}
	if d.flags.noGenerate {
		return
	}
	verdict := "✓ the warehouse equals the generator's truth"
	if !d.result.Truth.Equal {
		verdict = fmt.Sprintf("✗ %d differences from the generator's truth:\n  %s", d.result.Truth.Differences, strings.Join(d.result.Truth.First, "\n  "))
	}
	fmt.Fprintln(d.app.out, verdict)
}

// compare asks the warehouse for what the generator knows.
func (d *demo) compare() error {
	w := d.node.loaders[0].warehouse
	figures, err := readFigures(w)
	if err != nil {
		return err
	}
	totals, err := d.totals()
	if err != nil {
		return err
	}
	d.result = demoResult{
		FormatVersion: 1, ReadySeconds: d.ready.Seconds(), Records: totals.Records, Rows: figures.rows,
		Ledger: ledgerOf(totals.Events, totals.Classes),
	}
	truth := d.gen.Truth()
	diffs := figures.differences(&truth)
	diffs = append(diffs, ledgerDifferences(&truth, d.result.Ledger)...)
	if d.flags.noGenerate {
		diffs = nil
	}
	d.result.Truth = truthResult{Equal: len(diffs) == 0, Differences: len(diffs), First: diffs[:min(len(diffs), 10)]}
	if d.result.Truth.First == nil {
		d.result.Truth.First = []string{}
	}
	return nil
}
