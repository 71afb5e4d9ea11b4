package actors

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/advertisex/adjoin/actors/campaign"
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
)

// restoreReaders is how many shards are restored at once.
const restoreReaders = 4

// restored is all that the journal and the segments say at the start of an
// incarnation.
type restored struct {
	state     *journal.State
	chain     map[journal.ShardID]journal.Committed
	users     []*userShard
	campaigns []*campaignShard
	number    journal.CutNumber
	watermark event.Watermark
	frontier  event.Time
	snaps     snapshots
	folded    bool // campaign shards have folded what no commit says they have
}

// claim reads the journal, claims every shard and restores it from its last
// valid commit.
func (n *node) claim(ctx context.Context) (*restored, error) {
	snaps := snapshots{every: n.cfg.snapshotEvery, retention: n.cfg.JournalRetention}
	first, entries, err := readJournal(ctx, n.journalLog, snaps.noted)
	if err != nil {
		return nil, err
	}
	state, err := recoverState(first, entries, journal.Latest, nil)
	if err != nil {
		return nil, err
	}
	if err := n.checkWorld(state); err != nil {
		return nil, err
	}
	n.life = journal.Incarnation(event.TimeOf(n.now()))
	if last, known := state.Incarnation(n.cfg.Node); known && last >= n.life {
		n.life = last + 1
	}
	if entries, err = n.appendClaim(ctx, state, first, entries); err != nil {
		return nil, err
	}
	r := &restored{
		state: state, chain: map[journal.ShardID]journal.Committed{}, number: 1,
		watermark: event.MinTime, frontier: event.MinTime, snaps: snaps,
	}
	for _, id := range n.shardIDs() {
		if last, ok := state.LastCommit(id); ok {
			r.chain[id] = last
			r.number = max(r.number, journal.CutNumber(last.Cut)+1)
			r.watermark = max(r.watermark, last.Watermark)
			r.frontier = max(r.frontier, last.Frontier)
		}
	}
	if err := n.restoreShards(ctx, r); err != nil {
		return nil, err
	}
	return r, n.catchUp(ctx, r, first, entries)
}

func (n *node) shardIDs() []journal.ShardID {
	var ids []journal.ShardID
	for s := range event.Shard(n.cfg.UserShards) {
		ids = append(ids, journal.ShardID{Role: journal.User, Shard: s})
	}
	for s := range event.Shard(n.cfg.CampaignShards) {
		ids = append(ids, journal.ShardID{Role: journal.Campaign, Shard: s})
	}
	return ids
}

// checkWorld refuses a journal of another deployment before anything is
// claimed.
func (n *node) checkWorld(state *journal.State) error {
	if have := state.Counts(); have != (journal.ShardCounts{}) && have != n.cfg.counts() {
		return fmt.Errorf("the journal was written with %d user and %d campaign shards and the configuration says %d and %d: "+
			"shard counts are fixed for a deployment; set correlate.shards and correlate.campaign_shards back",
			have.User, have.Campaign, n.cfg.UserShards, n.cfg.CampaignShards)
	}
	if id := state.ClusterID(); id != "" && n.clusterID != "" && id != n.clusterID {
		return fmt.Errorf("the journal belongs to Kafka cluster %s and this is cluster %s: offsets of one mean nothing in the other; "+
			"check kafka.brokers", id, n.clusterID)
	}
	return nil
}

// appendClaim claims every shard and reads the journal up to the claim. What
// others wrote before it counts, so it is among the entries returned: an owner
// that is on its way out may have committed a moment ago.
func (n *node) appendClaim(ctx context.Context, state *journal.State, first event.Offset, entries []journal.Entry) ([]journal.Entry, error) {
	b, err := journal.Append(nil, &journal.Claim{
		Node: n.cfg.Node, Incarnation: n.life, Shards: n.shardIDs(), Time: event.TimeOf(n.now()),
	})
	if err != nil {
		return nil, err
	}
	// A claim of unknown outcome does no harm: the next incarnation is a later
	// life, and what comes of an earlier one after that is void.
	offset, err := n.appendOnce(ctx, b, n.cfg.appendWithin)
	if err != nil {
		return nil, fmt.Errorf("claiming the shards: %w", err)
	}
	from := first
	if len(entries) > 0 {
		from = entries[len(entries)-1].Offset + 1
	}
	n.epoch = journal.Epoch(offset)
	err = n.journalLog.Read(ctx, from, offset+1, func(at event.Offset, _ event.Time, value []byte) error {
		rec, err := journal.Decode(value)
		if err != nil {
			return fmt.Errorf("journal record at offset %d: %w", at, err)
		}
		entries = append(entries, journal.Entry{Offset: at, Record: rec})
		verdict := state.Apply(at, rec)
		if at == offset && verdict.Reason != journal.Accepted {
			return &FencedError{Node: n.cfg.Node, Reason: verdict.Reason, Detail: verdict.Detail}
		}
		return nil
	})
	return entries, err
}

func (n *node) restoreShards(ctx context.Context, r *restored) error {
	r.users = make([]*userShard, n.cfg.UserShards)
	r.campaigns = make([]*campaignShard, n.cfg.CampaignShards)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(restoreReaders)
	for i := range r.users {
		group.Go(func() (err error) {
			r.users[i], err = n.restoreUser(ctx, r, event.Shard(i))
			return err
		})
	}
	for i := range r.campaigns {
		group.Go(func() (err error) {
			r.campaigns[i], err = n.restoreCampaign(ctx, r, event.Shard(i))
			return err
		})
	}
	return group.Wait()
}

func (n *node) restoreUser(ctx context.Context, r *restored, id event.Shard) (*userShard, error) {
	u := &userShard{node: n, id: id, rows: &rowStream{}, vector: event.Vector{}, probe: n.cfg.probe}
	cfg := correlate.Config{
		Shard: id, Shards: n.cfg.UserShards, CampaignShards: n.cfg.CampaignShards, Reference: n.cfg.Reference, Settings: n.cfg.Settings, Sink: u.rows,
	}
	last, known := r.chain[journal.ShardID{Role: journal.User, Shard: id}]
	if !known {
		u.core = correlate.New(cfg)
		return u, nil
	}
	segments, err := n.getAll(ctx, last.Segments)
	if err == nil {
		u.core, err = correlate.Restore(cfg, segments)
	}
	if err != nil {
		return nil, fmt.Errorf("restoring user shard %d from the commit at journal offset %d: %w", id, last.Offset, err)
	}
	u.vector = last.Vector.Clone()
	u.growth = grown(segments)
	return u, nil
}

func (n *node) restoreCampaign(ctx context.Context, r *restored, id event.Shard) (*campaignShard, error) {
	c := &campaignShard{node: n, id: id}
	cfg := campaign.Config{Shard: id, Shards: n.cfg.CampaignShards, Reference: n.cfg.Reference}
	last, known := r.chain[journal.ShardID{Role: journal.Campaign, Shard: id}]
	if !known {
		c.core = campaign.New(cfg)
		return c, nil
	}
	segments, err := n.getAll(ctx, last.Segments)
	if err == nil {
		c.core, err = campaign.Restore(cfg, segments)
	}
	if err != nil {
		return nil, fmt.Errorf("restoring campaign shard %d from the commit at journal offset %d: %w", id, last.Offset, err)
	}
	c.folded = last.Vector[journal.JournalPartition()]
	c.growth = grown(segments)
	return c, nil
}

// begin opens the first cut of the user shards and applies the links of the last
// commit: whether they were applied before is not known, and twice does no harm.
func (r *restored) begin(files *sinks.Cut, at event.Time) (err error) {
	var links []event.Link
	for _, u := range r.users {
		links = append(links, u.core.Outbox()...)
		u.rows.cut = files
		u.core.Begin(uint64(r.number), at)
	}
	deliver(links, uint32(len(r.users)), func(to event.Shard, body []byte) {
		err = errors.Join(err, r.users[to].link([][]byte{body}))
	})
	return err
}

// grown is the growth of a shard that has just been read: the first segment is
// its base.
func grown(segments [][]byte) growth {
	var g growth
	for i, b := range segments {
		g.wrote(b, i == 0)
	}
	return g
}

func (n *node) getAll(ctx context.Context, refs []journal.SegmentRef) ([][]byte, error) {
	segments := make([][]byte, 0, len(refs))
	for _, ref := range refs {
		b, err := n.segments.Get(ctx, kafkaRef(ref))
		if err != nil {
			return nil, err
		}
		segments = append(segments, b)
	}
	return segments, nil
}

// catchUp folds into the campaign shards the deltas of valid commits that they
// had not folded when they were last committed.
func (n *node) catchUp(ctx context.Context, r *restored, first event.Offset, entries []journal.Entry) error {
	from := journal.Latest
	for _, c := range r.campaigns {
		from = min(from, c.folded)
	}
	if from == journal.Latest || len(entries) == 0 || from > entries[len(entries)-1].Offset {
		return nil
	}
	_, err := recoverState(first, entries, max(from, first), func(offset event.Offset, commit *journal.Commit) error {
		deltas, err := n.deltasOf(ctx, commit)
		if err != nil {
			return fmt.Errorf("deltas of the commit at journal offset %d: %w", offset, err)
		}
		r.folded = r.folded || len(deltas) > 0
		for _, c := range r.campaigns {
			if err := c.fold(&fold{offset: offset, deltas: deltas}); err != nil {
				return fmt.Errorf("campaign shard %d, commit at journal offset %d: %w", c.id, offset, err)
			}
		}
		return nil
	})
	return err
}

func (n *node) deltasOf(ctx context.Context, commit *journal.Commit) ([][]byte, error) {
	var all [][]byte
	for i := range commit.Shards {
		for _, ref := range commit.Shards[i].Deltas {
			b, err := n.segments.Get(ctx, kafkaRef(ref))
			if err != nil {
				return nil, err
			}
			blobs, err := splitAll(b)
			if err != nil {
				return nil, err
			}
			all = append(all, blobs...)
		}
	}
	return all, nil
}

// readJournal reads the whole journal as it is now; snapshot is told of each
// snapshot, and may be nil.
func readJournal(ctx context.Context, log *kafka.Log, snapshot func(upto event.Offset, at event.Time)) (event.Offset, []journal.Entry, error) {
	first, end, err := log.Bounds(ctx)
	if err != nil {
		return 0, nil, err
	}
	var entries []journal.Entry
	err = log.Read(ctx, first, end, func(offset event.Offset, at event.Time, value []byte) error {
		rec, err := journal.Decode(value)
		if err != nil {
			return fmt.Errorf("journal record at offset %d: %w", offset, err)
		}
		if snap, ok := rec.(*journal.Snapshot); ok && snapshot != nil {
			snapshot(snap.Upto, at)
		}
		entries = append(entries, journal.Entry{Offset: offset, Record: rec})
		return nil
	})
	return first, entries, err
}

// recoverState folds the journal and calls each with the valid commits from
// want on.
func recoverState(first event.Offset, entries []journal.Entry, want event.Offset,
	each func(event.Offset, *journal.Commit) error,
) (*journal.State, error) {
	state, rest, err := journal.Recover(first, entries, want)
	if err != nil {
		return nil, err
	}
	for _, e := range rest {
		verdict := state.Apply(e.Offset, e.Record)
		commit, ok := e.Record.(*journal.Commit)
		if !ok || verdict.Reason != journal.Accepted || each == nil || e.Offset < want {
			continue
		}
		if err := each(e.Offset, commit); err != nil {
			return nil, err
		}
	}
	return state, nil
}
