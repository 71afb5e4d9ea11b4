package fact

import (
	"fmt"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// Rows is what the small tables get in the cut that is open.
type Rows struct {
	Number       uint64     // the row_version of every row
	EmittedAt    event.Time // their emitted_at
	Wins         []table.Win
	Clicks       []table.Click
	Conversions  []table.Conversion
	Attributions []table.Attribution
	Rejected     []table.Rejected

	// Corrections counts rows that replaced or deleted an earlier one, over all
	// cuts.
	Corrections int64
	flagTexts   map[event.Flags]string
}

// Begin empties the rows for the next cut. Those handed out are not touched.
func (c *Rows) Begin(number uint64, emittedAt event.Time) {
	texts := c.flagTexts
	if texts == nil {
		texts = make(map[event.Flags]string)
	}
	*c = Rows{Number: number, EmittedAt: emittedAt, Corrections: c.Corrections, flagTexts: texts}
}

// Reject adds a row of rejected_events.
func (c *Rows) Reject(row table.Rejected) { c.Rejected = append(c.Rejected, row) }

// Meta is the end of a row that states the record e. The text of the flags is
// made once for each combination.
func (c *Rows) Meta(e *event.Envelope, op string, flags event.Flags) table.Meta {
	m := table.Meta{
		RowVersion: int64(c.Number), Op: op, EmittedAt: c.EmittedAt,
		IngestTime: e.Ingest, SrcPartition: e.ID, SrcOffset: int64(e.Offset),
	}
	if flags != 0 {
		text, ok := c.flagTexts[flags]
		if !ok {
			text = flags.String()
			c.flagTexts[flags] = text
		}
		m.Flags = text
	}
	return m
}

// Record is what the row of a conflict says about its record.
type Record struct {
	Pos             event.Position
	Ingest, At      event.Time
	Flags           event.Flags
	Print           uint64
	Field, Campaign string // the id field; the campaign as declared
}

// Conflict brings the row of rejected_events in line with the verdict.
func (c *Rows) Conflict(have *RejectRow, v Verdict, r Record) {
	want := RejectRow{There: v.Class == Conflict, Pos: r.Pos, Fact: v.Fact}
	if have.There == want.There && (!want.There || *have == want) {
		return
	}
	if have.There && (!want.There || have.Pos != want.Pos) {
		c.Reject(table.Rejected{
			Topic: have.Pos.Topic, Partition: have.Pos.ID, Offset: int64(have.Pos.Offset), Line: have.Pos.Line,
			Meta: c.Meta(&event.Envelope{Position: have.Pos}, table.Delete, 0),
		})
		c.Corrections++
	}
	if *have = want; !want.There {
		return
	}
	c.Reject(table.Rejected{
		Topic: r.Pos.Topic, Partition: r.Pos.ID, Offset: int64(r.Pos.Offset), Line: r.Pos.Line,
		Reason: event.DupIDConflict.String(), Field: r.Field,
		Detail:    fmt.Sprintf("fact %016x, this record %016x", v.Fact, r.Print),
		EventTime: r.At, CampaignID: r.Campaign,
		Meta: c.Meta(&event.Envelope{Position: r.Pos, Ingest: r.Ingest}, table.Upsert, r.Flags),
	})
}
