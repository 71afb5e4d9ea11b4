package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
)

// Messages are immutable once sent. They are grouped by who receives them.

// quiet is in every message: one that comes too late for its receiver is no news,
// and protoactor would log it with all it holds.
type quiet struct{}

// IgnoreDeadLetterLogging implements actor.IgnoreDeadLetterLogging.
func (quiet) IgnoreDeadLetterLogging() {}

// To a source.
type (
	// begin starts the fetching, once every actor is there.
	begin struct{ quiet }
	// fetched is what the source's fetch goroutine read.
	fetched struct {
		quiet
		chunk kafka.Chunk
	}
	// fetchFailed ends the incarnation: no retry can mend it.
	fetchFailed struct {
		quiet
		err error
	}
	// prepared says that the decoder has the schemas of the next chunk.
	prepared struct{ quiet }
	// credit gives back the bytes of a batch a shard has applied.
	credit struct {
		quiet
		bytes int
		chunk uint64 // the batch was a part of
	}
	// standStill asks to route nothing more until resume, and to report.
	standStill struct {
		quiet
		cut journal.CutNumber
	}
	// resume lets a source go on after a cut. ration is how many bytes it may
	// route until the next cut while the intake is closed.
	resume struct {
		quiet
		ration int
	}
	// intake closes or opens the source: state near its limit, or a cut that
	// cannot be written.
	intake struct {
		quiet
		open bool
	}
)

// To a user shard.
type (
	// apply is a batch for the shard (codecs/batch).
	apply struct {
		quiet
		bytes []byte
		from  *actor.PID // owed the credit
		chunk uint64     // of the source, told back with the credit
	}
	// advance is ranges without events for the shard.
	advance struct {
		quiet
		ranges []event.Range
	}
	// linked is what other timelines said in a committed cut (semantics R3).
	linked struct {
		quiet
		bodies [][]byte
	}
	// recall hands over again a record that a cut of the shard has asked for.
	recall struct {
		quiet
		at          event.Position
		bids        []event.Bid
		impressions []event.Impression
	}
)

// To a user or a campaign shard.
type takeCut struct {
	quiet
	number    journal.CutNumber
	at        event.Time // emitted_at of the next cut's rows
	watermark event.Watermark
	frontier  event.Time
	next      *sinks.Cut // where the rows after this cut go
}

// To a campaign shard.
type fold struct {
	quiet
	offset event.Offset // of the valid commit
	deltas [][]byte     // of each user shard in it (package delta)
}

// To the committer.
type (
	// tick comes once a cut interval.
	tick struct{ quiet }
	// stoodStill is a source's report: where it is and what it counted.
	stoodStill struct {
		quiet
		topic    string
		cut      journal.CutNumber
		progress map[event.Partition]progress
		userless bool // a child without a user was routed since the last cut
	}
	// drained says a source has read up to the end offsets of a bounded run.
	drained struct {
		quiet
		topic string
	}
	// shardCut is a shard's part of a cut; its rows are in the cut's files by
	// then.
	shardCut struct {
		quiet
		id      journal.ShardID
		number  journal.CutNumber
		segment []byte // nil when nothing changed
		base    bool
		vector  event.Vector
		pending bool // it wants another cut
		rows    int64
		held    int64 // bytes of state

		deltas  []byte              // of a user shard, nil when empty
		ledger  []correlate.Account // of a user shard, cumulative
		recalls []event.Position    // records it needs again, of a user shard
		links   []event.Link        // for other timelines, once the cut is committed, of a user shard
		linked  bool                // it has to do with children without a user
	}
	// recalled says that a record is on its way to the shard that asked for it.
	recalled struct{ quiet }
	// written says the files and segments of a cut are durable and where its
	// commit was appended.
	written struct {
		quiet
		cut    *openCut
		offset event.Offset
	}
	// writeStalled says that writing a cut has failed for now and is retried.
	writeStalled struct {
		quiet
		err error
	}
	// spoolFull says why the spool disk takes no more.
	spoolFull struct {
		quiet
		err error
	}
	// writeFailed ends the incarnation.
	writeFailed struct {
		quiet
		err error
	}
	// tailed is one record of the journal, in order.
	tailed struct {
		quiet
		offset event.Offset
		at     event.Time
		record journal.Record
	}
	// tailFailed ends the incarnation.
	tailFailed struct {
		quiet
		err error
	}
	// finish asks for a last cut and a clean end (SIGTERM).
	finish struct{ quiet }
)
