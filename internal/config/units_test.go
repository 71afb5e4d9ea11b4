package config

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "250ms": 250 * time.Millisecond, "30s": 30 * time.Second, "15m": 15 * time.Minute, "24h": 24 * time.Hour,
		"7d": 168 * time.Hour, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute, "1d12h": 36 * time.Hour, "10us": 10 * time.Microsecond,
		"10µs": 10 * time.Microsecond, "1ns": 1, "0.5s": 500 * time.Millisecond,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "30", "0", "s", "-5s", "5 s", "5S", "5sec", "1m1h", "1s1s", "1.2.3s", "0.1ns", "300000d", "1e3s", "∞", "1s "} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", text, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{
		"0B": 0, "1B": 1, "10KB": 10_000, "10KiB": 10_240, "1MB": 1_000_000, "1MiB": 1 << 20, "24GiB": 24 << 30, "1.5GiB": 3 << 29, "2TB": 2e12, "1TiB": 1 << 40,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1", "MiB", "-1MiB", "1 MiB", "1mb", "1Mib", "1K", "1KiB1B", "0.3B", "9999999TiB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", text, got)
		}
	}
}

func TestParseRateAndShare(t *testing.T) {
	for text, want := range map[string]Rate{"500/s": 500, "200k/s": 200_000, "1.5M/s": 1_500_000, "0/s": 0} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("ParseRate(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"200kps", "200k", "k/s", "-1/s", "1K/s", "200/m", "1e3/s", "NaN/s"} {
		if got, err := ParseRate(text); err == nil {
			t.Errorf("ParseRate(%q) = %v, want an error", text, got)
		}
	}
	for text, want := range map[string]Share{"3%": 0.03, "0.03": 0.03, "0": 0, "100%": 1, "1": 1} {
		if got, err := ParseShare(text); err != nil || math.Abs(float64(got-want)) > 1e-12 {
			t.Errorf("ParseShare(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", "101%", "1.1", "-1%", "3 %", "NaN", "three"} {
		if got, err := ParseShare(text); err == nil {
			t.Errorf("ParseShare(%q) = %v, want an error", text, got)
		}
	}
}

// TestUnitsReadBack: what is printed is read as the same value.
func TestUnitsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "duration"))
		if got, err := ParseDuration(FormatDuration(d)); err != nil || got != d {
			t.Errorf("duration %d prints as %s and reads as %d, %v", d, FormatDuration(d), got, err)
		}
		s := Size(rapid.Int64Range(0, math.MaxInt64).Draw(t, "size"))
		if got, err := ParseSize(s.String()); err != nil || got != s {
			t.Errorf("size %d prints as %s and reads as %d, %v", int64(s), s, int64(got), err)
		}
	})
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Hour: "1h", 24 * time.Hour: "24h", 48 * time.Hour: "48h", 168 * time.Hour: "7d", 90 * time.Minute: "1h30m", 1500 * time.Millisecond: "1s500ms",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%d) = %q, want %q", d, got, want)
		}
	}
}
