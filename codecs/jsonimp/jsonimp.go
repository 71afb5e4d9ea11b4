package jsonimp

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// Decoder decodes impressions. It is a codecs.Decoder.
type Decoder struct {
	scanner
	fields  codecs.Fields
	values  [fieldCount]codecs.Value
	ranks   [fieldCount]uint8
	present uint64 // bit f: values[f] and ranks[f] belong to this object
	drift   int64

	rec        *codecs.Record
	handler    codecs.Handler
	impression event.Impression
	refusal    codecs.Refusal
	print      []byte // the fingerprint's text
	id         []byte // a synthetic id
}

var _ codecs.Decoder = (*Decoder)(nil)

// New makes a decoder.
func New(config codecs.Config) *Decoder {
	config = config.WithDefaults()
	d := &Decoder{fields: codecs.Fields{Config: config}}
	d.maxDepth, d.maxFields = config.MaxDepth, config.MaxFields
	return d
}

// Drift is how many members nobody knows, and values no rule understands, were
// seen.
func (d *Decoder) Drift() int64 { return d.drift + d.fields.Unknown }

// Decode hands every impression of a record to h, and a rejection for every
// part of it that is none.
func (d *Decoder) Decode(rec *codecs.Record, h codecs.Handler) {
	d.rec, d.handler, d.b = rec, h, rec.Value
	defer func() { d.rec, d.handler, d.b = nil, nil, nil }()
	if len(d.b) > d.fields.MaxRecordBytes {
		d.reject(0, event.TooLarge, "", "record above max_record_bytes", d.b)
		return
	}
	i := d.skipSpace(0)
	switch {
	case i == len(d.b):
		d.reject(0, event.Empty, "", "nothing in the record", nil)
	case d.b[i] == '[':
		d.array(i)
	default:
		d.stream(i)
	}
}

// array decodes the elements of the array at i.
func (d *Decoder) array(i int) {
	start := i
	i = d.skipSpace(i + 1)
	if i < len(d.b) && d.b[i] == ']' {
		d.reject(0, event.Empty, "", "an array without elements", nil)
		d.trailing(i+1, 1)
		return
	}
	for line := int32(0); ; line++ {
		at := i
		i = d.element(i, line)
		if i < 0 {
			return
		}
		more, next := d.separator(i, ']')
		switch {
		case next < 0:
			d.reject(line+1, d.badSyntax(start, len(d.b)), "", "the array ends or breaks off after this many elements", d.b[at:])
			return
		case !more:
			d.trailing(next, line+1)
			return
		}
		i = next
	}
}

// trailing rejects what follows a whole array.
func (d *Decoder) trailing(i int, line int32) {
	if i = d.skipSpace(i); i < len(d.b) {
		d.reject(line, d.badSyntax(i, len(d.b)), "", "something follows the array", d.b[i:])
	}
}

// element decodes one element of an array; the position behind it, -1 when
// that cannot be known.
func (d *Decoder) element(i int, line int32) int {
	next, how := d.one(i, line)
	switch how {
	case scanned:
		return next
	case syntax:
		d.reject(line, d.badSyntax(i, len(d.b)), "", "not JSON", d.b[i:])
		return -1
	}
	end := d.skipBalanced(i)
	if end < 0 {
		end = len(d.b)
	}
	d.rejectLarge(i, end, line, how)
	if end == len(d.b) {
		return -1
	}
	return end
}

// stream decodes values one after another.
func (d *Decoder) stream(i int) {
	for line := int32(0); i < len(d.b); line++ {
		next, how := d.one(i, line)
		if how != scanned {
			next = d.nextObjectLine(i)
			if how == syntax {
				d.reject(line, d.badSyntax(i, next), "", "not JSON", d.b[i:next])
			} else {
				d.rejectLarge(i, next, line, how)
			}
		}
		i = d.skipSpace(next)
	}
}

// nextObjectLine is the start of the next line after i that begins with an
// object, the end of the record without one.
func (d *Decoder) nextObjectLine(i int) int {
	for {
		n := bytes.IndexByte(d.b[i:], '\n')
		if n < 0 {
			return len(d.b)
		}
		i = d.skipSpace(i + n + 1)
		if i < len(d.b) && d.b[i] == '{' {
			return i
		}
	}
}

// one decodes the value at i as one event. Nothing has been handed over unless
// it was scanned.
func (d *Decoder) one(i int, line int32) (next int, how outcome) {
	d.seen, d.scratch = 0, d.scratch[:0]
	if i >= len(d.b) {
		return i, syntax
	}
	if d.b[i] != '{' {
		if _, next, how = d.value(i, 0); how == scanned {
			d.reject(line, d.badSyntax(i, next), "", "not an object", d.b[i:next])
		}
		return next, how
	}
	if next, how = d.object(i); how != scanned {
		return next, how
	}
	if d.seen&highs != 0 && !utf8.Valid(d.b[i:next]) {
		d.reject(line, event.BadEncoding, "", "not valid UTF-8", d.b[i:next])
		return next, scanned
	}
	d.emit(line, d.b[i:next])
	return next, scanned
}

// badSyntax is the reason for bytes that are not JSON: their encoding counts
// first (semantics N12).
func (d *Decoder) badSyntax(from, to int) event.Reason {
	if !utf8.Valid(d.b[from:to]) {
		return event.BadEncoding
	}
	return event.BadJSON
}

// object notes the values of the known members of the object at i.
func (d *Decoder) object(i int) (next int, how outcome) {
	d.present = 0
	i = d.skipSpace(i + 1)
	if i < len(d.b) && d.b[i] == '}' {
		return i + 1, scanned
	}
	for range d.maxFields {
		m, at := d.name(i)
		if at < 0 {
			return i, syntax
		}
		var v codecs.Value
		if v, i, how = d.value(at, 1); how != scanned {
			return i, how
		}
		if m.field == unknown {
			d.drift++
		} else {
			d.note(m, v)
		}
		more, at := d.separator(i, '}')
		if at < 0 {
			return i, syntax
		}
		if !more {
			return at, scanned
		}
		i = at
	}
	return i, tooMany
}

// note keeps the value of a known member unless a better name had one.
func (d *Decoder) note(m member, v codecs.Value) {
	bit := uint64(1) << m.field
	if v.Form == codecs.Null || d.present&bit != 0 && d.ranks[m.field] <= m.rank {
		return
	}
	d.present |= bit
	d.values[m.field], d.ranks[m.field] = v, m.rank
}

// name reads a member's name at i: what it means, and where its value starts,
// -1 for a syntax error. A known name in lower case is found by the two words
// behind its opening quote.
func (d *Decoder) name(i int) (m member, value int) {
	if b := d.b; i+2+longestName <= len(b) && b[i] == '"' {
		lo, hi := binary.LittleEndian.Uint64(b[i+1:]), binary.LittleEndian.Uint64(b[i+9:])
		end := i + 1
		if quote := zeroBytes(lo ^ ones*'"'); quote != 0 {
			lo, hi = lo&below(quote), 0
			end += bits.TrailingZeros64(quote) / 8
		} else {
			quote = zeroBytes(hi ^ ones*'"') // 0 for none, then all of hi counts
			hi &= below(quote)
			end += 8 + bits.TrailingZeros64(quote)/8
		}
		if b[end] == '"' {
			if m, known := names.find(lo, hi); known {
				return m, d.colon(end + 1)
			}
		}
	}
	return d.anyName(i)
}

// below has all bits of the bytes below the first found one (zeroBytes), all
// bits where none was found.
func below(found uint64) uint64 { return found&-found>>7 - 1 }

// anyName is name for one that is not written as in the list of fields.
func (d *Decoder) anyName(i int) (m member, value int) {
	if i >= len(d.b) || d.b[i] != '"' {
		return m, -1
	}
	end, escaped := d.stringEnd(i + 1)
	if end < 0 {
		return m, -1
	}
	name := d.b[i+1 : end]
	if escaped {
		name = []byte(d.unescape(name))
	}
	return lookup(name), d.colon(end + 1)
}

// get is the value of a field, Null when the object has none.
func (d *Decoder) get(f field) codecs.Value {
	if d.present&(1<<f) == 0 {
		return codecs.Value{}
	}
	return d.values[f]
}

func (d *Decoder) reject(line int32, reason event.Reason, field, detail string, raw []byte) {
	d.handler.Reject(d.refusal.Of(d.rec, line, event.KindImpression, reason, field, detail, raw))
}

func (d *Decoder) rejectLarge(from, to int, line int32, how outcome) {
	detail := "nested deeper than max_depth"
	if how == tooMany {
		detail = "more members than max_fields"
	}
	d.reject(line, event.TooLarge, "", detail, d.b[from:to])
}
