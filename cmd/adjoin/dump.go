package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/bench/dump"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
)

// dumpDocument is `adjoin dump -o json`.
type dumpDocument struct {
	FormatVersion int              `json:"format_version"`
	Records       map[string]int64 `json:"records"`
}

func newDumpCommand(a *app) *cobra.Command {
	var only []string
	var out string
	var plain bool
	cmd := &cobra.Command{
		Use:   "dump --out DIR -c FILE",
		Short: "Copy live topics into a record dump",
		Long: "Reads the topics from their first to their last committed record and writes a\n" +
			"record dump: what replay, oracle and a bug report need.",
		Example: "  adjoin dump -c adjoin.yaml --topic ad_impressions --topic clicks --out dump/",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usagef("dump needs --out DIR")
			}
			loaded, err := a.loadConfig(config.NodeNeeds())
			if err != nil {
				return err
			}
			names := only
			if len(names) == 0 {
				names = loaded.Config.Kafka.Topics.All()
			}
			doc := dumpDocument{FormatVersion: 1, Records: map[string]int64{}}
			if err := dumpTopics(cmd.Context(), kafkaConfig(&loaded.Config), names, out, !plain, doc.Records); err != nil {
				return engineFailure(err)
			}
			if a.json() {
				return a.document(doc)
			}
			for _, name := range names {
				fmt.Fprintf(a.out, "%-24s %12d records\n", name, doc.Records[name])
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&only, "topic", nil, "only this `TOPIC`; may be given several times (default: all configured)")
	cmd.Flags().StringVar(&out, "out", "", "folder to make, `DIR`")
	cmd.Flags().BoolVar(&plain, "plain", false, "write .ndjson instead of .ndjson.zst")
	return outputs(cmd, "text", "json")
}

// dumpTopics copies everything between the offsets of now.
func dumpTopics(ctx context.Context, cfg kafka.Config, names []string, dir string, compressed bool, count map[string]int64) (err error) {
	starts, err1 := kafka.StartOffsets(ctx, cfg, names...)
	ends, err2 := kafka.EndOffsets(ctx, cfg, true, names...)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	folder, err := dump.Create(dir, compressed)
	if err != nil {
		return outFailure(dir, err)
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	for _, name := range names {
		if err := folder.AddTopic(name); err != nil {
			return outFailure(dir, err)
		}
	}
	open := 0
	for p, end := range ends {
		if starts[p] < end {
			open++
			continue
		}
		delete(starts, p)
	}
	if open == 0 {
		return nil
	}
	source, err := kafka.OpenSource(ctx, cfg, kafka.SourceConfig{Partitions: starts})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	for open > 0 {
		chunk, err := source.Next(ctx)
		if err != nil {
			return err
		}
		done, err := writeChunk(folder, &chunk, ends[chunk.Range.Partition], count)
		if err != nil {
			return err
		}
		if done {
			source.Pause(chunk.Range.Partition)
			open--
		}
	}
	return nil
}

// writeChunk writes the records below end; done is true with the chunk that
// reaches it.
func writeChunk(folder *dump.Folder, chunk *kafka.Chunk, end event.Offset, count map[string]int64) (done bool, err error) {
	p := chunk.Range.Partition
	for i := range chunk.Records {
		rec := &chunk.Records[i]
		if rec.Offset >= end {
			break
		}
		out := dump.Record{
			Topic: p.Topic, Partition: p.ID, Offset: int64(rec.Offset), TimestampMS: int64(rec.Time) / 1000, Key: rec.Key, Value: rec.Value,
		}
		for k, v := range rec.Headers() {
			out.Headers = append(out.Headers, dump.Header{Key: k, Value: v})
		}
		if err := folder.Write(&out); err != nil {
			return false, err
		}
		count[p.Topic]++
	}
	return chunk.Range.From < end && chunk.Range.To >= end, nil
}
