package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// reread fetches a record once more and decodes it: the content of a record that
// has become a fact after its content was let go (semantics D2, D3). It tries
// for as long as Kafka is away; a record that is gone is an error.
func (n *node) reread(at event.Position) (*recall, error) {
	topic, err := n.topicOf(at.Topic)
	if err != nil {
		return nil, err
	}
	var r *recall
	err = n.untilAnswered(n.ctx, func(any) {}, "a record that is needed once more", func() error {
		var err error
		r, err = n.rereadOnce(n.ctx, topic, at)
		return err
	})
	return r, err
}

func (n *node) topicOf(name string) (Topic, error) {
	for _, t := range n.cfg.Topics {
		if t.Name == name {
			return t, nil
		}
	}
	return Topic{}, fmt.Errorf("its topic is not configured any more; add %s to kafka.topics", name)
}

func (n *node) rereadOnce(ctx context.Context, topic Topic, at event.Position) (r *recall, err error) {
	src, err := kafka.OpenSource(ctx, n.cfg.Kafka, kafka.SourceConfig{
		Partitions: map[event.Partition]event.Offset{at.Partition: at.Offset},
		TopicIDs:   map[string]kafka.TopicID{at.Topic: kafka.TopicID(n.topics[at.Topic])},
		ClusterID:  n.clusterID, MaxBytesPartition: rereadBytes, Buffer: 1, Connections: 1,
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	for {
		chunk, err := src.Next(ctx)
		if err != nil {
			return nil, err
		}
		for i := range chunk.Records {
			if chunk.Records[i].Offset == at.Offset {
				router := newRouter(topic, 1, nil)
				router.describe(at.Partition, &chunk.Records[i])
				return decodeAgain(ctx, router, at)
			}
		}
		if chunk.Range.To > at.Offset {
			return nil, fmt.Errorf("it is not in Kafka any more (offsets [%d, %d) came without it); raise the topic's retention above correlate's windows",
				chunk.Range.From, chunk.Range.To)
		}
	}
}

// rereadBytes is how much a fetch for one record asks for.
const rereadBytes = 256 << 10

// decodeAgain decodes the record that a router of its own has at hand, so that
// what it hands over is never written again.
func decodeAgain(ctx context.Context, router *router, at event.Position) (*recall, error) {
	if p, ok := router.decoder.(codecs.Preparer); ok {
		for p.Prepare(ctx, &router.record) != nil {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(prepareEvery):
			}
		}
	}
	r := &recall{at: at}
	router.decoder.Decode(&router.record, r)
	if len(r.bids)+len(r.impressions) == 0 {
		return nil, errors.New("it is no bid and no impression any more: the decoder's settings have changed")
	}
	return r, nil
}

// Bid implements codecs.Handler.
func (r *recall) Bid(e *event.Bid) {
	if e.Position == r.at {
		r.bids = append(r.bids, *e)
	}
}

// Impression implements codecs.Handler.
func (r *recall) Impression(e *event.Impression) {
	if e.Position == r.at {
		r.impressions = append(r.impressions, *e)
	}
}

// Click implements codecs.Handler.
func (r *recall) Click(*event.Click) {}

// Conversion implements codecs.Handler.
func (r *recall) Conversion(*event.Conversion) {}

// Reject implements codecs.Handler.
func (r *recall) Reject(*event.Rejected) {}
