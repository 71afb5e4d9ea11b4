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
	return cmp.Or(cmp.Compare(int64(a.route), int64(b.route)), cmp.Compare(a.scope, b.scope), cmp.Compare(a.id, b.id))
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

// dedupe puts the records of each identity side by side and in order, and keeps
// the facts, ordered by route, id and time.
func dedupe[R record](d deduper, records []R, of func(R) identity) []R {
	slices.SortFunc(records, func(a, b R) int {
		return cmp.Or(of(a).compare(of(b)), inOrder(a.self(), b.self()))
	})
	facts := records[:0]
	for start := 0; start < len(records); {
		end := start + 1
		for end < len(records) && of(records[end]) == of(records[start]) {
			end++
		}
		facts = append(facts, walk(d, records[start:end])...)
		start = end
	}
	clear(records[len(facts):])
	return facts
}

// walk goes through the records of one identity in order (R-D1): the first is
// the fact, what lies within its horizon is its duplicate or conflict, the first
// beyond it is the next fact.
func walk[R record](d deduper, group []R) (facts []R) {
	var fact *head
	seen := map[[8]byte]bool{}
	for _, r := range group {
		h := r.self()
		print := head8(h.print)
		switch {
		case fact == nil:
			fact, facts = h, append(facts, r)
		case h.at.Sub(fact.at) > d.horizon:
			h.key = fmt.Sprintf("%s@%d", h.id, int64(h.at))
			h.flags |= event.IDReused
			fact, facts = h, append(facts, r)
			clear(seen)
		case seen[print]:
			d.in.flows.ofEvent(h).DupExact++
		default:
			d.conflict(fact, h, r.declared())
		}
		if len(group) > 1 {
			seen[print] = true
		}
	}
	for _, r := range facts {
		d.in.flows.ofEvent(r.self()).Fact++
	}
	return facts
}

// conflict records another content under the id of a fact (R-D2).
func (d deduper) conflict(fact, h *head, campaign string) {
	d.in.rejections = append(d.in.rejections, rejection{
		pos: h.pos, ingest: h.ingest, reason: event.DupIDConflict, field: d.field,
		detail: fmt.Sprintf("fact %s, this record %s", headHex(fact.print), headHex(h.print)),
		at:     h.at, timed: true, campaign: campaign, flags: h.flags,
	})
	d.in.flows.ofEvent(h).IDConflict++
}

// dedupeAll leaves only facts, and the adjustments by themselves. Bid requests
// follow as they are read (requests.go).
func (in *intake) dedupeAll() (adjustments []*conversion) {
	hz := in.set.ConflictHorizons
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
