package codectest

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// The record that every value is decoded in.
var (
	testPosition = event.Position{Partition: event.Partition{Topic: "topic-under-test", ID: 5}, Offset: 123_456_789}
	testBase     = wire.Base{Partition: testPosition.Partition}
)

const testIngest event.Time = 1_763_892_000_123_456

// maxDetailBytes is how long a rejection's detail may be.
const maxDetailBytes = 256

// Calls is what a decoder made of one record.
type Calls struct {
	Events  int // calls that handed over an event
	Rejects []event.Reason
	all     []byte // every call, kind and bytes
}

// Check decodes value and fails t for anything that no bytes excuse: a record
// without a call, wrong lines, positions or routes, an id or text that no rule
// allows, a rejection that is not typed or shows the record, a second decoding
// that differs, or a decoder that wrote to the record.
func Check(t testing.TB, d codecs.Decoder, value []byte) Calls {
	t.Helper()
	kept := bytes.Clone(value)
	first := decode(t, d, value)
	d.Decode(record([]byte("{\"timestamp\":1,\"creative_id\":\"other\"}")), new(recorder))
	second := decode(t, d, value)
	if !bytes.Equal(first.all, second.all) {
		t.Errorf("decoding again gives other events: something of the record between was left\n%q\n%q", first.all, second.all)
	}
	if !bytes.Equal(kept, value) {
		t.Error("the decoder wrote to the record")
	}
	return first
}

func record(value []byte) *codecs.Record {
	return &codecs.Record{Position: testPosition, Time: testIngest, Value: value, Backfill: true}
}

func decode(t testing.TB, d codecs.Decoder, value []byte) Calls {
	t.Helper()
	r := &recorder{t: t}
	d.Decode(record(value), r)
	if r.calls == 0 {
		t.Errorf("a record of %d bytes yields no call", len(value))
	}
	return r.Calls
}

// recorder checks each call and keeps its bytes.
type recorder struct {
	Calls
	t     testing.TB // nil: only keep
	calls int32
}

func (r *recorder) note(kind event.Kind, e *event.Envelope, route event.Route) {
	r.all = append(r.all, byte(kind))
	line := r.calls
	r.calls++
	if kind != event.KindRejected {
		r.Events++
	}
	if r.t == nil {
		return
	}
	at := testPosition
	at.Line = line
	if e.Position != at {
		r.t.Errorf("call %d is at %s, want %s", line, e.Position, at)
	}
	if e.Ingest != testIngest || !e.Backfill {
		r.t.Errorf("call %d: ingest time %d, backfill %t", line, e.Ingest, e.Backfill)
	}
	if e.Route != route {
		r.t.Errorf("call %d: route %x, want %x", line, e.Route, route)
	}
	if kind != event.KindRejected && (e.Print == event.Fingerprint{} || e.EventTime == event.MinTime) {
		r.t.Errorf("call %d: no fingerprint or event time", line)
	}
}

// id checks an optional id.
func (r *recorder) id(name, id string) {
	if r.t == nil {
		return
	}
	if clean, _, why := event.CleanID(id); clean != id || why != event.NotRejected {
		r.t.Errorf("%s %q is not a normalised id", name, id)
	}
}

// texts checks free text.
func (r *recorder) texts(texts ...string) {
	if r.t == nil {
		return
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || len(text) > codecs.MaxTextBytes {
			r.t.Errorf("text %.40q has %d bytes or is not UTF-8", text, len(text))
		}
	}
}

// own checks the id of an event and whether it says that it was made.
func (r *recorder) own(name, id string, e *event.Envelope) {
	r.id(name, id)
	if r.t == nil {
		return
	}
	if id == "" {
		r.t.Errorf("an event without %s", name)
	}
	if made := strings.HasPrefix(id, "s:") || strings.HasPrefix(id, "k:"); e.Flags.Has(event.IDSynthetic) && !made {
		r.t.Errorf("%s %q is flagged as synthetic", name, id)
	}
}

func (r *recorder) currency(code string) {
	if r.t == nil {
		return
	}
	if known, ok := event.Currency(code); !ok || known != code {
		r.t.Errorf("currency %q", code)
	}
}

func (r *recorder) within(name string, n, lo, hi int64) {
	if r.t != nil && (n < lo || n > hi) {
		r.t.Errorf("%s is %d, outside %d to %d", name, n, lo, hi)
	}
}
