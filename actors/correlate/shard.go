package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/actors/correlate/journey"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

// Shard is the state of one user shard. See the package comment for how it is
// driven and what it promises. It belongs to one goroutine.
type Shard struct {
	cfg       Config
	reference *reference.Set
	longest   *journey.Longest

	watermark event.Watermark
	frontier  event.Time

	ledger   fact.Ledger
	rows     fact.Rows // of the cut that is open
	dims     dims
	users    users
	imps     impressions
	bids     bids
	journeys journey.Store
	reach    reach
	links    links
	lender   event.Route // the timeline that is resolved

	contests        map[contestKey]*contest
	contestByNumber map[uint64]*contest
	contestSeq      uint64
	contestDue      column.Timers[uint64] // by frontier
	stirred         []*contest            // to be settled at the cut
	waiting         []*contest            // to be streamed at the next Begin
	recalls         []event.Position

	// Of the cut that is open.
	opened       map[event.Route]*journey.Journey
	aggregates   aggregates
	deltaWriter  deltaWriter
	asked        []uint32 // impressions whose win is to be computed
	vanished     []vanishedWin
	texts        column.Arena // text of rows of the cut
	ints         []int64
	contestFresh []*contest    // changed since the last segment
	contestGone  []contestKey  // dropped since the last segment
	journeyFresh []event.Route // changed since the last segment

	saved    saving
	children struct{ clicks, conversions int64 } // in all journeys
	counters Counters
	scratch  scratch
	ahead    ahead
}

// scratch is memory that one call uses and the next one reuses.
type scratch struct {
	described described
	whole     event.Impression
	wholeBid  event.Bid
	rows      []uint32
	slots     []slot
	offers    []offer
	winning   []offer
	targeting []table.Pair
	buf       []byte

	impression           table.Impression
	bid                  table.Bid
	price, inView        int64
	minToWin             int64
	noBid, loss          int32
	measurable, viewable bool
}

// New makes an empty shard.
func New(cfg Config) *Shard {
	s := &Shard{
		cfg: cfg, watermark: event.MinTime, frontier: event.MinTime,
		contests:        make(map[contestKey]*contest),
		contestByNumber: make(map[uint64]*contest),
	}
	s.users.keys = newKeyer(cfg.Settings.UserKeySecret)
	s.imps.init()
	s.bids.init()
	s.reach.init()
	s.links.init()
	s.SetReference(cfg.Reference)
	return s
}

// SetReference swaps the reference data; nil knows none. Later decisions use
// it, and what was decided is looked at again where a route is touched.
func (s *Shard) SetReference(set *reference.Set) {
	if set == nil {
		set = new(reference.Set)
	}
	s.reference = set
	s.ahead.count, s.ahead.next = 0, 0
	s.longest = journey.LongestOf(set)
	s.reach.forget()
}

// Begin opens a cut: until Cut, rows carry number as their row_version and
// emittedAt as their emitted_at. Numbers grow along a shard's life, whoever
// owns it (X1). Corrections of large rows that waited for this cut are
// streamed at once.
func (s *Shard) Begin(number uint64, emittedAt event.Time) {
	s.rows.Begin(number, emittedAt)
	s.opened = make(map[event.Route]*journey.Journey)
	s.texts = column.Arena{}
	s.ints = nil
	s.aggregates.reset()
	s.links.outbox = nil
	s.streamWaiting()
}

// Reject counts a record that no decoder could read, and writes its row.
func (s *Shard) Reject(e *event.Rejected) {
	s.ledger.Reject(e.Partition, e.Ingest, e.Reason, 1)
	s.writeReject(e)
}

// Advance moves the clocks: the watermark says when to write (T3), the ingest
// frontier what to forget (T7). Neither moves back; a smaller value is ignored.
// MaxTime for both closes every window of a bounded run.
func (s *Shard) Advance(watermark event.Watermark, frontier event.Time) {
	s.watermark = max(s.watermark, watermark)
	s.frontier = max(s.frontier, frontier)
}

// Cut closes the cut that Begin opened and returns its rows.
func (s *Shard) Cut() *Cut {
	for len(s.stirred) > 0 {
		list := s.stirred
		s.stirred = nil
		for _, c := range list {
			s.settle(c)
		}
	}
	s.resolveWins()
	s.resolveJourneys()
	s.expire()
	s.expireGuests()
	out := &Cut{
		Number: s.rows.Number, EmittedAt: s.rows.EmittedAt, Wins: s.rows.Wins, Clicks: s.rows.Clicks,
		Conversions: s.rows.Conversions, Attributions: s.rows.Attributions, Rejected: s.rows.Rejected,
	}
	sortRows(out)
	out.Deltas = s.deltas()
	out.Ledger = s.ledger.Accounts()
	out.Recalls, s.recalls = s.recalls, nil
	out.Pending = len(s.waiting) > 0
	out.Links, out.Linked = s.takeLinks(), s.Linked()
	return out
}

// sortRows puts rows in the order of their keys.
func sortRows(c *Cut) {
	slices.SortFunc(c.Wins, func(a, b table.Win) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), strings.Compare(a.ImpressionID, b.ImpressionID))
	})
	slices.SortFunc(c.Clicks, func(a, b table.Click) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), strings.Compare(a.ClickID, b.ClickID))
	})
	slices.SortFunc(c.Conversions, func(a, b table.Conversion) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), strings.Compare(a.ConversionID, b.ConversionID))
	})
	slices.SortFunc(c.Attributions, func(a, b table.Attribution) int {
		return cmp.Or(
			cmp.Compare(a.Route, b.Route), strings.Compare(a.ConversionID, b.ConversionID),
			strings.Compare(a.Model, b.Model), strings.Compare(a.TouchID, b.TouchID),
		)
	})
	slices.SortFunc(c.Rejected, func(a, b table.Rejected) int {
		return cmp.Or(
			strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition),
			cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Line, b.Line),
		)
	})
}
