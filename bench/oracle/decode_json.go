package oracle

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/advertisex/adjoin/internal/event"
)

// element is one value of a JSON record, or the bytes that are none.
type element struct {
	raw   []byte
	fault *fault
}

// jsonElements is the elements of a record (N15): those of the array it is, else
// one value after another. In an array nothing says where the next element
// begins after a fault; between lines the next line that starts an object does.
func jsonElements(data []byte, set *Settings) []element {
	i := spaces(data, 0)
	if i == len(data) {
		return nil
	}
	if data[i] == '[' {
		return arrayElements(data, i, set)
	}
	var all []element
	for i < len(data) {
		raw, end, bad := valueAt(data, i, set)
		if bad != nil {
			end = nextObjectLine(data, i)
		}
		all = append(all, element{raw, bad})
		i = spaces(data, end)
	}
	return all
}

func arrayElements(data []byte, i int, set *Settings) []element {
	var all []element
	broken := func(from int) []element {
		return append(all, element{fault: syntaxFault(data[from:])})
	}
	start := i
	i = spaces(data, i+1)
	for closed := i < len(data) && data[i] == ']'; !closed; {
		raw, end, bad := valueAt(data, i, set)
		if bad != nil && bad.reason != event.TooLarge {
			return append(all, element{fault: bad})
		}
		all = append(all, element{raw, bad})
		i = spaces(data, end)
		if i == len(data) || (data[i] != ',' && data[i] != ']') {
			if bad != nil && i == len(data) {
				return all
			}
			return broken(start)
		}
		closed = data[i] == ']'
		if !closed {
			i = spaces(data, i+1)
		}
	}
	if i = spaces(data, i+1); i < len(data) {
		if len(all) == 0 {
			all = append(all, element{fault: &fault{reason: event.Empty}})
		}
		return broken(i)
	}
	return all
}

func spaces(data []byte, i int) int {
	for i < len(data) && strings.IndexByte(" \t\r\n", data[i]) >= 0 {
		i++
	}
	return i
}

func nextObjectLine(data []byte, i int) int {
	for {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return len(data)
		}
		i = spaces(data, i+n+1)
		if i < len(data) && data[i] == '{' {
			return i
		}
	}
}

// valueAt reads the value at i. A value that is too deep is found before a
// syntax error behind the place where it is; end is then where its brackets
// close.
func valueAt(data []byte, i int, set *Settings) (raw []byte, end int, bad *fault) {
	d := json.NewDecoder(bytes.NewReader(data[i:]))
	var value json.RawMessage
	err := d.Decode(&value)
	reach := len(data) - i
	if err == nil {
		reach = int(d.InputOffset())
	} else if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		reach = min(reach, int(syntax.Offset))
	}
	if tooDeep(data[i:i+reach], set.NestingMax) {
		return nil, balanced(data, i), &fault{reason: event.TooLarge}
	}
	if err != nil {
		return nil, 0, syntaxFault(data[i:])
	}
	return value, i + reach, nil
}

// syntaxFault is the reason for bytes that are not JSON: their encoding counts
// first (N12).
func syntaxFault(rest []byte) *fault {
	if !utf8.Valid(rest) {
		return &fault{reason: event.BadEncoding}
	}
	return &fault{reason: event.BadJSON}
}

// jsonCells reads one object. Names may be in any case and twice (N11), so it
// goes by tokens and not into a map.
func jsonCells(raw []byte, list *fieldList, set *Settings) (*cells, *fault) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, syntaxFault(raw)
	}
	c := newCells(list)
	for n := 0; d.More(); n++ {
		if n == set.FieldsMax {
			return nil, &fault{reason: event.TooLarge}
		}
		name, err := d.Token()
		if err != nil {
			return nil, syntaxFault(raw)
		}
		var val any
		if err := d.Decode(&val); err != nil {
			return nil, syntaxFault(raw)
		}
		c.put(name.(string), jsonValue(val))
	}
	if !utf8.Valid(raw) {
		return nil, &fault{reason: event.BadEncoding}
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

// brackets calls each with the depth behind every bracket outside strings,
// until it answers false; the result is the index behind that bracket, else the
// length.
func brackets(data []byte, each func(depth int) bool) int {
	depth, quoted, escaped := 0, false, false
	for i, c := range data {
		step := 0
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			step = 1
		case c == '}' || c == ']':
			step = -1
		}
		if depth += step; step != 0 && !each(depth) {
			return i + 1
		}
	}
	return len(data)
}

func tooDeep(data []byte, limit int) bool {
	deep := false
	brackets(data, func(depth int) bool {
		deep = depth > limit
		return !deep
	})
	return deep
}

// balanced is the index behind the brackets that open at i.
func balanced(data []byte, i int) int {
	return i + brackets(data[i:], func(depth int) bool { return depth > 0 })
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
	i.inView = r.optional("in_view_ms", 0, 1<<63-2)
	r.note("user_agent")
	r.note("ip")
	i.device = r.small("device_type", 0, 1<<31-1)
	i.os, i.browser = r.free("os"), r.free("browser")
	i.country, i.region = r.country("country"), r.free("region")
	r.small("utc_offset_min", -1440, 1440)
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
