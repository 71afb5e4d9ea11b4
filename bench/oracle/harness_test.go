package oracle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/avro"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// day0 is a Monday without a DST change anywhere of interest.
var day0 = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// at is an instant of day0 from "10:00:09.5" or, with days before it, "3d 10:00:00".
func at(text string) time.Time {
	days := 0
	if n, rest, ok := strings.Cut(text, "d "); ok {
		fmt.Sscan(n, &days)
		text = rest
	}
	t, err := time.Parse("15:04:05", text)
	if err != nil {
		panic(err)
	}
	return day0.AddDate(0, 0, days).Add(t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)))
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.999999Z") }

// feed is records in memory. Each record arrives a second after its event
// unless the test says otherwise.
type feed struct {
	records              map[string][]Record
	campaigns, creatives string
	fx                   string
	set                  Settings
}

func newFeed() *feed {
	f := &feed{records: map[string][]Record{}, set: DefaultSettings()}
	f.set.UserKeySecret = []byte("test")
	return f
}

func (f *feed) Each(topic string, yield func(*Record) error) error {
	for i := range f.records[topic] {
		if err := yield(&f.records[topic][i]); err != nil {
			return err
		}
	}
	return nil
}

func (f *feed) put(topic string, arrives time.Time, value []byte) {
	f.records[topic] = append(f.records[topic], Record{
		Partition: event.Partition{Topic: topic}, Offset: event.Offset(len(f.records[topic])),
		Time: event.TimeOf(arrives), Value: value,
	})
}

// object is a JSON object of the pairs "name=value"; a value that starts with
// ':' is written as it is, without quotes.
func object(pairs ...string) string {
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		name, val, _ := strings.Cut(p, "=")
		if raw, ok := strings.CutPrefix(val, ":"); ok {
			parts[i] = fmt.Sprintf("%q:%s", name, raw)
		} else {
			parts[i] = fmt.Sprintf("%q:%q", name, val)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (f *feed) impression(t time.Time, pairs ...string) {
	f.put("ad_impressions", t.Add(time.Second), []byte(object(append([]string{"timestamp=" + stamp(t)}, pairs...)...)))
}

// csv puts a record with a header line and one data line.
func (f *feed) csv(topic string, t, arrives time.Time, pairs ...string) {
	names, cells := []string{"event_timestamp"}, []string{stamp(t)}
	for _, p := range pairs {
		name, val, _ := strings.Cut(p, "=")
		names, cells = append(names, name), append(cells, val)
	}
	f.put(topic, arrives, []byte(strings.Join(names, ",")+"\n"+strings.Join(cells, ",")+"\n"))
}

func (f *feed) click(t time.Time, pairs ...string) { f.csv("clicks", t, t.Add(time.Second), pairs...) }

func (f *feed) conversion(t time.Time, pairs ...string) {
	f.csv("conversions", t, t.Add(time.Second), pairs...)
}

// request is a bid request as the Avro library takes it.
type request map[string]any

func offerOf(id, imp, campaign, creative string, micros int64) map[string]any {
	return map[string]any{
		"bid_id": id, "imp_id": imp, "campaign_id": campaign, "creative_id": creative, "price_cpm_micros": micros,
	}
}

func newRequest(t time.Time, auction, user string, offers ...map[string]any) request {
	bids := []any{}
	for _, o := range offers {
		bids = append(bids, o)
	}
	return request{
		"auction_id": auction, "exchange": "x1", "timestamp": t.UnixMicro(),
		"user": map[string]any{"user_id": user},
		"imps": []any{map[string]any{"imp_id": "1"}}, "bids": bids,
	}
}

func encode(schema string, v any) []byte {
	b, err := avro.MustParse(schema).Encode(v)
	if err != nil {
		panic(err)
	}
	return b
}

func (f *feed) bid(t time.Time, r request) {
	f.put("bid_requests", t.Add(time.Second), encode(bidSchema, map[string]any(r)))
}

// run computes the tables and checks the ledger (K2).
func (f *feed) run(t *testing.T) *Tables {
	t.Helper()
	tables, err := Run(Input{Records: f, Campaigns: []byte(f.campaigns), Creatives: []byte(f.creatives), FX: []byte(f.fx), Settings: f.set})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// both runs the feed as it is and with every topic delivered backwards, and
// fails when the two disagree on what check prints.
func (f *feed) both(t *testing.T, check func(*Tables) string) *Tables {
	t.Helper()
	forward := f.run(t)
	mirrored := *f
	mirrored.records = map[string][]Record{}
	for topic, list := range f.records {
		n := len(list)
		for i, r := range list {
			last := list[n-1-i]
			r.Value, r.Time = last.Value, last.Time
			mirrored.records[topic] = append(mirrored.records[topic], r)
		}
	}
	backward := mirrored.run(t)
	if a, b := check(forward), check(backward); a != b {
		t.Errorf("delivery order shows:\nforward  %s\nbackward %s", a, b)
	}
	return forward
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// spaced joins values with spaces.
func spaced(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

func clickByID(t *testing.T, tables *Tables, id string) table.Click {
	t.Helper()
	for _, c := range tables.Clicks {
		if c.ClickID == id {
			return c
		}
	}
	t.Fatalf("no click %s", id)
	return table.Click{}
}

func conversionByID(t *testing.T, tables *Tables, id string) table.Conversion {
	t.Helper()
	for _, c := range tables.Conversions {
		if c.ConversionID == id {
			return c
		}
	}
	t.Fatalf("no conversion %s", id)
	return table.Conversion{}
}

// credits is "touch:ppm:micros" of a conversion's rows under a model, in the
// order of the path.
func credits(tables *Tables, conversion, model string) string {
	byPosition := map[int32]string{}
	for _, a := range tables.Attributions {
		if a.ConversionID == conversion && a.Model == model {
			byPosition[a.Position] = fmt.Sprintf("%s:%d:%d", a.TouchID, a.CreditPPM, a.CreditedValueMicros)
		}
	}
	var list []string
	for i := int32(0); len(list) < len(byPosition); i++ {
		if s, ok := byPosition[i]; ok {
			list = append(list, s)
		}
	}
	return strings.Join(list, " ")
}

// total sums a measure over the minutes that pass keep.
func total(tables *Tables, keep func(*table.CampaignMinute) bool, of func(*table.CampaignMinute) int64) int64 {
	var n int64
	for i := range tables.CampaignMinutes {
		if keep(&tables.CampaignMinutes[i]) {
			n += of(&tables.CampaignMinutes[i])
		}
	}
	return n
}

func all(*table.CampaignMinute) bool { return true }

func campaignIs(id string) func(*table.CampaignMinute) bool {
	return func(m *table.CampaignMinute) bool { return m.CampaignID == id }
}
