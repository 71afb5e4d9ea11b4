package oracle

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/spill"
)

// bidRequests goes through all bid requests in the order of their identity:
// dedupes them, finds what impressions won (J1), writes both and adds up what
// they add to the aggregates. None is held longer than its route lasts.
func (w *world) bidRequests(sorters []*spill.Sorter, in *intake, out sinks.Sink) error {
	sorted, err := spill.Merge(sorters...)
	if err != nil {
		return err
	}
	dedupe := deduper{in.set.ConflictHorizons.Bids, "auction_id", in}
	s := requestStage{
		world: w, flows: in.flows, users: userKeys{secret: w.set.UserKeySecret},
		bidPage: page[table.Bid]{write: out.WriteBids}, winPage: page[table.Win]{write: out.WriteWins},
	}
	var group []*bid // of one identity
	for {
		record, err := sorted.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		over := err != nil
		var b *bid
		if !over {
			b = unpackBid(record.Value)
		}
		if len(group) > 0 && (over || b.identity() != group[0].identity()) {
			s.facts(walk(dedupe, group))
			group = group[:0]
		}
		if over || b.route != s.route {
			s.endRoute()
		}
		if over {
			return errors.Join(s.bidPage.flush(), s.winPage.flush())
		}
		s.route = b.route
		group = append(group, b)
	}
}

func (b *bid) identity() identity { return identity{b.route, b.exchange, b.auction} }

// requestStage is the rows of one route.
type requestStage struct {
	*world
	flows   pipeline
	users   userKeys
	route   event.Route
	bids    []table.Bid
	wins    []table.Win
	bidPage page[table.Bid]
	winPage page[table.Win]
}

// facts takes the bid facts of one identity.
func (s *requestStage) facts(bids []*bid) {
	for _, b := range bids {
		s.bids = append(s.bids, b.bidRows(&s.users)...)
		s.sums.addBid(b)
	}
	for _, i := range s.auctionsOf[chain{bids[0].exchange, bids[0].auction}] {
		if i.flags.Has(event.LateForJoin) || i.route != bids[0].route {
			continue
		}
		if won := s.winOf(i, bids); won != nil {
			s.wins = append(s.wins, won.row())
			s.sums.addWin(won)
			s.flows.ofEvent(&i.head).matched++
		}
	}
}

func (s *requestStage) endRoute() {
	slices.SortFunc(s.bids, func(a, b table.Bid) int {
		return cmp.Or(
			cmp.Compare(a.Exchange, b.Exchange), cmp.Compare(a.AuctionID, b.AuctionID),
			cmp.Compare(a.ImpID, b.ImpID), cmp.Compare(a.BidID, b.BidID),
		)
	})
	slices.SortFunc(s.wins, func(a, b table.Win) int { return cmp.Compare(a.ImpressionID, b.ImpressionID) })
	s.bidPage.add(s.bids...)
	s.winPage.add(s.wins...)
	s.bids, s.wins = s.bids[:0], s.wins[:0]
}
