package oracle

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

// Input is all that the tables depend on.
type Input struct {
	Records   Source
	Campaigns []byte // campaigns.json, nil for none
	Creatives []byte // creatives.json, nil for none
	FX        []byte // fx.json, nil for none
	Settings  Settings
	Scratch   string // folder to sort in, "" for the system's temporary one
}

// Summary is what a run says beside the rows.
type Summary struct {
	Ledger  Ledger
	Records map[string]int64 // distinct records read, by topic
}

// Classes is how many events of a topic ended in each class (ST4).
type Classes struct {
	Fact, DupExact, IDConflict int64
	Rejected                   map[event.Reason]int64 // without DUP_ID_CONFLICT, which is IDConflict
}

// Total is the number of events in all classes.
func (c *Classes) Total() int64 {
	n := c.Fact + c.DupExact + c.IDConflict
	for _, each := range c.Rejected {
		n += each
	}
	return n
}

// Ledger is the classes by topic.
type Ledger map[string]*Classes

func (l Ledger) of(topic string) *Classes {
	c := l[topic]
	if c == nil {
		c = &Classes{Rejected: map[event.Reason]int64{}}
		l[topic] = c
	}
	return c
}

// Compute computes the tables and hands their rows to a sink, each table in the
// order of its key. It fails on unreadable input, reference data or settings,
// never on the content of a record.
func Compute(input Input, out sinks.Sink) (sum Summary, err error) {
	set := input.Settings
	if err := set.check(); err != nil {
		return sum, err
	}
	ref, err := parseReferences(input.Campaigns, input.Creatives)
	if err != nil {
		return sum, err
	}
	rates, err := parseFX(input.FX, set.ReportingCurrency)
	if err != nil {
		return sum, err
	}
	in, requests, records, err := read(input.Records, &set, input.Scratch)
	defer func() {
		for _, s := range requests {
			err = errors.Join(err, s.Close())
		}
	}()
	if err != nil {
		return sum, err
	}
	adjustments := in.dedupeAll()
	w := newWorld(&set, ref, rates, in)
	err = w.bidRequests(requests, in, out)
	w.joinClicks()
	w.judgeClicks()
	w.markDuplicateOrders()
	w.settle(adjustments, in)
	w.attribute()
	w.count()
	w.match(in.flows)
	err = errors.Join(err, w.write(out), writeAll(out.WritePipelineMinutes, in.flows.rows()),
		writeAll(out.WriteRejected, rejectedRows(in.rejections)))
	return Summary{in.flows.ledger(), records}, err
}

// Run is Compute with all rows in memory.
func Run(input Input) (*Tables, error) {
	t := &Tables{}
	sum, err := Compute(input, t)
	t.Ledger, t.Records = sum.Ledger, sum.Records
	return t, err
}

func (s *Settings) check() error {
	var faults []error
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	if !currencies[s.Currency] {
		faults = append(faults, fmt.Errorf("settings: currency %q is not in ISO 4217", s.Currency))
	}
	if s.IDMode != "fingerprint" && s.IDMode != "offset" {
		faults = append(faults, fmt.Errorf("settings: id mode %q: fingerprint or offset", s.IDMode))
	}
	if s.CSVDelimiter == 0 || s.CSVDelimiter == '"' || s.CSVDelimiter == '\n' || s.CSVDelimiter == '\r' {
		faults = append(faults, fmt.Errorf("settings: delimiter %q cannot separate cells", s.CSVDelimiter))
	}
	if s.HalfLife < event.Second || s.MaxTouchesPerPath < 2 {
		faults = append(faults, errors.New("settings: the half-life is at least 1 s, a path at least 2 touches"))
	}
	return errors.Join(faults...)
}

func rejectedRows(list []rejection) []table.Rejected {
	slices.SortFunc(list, func(a, b rejection) int { return a.pos.Compare(b.pos) })
	rows := make([]table.Rejected, len(list))
	for i, j := range list {
		rows[i] = table.Rejected{
			Topic: j.pos.Topic, Partition: j.pos.ID, Offset: int64(j.pos.Offset), Line: j.pos.Line,
			Reason: j.reason.String(), Detail: j.detail, Field: j.field, CampaignID: j.campaign,
			Meta: table.Meta{
				Op: table.Upsert, IngestTime: j.ingest, SrcPartition: j.pos.ID, SrcOffset: int64(j.pos.Offset),
				Flags: j.flags.String(),
			},
		}
		if j.timed {
			rows[i].EventTime = j.at
		}
	}
	return rows
}
