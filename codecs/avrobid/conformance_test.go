package avrobid_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/codecs/codectest"
	"github.com/advertisex/adjoin/internal/event"
)

func newDecoder(config avrobid.Config) func() codecs.Decoder {
	return func() codecs.Decoder {
		d, err := avrobid.New(config)
		if err != nil {
			panic(err)
		}
		return d
	}
}

func valid() [][]byte {
	bare := avrobid.AppendBid(nil, full())
	small := &event.Bid{Envelope: event.Envelope{EventTime: eventTime}, AuctionID: "a", Imps: []event.Imp{{}}, NoBidReason: -1, SamplePermille: 1000}
	var sync [16]byte
	file := avrobid.AppendContainerHeader(nil, sync)
	file = avrobid.AppendContainerBlock(file, sync, 2, append(bytes.Clone(bare), bare...))
	return [][]byte{bare, avrobid.AppendBid(nil, small), append(avrobid.AppendSingleObjectHeader(nil), bare...), file[:len(file):len(file)]}
}

// long is Avro's zigzag varint.
func long(v int64) []byte { return binary.AppendVarint(nil, v) }

func hostile() [][]byte {
	start := avrobid.AppendBid(nil, &event.Bid{AuctionID: "a", NoBidReason: -1})
	lists := len(start) - 6 // site_cat, imps, targeting, bids, no_bid_reason, sample
	var values [][]byte
	for _, count := range []int64{1 << 20, 1 << 40, 1<<63 - 1, -1, -1 << 20, -1 << 62, -1 << 63} {
		for at := lists; at < lists+4; at++ {
			values = append(values, append(append(bytes.Clone(start[:at]), long(count)...), make([]byte, 1<<16)...))
		}
		values = append(values, append(long(count), "abc"...))
	}
	var sync [16]byte
	header := avrobid.AppendContainerHeader(nil, sync)
	nothing := strings.Replace(string(header), avrobid.Schema, `{"type":"record","name":"E","fields":[]}`, 1)
	nothing = strings.Replace(nothing, string(long(int64(len(avrobid.Schema)))), string(long(40)), 1)
	for _, count := range []int64{1 << 62, -1, 0} {
		values = append(values,
			append(append(append(bytes.Clone(header), long(count)...), long(0)...), sync[:]...),
			append(append(append([]byte(nothing), long(count)...), long(0)...), sync[:]...))
	}
	deep := `"null"`
	for range 5000 {
		deep = `{"type":"array","items":` + deep + `}`
	}
	values = append(values, containerOf(`{"type":"record","name":"E","fields":[{"name":"timestamp","type":`+deep+`}]}`, "null", []byte{0}))
	values = append(values, containerOf(strings.Repeat(" ", 300<<10)+avrobid.Schema, "null", []byte{0}))
	node := `{"type":"record","name":"N","fields":[{"name":"next","type":["null","N"]}]}`
	values = append(values, containerOf(node, "null", bytes.Repeat([]byte{2}, 1<<20)))
	for _, codec := range []string{"deflate", "snappy", "zstandard"} {
		values = append(values, bomb(codec))
	}
	return append(values, containerOf(avrobid.Schema, "lzma", []byte{0}), containerOf(avrobid.Schema, "zstandard", []byte("not zstd")))
}

func containerOf(schema, codec string, data []byte) []byte {
	b := append([]byte("Obj\x01"), long(2)...)
	for _, text := range []string{"avro.schema", schema, "avro.codec", codec} {
		b = append(append(b, long(int64(len(text)))...), text...)
	}
	b = append(append(b, 0), make([]byte, 16)...)
	return avrobid.AppendContainerBlock(b, [16]byte{}, 1, data)
}

// bomb is a container whose block decompresses to 64 MiB.
func bomb(codec string) []byte {
	c := map[string]ocf.Codec{"deflate": ocf.DeflateCodec(9), "snappy": ocf.SnappyCodec(), "zstandard": ocf.MustZstdCodec(nil, nil)}[codec]
	data, err := c.Compress(make([]byte, 64<<20))
	if err != nil {
		panic(err)
	}
	return containerOf(avrobid.Schema, codec, data)
}

func TestConformance(t *testing.T) {
	codectest.Run(t, codectest.Subject{New: newDecoder(avrobid.Config{}), Valid: valid(), Hostile: hostile()})
}

func TestConformanceOfOtherWriters(t *testing.T) {
	datum := map[string]any{"bid_amount": 1.5, "user_id": 1, "auction_id": 5, "ip_address": "ip", "timestamp": "2025-11-23T10:00:00Z"}
	codectest.Run(t, codectest.Subject{
		New:   newDecoder(avrobid.Config{Schema: legacyAmount}),
		Valid: [][]byte{encodeWith(t, legacyAmount, datum)},
	})
}

func TestABlockThatIsTooLargeIsToldFromACorruptOne(t *testing.T) {
	for codec, want := range map[string]event.Reason{"deflate": event.TooLarge, "zstandard": event.TooLarge} {
		c := decode(t, decoder(t, avrobid.Config{}), bomb(codec))
		if len(c.rejects) != 1 || c.rejects[0].Reason != want {
			t.Errorf("%s: %+v", codec, c.rejects)
		}
	}
	c := decode(t, decoder(t, avrobid.Config{}), containerOf(avrobid.Schema, "zstandard", []byte("not zstd")))
	if len(c.rejects) != 1 || c.rejects[0].Reason != event.BadAvro {
		t.Errorf("%+v", c.rejects)
	}
}

// TestContainersOfALibraryAreRead writes files with every codec.
func TestContainersOfALibraryAreRead(t *testing.T) {
	datum := decodeAny(t, avrobid.AppendBid(nil, full()))
	for name, codec := range map[string]ocf.Codec{"null": nil, "deflate": ocf.DeflateCodec(-1), "snappy": ocf.SnappyCodec(), "zstandard": ocf.MustZstdCodec(nil, nil)} {
		var file bytes.Buffer
		var opts []ocf.WriterOpt
		if codec != nil {
			opts = append(opts, ocf.WithCodec(codec))
		}
		w, err := ocf.NewWriter(&file, avro.MustParse(avrobid.Schema), opts...)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := w.Encode(datum); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if c := decode(t, decoder(t, avrobid.Config{}), file.Bytes()); len(c.bids) != 3 {
			t.Errorf("%s: %d bids, %+v", name, len(c.bids), c.rejects)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, value := range valid() {
		f.Add(value)
	}
	f.Add(append([]byte{0, 0, 0, 0, 7}, valid()[0]...))
	d := newDecoder(avrobid.Config{})()
	f.Fuzz(func(t *testing.T, value []byte) { codectest.Check(t, d, value) })
}

func FuzzOtherWriters(f *testing.F) {
	f.Add(encodeWith(f, legacyAmount, map[string]any{"bid_amount": 1.5, "user_id": 1, "auction_id": 5, "ip_address": "ip", "timestamp": "2025-11-23T10:00:00Z"}))
	f.Fuzz(func(t *testing.T, value []byte) {
		codectest.Check(t, newDecoder(avrobid.Config{Schema: legacyAmount})(), value)
	})
}

// The memory of a record is used again after Decode: nothing that is remembered of
// a container's schema may lie in it.
func TestASchemaOutlivesItsRecord(t *testing.T) {
	value := encodeWith(t, minimalSchema, map[string]any{"auction_id": "a1", "timestamp": int64(1_700_000_000_000), "user": map[string]any{"user_id": "u"},
		"imps": []any{map[string]any{"imp_id": "1"}}})
	whole := containerOf(minimalSchema, "null", value)
	d := decoder(t, avrobid.Config{})
	for n := range 3 {
		mine := bytes.Clone(whole)
		rec, c := record(mine), new(collector)
		d.Decode(rec, c)
		if len(c.bids) != 1 || len(c.rejects) != 0 || c.bids[0].AuctionID != "a1" {
			t.Fatalf("record %d: %d bids, %+v", n, len(c.bids), c.rejects)
		}
		for i := range mine {
			mine[i] = 'x'
		}
	}
}
