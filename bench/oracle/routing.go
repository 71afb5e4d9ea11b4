package oracle

import (
	"strconv"

	"github.com/advertisex/adjoin/internal/event"
)

// offsetID is the id that id_mode offset gives a record without one (N13).
func offsetID(at line) string {
	id := "k:" + strconv.Itoa(int(at.pos.ID)) + "-" + strconv.FormatInt(int64(at.pos.Offset), 10)
	if at.csv {
		id += "-" + strconv.Itoa(int(at.pos.Line))
	}
	return id
}

// place gives an event its position, its id when it has none (N13), and its
// route (R1 to R3).
func (h *head) place(at line, set *Settings, synthetic func() event.Fingerprint) {
	h.pos, h.ingest = at.pos, at.ingest
	if h.id == "" {
		h.flags |= event.IDSynthetic
		if set.IDMode == "offset" {
			h.id = offsetID(at)
		} else {
			h.id = syntheticID(synthetic())
		}
	}
	h.key = h.id
}

func (i *impression) place(in *intake, at line, c *cells) {
	i.head.place(at, in.set, func() event.Fingerprint {
		var p printer
		for _, f := range []struct{ name, value string }{
			{"user_id", i.user}, {"creative_id", i.creative}, {"website", i.site + i.path},
			{"timestamp", c.get("timestamp").text},
		} {
			if f.value != "" {
				p.add(f.name, f.value)
			}
		}
		return p.sum()
	})
	switch {
	case i.user != "":
		i.route = event.RouteUser(i.user)
	case i.auction != "":
		i.route = event.RouteAuction(i.exchange, i.auction)
	default:
		i.route = event.RouteImpression(i.id)
	}
}

func (c *click) place(in *intake, at line) {
	c.head.place(at, in.set, func() event.Fingerprint { return c.print })
	c.route = event.RouteClick(c.id)
	if c.user != "" {
		c.route = event.RouteUser(c.user)
	}
}

func (c *conversion) place(in *intake, at line) {
	c.head.place(at, in.set, func() event.Fingerprint { return c.print })
	c.route = event.RouteConversion(c.id)
	if c.user != "" {
		c.route = event.RouteUser(c.user)
	}
}

func (b *bid) place(at line) {
	b.pos, b.ingest, b.key = at.pos, at.ingest, b.auction
	b.route = event.RouteAuction(b.exchange, b.auction)
	if b.user != "" {
		b.route = event.RouteUser(b.user)
	}
}
