package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

// queryFlags are the flags of `adjoin query`.
type queryFlags struct {
	file, path, question, partner string
	list                          bool
}

func newQueryCommand(a *app) *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "query SQL",
		Short: "Ask the DuckDB warehouse",
		Long: "Runs one SQL statement on the DuckDB warehouse of section load, or on --path. While\n" +
			"a node has that file open, the committed files themselves are read instead: the\n" +
			"answer is that of the last commit. Ask the views NAME_current for what is true now.\n\n" +
			"The questions that analysts ask are stored: --list shows them, --question runs one.",
		Example: "  adjoin query -c adjoin.yaml 'select campaign_id, count(*) from fact_clicks_current group by 1'\n" +
			"  adjoin query --list\n" +
			"  adjoin query -c adjoin.yaml --question pacing\n" +
			"  adjoin query -c adjoin.yaml --question discrepancy --partner counts.csv",
		Args: arguments(0, 1, "one SQL statement"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return a.listQuestions()
			}
			sql, err := f.statement(args)
			if err != nil {
				return err
			}
			loaded, err := a.loadConfig(nil)
			if err != nil {
				return err
			}
			w, closeAll, err := a.openForQuery(cmd.Context(), &loaded.Config, f.path)
			if err != nil {
				return engineFailure(err)
			}
			err = statementFailure(w.Print(cmd.Context(), a.out, duckdb.Format(a.flags.output), sql))
			return errors.Join(err, closeAll())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.file, "file", "", "read the statement from this `FILE`")
	fl.StringVar(&f.path, "path", "", "`FILE` of the warehouse (default: the duckdb target of section load)")
	fl.StringVar(&f.question, "question", "", "run the stored question of this `NAME`")
	fl.BoolVar(&f.list, "list", false, "list the stored questions")
	fl.StringVar(&f.partner, "partner", "", "for the question discrepancy: a CSV `FILE` of a partner's counts,\nwith the columns date, campaign_id, partner, impressions, clicks")
	mustComplete(cmd, "question", completeQuestion)
	return outputs(cmd, "text", "json", "ndjson")
}

func completeQuestion(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, q := range duckdb.Questions() {
		words = append(words, q.Name+"\t"+q.Title)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// statement is the SQL that was asked for, one way or another.
func (f *queryFlags) statement(args []string) (string, error) {
	ways := len(args)
	for _, s := range []string{f.file, f.question} {
		if s != "" {
			ways++
		}
	}
	switch {
	case ways != 1:
		return "", usagef("query needs one of an SQL statement, --file and --question")
	case f.partner != "" && f.question == "":
		return "", usagef("--partner goes with --question discrepancy")
	case f.question != "":
		q, err := duckdb.FindQuestion(f.question)
		if err != nil {
			return "", usagef("--question: %s", err)
		}
		if f.partner != "" {
			q = q.WithPartnerFile(f.partner)
		}
		return q.SQL, nil
	case f.file != "":
		b, err := os.ReadFile(f.file)
		if err != nil {
			return "", usagef("--file: %s", err)
		}
		return string(b), nil
	}
	return args[0], nil
}

// questionsDocument is `adjoin query --list -o json`.
type questionsDocument struct {
	FormatVersion int               `json:"format_version"`
	Questions     []duckdb.Question `json:"questions"`
}

func (a *app) listQuestions() error {
	if a.flags.output != "text" {
		return a.document(questionsDocument{FormatVersion: 1, Questions: duckdb.Questions()})
	}
	for _, q := range duckdb.Questions() {
		fmt.Fprintf(a.out, "%-14s %s\n", q.Name, q.Title)
		for _, line := range strings.Split(q.Prose, "\n") {
			fmt.Fprintf(a.out, "%-14s   %s\n", "", line)
		}
	}
	return nil
}

// openForQuery opens the warehouse file, or, while a node holds it, a warehouse
// in memory loaded from the committed files.
func (a *app) openForQuery(ctx context.Context, c *config.Config, path string) (*duckdb.Warehouse, func() error, error) {
	if path == "" {
		path = duckdbPath(c)
	}
	if path == "" {
		return nil, nil, usagef("no warehouse is named: give --path FILE, or -c FILE with a duckdb target in section load")
	}
	w, err := duckdb.OpenReadOnly(ctx, path, duckdb.Config{})
	if err == nil {
		return w, w.Close, nil
	}
	if len(c.Kafka.Brokers) == 0 || !strings.Contains(err.Error(), "lock") {
		return nil, nil, warehouseFailure(err)
	}
	return a.openLakeForQuery(ctx, c)
}

func duckdbPath(c *config.Config) string {
	for _, t := range c.Load {
		if t.Target == "duckdb" {
			return string(t.Path)
		}
	}
	return ""
}

// openLakeForQuery loads every committed file into memory.
func (a *app) openLakeForQuery(ctx context.Context, c *config.Config) (*duckdb.Warehouse, func() error, error) {
	store, err := sinks.OpenBucket(ctx, c.Sink.URL)
	if err != nil {
		return nil, nil, sinkFailure(err)
	}
	l, err := a.openLoader(ctx, c, config.LoadTarget{Target: "duckdb", Path: ":memory:"}, store)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	closeAll := func() error { return errors.Join(l.close(), store.Close()) }
	if _, err := l.loader.Once(ctx); err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return l.warehouse, closeAll, nil
}
