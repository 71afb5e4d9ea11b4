package dump

import (
	"bytes"
	"io"
	"testing"
)

func BenchmarkWrite(b *testing.B) {
	w := NewWriter(io.Discard)
	rec := Record{Topic: "ad_impressions", Partition: 3, TimestampMS: 1767225600000, Key: make([]byte, 36), Value: make([]byte, 430)}
	b.ReportAllocs()
	b.SetBytes(466)
	for b.Loop() {
		if err := w.Write(&rec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	rec := Record{Topic: "ad_impressions", Partition: 3, TimestampMS: 1767225600000, Key: make([]byte, 36), Value: make([]byte, 430)}
	file := bytes.Repeat(appendLine(nil, &rec), 1000)
	in := bytes.NewReader(file)
	r := NewReader(in, "bench")
	b.ReportAllocs()
	b.SetBytes(466)
	for b.Loop() {
		err := r.Next(&rec)
		if err == io.EOF {
			in.Reset(file)
			err = r.Next(&rec)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
