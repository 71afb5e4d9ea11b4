package sinks

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/advertisex/adjoin/internal/table"
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
	for n < b.N {
		cut(min(len(rows), b.N-n))
	}
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

func writeFromShards(tb testing.TB, c *Cut, rows []table.Impression) {
	const shards, slice = 64, 64
	var wg sync.WaitGroup
	for s := range shards {
		wg.Go(func() {
			for at := s * slice; at < len(rows); at += shards * slice {
				if err := c.WriteImpressions(rows[at:min(len(rows), at+slice)]); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
