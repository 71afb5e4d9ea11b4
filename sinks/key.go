package sinks

import (
	"fmt"
	"strings"
)

// Limits of object keys. Stores allow 1,024 bytes; the prefix needs some.
const (
	keyBytesMax   = 512
	cutIDBytesMax = 128
)

// CheckKey accepts a relative key of segments out of A-Z a-z 0-9 . _ = - and
// refuses everything else: empty segments, "." and "..", a leading or trailing
// slash, backslashes, percent signs, NUL, any other byte (S8). Keys are built
// from table, cut and number alone, so nothing of an event can get here.
func CheckKey(key string) error {
	if key == "" || len(key) > keyBytesMax {
		return fmt.Errorf("sinks: key of %d bytes, 1 to %d are allowed: %w", len(key), keyBytesMax, ErrKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("sinks: key %q has an empty or dot segment: %w", key, ErrKey)
		}
		for i := range len(segment) {
			if !keyByte(segment[i]) {
				return fmt.Errorf("sinks: key %q has byte %q: %w", key, segment[i], ErrKey)
			}
		}
	}
	return nil
}

// CleanPrefix normalises a configured folder inside a bucket: slashes at both
// ends are dropped, one is added at the end; "" stays "". Anything CheckKey
// refuses is refused.
func CleanPrefix(prefix string) (string, error) {
	trimmed := strings.Trim(prefix, "/")
	if trimmed == "" {
		return "", nil
	}
	if err := CheckKey(trimmed); err != nil {
		return "", err
	}
	return trimmed + "/", nil
}

// checkCutID accepts one key segment of bounded length.
func checkCutID(id string) error {
	if len(id) > cutIDBytesMax || strings.Contains(id, "/") {
		return fmt.Errorf("sinks: cut id %.40q is too long or has a slash: %w", id, ErrKey)
	}
	return CheckKey(id)
}

func keyByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '.' || c == '_' || c == '=' || c == '-'
}
