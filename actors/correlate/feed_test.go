package correlate

import (
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// at is an instant of the day that most tests play on.
func at(clock string) event.Time {
	t, err := time.Parse("2006-01-02 15:04:05.999999", "2026-03-10 "+clock)
	if err != nil {
		panic(err)
	}
	return event.TimeOf(t)
}

// feed makes events. They get the next offset of their topic and are ingested a
// second after they happened unless a test changes it.
type feed struct{ next map[string]event.Offset }

func (f *feed) envelope(topic string, t event.Time) event.Envelope {
	if f.next == nil {
		f.next = map[string]event.Offset{}
	}
	o := f.next[topic]
	f.next[topic]++
	return event.Envelope{
		Position:  event.Position{Partition: event.Partition{Topic: topic}, Offset: o},
		EventTime: t, Ingest: t.Add(event.Second),
	}
}

func (f *feed) impression(id, user string, t event.Time, change ...func(*event.Impression)) *event.Impression {
	e := &event.Impression{
		Envelope: f.envelope("ad_impressions", t), ID: id, UserID: user, CreativeID: "cr1", CampaignID: "A",
		SiteDomain: "news.example", PriceMicros: event.Absent, Currency: "USD", PriceType: "clearing", QuantityE6: oneE6,
		AdFormat: "banner", Width: -1, Height: -1, InViewMS: event.Absent, DeviceType: -1, UTCOffset: -1 << 31,
	}
	for _, c := range change {
		c(e)
	}
	switch {
	case e.UserID != "":
		e.Route = event.RouteUser(e.UserID)
	case e.AuctionID != "":
		e.Route = event.RouteAuction(e.Exchange, e.AuctionID)
	default:
		e.Route = event.RouteImpression(e.ID)
	}
	e.Print = f.print(*e)
	return e
}

func (f *feed) click(id, user string, t event.Time, change ...func(*event.Click)) *event.Click {
	e := &event.Click{
		Envelope: f.envelope("clicks", t), ID: id, UserID: user, DeviceType: -1, ClickX: -1, ClickY: -1,
	}
	for _, c := range change {
		c(e)
	}
	e.Route = event.RouteClick(e.ID)
	if e.UserID != "" {
		e.Route = event.RouteUser(e.UserID)
	}
	e.Print = f.print(*e)
	return e
}

func (f *feed) conversion(id, user string, t event.Time, change ...func(*event.Conversion)) *event.Conversion {
	e := &event.Conversion{
		Envelope: f.envelope("conversions", t), ID: id, UserID: user, Type: "purchase", Currency: "USD",
		Quantity: 1, DeviceType: -1,
	}
	for _, c := range change {
		c(e)
	}
	e.Route = event.RouteConversion(e.ID)
	if e.UserID != "" {
		e.Route = event.RouteUser(e.UserID)
	}
	e.Print = f.print(*e)
	return e
}

func (f *feed) bid(auction, user string, t event.Time, change ...func(*event.Bid)) *event.Bid {
	e := &event.Bid{
		Envelope: f.envelope("bid_requests", t), AuctionID: auction, Exchange: "default", UserID: user,
		NoBidReason: -1, SamplePermille: 1000,
		Imps: []event.Imp{{ID: "1", AdFormat: "banner", FloorCurrency: "USD"}},
	}
	for _, c := range change {
		c(e)
	}
	e.Route = event.RouteAuction(e.Exchange, e.AuctionID)
	if e.UserID != "" {
		e.Route = event.RouteUser(e.UserID)
	}
	e.Print = f.print(*e)
	return e
}

// print is a fingerprint of what the event says: transport fields are left out.
func (f *feed) print(e any) event.Fingerprint {
	blank := func(v *event.Envelope) { v.Position, v.Ingest, v.Backfill, v.Flags = event.Position{}, 0, false, 0 }
	switch e := e.(type) {
	case event.Impression:
		blank(&e.Envelope)
		return printed(e)
	case event.Click:
		blank(&e.Envelope)
		return printed(e)
	case event.Conversion:
		blank(&e.Envelope)
		return printed(e)
	case event.Bid:
		blank(&e.Envelope)
		return printed(e)
	}
	panic("no event")
}

func offerOf(bid string, price int64, change ...func(*event.Offer)) event.Offer {
	o := event.Offer{
		BidID: bid, ImpID: "1", CampaignID: "A", CreativeID: "cr1", PriceMicros: price, Currency: "USD",
		LossCode: -1, MinToWin: event.Absent,
	}
	for _, c := range change {
		c(&o)
	}
	return o
}
