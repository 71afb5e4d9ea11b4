package actors

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
)

// Limits of writing a cut.
const (
	segmentWriters = 8                      // segments in flight at once
	retryFirst     = 100 * time.Millisecond // back-off, doubled
	retryMax       = 5 * time.Second
	appendWithin   = 15 * time.Second // then the outcome is unknown and a barrier decides
	verifiedFor    = 2 * time.Second  // how fresh the topics' ids must be for a commit
)

// write makes everything the cut's commit names durable, then appends the
// commit. It runs in a goroutine of the node and reports once, and every time
// it has to wait. The order is the protocol: files and segments first, the commit
// last (ARCHITECTURE, A cut).
func (n *node) write(cut *openCut, report func(any)) {
	offset, err := n.writeDown(n.ctx, cut, report)
	if err != nil {
		report(&writeFailed{err: err})
		return
	}
	n.releaseFiles(cut.files)
	report(&written{cut: cut, offset: offset})
}

func (n *node) writeDown(ctx context.Context, cut *openCut, report func(any)) (event.Offset, error) {
	started := time.Now()
	files, err := retry(ctx, n, report, "files", func() ([]sinks.File, error) { return cut.files.Close(ctx) })
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		cut.commit.Files = append(cut.commit.Files, committedFile(f))
	}
	n.stats.busy(stageWrite, time.Since(started))
	started = time.Now()
	if err := n.writeSegments(ctx, cut); err != nil {
		return 0, err
	}
	for _, s := range n.reading {
		if err := n.untilAnswered(ctx, report, "checking the topics", func() error { return s.verify(ctx) }); err != nil {
			return 0, err
		}
	}
	offset, err := n.appendCommit(ctx, cut.commit, report)
	if err != nil {
		return 0, fmt.Errorf("appending the commit of cut %d: %w", cut.number, err)
	}
	n.stats.busy(stageCommit, time.Since(started))
	return offset, nil
}

func committedFile(f sinks.File) journal.File {
	date, hour := f.Partition()
	return journal.File{
		Table: string(f.Table), Path: f.Key, Rows: f.Rows, Bytes: f.Bytes, SHA256: f.SHA256, Date: date, Hour: hour,
	}
}

// retry repeats an operation on the store while repeating can help: its names
// and bytes do not change, so a success whose answer was lost does no harm.
func retry[T any](ctx context.Context, n *node, report func(any), what string, try func() (T, error)) (T, error) {
	for wait := retryFirst; ; wait = min(2*wait, retryMax) {
		v, err := try()
		if err == nil || ctx.Err() != nil {
			return v, err
		}
		switch sinks.ClassOf(err) {
		case sinks.Retryable, sinks.NoSpace, sinks.Refused:
		default:
			return v, fmt.Errorf("writing %s: %w", what, err)
		}
		n.log.Warn("a cut cannot be written for now, reading pauses and it is tried again",
			"what", what, "retry_in", wait, "error", err)
		report(&writeStalled{err: err})
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// writeSegments puts the state and the deltas into Kafka and names them in the
// commit.
func (n *node) writeSegments(ctx context.Context, cut *openCut) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(segmentWriters)
	for i, p := range cut.parts {
		if p.segment == nil {
			continue
		}
		shard := &cut.commit.Shards[i]
		part := "delta"
		if p.base {
			part = "base"
		}
		group.Go(func() error {
			ref, err := n.put(gctx, journal.SegmentKey(shard.ID, shard.Epoch, shard.Cut, part), p.segment)
			shard.Segments = append(shard.Segments, ref)
			return err
		})
	}
	var deltas journal.SegmentRef
	if len(cut.deltas) > 0 {
		first := &cut.commit.Shards[0]
		group.Go(func() (err error) {
			deltas, err = n.put(gctx, journal.SegmentKey(first.ID, first.Epoch, first.Cut, "deltas"), appendAll(nil, cut.deltas))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("writing state segments: %w", err)
	}
	if len(cut.deltas) > 0 {
		cut.commit.Shards[0].Deltas = []journal.SegmentRef{deltas}
	}
	return nil
}

func (n *node) put(ctx context.Context, key string, data []byte) (journal.SegmentRef, error) {
	ref, err := n.segments.Put(ctx, key, data)
	if err != nil {
		return journal.SegmentRef{}, err
	}
	return journal.SegmentRef{
		Key: ref.Key, Partition: ref.Partition, Offsets: ref.Offsets, Bytes: int64(ref.Bytes), CRC: ref.CRC,
	}, nil
}

func kafkaRef(r journal.SegmentRef) kafka.Ref {
	return kafka.Ref{Key: r.Key, Partition: r.Partition, Offsets: r.Offsets, Bytes: int(r.Bytes), CRC: r.CRC}
}

// appendAll joins blobs: a uvarint length and the bytes of each.
func appendAll(dst []byte, blobs [][]byte) []byte {
	size := 0
	for _, b := range blobs {
		size += binary.MaxVarintLen32 + len(b)
	}
	dst = slices.Grow(dst, size)
	for _, b := range blobs {
		dst = binary.AppendUvarint(dst, uint64(len(b)))
		dst = append(dst, b...)
	}
	return dst
}

// splitAll undoes appendAll.
func splitAll(b []byte) ([][]byte, error) {
	var blobs [][]byte
	for len(b) > 0 {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return nil, errors.New("deltas segment is cut short")
		}
		blobs = append(blobs, b[used:used+int(n)])
		b = b[used+int(n):]
	}
	return blobs, nil
}

// appendCommit appends the commit and is sure of it. When Kafka leaves the
// outcome open, a barrier by the same producer closes it: what is not before
// the barrier will never be there. It tries for as long as Kafka is away (F11).
func (n *node) appendCommit(ctx context.Context, commit *journal.Commit, report func(any)) (at event.Offset, err error) {
	b, err := journal.Append(nil, commit)
	if err != nil {
		return 0, err
	}
	there := false
	err = n.untilAnswered(ctx, report, "the commit", func() error {
		var err error
		if at, err = n.appendOnce(ctx, b, n.cfg.appendWithin); !errors.Is(err, kafka.ErrUnknownOutcome) {
			return err
		}
		n.log.Warn("the fate of a commit is unknown, a barrier will tell", "cut", commit.Cut, "error", err)
		report(&writeStalled{err: err})
		barrier, err := n.barrier(ctx, report)
		if err == nil {
			at, there, err = n.verdicts.find(ctx, commit.Cut, barrier)
		}
		if err == nil && !there {
			return errNotThere
		}
		return err
	})
	return at, err
}

// errNotThere says that an append of unknown outcome did not and will never
// happen, so that it can be done again.
var errNotThere = errors.New("a barrier has shown that the commit is not in the journal")

// barrier appends heartbeats until one is acknowledged.
func (n *node) barrier(ctx context.Context, report func(any)) (at event.Offset, err error) {
	err = n.untilAnswered(ctx, report, "a barrier", func() error {
		b, err := journal.Append(nil, n.heartbeat())
		if err == nil {
			at, err = n.appendOnce(ctx, b, n.cfg.appendWithin)
		}
		return err
	})
	return at, err
}

// untilAnswered repeats what fails only because Kafka does not answer, until ctx
// ends. What it repeats must do no harm when it is done twice.
func (n *node) untilAnswered(ctx context.Context, report func(any), what string, try func() error) error {
	for wait := retryFirst; ; wait = min(2*wait, retryMax) {
		err := try()
		if err == nil || !unanswered(err) || ctx.Err() != nil {
			return err
		}
		if !errors.Is(err, errNotThere) {
			n.log.Warn("Kafka does not answer, it is tried again", "what", what, "retry_in", wait, "error", err)
			report(&writeStalled{err: err})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// unanswered reports whether an error says that nobody answered in time.
func unanswered(err error) bool {
	var k *kafka.Error
	if errors.As(err, &k) {
		return k.Class == kafka.Unreachable
	}
	return errors.Is(err, errNotThere) || errors.Is(err, context.DeadlineExceeded)
}

// appendOnce appends a record to the journal, for at most so long.
func (n *node) appendOnce(ctx context.Context, b []byte, within time.Duration) (event.Offset, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return n.journalLog.Append(ctx, b)
}
