package oracle

import (
	"strconv"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
)

// fault is the first check that failed.
type fault struct {
	reason event.Reason
	field  string
}

// reading turns the cells of one event into typed fields. Its methods are
// called in the order of the field list, so that the first fault is the reason
// (N12) and the fingerprint has its fields in order (N14).
type reading struct {
	*cells
	set   *Settings
	words words
	print printer
	flags event.Flags
	test  bool
	fault *fault
}

// words keeps one copy of each text that comes again and again.
type words map[string]string

const wordsMax = 1 << 20

func (w words) keep(s string) string {
	if have, ok := w[s]; ok {
		return have
	}
	s = strings.Clone(s)
	if len(w) < wordsMax {
		w[s] = s
	}
	return s
}

func (r *reading) fail(reason event.Reason, field string) {
	if r.fault == nil {
		r.fault = &fault{reason, field}
	}
}

// state puts a present value into the fingerprint.
func (r *reading) state(name, val string) {
	if val != "" {
		r.print.add(name, val)
	}
}

// cleanID applies N1: the id, "" when absent, or ok false for BAD_ID.
func cleanID(v value) (id string, ok bool) {
	switch v.kind {
	case none:
		return "", true
	case text:
	case number:
		if !integerText.MatchString(v.text) {
			return "", false
		}
	default:
		return "", false
	}
	s := v.text
	if absentID(s) {
		return "", true
	}
	if len(s) > 128 {
		return "", false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return "", false
		}
	}
	return s, true
}

func absentID(s string) bool {
	if s == "" || s == "-1" || s == "AUDIT" || hasMacro(s) {
		return true
	}
	if strings.Trim(s, "0-") == "" && strings.Contains(s, "0") {
		return true
	}
	for _, word := range []string{"null", "none", "undefined"} {
		if lowerASCII(s) == word {
			return true
		}
	}
	return false
}

func hasMacro(s string) bool {
	return strings.Contains(s, "${") || strings.Contains(s, "{{") || strings.Contains(s, "%%")
}

func (r *reading) id(name string) string {
	v := r.get(name)
	if v.text == "AUDIT" {
		r.test = true
	}
	id, ok := cleanID(v)
	if !ok {
		r.fail(event.BadID, name)
	}
	r.state(name, id)
	return id
}

// label is an id that few records do not share.
func (r *reading) label(name string) string { return r.words.keep(r.id(name)) }

// note is free text that only the fingerprint says.
func (r *reading) note(name string) string {
	s, cut := freeText(r.get(name))
	if cut {
		r.flags |= event.TextTruncated
	}
	r.state(name, s)
	return s
}

// freeText is text or the text of a number, at most maxText bytes; anything
// else counts as absent.
func freeText(v value) (s string, cut bool) {
	if v.kind != text && v.kind != number && v.kind != floating {
		return "", false
	}
	if len(v.text) <= maxText {
		return v.text, false
	}
	return cutText(v.text, maxText), true
}

// free is free text that a row says.
func (r *reading) free(name string) string { return r.words.keep(r.note(name)) }

// when is the event time as written, which the fingerprint holds unchanged.
func (r *reading) when(name string) (event.Time, bool) {
	v := r.get(name)
	if v.text == "" && v.kind != composite {
		return 0, false
	}
	at, ok := r.instant(v)
	if !ok {
		r.fail(event.BadTime, name)
	}
	r.state(name, v.text)
	return at, ok
}

func (r *reading) instant(v value) (event.Time, bool) {
	if v.kind != text && v.kind != number {
		return 0, false
	}
	return parseTime(v.text, r.set.Zone)
}

// repair applies N3 to the event time.
func (r *reading) repair(at event.Time) event.Time {
	sent, ok1 := r.instant(r.get("sent_at"))
	received, ok2 := r.instant(r.get("received_at"))
	if !ok1 || !ok2 || sent < at {
		return at
	}
	r.flags |= event.TimeCorrected
	return received - (sent - at)
}

// truth reads a boolean (N8); what cannot be read is absent.
func truth(v value) event.Tri {
	if v.kind != text && v.kind != number && v.kind != boolean {
		return event.Unknown
	}
	switch lowerASCII(v.text) {
	case "true", "1":
		return event.True
	case "false", "0":
		return event.False
	}
	return event.Unknown
}

func (r *reading) tri(name string) event.Tri {
	t := truth(r.get(name))
	switch t {
	case event.True:
		r.state(name, "true")
	case event.False:
		r.state(name, "false")
	}
	return t
}

// gdpr is a boolean that is written as 1 or 0.
func (r *reading) gdpr() {
	switch truth(r.get("gdpr")) {
	case event.True:
		r.state("gdpr", "1")
	case event.False:
		r.state("gdpr", "0")
	}
}

// whole reads an integer; ok is false where there is none to read. One that
// does not fit is the nearest that does.
func whole(v value) (int64, bool) {
	if (v.kind != text && v.kind != number) || !integerText.MatchString(v.text) {
		return 0, false
	}
	n, _ := strconv.ParseInt(v.text, 10, 64)
	return n, true
}

// optional is an integer that is absent when it cannot be read (N8); a readable
// one outside its range is BAD_NUMBER.
func (r *reading) optional(name string, low, high int64) *int64 {
	n, ok := whole(r.get(name))
	if !ok {
		return nil
	}
	if n < low || n > high {
		r.fail(event.BadNumber, name)
		return nil
	}
	r.state(name, strconv.FormatInt(n, 10))
	return &n
}

// small is optional for a column that says 0 for absent.
func (r *reading) small(name string, low, high int64) int32 {
	n := r.optional(name, low, high)
	if n == nil {
		return 0
	}
	return int32(*n)
}

// size is a width or height in pixels.
func (r *reading) size(name string) int32 { return r.small(name, 0, 16384) }

// choice is an enum in lower case: other when absent or not in the list (N8).
func (r *reading) choice(name, other string, list ...string) string {
	v := r.get(name)
	if v.text == "" || v.kind == composite {
		return other
	}
	word := lowerASCII(v.text)
	found := other
	for _, each := range list {
		if each == word {
			found = each
		}
	}
	r.state(name, found)
	return found
}

// currency applies N5; stated says whether the record states money.
func (r *reading) currency(name string, stated bool) string {
	v := r.get(name)
	if v.text == "" && v.kind != composite {
		if stated {
			r.flags |= event.CurrencyDefaulted
		}
		return r.set.Currency
	}
	code := upperASCII(v.text)
	if !currencies[code] {
		r.fail(event.BadCurrency, name)
		return ""
	}
	r.state(name, code)
	return r.words.keep(code)
}

func (r *reading) country(name string) string {
	code := countryCodes[upperASCII(r.get(name).text)]
	r.state(name, code)
	return code
}

const (
	maxPrice = 1_000_000_000_000
	maxValue = 1_000_000_000_000_000
	maxText  = 2048 // of free text (events 1.1)
)

// price is the CPM micros of an impression, nil for null (N4).
func (r *reading) price() *int64 {
	if r.get("price").text == "AUDIT" {
		r.test = true
	}
	v, micros := r.get("price_cpm_micros"), true
	if v.text == "" && v.kind != composite {
		v, micros = r.get("price"), false
	}
	field := "price"
	if micros {
		field = "price_cpm_micros"
	}
	switch {
	case v.kind == none || (v.kind == text && v.text == ""):
		return nil
	case v.kind == text && v.text == "AUDIT":
		r.test = true
		return nil
	case v.kind == text && hasMacro(v.text):
		r.flags |= event.PriceEncoded
		return nil
	}
	n, ok := amount(v, micros)
	if !ok {
		if v.kind == text && !decimalText.MatchString(v.text) && sealedText.MatchString(v.text) {
			r.flags |= event.PriceEncoded
		} else {
			r.fail(event.BadMoney, field)
		}
		return nil
	}
	if n < 0 || n > maxPrice {
		r.fail(event.BadMoney, field)
		return nil
	}
	r.state("price_cpm_micros", strconv.FormatInt(n, 10))
	return &n
}

// amount reads micros as an integer, else a decimal in units of 1e-6.
func amount(v value, micros bool) (int64, bool) {
	if v.kind != text && v.kind != number {
		return 0, false
	}
	if !micros {
		return parseE6(v.text)
	}
	if !integerText.MatchString(v.text) {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil { // too long for 64 bits: outside every range
		return 1<<63 - 1, true
	}
	return n, true
}

// website is the cut text taken apart (N6).
func (r *reading) website() (site, path string) {
	site, path = r.split("website")
	r.state("website", site+path)
	return r.words.keep(site), path
}

func (r *reading) split(name string) (site, path string) {
	full, cut := freeText(r.get(name))
	if cut {
		r.flags |= event.TextTruncated
	}
	return splitSite(full)
}

// cutText keeps at most n bytes and no half character.
func cutText(s string, n int) string {
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
