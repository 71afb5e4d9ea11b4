package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// assign puts one text, or the items of a list, into the place that ptr points
// at. It is the one place that knows how text becomes each type.
func assign(ptr any, texts []string) error {
	switch p := ptr.(type) {
	case *[]string:
		*p = append([]string(nil), texts...) // nil when empty
		return nil
	case *Names:
		*p = append(Names(nil), slices.DeleteFunc(texts, func(s string) bool { return s == "" })...)
		return nil
	case *[]LoadTarget:
		*p = make([]LoadTarget, len(texts))
		return nil
	}
	return assignOne(ptr, texts[0])
}

func assignOne(ptr any, text string) (err error) {
	switch p := ptr.(type) {
	case *bool:
		*p, err = parseBool(text)
	case *int:
		*p, err = parseInt(text)
	case *string:
		*p = text
	case *time.Duration:
		*p, err = ParseDuration(text)
	case *event.Span:
		*p, err = parseSpan(text)
	case *Size:
		*p, err = ParseSize(text)
	case *Rate:
		*p, err = ParseRate(text)
	case *Share:
		*p, err = ParseShare(text)
	case *Secret:
		*p = NewSecret(text)
	case *Path:
		*p = Path(text)
	case *Zone:
		*p, err = parseZone(text)
	case *Delimiter:
		*p, err = parseDelimiter(text)
	case *Start:
		*p, err = parseStart(text)
	}
	return err
}

func parseBool(text string) (bool, error) {
	if text == "true" || text == "false" {
		return text == "true", nil
	}
	return false, problemf("not-a-boolean", "%q is not a boolean; write true or false", text)
}

func parseInt(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || strings.HasPrefix(text, "+") {
		return 0, problemf("not-an-integer", "%q is not an integer", text)
	}
	return n, nil
}

// parseSpan is ParseDuration in the microseconds of event time.
func parseSpan(text string) (event.Span, error) {
	d, err := ParseDuration(text)
	if err == nil && d%time.Microsecond != 0 {
		err = problemf("not-a-duration", "%q is finer than a microsecond, the unit of event time", text)
	}
	return event.Span(d.Microseconds()), err
}

func parseZone(text string) (Zone, error) {
	location, err := time.LoadLocation(text)
	if err != nil || text == "" || text == "Local" {
		return Zone{}, problemf("not-a-zone", "%q is not an IANA time zone; write for example UTC or Europe/Berlin", text)
	}
	return Zone{text, location}, nil
}

func parseDelimiter(text string) (Delimiter, error) {
	switch text {
	case ",", ";", "|", "\t":
		return Delimiter(text[0]), nil
	case "tab":
		return '\t', nil
	}
	return 0, problemf("not-a-delimiter", "%q is not a delimiter; write \",\", \";\", \"|\" or tab", text)
}

func parseStart(text string) (Start, error) {
	switch text {
	case "earliest":
		return Start{}, nil
	case "latest":
		return Start{Latest: true}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return Start{}, problemf("not-a-start", "%q is not a start; write earliest, latest or a time such as 2026-09-01T00:00:00Z", text)
	}
	return Start{At: at}, nil
}

// bounds checks Min and Max by reading them with the field's own parser.
func bounds(f *Field, ptr any, text string) error {
	value, ok := magnitude(ptr)
	if !ok {
		return nil
	}
	for _, limit := range []struct {
		text   string
		beyond func(limit float64) bool
		words  string
	}{
		{f.Min, func(m float64) bool { return value < m }, "below the least allowed"},
		{f.Max, func(m float64) bool { return value > m }, "above the most allowed"},
	} {
		if limit.text == "" {
			continue
		}
		var scratch Config
		scratch.Load = make([]LoadTarget, 1)
		bound := f.bind(&scratch, 0)
		if err := assignOne(bound, limit.text); err != nil {
			return err
		}
		if m, _ := magnitude(bound); limit.beyond(m) {
			return problemf("out-of-range", "%s is %s, %s", text, limit.words, limit.text)
		}
	}
	return nil
}

// magnitude is the value that ptr points at as a number, for types that have
// an order. Every bound of the table is exact in a float64.
func magnitude(ptr any) (float64, bool) {
	switch p := ptr.(type) {
	case *int:
		return float64(*p), true
	case *time.Duration:
		return float64(*p), true
	case *event.Span:
		return float64(*p), true
	case *Size:
		return float64(*p), true
	case *Rate:
		return float64(*p), true
	case *Share:
		return float64(*p), true
	}
	return 0, false
}

// validate checks one item of a value against Enum and the field's own check.
// The empty text means no value and passes where the default is empty.
func validate(f *Field, text string) error {
	if text == "" && (f.Default == "" || f.Type() == "names") && f.Path != "load[].target" {
		return nil
	}
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, text) {
		return problemf("not-one-of", "%q is not one of %s%s", text, strings.Join(f.Enum, ", "), didYouMean(nearest(text, f.Enum)))
	}
	if f.check != nil {
		return f.check(text)
	}
	return nil
}

// absolute makes a path relative to base absolute.
func absolute(path, base string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if base == "" {
		base = "."
	}
	abs, err := filepath.Abs(filepath.Join(base, path))
	if err != nil {
		return filepath.Join(base, path)
	}
	return abs
}

// cause is what the operating system said, without the operation and the path
// that the message around it already names.
func cause(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}
