package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// lagDocument is `adjoin lag -o json`.
type lagDocument struct {
	FormatVersion     int            `json:"format_version"`
	LastCommitSeconds *float64       `json:"last_commit_age_seconds"` // null before the first
	Partitions        []partitionLag `json:"partitions"`
}

type partitionLag struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Durable   int64  `json:"durable_offset"` // next offset not in a commit
	End       int64  `json:"end_offset"`
	Lag       int64  `json:"durable_lag"`
}

func newLagCommand(a *app) *cobra.Command {
	var topic string
	var perPartition bool
	cmd := &cobra.Command{
		Use:   "lag -c FILE",
		Short: "Say how many records are not yet in a commit",
		Long: "Compares the last valid commits of the journal with the ends of the topics. A lag\n" +
			"of up to one checkpoint interval is normal. What a node has read beyond its last\n" +
			"commit is in its metrics (adjoin_kafka_consumer_lag_records).",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := a.loadConfig(config.NodeNeeds())
			if err != nil {
				return err
			}
			doc, err := readLag(cmd.Context(), &loaded.Config, topic)
			if err != nil {
				return engineFailure(err)
			}
			return a.printLag(doc, perPartition)
		},
	}
	cmd.Flags().StringVar(&topic, "topic", "", "only this `TOPIC`")
	cmd.Flags().BoolVar(&perPartition, "per-partition", false, "a line for each partition")
	return outputs(cmd, "text", "json")
}

func readLag(ctx context.Context, c *config.Config, topic string) (lagDocument, error) {
	doc := lagDocument{FormatVersion: 1, Partitions: []partitionLag{}}
	names := c.Kafka.Topics.All()
	if topic != "" {
		if !slices.Contains(names, topic) {
			return doc, usagef("--topic %q is none of the configured topics %v", topic, names)
		}
		names = []string{topic}
	}
	k := kafkaConfig(c)
	durable, err1 := actors.ReadDurable(ctx, k, c.Kafka.Journal)
	starts, err2 := kafka.StartOffsets(ctx, k, names...)
	ends, err3 := kafka.EndOffsets(ctx, k, true, names...)
	if err := errors.Join(err1, err2, err3); err != nil {
		return doc, err
	}
	for p, end := range ends {
		next, committed := durable.Vector[p]
		if !committed {
			next = starts[p]
		}
		doc.Partitions = append(doc.Partitions, partitionLag{
			Topic: p.Topic, Partition: p.ID, Durable: int64(next), End: int64(end), Lag: int64(max(end-next, 0)),
		})
	}
	slices.SortFunc(doc.Partitions, func(a, b partitionLag) int {
		return event.Partition{Topic: a.Topic, ID: a.Partition}.Compare(event.Partition{Topic: b.Topic, ID: b.Partition})
	})
	if durable.Time != event.MinTime {
		age := time.Since(durable.Time.UTC()).Seconds()
		doc.LastCommitSeconds = &age
	}
	return doc, nil
}

func (a *app) printLag(doc lagDocument, perPartition bool) error {
	if a.json() {
		return a.document(doc)
	}
	age := "no commit yet"
	if doc.LastCommitSeconds != nil {
		age = fmt.Sprintf("last commit %.1f s ago", *doc.LastCommitSeconds)
	}
	fmt.Fprintf(a.out, "%s\n%-32s %5s %14s\n", age, "TOPIC", "PARTS", "DURABLE-LAG")
	var parts, lag int64
	for i, p := range doc.Partitions {
		if perPartition {
			fmt.Fprintf(a.out, "%-32s %5s %14d\n", fmt.Sprintf("%s/%d", p.Topic, p.Partition), "", p.Lag)
			continue
		}
		parts, lag = parts+1, lag+p.Lag
		if i+1 == len(doc.Partitions) || doc.Partitions[i+1].Topic != p.Topic {
			fmt.Fprintf(a.out, "%-32s %5d %14d\n", p.Topic, parts, lag)
			parts, lag = 0, 0
		}
	}
	return nil
}
