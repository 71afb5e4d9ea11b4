package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/internal/config"
)

// completer is the type of cobra's completion functions.
type completer = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// mustComplete registers a completion for a flag that the caller has just
// added; cobra fails only for a flag that does not exist.
func mustComplete(cmd *cobra.Command, flag string, complete completer) {
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err)
	}
}

// fixed completes from a list of words.
func fixed(words ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeSet completes the path of --set path=value.
func completeSet(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, key := range config.Keys() {
		if strings.HasPrefix(key, typed) && !strings.Contains(key, "[") {
			words = append(words, key+"=")
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeKey completes a key or a section.
func completeKey(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []string
	for _, section := range config.Sections() {
		words = append(words, section.Path)
	}
	for _, key := range append(words, config.Keys()...) {
		if strings.HasPrefix(key, typed) {
			words = append(words, key)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
