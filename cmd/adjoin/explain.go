package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/bench/dump"
	"github.com/advertisex/adjoin/bench/explain"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/config"
)

func newExplainCommand(a *app) *cobra.Command {
	var input string
	cmd := &cobra.Command{
		Use:   "explain impression|click|conversion ID",
		Short: "Tell why an event was joined, credited or counted the way it was",
		Long: "Shows every record with the id, every impression, bid or touch that was considered\n" +
			"for it, and the rule of docs/semantics.md that took it (+) or passed it over (-):\n" +
			"why a click is an orphan, why an impression was a duplicate, why a conversion got\n" +
			"this touch and not that one.\n\n" +
			"It runs the engine over a record dump. Without --input it first copies the topics\n" +
			"of the configuration, from their first to their last record, into a temporary one:\n" +
			"for large topics make a dump once with adjoin dump. What is no longer in the\n" +
			"topics cannot be explained.",
		Example: "  adjoin explain click 7f3a-55 --input dump/\n" +
			"  adjoin explain conversion ord-9 -c adjoin.yaml -o json",
		Args:              arguments(2, 2, "impression, click or conversion, and an ID"),
		ValidArgsFunction: completeKind,
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, ok := explain.Kind(args[0])
			if !ok {
				return usagef("%q cannot be explained; an impression, a click or a conversion can", args[0])
			}
			needs := config.NodeNeeds()
			if input != "" {
				needs = nil
			}
			loaded, err := a.loadConfig(needs)
			if err != nil {
				return err
			}
			answer, err := a.explain(cmd.Context(), &loaded.Config, input, explain.Input{Kind: kind, ID: args[1]})
			if err != nil {
				return err
			}
			if a.json() {
				err = a.document(answer)
			} else {
				_, err = io.WriteString(a.out, answer.Text())
			}
			if err == nil && len(answer.Records) == 0 {
				return answerNo()
			}
			return err
		},
	}
	cmd.Flags().StringVar(&input, "input", "", "folder of the record dump, `DIR` (default: the topics of the configuration)")
	return outputs(cmd, "text", "json")
}

// completeKind completes the kind of event; ids nobody can list.
func completeKind(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"impression", "click", "conversion"}, cobra.ShellCompDirectiveNoFileComp
}

// explain fills in the engine and runs the question over a dump, one made for it
// where none was named.
func (a *app) explain(ctx context.Context, c *config.Config, dir string, in explain.Input) (answer *explain.Answer, err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "adjoin-explain-"); err != nil {
			return nil, fmt.Errorf("a folder for the copy of the topics: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		if err := dumpTopics(ctx, kafkaConfig(c), c.Kafka.Topics.All(), dir, true, map[string]int64{}); err != nil {
			return nil, engineFailure(err)
		}
	} else if err := checkDump(c, dir); err != nil {
		return nil, err
	}
	var err1, err2, err3 error
	in.Reference, err1 = dumpReference(c, dir)
	in.Topics, err2 = topics(c)
	in.Settings, err3 = settings(c)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	in.Bids, in.WatermarkDelay = c.Kafka.Topics.Bids, c.Correlate.WatermarkDelay
	in.Open = func() (func() (codecs.Record, bool, error), io.Closer, error) {
		records, err := dump.OpenInterleaved(dir, c.Kafka.Topics.All(), 0)
		if err != nil {
			return nil, nil, err
		}
		return nextOf(records), records, nil
	}
	return explain.Run(ctx, in)
}
