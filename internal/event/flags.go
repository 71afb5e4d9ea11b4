package event

import "strings"

// Flags is what was noticed about an event on its way, one bit each. A row
// shows them as comma-separated names in the order below.
type Flags uint32

// The flags, each with the rule that sets it.
const (
	TimeCorrected     Flags = 1 << iota // event time derived from sent_at and received_at (events 1.1)
	ClockFuture                         // event time was up to 24 h ahead and is clamped (T1)
	CurrencyDefaulted                   // no currency on the wire (events 1.1)
	PriceEncoded                        // encrypted or unresolved price macro, read as null (events 1.3, S14)
	UnmappedCreative                    // no campaign on the wire and none known for the creative
	IDSynthetic                         // the id was derived, the wire had none
	IDReused                            // a fact beyond the conflict horizon of an equal id (D3)
	LateForJoin                         // too late for its join, the fact stands (T6)
	CampaignMismatch                    // parent's campaign differs and is used (J4)
	TimeInversion                       // child 2 s to 60 s before its parent (J5)
	AmbiguousBid                        // several bids were left, the dearest won (J1)
	PathTruncated                       // more touches than max_touches_per_path (W)
	ClickIDUnresolved                   // the named click is unknown or out of window (A4)
	DeclaredDiffers                     // declared campaign is not the computed one (A1)
	UserMismatch                        // match lent by another user's timeline (J9)
	ViewUnmeasured                      // a view qualified without a viewability measurement (V2)
	NoConsent                           // identifiers stripped (P1)
	TextTruncated                       // a free-text field was cut to its limit (events 1.1)
	UserOverCap                         // the user has more live touches than the cap (W)
)

var flagNames = [...]string{
	"TIME_CORRECTED", "CLOCK_FUTURE", "CUR_DEFAULTED", "PRICE_ENCODED",
	"UNMAPPED_CREATIVE", "ID_SYNTHETIC", "ID_REUSED", "LATE_FOR_JOIN",
	"CAMPAIGN_MISMATCH", "TIME_INVERSION", "AMBIGUOUS_BID", "PATH_TRUNCATED",
	"CLICK_ID_UNRESOLVED", "DECLARED_DIFFERS", "USER_MISMATCH",
	"VIEW_UNMEASURED", "NO_CONSENT", "TEXT_TRUNCATED", "USER_OVER_CAP",
}

// Has reports whether every flag of g is set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String is the comma-separated names, "" for none.
func (f Flags) String() string {
	if f == 0 {
		return ""
	}
	var b strings.Builder
	for i, name := range flagNames {
		if f&(1<<i) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name)
	}
	return b.String()
}
