package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/advertisex/adjoin/internal/event"
)

// rawBatch is a record batch made by hand from the format's description.
type rawBatch struct {
	base      int64
	lastDelta int32
	attrs     int16
	baseTime  int64
	maxTime   int64
	producer  int64
	count     int32
	records   []byte
}

func (r rawBatch) bytes() []byte {
	be := binary.BigEndian
	b := be.AppendUint64(nil, uint64(r.base))
	b = be.AppendUint32(b, uint32(49+len(r.records)))
	b = be.AppendUint32(b, 0)
	b = append(b, 2)
	b = be.AppendUint32(b, 0)
	b = be.AppendUint16(b, uint16(r.attrs))
	b = be.AppendUint32(b, uint32(r.lastDelta))
	b = be.AppendUint64(b, uint64(r.baseTime))
	b = be.AppendUint64(b, uint64(r.maxTime))
	b = be.AppendUint64(b, uint64(r.producer))
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = be.AppendUint32(b, uint32(r.count))
	b = append(b, r.records...)
	be.PutUint32(b[17:], crc32.Checksum(b[21:], castagnoli))
	return b
}

// rawRecord is a record with the given deltas; value "" is null.
func rawRecord(timeDelta, offsetDelta int64, key, value string) []byte {
	body := []byte{0}
	body = binary.AppendVarint(body, timeDelta)
	body = binary.AppendVarint(body, offsetDelta)
	for _, s := range []string{key, value} {
		if s == "" {
			body = binary.AppendVarint(body, -1)
			continue
		}
		body = append(binary.AppendVarint(body, int64(len(s))), s...)
	}
	body = append(body, 0)
	return append(binary.AppendVarint(nil, int64(len(body))), body...)
}

// plainBatch has records at the given deltas, value "base+delta".
func plainBatch(base int64, lastDelta int32, deltas ...int64) rawBatch {
	r := rawBatch{base: base, lastDelta: lastDelta, producer: -1, count: int32(len(deltas))}
	for _, d := range deltas {
		r.records = append(r.records, rawRecord(d, d, "", fmt.Sprint(base+d))...)
	}
	return r
}

// marker ends a transaction; kind 0 aborts.
func marker(base, producer int64, kind byte) rawBatch {
	return rawBatch{base: base, attrs: attrControl | attrTxn, producer: producer, count: 1,
		records: rawRecord(0, 0, string([]byte{0, 0, 0, kind}), "x")}
}

func txnBatch(base, producer int64) rawBatch {
	r := plainBatch(base, 0, 0)
	r.attrs, r.producer = attrTxn, producer
	return r
}

// walkAll is what a walk yields, one line a piece: "[from,to) values".
func walkAll(t *testing.T, bl fetchBlock, pos event.Offset, limit int, batches ...[]byte) []string {
	t.Helper()
	var d decoder
	defer d.close()
	for _, b := range batches {
		bl.records = append(bl.records, b...)
	}
	w := newWalk(&d, &bl, pos, limit)
	var out []string
	for {
		p, ok, err := w.next()
		if err != nil {
			return append(out, "error "+codeOf(err))
		}
		if !ok {
			return out
		}
		line := fmt.Sprintf("[%d,%d)", p.from, p.to)
		for _, r := range p.records {
			line += fmt.Sprintf(" %s@%d", r.Value, r.Offset)
		}
		if p.bad != nil {
			line += " bad: " + p.bad.Reason
		}
		out = append(out, line)
	}
}

func TestWalk(t *testing.T) {
	damaged := plainBatch(10, 2, 0, 1, 2).bytes()
	damaged[len(damaged)-3] ^= 1
	lying := plainBatch(10, 2, 0, 1, 2).bytes()
	binary.BigEndian.PutUint32(lying[23:], 1<<30) // its last offset
	empty := rawBatch{base: 5, lastDelta: 4, producer: 7}.bytes()
	old := plainBatch(3, 0, 0).bytes()
	old[16] = 1
	for name, c := range map[string]struct {
		bl      fetchBlock
		pos     event.Offset
		limit   int
		batches [][]byte
		want    string
	}{
		"nothing":                   {pos: 4, batches: nil, want: ""},
		"joined to one piece":       {batches: [][]byte{plainBatch(0, 1, 0, 1).bytes(), plainBatch(2, 0, 0).bytes()}, want: "[0,3) 0@0 1@1 2@2"},
		"a piece per limit":         {limit: 1, batches: [][]byte{plainBatch(0, 1, 0, 1).bytes(), plainBatch(2, 0, 0).bytes()}, want: "[0,2) 0@0 1@1; [2,3) 2@2"},
		"begins below the wanted":   {pos: 1, batches: [][]byte{plainBatch(0, 2, 0, 1, 2).bytes()}, want: "[1,3) 1@1 2@2"},
		"wholly below":              {pos: 3, batches: [][]byte{plainBatch(0, 2, 0, 1, 2).bytes(), plainBatch(3, 0, 0).bytes()}, want: "[3,4) 3@3"},
		"gap before and inside":     {pos: 0, batches: [][]byte{plainBatch(7, 9, 2, 5).bytes()}, want: "[0,17) 9@9 12@12"},
		"emptied by compaction":     {pos: 5, batches: [][]byte{empty}, want: "[5,10)"},
		"cut off":                   {pos: 0, batches: [][]byte{plainBatch(0, 0, 0).bytes(), plainBatch(1, 0, 0).bytes()[:65]}, want: "[0,1) 0@0"},
		"only a part":               {pos: 0, batches: [][]byte{plainBatch(0, 0, 0).bytes()[:30]}, want: ""},
		"old format":                {pos: 3, batches: [][]byte{old}, want: "error " + CodeFormat},
		"damaged between good":      {pos: 9, batches: [][]byte{plainBatch(9, 0, 0).bytes(), damaged, plainBatch(13, 0, 0).bytes()}, want: "[9,10) 9@9; [10,13) bad: the batch at offset 10 (88 bytes) cannot be decoded: its checksum is wrong; [13,14) 13@13"},
		"damaged end, next known":   {pos: 10, batches: [][]byte{lying, plainBatch(13, 0, 0).bytes()}, want: "[10,13) bad: the batch at offset 10 (88 bytes) cannot be decoded: its checksum is wrong; [13,14) 13@13"},
		"damaged end, nothing more": {pos: 10, batches: [][]byte{lying}, want: "[10,11) bad: the batch at offset 10 (88 bytes) cannot be decoded: its checksum is wrong"},
		"aborted, list not sorted": {
			bl:  fetchBlock{aborted: []abortedTxn{{2, 4}, {1, 0}}},
			pos: 0, batches: [][]byte{txnBatch(0, 1).bytes(), txnBatch(1, 2).bytes(), marker(2, 1, 0).bytes(), marker(3, 2, 1).bytes(), txnBatch(4, 2).bytes(), txnBatch(5, 1).bytes(), marker(6, 2, 0).bytes(), marker(7, 1, 1).bytes()},
			want: "[0,8) 1@1 5@5",
		},
		"aborted, begun before": {bl: fetchBlock{aborted: []abortedTxn{{1, 0}}}, pos: 3,
			batches: [][]byte{txnBatch(3, 1).bytes(), marker(4, 1, 0).bytes(), txnBatch(5, 1).bytes()}, want: "[3,6) 5@5"},
		"aborted producer, plain batch": {bl: fetchBlock{aborted: []abortedTxn{{1, 0}}}, pos: 0,
			batches: [][]byte{func() []byte { r := txnBatch(0, 1); r.attrs = 0; return r.bytes() }()}, want: "[0,1) 0@0"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := c.limit
			if limit == 0 {
				limit = 1 << 20
			}
			if got := strings.Join(walkAll(t, c.bl, c.pos, limit, c.batches...), "; "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRecordTimes(t *testing.T) {
	create := plainBatch(0, 2, 0, 1, 2)
	create.records = append(append(rawRecord(0, 0, "", "a"), rawRecord(-500, 1, "", "b")...), rawRecord(7, 2, "", "c")...)
	create.baseTime, create.maxTime = 1000, 1007
	appended := create
	appended.attrs = attrLogTime
	none := plainBatch(0, 0, 0)
	none.baseTime = -1
	far := plainBatch(0, 0, 0)
	far.baseTime = 1 << 62
	for name, c := range map[string]struct {
		b    rawBatch
		want []event.Time
	}{
		"CreateTime, a delta is negative": {create, []event.Time{1_000_000, 500_000, 1_007_000}},
		"LogAppendTime":                   {appended, []event.Time{1_007_000, 1_007_000, 1_007_000}},
		"none":                            {none, []event.Time{event.MinTime}},
		"beyond all time":                 {far, []event.Time{event.MaxTime / 1000 * 1000}},
	} {
		var d decoder
		raw, _, _, err := cutBatch(c.b.bytes())
		if err != nil {
			t.Fatal(err)
		}
		records, _, err := d.records(&raw, 0, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		for i, r := range records {
			if r.Time != c.want[i] {
				t.Errorf("%s: record %d at %d, want %d", name, i, r.Time, c.want[i])
			}
		}
	}
}

// Whatever the bytes say, with a right checksum: an error, never a panic and
// never more memory than the input explains.
func FuzzBatch(f *testing.F) {
	f.Add(plainBatch(0, 2, 0, 1, 2).bytes(), int16(0))
	f.Add(marker(4, 1, 0).bytes(), int16(0))
	f.Add([]byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5}, int16(2))
	f.Fuzz(func(t *testing.T, b []byte, codec int16) {
		r := rawBatch{lastDelta: 9, count: 10, attrs: codec, records: b, producer: 3}
		bl := fetchBlock{aborted: []abortedTxn{{3, 0}}}
		walkAll(t, bl, 0, 1<<20, r.bytes())
		walkAll(t, fetchBlock{}, 0, 1<<20, b)
	})
}

// S9: a batch that decompresses to more than the cap is one BadBatch; the batch
// behind it is read; memory stays bounded.
func TestS9_DecompressionBomb(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		for _, codec := range []string{"gzip", "snappy", "lz4", "zstd"} {
			t.Run(codec, func(t *testing.T) { testBomb(t, cfg, codec) })
		}
	})
}

// resident is about what the process has of the machine's memory: garbage that
// was not collected yet counts.
func resident() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

func testBomb(t *testing.T, cfg Config, codec string) {
	p := event.Partition{Topic: makeTopic(t, cfg, 1, map[string]string{"max.message.bytes": "20000000"})}
	fill(t, cfg, p, 0, 3, ProducerConfig{})
	ctx := within(t, 60*time.Second)
	w, err := OpenProducer(ctx, cfg, ProducerConfig{Compression: codec})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Send(ctx, p, Message{Value: make([]byte, MaxBatchBytes)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	w.Close()
	fill(t, cfg, p, 4, 3, ProducerConfig{})
	debug.FreeOSMemory()
	before := resident()
	_, chunks := readTo(t, openAt(t, cfg, p, 0, nil), 0, 7)
	if rise := resident() - before; rise > 128<<20 {
		t.Errorf("memory rose by %d MiB", rise>>20)
	}
	var got []string
	for _, c := range chunks {
		line := fmt.Sprintf("[%d,%d) %d", c.Range.From, c.Range.To, len(c.Records))
		if c.Bad != nil {
			line += fmt.Sprintf(" too large: %t", c.Bad.TooLarge)
		}
		got = append(got, line)
	}
	if s := strings.Join(got, "; "); s != "[0,3) 3; [3,4) 0 too large: true; [4,7) 3" {
		t.Error(s)
	}
}

// Batches between measureFrom and the cap come whole.
func TestLargeBatchIsNotCut(t *testing.T) {
	_, cfg := startEmbedded(t)
	value := append(make([]byte, 20<<20), "the end"...)
	for _, codec := range []string{"gzip", "snappy", "lz4", "zstd"} {
		p := event.Partition{Topic: makeTopic(t, cfg, 1, map[string]string{"max.message.bytes": "20000000"})}
		ctx := within(t, 20*time.Second)
		w, err := OpenProducer(ctx, cfg, ProducerConfig{Compression: codec})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Send(ctx, p, Message{Value: value}), w.Flush(ctx), w.Close()); err != nil {
			t.Fatal(err)
		}
		records, _ := readTo(t, openAt(t, cfg, p, 0, nil), 0, 1)
		if len(records) != 1 || !bytes.Equal(records[0].Value, value) {
			t.Errorf("%s: %d records", codec, len(records))
		}
	}
}

// A frame whose head says nothing of its size.
func TestS9_ZstdWithoutSize(t *testing.T) {
	var packed strings.Builder
	z, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	for range 65 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var d decoder
	defer d.close()
	if out, err := d.decompress(codecZstd, []byte(packed.String())); err != errTooLarge {
		t.Fatalf("%d bytes, %v", len(out), err)
	}
}
