package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// rights are operations of Kafka's ACLs; the number is a bit of what a broker
// says the user may do with a topic.
type right struct {
	bit  uint
	name string
}

var (
	mayRead     = right{3, "Read"}
	mayWrite    = right{4, "Write"}
	mayDelete   = right{6, "Delete"}
	mayDescribe = right{10, "DescribeConfigs"}
)

// noRights is what a broker answers that does not know.
const noRights = math.MinInt32

// rights checks that the user may do everything named with a topic.
func (c *checker) rights(t topicView, topic string, need ...right) {
	if t.rights == noRights || t.rights == 0 {
		c.add("rights", topic, Skip, "the broker does not say", "")
		return
	}
	var lacking, has []string
	for _, r := range need {
		if t.rights&(1<<r.bit) == 0 {
			lacking = append(lacking, r.name)
		} else {
			has = append(has, r.name)
		}
	}
	if len(lacking) == 0 {
		c.add("rights", topic, Pass, strings.Join(has, ", "), "")
		return
	}
	c.fail("rights", topic, &Error{Code: CodeRights, Class: Refused,
		What: fmt.Sprintf("user %q may not %s topic %s.", c.cfg.SASL.Username, strings.Join(lacking, ", "), topic),
		Hint: "Grant it: kafka-acls.sh --add --allow-principal User:NAME --operation " + strings.Join(lacking, " --operation ") + " --topic " + topic})
}

// source checks a topic that is read.
func (c *checker) source(ctx context.Context, a *admin, topic string) {
	t := a.view.topics[topic]
	if len(t.partitions) == 0 {
		c.fail("topic", topic, refusal(orUnknown(t.err), "topic "+topic))
		return
	}
	c.add("topic", topic, Pass, fmt.Sprintf("%d partitions", len(t.partitions)), "")
	c.rights(t, topic, mayRead)
	settings, err := a.settings(ctx, topic)
	if err != nil {
		c.add("retention", topic, Skip, err.Error(), "DescribeConfigs on source topics lets adjoin warn before retention deletes what was not read.")
		return
	}
	c.retention(ctx, a, topic, settings)
	if settings["message.timestamp.type"] == "LogAppendTime" {
		c.add("time", topic, Pass, "LogAppendTime", "")
	} else {
		c.add("time", topic, Advice, "CreateTime: the ingest time is what producers say", "Set message.timestamp.type=LogAppendTime if producers' clocks cannot be trusted.")
	}
}

// retention says how long the topic keeps records, and how near its oldest one
// is to being deleted. Kafka goes by the time of the record: records of last
// year in a topic of a week are deleted at once.
func (c *checker) retention(ctx context.Context, a *admin, topic string, settings map[string]string) {
	ms, err := strconv.ParseInt(settings["retention.ms"], 10, 64)
	if err != nil || ms < 0 || !strings.Contains(settings["cleanup.policy"], "delete") {
		c.add("retention", topic, Pass, "no limit by age", "")
		return
	}
	limit := time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
	detail := fmt.Sprintf("records are deleted after %s", limit)
	oldest, err := c.oldest(ctx, a, topic)
	switch {
	case err != nil:
		c.add("retention", topic, Skip, detail+"; the oldest record cannot be read: "+err.Error(), "")
	case limit < 24*time.Hour:
		c.add("retention", topic, Warn, detail, "An outage longer than that loses records. Raise retention.ms to several days.")
	case oldest != event.MinTime && time.Since(oldest.UTC()) > limit*9/10:
		c.add("retention", topic, Warn, fmt.Sprintf("%s, and the oldest is of %s", detail, oldest.UTC().Format(time.DateTime)),
			"The oldest records are about to be deleted. If they are still to be read, raise retention.ms first.")
	default:
		c.add("retention", topic, Pass, detail, "")
	}
}

// oldest is the time of the first record of any partition, event.MinTime if
// there is none.
func (c *checker) oldest(ctx context.Context, a *admin, topic string) (event.Time, error) {
	parts := a.view.all([]string{topic})
	starts, err := listOffsets(ctx, c.cfg, a.view, parts, sarama.OffsetOldest, false)
	if err != nil {
		return 0, err
	}
	ends, err := listOffsets(ctx, c.cfg, a.view, parts, sarama.OffsetNewest, true)
	if err != nil {
		return 0, err
	}
	rd := &reader{cfg: c.cfg, dir: a.dir}
	defer rd.hangUp()
	defer rd.d.close()
	out := event.MinTime
	for _, p := range parts {
		if starts[p] >= ends[p] {
			continue
		}
		bl, err := rd.fetch(ctx, p, starts[p])
		if err != nil {
			return 0, err
		}
		if bl.err != 0 {
			return 0, refusal(kerr(bl.err), "a read of "+p.String()+" failed")
		}
		first, ok, err := newWalk(&rd.d, bl, starts[p], 1).next()
		if err != nil {
			return 0, err
		}
		if ok && len(first.records) > 0 && (out == event.MinTime || first.records[0].Time < out) {
			out = first.records[0].Time
		}
	}
	return out, nil
}

// own checks a topic of adjoin's: its settings, what the user may do with it,
// and what it survives.
func (c *checker) own(ctx context.Context, a *admin, spec TopicSpec) {
	t := a.view.topics[spec.Name]
	if len(t.partitions) == 0 {
		e := refusal(orUnknown(t.err), "topic "+spec.Name)
		if e.Code == CodeTopicMissing {
			e.Hint = "Make it: adjoin topics create."
		}
		c.fail("topic", spec.Name, e)
		return
	}
	if err := a.check(ctx, spec, len(t.partitions)); err != nil {
		c.fail("topic", spec.Name, err)
	} else {
		c.add("topic", spec.Name, Pass, fmt.Sprintf("%d partitions", len(t.partitions)), "")
	}
	need := []right{mayRead, mayWrite, mayDescribe}
	if spec.Exactly {
		need = append(need, mayDelete) // the journal's old records
	}
	c.rights(t, spec.Name, need...)
	settings, err := a.settings(ctx, spec.Name)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeRights {
			c.fail("durability", spec.Name, err)
		}
		return
	}
	c.durability(t, spec.Name, settings)
}

// durability says what losses a topic survives.
func (c *checker) durability(t topicView, topic string, settings map[string]string) {
	fewest := slices.MinFunc(t.partitions, func(a, b partitionView) int { return a.replicas - b.replicas })
	inSync := settings["min.insync.replicas"]
	detail := fmt.Sprintf("%d replicas, min.insync.replicas %s", fewest.replicas, inSync)
	switch {
	case settings["unclean.leader.election.enable"] == "true":
		c.add("durability", topic, Warn, detail+", unclean elections allowed", "An unclean election cuts the log: what was committed may vanish. Set unclean.leader.election.enable=false.")
	case fewest.replicas < 2:
		c.add("durability", topic, Advice, detail, "The loss of one broker's disk loses the topic. Use 3 replicas and min.insync.replicas=2 for anything but tests.")
	case inSync == "1" || inSync == "":
		c.add("durability", topic, Warn, detail, "A record acknowledged by one broker alone is lost with it. Set min.insync.replicas=2.")
	case slices.ContainsFunc(t.partitions, func(p partitionView) bool { return p.inSync < p.replicas }):
		c.add("durability", topic, Warn, detail+", not all in sync", "A broker is down or behind.")
	default:
		c.add("durability", topic, Pass, detail, "")
	}
}
