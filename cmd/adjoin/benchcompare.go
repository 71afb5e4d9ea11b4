package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/bench/compare"
	"github.com/advertisex/adjoin/bench/report"
	"github.com/advertisex/adjoin/bench/sheet"
	"github.com/advertisex/adjoin/internal/config"
)

func newBenchReportCommand(a *app) *cobra.Command {
	var html string
	cmd := &cobra.Command{
		Use:     "report FILE...",
		Short:   "Make one HTML page of documents that bench run, parts and sweep wrote",
		Long:    "The page needs nothing else: charts are inside it, each with a table of its numbers.",
		Example: "  adjoin bench report run.json parts.json sweep.json --html bench.html",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s needs a FILE", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var docs []sheet.Document
			for _, path := range args {
				doc, err := sheet.Read(path)
				if err != nil {
					return usagef("%s", err)
				}
				docs = append(docs, doc)
			}
			if html == "-" {
				return report.HTML(a.out, docs...)
			}
			if err := writeReport(html, docs...); err != nil {
				return err
			}
			_, err := fmt.Fprintf(a.out, "wrote %s\n", html)
			return err
		},
	}
	cmd.Flags().StringVar(&html, "html", "bench.html", "`FILE` to write, - for standard output")
	return cmd
}

func newBenchCompareCommand(a *app) *cobra.Command {
	var most string
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Say whether two sets of runs differ, and how sure that is",
		Long: "A and B are folders of JSON documents, or lists of files separated by commas. Each\n" +
			"side needs three runs; four a side are the least that can show a difference at\n" +
			"95 %. Figures are compared with the Mann-Whitney test.\n\n" +
			"Code 3 when there are not enough runs, or with --max-regression when a figure of B\n" +
			"is worse by more than that, and that is no chance.",
		Example: "  for i in 1 2 3 4; do adjoin bench parts -o json > after/$i.json; done\n" +
			"  adjoin bench compare before/ after/",
		Args: arguments(2, 2, "two folders or lists of files"),
		RunE: func(_ *cobra.Command, args []string) error {
			limit := -1.0
			if most != "" {
				share, err := config.ParseShare(most)
				if err != nil {
					return usagef("--max-regression: %s", err)
				}
				limit = float64(share)
			}
			var sides [2][]sheet.Document
			for i, arg := range args {
				docs, err := compare.Load(arg)
				if err != nil {
					return usagef("%s", err)
				}
				sides[i] = docs
			}
			r, err := compare.Sides(args[0], args[1], sides[0], sides[1])
			if errors.Is(err, compare.ErrNotEnough) {
				return &failure{exit: exitNo, message: err.Error(), cause: err}
			}
			if err != nil {
				return err
			}
			return a.printComparison(r, limit)
		},
	}
	cmd.Flags().StringVar(&most, "max-regression", "", "code 3 when a figure is worse by more than this `SHARE`, such as 5%")
	return outputs(cmd, "text", "json")
}

func (a *app) printComparison(r *compare.Report, limit float64) error {
	var err error
	if a.json() {
		err = a.document(r)
	} else {
		_, err = fmt.Fprint(a.out, report.CompareText(r))
	}
	if err != nil {
		return err
	}
	for _, f := range r.Figures {
		if limit >= 0 && f.Verdict == compare.Worse && max(f.Change, -f.Change) > limit {
			return answerNo()
		}
	}
	return nil
}
