package codecs

import (
	"unicode/utf8"

	"github.com/advertisex/adjoin/internal/event"
)

// Form is how a record writes a value.
type Form uint8

// The forms. Formats without types have only Null and Text.
const (
	Null   Form = iota // not there, JSON null, a blank cell
	Text               // a string or cell
	Number             // a JSON number; the text is its digits
	Bool               // the text is true or false
	Nested             // an object or array
)

// Value is one field of a record before any rule is applied. Its text aliases
// the record.
type Value struct {
	Text string
	Form Form
}

// Fields applies the rules for single fields (events 1.1, semantics N1 to N17)
// and keeps the first failure. A decoder Resets it for each event and reads the
// fields in the order of the event's list.
type Fields struct {
	Config
	// Reason, Field and Detail are the first failure, NotRejected for none.
	Reason event.Reason
	Field  string
	Detail string
	// Flags and Test are what the fields read so far imply.
	Flags event.Flags
	Test  bool
	// Unknown counts values that no rule understands, over all events.
	Unknown int64
}

// Reset forgets the last event, not the count of unknown values.
func (f *Fields) Reset() {
	f.Reason, f.Field, f.Detail = event.NotRejected, "", ""
	f.Flags, f.Test = 0, false
}

// Fail records a failure unless there is one already. detail is shown to
// people and must not hold any of the record.
func (f *Fields) Fail(reason event.Reason, field, detail string) {
	if f.Reason == event.NotRejected {
		f.Reason, f.Field, f.Detail = reason, field, detail
	}
}

// ID reads an id, "" for an absent one (semantics N1, N10).
func (f *Fields) ID(name string, v Value) string {
	switch v.Form {
	case Null:
		return ""
	case Text:
	case Number:
		if !event.IsInteger(v.Text) {
			f.Fail(event.BadID, name, "a number with a fraction or exponent is no id")
			return ""
		}
	default:
		f.Fail(event.BadID, name, "neither text nor a whole number")
		return ""
	}
	id, audit, why := event.CleanID(v.Text)
	switch {
	case audit:
		f.Test = true
	case why == event.BadEncoding:
		f.Fail(why, name, "not valid UTF-8")
	case why != event.NotRejected:
		f.Fail(why, name, "longer than 128 bytes or with a control character")
	}
	return id
}

// FreeText reads text that no rule interprets, cut to MaxTextBytes.
func (f *Fields) FreeText(v Value) string {
	switch v.Form {
	case Text, Number:
		return f.cut(v.Text)
	case Null:
		return ""
	}
	f.Unknown++
	return ""
}

func (f *Fields) cut(s string) string {
	if len(s) <= MaxTextBytes {
		return s
	}
	f.Flags |= event.TextTruncated
	n := MaxTextBytes
	for n > MaxTextBytes-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Website reads a site as host and path (semantics N6).
func (f *Fields) Website(v Value) (host, path string) {
	text := f.FreeText(v)
	if text == "" {
		return "", ""
	}
	return event.SplitSite(text)
}

// Time reads a required timestamp; ok is false when it is absent or failed.
func (f *Fields) Time(name string, v Value) (t event.Time, ok bool) {
	if v.Form == Null || v.Form == Text && v.Text == "" {
		return 0, false
	}
	if v.Form == Text || v.Form == Number {
		if t, ok = event.ParseTime(v.Text, f.Zone); ok {
			return t, true
		}
	}
	f.Fail(event.BadTime, name, "neither RFC 3339, YYYY-MM-DD HH:MM:SS nor an epoch number of years 1 to 9999")
	return 0, false
}

// RepairClock is the event time after clock repair (semantics N3).
func (f *Fields) RepairClock(t event.Time, sent, received Value) event.Time {
	if sent.Form == Null || received.Form == Null {
		return t
	}
	s, ok := event.ParseTime(sent.Text, f.Zone)
	r, also := event.ParseTime(received.Text, f.Zone)
	if !ok || !also || s < t {
		return t
	}
	f.Flags |= event.TimeCorrected
	return r - (s - t)
}

// Int reads an optional whole number in [lo, hi]; absent when there is none or
// it cannot be read (semantics N8).
func (f *Fields) Int(name string, v Value, lo, hi, absent int64) int64 {
	if v.Form != Text && v.Form != Number {
		return absent
	}
	n, readable, ok := event.ParseInt(v.Text, lo, hi)
	switch {
	case ok:
		return n
	case readable:
		f.Fail(event.BadNumber, name, "outside its range")
	}
	return absent
}

// Tri reads an optional boolean (semantics N8).
func (f *Fields) Tri(v Value) event.Tri {
	switch v.Form {
	case Null:
		return event.Unknown
	case Text, Number, Bool:
		switch len(v.Text) {
		case 0:
			return event.Unknown
		case 1:
			if v.Text == "1" {
				return event.True
			}
			if v.Text == "0" {
				return event.False
			}
		case 4:
			if equalFold(v.Text, "true") {
				return event.True
			}
		case 5:
			if equalFold(v.Text, "false") {
				return event.False
			}
		}
	}
	f.Unknown++
	return event.Unknown
}

// equalFold compares ASCII text with a lower-case word of the same length.
func equalFold(s, word string) bool {
	for i := range len(word) {
		if s[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

// Country reads a country, "" for one nobody knows (semantics N7).
func (f *Fields) Country(v Value) string {
	if v.Form == Null || v.Text == "" {
		return ""
	}
	code := event.Country(v.Text)
	if code == "" {
		f.Unknown++
	}
	return code
}

// Currency reads a currency, "" when absent (semantics N5).
func (f *Fields) Currency(name string, v Value) string {
	if v.Form == Null || v.Form == Text && v.Text == "" {
		return ""
	}
	code, ok := event.Currency(v.Text)
	if !ok || v.Form != Text {
		f.Fail(event.BadCurrency, name, "not an ISO 4217 code")
		return ""
	}
	return code
}

// Word reads an enum: the value of words that text equals in any case,
// otherwise for one that is unknown and "" for none (semantics N8).
func (f *Fields) Word(v Value, otherwise string, words ...string) string {
	if v.Form == Null || v.Form == Text && v.Text == "" {
		return ""
	}
	if v.Form == Nested {
		f.Unknown++
		return ""
	}
	if v.Form == Text {
		for _, word := range words {
			if len(word) == len(v.Text) && equalFold(v.Text, word) {
				return word
			}
		}
	}
	f.Unknown++
	return otherwise
}
