package csvevents

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// Topic is what a topic holds.
type Topic uint8

// The kinds of topic.
const (
	Clicks Topic = iota
	Conversions
	Combined // the legacy topic: conversion_type says which (semantics N16)
)

// Config is how the lines of a topic are written.
type Config struct {
	codecs.Config
	// Topic is what the lines are.
	Topic Topic
	// Delimiter is comma, tab or semicolon; 0 is comma.
	Delimiter byte
	// Columns name the cells of lines without a header, in any case; empty is
	// DefaultColumns. A name that is no column's is skipped and counted.
	Columns []string
}

// Decoder decodes clicks and conversions. It is a codecs.Decoder.
type Decoder struct {
	splitter
	fields     codecs.Fields
	topic      Topic
	configured []meaning // of Columns
	header     []meaning // of this record's header
	values     [columnCount]codecs.Value
	ranks      [columnCount]uint8
	present    uint64 // bit c: values[c] and ranks[c] belong to this line
	drift      int64

	rec        *codecs.Record
	handler    codecs.Handler
	click      event.Click
	conversion event.Conversion
	refusal    codecs.Refusal
	print      []byte // the fingerprint's text
	id         []byte // a synthetic id
}

var _ codecs.Decoder = (*Decoder)(nil)

// New makes a decoder. It fails for a delimiter that is none, and for columns
// that leave the event time without a place.
func New(config Config) (*Decoder, error) {
	config.Config = config.WithDefaults()
	if config.Delimiter == 0 {
		config.Delimiter = ','
	}
	if !strings.ContainsRune(",\t;|", rune(config.Delimiter)) {
		return nil, fmt.Errorf("csvevents: delimiter %q: use comma, tab, semicolon or |", config.Delimiter)
	}
	if len(config.Columns) == 0 {
		config.Columns = DefaultColumns(config.Topic)
	}
	d := &Decoder{fields: codecs.Fields{Config: config.Config}, topic: config.Topic}
	d.delimiter, d.maxCells = config.Delimiter, config.MaxFields
	timed := false
	for _, name := range config.Columns {
		m, _ := lookup(name)
		d.configured = append(d.configured, m)
		timed = timed || m.click.column == timestamp || m.conversion.column == timestamp
	}
	if !timed {
		return nil, fmt.Errorf("csvevents: columns %q name no event_timestamp; add it at its place", config.Columns)
	}
	return d, nil
}

// Drift is how many cells of columns nobody knows, and values no rule
// understands, were seen.
func (d *Decoder) Drift() int64 { return d.drift + d.fields.Unknown }

// Decode hands every event of a record to h, and a rejection for every line
// that is none.
func (d *Decoder) Decode(rec *codecs.Record, h codecs.Handler) {
	d.rec, d.handler, d.b = rec, h, rec.Value
	defer func() { d.rec, d.handler, d.b = nil, nil, nil }()
	if len(d.b) > d.fields.MaxRecordBytes {
		d.reject(0, event.TooLarge, "", "record above max_record_bytes", d.b)
		return
	}
	d.b = bytes.TrimPrefix(d.b, []byte("\ufeff"))
	columns := d.configured
	line := int32(0)
	first := d.skipBlank(0)
	for i := first; i < len(d.b); i = d.skipBlank(i) {
		next, how := d.line(i)
		if i == first && how == split && d.isHeader() {
			columns = d.header
			i = next
			continue
		}
		d.one(line, columns, how, d.b[i:next])
		line++
		i = next
	}
	if line == 0 {
		d.reject(0, event.Empty, "", "no line in the record", nil)
	}
}

// isHeader reports whether the cells are names, and notes their meanings.
func (d *Decoder) isHeader() bool {
	cells := d.cells
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if d.excess || len(cells) == 0 {
		return false
	}
	d.header = d.header[:0]
	for _, cell := range cells {
		m, known := lookup(cell)
		if !known {
			return false
		}
		d.header = append(d.header, m)
	}
	return true
}

// one decodes the line that was just split.
func (d *Decoder) one(line int32, columns []meaning, how splitting, raw []byte) {
	switch {
	case !utf8.Valid(raw):
		d.reject(line, event.BadEncoding, "", "not valid UTF-8", raw)
	case how == badQuote:
		d.reject(line, event.BadCSV, "", "a quote inside a cell without quotes, or text behind a closing quote", raw)
	case how == unclosed:
		d.reject(line, event.BadCSV, "", "a quote that never closes", raw)
	case !d.fits(len(columns)):
		d.reject(line, event.CSVArity, "", fmt.Sprintf("%d cells for %d columns", len(d.cells), len(columns)), raw)
	default:
		d.emit(line, columns, raw)
	}
}

// fits checks the number of cells; blank ones at the end may be too many.
func (d *Decoder) fits(columns int) bool {
	for i := columns; i < len(d.cells); i++ {
		if d.cells[i] != "" {
			return false
		}
	}
	return len(d.cells) >= columns && !d.excess
}

// emit turns a line into the event it states.
func (d *Decoder) emit(line int32, columns []meaning, raw []byte) {
	switch d.topic {
	case Clicks:
		d.note(columns, true)
		d.emitClick(line, raw)
		return
	case Conversions:
		d.note(columns, false)
		d.emitConversion(line, raw)
		return
	}
	d.note(columns, false)
	stated := d.get(conversionType)
	switch {
	case stated.Form == codecs.Null:
		d.fields.Reset()
		d.fields.Fail(event.MissingField, "conversion_type", "nothing says whether this is a click")
		d.rejectRead(line, event.KindConversion, raw)
	case strings.EqualFold(stated.Text, "click"):
		d.note(columns, true)
		d.emitClick(line, raw)
	default:
		d.emitConversion(line, raw)
	}
}

// note keeps the cells of the columns that one kind of event has.
func (d *Decoder) note(columns []meaning, click bool) {
	d.present = 0
	for i := range columns {
		at := columns[i].conversion
		if click {
			at = columns[i].click
		}
		cell := d.cells[i]
		if cell == "" {
			continue
		}
		if at.column == unknown {
			nobodys := columns[i].click.column == columns[i].conversion.column
			if nobodys && (!click || d.topic == Clicks) { // a combined line is noted twice
				d.drift++
			}
			continue
		}
		bit := uint64(1) << at.column
		if d.present&bit != 0 && d.ranks[at.column] <= at.rank {
			continue
		}
		d.present |= bit
		d.values[at.column], d.ranks[at.column] = codecs.Value{Text: cell, Form: codecs.Text}, at.rank
	}
}

// get is the value of a column, Null when the line has none.
func (d *Decoder) get(c column) codecs.Value {
	if d.present&(1<<c) == 0 {
		return codecs.Value{}
	}
	return d.values[c]
}

func (d *Decoder) reject(line int32, reason event.Reason, field, detail string, raw []byte) {
	intended := event.KindConversion
	if d.topic == Clicks {
		intended = event.KindClick
	}
	d.handler.Reject(d.refusal.Of(d.rec, line, intended, reason, field, detail, raw))
}

// rejectRead rejects a line that was read, with what of it is known.
func (d *Decoder) rejectRead(line int32, intended event.Kind, raw []byte) {
	f := &d.fields
	r := d.refusal.Of(d.rec, line, intended, f.Reason, f.Field, f.Detail, raw)
	if t, ok := f.Time("", d.get(timestamp)); ok {
		r.EventTime = f.RepairClock(t, d.get(sentAt), d.get(receivedAt))
	}
	r.Campaign = f.ID("", d.get(campaignID))
	d.handler.Reject(r)
}
