package codecs

import "github.com/advertisex/adjoin/internal/event"

// leastEncryptedBytes is the shortest text taken for an encrypted price
// (semantics N4): exchanges send 28 bytes and more as base64.
const leastEncryptedBytes = 16

// Price reads a media price as CPM micros, Absent for none (semantics N4):
// micros when it is there, else decimal.
func (f *Fields) Price(microsName, decimalName string, micros, decimal Value) int64 {
	f.markAudit(decimal)
	if isThere(micros) {
		return f.price(microsName, micros, true)
	}
	if isThere(decimal) {
		return f.price(decimalName, decimal, false)
	}
	return event.Absent
}

func isThere(v Value) bool { return v.Form != Null && (v.Form != Text || v.Text != "") }

func (f *Fields) markAudit(v Value) {
	if v.Form == Text && event.IsAudit(v.Text) {
		f.Test = true
	}
}

func (f *Fields) price(name string, v Value, whole bool) int64 {
	n, ok := amount(v, whole, event.MaxPriceMicros)
	switch {
	case ok && n >= 0:
		return n
	case v.Form == Text && event.IsAudit(v.Text):
		f.Test = true
		return event.Absent
	case v.Form == Text && (event.HasMacro(v.Text) || isEncrypted(v.Text)):
		f.Flags |= event.PriceEncoded
		return event.Absent
	}
	f.Fail(event.BadMoney, name, "not a decimal from 0 to a million")
	return event.Absent
}

// amount reads a whole number of micros, or a decimal of units.
func amount(v Value, whole bool, limit int64) (int64, bool) {
	switch {
	case v.Form != Text && v.Form != Number:
		return 0, false
	case whole:
		n, _, ok := event.ParseInt(v.Text, -limit, limit)
		return n, ok
	}
	return event.ParseMicros(v.Text, limit)
}

// isEncrypted reports whether text looks like the base64 of a price.
func isEncrypted(text string) bool {
	if len(text) < leastEncryptedBytes || event.IsDecimal(text) {
		return false
	}
	for i := range len(text) {
		c := text[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		digit := c >= '0' && c <= '9'
		if !letter && !digit && c != '_' && c != '+' && c != '/' && c != '=' && c != '-' {
			return false
		}
	}
	return true
}

// Amount reads a conversion's value as micros, Absent for none (semantics N4).
func (f *Fields) Amount(microsName, decimalName string, micros, decimal Value, negative bool) int64 {
	name, v, whole := microsName, micros, true
	if !isThere(micros) {
		name, v, whole = decimalName, decimal, false
	}
	if !isThere(v) {
		return event.Absent
	}
	n, ok := amount(v, whole, event.MaxValueMicros)
	if !ok {
		f.Fail(event.BadMoney, name, "not a decimal within a billion either way")
		return event.Absent
	}
	if n < 0 && !negative {
		f.Fail(event.BadMoney, name, "negative without RESTATE")
		return event.Absent
	}
	return n
}

// MaxQuantityE6 is the largest quantity of an impression, in 1e-6 (N8).
const MaxQuantityE6 = 1_000_000 * 1_000_000

// Quantity reads an impression's quantity in 1e-6 units, Absent for none.
func (f *Fields) Quantity(name string, v Value) int64 {
	if !isThere(v) {
		return event.Absent
	}
	n, ok := amount(v, false, MaxQuantityE6)
	if !ok || n <= 0 {
		f.Fail(event.BadNumber, name, "not a decimal above 0 and at most a million")
		return event.Absent
	}
	return n
}
