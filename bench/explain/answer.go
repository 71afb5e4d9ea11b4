package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// Answer is all that can be said of one id. It is also the document of
// `adjoin explain -o json`.
type Answer struct {
	FormatVersion int    `json:"format_version"`
	Kind          string `json:"kind"` // impression, click or conversion
	ID            string `json:"id"`
	// Records are those of the dump that carry the id, in the order of D1.
	Records []Candidate `json:"records"`
	// Facts are the rows under the id: one, unless the id was reused (D3) or
	// lives under several routing keys (R5).
	Facts []Fact `json:"facts"`
}

// Fact is one row and how it came about.
type Fact struct {
	ID        string    `json:"id"` // with the suffix of a reuse
	Route     int64     `json:"route"`
	EventTime time.Time `json:"event_time"`
	Outcome   string    `json:"outcome"` // in one sentence
	Steps     []Step    `json:"steps"`
	// Disagrees says where the steps and the engine's row differ; empty unless
	// there is a bug.
	Disagrees string `json:"disagrees,omitempty"`
}

// Step is one question that the rules ask, and its candidates.
type Step struct {
	Rule       string      `json:"rule"` // number in docs/semantics
	Question   string      `json:"question"`
	Candidates []Candidate `json:"candidates"`
	Result     string      `json:"result"`
}

// Candidate is something that was considered and the rule that decided.
type Candidate struct {
	Kind      string    `json:"kind"` // record, impression, click, conversion or bid
	ID        string    `json:"id"`   // of a record its position
	EventTime time.Time `json:"event_time"`
	Taken     bool      `json:"taken"`
	Rule      string    `json:"rule"`
	Why       string    `json:"why"`
}

// Text is the answer for a terminal.
func (a *Answer) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", a.Kind, a.ID)
	if len(a.Records) == 0 {
		b.WriteString("no record of the dump has this id; a record that could not be decoded has none (see rejected_events)\n")
	}
	writeCandidates(&b, a.Records)
	for _, f := range a.Facts {
		fmt.Fprintf(&b, "\n%s %s at %s: %s\n", a.Kind, f.ID, stamp(f.EventTime), f.Outcome)
		for _, s := range f.Steps {
			fmt.Fprintf(&b, "  %s  %s\n", s.Rule, s.Question)
			writeCandidates(&b, s.Candidates)
			fmt.Fprintf(&b, "    => %s\n", s.Result)
		}
		if f.Disagrees != "" {
			fmt.Fprintf(&b, "  the row of the engine differs, please report this: %s\n", f.Disagrees)
		}
	}
	return b.String()
}

func writeCandidates(b *strings.Builder, list []Candidate) {
	for _, c := range list {
		mark := "-"
		if c.Taken {
			mark = "+"
		}
		fmt.Fprintf(b, "    %s %-10s %s  %s  %s: %s\n", mark, c.Kind, c.ID, stamp(c.EventTime), c.Rule, c.Why)
	}
}

func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05.000000") }

// span is a duration as people write it, exact to the microsecond.
func span(s event.Span) string {
	if s < 0 {
		return "-" + span(-s)
	}
	days := s / event.Day
	rest := time.Duration(s%event.Day) * time.Microsecond
	switch {
	case days == 0:
		return rest.String()
	case rest == 0:
		return fmt.Sprintf("%dd", days)
	}
	return fmt.Sprintf("%dd%s", days, rest)
}
