package kafka

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

func TestOwnTopicsAreMadeOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		ctx := within(t, 20*time.Second)
		reports, err := EnsureTopics(ctx, cfg, OwnTopics(), true)
		if err != nil || len(reports) != 3 || !reports[0].Missing {
			t.Fatal(reports, err)
		}
		reports, err = EnsureTopics(ctx, cfg, OwnTopics(), false)
		if err != nil {
			t.Fatal(err)
		}
		defer DeleteTopics(ctx, cfg, JournalTopic, SegmentsTopic, LinksTopic)
		for i, want := range []int32{1, 8, 8} {
			if r := reports[i]; !r.Created || r.Partitions != want || r.ID == (TopicID{}) {
				t.Errorf("%+v", r)
			}
		}
		again, err := EnsureTopics(ctx, cfg, OwnTopics(), false)
		if err != nil || again[0].Created || again[0].ID != reports[0].ID {
			t.Fatal(again, err)
		}
	})
}

func TestWrongTopicsAreRefusedWithAllThatIsWrong(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		journal, segments := OwnTopics()[0], OwnTopics()[1]
		journal.Name = makeTopic(t, cfg, 3, map[string]string{"cleanup.policy": "compact", "retention.ms": "3600000"})
		segments.Name = makeTopic(t, cfg, 2, map[string]string{"cleanup.policy": "delete", "max.message.bytes": "5000"})
		_, err := EnsureTopics(within(t, 20*time.Second), cfg, []TopicSpec{journal, segments}, false)
		for _, want := range []string{
			journal.Name + ": partitions is 3, must be 1; cleanup.policy is compact, must be delete; retention.ms is 3600000, must be -1",
			segments.Name + ": cleanup.policy is delete, must be compact; max.message.bytes is 5000, must be 1048588",
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
		}
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeTopicConfig || e.Class != Refused ||
			!strings.Contains(e.Hint, "--add-config cleanup.policy=delete") {
			t.Errorf("%+v", e)
		}
	})
}

func TestOffsetsByTime(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		topic := makeTopic(t, cfg, 2, nil)
		p, q := event.Partition{Topic: topic}, event.Partition{Topic: topic, ID: 1}
		fill(t, cfg, p, 0, 100, ProducerConfig{BatchRecords: 7}) // record n at n seconds
		ctx := within(t, 10*time.Second)
		for at, want := range map[event.Time]event.Offset{0: 0, 41_500_000: 42, 42_000_000: 42, 42_000_001: 42, 100_000_000: 100} {
			got, err := OffsetsAt(ctx, cfg, at, topic)
			if err != nil || got[p] != want || got[q] != 0 {
				t.Errorf("at %d: %v, %v", at, got, err)
			}
		}
		starts, err := StartOffsets(ctx, cfg, topic)
		if err != nil || len(starts) != 2 || starts[p] != 0 {
			t.Error(starts, err)
		}
		c, err := Describe(ctx, cfg, topic)
		if err != nil || c.ID == "" || c.Topics[topic].Partitions != 2 || len(c.All()) != 2 {
			t.Error(c, err)
		}
	})
}
