package sinks

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// TestPartition_IsWhatTheKeyNames: dates counted by hand.
func TestPartition_IsWhatTheKeyNames(t *testing.T) {
	for key, want := range map[string]struct {
		date int32
		hour int8
	}{
		"fact_bids/dt=2026-11-21/hour=07/part-n1-1042-3-0.parquet": {20778, 7},
		"fact_bids/dt=1970-01-01/hour=23/part-n1-1042-3-0.parquet": {0, 23},
		"fact_bids/dt=2024-02-29/part-n1-1042-3-0.parquet":         {19782, NoHour},
		"fact_bids/dt=9999-12-31/hour=00/part-n1-1042-3-0.parquet": {2932896, 0},
		"fact_bids/part-n1-1042-3-0.parquet":                       {NoDate, NoHour},
		"fact_bids/dt=2024-02-30/hour=24/part-n1-1042-3-0.parquet": {NoDate, NoHour}, // no such day, no such hour
	} {
		if date, hour := (File{Key: key}).Partition(); date != want.date || hour != want.hour {
			t.Errorf("%s: date %d, hour %d; want %d, %d", key, date, hour, want.date, want.hour)
		}
	}
}

// TestFileKey_GivesBackItsPartition: what is named can be read.
func TestFileKey_GivesBackItsPartition(t *testing.T) {
	at := event.Time(20778*event.Day + 7*event.Hour)
	for span, want := range map[event.Span]struct {
		key  string
		date int32
		hour int8
	}{
		spanHour: {"fact_wins/dt=2026-11-21/hour=07/part-n1-812-17-3.parquet", 20778, 7},
		spanDay:  {"fact_wins/dt=2026-11-21/part-n1-812-17-3.parquet", 20778, NoHour},
		spanAll:  {"fact_wins/part-n1-812-17-3.parquet", NoDate, NoHour},
	} {
		key := fileKey(table.Wins, span, at, "n1-812-17", 3)
		date, hour := (File{Key: key}).Partition()
		if key != want.key || date != want.date || hour != want.hour {
			t.Errorf("%s, date %d, hour %d; want %+v", key, date, hour, want)
		}
	}
}

// TestNoColumnHasTheNameOfAPartition: a reader that makes columns of folders
// would find it twice.
func TestNoColumnHasTheNameOfAPartition(t *testing.T) {
	for _, n := range table.Names() {
		for _, c := range table.Columns(n) {
			if c.Name+"=" == dateKey || c.Name+"=" == hourKey {
				t.Errorf("%s has a column %s", n, c.Name)
			}
		}
	}
}

// TestPartitions_AsConfigured: the folders of each layout, for a table with hours
// and one without.
func TestPartitions_AsConfigured(t *testing.T) {
	for p, want := range map[Partitions][]string{
		ByHour: {
			"fact_clicks/dt=2026-09-21/hour=13/part-c-1.parquet 1", "fact_clicks/dt=2026-09-21/hour=14/part-c-0.parquet 2",
			"fact_attributions/dt=2026-09-21/part-c-0.parquet 1",
		},
		ByDay: {
			"fact_clicks/dt=2026-09-21/part-c-0.parquet 3", "fact_attributions/dt=2026-09-21/part-c-0.parquet 1",
		},
		Unpartitioned: {"fact_clicks/part-c-0.parquet 3", "fact_attributions/part-c-0.parquet 1"},
	} {
		store, _ := newLake(t)
		c := newCut(t, newWriter(t, store, Config{Partitions: p}), "c")
		err := errors.Join(
			c.WriteClicks([]table.Click{{EventTime: testStart}, {EventTime: testStart - 1}, {EventTime: testStart + 1}}),
			c.WriteAttributions([]table.Attribution{{ConversionTime: testStart}}),
		)
		if err != nil {
			t.Fatal(err)
		}
		if got := keysAndRows(closeCut(t, c)); !slices.Equal(got, want) {
			t.Errorf("layout %d:\n%s\nwant\n%s", p, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestCompression_AsConfigured: the codec that the file itself names, also after
// a writer was used before.
func TestCompression_AsConfigured(t *testing.T) {
	for compression, want := range map[Compression]format.CompressionCodec{
		Zstd: format.Zstd, Snappy: format.Snappy, Uncompressed: format.Uncompressed,
	} {
		store, dir := newLake(t)
		w := newWriter(t, store, Config{Compression: compression})
		for _, id := range []string{"first", "second"} {
			c := newCut(t, w, id)
			if err := c.WriteImpressions(realisticImpressions(10)); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(dir, closeCut(t, c)[0].Key))
			if err != nil {
				t.Fatal(err)
			}
			f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			for _, column := range f.Metadata().RowGroups[0].Columns {
				if got := column.MetaData.Codec; got != want {
					t.Errorf("%s: column %v has codec %v, want %v", id, column.MetaData.PathInSchema, got, want)
				}
			}
		}
	}
}

// TestFileBytes_BeginsAnotherFile: a file that is large enough is finished; no row
// is lost or written twice.
func TestFileBytes_BeginsAnotherFile(t *testing.T) {
	store, dir := newLake(t)
	c := newCut(t, newWriter(t, store, Config{FileBytes: 64 << 10, Lanes: 1}), "c")
	rows := realisticImpressions(1000)
	for i := range rows {
		rows[i].EventTime = testStart
	}
	const rounds = rowGroupRows/1000 + 2 // more than one row group
	for range rounds {
		if err := c.WriteImpressions(rows); err != nil {
			t.Fatal(err)
		}
	}
	files := closeCut(t, c)
	total := 0
	for _, f := range files {
		total += len(readFile[table.Impression](t, dir, f))
	}
	if len(files) != 2 || total != rounds*1000 {
		t.Errorf("%d files with %d rows, want 2 with %d", len(files), total, rounds*1000)
	}
}
