package fact

import "github.com/advertisex/adjoin/internal/event"

// Settings are the windows and limits of semantics T, D, J, W and A that do not
// depend on a campaign. A change of any of them makes earlier state mean
// something else, so all nodes of a deployment use the same.
type Settings struct {
	// FutureClamp and FutureReject bound how far an event time may lie ahead of
	// its ingest time: beyond the first it is clamped, beyond the second
	// rejected (T1).
	FutureClamp, FutureReject event.Span
	// LateAfter is the delay from which a record counts as late (T4).
	LateAfter event.Span
	// Horizon is how old a record may be when it is ingested (T2).
	Horizon PerKind
	// Conflict is how long an id stays taken by its fact, in event time (D3).
	Conflict PerKind
	// OrderHorizon is how long an order id stays taken by its conversion (D4),
	// and how old an original an adjustment may change (C2).
	OrderHorizon event.Span
	// BidLateness, ClickLateness and ViewLateness are the delays beyond which a
	// child does not take the join to its bid, its impression, its views (T6).
	BidLateness, ClickLateness, ViewLateness event.Span
	// ClockTolerance is how far a child may precede an id-matched parent without
	// a flag, InversionMax how far at all (J5).
	ClockTolerance, InversionMax event.Span
	// OrphanHold is how long an unmatched click waits, on the watermark's clock,
	// before it is written as an orphan (J6).
	OrphanHold event.Span
	// HalfLife is H of the time_decay model (A5), at least one second.
	HalfLife event.Span
	// MaxTouchesPerPath is how many touches take part in the models: the first
	// and the last ones (W). At least 2.
	MaxTouchesPerPath int
	// MaxTouchesPerUser is how many live touches a user may have before the
	// oldest views are forgotten (W).
	MaxTouchesPerUser int
	// Slack is held on top of every horizon: Kafka timestamps of one partition
	// may step back a little (T7).
	Slack event.Span
	// UserKeySecret is the key of the HMAC that makes user_key (P2); UserKeyID
	// names it. Restore refuses state written under another id.
	UserKeySecret []byte
	UserKeyID     string
}

// PerKind is one span for each kind of event.
type PerKind struct {
	Bid, Impression, Click, Conversion event.Span
}

// Of is the span of the kind, 0 for a kind without one.
func (p PerKind) Of(k event.Kind) event.Span {
	switch k {
	case event.KindBid:
		return p.Bid
	case event.KindImpression:
		return p.Impression
	case event.KindClick:
		return p.Click
	case event.KindConversion:
		return p.Conversion
	}
	return 0
}

// DefaultSettings are the values of the specification.
func DefaultSettings() Settings {
	return Settings{
		FutureClamp:  5 * event.Minute,
		FutureReject: 24 * event.Hour,
		LateAfter:    10 * event.Minute,
		Horizon: PerKind{
			Bid:        2 * event.Hour,
			Impression: 48 * event.Hour,
			Click:      48 * event.Hour,
			Conversion: 35 * event.Day,
		},
		Conflict: PerKind{
			Bid:        event.Hour,
			Impression: 24 * event.Hour,
			Click:      24 * event.Hour,
			Conversion: 90 * event.Day,
		},
		OrderHorizon:      90 * event.Day,
		BidLateness:       2 * event.Hour,
		ClickLateness:     48 * event.Hour,
		ViewLateness:      48 * event.Hour,
		ClockTolerance:    2 * event.Second,
		InversionMax:      event.Minute,
		OrphanHold:        15 * event.Minute,
		HalfLife:          7 * event.Day,
		MaxTouchesPerPath: 200,
		MaxTouchesPerUser: 2_000,
		Slack:             2 * event.Minute,
	}
}
