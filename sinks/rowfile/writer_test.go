package rowfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/uncompressed"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// small has every limit low, so that few rows cross them all.
func small[T any]() Format {
	var row T
	return Format{
		Schema: parquet.SchemaOf(row), Codec: &zstd.Codec{Level: zstd.SpeedFastest}, CreatedBy: "test",
		PageBytes: 4 << 10, GroupRows: 5000, DictionaryBytes: 8 << 10,
		Bounded: func(string) bool { return true },
	}
}

// write makes a file of rows, at most slice a call.
func write[T any](t *testing.T, w *Writer[T], out *bytes.Buffer, rows []T, slice int) []byte {
	t.Helper()
	out.Reset()
	w.Reset(out)
	for len(rows) > 0 {
		n := min(slice, len(rows))
		if err := w.Write(rows[:n]); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(out.Bytes())
}

// randomRows fills every field: often absent, in runs, from few values or from
// many.
func randomRows[T any](rng *rand.Rand, n int) []T {
	rows := make([]T, n)
	v := reflect.ValueOf(rows)
	for i := range n {
		fill(rng, v.Index(i))
	}
	for i := 1; i < n; i++ { // runs
		if rng.IntN(4) == 0 {
			for end := min(n, i+rng.IntN(60)); i < end; i++ {
				rows[i] = rows[i-1]
			}
		}
	}
	return rows
}

func fill(rng *rand.Rand, v reflect.Value) {
	few := rng.IntN(3)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(rng, v.Field(i))
		}
	case reflect.Pointer:
		if few > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(rng, v.Elem())
		}
	case reflect.String:
		v.SetString([]string{"", fmt.Sprintf("text %d", rng.IntN(40)), fmt.Sprintf("text %d", rng.IntN(1e6))}[few])
	case reflect.Int64, reflect.Int32:
		v.SetInt([]int64{0, int64(rng.IntN(9)) - 4, int64(rng.Uint32() >> 1)}[few])
	case reflect.Float64:
		v.SetFloat(rng.NormFloat64())
	case reflect.Bool:
		v.SetBool(few > 0)
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(rng.IntN(256)))
		}
	case reflect.Slice:
		if few > 0 {
			v.Set(reflect.MakeSlice(v.Type(), rng.IntN(4)*few, 8))
			for i := range v.Len() {
				fill(rng, v.Index(i))
			}
		}
		if v.Len() == 0 {
			v.SetZero()
		}
	case reflect.Uint8:
		v.SetUint(uint64(rng.IntN(256)))
	}
}

// readsBack writes and reads with the library, which shares nothing with the
// writer.
func readsBack[T any](t *testing.T) {
	t.Run(reflect.TypeFor[T]().Name(), func(t *testing.T) {
		var out bytes.Buffer
		w := New[T](&out, small[T]())
		for seed, n := range []int{0, 1, 511, 512, 513, 4999, 5000, 12_345} {
			rows := randomRows[T](rand.New(rand.NewPCG(1, uint64(seed))), n)
			file := write(t, w, &out, rows, 1000)
			got, err := parquet.Read[T](bytes.NewReader(file), int64(len(file)))
			if err != nil || len(got) != n {
				t.Fatalf("%d rows: %d read, %v", n, len(got), err)
			}
			for i := range rows {
				if !equal(reflect.ValueOf(got[i]), reflect.ValueOf(rows[i])) {
					t.Fatalf("%d rows: row %d is\n%+v\nwant\n%+v", n, i, got[i], rows[i])
				}
			}
			for _, slice := range []int{1, 77, n + 1} {
				if !bytes.Equal(write(t, w, &out, rows, slice), file) {
					t.Fatalf("%d rows, %d at a time, are another file", n, slice)
				}
			}
			if !bytes.Equal(write(t, New[T](&out, small[T]()), &out, rows, 1000), file) {
				t.Fatalf("%d rows from a new writer are another file", n)
			}
		}
	})
}

// equal takes an empty list for none: the format does not tell them apart.
func equal(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() == 0 && b.Len() == 0 {
			return true
		}
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// agg_campaign_hour and agg_campaign_day are missing: the library (0.32) reads a NULL
// of table.Totals, an embedded struct, as a pointer to zero, from its own files too.
func TestRowsReadBack(t *testing.T) {
	readsBack[table.Bid](t)
	readsBack[table.Win](t)
	readsBack[table.Impression](t)
	readsBack[table.Click](t)
	readsBack[table.Conversion](t)
	readsBack[table.Attribution](t)
	readsBack[table.CampaignMinute](t)
	readsBack[table.SiteDay](t)
	readsBack[table.PipelineMinute](t)
	readsBack[table.Rejected](t)
}

func chunksOf(t *testing.T, file []byte, group int) map[string]format.ColumnMetaData {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	chunks := map[string]format.ColumnMetaData{}
	for _, c := range f.Metadata().RowGroups[group].Columns {
		chunks[c.MetaData.PathInSchema[0]] = c.MetaData
	}
	return chunks
}

// A reader skips a row group by its bounds; wrong ones would lose rows.
func TestBoundsAreThoseOfTheRowGroup(t *testing.T) {
	rows := make([]table.Win, 5001)
	for i := range rows {
		rows[i] = table.Win{CampaignID: []string{"", "c-2", "c-10"}[i%3], BidTime: event.Time(1000 - i), Meta: table.Meta{SrcPartition: int32(i%7) - 3}}
	}
	var out bytes.Buffer
	file := write(t, New[table.Win](&out, small[table.Win]()), &out, rows, 100)
	first, last := chunksOf(t, file, 0), chunksOf(t, file, 1)
	long := func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }
	if s := first["bid_time"].Statistics; long(s.MinValue) != -3999 || long(s.MaxValue) != 1000 {
		t.Errorf("bid_time is from %d to %d, want -3999 to 1000", long(s.MinValue), long(s.MaxValue))
	}
	if s := last["bid_time"].Statistics; long(s.MinValue) != -4000 || long(s.MaxValue) != -4000 {
		t.Errorf("bid_time of the last row is from %d to %d, want -4000", long(s.MinValue), long(s.MaxValue))
	}
	if s := first["src_partition"].Statistics; int32(binary.LittleEndian.Uint32(s.MinValue)) != -3 || s.MaxValue[0] != 3 {
		t.Errorf("src_partition is from % x to % x, want -3 to 3", s.MinValue, s.MaxValue)
	}
	// 1,667 of the first 5,000 rows have no campaign; "c-10" is less than "c-2".
	if s := first["campaign_id"].Statistics; string(s.MinValue) != "c-10" || string(s.MaxValue) != "c-2" || s.NullCount != 1667 {
		t.Errorf("campaign_id is from %s to %s, %d NULL; want c-10 to c-2, 1667", s.MinValue, s.MaxValue, s.NullCount)
	}
	if s := first["currency"].Statistics; s.MinValue != nil || s.MaxValue != nil || s.NullCount != 5000 {
		t.Errorf("currency, which no row has, is from %q to %q, %d NULL", s.MinValue, s.MaxValue, s.NullCount)
	}
	if s := first["impression_id"].Statistics; s.MinValue != nil {
		t.Errorf("impression_id has bounds, and only dictionaries know theirs")
	}
}

// A column with too many texts goes on without its dictionary, which keeps what
// was coded by it, and says no bounds: it does not know them all.
func TestFullDictionaryGoesOnAsPlainText(t *testing.T) {
	rows := make([]table.Win, 5000)
	for i := range rows {
		rows[i].CampaignID = fmt.Sprintf("campaign %08d", i)
	}
	var out bytes.Buffer
	f := small[table.Win]()
	f.Codec = new(uncompressed.Codec)
	file := write(t, New[table.Win](&out, f), &out, rows, 100)
	got, err := parquet.Read[table.Win](bytes.NewReader(file), int64(len(file)))
	if err != nil || len(got) != len(rows) || got[4999].CampaignID != "campaign 00004999" {
		t.Fatal(len(got), err)
	}
	m := chunksOf(t, file, 0)["campaign_id"]
	// A text takes 4 and 17 bytes: 390 are 8 KiB, which the first block of 512 passes.
	if size := m.DataPageOffset - m.DictionaryPageOffset; size < 512*21 || size > 512*21+64 {
		t.Errorf("the dictionary page has %d bytes, want those of 512 texts", size)
	}
	if m.Statistics.MinValue != nil {
		t.Error("the column has bounds")
	}
}

type full struct{ room int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestErrorsOfTheOutputAreReported(t *testing.T) {
	rows := randomRows[table.Click](rand.New(rand.NewPCG(1, 2)), 6000)
	for _, room := range []int{0, 3, 5000, 100_000} {
		w := New[table.Click](&full{room: room}, small[table.Click]())
		if err := errors.Join(w.Write(rows), w.Close()); !errors.Is(err, errFull) {
			t.Errorf("with room for %d bytes the error is %v", room, err)
		}
	}
}
