package event

// Reason is why a record or line was rejected: a closed list (ST4). It is the
// reason column of rejected_events and a class of the ledger.
type Reason uint8

// The reasons.
const (
	NotRejected     Reason = iota
	Empty                  // a record without a single event
	BadJSON                // not JSON, or not an object, array or lines of objects
	BadCSV                 // a quote that never closes
	CSVArity               // wrong number of cells in a line
	BadAvro                // the datum does not match its schema
	UnknownSchema          // the registry or fingerprint does not know the schema
	BadEncoding            // invalid UTF-8
	BadID                  // an id that is a float, too long or has control characters
	BadTime                // a required timestamp is missing or cannot be read
	BadNumber              // a number or enum field outside its range
	BadMoney               // a price or value that is not a decimal in range
	BadCurrency            // not an ISO 4217 code
	MissingField           // a required field is absent
	NoImps                 // a bid request without impressions
	TooLarge               // over the record limit, nested too deep, or a decompression bomb
	UnreadableBatch        // a Kafka batch that cannot be decoded
	TimeFuture             // more than 24 h ahead (T1)
	TooLate                // beyond the type's correction horizon (T2)
	BehindState            // accepted by T2, but what it could join has expired (T7)
	DupIDConflict          // same id, other content, and not the first in the order (D2)
	AdjustOrphan           // an adjustment whose original never came (C2)
	AdjustTooOld           // an adjustment more than 90 d after its original (C2)
	Poison                 // the shard failed twice on this event and goes on without it
	reasonCount
)

var reasonNames = [reasonCount]string{
	"", "EMPTY", "BAD_JSON", "BAD_CSV", "CSV_ARITY", "BAD_AVRO", "UNKNOWN_SCHEMA",
	"BAD_ENCODING", "BAD_ID", "BAD_TIME", "BAD_NUMBER", "BAD_MONEY",
	"BAD_CURRENCY", "MISSING_FIELD", "NO_IMPS", "TOO_LARGE", "UNREADABLE_BATCH",
	"TIME_FUTURE", "TOO_LATE", "BEHIND_STATE", "DUP_ID_CONFLICT",
	"ADJUST_ORPHAN", "ADJUST_TOO_OLD", "POISON",
}

// String is the reason as rejected_events shows it.
func (r Reason) String() string {
	if r < reasonCount {
		return reasonNames[r]
	}
	return "UNKNOWN"
}

// Reasons lists every reason once, in order, for counters that must exist
// before the first event.
func Reasons() []Reason {
	all := make([]Reason, 0, reasonCount-1)
	for r := NotRejected + 1; r < reasonCount; r++ {
		all = append(all, r)
	}
	return all
}
