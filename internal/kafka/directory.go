package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// view is what a broker said about the cluster at one moment.
type view struct {
	clusterID  string
	controller int32 // broker id
	brokers    map[int32]string
	topics     map[string]topicView
}

type topicView struct {
	err        sarama.KError
	id         TopicID
	rights     int32           // bits of what the user may do, noRights where unknown
	partitions []partitionView // by number; a number that is absent has leader -1
}

type partitionView struct {
	leader   int32 // broker id, -1 for none
	epoch    int32
	replicas int
	inSync   int
}

// leader is the address and epoch of a partition's leader.
func (v *view) leader(p event.Partition) (addr string, epoch int32, err *Error) {
	t, ok := v.topics[p.Topic]
	switch {
	case !ok:
		return "", 0, refusal(sarama.ErrUnknownTopicOrPartition, "topic "+p.Topic)
	case t.err != 0 && len(t.partitions) == 0:
		return "", 0, refusal(t.err, "topic "+p.Topic)
	case int(p.ID) >= len(t.partitions):
		return "", 0, refusal(sarama.ErrUnknownTopicOrPartition,
			fmt.Sprintf("topic %s has %d partitions, there is no partition %d", p.Topic, len(t.partitions), p.ID))
	}
	part := t.partitions[p.ID]
	addr, ok = v.brokers[part.leader]
	if !ok {
		return "", 0, &Error{Code: CodeConnect, Class: Unreachable, Err: sarama.ErrLeaderNotAvailable,
			What: fmt.Sprintf("partition %s has no leader at the moment.", p),
			Hint: "A broker is down or an election is going on."}
	}
	return addr, part.epoch, nil
}

// all are the partitions of the topics, in order.
func (v *view) all(topics []string) []event.Partition {
	var out []event.Partition
	for _, t := range topics {
		for id := range v.topics[t].partitions {
			out = append(out, event.Partition{Topic: t, ID: int32(id)})
		}
	}
	slices.SortFunc(out, event.Partition.Compare)
	return slices.Compact(out)
}

// directory asks who leads what, on a connection of its own to whichever broker
// answers. It is safe for concurrent use.
type directory struct {
	cfg *Config

	mu struct {
		sync.Mutex
		link  *link
		known []string // addresses of the last answer
	}
}

func newDirectory(cfg *Config) *directory { return &directory{cfg: cfg} }

// lookup asks for the topics, never cached; with no topic it asks for all.
func (d *directory) lookup(ctx context.Context, topics ...string) (*view, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mu.link != nil {
		if v, err := d.ask(ctx, topics); err == nil {
			return v, nil
		}
	}
	var worst error
	for _, addr := range slices.Concat(d.cfg.Brokers, d.mu.known) {
		if ctx.Err() != nil {
			break
		}
		l, err := dial(ctx, d.cfg, addr)
		if err == nil {
			d.mu.link = l
			var v *view
			if v, err = d.ask(ctx, topics); err == nil {
				return v, nil
			}
		}
		worst = moreTelling(worst, err)
	}
	if worst == nil {
		worst = stopped(ctx, "Kafka")
	}
	return nil, worst
}

// moreTelling picks the error to show: a refusal says more than silence.
func moreTelling(a, b error) error {
	var e *Error
	if a == nil || errors.As(b, &e) && e.Class == Refused {
		return b
	}
	return a
}

// ask sends the request on the present link and drops the link if it fails.
func (d *directory) ask(ctx context.Context, topics []string) (*view, error) {
	// From version 10 on the answer has topic ids.
	req := &sarama.MetadataRequest{Version: 10, Topics: topics, IncludeTopicAuthorizedOperations: true}
	res, err := call(ctx, d.mu.link, d.mu.link.broker.GetMetadata, req)
	if err != nil {
		d.mu.link.close()
		d.mu.link = nil
		return nil, err
	}
	v := viewOf(res)
	d.mu.known = slices.Sorted(maps.Values(v.brokers))
	return v, nil
}

func viewOf(res *sarama.MetadataResponse) *view {
	v := &view{controller: res.ControllerID, brokers: make(map[int32]string), topics: make(map[string]topicView)}
	if res.ClusterID != nil {
		v.clusterID = *res.ClusterID
	}
	for _, b := range res.Brokers {
		v.brokers[b.ID()] = b.Addr()
	}
	for _, t := range res.Topics {
		tv := topicView{err: t.Err, id: TopicID(t.Uuid), rights: t.TopicAuthorizedOperations}
		for _, p := range t.Partitions {
			for int(p.ID) >= len(tv.partitions) {
				tv.partitions = append(tv.partitions, partitionView{leader: -1, epoch: -1})
			}
			tv.partitions[p.ID] = partitionView{leader: p.Leader, epoch: p.LeaderEpoch,
				replicas: len(p.Replicas), inSync: len(p.Isr)}
		}
		v.topics[t.Name] = tv
	}
	return v
}

// close closes the connection.
func (d *directory) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mu.link != nil {
		d.mu.link.close()
		d.mu.link = nil
	}
}
