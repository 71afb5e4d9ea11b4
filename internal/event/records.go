package event

// Kind is what an event is.
type Kind uint8

// The kinds. Rejected is a record or line that no decoder could turn into one
// of the other four; it travels the same way, so that it is counted and lands
// in rejected_events exactly once.
const (
	NoKind Kind = iota
	KindBid
	KindImpression
	KindClick
	KindConversion
	KindRejected
)

// String is the singular noun.
func (k Kind) String() string {
	switch k {
	case KindBid:
		return "bid"
	case KindImpression:
		return "impression"
	case KindClick:
		return "click"
	case KindConversion:
		return "conversion"
	case KindRejected:
		return "rejected"
	}
	return "unknown"
}

// Tri is a boolean that may be unknown.
type Tri uint8

// The three values.
const (
	Unknown Tri = iota
	False
	True
)

// Absent marks a numeric field that the record does not carry. No valid value
// of any field equals it.
const Absent = -1 << 63

// Fingerprint is the first 16 bytes of SHA-256 over an event's known fields
// (semantics D1). It orders records that share an id.
type Fingerprint [16]byte

// Envelope is what every event carries beside its own fields.
type Envelope struct {
	Position
	// Ingest is the Kafka record timestamp.
	Ingest Time
	// EventTime is when it happened, after clock repair; not yet clamped (T1).
	EventTime Time
	// Route is the hash of the routing key (R1 to R3).
	Route Route
	// Print is the fingerprint of the decoded content.
	Print Fingerprint
	// Flags so far: what the decoder noticed.
	Flags Flags
	// Backfill is true when the source is marked so and skips T2.
	Backfill bool
}

// Impression is one rendered ad (events 1.3). Empty text means absent; ids
// that are sentinels (events 1.1) are absent.
type Impression struct {
	Envelope
	ID          string // never empty: synthetic when the wire had none
	UserID      string
	CreativeID  string
	CampaignID  string // as declared on the wire
	SiteDomain  string // host of website, lower case, no www. and port
	PagePath    string // path of website, no query and fragment
	AppBundle   string
	PlacementID string
	Exchange    string // "default" when auction_id is present and exchange is not
	LineItemID  string
	Advertiser  string
	DealID      string
	AuctionID   string
	ImpID       string // "1" when auction_id is present and imp_id is not
	BidID       string
	PriceMicros int64 // CPM micros, Absent for null
	Currency    string
	PriceType   string // clearing, bid, estimated
	QuantityE6  int64  // 1e-6 units, default 1e6
	AdFormat    string // banner, video, audio, native, unknown
	Width       int32  // -1 absent
	Height      int32  // -1 absent
	Measurable  Tri
	Viewable    Tri
	InViewMS    int64 // Absent for null
	UserAgent   string
	IP          string
	DeviceType  int32 // AdCOM, -1 absent
	OS          string
	Browser     string
	Country     string // ISO 3166-1 alpha-3
	Region      string
	UTCOffset   int32 // minutes; MinInt32 absent
	Prefetch    bool
	Test        bool // is_test, or an AUDIT price or id
	GDPR        Tri
	Consent     string
	GPP         string
	USPrivacy   string
}

// Click is one measured click (events 1.4).
type Click struct {
	Envelope
	ID           string
	UserID       string
	CampaignID   string // as declared
	CreativeID   string
	ImpressionID string
	Exchange     string // as for Impression
	AuctionID    string
	ImpID        string
	BidID        string
	SiteDomain   string
	LandingHost  string
	UserAgent    string
	IP           string
	Country      string
	DeviceType   int32
	OS           string
	ClickX       int32 // -1 absent
	ClickY       int32
	Test         bool
	GDPR         Tri
	Consent      string
}

// Adjustment says whether a conversion line states or changes a conversion.
type Adjustment uint8

// The adjustments (semantics C2).
const (
	New Adjustment = iota
	Restate
	Retract
)

// String is the wire name.
func (a Adjustment) String() string {
	switch a {
	case Restate:
		return "RESTATE"
	case Retract:
		return "RETRACT"
	}
	return "NEW"
}

// Conversion is one action of value (events 1.5).
type Conversion struct {
	Envelope
	ID           string
	UserID       string
	CampaignID   string // declared
	Type         string // lower-cased token, aliases resolved
	OrderID      string
	ClickID      string
	ImpressionID string
	Advertiser   string
	ValueMicros  int64
	Currency     string
	Quantity     int32
	Adjustment   Adjustment
	UserAgent    string
	IP           string
	Country      string
	DeviceType   int32
	Test         bool
	GDPR         Tri
	Consent      string
}

// Pair is one targeting criterion of a bid request.
type Pair struct{ Key, Value string }

// Imp is one slot of a bid request.
type Imp struct {
	ID            string
	PlacementID   string
	AdFormat      string
	Width, Height int32
	Position      int32
	FloorMicros   int64
	FloorCurrency string
	Interstitial  bool
	Rewarded      bool
	ExpirySeconds int32
	DealIDs       []string
}

// Offer is one bid of ours in the answer to a bid request.
type Offer struct {
	BidID       string
	ResponseID  string // BidResponse.bidid, what ${AUCTION_BID_ID} expands to
	ImpID       string
	CampaignID  string
	LineItemID  string
	CreativeID  string
	Advertiser  string
	PriceMicros int64
	Currency    string
	DealID      string
	LossCode    int32 // -1 absent
	MinToWin    int64 // CPM micros, Absent for null
}

// Bid is one logged bid request with our answer (events 1.6). One record is
// one event and becomes one row for each offer, or for each imp without one.
type Bid struct {
	Envelope
	AuctionID      string
	Exchange       string
	AuctionType    int32
	TimeoutMS      int32
	UserID         string
	UserIDType     string
	IFA            string
	IP             string
	UserAgent      string
	Country        string
	Region         string
	City           string
	UTCOffset      int32
	DeviceType     int32
	OS             string
	Browser        string
	GDPR           Tri
	Consent        string
	GPP            string
	USPrivacy      string
	COPPA          bool
	LMT            bool
	DNT            bool
	Test           bool
	SiteDomain     string
	PageURL        string
	AppBundle      string
	Publisher      string
	SiteCategories []string
	Imps           []Imp
	Targeting      []Pair // sorted by key
	Offers         []Offer
	NoBidReason    int32 // -1 absent
	SamplePermille int32
}

// Link is what one timeline tells others about a child without a user
// (semantics R3): a record of the links topic. Only user shards read its body.
type Link struct {
	All   bool  // for every shard, else for the shard of Route
	Route Route // of the timeline it is for; with All the one it is from
	Body  []byte
}

// Rejected is a record or line that could not become an event.
type Rejected struct {
	Envelope // EventTime is MinTime when it could not be read
	Reason   Reason
	Field    string // canonical field name, or ""
	Detail   string // what was wrong, safe to show: no raw input, at most 256 bytes
	Raw      []byte // the first bytes of the record or line, at most 256, PII-masked
	Campaign string // when it could be read
	Intended Kind   // what the topic should have held
}
