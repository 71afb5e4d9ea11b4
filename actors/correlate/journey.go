package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// A journey is the part of a route's timeline that is kept whole: its clicks
// and conversions, each with what was decided for good and what its rows said
// last. It rests as bytes; a cut that concerns it opens it, resolves it
// (resolve.go) and closes it again.
type journey struct {
	route  event.Route
	clicks []click // by id, then the order of D1
	convs  []conversion

	hadClicks, hadConvs int // when it was opened

	until, wake, write event.Time // see journeys; set by resolve
}

// click is one record of a click, the least of its equals.
type click struct {
	e       event.Click
	print   uint64
	verdict verdict
	reject  rejectRow
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

// match is what the joins and D5, D6 say about a click.
type match struct {
	method    string // of fact_clicks; "" and NONE: an orphan
	reason    string // of an orphan
	inversion bool   // TIME_INVERSION
	parent    view   // when matched
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

var clickCodeNames = [...]string{testTraffic, "REPEAT_CLICK", "CLICK_CAP", "PARENT_IVT"}

func (c clickCodes) text() string {
	var names []string
	for i, name := range clickCodeNames {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// view is an impression as its children copy it.
type view struct {
	id       string // its key in fact_impressions
	wire     string // its id without the suffix of a reuse
	at       event.Time
	valid    bool
	viewable event.Tri
	creativeDims
	placeDims
	deviceDims
	auction uint64
}

// wroteClick is the row of fact_clicks as it was written last, under the key of
// the record that has this.
type wroteClick struct {
	there, reused bool
	hash          uint64
	counts        []contribution
}

// conversion is one record of a conversion or adjustment.
type conversion struct {
	e        event.Conversion
	print    uint64
	verdict  verdict
	reject   rejectRow
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
	unmeasured                   bool // qualified without a measurement that its campaign asks for (V2)
	id                           string
	at                           event.Time
	window                       event.Span
	campaign, creative, lineItem string
	site, exchange, country      string
	device                       int32
}

// wroteConversion is what was written last for a conversion, under the key of
// the record that has this.
type wroteConversion struct {
	there, reused bool
	hash          uint64
	credits       uint64 // hash of the credit set, 0 for none
	touches       []wroteTouch
	counts        []contribution
}

// wroteTouch is a touch with the models that have a row for it, a bit each.
type wroteTouch struct {
	id     string
	models uint8
}

// contribution is what a child adds to one group of agg_campaign_minute.
type contribution struct {
	key    event.CampaignKey
	add    []addend
	micros int64 // spend
}

type addend struct {
	measure event.Measure
	value   int64
}

func (a contribution) equal(b contribution) bool {
	return a.key == b.key && a.micros == b.micros && slices.Equal(a.add, b.add)
}

// recount takes back what a child added before and adds what it adds now.
func (s *Shard) recount(before, now []contribution) {
	if slices.EqualFunc(before, now, contribution.equal) {
		return
	}
	s.contribute(before, -1)
	s.contribute(now, 1)
}

func (s *Shard) contribute(list []contribution, sign int64) {
	for i := range list {
		c := &list[i]
		d := s.aggregates.at(s.dims.groupOf(&c.key))
		for _, a := range c.add {
			d.add[a.measure] += sign * a.value
		}
		d.spend = d.spend.Add(event.Mul64(sign*c.micros, 1_000))
	}
}

// Click applies one click record. It may set e.EventTime and e.Flags (T1).
func (s *Shard) Click(e *event.Click) {
	if !s.admit(event.KindClick, &e.Envelope, e.CampaignID) {
		return
	}
	j := s.openJourney(e.Route)
	print := printOf(&e.Print)
	i, found := slices.BinarySearchFunc(j.clicks, e, func(c click, e *event.Click) int {
		return cmp.Or(strings.Compare(c.e.ID, e.ID), compareRecords(c.e.EventTime, c.print, e.EventTime, print))
	})
	if found {
		c := &j.clicks[i]
		if e.Position.Compare(c.e.Position) >= 0 {
			s.ledger.at(e.Partition).Duplicates++
			return
		}
		s.supplant(c.e.Partition, e.Partition, c.verdict.class)
	} else {
		j.clicks = slices.Insert(j.clicks, i, click{print: print, hold: s.holdOf(e.EventTime)})
	}
	base := wire.Base{Partition: s.ledger.list[s.ledger.of(e.Partition)].Partition}
	copied := wire.AppendClick(nil, &base, e)
	if _, err := wire.ReadClick(copied, &base, &j.clicks[i].e); err != nil {
		panic("correlate: a click does not read back: " + err.Error())
	}
}

// Conversion applies one conversion record, an adjustment included. It may set
// e.EventTime and e.Flags (T1).
func (s *Shard) Conversion(e *event.Conversion) {
	if !s.admit(event.KindConversion, &e.Envelope, e.CampaignID) {
		return
	}
	j := s.openJourney(e.Route)
	print := printOf(&e.Print)
	i, found := slices.BinarySearchFunc(j.convs, e, func(c conversion, e *event.Conversion) int {
		return compareConversions(&c.e, c.print, e, print)
	})
	if found {
		c := &j.convs[i]
		if e.Position.Compare(c.e.Position) >= 0 {
			s.ledger.at(e.Partition).Duplicates++
			return
		}
		s.supplantConversion(c, e.Partition)
	} else {
		j.convs = slices.Insert(j.convs, i, conversion{print: print})
	}
	base := wire.Base{Partition: s.ledger.list[s.ledger.of(e.Partition)].Partition}
	copied := wire.AppendConversion(nil, &base, e)
	if _, err := wire.ReadConversion(copied, &base, &j.convs[i].e); err != nil {
		panic("correlate: a conversion does not read back: " + err.Error())
	}
}

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
		return cmp.Or(strings.Compare(a.ID, b.ID), compareRecords(a.EventTime, aPrint, b.EventTime, bPrint))
	}
	return cmp.Or(cmp.Compare(aPrint, bPrint), cmp.Compare(a.EventTime, b.EventTime))
}

// supplant moves a record of class c from the ledger of one partition to that
// of another, whose equal comes first in the order; the first is a duplicate
// now.
func (s *Shard) supplant(from, to event.Partition, c class) {
	s.ledger.move(from, c, -1)
	s.ledger.at(from).Duplicates++
	s.ledger.move(to, c, 1)
}

// supplantConversion is supplant where the record may be a refused adjustment.
func (s *Shard) supplantConversion(c *conversion, to event.Partition) {
	if c.refusal.reason == event.NotRejected {
		s.supplant(c.e.Partition, to, c.verdict.class)
		return
	}
	s.ledger.at(c.e.Partition).Rejected[c.refusal.reason]--
	s.ledger.at(c.e.Partition).Duplicates++
	s.ledger.at(to).Rejected[c.refusal.reason]++
}

// holdOf is the watermark from which an orphan click that comes now is written:
// orphan_hold after the watermark of its arrival (J6).
func (s *Shard) holdOf(at event.Time) event.Time {
	set := &s.cfg.Settings
	return max(s.watermark, at.Add(-set.LateAfter)).Add(set.OrphanHold)
}
