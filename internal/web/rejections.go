package web

import "github.com/advertisex/adjoin/internal/event"

// rejection is a label value that stands for some reasons of rejected_events.
// The table has more reasons than a label should have values; a person who gets
// an alert wants to know whom to call, and finds the exact reason in the table.
type rejection struct {
	label   string
	outcome string // of ingest_records_total
	reasons []event.Reason
}

// rejections covers every reason once; the last row takes codes that this
// version does not know.
var rejections = []rejection{
	{"malformed", outcomeInvalid, []event.Reason{event.Empty, event.BadJSON, event.BadCSV, event.CSVArity, event.BadAvro, event.BadEncoding}},
	{"unknown_schema", outcomeInvalid, []event.Reason{event.UnknownSchema}},
	{"bad_value", outcomeInvalid, []event.Reason{event.BadID, event.BadTime, event.BadNumber, event.BadMoney, event.BadCurrency}},
	{"missing_field", outcomeInvalid, []event.Reason{event.MissingField, event.NoImps}},
	{"too_large", outcomeInvalid, []event.Reason{event.TooLarge}},
	{"unreadable_batch", outcomeInvalid, []event.Reason{event.UnreadableBatch}},
	{"time_future", outcomeInvalid, []event.Reason{event.TimeFuture}},
	{"late", outcomeLate, []event.Reason{event.TooLate, event.BehindState}},
	{"id_conflict", outcomeInvalid, []event.Reason{event.DupIDConflict}},
	{"adjustment", outcomeInvalid, []event.Reason{event.AdjustOrphan, event.AdjustTooOld}},
	{"poison", outcomeInvalid, []event.Reason{event.Poison}},
	{other, outcomeInvalid, nil},
}

// The outcomes of ingest_records_total.
const (
	outcomeAccepted   = "accepted"
	outcomeDuplicate  = "duplicate"
	outcomeLate       = "late"
	outcomeInvalid    = "invalid"
	outcomeSuppressed = "suppressed"
)

// other stands for keys that are on no list.
const other = "other"

// rejectionOf finds the row of a reason code, the last row when there is none.
func rejectionOf(code string) rejection {
	for _, row := range rejections {
		for _, r := range row.reasons {
			if r.String() == code {
				return row
			}
		}
	}
	return rejections[len(rejections)-1]
}

// outcomes sums a ledger by outcome. An id conflict is a row of rejected_events,
// so it is invalid; erased events are suppressed.
func (l *Ledger) outcomes() map[string]int64 {
	sums := map[string]int64{
		outcomeAccepted: l.Facts, outcomeDuplicate: l.Duplicates, outcomeLate: 0,
		outcomeInvalid: l.Conflicts, outcomeSuppressed: l.Erased,
	}
	for code, n := range l.Rejected {
		sums[rejectionOf(code).outcome] += n
	}
	return sums
}

// addRejected adds a ledger to the dead letters by label.
func (l *Ledger) addRejected(sums map[string]int64) {
	sums[rejectionOf(event.DupIDConflict.String()).label] += l.Conflicts
	for code, n := range l.Rejected {
		sums[rejectionOf(code).label] += n
	}
}
