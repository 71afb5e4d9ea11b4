package sinks

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
)

// The names of files, docs/formats/files.md:
//
//	TABLE/dt=YYYY-MM-DD/hour=HH/part-CUT-N.parquet
//
// Partition keys come in this order always (BigQuery requires one), and none of
// them is a column of a table: a reader that makes columns of folders, as DuckDB
// and Hive do, gets nothing twice.
const (
	dateKey    = "dt="
	hourKey    = "hour="
	dateLayout = "2006-01-02"
)

// NoDate and NoHour are what File.Partition says of a file without such a folder.
const (
	NoDate int32 = -1
	NoHour int8  = -1
)

// fileKey is the key of a file: of a table, of the partition that begins at
// start, of a cut, with a number that is unique among the table's files of it.
// Years beyond 9999 cannot be: times are clamped to the input's clock (T1, T2).
func fileKey(n table.Name, span event.Span, start event.Time, cut string, number int64) string {
	var b strings.Builder
	b.WriteString(string(n) + "/")
	if span != spanAll {
		b.WriteString(dateKey + start.UTC().Format(dateLayout) + "/")
	}
	if span == spanHour {
		fmt.Fprintf(&b, "%s%02d/", hourKey, start.UTC().Hour())
	}
	fmt.Fprintf(&b, "part-%s-%d.parquet", cut, number)
	return b.String()
}

// Partition is the partition that the key names: the date in days since
// 1970-01-01 (UTC), NoDate for none, and the hour from 0 to 23, NoHour for none.
func (f File) Partition() (date int32, hour int8) {
	date, hour = NoDate, NoHour
	for segment := range strings.SplitSeq(f.Key, "/") {
		if text, ok := strings.CutPrefix(segment, dateKey); ok {
			if at, err := time.Parse(dateLayout, text); err == nil {
				date = int32(event.TimeOf(at) / event.Time(event.Day))
			}
		}
		if text, ok := strings.CutPrefix(segment, hourKey); ok {
			if n, err := strconv.ParseUint(text, 10, 8); err == nil && n < 24 {
				hour = int8(n)
			}
		}
	}
	return date, hour
}
