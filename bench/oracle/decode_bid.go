package oracle

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
)

// bidRecord reads the fields of one record of a bid request: those of the
// request, of its user, of an imp or of an offer. What a writer leaves out is
// the reader's default; a value equal to the default is not in the fingerprint
// (N14).
type bidRecord struct {
	*bidReading
	tree   map[string]any
	prefix string
}

// bidReading is what the records of one request share.
type bidReading struct {
	set   *Settings
	words words
	print printer
	flags event.Flags
	test  bool
	fault *fault

	crowded bool // a list has more members than allowed
}

func (r *bidReading) fail(reason event.Reason, field string) {
	if r.fault == nil {
		r.fault = &fault{reason, field}
	}
}

func (r bidRecord) state(name, val, standard string) {
	if val != "" && val != standard {
		r.print.add(r.prefix+name, val)
	}
}

// raw is the value under the first of the names that the record has.
func (r bidRecord) raw(name string, legacy ...string) value {
	if v, ok := r.tree[name]; ok {
		return avroValue(v)
	}
	for _, other := range legacy {
		if v, ok := r.tree[other]; ok {
			return avroValue(v)
		}
	}
	return value{}
}

// id reads an id; further names are those of legacy schemas.
func (r bidRecord) id(name, standard string, legacy ...string) string {
	v := r.raw(name, legacy...)
	if v.text == "AUDIT" {
		r.test = true
	}
	id, ok := cleanID(v)
	if !ok {
		r.fail(event.BadID, r.prefix+name)
	}
	r.state(name, id, standard)
	return orElse(id, standard)
}

func (r bidRecord) label(name string) string { return r.words.keep(r.id(name, "")) }

func (r bidRecord) free(name, standard string, legacy ...string) string {
	s := r.cut(r.raw(name, legacy...))
	r.state(name, s, standard)
	return s
}

// cut is free text of at most maxText bytes.
func (r *bidReading) cut(v value) string {
	s, cut := freeText(v)
	if cut {
		r.flags |= event.TextTruncated
	}
	return s
}

// items is a list, which may not be longer than FieldsMax.
func (r bidRecord) items(name string) []any {
	items, _ := r.tree[name].([]any)
	if len(items) > r.set.FieldsMax {
		r.crowded = true
	}
	return items
}

// list states a list joined with "|".
func (r bidRecord) list(name string, clean func(value) string) {
	var parts []string
	for _, item := range r.items(name) {
		parts = append(parts, clean(avroValue(item)))
	}
	if len(parts) > 0 {
		r.print.add(r.prefix+name, strings.Join(parts, "|"))
	}
}

// deals states the deal ids that are not absent.
func (r bidRecord) deals() {
	var kept []string
	for _, item := range r.items("deal_ids") {
		v := avroValue(item)
		r.test = r.test || v.text == "AUDIT"
		id, ok := cleanID(v)
		if !ok {
			r.fail(event.BadID, r.prefix+"deal_ids")
		}
		if id != "" {
			kept = append(kept, id)
		}
	}
	r.state("deal_ids", strings.Join(kept, "|"), "")
}

func (r bidRecord) flag(name string) bool {
	yes := truth(r.raw(name)) == event.True
	if yes {
		r.state(name, "true", "")
	}
	return yes
}

// whole is an integer with a default; out of [low, high] is BAD_NUMBER.
func (r bidRecord) whole(name string, standard, low, high int64) int64 {
	n, ok := whole(r.raw(name))
	if !ok {
		return standard
	}
	if n < low || n > high {
		r.fail(event.BadNumber, r.prefix+name)
		return standard
	}
	r.state(name, decimal(n), decimal(standard))
	return n
}

// code is an integer that may be null; a negative one is BAD_NUMBER, later.
func (r bidRecord) code(name string) *int32 {
	n, ok := whole(r.raw(name))
	if !ok {
		return nil
	}
	v := int32(max(-1, min(n, math.MaxInt32)))
	r.state(name, decimal(int64(v)), "")
	return &v
}

// number is an integer with the default 0.
func (r bidRecord) number(name string, low int64) int64 {
	return r.whole(name, 0, low, math.MaxInt32)
}

// money is CPM micros, nil when null; standard is the schema's default, "" for
// none.
func (r bidRecord) money(name, standard string) *int64 {
	v := r.raw(name)
	if v.kind == none {
		return nil
	}
	n, ok := whole(v)
	if !ok || n < 0 || n > maxPrice {
		r.fail(event.BadMoney, r.prefix+name)
		return nil
	}
	r.state(name, decimal(n), standard)
	return &n
}

func orZero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// currency has the schema's default where the writer has no such field; an empty
// one is defaulted as on every topic (N5).
func (r bidRecord) currency(name string, stated bool) string {
	v := r.raw(name)
	if _, has := r.tree[name]; !has {
		return "USD"
	}
	if v.text == "" {
		if stated {
			r.flags |= event.CurrencyDefaulted
		}
		return r.set.Currency
	}
	code := upperASCII(v.text)
	if !currencies[code] {
		r.fail(event.BadCurrency, r.prefix+name)
		return ""
	}
	r.state(name, code, "USD")
	return r.words.keep(code)
}

func (r bidRecord) format(name string) string {
	word := lowerASCII(r.raw(name).text)
	if _, has := r.tree[name]; !has {
		return "banner"
	}
	if word == "" {
		return "unknown"
	}
	if !slices.Contains([]string{"banner", "video", "audio", "native"}, word) {
		word = "unknown"
	}
	r.state("ad_format", word, "banner")
	return word
}

// when reads the timestamp in the unit of its logical type, else as any other
// time (N2).
func (r bidRecord) when(unit string) (event.Time, bool) {
	v := r.raw("timestamp")
	if v.text == "" && v.kind != composite {
		return 0, false
	}
	at, ok := event.Time(0), false
	n, isLong := whole(v)
	switch {
	case v.kind == number && isLong && strings.HasSuffix(unit, "timestamp-micros"):
		at, ok = inYears(n)
	case v.kind == number && isLong && strings.HasSuffix(unit, "timestamp-millis"):
		if n > math.MinInt64/1000 && n < math.MaxInt64/1000 {
			at, ok = inYears(n * 1000)
		}
	case v.kind == number && isLong && strings.HasSuffix(unit, "timestamp-nanos"):
		at, ok = inYears(n / 1000)
	case v.kind == text || v.kind == number:
		at, ok = parseTime(v.text, r.set.Zone)
	}
	if !ok {
		r.fail(event.BadTime, "timestamp")
	}
	r.state("timestamp", v.text, "")
	return at, ok
}

// legacyPrice is bid_amount, a CPM in units, as micros (events 1.6).
func (r bidRecord) legacyPrice() int64 {
	v := r.raw("bid_amount")
	if v.kind == none || v.text == "" {
		return 0
	}
	n, ok := int64(0), false
	if f, isFloat := r.floatOf("bid_amount"); isFloat {
		if exact := new(big.Rat).SetFloat64(f); exact != nil {
			n, ok = saturate(halfEven(exact.Mul(exact, new(big.Rat).SetInt64(1_000_000)))), true
		}
	} else if v.kind == text || v.kind == number {
		n, ok = parseE6(v.text)
	}
	if !ok || n < 0 || n > maxPrice {
		r.fail(event.BadMoney, "bid_amount")
		return 0
	}
	return n
}

func (r bidRecord) floatOf(name string) (float64, bool) {
	switch f := r.tree[name].(type) {
	case float64:
		return f, true
	case float32:
		return float64(f), true
	}
	return 0, false
}
