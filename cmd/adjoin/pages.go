package main

import (
	"fmt"
	"io"
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
	return append(generalPages(), kafkaPages()...)
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

func kafkaPages() []errorPage {
	return []errorPage{
		{
			id: "E-KAFKA-UNREACHABLE", exit: exitUnreachable, title: "no broker answers",
			means:  "None of kafka.brokers could be reached, or none answered in time.",
			causes: []string{"a wrong host or port in kafka.brokers", "brokers that advertise an address this machine cannot reach", "a firewall, or brokers that are down"},
			atRisk: "No. A running node waits and goes on when a broker answers.",
			next:   []string{"Check step by step: adjoin check kafka", "Compare kafka.brokers with the listeners of the brokers."},
		},
		{
			id: "E-KAFKA-TLS", exit: exitUnreachable, title: "the TLS handshake failed",
			means:  "The broker and adjoin do not agree about TLS, or the broker's certificate is not accepted.",
			causes: []string{"kafka.tls.enabled does not fit the port", "a private authority that kafka.tls.ca_file does not name", "a certificate that has expired or carries another host name"},
			atRisk: "No.",
			next:   []string{"Check step by step: adjoin check kafka", "Set kafka.tls.enabled, kafka.tls.ca_file or kafka.tls.server_name."},
		},
		{
			id: "E-KAFKA-AUTH", exit: exitRefused, title: "the broker refused the login",
			means:  "The connection works, but the user name, password, token or client certificate is not accepted.",
			causes: []string{"a wrong or rotated password", "a mechanism that the user has no credentials for", "a port without SASL, or with another mechanism"},
			atRisk: "No.",
			next:   []string{"Compare kafka.sasl.mechanism and kafka.sasl.username with the broker.", "Check step by step: adjoin check kafka"},
		},
		{
			id: "E-KAFKA-PERMISSION", exit: exitRefused, title: "a permission is missing",
			means:  "The login works, but the user may not do what adjoin has to do with a topic.",
			causes: []string{"no Read or Describe on an input topic", "no Write on the journal, the segments or the links"},
			atRisk: "No.",
			next:   []string{"Grant the permission that the message names.", "Check all of them: adjoin check kafka"},
		},
		{
			id: "E-KAFKA-TOPIC", exit: exitUnreachable, title: "a topic is missing or wrongly configured",
			means:  "A topic of the configuration does not exist, or the journal, segments or links topic has settings that would lose data.",
			causes: []string{"a misspelt topic name", "topics that were not created yet", "a journal with more than one partition, or segments without compaction"},
			atRisk: "Not now: adjoin does not start on such a topic.",
			next:   []string{"Create the topics of adjoin: adjoin topics create", "Compare kafka.topics with: adjoin check kafka"},
		},
		{
			id: "E-OFFSET-GONE", exit: exitNo, title: "records that are still needed are gone from Kafka",
			means:  "The journal says to go on at an offset that the topic no longer has. adjoin stops rather than skip records silently.",
			causes: []string{"the node was down for longer than the topic's retention", "someone deleted records or re-created the topic"},
			atRisk: "Yes: the records between the two offsets of the message cannot be read any more.",
			next:   []string{"Read the numbers in the message; they say how many records are missing.", "Raise the retention of the topic before going on.", "Load the missing records from a backup into a topic of kafka.backfill."},
		},
		{
			id: "E-FENCED", exit: exitNo, title: "another process has taken over the shards of this node",
			means:  "The journal holds a later claim on the shards of this node. The later claim wins; this process stopped and wrote nothing after it.",
			causes: []string{"two processes with the same journal", "a node that was thought dead and came back"},
			atRisk: "No. Commits after the other claim are void for every reader.",
			next:   []string{"Let the other process work, or stop it first.", "Give each deployment a kafka.journal of its own."},
		},
	}
}
