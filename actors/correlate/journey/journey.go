package journey

import (
	"cmp"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// A Journey is the part of a route's timeline that is kept whole: its clicks
// and conversions, each with what was decided for good and what its rows said
// last. It rests as bytes; a cut that concerns it opens it, resolves it
// (resolve.go) and closes it again.
type Journey struct {
	route  event.Route
	clicks []click // by id, then the order of D1
	convs  []conversion

	// When the journey is to be opened again; Resolve sets them. An impression
	// later than Until changes nothing; at a frontier beyond Wake there is
	// something to settle or forget, from the watermark Write on something to
	// write. MaxTime is never.
	Until, Wake, Write event.Time
}

// New is an empty journey.
func New(route event.Route) *Journey { return &Journey{route: route} }

// Route is the journey's route.
func (j *Journey) Route() event.Route { return j.route }

// click is one record of a click, the least of its equals.
type click struct {
	e       event.Click
	print   uint64
	verdict fact.Verdict
	reject  fact.RejectRow
	// anchored: an earlier fact of the id has expired, so this one is a reuse.
	anchored bool
	// hold is the watermark from which an orphan is written (J6).
	hold event.Time
	// settled: what its parent and its validity are can change no more, and is
	// in match.
	settled bool
	match   match
	wrote   wroteClick
}

func (c *click) key() string { return c.e.ID + fact.Suffix(c.verdict.Reused, c.e.EventTime) }

// match is what the joins and D5, D6 say about a click.
type match struct {
	method    string // of fact_clicks; "" and NONE: an orphan
	reason    string // of an orphan
	inversion bool   // TIME_INVERSION
	parent    View   // when matched
	codes     clickCodes
}

func (m *match) matched() bool { return m.reason == "" && m.method != "" }

// clickCodes are the IVT codes of a click, in the order of the table.
type clickCodes uint8

const (
	codeTest clickCodes = 1 << iota
	codeRepeat
	codeCap
	codeParent
	codesEnd
)

var clickCodeNames = [...]string{fact.TestTraffic, "REPEAT_CLICK", "CLICK_CAP", "PARENT_IVT"}

func (c clickCodes) text() string {
	var names []string
	for i, name := range clickCodeNames {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// wroteClick is the row of fact_clicks as it was written last, under the key of
// the record that has this.
type wroteClick struct {
	there, reused bool
	hash          uint64
	counts        []Contribution
}

// conversion is one record of a conversion or adjustment.
type conversion struct {
	e        event.Conversion
	print    uint64
	verdict  fact.Verdict
	reject   fact.RejectRow
	anchored bool
	// order: DUP_ORDER is decided for good, as dupOrder says.
	order, dupOrder bool
	// lost: an earlier conversion that has expired took the one count (C1).
	lost bool
	// settled: the eligible touches can change no more, and are in path.
	settled bool
	path    path
	// applied says what became of an adjustment, once nothing can change it.
	applied adjusted
	outcome adjusted // as of this cut; not kept
	wrote   wroteConversion
	refusal refusal
}

// child names a record without a user.
func (c *conversion) child() Child {
	if c.e.Adjustment != event.New {
		return adjustmentChild(c)
	}
	return conversionChild(&convFact{conversion: c, key: c.e.ID + fact.Suffix(c.verdict.Reused, c.e.EventTime)})
}

// adjusted is what became of an adjustment (C2).
type adjusted uint8

const (
	adjustOpen adjusted = iota // undecided: an original may still come
	adjustDone
	adjustOrphan
	adjustTooOld
)

// refusal is the row of rejected_events that an adjustment has.
type refusal struct {
	reason event.Reason
	pos    event.Position
}

// path is what a conversion may be credited to.
type path struct {
	touches    []touch // eligible, in order (A2)
	click      int     // index+1 of the named click, 0 none
	view       int     // index+1 of the named impression
	unresolved bool    // names a click that is not eligible
	inversion  bool    // the named click is later than the conversion by over 2 s
}

// touch is an eligible click or impression as a credit copies it.
type touch struct {
	click                        bool
	lent                         bool // a click that is kept for another timeline
	unmeasured                   bool // qualified without a measurement that its campaign asks for (V2)
	id                           string
	at                           event.Time
	window                       event.Span
	campaign, creative, lineItem string
	site, app, exchange, country string
	device                       int32
}

// wroteConversion is what was written last for a conversion, under the key of
// the record that has this.
type wroteConversion struct {
	there, reused bool
	hash          uint64
	credits       uint64 // hash of the credit set, 0 for none
	touches       []wroteTouch
	counts        []Contribution
}

// wroteTouch is a touch with the models that have a row for it, a bit each.
type wroteTouch struct {
	id     string
	models uint8
}

// Contribution is what a child adds to one group.
type Contribution struct {
	Kind      ContributionKind
	Key       event.CampaignKey // of a Pipeline: Kafka timestamp and, as Exchange, topic
	Site, App string            // of MinuteAndSite
	Add       []Addend
	Micros    int64 // spend
}

// ContributionKind is the tables that a contribution is for.
type ContributionKind uint8

// The kinds.
const (
	Minute        ContributionKind = iota // agg_campaign_minute, its hours and days
	MinuteAndSite                         // agg_site_day, too
	Pipeline                              // ops_pipeline_minute
	contributionKinds
)

// Addend is what it adds to one measure.
type Addend struct {
	Measure event.Measure
	Value   int64
}

// Equal compares two contributions.
func (a Contribution) Equal(b Contribution) bool {
	return a.Kind == b.Kind && a.Key == b.Key && a.Site == b.Site && a.App == b.App &&
		a.Micros == b.Micros && slices.Equal(a.Add, b.Add)
}

// AddClick adds an admitted click. The event is copied. hold is the watermark
// from which it is written even without a match.
func (j *Journey) AddClick(e *event.Click, hold event.Time, l *fact.Ledger) {
	print := fact.Print(&e.Print)
	i, found := slices.BinarySearchFunc(j.clicks, e, func(c click, e *event.Click) int {
		return cmp.Or(strings.Compare(c.e.ID, e.ID), fact.Compare(c.e.EventTime, c.print, e.EventTime, print))
	})
	if found {
		c := &j.clicks[i]
		if e.Position.Compare(c.e.Position) >= 0 {
			l.Count(e.Partition, e.Ingest, fact.Duplicate, 1)
			return
		}
		supplant(l, &c.e.Envelope, &e.Envelope, c.verdict.Class)
	} else {
		j.clicks = slices.Insert(j.clicks, i, click{print: print, hold: hold})
	}
	base := wire.Base{Partition: l.Partition(l.Of(e.Partition))}
	copied := wire.AppendClick(nil, &base, e)
	if _, err := wire.ReadClick(copied, &base, &j.clicks[i].e); err != nil {
		panic("correlate: a click does not read back: " + err.Error())
	}
}

// AddConversion adds an admitted conversion, an adjustment included. The event
// is copied.
func (j *Journey) AddConversion(e *event.Conversion, l *fact.Ledger) {
	print := fact.Print(&e.Print)
	i, found := slices.BinarySearchFunc(j.convs, e, func(c conversion, e *event.Conversion) int {
		return compareConversions(&c.e, c.print, e, print)
	})
	if found {
		c := &j.convs[i]
		if e.Position.Compare(c.e.Position) >= 0 {
			l.Count(e.Partition, e.Ingest, fact.Duplicate, 1)
			return
		}
		supplantConversion(l, c, &e.Envelope)
	} else {
		j.convs = slices.Insert(j.convs, i, conversion{print: print})
	}
	base := wire.Base{Partition: l.Partition(l.Of(e.Partition))}
	copied := wire.AppendConversion(nil, &base, e)
	if _, err := wire.ReadConversion(copied, &base, &j.convs[i].e); err != nil {
		panic("correlate: a conversion does not read back: " + err.Error())
	}
}

// Names calls f for everything by which a child without a user may name a record
// of the journey: kind c and the id of a click, v and the id of a conversion, o
// and the type and id of an order with a zero byte between.
func (j *Journey) Names(f func(kind byte, name string)) {
	for i := range j.clicks {
		f('c', j.clicks[i].e.ID)
	}
	for i := range j.convs {
		e := &j.convs[i].e
		if e.Adjustment != event.New {
			continue
		}
		f('v', e.ID)
		if e.OrderID != "" {
			f('o', e.Type+"\x00"+e.OrderID)
		}
	}
}

// Len is how many clicks and conversions there are, records that are no facts
// included.
func (j *Journey) Len() (clicks, conversions int) { return len(j.clicks), len(j.convs) }

// compareConversions orders the records of a journey: by identity, then D1. An
// adjustment's identity is its fingerprint, so conversions come first, by id.
func compareConversions(a *event.Conversion, aPrint uint64, b *event.Conversion, bPrint uint64) int {
	aNew, bNew := a.Adjustment == event.New, b.Adjustment == event.New
	switch {
	case aNew != bNew && aNew:
		return -1
	case aNew != bNew:
		return 1
	case aNew:
		return cmp.Or(strings.Compare(a.ID, b.ID), fact.Compare(a.EventTime, aPrint, b.EventTime, bPrint))
	}
	return cmp.Or(cmp.Compare(aPrint, bPrint), cmp.Compare(a.EventTime, b.EventTime))
}

// supplant moves a record of class c from the ledger of one partition to that
// of another, whose equal comes first in the order; the first is a duplicate
// now.
func supplant(l *fact.Ledger, from, to *event.Envelope, c fact.Class) {
	l.Count(from.Partition, from.Ingest, c, -1)
	l.Count(from.Partition, from.Ingest, fact.Duplicate, 1)
	l.Count(to.Partition, to.Ingest, c, 1)
}

// supplantConversion is supplant where the record may be a refused adjustment.
func supplantConversion(l *fact.Ledger, c *conversion, to *event.Envelope) {
	if c.refusal.reason == event.NotRejected {
		supplant(l, &c.e.Envelope, to, c.verdict.Class)
		return
	}
	l.Reject(c.e.Partition, c.e.Ingest, c.refusal.reason, -1)
	l.Count(c.e.Partition, c.e.Ingest, fact.Duplicate, 1)
	l.Reject(to.Partition, to.Ingest, c.refusal.reason, 1)
}
