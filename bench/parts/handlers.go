package parts

import (
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// counter is a Handler that counts.
type counter struct{ events int64 }

var _ codecs.Handler = (*counter)(nil)

func (c *counter) Bid(*event.Bid)               { c.events++ }
func (c *counter) Impression(*event.Impression) { c.events++ }
func (c *counter) Click(*event.Click)           { c.events++ }
func (c *counter) Conversion(*event.Conversion) { c.events++ }
func (c *counter) Reject(*event.Rejected)       { c.events++ }

// idSeer is a Handler that keeps what an event would be remembered by: its id,
// else the first bytes of whatever it says.
type idSeer struct{ ids [][]byte }

var _ codecs.Handler = (*idSeer)(nil)

func (s *idSeer) see(id string)                  { s.ids = append(s.ids, []byte(id)) }
func (s *idSeer) Bid(e *event.Bid)               { s.see(e.AuctionID) }
func (s *idSeer) Impression(e *event.Impression) { s.see(e.ID) }
func (s *idSeer) Click(e *event.Click)           { s.see(e.ID) }
func (s *idSeer) Conversion(e *event.Conversion) { s.see(e.ID) }
func (s *idSeer) Reject(e *event.Rejected)       { s.see(e.Position.String()) }
