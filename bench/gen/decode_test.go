package gen_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	"github.com/advertisex/adjoin/bench/gen"
)

// A reading of the four formats with well-kept libraries and nothing else: what
// the generator's truth is held against.

// seen is one event, or one reject, as the libraries read it.
type seen struct {
	topic   string
	kind    string // bid, impression, click, conversion
	reason  string // not "" for a reject
	fields  map[string]string
	bid     map[string]any // bids only
	at      int64          // event time before rules, us
	ingest  int64          // us
	printed string         // all fields but transport, once asked for
	place   string         // topic/partition@offset:line, in a form that sorts
}

var canonical = map[string]string{
	"imp_uid": "impression_id", "ts": "timestamp", "uid": "user_id", "crid": "creative_id", "cid": "campaign_id",
	"site": "website", "ad_creative_id": "creative_id", "ad_campaign_id": "campaign_id",
	"event_timestamp": "timestamp", "conversion_time": "timestamp", "gclid": "click_id", "event_id": "conversion_id",
	"transaction_id": "order_id", "event_name": "conversion_type", "event_type": "conversion_type",
}

func canonicalName(name string) string {
	if c, ok := canonical[name]; ok {
		return c
	}
	return name
}

func decode(topic string, c *gen.Config, rec *gen.Record, offset int) []seen {
	base := seen{topic: topic, ingest: rec.TimestampMS * 1000, place: fmt.Sprintf("%s/%05d@%09d", topic, rec.Partition, offset)}
	reject := func(kind, reason string) []seen {
		s := base
		s.kind, s.reason = kind, reason
		return []seen{s}
	}
	switch topic {
	case c.Topics.Impressions:
		if len(rec.Value) == 0 {
			return reject("impression", "EMPTY")
		}
		return []seen{decodeImpression(base, rec.Value)}
	case c.Topics.Bids:
		if len(rec.Value) == 0 {
			return reject("bid", "EMPTY")
		}
		return []seen{decodeBid(base, c, rec.Value)}
	}
	if len(rec.Value) == 0 {
		return reject("line", "EMPTY")
	}
	return decodeLines(base, c, rec.Value)
}

func decodeImpression(s seen, value []byte) seen {
	s.kind = "impression"
	if !utf8.Valid(value) {
		s.reason = "BAD_ENCODING"
		return s
	}
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		s.reason = "BAD_JSON"
		return s
	}
	s.fields = map[string]string{}
	for name, v := range object {
		s.fields[canonicalName(name)] = fmt.Sprint(v)
		if n, ok := v.(json.Number); ok && strings.HasSuffix(canonicalName(name), "_id") && strings.ContainsAny(n.String(), ".eE") {
			s.reason = "BAD_ID"
			return s
		}
	}
	return check(s, "creative_id")
}

// check reads the time and applies the few rules the generator breaks.
func check(s seen, required ...string) seen {
	f := s.fields
	at, ok := readTime(f["timestamp"])
	s.at = at
	price, _ := micros(f["price"])
	value, _ := micros(f["value"])
	switch {
	case !ok:
		s.reason = "BAD_TIME"
	case strings.ContainsAny(f["user_id"], "\x01"):
		s.reason = "BAD_ID"
	case price < 0 || value < 0:
		s.reason = "BAD_MONEY"
	case f["currency"] == "ZZZ":
		s.reason = "BAD_CURRENCY"
	case f["quantity"] == "0":
		s.reason = "BAD_NUMBER"
	}
	for _, name := range required {
		if s.reason == "" && f[name] == "" {
			s.reason = "MISSING_FIELD"
		}
	}
	if sent, ok := readTime(f["sent_at"]); ok && s.reason == "" {
		if received, ok := readTime(f["received_at"]); ok && sent >= at {
			s.at = received - (sent - at)
		}
	}
	return s
}

func readTime(text string) (int64, bool) {
	if text == "" {
		return 0, false
	}
	if strings.Trim(text, "-0123456789") == "" {
		var n int64
		if _, err := fmt.Sscan(text, &n); err != nil {
			return 0, false
		}
		switch {
		case n < 1e11:
			return n * 1_000_000, true
		case n < 1e14:
			return n * 1000, true
		}
		return n, true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMicro(), true
		}
	}
	return 0, false
}

var knownColumns = strings.Fields(`event_timestamp timestamp conversion_time user_id campaign_id ad_campaign_id creative_id ad_creative_id click_id gclid
	impression_id exchange auction_id website landing_url user_agent country device_type conversion_type event_name event_type conversion_id event_id
	order_id transaction_id advertiser_id value currency quantity adjustment`)

func decodeLines(s seen, c *gen.Config, value []byte) []seen {
	columns := []string{"event_timestamp", "user_id", "campaign_id"}
	s.kind = "click"
	if s.topic != c.Topics.Clicks {
		columns = append(columns, "conversion_type")
		s.kind = "conversion"
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(value, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord = -1
	var all []seen
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		one := s
		one.place += fmt.Sprintf(":%04d", len(all))
		if err != nil {
			one.reason = "BAD_CSV"
			return append(all, one)
		}
		if len(all) == 0 && !slices.ContainsFunc(cells, func(c string) bool { return !slices.Contains(knownColumns, c) }) {
			columns = cells
			continue
		}
		all = append(all, readLine(one, s.topic == c.Topics.Combined, columns, cells))
	}
}

func readLine(s seen, combined bool, columns, cells []string) seen {
	switch {
	case !utf8.ValidString(strings.Join(cells, "")):
		s.reason = "BAD_ENCODING"
		return s
	case len(cells) != len(columns):
		s.reason = "CSV_ARITY"
		return s
	}
	s.fields = map[string]string{}
	for i, name := range columns {
		if cells[i] != "" {
			s.fields[canonicalName(name)] = cells[i]
		}
	}
	if combined {
		if s.fields["conversion_type"] == "click" {
			s.kind = "click"
		}
		return check(s, "conversion_type")
	}
	if s.kind == "click" {
		s.fields["some id"] = s.fields["user_id"] + s.fields["click_id"] + s.fields["impression_id"] + s.fields["auction_id"]
		s = check(s, "some id")
		delete(s.fields, "some id")
		return s
	}
	s.fields["some id"] = s.fields["user_id"] + s.fields["click_id"] + s.fields["impression_id"]
	s = check(s, "conversion_type", "some id")
	delete(s.fields, "some id")
	return s
}

var bidSchema = avro.MustParse(gen.Schema)

func decodeBid(s seen, c *gen.Config, value []byte) seen {
	s.kind = "bid"
	var err error
	switch {
	case bytes.HasPrefix(value, []byte("Obj\x01")):
		var r *ocf.Reader
		if r, err = ocf.NewReader(bytes.NewReader(value)); err == nil {
			err = r.Decode(&s.bid)
		}
	case c.Framing == gen.Registry && value[0] == 0:
		_, err = bidSchema.Decode(value[5:], &s.bid)
	case c.Framing == gen.SingleObject && value[0] == 0xc3:
		_, err = bidSchema.DecodeSingleObject(value, &s.bid)
	default:
		var rest []byte
		rest, err = bidSchema.Decode(value, &s.bid)
		if err == nil && len(rest) > 0 {
			err = errors.New("bytes after the datum")
		}
	}
	if err != nil {
		s.reason = "BAD_AVRO"
		if bytes.Contains(value, []byte("\xff\xfe")) {
			s.reason = "BAD_ENCODING"
		}
		return s
	}
	return bidFields(s)
}

// bidFields flattens what the recount needs.
func bidFields(s seen) seen {
	s.fields = map[string]string{"auction_id": fmt.Sprint(s.bid["auction_id"]), "exchange": "default"}
	switch at := s.bid["timestamp"].(type) {
	case time.Time:
		s.at = at.UnixMicro()
	case string:
		s.at, _ = readTime(at)
	}
	if user, ok := s.bid["user"].(map[string]any); ok {
		s.fields["user_id"] = fmt.Sprint(user["user_id"])
		s.fields["exchange"] = fmt.Sprint(s.bid["exchange"])
		if strings.Contains(fmt.Sprint(user["region"]), "\xff") || strings.Contains(fmt.Sprint(user["region"]), "\ufffd") {
			s.reason = "BAD_ENCODING"
		}
		if imps, _ := s.bid["imps"].([]any); len(imps) == 0 {
			s.reason = "NO_IMPS"
		}
	} else {
		s.fields["user_id"] = fmt.Sprint(s.bid["user_id"])
	}
	s.fields["content"] = fmt.Sprint(s.bid)
	return s
}
