package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes.
type Size int64

// Sizes in bytes. KB is 1000, KiB is 1024.
const (
	Byte Size = 1
	KB        = 1000 * Byte
	MB        = 1000 * KB
	GB        = 1000 * MB
	TB        = 1000 * GB
	KiB       = 1024 * Byte
	MiB       = 1024 * KiB
	GiB       = 1024 * MiB
	TiB       = 1024 * GiB
)

// String is the size in the largest unit that divides it: "128MiB", "10MB",
// "1B". ParseSize reads it back.
func (s Size) String() string {
	if s == 0 {
		return "0B"
	}
	for _, u := range sizeUnits {
		if s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// Rate is a number of events per second.
type Rate float64

// Share is a fraction; 0.03 is three in a hundred.
type Share float64

// Names is one or more names. In YAML a single name may stand without the
// brackets of a list; the empty string is no name at all.
type Names []string

// Path is the absolute path of a file or folder, or empty.
type Path string

// Zone is an IANA time zone. The zero value is UTC.
type Zone struct {
	name string
	loc  *time.Location
}

// Location is the zone as the time package wants it, never nil.
func (z Zone) Location() *time.Location {
	if z.loc == nil {
		return time.UTC
	}
	return z.loc
}

// String is the IANA name.
func (z Zone) String() string {
	if z.loc == nil {
		return "UTC"
	}
	return z.name
}

// Delimiter is the byte between two CSV cells.
type Delimiter byte

// String is the delimiter as the configuration writes it.
func (d Delimiter) String() string {
	if d == '\t' {
		return "tab"
	}
	return string(rune(d))
}

// Start says where a source begins that has no position in the journal:
// earliest (the zero value), latest, or the first record at or after a time.
type Start struct {
	Latest bool
	At     time.Time // zero unless a time was given
}

// String is "earliest", "latest" or the time in RFC 3339.
func (s Start) String() string {
	switch {
	case s.Latest:
		return "latest"
	case !s.At.IsZero():
		return s.At.Format(time.RFC3339Nano)
	}
	return "earliest"
}

// redacted stands for a secret wherever values are shown.
const redacted = "[redacted]"

// Secret is text that must not be shown. Every verb of fmt, slog,
// encoding/json and encoding.TextMarshaler print "[redacted]", or nothing for
// an empty secret; only Reveal gives the text.
type Secret struct{ text string }

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the text. Pass it to the one call that needs it and nowhere else.
func (s Secret) Reveal() string { return s.text }

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.text == "" }

// String is "[redacted]", or "" for an empty secret.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return redacted
}

// Format makes every verb, %#v and %x included, print String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue keeps the secret out of slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes the redacted form.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText writes the redacted form.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// readSecret is the content of file without its final line break when file is
// named, else value.
func readSecret(value Secret, file Path) (Secret, error) {
	if file == "" {
		return value, nil
	}
	text, err := os.ReadFile(string(file))
	if err != nil {
		return Secret{}, fmt.Errorf("read secret: %w", err)
	}
	return Secret{strings.TrimRight(string(text), "\r\n")}, nil
}
