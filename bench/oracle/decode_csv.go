package oracle

import (
	"bytes"
	"encoding/csv"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/advertisex/adjoin/internal/event"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// csvLine is one data line of a record: its cells by column, or why there are
// none.
type csvLine struct {
	cells []string
	fault *fault
}

// csvKind is what the lines of a topic are.
type csvKind uint8

const (
	csvClicks csvKind = iota
	csvConversions
	csvCombined
)

// isColumn reports whether a name is that of a column of either table; the
// names of both make a header on every topic.
func isColumn(name string) bool {
	_, click := clickFields.find(name)
	_, conversion := conversionFields.find(name)
	return click || conversion
}

// csvLines splits a record into its data lines and gives the columns that hold
// for them: those of a header line, else the configured ones.
func csvLines(data []byte, delimiter rune, configured []string) (columns []string, lines []csvLine) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma, in.FieldsPerRecord = delimiter, -1
	columns = configured
	for first := true; ; first = false {
		start := in.InputOffset()
		row, err := in.Read()
		if err == io.EOF {
			return columns, lines
		}
		if !utf8.Valid(data[start:in.InputOffset()]) {
			lines = append(lines, csvLine{fault: &fault{reason: event.BadEncoding}})
			continue
		}
		if err != nil {
			lines = append(lines, csvLine{fault: &fault{reason: event.BadCSV}})
			continue
		}
		if first && isHeader(row) {
			columns = trimEmpty(row, 0)
			continue
		}
		lines = append(lines, fit(row, len(columns)))
	}
}

func isHeader(row []string) bool {
	row = trimEmpty(row, 0)
	for _, cell := range row {
		if !isColumn(cell) {
			return false
		}
	}
	return len(row) > 0
}

// trimEmpty drops empty cells at the end, down to keep cells.
func trimEmpty(row []string, keep int) []string {
	for len(row) > keep && row[len(row)-1] == "" {
		row = row[:len(row)-1]
	}
	return row
}

// fit checks a line's number of cells (events 1.4).
func fit(row []string, width int) csvLine {
	row = trimEmpty(row, width)
	if len(row) != width {
		return csvLine{fault: &fault{reason: event.CSVArity}}
	}
	return csvLine{cells: row}
}

func csvCells(columns, row []string, list *fieldList) *cells {
	c := newCells(list)
	for i, name := range columns {
		v := value{}
		if row[i] != "" {
			v = value{text, row[i]}
		}
		c.put(name, v)
	}
	return c
}

// clickOf reads a click (events 1.4).
func clickOf(r *reading) (*click, *fault) {
	c := &click{}
	at, timed := r.when("event_timestamp")
	c.user = r.id("user_id")
	c.campaign, c.creative = r.label("campaign_id"), r.label("creative_id")
	c.id = r.id("click_id")
	c.impressionID, c.exchange = r.id("impression_id"), r.label("exchange")
	c.auction, c.impID = r.id("auction_id"), r.label("imp_id")
	r.id("bid_id")
	said, _ := freeText(r.get("conversion_type"))
	r.state("conversion_type", lowerASCII(said))
	c.site, _ = r.website()
	c.landing, _ = r.split("landing_url")
	r.state("landing_url", c.landing)
	r.note("user_agent")
	r.note("ip")
	c.country, c.device, c.os = r.country("country"), r.small("device_type", 0, 1<<31-1), r.free("os")
	r.small("click_x", 0, 1<<31-1)
	r.small("click_y", 0, 1<<31-1)
	r.tail()
	if r.fault == nil {
		r.require(timed, "event_timestamp")
		r.require(c.user != "" || c.id != "" || c.impressionID != "" || c.auction != "", "user_id")
	}
	if r.fault != nil {
		return nil, r.fault
	}
	if c.auction != "" {
		c.exchange, c.impID = orElse(c.exchange, "default"), orElse(c.impID, "1")
	}
	c.at, c.print = r.repair(at), r.print.sum()
	c.flags, c.test = r.flags, r.test
	return c, nil
}

// tail is the fields that end both lists.
func (r *reading) tail() {
	if r.tri("is_test") == event.True {
		r.test = true
	}
	r.gdpr()
	r.note("consent")
}

// conversionOf reads a conversion (events 1.5).
func conversionOf(r *reading) (*conversion, *fault) {
	c := &conversion{}
	at, timed := r.when("event_timestamp")
	c.user = r.id("user_id")
	c.campaign = r.label("campaign_id")
	c.kind = r.kind()
	c.wireID = r.id("conversion_id")
	c.order, c.clickID, c.impressionID = r.id("order_id"), r.id("click_id"), r.id("impression_id")
	c.advertiser = r.label("advertiser_id")
	c.adjustment = r.adjustmentAhead()
	stated := r.value(c)
	c.currency = r.currency("currency", stated)
	c.quantity = r.pieces()
	r.adjustment(c.adjustment)
	r.note("user_agent")
	r.note("ip")
	r.country("country")
	r.small("device_type", 0, 1<<31-1)
	r.tail()
	if r.fault == nil {
		r.require(timed, "event_timestamp")
		r.require(c.kind != "", "conversion_type")
		r.require(c.user != "" || c.clickID != "" || c.impressionID != "", "user_id")
		r.require(!c.adjusts() || c.wireID != "" || c.order != "", "conversion_id")
	}
	if r.fault != nil {
		return nil, r.fault
	}
	c.id = c.wireID
	c.at, c.print = r.repair(at), r.print.sum()
	c.flags, c.test = r.flags, r.test
	return c, nil
}

// kind is the conversion type (N17).
func (r *reading) kind() string {
	word := lowerASCII(r.get("conversion_type").text)
	switch word {
	case "":
		return ""
	case "signup", "sign-up":
		word = "sign_up"
	case "visit":
		word = "page_view"
	}
	ok := len(word) <= 64
	for i := range len(word) {
		c := word[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-')
	}
	if !ok {
		r.fail(event.BadNumber, "conversion_type")
		return ""
	}
	r.state("conversion_type", word)
	return r.words.keep(word)
}

// value reads value and value_micros (N4) and reports whether the record states
// one.
func (r *reading) value(c *conversion) bool {
	v, micros, field := r.get("value_micros"), true, "value_micros"
	if v.text == "" {
		v, micros, field = r.get("value"), false, "value"
	}
	if v.text == "" {
		return false
	}
	n, ok := amount(v, micros)
	if !ok || n < -maxValue || n > maxValue || (n < 0 && c.adjustment != event.Restate) {
		r.fail(event.BadMoney, field)
		return true
	}
	r.state("value_micros", decimal(n))
	c.value = n
	return true
}

func (r *reading) pieces() int32 {
	v := r.get("quantity")
	if v.text == "" {
		return 1
	}
	n, ok := whole(v)
	if !ok || n < 1 || n > 1_000_000 {
		r.fail(event.BadNumber, "quantity")
		return 0
	}
	r.state("quantity", decimal(n))
	return int32(n)
}

// adjustmentAhead reads the adjustment, which the range of the value depends
// on, before its turn; adjustment states it and finds its fault in order.
func (r *reading) adjustmentAhead() event.Adjustment {
	switch upperASCII(r.get("adjustment").text) {
	case "RESTATE":
		return event.Restate
	case "RETRACT":
		return event.Retract
	}
	return event.New
}

func (r *reading) adjustment(a event.Adjustment) {
	written := upperASCII(r.get("adjustment").text)
	if written == "" {
		return
	}
	if written != a.String() {
		r.fail(event.BadNumber, "adjustment")
		return
	}
	r.state("adjustment", written)
}
