package avrobid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"unsafe"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// The magic bytes of the framings.
const (
	registryMagic     = 0x00
	singleObjectMagic = "\xc3\x01"
	containerMagic    = "Obj\x01"
)

// The sizes of the framings, magic included.
const (
	registrySize     = 5
	singleObjectSize = 10
)

// cachedSchemas bounds the schemas remembered; a topic has a handful.
const cachedSchemas = 256

// ErrUnknownSchema is what a Registry returns, wrapped or not, for a schema
// that it knows does not exist. Any other error means that it does not know.
var ErrUnknownSchema = errors.New("avrobid: the registry has no such schema")

// SchemaID names a schema in a registry: by number, or by the 16 bytes of its
// GUID where ByGUID is set.
type SchemaID struct {
	Number uint32
	GUID   [16]byte
	ByGUID bool
}

// String is the number, or the GUID in hex with its usual dashes.
func (id SchemaID) String() string {
	if !id.ByGUID {
		return fmt.Sprint(id.Number)
	}
	g := id.GUID
	return fmt.Sprintf("%x-%x-%x-%x-%x", g[:4], g[4:6], g[6:8], g[8:10], g[10:])
}

// Registry looks schemas up.
type Registry interface {
	// Schema is the text of a schema. ErrUnknownSchema means that there is none;
	// any other error that the answer is not to be had now.
	Schema(ctx context.Context, id SchemaID) (string, error)
}

// Config is how the bids of a topic are written.
type Config struct {
	codecs.Config
	// Schema is the one that bare data is written with; "" is the frozen one.
	Schema string
	// Schemas are others that single-object data may name.
	Schemas []string
	// Registry looks up schemas that records name by id; nil for none.
	Registry Registry
}

// Decoder decodes bid requests. It is a codecs.Decoder and a codecs.Preparer.
type Decoder struct {
	fields     codecs.Fields
	registry   Registry
	bare       *writer
	configured bool // bare data has a schema of its own, so a first 0 may be its
	singles    map[uint64]*writer
	registered map[SchemaID]*writer
	contained  map[string]*writer // by the text in a container's header
	unpack     unpacker

	rec     *codecs.Record
	handler codecs.Handler
	draft   draft
	refusal codecs.Refusal
	print   []byte // the fingerprint's text
}

var (
	_ codecs.Decoder  = (*Decoder)(nil)
	_ codecs.Preparer = (*Decoder)(nil)
)

// New makes a decoder. It fails for a configured schema that is none.
func New(config Config) (*Decoder, error) {
	config.Config = config.WithDefaults()
	d := &Decoder{
		fields:     codecs.Fields{Config: config.Config},
		registry:   config.Registry,
		configured: config.Schema != "" && config.Schema != Schema,
		singles:    make(map[uint64]*writer),
		registered: make(map[SchemaID]*writer),
		contained:  make(map[string]*writer),
		unpack:     unpacker{limit: config.MaxRecordBytes},
	}
	frozen, err := compile(Schema)
	if err != nil {
		return nil, err
	}
	d.bare = frozen
	d.singles[SchemaFingerprint], d.singles[schemaFingerprintHamba] = frozen, frozen
	if d.configured {
		if d.bare, err = compile(config.Schema); err != nil {
			return nil, fmt.Errorf("avrobid: the configured schema: %w", err)
		}
		d.singles[d.bare.fingerprint()] = d.bare
	}
	for i, text := range config.Schemas {
		w, err := compile(text)
		if err != nil {
			return nil, fmt.Errorf("avrobid: schema %d of the configured ones: %w", i+1, err)
		}
		d.singles[w.fingerprint()] = w
	}
	return d, nil
}

// Drift is how many values no rule understands were seen.
func (d *Decoder) Drift() int64 { return d.fields.Unknown }

// Prepare looks up the schema that a record names, unless it is known. An
// error means that the registry does not answer: pause and call it again.
func (d *Decoder) Prepare(ctx context.Context, rec *codecs.Record) error {
	id, _, framed := d.schemaID(rec)
	if !framed || d.registry == nil || d.registered[id] != nil {
		return nil
	}
	text, err := d.registry.Schema(ctx, id)
	if errors.Is(err, ErrUnknownSchema) {
		return nil // Decode rejects the record
	}
	if err != nil {
		return fmt.Errorf("avrobid: %s needs schema %s: %w", rec.Position, id, err)
	}
	w, err := compile(text)
	if err != nil {
		w = new(writer) // no schema of bids: as good as unknown, and not asked for again
	}
	if len(d.registered) >= cachedSchemas {
		clear(d.registered)
	}
	d.registered[id] = w
	return nil
}

// schemaID is the id of the schema that a record names in a header or before
// its datum; framed is false for a record that names none.
func (d *Decoder) schemaID(rec *codecs.Record) (id SchemaID, datum []byte, framed bool) {
	for i := range rec.Headers {
		if header := &rec.Headers[i]; string(header.Key) == schemaIDHeader {
			if id, framed = parseSchemaID(header.Value); framed {
				return id, rec.Value, true
			}
		}
	}
	b := rec.Value
	if len(b) < registrySize || b[0] != registryMagic || d.configured && d.registry == nil {
		return id, b, false
	}
	id, framed = parseSchemaID(b[:registrySize])
	return id, b[registrySize:], framed
}

// Decode hands the bids of a record to h, or a rejection for each that is
// none. A schema that Prepare did not find is UNKNOWN_SCHEMA.
func (d *Decoder) Decode(rec *codecs.Record, h codecs.Handler) {
	d.rec, d.handler = rec, h
	defer func() { d.rec, d.handler = nil, nil }()
	b := rec.Value
	if len(b) == 0 {
		d.reject(0, event.Empty, "", "nothing in the record", nil)
		return
	}
	if len(b) > d.fields.MaxRecordBytes {
		d.reject(0, event.TooLarge, "", "record above max_record_bytes", b)
		return
	}
	if bytes.HasPrefix(b, []byte(containerMagic)) {
		d.container(b)
		return
	}
	w, datum := d.frame(rec)
	if w == nil || w.schema == nil {
		d.reject(0, event.UnknownSchema, "", "neither configured nor a schema of records in the registry", b)
		return
	}
	rest, how := d.one(w, datum, 0, b)
	switch {
	case how != readable:
	case len(rest) > 0:
		d.reject(0, event.BadAvro, "", "bytes behind the datum", b)
	default:
		d.emit(0, b)
	}
}

// frame finds the schema of a record with one datum, nil when it is unknown.
func (d *Decoder) frame(rec *codecs.Record) (w *writer, datum []byte) {
	if id, datum, framed := d.schemaID(rec); framed {
		return d.registered[id], datum
	}
	b := rec.Value
	if len(b) >= singleObjectSize && string(b[:len(singleObjectMagic)]) == singleObjectMagic {
		return d.singles[fingerprintIn(b)], b[singleObjectSize:]
	}
	return d.bare, b
}

// reading is how reading a datum ended.
type reading uint8

const (
	readable reading = iota
	refused          // it was rejected, and where the next one starts is known
	broken           // it was rejected, and nothing behind it can be read
)

// one reads the datum at the start of b into the draft and returns what
// follows. A datum that cannot be read is rejected at once.
func (d *Decoder) one(w *writer, b []byte, line int32, raw []byte) (rest []byte, how reading) {
	d.fields.Reset()
	if w.hot {
		c := cursor{b: b, most: d.fields.MaxFields}
		d.draft.decodeHot(&c)
		return c.b, d.check(c.bad, c.crowded, c.invalid, line, raw)
	}
	l := loose{f: &d.fields}
	var datum any
	rest, err := w.schema.Decode(b, &datum)
	record, is := datum.(map[string]any)
	if err != nil || !is || len(rest) == len(b) {
		return nil, d.check(true, false, false, line, raw)
	}
	l.record = record
	d.draft.decodeLoose(w, &l)
	how = d.check(false, l.crowded, l.invalid, line, raw)
	if how == broken {
		how = refused // the library has read all of it
	}
	return rest, how
}

// check rejects a datum that is not as its schema says.
func (d *Decoder) check(bad, crowded, invalid bool, line int32, raw []byte) reading {
	switch {
	case crowded:
		d.reject(line, event.TooLarge, "", "a list has more elements than max_fields", raw)
		return broken
	case bad:
		d.reject(line, event.BadAvro, "", "the datum does not match its schema", raw)
		return broken
	case invalid:
		d.reject(line, event.BadEncoding, "", "not valid UTF-8", raw)
		return refused
	}
	return readable
}

// emit applies the rules to the draft and hands the bid over, or a rejection.
func (d *Decoder) emit(line int32, raw []byte) {
	f, e := &d.fields, &d.draft
	e.Position, e.Ingest, e.Backfill = d.rec.Position, d.rec.Time, d.rec.Backfill
	e.Line = line
	e.apply(f)
	if f.Reason != event.NotRejected {
		r := d.refusal.Of(d.rec, line, event.KindBid, f.Reason, f.Field, f.Detail, raw)
		if e.timed {
			r.EventTime = e.EventTime
		}
		d.handler.Reject(r)
		return
	}
	d.print = e.complete(f, d.print)
	d.handler.Bid(&e.Bid)
}

func (d *Decoder) reject(line int32, reason event.Reason, field, detail string, raw []byte) {
	d.handler.Reject(d.refusal.Of(d.rec, line, event.KindBid, reason, field, detail, raw))
}

// textOf aliases b.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
