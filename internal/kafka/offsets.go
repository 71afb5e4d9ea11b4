package kafka

import (
	"context"
	"maps"
	"slices"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// StartOffsets are the first offsets of every partition of the topics.
func StartOffsets(ctx context.Context, cfg Config, topics ...string) (map[event.Partition]event.Offset, error) {
	return offsetsOf(ctx, cfg, topics, sarama.OffsetOldest, false)
}

// EndOffsets are the offsets after the last record of every partition: the last
// stable offset, behind which a transaction may be open, or with readCommitted
// false the high watermark.
func EndOffsets(ctx context.Context, cfg Config, readCommitted bool, topics ...string) (map[event.Partition]event.Offset, error) {
	return offsetsOf(ctx, cfg, topics, sarama.OffsetNewest, readCommitted)
}

// OffsetsAt are the first offsets whose record has a time of at least t, the
// end where there is none. Kafka's times are whole milliseconds: t is rounded
// down.
func OffsetsAt(ctx context.Context, cfg Config, t event.Time, topics ...string) (map[event.Partition]event.Offset, error) {
	at, err := offsetsOf(ctx, cfg, topics, max(0, int64(t.Floor(event.Millisecond))/1000), true)
	if err != nil {
		return nil, err
	}
	end, err := EndOffsets(ctx, cfg, true, topics...)
	if err != nil {
		return nil, err
	}
	for p, offset := range at {
		if offset < 0 {
			at[p] = end[p]
		}
	}
	return at, nil
}

// offsetsOf asks for one kind of offset of all partitions, again while leaders
// move.
func offsetsOf(ctx context.Context, cfg Config, topics []string, when int64, readCommitted bool) (map[event.Partition]event.Offset, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	dir := newDirectory(&cfg)
	defer dir.close()
	for {
		v, err := dir.lookup(ctx, topics...)
		if err != nil {
			return nil, err
		}
		for _, topic := range topics {
			if t := v.topics[topic]; len(t.partitions) == 0 {
				return nil, refusal(orUnknown(t.err), "topic "+topic)
			}
		}
		out, err := listOffsets(ctx, &cfg, v, v.all(topics), when, readCommitted)
		if err == nil || !isTransient(err) || !pause(ctx, lookAgain) {
			return out, err
		}
	}
}

// listOffsets asks every leader for its partitions' offsets. when is a time in
// ms, or sarama.OffsetOldest or OffsetNewest; -1 in the answer is "none".
func listOffsets(ctx context.Context, cfg *Config, v *view, parts []event.Partition, when int64, readCommitted bool) (map[event.Partition]event.Offset, error) {
	byLeader := make(map[string][]event.Partition)
	for _, p := range parts {
		addr, _, err := v.leader(p)
		if err != nil {
			return nil, err
		}
		byLeader[addr] = append(byLeader[addr], p)
	}
	out := make(map[event.Partition]event.Offset, len(parts))
	for _, addr := range slices.Sorted(maps.Keys(byLeader)) {
		if err := listFrom(ctx, cfg, addr, byLeader[addr], when, readCommitted, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// listFrom asks one broker, on a connection for this alone.
func listFrom(ctx context.Context, cfg *Config, addr string, parts []event.Partition, when int64, readCommitted bool, out map[event.Partition]event.Offset) error {
	l, err := dial(ctx, cfg, addr)
	if err != nil {
		return err
	}
	defer l.close()
	req := sarama.NewOffsetRequest(sarama.V2_8_0_0)
	if readCommitted {
		req.IsolationLevel = sarama.ReadCommitted
	}
	for _, p := range parts {
		req.AddBlock(p.Topic, p.ID, when, 1)
	}
	res, err := call(ctx, l, l.broker.GetAvailableOffsets, req)
	if err != nil {
		return err
	}
	for _, p := range parts {
		block := res.GetBlock(p.Topic, p.ID)
		switch {
		case block == nil:
			return refusal(sarama.ErrUnknownTopicOrPartition, addr+" says nothing about "+p.String())
		case block.Err != 0:
			return refusal(block.Err, addr+" refused to tell the offsets of "+p.String())
		}
		out[p] = event.Offset(block.Offset)
	}
	return nil
}

// keys are the partitions of a map, sorted.
func keys(m map[event.Partition]event.Offset) []event.Partition {
	return slices.SortedFunc(maps.Keys(m), event.Partition.Compare)
}
