package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// newHelpCommand is `adjoin help [COMMAND...|TOPIC]`: a topic is one of
// topics, or the code of an error.
func newHelpCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND | TOPIC | E-CODE]",
		Short:             "Help about a command, a topic or the code of an error",
		ValidArgsFunction: completeTopic,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if show := topicOf(args[0]); show != nil {
					return show(a.out)
				}
			}
			target, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("%q is no command and no topic; the topics are %s", strings.Join(args, " "), strings.Join(topicNames(), ", "))
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

// topicOf is what prints a topic, or nil where there is none of that name.
func topicOf(name string) func(io.Writer) error {
	switch strings.ToLower(name) {
	case "exit-codes":
		return writeExitCodes
	case "errors":
		return writeErrorList
	}
	for _, page := range errorPages() {
		if strings.EqualFold(page.id, name) {
			return page.write
		}
	}
	return nil
}

func topicNames() []string { return []string{"exit-codes", "errors", "E-..."} }

func completeTopic(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	words := []string{"exit-codes", "errors"}
	for _, c := range cmd.Root().Commands() {
		words = append(words, c.Name())
	}
	for _, page := range errorPages() {
		words = append(words, page.id)
	}
	slices.Sort(words)
	return words, cobra.ShellCompDirectiveNoFileComp
}

func writeExitCodes(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Exit codes\n\n")
	for _, c := range exitCodes() {
		note := ""
		if c.note != "" {
			note = " (" + c.note + ")"
		}
		fmt.Fprintf(&b, "  %3d  %s%s\n", c.code, c.meaning, note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeErrorList(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Errors with a page of their own; read one with adjoin help E-CODE\n\n")
	for _, page := range errorPages() {
		fmt.Fprintf(&b, "  %-24s %s\n", page.id, page.title)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
