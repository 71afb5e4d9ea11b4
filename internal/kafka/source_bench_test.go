package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// benchValue is a record of the size of an impression.
var benchValue = randomText(430)

// randomText is n bytes that compress like JSON: words of a small dictionary.
func randomText(n int) []byte {
	var b []byte
	for i, r := 0, randomBytes(n); len(b) < n; i++ {
		b = fmt.Appendf(b, `"field%d":"%x",`, r[i]%16, r[i:i+6])
	}
	return b[:n]
}

// BenchmarkFetch reads one topic of four partitions; b.N is records.
func BenchmarkFetch(b *testing.B) {
	for _, codec := range []string{"none", "lz4", "zstd"} {
		for _, conns := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%dconn", codec, conns), func(b *testing.B) { benchFetch(b, codec, conns) })
		}
	}
}

const benchRecords = 400_000

func benchFetch(b *testing.B, codec string, conns int) {
	cfg := onApache(b)
	topic := makeTopic(b, cfg, 4, nil)
	loadBench(b, cfg, topic, codec)
	starts := map[event.Partition]event.Offset{}
	for id := range int32(4) {
		starts[event.Partition{Topic: topic, ID: id}] = 0
	}
	s, err := OpenSource(within(b, 10*time.Second), cfg, SourceConfig{Partitions: starts, Connections: conns})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx := within(b, 10*time.Minute)
	b.ReportAllocs()
	b.SetBytes(int64(len(benchValue)))
	b.ResetTimer()
	for n := 0; n < b.N; {
		c, err := s.Next(ctx)
		if err != nil {
			b.Fatal(err)
		}
		n += len(c.Records)
		at, caughtUp := c.Range.Partition, c.CaughtUp
		s.Recycle(&c)
		if caughtUp {
			s.Seek(at, 0)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func loadBench(b *testing.B, cfg Config, topic, codec string) {
	ctx := within(b, time.Minute)
	w, err := OpenProducer(ctx, cfg, ProducerConfig{BatchRecords: 500, Compression: codec})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	for i := range benchRecords {
		if err := w.Send(ctx, event.Partition{Topic: topic, ID: int32(i % 4)}, Message{Time: event.Time(i) * 1000, Value: benchValue}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(ctx); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkProduce writes to four partitions; b.N is records.
func BenchmarkProduce(b *testing.B) {
	for _, codec := range []string{"none", "lz4"} {
		b.Run(codec, func(b *testing.B) {
			cfg := onApache(b)
			topic := makeTopic(b, cfg, 4, nil)
			ctx := within(b, 10*time.Minute)
			w, err := OpenProducer(ctx, cfg, ProducerConfig{Compression: codec})
			if err != nil {
				b.Fatal(err)
			}
			defer w.Close()
			b.ReportAllocs()
			b.SetBytes(int64(len(benchValue)))
			b.ResetTimer()
			for i := range b.N {
				if err := w.Send(ctx, event.Partition{Topic: topic, ID: int32(i % 4)}, Message{Time: event.Time(i) * 1000, Value: benchValue}); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Flush(ctx); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkDecode is the fetch loop without a network: one batch of 500.
func BenchmarkDecode(b *testing.B) {
	raw := rawBatch{producer: -1, lastDelta: 499, count: 500}
	for i := range int64(500) {
		raw.records = append(raw.records, rawRecord(i, i, "", string(benchValue))...)
	}
	bytes := raw.bytes()
	var d decoder
	defer d.close()
	b.ReportAllocs()
	b.SetBytes(int64(len(bytes)) / 500)
	for n := 0; n < b.N; n += 500 {
		w := newWalk(&d, &fetchBlock{records: bytes}, 0, 4<<20)
		if p, ok, err := w.next(); !ok || err != nil || len(p.records) != 500 {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppend is one journal record of 2 KB at a time.
func BenchmarkAppend(b *testing.B) {
	l := openTestLog(b, onApache(b))
	ctx := within(b, 10*time.Minute)
	value := randomBytes(2000)
	b.ResetTimer()
	for range b.N {
		if _, err := l.Append(ctx, value); err != nil {
			b.Fatal(err)
		}
	}
}
