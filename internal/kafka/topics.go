package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// The topics of adjoin itself.
const (
	JournalTopic  = "adjoin.journal"
	SegmentsTopic = "adjoin.segments"
	LinksTopic    = "adjoin.links"
)

// TopicSpec is a topic to be made, and what an existing one must be.
type TopicSpec struct {
	Name        string
	Partitions  int32             // 0: the broker's default
	Exactly     bool              // an existing topic must have just this many partitions
	Replication int16             // 0: the broker's default
	Settings    map[string]string // set on creation
	Require     []Requirement     // checked on an existing topic
}

// Requirement is a setting an existing topic must satisfy.
type Requirement struct {
	Setting string
	Want    string // shown in messages, and the value that mends it
	Why     string // what would happen otherwise
	OK      func(value string) bool
}

// TopicReport is what EnsureTopics found or did for one topic.
type TopicReport struct {
	Name       string
	Created    bool
	Missing    bool // only with dryRun
	ID         TopicID
	Partitions int32
}

// createTimeout bounds the wait for a new topic to have leaders.
const createTimeout = 15 * time.Second

// minMessageBytes is Kafka's default of max.message.bytes; chunks and commits
// rely on it.
const minMessageBytes = 1_048_588

// linksRetention is how long a link stays: far beyond the longest outage after
// which a node still resumes from its vector.
const linksRetention = 30 * 24 * time.Hour

// OwnTopics are the three topics adjoin needs: the journal (one partition,
// never deleted by time), the segments (compacted) and the links.
func OwnTopics() []TopicSpec {
	largeEnough := Requirement{Setting: "max.message.bytes", Want: strconv.Itoa(minMessageBytes),
		Why: "larger records would be refused", OK: atLeast(minMessageBytes)}
	return []TopicSpec{{
		Name: JournalTopic, Partitions: 1, Exactly: true,
		Settings: map[string]string{"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"},
		Require: []Requirement{
			equals("cleanup.policy", "delete", "compaction would drop commits, which have no keys"),
			equals("retention.ms", "-1", "old commits would be deleted before a snapshot covers them"),
			equals("retention.bytes", "-1", "old commits would be deleted before a snapshot covers them"),
			largeEnough,
		},
	}, {
		Name: SegmentsTopic, Partitions: 8,
		Settings: map[string]string{"cleanup.policy": "compact", "retention.ms": "-1", "retention.bytes": "-1",
			"max.message.bytes": strconv.Itoa(minMessageBytes)},
		Require: []Requirement{
			equals("cleanup.policy", "compact", "state that is still needed would be deleted by age"),
			largeEnough,
		},
	}, {
		Name: LinksTopic, Partitions: 8,
		Settings: map[string]string{"cleanup.policy": "delete", "retention.bytes": "-1",
			"retention.ms": strconv.FormatInt(linksRetention.Milliseconds(), 10)},
		Require: []Requirement{
			equals("cleanup.policy", "delete", "compaction would drop links, which have no keys"),
			{Setting: "retention.ms", Want: strconv.FormatInt(linksRetention.Milliseconds(), 10),
				Why: "links would be deleted before they are read", OK: atLeast((7 * 24 * time.Hour).Milliseconds())},
		},
	}}
}

func equals(setting, want, why string) Requirement {
	return Requirement{Setting: setting, Want: want, Why: why, OK: func(v string) bool { return v == want }}
}

// atLeast accepts numbers from n on, and -1: no limit.
func atLeast(n int64) func(string) bool {
	return func(v string) bool {
		is, err := strconv.ParseInt(v, 10, 64)
		return err == nil && (is == -1 || is >= n)
	}
}

// EnsureTopics makes the topics that are missing and checks those that exist.
// With dryRun nothing is made. Existing topics are never altered: wrong ones
// are an Error of CodeTopicConfig, joined over all topics.
func EnsureTopics(ctx context.Context, cfg Config, want []TopicSpec, dryRun bool) ([]TopicReport, error) {
	a, err := openAdmin(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer a.close()
	var missing []TopicSpec
	for _, t := range want {
		found := a.view.topics[t.Name]
		switch {
		case found.err == sarama.ErrTopicAuthorizationFailed:
			return nil, refusal(found.err, "topic "+t.Name)
		case len(found.partitions) == 0:
			missing = append(missing, t)
		}
	}
	if !dryRun && len(missing) > 0 {
		if err := a.create(ctx, missing); err != nil {
			return nil, err
		}
	}
	return a.report(ctx, want, missing)
}

// report checks every topic and says what it is.
func (a *admin) report(ctx context.Context, want, missing []TopicSpec) (reports []TopicReport, err error) {
	for _, t := range want {
		found := a.view.topics[t.Name]
		r := TopicReport{Name: t.Name, ID: found.id, Partitions: int32(len(found.partitions)), Missing: len(found.partitions) == 0}
		r.Created = !r.Missing && slices.ContainsFunc(missing, func(m TopicSpec) bool { return m.Name == t.Name })
		reports = append(reports, r)
		if !r.Missing {
			err = errors.Join(err, a.check(ctx, t, int(r.Partitions)))
		}
	}
	return reports, err
}

// check compares an existing topic with its spec.
func (a *admin) check(ctx context.Context, t TopicSpec, partitions int) error {
	detail := &TopicConfigError{Topic: t.Name}
	if t.Exactly && partitions != int(t.Partitions) {
		detail.Problems = append(detail.Problems, onePartition(partitions))
	}
	if len(t.Require) > 0 {
		settings, err := a.settings(ctx, t.Name)
		if err != nil {
			return err
		}
		for _, r := range t.Require {
			if is := settings[r.Setting]; !r.OK(is) {
				detail.Problems = append(detail.Problems, TopicProblem{Setting: r.Setting, Is: is, Want: r.Want, Why: r.Why,
					Mend: fmt.Sprintf("kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config %s=%s",
						a.cfg.Brokers[0], t.Name, r.Setting, r.Want)})
			}
		}
	}
	if len(detail.Problems) == 0 {
		return nil
	}
	return topicConfigError(detail)
}

// onePartition is the problem of a journal with several partitions.
func onePartition(n int) TopicProblem {
	return TopicProblem{Setting: "partitions", Is: strconv.Itoa(n), Want: "1",
		Why:  "several partitions have no common order, which decides who owns what",
		Mend: "name another journal topic, or delete this one if it holds nothing you need, and run adjoin topics create"}
}

func topicConfigError(detail *TopicConfigError) error {
	var hint strings.Builder
	for i, p := range detail.Problems {
		if i > 0 {
			hint.WriteString("\n  ")
		}
		fmt.Fprintf(&hint, "With %s = %s, %s. Mend: %s", p.Setting, p.Is, p.Why, p.Mend)
	}
	return &Error{Code: CodeTopicConfig, Class: Refused, Err: detail, What: detail.Error() + ".", Hint: hint.String()}
}

// DeleteTopics deletes topics; it is for tests and demos.
func DeleteTopics(ctx context.Context, cfg Config, topics ...string) error {
	a, err := openAdmin(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.close()
	req := &sarama.DeleteTopicsRequest{Version: 4, Topics: topics, Timeout: ackTimeout}
	res, err := call(ctx, a.link, a.link.broker.DeleteTopics, req)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(res.TopicErrorCodes)) {
		if code := res.TopicErrorCodes[name]; code != 0 {
			return refusal(code, "topic "+name+" was not deleted")
		}
	}
	return nil
}

// Cluster is who a cluster is and what it has.
type Cluster struct {
	ID      string
	Brokers map[int32]string // id to address
	Topics  map[string]TopicInfo
}

// TopicInfo is one topic of a cluster.
type TopicInfo struct {
	ID         TopicID
	Partitions int32
}

// All are the partitions of the topics, in order.
func (c Cluster) All() []event.Partition {
	var out []event.Partition
	for _, name := range slices.Sorted(maps.Keys(c.Topics)) {
		for id := range c.Topics[name].Partitions {
			out = append(out, event.Partition{Topic: name, ID: id})
		}
	}
	return out
}

// Describe asks for the cluster's id and the topics named, or all topics when
// none is; a missing topic is an error.
func Describe(ctx context.Context, cfg Config, topics ...string) (Cluster, error) {
	if err := cfg.Validate(); err != nil {
		return Cluster{}, err
	}
	cfg = cfg.withDefaults()
	dir := newDirectory(&cfg)
	defer dir.close()
	v, err := dir.lookup(ctx, topics...)
	if err != nil {
		return Cluster{}, err
	}
	out := Cluster{ID: v.clusterID, Brokers: v.brokers, Topics: make(map[string]TopicInfo)}
	for name, t := range v.topics {
		out.Topics[name] = TopicInfo{ID: t.id, Partitions: int32(len(t.partitions))}
	}
	for _, name := range topics {
		if out.Topics[name].Partitions == 0 {
			return Cluster{}, refusal(orUnknown(v.topics[name].err), "topic "+name)
		}
	}
	return out, nil
}
