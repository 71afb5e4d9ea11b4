//go:build unix

package sinks

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"
)

// nullStore takes everything and keeps nothing.
type nullStore struct{ Store }

func (nullStore) Put(_ context.Context, _ File, body io.ReadSeeker) error {
	_, err := io.Copy(io.Discard, body)
	return err
}

func newBenchWriter(tb testing.TB, cfg Config) *CutWriter {
	tb.Helper()
	w, err := NewCutWriter(nullStore{}, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// benchCuts writes b.N rows as cuts of 131,072 rows, slice rows a call.
func benchCuts[T any](b *testing.B, rows []T, slice int, write func(*Cut, []T) error) {
	w := newBenchWriter(b, Config{SpoolDir: b.TempDir()})
	bytes, n := int64(0), 0
	cut := func(limit int) {
		c, err := w.NewCut(fmt.Sprintf("n1-%d", n))
		if err != nil {
			b.Fatal(err)
		}
		for at := 0; at < limit; at += slice {
			if err := write(c, rows[at:min(limit, at+slice)]); err != nil {
				b.Fatal(err)
			}
		}
		files, err := c.Close(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range files {
			bytes += f.Bytes
		}
		if err := c.Release(); err != nil {
			b.Fatal(err)
		}
		n += limit
	}
	cut(len(rows)) // warm the pools
	bytes, n = 0, 0
	b.ReportAllocs()
	b.ResetTimer()
	began := cpuTime(b)
	for n < b.N {
		cut(min(len(rows), b.N-n))
	}
	b.ReportMetric(float64(cpuTime(b)-began)/float64(n), "cpu-ns/row")
	b.ReportMetric(float64(bytes)/float64(n), "B/row")
}

// BenchmarkCutImpressions is a row of fact_impressions from struct to complete,
// hashed Parquet file; the goal is 1,200 ns and no allocation.
func BenchmarkCutImpressions(b *testing.B) {
	rows := realisticImpressions(1 << 17)
	for _, slice := range []int{16, 150, 4096} {
		b.Run(fmt.Sprintf("slice=%d", slice), func(b *testing.B) {
			benchCuts(b, rows, slice, (*Cut).WriteImpressions)
		})
	}
}

func BenchmarkCutBids(b *testing.B) {
	rows := realisticBids(1 << 17)
	for _, slice := range []int{16, 150, 4096} {
		b.Run(fmt.Sprintf("slice=%d", slice), func(b *testing.B) {
			benchCuts(b, rows, slice, (*Cut).WriteBids)
		})
	}
}

// BenchmarkCutShards is 64 shards writing impressions at once.
func BenchmarkCutShards(b *testing.B) {
	rows := realisticImpressions(1 << 17)
	for _, lanes := range []int{1, 2} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			w := newBenchWriter(b, Config{Lanes: lanes})
			b.ReportAllocs()
			began := cpuTime(b)
			defer func() { b.ReportMetric(float64(cpuTime(b)-began)/float64(b.N), "cpu-ns/row") }()
			for n := 0; n < b.N; n += len(rows) {
				c, err := w.NewCut(fmt.Sprintf("n1-%d", n))
				if err != nil {
					b.Fatal(err)
				}
				writeFromShards(b, c, rows)
				if _, err := c.Close(context.Background()); err != nil {
					b.Fatal(err)
				}
				if err := c.Release(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// cpuTime is what the process has used of the processors: the figure that stays
// meaningful on a machine that does other things too.
func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
