package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

func newLoadCommand(a *app) *cobra.Command {
	cmd := group(&cobra.Command{Use: "load", Short: "Put committed files into the warehouses"})
	cmd.AddCommand(newLoadRunCommand(a), newLoadStatusCommand(a), newLoadDDLCommand(a))
	return cmd
}

// loadDocument is `adjoin load run -o json`.
type loadDocument struct {
	FormatVersion int          `json:"format_version"`
	Targets       []loadResult `json:"targets"`
}

type loadResult struct {
	Target  string         `json:"target"`
	Path    string         `json:"path"`
	Commits int            `json:"commits"`
	Files   int64          `json:"files"`
	Rows    int64          `json:"rows"`
	Token   int64          `json:"token"`
	Stopped map[string]int `json:"stopped_tables"`
	Seconds float64        `json:"seconds"`
}

func newLoadRunCommand(a *app) *cobra.Command {
	var follow bool
	var emptyCode int
	cmd := &cobra.Command{
		Use:   "run -c FILE",
		Short: "Load what the journal has committed and the warehouses lack",
		Long: "Follows the journal from where each warehouse is and loads the committed files,\n" +
			"each exactly once: running it again changes nothing.",
		Example: "  adjoin load run -c adjoin.yaml\n  adjoin load run -c adjoin.yaml --follow",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := a.loadConfig(append(config.NodeNeeds(), "load"))
			if err != nil {
				return err
			}
			doc, err := a.loadAll(cmd.Context(), &loaded.Config, follow)
			if err != nil {
				return engineFailure(err)
			}
			return a.printLoads(doc, emptyCode)
		},
	}
	cmd.Flags().BoolVar(&follow, "follow", false, "go on until stopped, loading commits as they come")
	cmd.Flags().IntVar(&emptyCode, "empty-exit-code", 0, "end with this `CODE` when there was nothing to load")
	return outputs(cmd, "text", "json")
}

func (a *app) loadAll(ctx context.Context, c *config.Config, follow bool) (loadDocument, error) {
	doc := loadDocument{FormatVersion: 1, Targets: []loadResult{}}
	store, err := sinks.OpenBucket(ctx, c.Sink.URL)
	if err != nil {
		return doc, sinkFailure(err)
	}
	for _, target := range c.Load {
		result, loadErr := a.loadOne(ctx, c, target, store, follow)
		if err = loadErr; err != nil {
			break
		}
		doc.Targets = append(doc.Targets, result)
	}
	return doc, errors.Join(err, store.Close())
}

func (a *app) loadOne(ctx context.Context, c *config.Config, target config.LoadTarget, store sinks.Store, follow bool) (loadResult, error) {
	started := time.Now()
	l, err := a.openLoader(ctx, c, target, store)
	if err != nil {
		return loadResult{}, err
	}
	if follow {
		err = l.loader.Run(ctx)
	} else {
		_, err = l.loader.Once(ctx)
	}
	s := l.loader.Status()
	return loadResult{
		Target: target.Target, Path: string(target.Path), Commits: int(s.Commits), Files: s.Files, Rows: s.Rows,
		Token: int64(s.Token), Stopped: byName(s.Stopped), Seconds: time.Since(started).Seconds(),
	}, errors.Join(err, l.close())
}

func byName(m map[table.Name]int) map[string]int {
	out := make(map[string]int, len(m))
	for name, n := range m {
		out[string(name)] = n
	}
	return out
}

func (a *app) printLoads(doc loadDocument, emptyCode int) error {
	var commits int
	stopped := false
	for _, t := range doc.Targets {
		commits += t.Commits
		stopped = stopped || len(t.Stopped) > 0
	}
	if err := a.printLoadText(doc); err != nil {
		return err
	}
	switch {
	case stopped:
		return &failure{exit: exitPartly, id: "E-LOAD-HELD", message: "files are damaged and their tables stopped; the other tables are loaded",
			hint: []string{"Restore the files named by: adjoin load status", "Then run adjoin load run again."}}
	case commits == 0 && emptyCode != 0:
		return &failure{exit: emptyCode}
	}
	return nil
}

func (a *app) printLoadText(doc loadDocument) error {
	if a.json() {
		return a.document(doc)
	}
	var errs []error
	for _, t := range doc.Targets {
		_, err := fmt.Fprintf(a.out, "%s %s: %d commits, %d files, %d rows in %.1f s; %s\n",
			t.Target, t.Path, t.Commits, t.Files, t.Rows, t.Seconds, loadedUpTo(sinks.Token(t.Token)))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// statusDocument is `adjoin load status -o json`.
type statusDocument struct {
	FormatVersion int          `json:"format_version"`
	Targets       []loadStatus `json:"targets"`
}

type loadStatus struct {
	Target string       `json:"target"`
	Path   string       `json:"path"`
	Token  int64        `json:"token"`
	Held   []sinks.Held `json:"held"`
}

func newLoadStatusCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status -c FILE", Short: "Say where each warehouse is and what it holds back", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := a.loadConfig([]string{"load"})
			if err != nil {
				return err
			}
			doc := statusDocument{FormatVersion: 1, Targets: []loadStatus{}}
			for _, target := range loaded.Config.Load {
				s, err := warehouseStatus(cmd.Context(), target)
				if err != nil {
					return warehouseFailure(err)
				}
				doc.Targets = append(doc.Targets, s)
			}
			if a.json() {
				return a.document(doc)
			}
			for _, t := range doc.Targets {
				fmt.Fprintf(a.out, "%s %s: %s, %d files held back\n", t.Target, t.Path, loadedUpTo(sinks.Token(t.Token)), len(t.Held))
				for _, h := range t.Held {
					fmt.Fprintf(a.out, "  commit %d  %s  %s\n", h.Commit, h.File.Key, h.Reason)
				}
			}
			return nil
		},
	}
	return outputs(cmd, "text", "json")
}

// loadedUpTo says where a warehouse is.
func loadedUpTo(token sinks.Token) string {
	if token == sinks.NoToken {
		return "nothing loaded yet"
	}
	return fmt.Sprintf("at commit %d", token)
}

func warehouseStatus(ctx context.Context, target config.LoadTarget) (loadStatus, error) {
	w, err := duckdb.OpenReadOnly(ctx, string(target.Path), duckdb.Config{})
	if err != nil {
		return loadStatus{}, err
	}
	token, err1 := w.Token(ctx)
	held, err2 := w.Held(ctx)
	return loadStatus{Target: target.Target, Path: string(target.Path), Token: int64(token), Held: slices.Concat([]sinks.Held{}, held)}, errors.Join(err1, err2, w.Close())
}

func newLoadDDLCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "ddl", Short: "Print the statements that make the tables and views", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			var errs []error
			for _, statement := range duckdb.DDL(table.Names()) {
				_, err := fmt.Fprintf(a.out, "%s;\n\n", statement)
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		},
	}
}
