package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/internal/web"
)

// listenClose bounds how long requests in progress may take at the end.
const listenClose = 5 * time.Second

// listeners are the HTTP listeners of a node and the metrics behind them.
type listeners struct {
	server  *web.Server
	metrics *web.Metrics
}

// listen opens the listeners; they show n, whatever state it is in.
func (a *app) listen(c *config.Config, hash string, n *runningNode) (*listeners, error) {
	v := buildVersion()
	build := web.Build{Version: v.Version, Revision: v.Revision, GoVersion: v.Go}
	l := &listeners{}
	l.metrics = web.NewMetrics(web.MetricsConfig{
		Snapshot: n.snapshot, Build: build, ConfigHash: hash, Group: c.Node.ID,
		Targets: []web.LoadTarget{web.LoadDuckDB}, Log: a.log,
	})
	n.engine.Stats().OnCommit(l.metrics.ObserveCheckpoint)
	var err error
	l.server, err = web.Start(web.ServerConfig{
		Listen: c.Server.Listen, Admin: c.Server.Admin, Metrics: l.metrics, Checks: n.checks, Build: build, Log: a.log,
	})
	var taken *web.ListenError
	if errors.As(err, &taken) {
		return nil, &failure{exit: exitUnexpected, id: "E-LISTEN", message: taken.Error(), cause: err}
	}
	return l, err
}

func (l *listeners) address() string { return l.server.PublicAddr() }

func (l *listeners) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), listenClose)
	defer cancel()
	return l.server.Close(ctx)
}

// checks are the conditions of readiness.
func (n *runningNode) checks() []web.Check {
	s := n.engine.Stats().Snapshot()
	return []web.Check{
		{Name: "restored", OK: s.Ready, Reason: "claiming and restoring the shards from the journal"},
		{Name: "intake", OK: !s.Paused, Reason: "reading is paused: " + s.Stalled},
		{Name: "commits", OK: s.Stalled == "" || s.Paused, Reason: "cuts cannot be written: " + s.Stalled},
	}
}

// snapshot is what the engine counts, as the metrics want it.
func (n *runningNode) snapshot() web.Snapshot {
	s := n.engine.Stats().Snapshot()
	out := web.Snapshot{
		Topics: topicSnapshots(&s), Partitions: partitionSnapshots(&s),
		StateLimit: int64(n.cfg.State.MemoryLimit),
		Dedupe: web.DedupeEntries{
			Bids: s.Users.Live.Bids, Impressions: s.Users.Live.Impressions, Clicks: s.Users.Live.Clicks, Conversions: s.Users.Live.Conversions,
		},
		Entries: web.StateEntries{
			Bids: s.Users.Live.Bids, Impressions: s.Users.Live.Impressions, Clicks: s.Users.Live.Clicks,
			Conversions: s.Users.Live.Conversions, Users: s.Users.Live.Users, CampaignBuckets: int64(s.Campaigns.Groups),
		},
		Bytes:       stateBytes(&s),
		Checkpoints: web.Checkpoints{Succeeded: s.Cuts, Failed: s.FailedCuts, LastSuccess: seconds(s.LastCommit)},
		Tables:      map[string]web.Table{}, Loads: n.loadSnapshots(),
		Restarts: map[web.Role]int64{web.RoleEngine: s.Restarts},
		StageBusy: map[web.Stage]float64{
			web.StageCorrelate: s.Busy.Correlate.Seconds(), web.StageAggregate: s.Busy.Aggregate.Seconds(),
			web.StageWrite: s.Busy.Write.Seconds(), web.StageCommit: s.Busy.Commit.Seconds(),
		},
		Heartbeats: map[web.HeartbeatStage]float64{web.HeartbeatInFile: seconds(s.LastCommit)},
		Shards:     map[web.ShardState]int64{web.ShardRunning: 0, web.ShardRestoring: int64(n.cfg.Correlate.Shards)},
	}
	if s.Ready {
		out.Shards = map[web.ShardState]int64{web.ShardRunning: int64(n.cfg.Correlate.Shards), web.ShardRestoring: 0}
	}
	for _, name := range table.Names() {
		t := s.Tables[string(name)]
		out.Tables[string(name)] = web.Table{Rows: t.Rows, Files: t.Files, Bytes: t.Bytes}
	}
	for _, t := range s.Topics {
		out.StageBusy[web.StageDecode] += t.Busy.Seconds()
	}
	return out
}

// seconds is a time as metrics show it, 0 for none.
func seconds(t event.Time) float64 {
	if t == event.MinTime || t == event.MaxTime || t == 0 {
		return 0
	}
	return float64(t) / float64(event.Second)
}

func topicSnapshots(s *actors.Status) map[string]web.Topic {
	out := map[string]web.Topic{}
	for name, t := range s.Topics {
		ledger := web.Ledger{Rejected: map[string]int64{}}
		for p, c := range s.Ledger {
			if p.Topic == name {
				addClasses(&ledger, c)
			}
		}
		out[name] = web.Topic{Bytes: t.Bytes, LastRecord: seconds(t.LastRecord), Watermark: seconds(s.Watermark), Ledger: ledger}
	}
	return out
}

func addClasses(l *web.Ledger, c journal.Classes) {
	l.Facts += c.Fact
	l.Duplicates += c.DupExact
	l.Conflicts += c.IDConflict
	l.Erased += c.Erased
	for reason, n := range c.Rejected {
		l.Rejected[reason] += n
	}
}

func partitionSnapshots(s *actors.Status) []web.Partition {
	var out []web.Partition
	for p, st := range s.Partitions {
		at := seconds(st.Time)
		out = append(out, web.Partition{
			Topic: p.Topic, Partition: p.ID, End: int64(st.Stable),
			Read:    web.Position{Known: true, Next: int64(st.Read), Time: at},
			Durable: web.Position{Known: st.Durable > 0, Next: int64(st.Durable), Time: seconds(st.DurableTime)},
		})
	}
	slices.SortFunc(out, func(a, b web.Partition) int {
		return event.Partition{Topic: a.Topic, ID: a.Partition}.Compare(event.Partition{Topic: b.Topic, ID: b.Partition})
	})
	return out
}

func stateBytes(s *actors.Status) web.StateBytes {
	b := s.Users.Live.Bytes
	return web.StateBytes{
		Bids: b.Bids, Impressions: b.Impressions, Indexes: b.Indexes + b.Dictionaries,
		Users: b.Users + b.Reach, Journeys: b.Journeys, Campaigns: s.Campaigns.Bytes,
	}
}

func (n *runningNode) loadSnapshots() map[web.LoadTarget]web.Load {
	out := map[web.LoadTarget]web.Load{}
	for _, l := range n.loaders {
		s := l.loader.Status()
		load := web.Load{Tables: map[string]web.LoadTable{web.AllTables: {Files: s.Files, Rows: s.Rows}}}
		if !s.LastSuccess.IsZero() {
			load.LastSuccess = seconds(event.TimeOf(s.LastSuccess))
		}
		out[web.LoadTarget(l.target)] = load
	}
	return out
}
