package kafka

import (
	"fmt"

	"github.com/advertisex/adjoin/internal/event"
)

// Class says what a caller can do about an error; it decides the exit code
// (interface 2.3).
type Class uint8

// The classes of errors.
const (
	Other       Class = iota // a defect, or a state that needs a decision: exit code 1
	Unreachable              // nobody answered in time; a retry may help: exit code 4
	Refused                  // the answer was no; a retry will not help: exit code 5
	Invalid                  // the configuration cannot work: exit code 78
)

// ExitCode is the process exit code of the class (interface 2.3).
func (c Class) ExitCode() int {
	return [...]int{Other: 1, Unreachable: 4, Refused: 5, Invalid: 78}[c]
}

// The codes an Error can have. They are stable: scripts and help pages name
// them.
const (
	CodeConfig         = "E-KAFKA-CONFIG"          // the configuration contradicts itself
	CodeConnect        = "E-KAFKA-CONNECT"         // no connection to a broker
	CodeDNS            = "E-KAFKA-DNS"             // a broker's name cannot be resolved
	CodeTLS            = "E-KAFKA-TLS"             // TLS failed, or is on at one end only
	CodeAuth           = "E-KAFKA-AUTH"            // SASL refused
	CodeRights         = "E-KAFKA-RIGHTS"          // an ACL is missing
	CodeTimeout        = "E-KAFKA-TIMEOUT"         // no answer in time
	CodeTopicMissing   = "E-KAFKA-TOPIC-MISSING"   // a topic or partition does not exist
	CodeTopicRecreated = "E-KAFKA-TOPIC-RECREATED" // a topic has another id than before
	CodeTopicConfig    = "E-KAFKA-TOPIC-CONFIG"    // a topic's settings would lose data
	CodeOffsetGone     = "E-KAFKA-OFFSET-GONE"     // the wanted offset is outside the log
	CodeUnknownOutcome = "E-KAFKA-UNKNOWN-OUTCOME" // an append may or may not be in the log
	CodeTooLarge       = "E-KAFKA-TOO-LARGE"       // a record is over the topic's limit
	CodeSegment        = "E-KAFKA-SEGMENT"         // a segment is missing or damaged
	CodeFormat         = "E-KAFKA-FORMAT"          // bytes this version cannot read
	CodeBroker         = "E-KAFKA-BROKER"          // any other refusal by a broker
)

// Error is what every function of this package returns when something outside
// the process is the cause. Details of some codes are reached with errors.As:
// OffsetError, RecreatedError, SegmentError, TopicConfigError.
type Error struct {
	Code  string // one of the Code constants
	Class Class
	What  string // what failed and where, a full sentence
	Hint  string // likely cause and next step; may be ""
	Err   error  // the cause, may be nil
}

// Error is one line: what failed, and the code.
func (e *Error) Error() string { return fmt.Sprintf("%s [%s]", e.What, e.Code) }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Text is the error as interface 2.5 prints it: code and sentence, then the
// next step, indented.
func (e *Error) Text() string {
	s := fmt.Sprintf("error[%s]: %s", e.Code, e.What)
	if e.Hint != "" {
		s += "\n  " + e.Hint
	}
	return s + "\n  Check step by step: adjoin check kafka      Explain: adjoin help " + e.Code
}

// OffsetError is the detail of CodeOffsetGone: the wanted offset is not in
// [Oldest, Newest].
type OffsetError struct {
	Partition      event.Partition
	Wanted         event.Offset
	Oldest, Newest event.Offset
}

// Error is the numbers in one line.
func (e *OffsetError) Error() string {
	return fmt.Sprintf("%s: offset %d is not in the log, which holds %d to %d",
		e.Partition, e.Wanted, e.Oldest, e.Newest)
}

// Lost is the number of offsets between the wanted one and the oldest that is
// left, 0 when the log ends before the wanted one (it was cut or re-created).
func (e *OffsetError) Lost() int64 { return max(0, int64(e.Oldest-e.Wanted)) }

// RecreatedError is the detail of CodeTopicRecreated.
type RecreatedError struct {
	Topic   string
	Was, Is TopicID
}

// Error names the topic and both ids.
func (e *RecreatedError) Error() string {
	return fmt.Sprintf("topic %s had id %s and has id %s", e.Topic, e.Was, e.Is)
}

// TopicConfigError is the detail of CodeTopicConfig: everything that is wrong
// with one topic.
type TopicConfigError struct {
	Topic    string
	Problems []TopicProblem
}

// TopicProblem is one setting of a topic that would lose or refuse data.
type TopicProblem struct {
	Setting string // a topic setting such as cleanup.policy, or "partitions"
	Is      string // its value now
	Want    string // what it must be
	Why     string // what would happen otherwise
	Mend    string // the command that repairs it
}

// Error lists the problems in one line.
func (e *TopicConfigError) Error() string {
	s := "topic " + e.Topic + ":"
	for i, p := range e.Problems {
		if i > 0 {
			s += ";"
		}
		s += fmt.Sprintf(" %s is %s, must be %s", p.Setting, p.Is, p.Want)
	}
	return s
}

// SegmentError is the detail of CodeSegment: the bytes of a segment are not
// what was written. It is never a failed read, which is a different Error.
type SegmentError struct {
	Ref    Ref
	Chunk  int // number of the chunk, -1 for the whole
	Reason string
}

// Error names the segment, the chunk and the reason.
func (e *SegmentError) Error() string {
	return fmt.Sprintf("segment %s, partition %d, chunk %d of %d: %s",
		e.Ref.Key, e.Ref.Partition, e.Chunk, len(e.Ref.Offsets), e.Reason)
}
