package oracle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// Input is all that the tables depend on.
type Input struct {
	Records   Source
	Campaigns []byte // campaigns.json, nil for none
	Creatives []byte // creatives.json, nil for none
	Settings  Settings
}

// Tables is every row of every final table, in the order of its key: facts by
// route and key columns, aggregates by their key columns, rejects by position.
// RowVersion and EmittedAt are 0, Op is U.
type Tables struct {
	Bids            []table.Bid
	Wins            []table.Win
	Impressions     []table.Impression
	Clicks          []table.Click
	Conversions     []table.Conversion
	Attributions    []table.Attribution
	CampaignMinutes []table.CampaignMinute
	CampaignDays    []table.CampaignDay
	Rejected        []table.Rejected
	Ledger          Ledger
	Records         map[string]int64 // distinct records read, by topic
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

// Run computes the tables. It fails on unreadable input, reference data or
// settings, never on the content of a record.
func Run(input Input) (*Tables, error) {
	set := input.Settings
	if err := set.check(); err != nil {
		return nil, err
	}
	ref, err := parseReferences(input.Campaigns, input.Creatives)
	if err != nil {
		return nil, err
	}
	in, counts, err := read(input.Records, &set)
	if err != nil {
		return nil, err
	}
	adjustments := in.dedupeAll()
	w := newWorld(&set, ref, in)
	w.joinBids()
	w.joinClicks()
	w.judgeClicks()
	w.markDuplicateOrders()
	w.settle(adjustments, in)
	w.attribute()
	w.count()
	in.bids, in.impressions, in.clicks, in.conversions = nil, nil, nil, nil
	tables := w.tables()
	tables.Rejected = rejectedRows(in.rejections)
	tables.Ledger, tables.Records = in.ledger, counts
	return tables, nil
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

// read decodes every topic.
func read(src Source, set *Settings) (*intake, map[string]int64, error) {
	known, err := newSchemas(set)
	if err != nil {
		return nil, nil, err
	}
	in := &intake{set: set, schemas: known, words: words{}, seen: positions{}, ledger: Ledger{}}
	counts := map[string]int64{}
	for _, kind := range []struct {
		topics []string
		decode func(*Record)
	}{
		{set.Topics.Bids, in.bidRecord},
		{set.Topics.Impressions, in.impressionRecord},
		{set.Topics.Clicks, in.csvRecord(csvClicks, set.ClicksColumns)},
		{set.Topics.Conversions, in.csvRecord(csvConversions, set.ConversionsColumns)},
		{set.Topics.ClicksConversions, in.csvRecord(csvCombined, set.CombinedColumns)},
	} {
		for _, name := range kind.topics {
			n, err := in.topic(src, name, kind.decode)
			if err != nil {
				return nil, nil, fmt.Errorf("topic %s: %w", name, err)
			}
			if n > 0 {
				counts[name] = n
			}
		}
	}
	return in, counts, nil
}

// tables writes the rows of the facts and the aggregates. Bids and impressions,
// which are most of the memory, come last and are given up one by one.
func (w *world) tables() *Tables {
	users := &userKeys{secret: w.set.UserKeySecret, known: map[string]string{}}
	t := &Tables{CampaignMinutes: w.minutes().rows(), CampaignDays: w.days(users)}
	for _, x := range w.wins {
		t.Wins = append(t.Wins, x.row())
	}
	for _, c := range w.clicks {
		t.Clicks = append(t.Clicks, w.clickRow(c, users))
	}
	for _, c := range w.conversions {
		t.Conversions = append(t.Conversions, c.row(users))
		t.Attributions = append(t.Attributions, w.attributionRows(c)...)
	}
	bids, impressions := w.bids, w.impressions
	*w = world{}
	t.Impressions = make([]table.Impression, 0, len(impressions))
	for n, i := range impressions {
		t.Impressions = append(t.Impressions, i.row(users))
		impressions[n] = nil
	}
	rows := 0
	for _, b := range bids {
		rows += len(b.offers) + len(b.unanswered())
	}
	t.Bids = make([]table.Bid, 0, rows)
	for n, b := range bids {
		t.Bids = append(t.Bids, b.bidRows(users)...)
		bids[n] = nil
	}
	t.sort()
	return t
}

func (t *Tables) sort() {
	sortRows(t.Bids, func(r *table.Bid) (int64, [4]string) {
		return r.Route, [4]string{r.Exchange, r.AuctionID, r.ImpID, r.BidID}
	})
	sortRows(t.Wins, func(r *table.Win) (int64, [4]string) { return r.Route, [4]string{r.ImpressionID} })
	sortRows(t.Impressions, func(r *table.Impression) (int64, [4]string) { return r.Route, [4]string{r.ImpressionID} })
	sortRows(t.Clicks, func(r *table.Click) (int64, [4]string) { return r.Route, [4]string{r.ClickID} })
	sortRows(t.Conversions, func(r *table.Conversion) (int64, [4]string) { return r.Route, [4]string{r.ConversionID} })
	sortRows(t.Attributions, func(r *table.Attribution) (int64, [4]string) {
		return r.Route, [4]string{r.ConversionID, r.Model, r.TouchID}
	})
	slices.SortFunc(t.CampaignMinutes, func(a, b table.CampaignMinute) int {
		return cmp.Or(
			cmp.Compare(a.BucketStart, b.BucketStart), cmp.Compare(a.CampaignID, b.CampaignID),
			cmp.Compare(a.CreativeID, b.CreativeID), cmp.Compare(a.Exchange, b.Exchange),
			cmp.Compare(a.Country, b.Country), cmp.Compare(a.DeviceType, b.DeviceType),
			cmp.Compare(a.Currency, b.Currency),
		)
	})
	slices.SortFunc(t.CampaignDays, func(a, b table.CampaignDay) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.CampaignID, b.CampaignID))
	})
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
