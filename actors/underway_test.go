package actors

import (
	"fmt"
	"slices"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

// A chunk is told as applied only after all before it, whatever the order in
// which the shards give their credits back.
func TestChunksAreToldInOrder(t *testing.T) {
	var u underway
	var told []string
	tell := func(p event.Partition, to event.Offset) { told = append(told, fmt.Sprintf("%s:%d", p.Topic, to)) }
	chunk := func(topic string, to event.Offset, batches int) uint64 {
		n := u.next()
		u.sent(event.Range{Partition: event.Partition{Topic: topic}, To: to}, batches, tell)
		return n
	}
	a := chunk("a", 10, 2)
	b := chunk("b", 7, 1)
	chunk("a", 12, 0) // nothing for any shard
	u.applied(b, tell)
	u.applied(a, tell)
	if len(told) > 0 {
		t.Fatalf("told %v before the first chunk was applied", told)
	}
	u.applied(a, tell)
	chunk("b", 9, 0)
	if want := []string{"a:10", "b:7", "a:12", "b:9"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
