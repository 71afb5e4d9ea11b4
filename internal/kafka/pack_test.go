package kafka

import (
	"fmt"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

// What PackBatch makes, the reader of fetches accepts: checksum, offsets, times,
// absent keys and values, headers.
func TestPackedBatchesReadBack(t *testing.T) {
	for _, packed := range []bool{false, true} {
		messages := []Message{
			{Time: 1_700_000_000_000_000, Key: []byte("k"), Value: []byte("one")},
			{Time: 1_700_000_000_007_000, Value: []byte("two"), Headers: []Header{{"h", []byte("v")}}},
			{Time: 1_700_000_000_003_000, Key: []byte("gone")},
		}
		raw, err := PackBatch(nil, 40, messages, packed)
		if err != nil {
			t.Fatal(err)
		}
		if raw, err = PackBatch(raw, 43, messages[:1], packed); err != nil {
			t.Fatal(err)
		}
		var u Unpacker
		var got []string
		err = u.Unpack(event.Partition{Topic: "t", ID: 2}, raw, 41, 1<<20, func(c *Chunk) error {
			if c.Bad != nil {
				t.Fatal(c.Bad.Reason)
			}
			for _, r := range c.Records {
				line := fmt.Sprintf("%d %d %q %q", r.Offset, r.Time, r.Key, r.Value)
				for k, v := range r.Headers() {
					line += " " + k + "=" + string(v)
				}
				got = append(got, line)
			}
			return nil
		})
		u.Close()
		want := []string{`41 1700000000007000 "" "two" h=v`, `42 1700000000003000 "gone" ""`, `43 1700000000000000 "k" "one"`}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("packed %v: %v, %v\nwant %v", packed, got, err, want)
		}
	}
}

func TestAnEmptyBatchIsNone(t *testing.T) {
	if _, err := PackBatch(nil, 0, nil, false); err == nil {
		t.Error("a batch without records")
	}
}
