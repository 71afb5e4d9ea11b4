package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// commands is the list of all commands. A new one is added here by hand.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		newNodeCommand(a),
		newDemoCommand(a),
		newTopicsCommand(a),
		newConfigCommand(a),
		newCheckCommand(a),
		newLoadCommand(a),
		newQueryCommand(a),
		newJourneyCommand(a),
		newLagCommand(a),
		newReplayCommand(a),
		newOracleCommand(a),
		newDiffCommand(a),
		newDumpCommand(a),
		newGenCommand(a),
		newVersionCommand(a),
	}
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "adjoin",
		Short: "Join bids, impressions, clicks and conversions from Kafka into a warehouse",
		Long: "adjoin joins bids, impressions, clicks and conversions from Kafka in memory,\n" +
			"exactly once, and lands the result as Parquet files and warehouse tables.",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.prepare(cmd)
		},
	}
	a.flags.output = "text"
	a.addGlobalFlags(root)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &failure{exit: exitUsage, message: err.Error(), hint: []string{"See: " + cmd.CommandPath() + " --help"}, cause: err}
	})
	root.AddCommand(commands(a)...)
	root.SetHelpCommand(newHelpCommand(a))
	group(root)
	a.markStart(root)
	return root
}

// group makes a command that only holds others print its help when it is called
// alone, and refuse a word that is none of its commands.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		f := &failure{exit: exitUsage, message: "\"" + args[0] + "\" is not a command of " + cmd.CommandPath()}
		cmd.SuggestionsMinimumDistance = 2
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			f.message += "; did you mean \"" + strings.Join(near, "\" or \"") + "\"?"
		}
		f.hint = []string{"See: " + cmd.CommandPath() + " --help"}
		return f
	}
	return cmd
}

// noArguments refuses arguments, for a command that has none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, and %q is one", cmd.CommandPath(), args[0])
	}
	return nil
}

// markStart notes when a command begins, under every command of the tree.
func (a *app) markStart(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.started = true
			return run(cmd, args)
		}
	}
	for _, child := range cmd.Commands() {
		a.markStart(child)
	}
}
