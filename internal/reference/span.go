package reference

import (
	"fmt"
	"strconv"

	"github.com/advertisex/adjoin/internal/event"
)

type spanUnit struct {
	name string
	span event.Span
}

// spanUnits, longest first, so that writing picks the longest that divides.
var spanUnits = [...]spanUnit{
	{"d", event.Day}, {"h", event.Hour}, {"m", event.Minute}, {"s", event.Second}, {"ms", event.Millisecond},
}

// ParseSpan reads a duration such as "30d", "24h", "10m", "30s" or "250ms", or
// "0". Units are mandatory, numbers are whole, the most is MaxWindow.
func ParseSpan(text string) (event.Span, error) {
	if text == "0" {
		return 0, nil
	}
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseInt(text[:digits], 10, 64)
	for _, u := range spanUnits {
		if err != nil || u.name != text[digits:] {
			continue
		}
		if n > int64(MaxWindow/u.span) {
			return 0, fmt.Errorf("%q is more than %s", text, FormatSpan(MaxWindow))
		}
		return event.Span(n) * u.span, nil
	}
	return 0, fmt.Errorf("%q is not a duration: write a whole number and a unit, like 30d, 24h, 10m or 30s", text)
}

// FormatSpan writes a duration as ParseSpan reads it, in the longest unit that
// divides it; what is below a millisecond is dropped.
func FormatSpan(s event.Span) string {
	for _, u := range spanUnits {
		if s >= u.span && s%u.span == 0 {
			return strconv.FormatInt(int64(s/u.span), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s/event.Millisecond), 10) + "ms"
}

func span(field, text string, into *event.Span) error {
	if text == "" {
		return nil
	}
	s, err := ParseSpan(text)
	if err != nil {
		return fmt.Errorf("windows.%s: %w", field, err)
	}
	*into = s
	return nil
}
