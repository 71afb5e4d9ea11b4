package kafka

import "context"

// Verdict is the outcome of one step of Check.
type Verdict string

// The verdicts.
const (
	Pass Verdict = "ok"
	Warn Verdict = "warning"
	Fail Verdict = "failed"
	Skip Verdict = "skipped" // an earlier step failed
)

// Step is one line of adjoin check kafka.
type Step struct {
	Name    string // resolve, connect, tls, sasl, metadata, topics, read, write, retention, durability, time
	Where   string // broker, topic or ""
	Verdict Verdict
	Detail  string // what was found, one sentence
	Code    string // of a failure or warning
	Hint    string // what to do about it
	Class   Class
}

// CheckConfig says what Check looks at.
type CheckConfig struct {
	Sources []string    // topics read
	Own     []TopicSpec // topics written; default OwnTopics
}

// Check goes through the connection step by step, from the name of each broker
// to the rights on each topic, and says what it found. It changes nothing. The
// error is the first failed step as an Error, nil when no step failed.
func Check(ctx context.Context, cfg Config, cc CheckConfig) ([]Step, error) {
	return nil, errSkeleton
}
