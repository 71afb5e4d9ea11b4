package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// errorPage explains one error code: what it means, what usually causes it,
// whether data is at risk, and what to do.
type errorPage struct {
	id     string
	exit   int
	title  string
	means  string
	causes []string
	atRisk string
	next   []string
}

func (p errorPage) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (exit code %d)\n\n%s\n\nUsual causes\n", p.id, p.title, p.exit, p.means)
	for _, cause := range p.causes {
		fmt.Fprintf(&b, "  - %s\n", cause)
	}
	fmt.Fprintf(&b, "\nIs data at risk?\n  %s\n\nWhat to do\n", p.atRisk)
	for i, step := range p.next {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, step)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// errorPages is the table of all error codes, in the order of `help errors`.
func errorPages() []errorPage {
	return slices.Concat(generalPages(), kafkaPages(), kafkaStatePages(), enginePages(), storePages())
}

func generalPages() []errorPage {
	return []errorPage{
		{
			id: "E-CONFIG", exit: exitConfig, title: "the configuration is invalid",
			means:  "Nothing was started. Every error was printed with the place where it is written.",
			causes: []string{"a misspelt key; the message says what may have been meant", "a duration or size without a unit", "settings that contradict each other"},
			atRisk: "No.",
			next:   []string{"Repair the places that were printed.", "Check with: adjoin config check FILE", "Read about a key with: adjoin config explain KEY"},
		},
		{
			id: "E-USAGE", exit: exitUsage, title: "a flag or an argument is wrong",
			means:  "The command line was not understood. Nothing was done.",
			causes: []string{"a misspelt flag or command", "a value in another form than the flag takes"},
			atRisk: "No.",
			next:   []string{"Read the help of the command: adjoin COMMAND --help"},
		},
		{
			id: "E-INTERRUPTED", exit: exitInterrupted, title: "stopped by a signal before the end",
			means:  "Ctrl-C or SIGTERM arrived while the command was at work. It cleaned up and stopped.",
			causes: []string{"you, a scheduler or the system ended the process"},
			atRisk: "No. What was committed stays, the rest is done again by the next run.",
			next:   []string{"Run the same command again."},
		},
		{
			id: "E-TIMEOUT", exit: exitUnreachable, title: "not done in the time allowed",
			means:  "The command stopped because its --timeout was over.",
			causes: []string{"a dependency answers slowly or not at all", "a timeout that is too short for the amount of work"},
			atRisk: "No.",
			next:   []string{"Run it again with a longer --timeout.", "See what it waits for with -v."},
		},
		{
			id: "E-UNEXPECTED", exit: exitUnexpected, title: "an error that has no page",
			means:  "Something failed that we did not foresee.",
			causes: []string{"a fault in adjoin", "a rare answer of the operating system"},
			atRisk: "Nothing that was committed is lost. A restart continues from the last commit.",
			next:   []string{"Run it again with -v.", "Report what it prints, with the output of: adjoin version"},
		},
	}
}
