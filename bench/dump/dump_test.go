package dump

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"

	"github.com/advertisex/adjoin/internal/reference"
)

// samples are the records whose bytes are hardest to carry.
func samples() []Record {
	return []Record{
		{Topic: "clicks", Partition: 3, Offset: 0, TimestampMS: 1767225600000, Key: []byte("u1"), Value: []byte("a,b\n\x00\xff")},
		{Topic: "clicks", Partition: 3, Offset: 1, TimestampMS: -1, Key: nil, Value: nil},
		{Topic: "clicks", Partition: 0, Offset: 1 << 40, TimestampMS: 0, Key: []byte{}, Value: []byte{}},
		{Topic: "clicks", Partition: 0, Offset: 9, TimestampMS: 5, Value: []byte("x"), Headers: []Header{{"k\"é", []byte("v")}, {"n", nil}, {"e", []byte{}}}},
		{Topic: "clicks", Partition: 1, Offset: 1, TimestampMS: 5, Value: bytes.Repeat([]byte("0123456789"), 100_000)},
	}
}

func TestWriter_LinesAreTheDocumentedJSON(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, r := range samples()[:2] {
		if err := w.Write(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := `{"topic":"clicks","partition":3,"offset":0,"timestamp_ms":1767225600000,"key_b64":"dTE=","value_b64":"YSxiCgD/","headers":[]}
{"topic":"clicks","partition":3,"offset":1,"timestamp_ms":-1,"key_b64":null,"value_b64":null,"headers":[]}
`
	if out.String() != want {
		t.Errorf("got  %s\nwant %s", out.String(), want)
	}
}

func TestReader_GivesBackWhatWasWritten(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, r := range samples() {
		if err := w.Write(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	r := NewReader(&out, "t")
	var got Record
	for i, want := range samples() {
		if err := r.Next(&got); err != nil {
			t.Fatal(err)
		}
		if got.Partition != want.Partition || got.Offset != want.Offset || !sameRecord(&got, &want) {
			t.Errorf("record %d: %+v", i, got)
		}
	}
	if err := r.Next(&got); err != io.EOF {
		t.Errorf("after the last: %v", err)
	}
}

func TestReader_TakesLinesOfOtherTools(t *testing.T) {
	in := "\n" + ` { "value_b64":"eA==", "offset":7,"topic":"a\u0062","partition":1,"timestamp_ms":3 } ` + "\r\n" +
		`{"topic":"ab","partition":1,"offset":8,"timestamp_ms":4,"key_b64":"eQ==","value_b64":"","headers":[["h",null]]}`
	r := NewReader(strings.NewReader(in), "t")
	var a Record
	if err := r.Next(&a); err != nil {
		t.Fatal(err)
	}
	if a.Topic != "ab" || a.Offset != 7 || a.Key != nil || string(a.Value) != "x" {
		t.Errorf("%+v", a)
	}
	if err := r.Next(&a); err != nil {
		t.Fatal(err)
	}
	if string(a.Key) != "y" || a.Value == nil || len(a.Value) != 0 || len(a.Headers) != 1 || a.Headers[0].Value != nil {
		t.Errorf("%+v", a)
	}
}

func TestReader_RefusesBrokenLinesByNumber(t *testing.T) {
	for line, want := range map[string]string{
		`{"topic":"a","partition":0,"offset":1}`:                                                                        "timestamp_ms is missing",
		`{"topic":"a","partition":0,"offset":1,"timestamp_ms":1,"value_b64":"*"}`:                                       "illegal base64",
		`{"topic":"a","partition":0,"offset":1,"timestamp_ms":1,"value_b65":""}`:                                        "unknown field",
		`{"topic":"a","partition":0,"offset":-1,"timestamp_ms":1}`:                                                      "negative",
		`{"topic":"a","partition":0,"offset":1,"timestamp_ms":1} {}`:                                                    "one record a line",
		`{"topic":"a","partition":4294967296,"offset":1,"timestamp_ms":1,"key_b64":null,"value_b64":null,"headers":[]}`: "cannot unmarshal",
		`nonsense`: "invalid character",
	} {
		r := NewReader(strings.NewReader("\n"+line), "f.ndjson")
		var rec Record
		err := r.Next(&rec)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "f.ndjson line 2") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestFolder_NumbersRecordsAndReadsBack(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		dir := t.TempDir()
		f, err := Create(dir, compressed)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			rec := Record{Topic: "bids", Partition: int32(i % 2), Offset: NextOffset, Value: []byte{byte(i)}}
			if err := f.Write(&rec); err != nil {
				t.Fatal(err)
			}
			if rec.Offset != int64(i/2) {
				t.Errorf("offset %d of record %d", rec.Offset, i)
			}
		}
		if err := f.AddTopic("empty"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		files, err := Files(dir)
		if err != nil || len(files) != 2 {
			t.Fatalf("%v %v", files, err)
		}
		s, err := OpenSorted(files[0], t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		var rec Record
		n := 0
		for err = s.Next(&rec); err == nil; err = s.Next(&rec) {
			if rec.Value[0] != byte(n) {
				t.Errorf("record %d is %d", n, rec.Value[0])
			}
			n++
		}
		if err != io.EOF || n != 10 || s.Close() != nil {
			t.Errorf("%d records, %v", n, err)
		}
		if f, err = Create(dir, compressed); err != nil {
			t.Fatal(err)
		}
		if err := f.AddTopic("bids"); err == nil {
			t.Error("a second dump was mixed into the first")
		}
	}
}

func TestOpenSorted_OrdersAnyLines(t *testing.T) {
	const partitions, each = 3, 400
	var lines []string
	for i := range partitions * each {
		rec := Record{Topic: "t", Partition: int32(i % partitions), Offset: int64(i / partitions), Value: []byte{byte(i % partitions), byte(i / partitions)}}
		lines = append(lines, string(appendLine(nil, &rec)))
	}
	lines = append(lines, lines[5], lines[77]) // twice the same record is one
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	path := filepath.Join(t.TempDir(), "t.ndjson")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	s, err := openSorted(path, temp, 20_000) // several runs
	if err != nil {
		t.Fatal(err)
	}
	if len(s.runs) < 5 {
		t.Fatalf("%d runs: the test wants several", len(s.runs))
	}
	next := [partitions]int64{}
	var rec Record
	for err = s.Next(&rec); err == nil; err = s.Next(&rec) {
		if rec.Offset != next[rec.Partition] || rec.Value[0] != byte(rec.Partition) || rec.Value[1] != byte(rec.Offset) {
			t.Fatalf("got %d/%d %v, want offset %d", rec.Partition, rec.Offset, rec.Value, next[rec.Partition])
		}
		next[rec.Partition]++
	}
	if err != io.EOF || next != [partitions]int64{each, each, each} {
		t.Errorf("%v after %v", err, next)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(temp); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOpenSorted_RefusesTwoRecordsAtOnePosition(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.ndjson")
	a := Record{Topic: "t", Value: []byte("1")}
	b := Record{Topic: "t", Value: []byte("2")}
	if err := os.WriteFile(path, appendLine(appendLine(nil, &a), &b), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSorted(path, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var rec Record
	if err := s.Next(&rec); err != nil {
		t.Fatal(err)
	}
	if err := s.Next(&rec); err == nil || !strings.Contains(err.Error(), "t/0@0") {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestReference_IsReadWhereItIs(t *testing.T) {
	dir := t.TempDir()
	if set, err := Reference(dir, reference.DefaultCampaign()); err != nil || len(set.Campaigns()) != 0 {
		t.Errorf("%v", err)
	}
	f, err := Create(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteFile(CampaignsFile, []byte(`[{"campaign_id":"a","windows":{"view_through":"1h"}}]`)); err != nil {
		t.Fatal(err)
	}
	set, err := Reference(dir, reference.DefaultCampaign())
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := set.Campaign("a", 0); !ok || c.Windows.ViewThrough != event.Hour {
		t.Errorf("%v %+v", ok, c)
	}
}

// FuzzReader compares the hand-written scanner with encoding/json on any line.
func FuzzReader(f *testing.F) {
	for _, r := range samples()[:4] {
		f.Add(string(bytes.TrimSpace(appendLine(nil, &r))))
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "\n") {
			return
		}
		var fast Record
		if !NewReader(strings.NewReader(""), "").parseFast([]byte(line), &fast) {
			return
		}
		var w wireRecord
		if err := json.Unmarshal([]byte(line), &w); err != nil {
			if !json.Valid([]byte(line)) {
				t.Fatalf("fast took invalid JSON %q", line)
			}
			t.Fatalf("fast took %q: %v", line, err)
		}
		decode := func(s *string) []byte {
			if s == nil {
				return nil
			}
			b, err := base64.StdEncoding.DecodeString(*s)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if fast.Topic != *w.Topic || fast.Partition != *w.Partition || fast.Offset != *w.Offset || fast.TimestampMS != *w.TimestampMS ||
			!sameBytes(fast.Key, decode(w.Key)) || !sameBytes(fast.Value, decode(w.Value)) {
			t.Fatalf("%q read as %+v", line, fast)
		}
	})
}
