package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/kafka"
)

func newTopicsCommand(a *app) *cobra.Command {
	cmd := group(&cobra.Command{Use: "topics", Short: "Make and check adjoin's own Kafka topics"})
	cmd.AddCommand(newTopicsCreateCommand(a))
	return cmd
}

// topicsDocument is `adjoin topics create -o json`.
type topicsDocument struct {
	FormatVersion int          `json:"format_version"`
	DryRun        bool         `json:"dry_run"`
	Topics        []topicState `json:"topics"`
}

type topicState struct {
	Name       string `json:"name"`
	State      string `json:"state"` // created, missing or exists
	Partitions int32  `json:"partitions"`
}

func newTopicsCreateCommand(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "create -c FILE",
		Short: "Make the journal, segments and links topics with the right settings",
		Long: "Makes the topics that are missing. A topic that exists is checked and never\n" +
			"altered: one whose settings would lose data is refused with what is wrong.",
		Example: "  adjoin topics create -c adjoin.yaml --dry-run",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := a.loadConfig(config.NodeNeeds())
			if err != nil {
				return err
			}
			c := &loaded.Config
			reports, err := kafka.EnsureTopics(cmd.Context(), kafkaConfig(c), ownTopics(c), dryRun)
			if err != nil {
				return engineFailure(err)
			}
			return a.printTopics(reports, dryRun)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "change nothing, say what would be made")
	return outputs(cmd, "text", "json")
}

// ownTopics are adjoin's topics under their configured names.
func ownTopics(c *config.Config) []kafka.TopicSpec {
	specs := kafka.OwnTopics()
	names := map[string]string{
		kafka.JournalTopic: c.Kafka.Journal, kafka.SegmentsTopic: c.Kafka.Segments, kafka.LinksTopic: c.Kafka.Links,
	}
	for i := range specs {
		specs[i].Name = names[specs[i].Name]
	}
	return specs
}

func (a *app) printTopics(reports []kafka.TopicReport, dryRun bool) error {
	doc := topicsDocument{FormatVersion: 1, DryRun: dryRun}
	for _, r := range reports {
		state := "exists"
		switch {
		case r.Created:
			state = "created"
		case r.Missing:
			state = "missing"
		}
		doc.Topics = append(doc.Topics, topicState{Name: r.Name, State: state, Partitions: r.Partitions})
	}
	if a.json() {
		return a.document(doc)
	}
	var errs []error
	for _, t := range doc.Topics {
		_, err := fmt.Fprintf(a.out, "%-24s %-8s %d partitions\n", t.Name, t.State, t.Partitions)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
