package load

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/config"
)

// Plan is when records are due: Warmup at the rate From, then Duration with the
// rate going evenly from From to To. Rates are records a second.
type Plan struct {
	Warmup, Duration time.Duration
	From, To         float64
}

// Check refuses a plan that sends nothing.
func (p Plan) Check() error {
	switch {
	case p.Duration <= 0 || p.Warmup < 0:
		return errors.New("a run needs a duration above zero")
	case !(p.From > 0 && p.To > 0):
		return errors.New("a run needs a rate above zero")
	}
	return nil
}

// ParseRamp reads FROM:TO:DURATION, such as 50k/s:400k/s:10m.
func ParseRamp(text string) (from, to float64, over time.Duration, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, 0, 0, fmt.Errorf("%q is not a ramp; write FROM:TO:DURATION, for example 50k/s:400k/s:10m", text)
	}
	a, err1 := config.ParseRate(parts[0])
	b, err2 := config.ParseRate(parts[1])
	over, err3 := config.ParseDuration(parts[2])
	return float64(a), float64(b), over, errors.Join(err1, err2, err3)
}

// WarmupRecords is how many records are due before the measurement begins.
func (p Plan) WarmupRecords() int64 { return int64(p.From * p.Warmup.Seconds()) }

// Records is how many are due in all.
func (p Plan) Records() int64 {
	return p.WarmupRecords() + int64((p.From+p.To)/2*p.Duration.Seconds())
}

// MeanRate is records a second over Duration.
func (p Plan) MeanRate() float64 { return (p.From + p.To) / 2 }

// At is when record k is due, since the start. It never falls as k grows.
func (p Plan) At(k int64) time.Duration {
	warm := p.WarmupRecords()
	if k < warm {
		return time.Duration(float64(k) / p.From * float64(time.Second))
	}
	// n = From t + (To - From) t² / (2 Duration), solved for t in the form that
	// does not divide by To - From.
	n, d := float64(k-warm), p.Duration.Seconds()
	slope := (p.To - p.From) / d
	t := 2 * n / (p.From + math.Sqrt(max(p.From*p.From+2*slope*n, 0)))
	return p.Warmup + time.Duration(t*float64(time.Second))
}

// Due is how many records are due at a time since the start.
func (p Plan) Due(at time.Duration) int64 {
	if at <= p.Warmup {
		return min(int64(p.From*at.Seconds()), p.WarmupRecords())
	}
	t := min(at-p.Warmup, p.Duration).Seconds()
	return min(p.WarmupRecords()+int64(p.From*t+(p.To-p.From)*t*t/(2*p.Duration.Seconds())), p.Records())
}

// String is the plan in words.
func (p Plan) String() string {
	text := fmt.Sprintf("%.0f/s", p.From)
	if p.From != p.To {
		text += fmt.Sprintf(" to %.0f/s", p.To)
	}
	return fmt.Sprintf("%s for %s after %s of warm-up", text, config.FormatDuration(p.Duration), config.FormatDuration(p.Warmup))
}
