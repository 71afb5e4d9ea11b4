package sinks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

func newLake(t *testing.T) (*Bucket, string) {
	t.Helper()
	dir := t.TempDir()
	b, err := OpenBucket(context.Background(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, dir
}

func newWriter(t *testing.T, s Store, cfg Config) *CutWriter {
	t.Helper()
	w, err := NewCutWriter(s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newCut(t *testing.T, w *CutWriter, id string) *Cut {
	t.Helper()
	c, err := w.NewCut(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func closeCut(t *testing.T, c *Cut) []File {
	t.Helper()
	files, err := c.Close(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Release(); err != nil {
		t.Fatal(err)
	}
	return files
}

func readFile[T any](t *testing.T, dir string, f File) (rows []T) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, f.Key))
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != f.Bytes || sha256.Sum256(b) != f.SHA256 {
		t.Fatalf("%s: %d bytes with another hash than committed", f.Key, len(b))
	}
	err = ReadTable(bytes.NewReader(b), int64(len(b)), func(batch []T) error {
		rows = append(rows, batch...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(rows)) != f.Rows {
		t.Fatalf("%s has %d rows, want %d", f.Key, len(rows), f.Rows)
	}
	return rows
}

func keysAndRows(files []File) []string {
	var list []string
	for _, f := range files {
		list = append(list, fmt.Sprintf("%s %d", f.Key, f.Rows))
	}
	return list
}

// TestFilesAreNamedByTableHourAndCut covers every table's folder.
func TestFilesAreNamedByTableHourAndCut(t *testing.T) {
	store, dir := newLake(t)
	c := newCut(t, newWriter(t, store, Config{}), "n1-0000000812-00000017")
	at, before := testStart, testStart-1 // 14:00:00.000000 and the microsecond before
	err := errors.Join(
		c.WriteBids([]table.Bid{{EventTime: at}, {EventTime: before}, {EventTime: at + 1}}),
		c.WriteWins([]table.Win{{ImpressionTime: at, BidTime: before}}),
		c.WriteImpressions([]table.Impression{{EventTime: before}}),
		c.WriteClicks([]table.Click{{EventTime: at}}),
		c.WriteConversions([]table.Conversion{{EventTime: at}}),
		c.WriteAttributions([]table.Attribution{{ConversionTime: at, TouchTime: at - event.Time(event.Day)}}),
		c.WriteCampaignMinutes([]table.CampaignMinute{{BucketStart: at}}),
		c.WriteCampaignDays([]table.CampaignDay{{Day: -1}}),
		c.WriteRejected([]table.Rejected{{EventTime: 0, Meta: table.Meta{IngestTime: at}}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	got := keysAndRows(closeCut(t, c))
	want := []string{
		"fact_bids/dt=2026-09-21/hour=13/part-n1-0000000812-00000017-1.parquet 1",
		"fact_bids/dt=2026-09-21/hour=14/part-n1-0000000812-00000017-0.parquet 2",
		"fact_wins/dt=2026-09-21/hour=14/part-n1-0000000812-00000017-0.parquet 1",
		"fact_impressions/dt=2026-09-21/hour=13/part-n1-0000000812-00000017-0.parquet 1",
		"fact_clicks/dt=2026-09-21/hour=14/part-n1-0000000812-00000017-0.parquet 1",
		"fact_conversions/dt=2026-09-21/hour=14/part-n1-0000000812-00000017-0.parquet 1",
		"fact_attributions/dt=2026-09-21/part-n1-0000000812-00000017-0.parquet 1",
		"agg_campaign_minute/dt=2026-09-21/part-n1-0000000812-00000017-0.parquet 1",
		"agg_campaign_day/dt=1970-01-01/part-n1-0000000812-00000017-0.parquet 1",
		"rejected_events/dt=2026-09-21/part-n1-0000000812-00000017-0.parquet 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("files\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "*.tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v %v", left, err)
	}
}

// TestRowsComeBack writes more rows than a stage and a slice of every size, and
// scribbles over the caller's slice afterwards: it belongs to the caller.
func TestRowsComeBack(t *testing.T) {
	store, dir := newLake(t)
	c := newCut(t, newWriter(t, store, Config{Lanes: 1}), "c")
	rows := realisticImpressions(5000)
	rows[7].Measurable, rows[7].Width, rows[7].UserKey = nil, 0, ""
	for at, size := 0, 1; at < len(rows); at, size = at+size, size*2 {
		slice := slices.Clone(rows[at:min(len(rows), at+size)])
		if err := c.WriteImpressions(slice); err != nil {
			t.Fatal(err)
		}
		clear(slice)
	}
	files := closeCut(t, c)
	if len(files) != 1 {
		t.Fatalf("%d files, want 1", len(files))
	}
	if got := readFile[table.Impression](t, dir, files[0]); !reflect.DeepEqual(got, rows) {
		t.Error("the rows came back changed")
	}
}

// TestI4_SameRowsSameBytes: what a writer wrote before does not show.
func TestI4_SameRowsSameBytes(t *testing.T) {
	imps, bids := realisticImpressions(3000), realisticBids(3000)
	cut := func(w *CutWriter) []File {
		c := newCut(t, w, "c")
		if err := errors.Join(c.WriteImpressions(imps), c.WriteBids(bids)); err != nil {
			t.Fatal(err)
		}
		return closeCut(t, c)
	}
	first, _ := newLake(t)
	want := cut(newWriter(t, first, Config{}))
	second, _ := newLake(t)
	w := newWriter(t, second, Config{SpoolDir: t.TempDir(), SpoolBytes: 1000})
	other := newCut(t, w, "other")
	if err := errors.Join(other.WriteImpressions(realisticImpressions(70_000)[60_000:]), other.WriteBids(realisticBids(100))); err != nil {
		t.Fatal(err)
	}
	closeCut(t, other)
	if got := cut(w); !slices.Equal(got, want) {
		t.Errorf("files\n%+v\nwant\n%+v", got, want)
	}
}

// TestFormat holds what other readers rest on.
func TestFormat(t *testing.T) {
	store, dir := newLake(t)
	w := newWriter(t, store, Config{})
	used := newCut(t, w, "used") // its writer is used again
	if err := used.WriteBids(realisticBids(10)); err != nil {
		t.Fatal(err)
	}
	closeCut(t, used)
	c := newCut(t, w, "c")
	if err := c.WriteBids(realisticBids(1000)); err != nil {
		t.Fatal(err)
	}
	f := closeCut(t, c)[0]
	b, err := os.ReadFile(filepath.Join(dir, f.Key))
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[int32]string{}
	for _, e := range p.Metadata().Schema[1:] {
		if e.Name == "key_value" || e.Name == "key" || e.Name == "value" {
			continue
		}
		if other := ids[e.FieldID]; other != "" || e.FieldID <= 0 {
			t.Errorf("columns %s and %s have field id %d", e.Name, other, e.FieldID)
		}
		ids[e.FieldID] = e.Name
		if e.Name == "targeting" && (!e.ConvertedType.Valid || e.ConvertedType.V != 1) {
			t.Errorf("targeting is not a MAP: %+v", e)
		}
	}
	for i, col := range p.Metadata().RowGroups[0].Columns {
		if want := strings.Join(p.Schema().Columns()[i], "."); strings.Join(col.MetaData.PathInSchema, ".") != want {
			t.Errorf("column %s says it is %v", want, col.MetaData.PathInSchema)
		}
		if col.MetaData.Codec.String() != "ZSTD" {
			t.Errorf("%v is compressed with %v", col.MetaData.PathInSchema, col.MetaData.Codec)
		}
		for _, e := range col.MetaData.Encoding {
			if strings.HasPrefix(e.String(), "DELTA") {
				t.Errorf("%v has encoding %v", col.MetaData.PathInSchema, e)
			}
		}
	}
}

// TestTwoCutsAreOpenAtOnce: rows of the next cut while one is being closed.
func TestTwoCutsAreOpenAtOnce(t *testing.T) {
	store, dir := newLake(t)
	w := newWriter(t, store, Config{})
	a, b := newCut(t, w, "a"), newCut(t, w, "b")
	rows := realisticImpressions(2000)
	for i := range rows {
		c := a
		if i%3 == 0 {
			c = b
		}
		if err := c.WriteImpressions(rows[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	af := closeCut(t, a)
	if err := a.WriteImpressions(rows[:1]); !errors.Is(err, ErrSealed) {
		t.Errorf("writing to a closed cut: %v", err)
	}
	if err := a.WriteClicks(make([]table.Click, 1)); !errors.Is(err, ErrSealed) {
		t.Errorf("writing another table to a closed cut: %v", err)
	}
	if err := b.WriteImpressions(rows[:1]); err != nil {
		t.Fatal(err)
	}
	bf := closeCut(t, b)
	if af[0].Rows != 1333 || bf[0].Rows != 668 {
		t.Errorf("%d and %d rows, want 1333 and 668", af[0].Rows, bf[0].Rows)
	}
	if got := readFile[table.Impression](t, dir, bf[0])[1]; got.ImpressionID != rows[3].ImpressionID {
		t.Error("the second row of the second cut is not row 3")
	}
}

// TestShardsWriteAtOnce has 64 goroutines; run it with -race.
func TestShardsWriteAtOnce(t *testing.T) {
	store, dir := newLake(t)
	w := newWriter(t, store, Config{Lanes: 4, OpenFiles: 2})
	c := newCut(t, w, "c")
	rows := realisticImpressions(20_000)
	for i := range rows {
		rows[i].EventTime = testStart + event.Time(i%5)*event.Time(event.Hour) // more hours than files with a writer
	}
	writeFromShards(t, c, rows)
	seen := map[string]int{}
	files := closeCut(t, c)
	for _, f := range files {
		for _, row := range readFile[table.Impression](t, dir, f) {
			seen[row.ImpressionID]++
			if want := fmt.Sprintf("hour=%02d", row.EventTime.UTC().Hour()); !strings.Contains(f.Key, want) {
				t.Fatalf("a row of %s lies in %s", want, f.Key)
			}
		}
	}
	if len(seen) != len(rows) {
		t.Errorf("%d different rows, want %d", len(seen), len(rows))
	}
	for id, n := range seen {
		if n != 1 {
			t.Fatalf("row %s was written %d times", id, n)
		}
	}
	if held, full := w.Held(); held != 0 || full != nil {
		t.Errorf("after release %d bytes are held, %v", held, full)
	}
}

func TestEmptyCutHasNoFiles(t *testing.T) {
	store, _ := newLake(t)
	c := newCut(t, newWriter(t, store, Config{}), "c")
	if err := c.WriteImpressions(nil); err != nil {
		t.Fatal(err)
	}
	if files := closeCut(t, c); len(files) != 0 {
		t.Errorf("files %v", files)
	}
}

func TestReleaseWithoutCloseLeavesNothing(t *testing.T) {
	store, dir := newLake(t)
	spool := t.TempDir()
	w := newWriter(t, store, Config{SpoolDir: spool, SpoolBytes: 1})
	c := newCut(t, w, "c")
	if err := c.WriteImpressions(realisticImpressions(rowGroupRows + stageRows)); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(spool + "/*"); len(left) != 1 {
		t.Errorf("spool %v, want one file", left)
	}
	if err := c.Release(); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{spool, dir} {
		if left, err := os.ReadDir(d); err != nil || len(left) != 0 {
			t.Errorf("left in %s: %v %v", d, left, err)
		}
	}
	if held, _ := w.Held(); held != 0 {
		t.Errorf("%d bytes are held", held)
	}
}

func TestLeftoverSpoolFilesAreRemoved(t *testing.T) {
	store, _ := newLake(t)
	spool := t.TempDir()
	for _, name := range []string{"adjoin-spool-1.tmp", "keep.txt"} {
		if err := os.WriteFile(filepath.Join(spool, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	newWriter(t, store, Config{SpoolDir: spool})
	if left, _ := filepath.Glob(spool + "/*"); len(left) != 1 || filepath.Base(left[0]) != "keep.txt" {
		t.Errorf("left %v, want keep.txt", left)
	}
}

func TestCutIDIsOneSegment(t *testing.T) {
	store, _ := newLake(t)
	w := newWriter(t, store, Config{})
	for _, id := range []string{"", "a/b", "..", "a b", "ü", strings.Repeat("a", 129)} {
		if _, err := w.NewCut(id); !errors.Is(err, ErrKey) {
			t.Errorf("id %q: %v", id, err)
		}
	}
}
