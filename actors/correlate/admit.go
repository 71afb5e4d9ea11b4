package correlate

import (
	"fmt"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// admit decides whether a record may enter the state (T1, T2, T7), clamps its
// event time (T1), and otherwise writes it down as rejected. Everything but T7
// looks at the record alone.
func (s *Shard) admit(k event.Kind, e *event.Envelope, campaign string) bool {
	set := &s.cfg.Settings
	if ahead := e.EventTime.Sub(e.Ingest); ahead > set.FutureReject {
		s.reject(k, e, campaign, event.TimeFuture, ahead)
		return false
	}
	s.clamp(e)
	age := e.Ingest.Sub(e.EventTime)
	if age > set.Horizon.Of(k) && !e.Backfill {
		s.reject(k, e, campaign, event.TooLate, age)
		return false
	}
	if s.behind(k, e.EventTime, age) {
		s.reject(k, e, campaign, event.BehindState, s.frontier.Sub(e.EventTime))
		return false
	}
	s.ledger.Admitted(e, age > set.LateAfter)
	return true
}

// clamp moves an event time that lies a little ahead back to the ingest time
// (T1).
func (s *Shard) clamp(e *event.Envelope) {
	if at := s.clamped(e); at != e.EventTime {
		e.EventTime = at
		e.Flags |= event.ClockFuture
	}
}

// clamped is the event time of a record after T1.
func (s *Shard) clamped(e *event.Envelope) event.Time {
	if e.EventTime.Sub(e.Ingest) > s.cfg.Settings.FutureClamp {
		return e.Ingest
	}
	return e.EventTime
}

// behind reports whether the frontier has passed the last moment at which a
// record of this event time could still take part in all that its own lateness
// entitles it to (T6, T7). Such a record has an old Kafka timestamp: what it
// needs may be forgotten, what it would change may be settled.
func (s *Shard) behind(k event.Kind, at event.Time, age event.Span) bool {
	set := &s.cfg.Settings
	patience := set.Horizon.Of(k)
	switch k {
	case event.KindImpression:
		if age <= set.BidLateness {
			patience = set.BidLateness
		}
	case event.KindConversion:
		if age <= set.ViewLateness {
			patience = set.ViewLateness
		}
	}
	return at < s.frontier.Add(-patience-set.Slack)
}

// reject counts a record that was read but not admitted and writes its row.
func (s *Shard) reject(k event.Kind, e *event.Envelope, campaign string, why event.Reason, by event.Span) {
	s.ledger.Reject(e.Partition, e.Ingest, why, 1)
	field := "timestamp" // the canonical name (N11)
	if k == event.KindClick || k == event.KindConversion {
		field = "event_timestamp"
	}
	var detail string
	switch why {
	case event.TimeFuture:
		detail = fmt.Sprintf("event time is %d s after the ingest time", by/event.Second)
	case event.TooLate:
		detail = fmt.Sprintf("event time is %d s before the ingest time", by/event.Second)
	case event.BehindState:
		detail = fmt.Sprintf("event time is %d s behind the ingest frontier", by/event.Second)
	}
	s.writeReject(&event.Rejected{
		Envelope: *e, Reason: why, Field: field, Detail: detail, Campaign: campaign,
	})
}

func (s *Shard) writeReject(e *event.Rejected) {
	row := table.Rejected{
		Topic: strings.Clone(e.Topic), Partition: e.ID, Offset: int64(e.Offset), Line: e.Line,
		Reason: e.Reason.String(), Detail: strings.Clone(e.Detail), Field: strings.Clone(e.Field),
		Raw:        append([]byte(nil), e.Raw...),
		CampaignID: strings.Clone(e.Campaign),
		Meta:       s.rows.Meta(&e.Envelope, table.Upsert, e.Flags),
	}
	if e.EventTime != event.MinTime {
		row.EventTime = e.EventTime
	}
	s.rows.Reject(row)
}
