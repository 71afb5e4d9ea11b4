package sinks

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks/rowfile"
)

// absentRead is what a reader sees that can tell NULL from empty.
type absentRead struct {
	OrphanReason *string     `parquet:"orphan_reason,optional"`
	ImpressionID *string     `parquet:"impression_id,optional"`
	DeviceType   *int32      `parquet:"device_type,optional"`
	EmittedAt    *event.Time `parquet:"emitted_at,optional,timestamp(microsecond)"`
}

// What is absent is NULL, whatever stands before it.
func TestAbsentIsNull(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for trial := range 400 {
		n := 1 + rng.IntN(300)
		rows := make([]table.Click, n)
		// Runs of a few lengths: random bits hardly ever make the rare patterns.
		var set [4]bool
		var left [4]int
		for i := range rows {
			for c := range set {
				if left[c]--; left[c] < 0 {
					set[c], left[c] = !set[c], rng.IntN(1<<rng.IntN(7))
				}
			}
			if set[0] {
				rows[i].OrphanReason = "x"
			}
			if set[1] {
				rows[i].ImpressionID = "x"
			}
			if set[2] {
				rows[i].DeviceType = 1
			}
			if set[3] {
				rows[i].EmittedAt = 1
			}
		}
		var file bytes.Buffer
		w := rowfile.New[table.Click](&file, fileFormat[table.Click](Zstd.codec()))
		if err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		have, err := parquet.Read[absentRead](bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil || len(have) != n {
			t.Fatal(len(have), err)
		}
		for i, h := range have {
			got := fmt.Sprint(h.OrphanReason != nil, h.ImpressionID != nil, h.DeviceType != nil, h.EmittedAt != nil)
			want := fmt.Sprint(rows[i].OrphanReason != "", rows[i].ImpressionID != "", rows[i].DeviceType != 0, rows[i].EmittedAt != 0)
			if got != want {
				t.Fatalf("trial %d, row %d of %d: present are %s, want %s", trial, i, n, got, want)
			}
		}
	}
}
