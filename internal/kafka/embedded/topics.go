package embedded

import (
	"fmt"
	"maps"
)

// create makes the topics that a data directory did not bring back.
func (b *Broker) create(topics []Topic) error {
	for _, t := range topics {
		if b.cluster.TopicInfo(t.Name) != nil {
			continue
		}
		settings := map[string]string{"retention.ms": "-1"}
		maps.Copy(settings, t.Settings)
		if err := b.cluster.CreateTopic(t.Name, max(1, t.Partitions), settings); err != nil {
			return fmt.Errorf("embedded Kafka, topic %s: %w", t.Name, err)
		}
	}
	return nil
}
