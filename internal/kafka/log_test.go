package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
)

func TestLogKeepsOrder(t *testing.T) {
	_, cfg := startEmbedded(t, embedded.Topic{Name: "journal"})
	ctx := within(t, 20*time.Second)
	l, err := OpenLog(ctx, cfg, "journal")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range 10 {
		offset, err := l.Append(ctx, fmt.Append(nil, i))
		if err != nil || offset != event.Offset(i) {
			t.Fatalf("append %d: offset %d, %v", i, offset, err)
		}
	}
	var got []string
	if err := l.Read(ctx, 3, 7, func(o event.Offset, at event.Time, v []byte) error {
		got = append(got, fmt.Sprintf("%d=%s", o, v))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(got); s != "[3=3 4=4 5=5 6=6]" {
		t.Fatal(s)
	}
	if err := l.Truncate(ctx, 4); err != nil {
		t.Fatal(err)
	}
	first, end, err := l.Bounds(ctx)
	if first != 4 || end != 10 || err != nil {
		t.Fatal(first, end, err)
	}
}
