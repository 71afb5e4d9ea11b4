package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

func newQueryCommand(a *app) *cobra.Command {
	var file, path string
	cmd := &cobra.Command{
		Use:   "query SQL",
		Short: "Ask the DuckDB warehouse",
		Long: "Runs one SQL statement on the DuckDB warehouse of section load, or on --path. While\n" +
			"a node has that file open, the committed files themselves are read instead: the\n" +
			"answer is that of the last commit. Ask the views NAME_current for what is true now.",
		Example: "  adjoin query -c adjoin.yaml 'select campaign_id, count(*) from fact_clicks_current group by 1'",
		Args:    arguments(0, 1, "one SQL statement"),
		RunE: func(cmd *cobra.Command, args []string) error {
			sql, err := statement(args, file)
			if err != nil {
				return err
			}
			loaded, err := a.loadConfig(nil)
			if err != nil {
				return err
			}
			w, closeAll, err := a.openForQuery(cmd.Context(), &loaded.Config, path)
			if err != nil {
				return engineFailure(err)
			}
			err = statementFailure(w.Print(cmd.Context(), a.out, duckdb.Format(a.flags.output), sql))
			return errors.Join(err, closeAll())
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "read the statement from this `FILE`")
	cmd.Flags().StringVar(&path, "path", "", "`FILE` of the warehouse (default: the duckdb target of section load)")
	return outputs(cmd, "text", "json", "ndjson")
}

func statement(args []string, file string) (string, error) {
	switch {
	case len(args) == 1 && file == "":
		return args[0], nil
	case len(args) == 0 && file != "":
		b, err := os.ReadFile(file)
		if err != nil {
			return "", usagef("--file: %s", err)
		}
		return string(b), nil
	}
	return "", usagef("query needs either an SQL statement or --file")
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
