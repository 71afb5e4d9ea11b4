package config

import (
	"fmt"
	"strings"
)

// Severity of a Diagnostic.
type Severity string

// The two severities. A configuration with an error is not used; one with
// warnings is.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Place is where a value was written. Line and Column count from 1 and are 0
// where the source has none: File is then the flag or variable, as in
// "--set kafka.start" or "env ADJOIN_KAFKA__START".
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String is "file:line:col", or as much of it as is known.
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Diagnostic is one thing that is wrong with a configuration. Rule is a stable
// name of the rule that it breaks, such as "unknown-key".
type Diagnostic struct {
	Place
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Rule     string   `json:"rule"`
}

// String is "file:line:col: error: message [rule]".
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s: %s: %s [%s]", d.Place, d.Severity, d.Message, d.Rule)
}

// Diagnostics is a list in the order of the places: files in order, then
// environment, then flags.
type Diagnostics []Diagnostic

// Count is the number of diagnostics of one severity.
func (ds Diagnostics) Count(s Severity) int {
	n := 0
	for _, d := range ds {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// Summary is "2 errors, 1 warning", and empty for an empty list.
func (ds Diagnostics) Summary() string {
	var parts []string
	for _, s := range []Severity{SeverityError, SeverityWarning} {
		switch n := ds.Count(s); n {
		case 0:
		case 1:
			parts = append(parts, fmt.Sprintf("1 %s", s))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, s))
		}
	}
	return strings.Join(parts, ", ")
}

// String is one line for each diagnostic and the summary.
func (ds Diagnostics) String() string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.String())
		b.WriteByte('\n')
	}
	b.WriteString(ds.Summary())
	return b.String()
}

// Invalid is the error of a configuration that must not be used. It carries
// every error and every warning that was found, not the first alone.
type Invalid struct {
	Diagnostics Diagnostics
}

// Error is every diagnostic, one a line, and the summary.
func (e *Invalid) Error() string { return e.Diagnostics.String() }
