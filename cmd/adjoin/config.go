package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/internal/config"
)

func newConfigCommand(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "config",
		Short: "Check, show and explain the configuration",
	})
	cmd.AddCommand(
		newConfigCheckCommand(a),
		newConfigShowCommand(a),
		newConfigExplainCommand(a),
		newConfigSchemaCommand(a),
	)
	return cmd
}

// checkDocument is `adjoin config check -o json` for a valid configuration; an
// invalid one is an error document with the same diagnostics.
type checkDocument struct {
	FormatVersion int                `json:"format_version"`
	Valid         bool               `json:"valid"`
	Hash          string             `json:"hash"`
	Diagnostics   config.Diagnostics `json:"diagnostics"`
}

func newConfigCheckCommand(a *app) *cobra.Command {
	var strict, noFiles bool
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Report everything that is wrong with a configuration",
		Long: "Reads the files as a node would, with the environment and --set on top, and\n" +
			"reports every error and warning in one run as file:line:col. Exit code 78 when\n" +
			"there is an error.",
		Example: "  adjoin config check adjoin.yaml\n  adjoin config check --strict base.yaml production.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			a.flags.files = append(a.flags.files, args...)
			if len(a.flags.files) == 0 {
				return usagef("config check needs a FILE")
			}
			source := a.source(config.NodeNeeds(), nil)
			source.SkipFiles = noFiles
			loaded, err := config.Load(source)
			if err != nil {
				return err
			}
			return a.reportCheck(loaded, strict)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "count warnings as errors")
	cmd.Flags().BoolVar(&noFiles, "no-files", false, "do not look for the files that the configuration names, for one that is used on another machine")
	return outputs(cmd, "text", "json")
}

func (a *app) reportCheck(loaded *config.Loaded, strict bool) error {
	if strict && len(loaded.Warnings) > 0 {
		return &config.Invalid{Diagnostics: loaded.Warnings}
	}
	if a.json() {
		diagnostics := loaded.Warnings
		if diagnostics == nil {
			diagnostics = config.Diagnostics{}
		}
		return a.document(checkDocument{1, true, loaded.Hash(), diagnostics})
	}
	for _, w := range loaded.Warnings {
		fmt.Fprintln(a.err, w)
	}
	summary := ""
	if len(loaded.Warnings) > 0 {
		summary = ", " + loaded.Warnings.Summary()
	}
	_, err := fmt.Fprintf(a.out, "%s: valid%s (hash %s)\n", strings.Join(a.flags.files, ", "), summary, loaded.Hash())
	return err
}

// showDocument is `adjoin config show -o json`.
type showDocument struct {
	FormatVersion int            `json:"format_version"`
	Hash          string         `json:"hash"`
	Values        []config.Value `json:"values"`
}

func newConfigShowCommand(a *app) *cobra.Command {
	var sources, changed bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the effective configuration, secrets redacted",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			loaded, err := config.Load(a.source(nil, nil))
			if err != nil {
				return err
			}
			if a.json() {
				return a.document(showDocument{1, loaded.Hash(), loaded.Values(changed)})
			}
			for _, w := range loaded.Warnings {
				fmt.Fprintln(a.err, w)
			}
			_, err = fmt.Fprint(a.out, loaded.YAML(sources, changed))
			return err
		},
	}
	cmd.Flags().BoolVar(&sources, "sources", false, "say where each value was written")
	cmd.Flags().BoolVar(&changed, "changed", false, "leave the defaults out")
	return outputs(cmd, "text", "json")
}

func newConfigExplainCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "explain KEY",
		Short:             "Explain one key or section of the configuration",
		Example:           "  adjoin config explain kafka.start\n  adjoin config explain correlate.windows",
		ValidArgsFunction: completeKey,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("config explain needs one KEY, such as kafka.start")
			}
			text, err := config.Explain(args[0])
			var unknown *config.UnknownKey
			if errors.As(err, &unknown) {
				return usagef("%s", unknown.Message)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(a.out, text)
			return err
		},
	}
}

func newConfigSchemaCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			schema, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%s\n", schema)
			return err
		},
	}
	return outputs(cmd, "text", "json")
}
