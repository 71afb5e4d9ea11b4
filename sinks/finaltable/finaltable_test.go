package finaltable

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

func ptr[T any](v T) *T { return &v }

func click(id string, version int64, op, status string) table.Click {
	return table.Click{
		Route: -7, ClickID: id, EventTime: 5, MatchStatus: status, MatchMethod: "NONE",
		Meta: table.Meta{RowVersion: version, Op: op, EmittedAt: event.Time(version) * 1000},
	}
}

func write(t *testing.T, fill func(s *Set)) (dir string, rows map[table.Name]int64) {
	t.Helper()
	dir = t.TempDir()
	s := NewSet()
	fill(s)
	rows, err := s.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, rows
}

func read[T any](t *testing.T, path string) (all []T) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	err = sinks.ReadTable(bytes.NewReader(b), int64(len(b)), func(rows []T) error {
		all = append(all, rows...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestX1_HighestVersionWins, whatever the order of arrival; D hides the key and
// what says when a row was written is gone.
func TestX1_HighestVersionWins(t *testing.T) {
	rows := []table.Click{
		click("k1", 9, "U", "MATCHED"), click("k1", 4, "U", "ORPHAN"), click("k2", 2, "D", ""),
		click("k2", 1, "U", "ORPHAN"), click("k3", 2, "U", "ORPHAN"), click("k3", 1, "D", ""), click("k0", -1, "U", "ORPHAN"),
	}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		dir, counts := write(t, func(s *Set) {
			for _, c := range rows {
				if err := s.WriteClicks([]table.Click{c}); err != nil {
					t.Fatal(err)
				}
			}
		})
		if counts[table.Clicks] != 3 || counts[table.Bids] != 0 || len(counts) != 12 {
			t.Fatalf("rows %v", counts)
		}
		var got []string
		for _, c := range read[table.Click](t, filepath.Join(dir, "fact_clicks", "part-0.parquet")) {
			if c.RowVersion != 0 || c.EmittedAt != 0 || c.Op != "U" || c.Route != -7 || c.EventTime != 5 {
				t.Errorf("row %+v", c)
			}
			got = append(got, c.ClickID+"="+c.MatchStatus)
		}
		if want := "k0=ORPHAN k1=MATCHED k3=ORPHAN"; strings.Join(got, " ") != want {
			t.Fatalf("seed %d: %v, want %s", seed, got, want)
		}
	}
}

// fullSet writes at least one row of every table with every column set.
func fullSet(t *testing.T, order []int, mod func(*table.Impression)) func(s *Set) {
	return func(s *Set) {
		for _, i := range order {
			imp := filled[table.Impression](i)
			if mod != nil {
				mod(&imp)
			}
			err := errors.Join(
				s.WriteBids([]table.Bid{filled[table.Bid](i)}), s.WriteWins([]table.Win{filled[table.Win](i)}),
				s.WriteImpressions([]table.Impression{imp}), s.WriteClicks([]table.Click{filled[table.Click](i)}),
				s.WriteConversions([]table.Conversion{filled[table.Conversion](i)}),
				s.WriteAttributions([]table.Attribution{filled[table.Attribution](i)}),
				s.WriteCampaignMinutes([]table.CampaignMinute{filled[table.CampaignMinute](i)}),
				s.WriteCampaignHours([]table.CampaignHour{filled[table.CampaignHour](i)}),
				s.WriteCampaignDays([]table.CampaignDay{filled[table.CampaignDay](i)}),
				s.WriteSiteDays([]table.SiteDay{filled[table.SiteDay](i)}),
				s.WritePipelineMinutes([]table.PipelineMinute{filled[table.PipelineMinute](i)}),
				s.WriteRejected([]table.Rejected{filled[table.Rejected](i)}))
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// filled is a row whose every column has a value derived from i, none zero.
func filled[T any](i int) (row T) {
	v := reflect.ValueOf(&row).Elem()
	name, _ := table.NameOf(v.Type())
	for n, c := range table.Columns(name) {
		f := v.FieldByIndex(c.Field)
		if f.Kind() == reflect.Pointer {
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		}
		x := int64(i*1000 + n + 1)
		switch f.Interface().(type) {
		case table.StringMap:
			f.Set(reflect.ValueOf(table.StringMap{KeyValue: []table.Pair{{Key: fmt.Sprint("k", x), Value: "v"}, {Key: "z", Value: ""}}}))
		case table.Decimal38:
			f.Set(reflect.ValueOf(table.Decimal38Of(event.Int128{Hi: -x, Lo: 5})))
		case []byte:
			f.Set(reflect.ValueOf([]byte{0, 255, byte(x)}))
		default:
			switch f.Kind() {
			case reflect.String:
				f.SetString(fmt.Sprintf("%s-%d", c.Name, x))
			case reflect.Int64, reflect.Int32:
				f.SetInt(x)
			case reflect.Bool:
				f.SetBool(true)
			case reflect.Float64:
				f.SetFloat(float64(x) / 4)
			}
		}
	}
	v.FieldByName("Op").SetString("U")
	return row
}

// TestEveryColumnComesBack writes filled rows and reads them again.
func TestEveryColumnComesBack(t *testing.T) {
	dir, _ := write(t, fullSet(t, []int{1, 0, 2}, nil))
	checkBack[table.Bid](t, dir)
	checkBack[table.Win](t, dir)
	checkBack[table.Impression](t, dir)
	checkBack[table.Click](t, dir)
	checkBack[table.Conversion](t, dir)
	checkBack[table.Attribution](t, dir)
	checkBack[table.CampaignMinute](t, dir)
	checkBack[table.CampaignHour](t, dir)
	checkBack[table.CampaignDay](t, dir)
	checkBack[table.SiteDay](t, dir)
	checkBack[table.PipelineMinute](t, dir)
	checkBack[table.Rejected](t, dir)
}

func checkBack[T any](t *testing.T, dir string) {
	t.Helper()
	name, _ := table.NameOf(reflect.TypeFor[T]())
	got := read[T](t, filepath.Join(dir, string(name), fileName))
	if len(got) != 3 {
		t.Fatalf("%s: %d rows, want 3", name, len(got))
	}
	for i, row := range got {
		want := filled[T](i)
		for _, c := range table.Columns(name) {
			if slices.Contains(table.Versions(), c.Name) {
				reflect.ValueOf(&want).Elem().FieldByIndex(c.Field).SetZero()
			}
		}
		if !reflect.DeepEqual(row, want) {
			t.Errorf("%s row %d\n got %+v\nwant %+v", name, i, row, want)
		}
	}
}

// TestK1_EqualTablesAreEqualBytes, with another order, other versions and
// another history of the process.
func TestK1_EqualTablesAreEqualBytes(t *testing.T) {
	order := make([]int, 3000)
	for i := range order {
		order[i] = i
	}
	a, _ := write(t, fullSet(t, order, nil))
	slices.Reverse(order)
	b, _ := write(t, fullSet(t, order, func(i *table.Impression) { i.RowVersion += 50; i.EmittedAt = 9 }))
	for _, n := range table.Names() {
		x, err := os.ReadFile(filepath.Join(a, string(n), fileName))
		if err != nil {
			t.Fatal(err)
		}
		y, err := os.ReadFile(filepath.Join(b, string(n), fileName))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x, y) {
			t.Errorf("%s: %d and %d bytes differ", n, len(x), len(y))
		}
	}
	if r, err := Diff(a, b, 5); err != nil || !r.Equal() || r.Rows[table.Wins] != [2]int64{3000, 3000} {
		t.Errorf("diff %+v, %v", r, err)
	}
}

func TestKeysSortAsTheirValues(t *testing.T) {
	c := newCodec[table.Rejected]()
	rows := []table.Rejected{
		{Topic: "", Partition: math.MaxInt32}, {Topic: "a", Partition: -1}, {Topic: "a", Partition: 0, Offset: math.MinInt64},
		{Topic: "a", Partition: 0, Offset: -1}, {Topic: "a", Partition: 0, Offset: 0, Line: 1}, {Topic: "a", Partition: 0, Offset: math.MaxInt64},
		{Topic: "a\x00"}, {Topic: "a\x00\x00b"}, {Topic: "a\x00\x01"}, {Topic: "a\x01"}, {Topic: "ab"}, {Topic: "\xff\xff"},
	}
	for i := range rows {
		key := c.appendKey(nil, &rows[i])
		if i > 0 && bytes.Compare(c.appendKey(nil, &rows[i-1]), key) >= 0 {
			t.Errorf("row %d is not after row %d", i, i-1)
		}
		var back table.Rejected
		c.readKey(key, &back)
		if !reflect.DeepEqual(back, rows[i]) {
			t.Errorf("row %d came back as %+v", i, back)
		}
	}
}

// TestDiffFindsEveryChange changes one column at a time.
func TestDiffFindsEveryChange(t *testing.T) {
	four := func(mod func(*table.Impression)) func(s *Set) {
		return func(s *Set) {
			for i := range 4 {
				row := filled[table.Impression](i)
				mod(&row)
				if err := s.WriteImpressions([]table.Impression{row}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	a, _ := write(t, four(func(*table.Impression) {}))
	for _, c := range table.Columns(table.Impressions) {
		b, _ := write(t, four(func(i *table.Impression) {
			if i.ImpressionID != "impression_id-2002" {
				return
			}
			f := reflect.ValueOf(i).Elem().FieldByIndex(c.Field)
			if f.Kind() == reflect.Pointer {
				f.SetZero()
				return
			}
			switch f.Kind() {
			case reflect.String:
				f.SetString(f.String() + "x")
			case reflect.Int64, reflect.Int32:
				f.SetInt(f.Int() + 1)
			case reflect.Bool:
				f.SetBool(false)
			}
		}))
		r, err := Diff(a, b, 3)
		if err != nil {
			t.Fatal(err)
		}
		want := Counts{Different: 1}
		switch {
		case c.Key:
			want = Counts{OnlyLeft: 1, OnlyRight: 1}
		case slices.Contains(table.Versions(), c.Name), c.Name == "op":
			want = Counts{}
		}
		if got := r.Tables[table.Impressions]; got != want {
			t.Errorf("column %s: %+v, want %+v", c.Name, got, want)
		}
		if want.Different == 1 && (len(r.First) != 1 || r.First[0].Column != c.Name) {
			t.Errorf("column %s: examples %+v", c.Name, r.First)
		}
	}
}

func TestDiffShowsKeyColumnAndValues(t *testing.T) {
	a, _ := write(t, func(s *Set) {
		if err := s.WriteClicks([]table.Click{click("k1", 1, "U", "MATCHED"), click("k2", 1, "U", "ORPHAN")}); err != nil {
			t.Fatal(err)
		}
	})
	b, _ := write(t, func(s *Set) {
		c := click("k1", 8, "U", "MATCHED")
		c.ImpToClickMS, c.EventTime = ptr(int64(-5)), 1_000_006
		if err := s.WriteClicks([]table.Click{c, click("k3", 1, "U", "ORPHAN")}); err != nil {
			t.Fatal(err)
		}
	})
	r, err := Diff(a, b, 10)
	if err != nil {
		t.Fatal(err)
	}
	if r.Tables[table.Clicks] != (Counts{OnlyLeft: 1, OnlyRight: 1, Different: 1}) || r.Equal() {
		t.Errorf("counts %+v", r.Tables[table.Clicks])
	}
	want := []Difference{
		{table.Clicks, "different", `route=-7,click_id="k1"`, "event_time", "1970-01-01T00:00:00.000005Z", "1970-01-01T00:00:01.000006Z"},
		{table.Clicks, "different", `route=-7,click_id="k1"`, "imp_to_click_ms", "NULL", "-5"},
		{table.Clicks, "only_left", `route=-7,click_id="k2"`, "", "", ""},
		{table.Clicks, "only_right", `route=-7,click_id="k3"`, "", "", ""},
	}
	if !slices.Equal(r.First, want) {
		t.Errorf("examples\n got %+v\nwant %+v", r.First, want)
	}
}

// TestDiffOfForeignFiles: unsorted rows, several files, a row twice, a table
// that is missing, a damaged file.
func TestDiffOfForeignFiles(t *testing.T) {
	rows := []table.Click{click("k1", 1, "U", "A"), click("k2", 1, "U", "B"), click("k3", 1, "U", "C")}
	a, _ := write(t, func(s *Set) {
		if err := s.WriteClicks(rows); err != nil {
			t.Fatal(err)
		}
	})
	b := t.TempDir()
	put := func(name string, rows ...table.Click) {
		t.Helper()
		path := filepath.Join(b, "fact_clicks", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := sinks.WriteTable(f, func() ([]table.Click, error) {
			out := rows
			rows = nil
			return out, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want Counts) {
		t.Helper()
		r, err := Diff(a, b, 10)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Tables[table.Clicks]; got != want {
			t.Errorf("%+v, want %+v; %+v", got, want, r.First)
		}
	}
	check(Counts{OnlyLeft: 3})
	put("a.parquet", rows[2], rows[0])
	check(Counts{OnlyLeft: 1})
	put("b.parquet", rows[1])
	check(Counts{})
	put("c.parquet", rows[1])
	check(Counts{OnlyRight: 1})
	if err := os.Truncate(filepath.Join(b, "fact_clicks", "c.parquet"), 50); err != nil {
		t.Fatal(err)
	}
	if _, err := Diff(a, b, 1); !errors.Is(err, sinks.ErrCorrupt) || !strings.Contains(err.Error(), "c.parquet") {
		t.Errorf("a damaged file: %v", err)
	}
	if _, err := Diff(a, b+"/nowhere", 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestWriteRefusesAFolderWithOtherFiles(t *testing.T) {
	dir, _ := write(t, func(*Set) {})
	if err := os.WriteFile(filepath.Join(dir, "fact_wins", "part-1.parquet"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewSet().Write(dir); err == nil || !strings.Contains(err.Error(), "part-1.parquet") {
		t.Errorf("error %v", err)
	}
}
