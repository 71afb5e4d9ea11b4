package oracle

import (
	"errors"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/sinks/spill"
)

// intake decodes records and judges each by its own times. What it keeps is the
// input of everything after it.
type intake struct {
	set     *Settings
	schemas *schemas
	words   words

	requests    *spill.Sorter // bid requests, packed
	impressions []*impression
	clicks      []*click
	conversions []*conversion
	rejections  []rejection
	flows       pipeline

	backfill    bool  // of the topic being read
	failure     error // of the sorter
	key, packed []byte
}

// line is the context of one event of a record.
type line struct {
	pos    event.Position
	ingest event.Time
	csv    bool
}

func (in *intake) readings(c *cells) *reading {
	return &reading{cells: c, set: in.set, words: in.words}
}

// record decodes one record.
func (in *intake) record(r *Record, decode func(*Record)) {
	at := line{pos: event.Position{Partition: r.Partition, Offset: r.Offset}, ingest: r.Time}
	switch {
	case len(r.Value) == 0:
		in.reject(at, &fault{reason: event.Empty}, nil)
	case len(r.Value) > in.set.RecordMaxBytes:
		in.reject(at, &fault{reason: event.TooLarge}, nil)
	default:
		decode(r)
	}
}

func lineAt(r *Record, n int, csv bool) line {
	return line{
		pos:    event.Position{Partition: r.Partition, Offset: r.Offset, Line: int32(n)},
		ingest: r.Time, csv: csv,
	}
}

func (in *intake) impressionRecord(r *Record) {
	elements := jsonElements(r.Value, in.set)
	if len(elements) == 0 {
		in.reject(lineAt(r, 0, false), &fault{reason: event.Empty}, nil)
	}
	for n, e := range elements {
		at := lineAt(r, n, false)
		if e.fault != nil {
			in.reject(at, e.fault, nil)
			continue
		}
		c, bad := jsonCells(e.raw, impressionFields, in.set)
		if bad != nil {
			in.reject(at, bad, nil)
			continue
		}
		i, bad := impressionOf(in.readings(c))
		if bad != nil {
			in.reject(at, bad, c)
			continue
		}
		i.place(in, at, c)
		if in.accept(&i.head, i, "timestamp", in.set.Horizons.Impressions) {
			in.impressions = append(in.impressions, i)
		}
	}
}

// csvRecord reads a record of a CSV topic.
func (in *intake) csvRecord(kind csvKind, configured []string) func(*Record) {
	return func(r *Record) {
		columns, lines := csvLines(r.Value, in.set.CSVDelimiter, configured)
		if len(lines) == 0 {
			in.reject(lineAt(r, 0, true), &fault{reason: event.Empty}, nil)
		}
		for n, l := range lines {
			at := lineAt(r, n, true)
			if l.fault != nil {
				in.reject(at, l.fault, nil)
				continue
			}
			asConversion := csvCells(columns, l.cells, conversionFields)
			said := lowerASCII(asConversion.get("conversion_type").text)
			switch {
			case kind == csvClicks, kind == csvCombined && said == "click": // N16
				in.clickLine(at, csvCells(columns, l.cells, clickFields))
			case kind == csvCombined && said == "":
				in.reject(at, &fault{event.MissingField, "conversion_type"}, asConversion)
			default:
				in.conversionLine(at, asConversion)
			}
		}
	}
}

func (in *intake) clickLine(at line, cells *cells) {
	c, bad := clickOf(in.readings(cells))
	if bad != nil {
		in.reject(at, bad, cells)
		return
	}
	c.place(in, at)
	if in.accept(&c.head, c, "event_timestamp", in.set.Horizons.Clicks) {
		in.clicks = append(in.clicks, c)
	}
}

func (in *intake) conversionLine(at line, cells *cells) {
	c, bad := conversionOf(in.readings(cells))
	if bad != nil {
		in.reject(at, bad, cells)
		return
	}
	c.place(in, at)
	if in.accept(&c.head, c, "event_timestamp", in.set.Horizons.Conversions) {
		in.conversions = append(in.conversions, c)
	}
}

func (in *intake) bidRecord(r *Record) {
	data := in.schemas.data(r.Value, in.set.RecordMaxBytes)
	if len(data) == 0 {
		in.reject(lineAt(r, 0, false), &fault{reason: event.Empty}, nil)
	}
	for n, d := range data {
		at := lineAt(r, n, false)
		if d.fault != nil {
			in.reject(at, d.fault, nil)
			continue
		}
		b, bad := bidOf(d, &bidReading{set: in.set, words: in.words})
		if bad != nil {
			in.rejectBid(at, bad, d)
			continue
		}
		b.place(at)
		if in.accept(&b.head, b, "timestamp", in.set.Horizons.Bids) {
			in.key, in.packed = b.sortKey(in.key[:0]), b.pack(in.packed[:0])
			in.failure = errors.Join(in.failure, in.requests.Add(in.key, in.packed))
		}
	}
}

// accept applies T1 and T2 in this order and reports whether the record goes on
// to the dedupe.
func (in *intake) accept(h *head, r record, timeName string, horizon event.Span) bool {
	ahead := h.at.Sub(h.ingest)
	reason := event.NotRejected
	switch {
	case ahead > 24*event.Hour:
		reason = event.TimeFuture
	case ahead > 5*event.Minute:
		h.at = h.ingest
		h.flags |= event.ClockFuture
	case -ahead > horizon && !in.backfill:
		reason = event.TooLate
	}
	if reason != event.NotRejected {
		in.refuse(rejection{
			pos: h.pos, ingest: h.ingest, reason: reason, field: timeName, at: h.at, timed: true,
			campaign: r.declared(), flags: h.flags,
		})
		return false
	}
	lag := h.ingest.Sub(h.at)
	h.late = lag > in.set.WatermarkDelay
	f := in.flows.ofEvent(h)
	f.lags = append(f.lags, floorDiv(lag, event.Millisecond))
	if h.late {
		f.late++
	}
	return true
}

// reject counts a line that became no event; what of its time and campaign can
// be read by itself goes into the row.
func (in *intake) reject(at line, f *fault, c *cells) {
	j := rejection{pos: at.pos, ingest: at.ingest, reason: f.reason, field: f.field}
	if c != nil {
		r := in.readings(c)
		if t, ok := r.instant(c.get(timeField(c.list))); ok {
			j.at, j.timed = r.repair(t), true
		}
		j.campaign, _ = cleanID(c.get("campaign_id"))
	}
	in.refuse(j)
}

func timeField(l *fieldList) string {
	if l == impressionFields {
		return "timestamp"
	}
	return "event_timestamp"
}

func (in *intake) rejectBid(at line, f *fault, d datum) {
	j := rejection{pos: at.pos, ingest: at.ingest, reason: f.reason, field: f.field}
	scratch := &bidReading{set: in.set, words: in.words}
	if t, ok := (bidRecord{scratch, d.tree, ""}).when(d.unit); ok {
		j.at, j.timed = t, true
	}
	in.refuse(j)
}

func (in *intake) refuse(j rejection) {
	in.rejections = append(in.rejections, j)
	in.flows.of(j.pos.Topic, j.ingest).Classes.Rejected[j.reason]++
}
