package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/IBM/sarama"
)

// admin makes and describes topics, on a connection to the controller.
type admin struct {
	cfg  *Config
	dir  *directory
	view *view
	link *link
}

// openAdmin connects. The view has all topics the user may see.
func openAdmin(ctx context.Context, cfg Config) (*admin, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	a := &admin{cfg: &cfg, dir: newDirectory(&cfg)}
	var err error
	if a.view, err = a.dir.lookup(ctx); err == nil {
		// Without a controller any broker will do for reading, and pass on the
		// rest (KRaft).
		addr, ok := a.view.brokers[a.view.controller]
		if !ok {
			addr = cfg.Brokers[0]
		}
		a.link, err = dial(ctx, &cfg, addr)
	}
	if err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *admin) close() {
	if a.link != nil {
		a.link.close()
	}
	a.dir.close()
}

// create makes topics and waits until every partition has a leader.
func (a *admin) create(ctx context.Context, topics []TopicSpec) error {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	details := make(map[string]*sarama.TopicDetail)
	for _, t := range topics {
		d := &sarama.TopicDetail{NumPartitions: orDefault(t.Partitions), ReplicationFactor: orDefault(t.Replication),
			ConfigEntries: make(map[string]*string)}
		for k, v := range t.Settings {
			d.ConfigEntries[k] = &v
		}
		details[t.Name] = d
	}
	req := sarama.NewCreateTopicsRequest(sarama.V2_8_0_0, details, ackTimeout, false)
	res, err := call(ctx, a.link, a.link.broker.CreateTopics, req)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(res.TopicErrors)) {
		// Somebody else may be making the same topics.
		if e := res.TopicErrors[name]; e.Err != 0 && e.Err != sarama.ErrTopicAlreadyExists {
			return createError(name, e)
		}
	}
	return a.await(ctx, topics)
}

// orDefault is -1, the broker's default, for 0.
func orDefault[N int16 | int32](n N) N {
	if n == 0 {
		return -1
	}
	return n
}

func createError(name string, e *sarama.TopicError) error {
	out := refusal(e.Err, "topic "+name+" was not made")
	if e.ErrMsg != nil && *e.ErrMsg != "" {
		out.What = fmt.Sprintf("topic %s was not made: %s.", name, *e.ErrMsg)
	}
	if out.Code == CodeRights {
		out.Hint = "Grant the user Create on the cluster or on the topic, or let an administrator make it: adjoin topics create --dry-run shows how."
	}
	return out
}

// await waits until the topics are known and have leaders.
func (a *admin) await(ctx context.Context, topics []TopicSpec) error {
	for {
		v, err := a.dir.lookup(ctx)
		if err != nil {
			return err
		}
		a.view = v
		if !slices.ContainsFunc(topics, func(t TopicSpec) bool { return !led(v, t.Name) }) {
			return nil
		}
		if !pause(ctx, lookAgain) {
			return &Error{Code: CodeTimeout, Class: Unreachable, Err: ctx.Err(),
				What: "topics were made, but have no leaders yet.",
				Hint: "Brokers may be down; run the command again later."}
		}
	}
}

// led reports whether every partition of a topic has a leader.
func led(v *view, topic string) bool {
	parts := v.topics[topic].partitions
	return len(parts) > 0 && !slices.ContainsFunc(parts, func(p partitionView) bool {
		_, ok := v.brokers[p.leader]
		return !ok
	})
}

// settings are all settings of a topic, defaults included.
func (a *admin) settings(ctx context.Context, topic string) (map[string]string, error) {
	req := &sarama.DescribeConfigsRequest{Version: 2, Resources: []*sarama.ConfigResource{{Type: sarama.TopicResource, Name: topic}}}
	res, err := call(ctx, a.link, a.link.broker.DescribeConfigs, req)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	for _, r := range res.Resources {
		if r.ErrorCode != 0 {
			e := refusal(kerr(r.ErrorCode), "the settings of topic "+topic+" cannot be read")
			if e.Code == CodeRights {
				e.Hint = "Grant the user DescribeConfigs on the topic."
			}
			return nil, e
		}
		for _, c := range r.Configs {
			out[c.Name] = c.Value
		}
	}
	return out, nil
}
