package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/bench/dump"
	"github.com/advertisex/adjoin/internal/config"
)

// checkDump refuses a folder that is no record dump, and one that holds a topic
// the configuration does not name: leaving its records out would show tables
// that miss rows without a word.
func checkDump(c *config.Config, dir string) error {
	files, err := dump.Files(dir)
	if err != nil {
		return usagef("--input %s: %s", dir, strings.TrimPrefix(err.Error(), "dump: "))
	}
	var unknown []string
	for _, path := range files {
		topic, _, _ := strings.Cut(filepath.Base(path), ".ndjson")
		if !slices.Contains(c.Kafka.Topics.All(), topic) {
			unknown = append(unknown, topic)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return &failure{
		exit:    exitUsage,
		message: fmt.Sprintf("%s holds topics that the configuration does not name: %s", dir, strings.Join(unknown, ", ")),
		hint: []string{
			"Say what they hold: " + strings.Join(topicFlags(c, unknown), " "),
			"Or leave them out by moving their files away.",
		},
	}
}

// topicFlags are the --set that add topics to the inputs that their names sound
// like.
func topicFlags(c *config.Config, topics []string) []string {
	inputs := []struct {
		key   string
		names config.Names
		words []string // all of them in a name
	}{
		{"clicks_conversions", c.Kafka.Topics.ClicksConversions, []string{"click", "conv"}},
		{"bids", c.Kafka.Topics.Bids, []string{"bid"}},
		{"impressions", c.Kafka.Topics.Impressions, []string{"imp"}},
		{"clicks", c.Kafka.Topics.Clicks, []string{"click"}},
		{"conversions", c.Kafka.Topics.Conversions, []string{"conv"}},
	}
	var flags []string
	for _, in := range inputs {
		names := slices.Clone(in.names)
		topics = slices.DeleteFunc(topics, func(topic string) bool {
			for _, word := range in.words {
				if !strings.Contains(topic, word) {
					return false
				}
			}
			names = append(names, topic)
			return true
		})
		if len(names) > len(in.names) {
			flags = append(flags, "--set kafka.topics."+in.key+"="+strings.Join(names, ","))
		}
	}
	for _, topic := range topics {
		flags = append(flags, "--set kafka.topics.KIND="+topic+" (KIND: bids, impressions, clicks, conversions or clicks_conversions)")
	}
	return flags
}
