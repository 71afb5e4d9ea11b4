package oracle

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/advertisex/adjoin/internal/event"
)

// jsonLines is the elements of a record: the object it is, the elements of the
// array it is, else every line that is not blank (N15). A record that begins as
// an array and is none is one faulty element.
func jsonLines(data []byte) [][]byte {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if len(data) == 0 {
		return nil
	}
	if data[0] == '[' {
		var elements []json.RawMessage
		if json.Unmarshal(data, &elements) != nil {
			return [][]byte{data}
		}
		lines := make([][]byte, len(elements))
		for i, e := range elements {
			lines[i] = e
		}
		return lines
	}
	if json.Valid(data) {
		return [][]byte{data}
	}
	var lines [][]byte
	for _, line := range bytes.Split(data, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// jsonCells reads one object. Names may be in any case and twice (N11), so it
// goes by tokens and not into a map.
func jsonCells(line []byte, list *fieldList, nesting int) (*cells, *fault) {
	if !utf8.Valid(line) {
		return nil, &fault{reason: event.BadEncoding}
	}
	if tooDeep(line, nesting) {
		return nil, &fault{reason: event.TooLarge}
	}
	bad := &fault{reason: event.BadJSON}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, bad
	}
	c := newCells(list)
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, bad
		}
		var raw any
		if err := d.Decode(&raw); err != nil {
			return nil, bad
		}
		c.put(name.(string), jsonValue(raw))
	}
	if _, err := d.Token(); err != nil {
		return nil, bad
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, bad
	}
	return c, nil
}

func jsonValue(raw any) value {
	switch v := raw.(type) {
	case nil:
		return value{}
	case string:
		return value{text, v}
	case json.Number:
		return value{number, v.String()}
	case bool:
		if v {
			return value{boolean, "true"}
		}
		return value{boolean, "false"}
	}
	return value{kind: composite}
}

// tooDeep counts brackets outside strings.
func tooDeep(line []byte, limit int) bool {
	depth, quoted, escaped := 0, false, false
	for _, c := range line {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// impressionOf reads an impression (events 1.3). The fault is the first check
// that failed.
func impressionOf(r *reading) (*impression, *fault) {
	i := &impression{}
	i.id = r.id("impression_id")
	at, timed := r.when("timestamp")
	i.user = r.id("user_id")
	i.creative = r.label("creative_id")
	i.campaign = r.label("campaign_id")
	i.site, i.path = r.website()
	i.app, i.placement = r.label("app_bundle"), r.label("placement_id")
	i.exchange, i.line = r.label("exchange"), r.label("line_item_id")
	i.advertiser, i.deal = r.label("advertiser_id"), r.label("deal_id")
	i.auction, i.impID, i.bidID = r.id("auction_id"), r.label("imp_id"), r.id("bid_id")
	i.price = r.price()
	i.currency = r.currency("currency", i.price != nil)
	i.priceType = r.choice("price_type", "clearing", "clearing", "bid", "estimated")
	i.quantity = r.quantity()
	i.format = r.choice("ad_format", "unknown", "banner", "video", "audio", "native")
	i.width, i.height = r.size("width"), r.size("height")
	i.measurable, i.viewable = r.tri("measurable"), r.tri("viewable")
	i.inView = r.optional("in_view_ms", 64, 0, 1<<63-1)
	r.note("user_agent")
	r.note("ip")
	i.device = r.small("device_type", -1<<31, 1<<31-1)
	i.os, i.browser = r.free("os"), r.free("browser")
	i.country, i.region = r.country("country"), r.free("region")
	r.small("utc_offset_min", -1<<31, 1<<31-1)
	r.tri("is_prefetch")
	if r.tri("is_test") == event.True {
		r.test = true
	}
	r.gdpr()
	r.note("consent")
	r.note("gpp")
	r.note("us_privacy")
	if r.fault == nil {
		r.require(timed, "timestamp")
		r.require(i.creative != "", "creative_id")
	}
	if r.fault != nil {
		return nil, r.fault
	}
	if i.auction != "" {
		i.exchange, i.impID = orElse(i.exchange, "default"), orElse(i.impID, "1")
	}
	i.at, i.print = r.repair(at), r.print.sum()
	i.flags, i.test = r.flags, r.test
	return i, nil
}

func (r *reading) require(present bool, field string) {
	if !present {
		r.fail(event.MissingField, field)
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// quantity of an impression in 1e-6 units, default one.
func (r *reading) quantity() int64 {
	v := r.get("quantity")
	if v.text == "" && v.kind != composite {
		return 1_000_000
	}
	n, ok := amount(v, false)
	if !ok || n <= 0 || n > 1_000_000_000_000 {
		r.fail(event.BadNumber, "quantity")
		return 0
	}
	r.state("quantity", decimal(n))
	return n
}
