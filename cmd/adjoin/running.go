package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

// runningNode is a node with all that belongs to it: the engine, the lake, the
// loaders and the listeners. It owns what it opened.
type runningNode struct {
	app      *app
	cfg      *config.Config
	engine   *actors.Engine
	store    sinks.Store
	loaders  []*runningLoader
	web      *listeners
	untilEnd bool
	took     time.Duration
}

// runningLoader is one warehouse that follows the journal.
type runningLoader struct {
	target    string
	commits   *actors.Commits
	warehouse *duckdb.Warehouse
	loader    *sinks.Loader
}

// openNode opens everything a node needs before it reads its first record.
func (a *app) openNode(ctx context.Context, loaded *config.Loaded, untilEnd bool) (*runningNode, error) {
	c := &loaded.Config
	engine, err := a.engineConfig(c)
	if err != nil {
		return nil, err
	}
	engine.UntilEnd = untilEnd
	n := &runningNode{app: a, cfg: c, untilEnd: untilEnd}
	if n.store, engine.Writer, err = lake(ctx, c); err != nil {
		return nil, err
	}
	n.engine = actors.New(engine)
	if err := n.openLoaders(ctx); err != nil {
		return nil, errors.Join(err, n.close())
	}
	if n.web, err = a.listen(c, loaded.Hash(), n); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *runningNode) openLoaders(ctx context.Context) error {
	for _, target := range n.cfg.Load {
		l, err := n.app.openLoader(ctx, n.cfg, target, n.store)
		if err != nil {
			return err
		}
		n.loaders = append(n.loaders, l)
	}
	return nil
}

// openLoader opens a warehouse and the journal it follows.
func (a *app) openLoader(ctx context.Context, c *config.Config, target config.LoadTarget, store sinks.Store) (*runningLoader, error) {
	warehouse, err := openWarehouse(ctx, a, string(target.Path), store)
	if err != nil {
		return nil, err
	}
	if err := loadReference(ctx, c, warehouse); err != nil {
		return nil, errors.Join(err, warehouse.Close())
	}
	commits, err := actors.OpenCommits(ctx, kafkaConfig(c), c.Kafka.Journal)
	if err != nil {
		return nil, errors.Join(err, warehouse.Close())
	}
	l := &runningLoader{target: target.Target, commits: commits, warehouse: warehouse}
	l.loader = sinks.NewLoader(patient{commits}, warehouse, sinks.LoaderConfig{Every: target.Schedule, OnEvent: func(e sinks.LoadEvent) {
		switch {
		case e.Err != nil:
			a.log.Warn("a commit could not be loaded", "target", l.target, "commit", e.Commit, "error", e.Err)
		case len(e.Held) > 0:
			a.log.Error("files are damaged and their tables stopped; see adjoin load status", "target", l.target, "commit", e.Commit, "files", len(e.Held))
		default:
			a.log.Debug("loaded", "target", l.target, "commit", e.Commit, "files", e.Files, "rows", e.Rows, "took", e.Took)
		}
	}})
	if err := a.releaseHeld(ctx, l); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// loadReference puts the configured campaigns and creatives into the warehouse as
// they are at the start. Without any the tables stay as they are.
func loadReference(ctx context.Context, c *config.Config, w *duckdb.Warehouse) error {
	if c.Reference.Campaigns == "" && c.Reference.Creatives == "" {
		return nil
	}
	set, err := referenceData(c)
	if err != nil {
		return err
	}
	return w.LoadReference(ctx, set)
}

// releaseHeld loads the files that were held back and are good again, so that
// putting a file back and starting again is all that mending takes.
func (a *app) releaseHeld(ctx context.Context, l *runningLoader) error {
	files, err := l.loader.RetryHeld(ctx)
	if files > 0 {
		a.log.Info("files that were held back are loaded", "target", l.target, "files", files)
	}
	if sinks.ClassOf(err) == sinks.Corrupt {
		a.log.Warn("tables stay stopped", "target", l.target, "error", err)
		return nil
	}
	return err
}

// openWarehouse opens the DuckDB file; one that DuckDB cannot open any more is
// set aside and built anew from the committed files.
func openWarehouse(ctx context.Context, a *app, path string, store sinks.Store) (*duckdb.Warehouse, error) {
	w, err := duckdb.Open(ctx, path, store, duckdb.Config{})
	var damaged *duckdb.DamagedError
	if errors.As(err, &damaged) {
		aside, asideErr := duckdb.SetAside(path, time.Now())
		if asideErr != nil {
			return nil, errors.Join(err, asideErr)
		}
		a.log.Warn("the warehouse was damaged, is set aside and built anew from the committed files", "path", path, "aside", aside, "error", err)
		w, err = duckdb.Open(ctx, path, store, duckdb.Config{})
	}
	if err != nil {
		return nil, err
	}
	if err := w.EnsureSchema(ctx); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// run runs the engine, and the loaders beside it; a bounded run loads what is
// left at its end.
func (n *runningNode) run(ctx context.Context) (actors.Summary, error) {
	started := time.Now()
	loading, stopLoading := context.WithCancel(context.Background())
	var loaders sync.WaitGroup
	failed := make(chan error, len(n.loaders))
	for _, l := range n.loaders {
		loaders.Go(func() {
			if err := l.loader.Run(loading); err != nil {
				failed <- fmt.Errorf("loading into %s: %w", l.target, err)
			}
		})
	}
	summary, err := n.engine.Run(ctx, context.Background())
	stopLoading()
	loaders.Wait()
	close(failed)
	for e := range failed {
		err = errors.Join(err, e)
	}
	if err == nil {
		err = n.loadRest()
	}
	n.took = time.Since(started)
	return summary, err
}

// loadRest brings the warehouses up to the last commit.
func (n *runningNode) loadRest() error {
	ctx, cancel := context.WithTimeout(context.Background(), n.cfg.Node.DrainTimeout)
	if n.untilEnd {
		ctx, cancel = context.WithCancel(context.Background())
	}
	defer cancel()
	for _, l := range n.loaders {
		if _, err := l.loader.Once(ctx); err != nil {
			return fmt.Errorf("loading into %s: %w", l.target, err)
		}
	}
	return nil
}

func (l *runningLoader) close() error { return errors.Join(l.commits.Close(), l.warehouse.Close()) }

func (n *runningNode) close() error {
	var errs []error
	if n.web != nil {
		errs = append(errs, n.web.close())
	}
	for _, l := range n.loaders {
		errs = append(errs, l.close())
	}
	if n.store != nil {
		errs = append(errs, n.store.Close())
	}
	return errors.Join(errs...)
}
