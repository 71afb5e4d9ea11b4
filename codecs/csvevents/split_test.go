package csvevents

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"testing"
)

// FuzzSplit holds the splitter to encoding/csv: the cells of every line, and
// which lines are none.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"a,b\nc,d\n", "a,b\r\nc,d", "\"a\",\"b,c\"\n", "\"a\"\"b\",\"c\nd\"\r\ne", "\n\n\r\na\n", "a,\n,\n,,",
		"\"a\"b,c\nd,e", "a\"b,c\nd", "\"abc\nd,e\n", "\"\",\"\"\"\"", "a\r", "\r\r\n", "\"a\r\nb\"\r", "\"a\" ,b", ",", "\"a\",", "\"a\n\"x\ny",
	} {
		f.Add([]byte(seed), byte(','))
	}
	f.Add([]byte("a;b\tc\n"), byte(';'))
	f.Fuzz(func(t *testing.T, b []byte, delimiter byte) {
		if delimiter != ',' && delimiter != ';' && delimiter != '\t' {
			return
		}
		reader := csv.NewReader(bytes.NewReader(b))
		reader.Comma, reader.FieldsPerRecord = rune(delimiter), -1
		s := splitter{b: b, delimiter: delimiter, maxCells: 1 << 20}
		i := s.skipBlank(0)
		for line := 0; ; line++ {
			want, err := reader.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if i >= len(b) {
				t.Fatalf("%q: no line %d, want %q %v", b, line, want, err)
			}
			next, how := s.line(i)
			if (err != nil) != (how != split) {
				t.Fatalf("%q line %d: %d, encoding/csv says %v", b, line, how, err)
			}
			if err == nil && !slices.Equal(s.cells, want) {
				t.Fatalf("%q line %d: %q, want %q", b, line, s.cells, want)
			}
			i = s.skipBlank(next)
		}
		if i < len(b) {
			t.Fatalf("%q: something is left at %d", b, i)
		}
	})
}
