package event

import (
	"math"
	"time"
)

// Time is an instant in microseconds since 1970-01-01 UTC. Event time and
// ingest time are both Times; processing time never is.
type Time int64

// Bounds of Time. MinTime is "nothing yet", MaxTime is the end of time that
// closes every window of a bounded run.
const (
	MinTime Time = math.MinInt64
	MaxTime Time = math.MaxInt64
)

// Span is a length of time in microseconds.
type Span int64

// Common spans.
const (
	Millisecond Span = 1_000
	Second      Span = 1_000_000
	Minute           = 60 * Second
	Hour             = 60 * Minute
	Day              = 24 * Hour
)

// Add saturates instead of wrapping around.
func (t Time) Add(d Span) Time {
	s := t + Time(d)
	switch {
	case d > 0 && s < t:
		return MaxTime
	case d < 0 && s > t:
		return MinTime
	}
	return s
}

// Sub is t - u, saturated.
func (t Time) Sub(u Time) Span {
	d := t - u
	switch {
	case u < 0 && d < t:
		return math.MaxInt64
	case u > 0 && d > t:
		return math.MinInt64
	}
	return Span(d)
}

// Floor is the start of the half-open bucket of width d that holds t (T5).
func (t Time) Floor(d Span) Time {
	r := t % Time(d)
	if r < 0 {
		r += Time(d)
	}
	return t - r
}

// UTC is t as a time.Time.
func (t Time) UTC() time.Time { return time.UnixMicro(int64(t)).UTC() }

// TimeOf converts from time.Time, dropping what is below a microsecond.
func TimeOf(t time.Time) Time { return Time(t.UnixMicro()) }

// Watermark is a bound: no event earlier than it is expected any more. It
// never moves back (T3).
type Watermark = Time
