package main

import (
	"fmt"
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
		newExplainCommand(a),
		newLagCommand(a),
		newReplayCommand(a),
		newOracleCommand(a),
		newDiffCommand(a),
		newDumpCommand(a),
		newGenCommand(a),
		newBenchCommand(a),
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
		return &failure{exit: exitUsage, message: flagMessage(cmd, err), hint: []string{"See: " + cmd.CommandPath() + " --help"}, cause: err}
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

// arguments refuses fewer or more arguments than a command takes; what names
// them.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if n := len(args); n < least || n > most {
			return &failure{
				exit: exitUsage, message: fmt.Sprintf("%s takes %s, and %d arguments were given", cmd.CommandPath(), what, n),
				hint: []string{"See: " + cmd.CommandPath() + " --help", "A text with spaces is one argument inside quotes."},
			}
		}
		return nil
	}
}

// flagMessage is the parser's error in the words of a user: it names Go's
// functions where a value has the wrong form.
func flagMessage(cmd *cobra.Command, err error) string {
	var value, name string
	if n, _ := fmt.Sscanf(err.Error(), "invalid argument %q for %q flag:", &value, &name); n < 2 {
		return err.Error()
	}
	form := "a value that it takes"
	if f := cmd.Flag(name[strings.Index(name, "--")+2:]); f != nil {
		switch f.Value.Type() {
		case "bool":
			form = "true or false"
		case "int", "int64", "float64":
			form = "a number"
		case "uint", "uint32", "uint64":
			form = "a number of 0 or more"
		}
	}
	return fmt.Sprintf("%s %q is not %s", name, value, form)
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
