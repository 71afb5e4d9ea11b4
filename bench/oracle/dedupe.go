package oracle

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// identity is what makes records the same event (R-D1): their route and id. A
// bid's id is exchange and auction, an adjustment's is its fingerprint (C2).
type identity struct {
	route event.Route
	scope string
	id    string
}

func (a identity) compare(b identity) int {
	return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.scope, b.scope), cmp.Compare(a.id, b.id))
}

// inOrder is the order of the records of one identity (D1).
func inOrder(a, b *head) int {
	x, y := head8(a.print), head8(b.print)
	return cmp.Or(
		cmp.Compare(a.at, b.at),
		bytes.Compare(x[:], y[:]),
		a.pos.Compare(b.pos),
	)
}

// deduper splits the records of one kind into facts, natural duplicates and id
// conflicts.
type deduper struct {
	horizon event.Span
	field   string // id field, for the row of a conflict
	in      *intake
}

// dedupe puts the records of each identity side by side and walks them in order
// (R-D1): the first record is the fact, what lies within its horizon is its
// duplicate or conflict, the first beyond it is the next fact. It keeps the
// facts, in the order they came.
func dedupe[R record](d deduper, records []R, of func(R) identity) []R {
	order := make([]int32, len(records))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(of(records[a]).compare(of(records[b])), inOrder(records[a].self(), records[b].self()))
	})
	isFact := make([]bool, len(records))
	for start := 0; start < len(order); {
		end := start + 1
		for end < len(order) && of(records[order[end]]) == of(records[order[start]]) {
			end++
		}
		walk(d, records, order[start:end], isFact)
		start = end
	}
	facts := records[:0]
	for i, r := range records {
		if isFact[i] {
			d.in.ledger.of(r.self().pos.Topic).Fact++
			facts = append(facts, r)
		}
	}
	clear(records[len(facts):])
	return facts
}

func walk[R record](d deduper, records []R, group []int32, isFact []bool) {
	var fact *head
	var seen map[[8]byte]bool
	if len(group) > 1 {
		seen = map[[8]byte]bool{}
	}
	for _, i := range group {
		h := records[i].self()
		print := head8(h.print)
		switch {
		case fact == nil:
			fact, isFact[i] = h, true
		case h.at.Sub(fact.at) > d.horizon:
			h.key = fmt.Sprintf("%s@%d", h.id, int64(h.at))
			h.flags |= event.IDReused
			fact, isFact[i] = h, true
			clear(seen)
		case seen[print]:
			d.in.ledger.of(h.pos.Topic).DupExact++
		default:
			d.conflict(fact, h, records[i].declared())
		}
		if seen != nil {
			seen[print] = true
		}
	}
}

// conflict records another content under the id of a fact (R-D2).
func (d deduper) conflict(fact, h *head, campaign string) {
	d.in.rejections = append(d.in.rejections, rejection{
		pos: h.pos, ingest: h.ingest, reason: event.DupIDConflict, field: d.field,
		detail: fmt.Sprintf("fact %s, this record %s", headHex(fact.print), headHex(h.print)),
		at:     h.at, timed: true, campaign: campaign, flags: h.flags,
	})
	d.in.ledger.of(h.pos.Topic).IDConflict++
}

// dedupeAll leaves only facts, and the adjustments by themselves.
func (in *intake) dedupeAll() (adjustments []*conversion) {
	hz := in.set.ConflictHorizons
	in.bids = dedupe(deduper{hz.Bids, "auction_id", in}, in.bids,
		func(b *bid) identity { return identity{b.route, b.exchange, b.auction} })
	in.impressions = dedupe(deduper{hz.Impressions, "impression_id", in}, in.impressions,
		func(i *impression) identity { return identity{i.route, "", i.id} })
	in.clicks = dedupe(deduper{hz.Clicks, "click_id", in}, in.clicks,
		func(c *click) identity { return identity{c.route, "", c.id} })
	all := in.conversions
	in.conversions = nil
	for _, c := range all {
		if c.adjusts() {
			adjustments = append(adjustments, c)
		} else {
			in.conversions = append(in.conversions, c)
		}
	}
	in.conversions = dedupe(deduper{hz.Conversions, "conversion_id", in}, in.conversions,
		func(c *conversion) identity { return identity{c.route, "", c.id} })
	return dedupe(deduper{hz.Conversions, "conversion_id", in}, adjustments,
		func(c *conversion) identity { return identity{c.route, "", string(c.print[:8])} })
}
