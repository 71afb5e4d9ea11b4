package main

import (
	"os"
	"strings"
	"testing"
)

// TestDumpWithATopicNobodyNames: replay and oracle refuse it, and what they print
// makes them accept it.
func TestDumpWithATopicNobodyNames(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("dump", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{"clicks", "clicks_conversions", "web_impressions", "robots"} {
		file(t, "dump/"+topic+".ndjson", "")
	}
	for _, command := range []string{"replay", "oracle"} {
		got := run(command, "--input", "dump", "--out", command)
		for _, text := range []string{
			"dump holds topics that the configuration does not name: clicks_conversions, robots, web_impressions\n",
			"--set kafka.topics.clicks_conversions=clicks_conversions ", "--set kafka.topics.impressions=ad_impressions,web_impressions ",
			"--set kafka.topics.KIND=robots ",
		} {
			if got.code != exitUsage || !strings.Contains(got.err, text) {
				t.Errorf("%s: exit %d and %q, want exit 2 and %q", command, got.code, got.err, text)
			}
		}
		got = run(command, "--input", "dump", "--out", command, "--set", "kafka.topics.clicks_conversions=clicks_conversions",
			"--set", "kafka.topics.impressions=ad_impressions,web_impressions", "--set", "kafka.topics.bids=bid_requests,robots")
		if got.code != exitOK {
			t.Errorf("%s with all topics named: exit %d, %s", command, got.code, got.err)
		}
	}
}
