package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/advertisex/adjoin/bench/gen"
)

// For every preset the engine's final tables are those of the oracle, which
// shares no code with it, and the same bytes whatever the number of shards and
// the order of arrival (K1).
func TestReplayEqualsOracle(t *testing.T) {
	seed := seedOf(t)
	impressions, runs := "20000", []replayRun{{"64", "0"}, {"1", "1"}, {"7", "2"}}
	if *long {
		impressions, runs = "100000", nil
		for _, shards := range []string{"64", "7", "1"} {
			for _, shuffle := range []string{"0", "1", "2", "3", "4"} {
				runs = append(runs, replayRun{shards, shuffle})
			}
		}
	}
	for _, preset := range gen.Presets() {
		t.Run(string(preset), func(t *testing.T) {
			dir := t.TempDir()
			adjoin(t, dir, "gen", "--preset", string(preset), "--impressions", impressions,
				"--seed", strconv.FormatUint(seed, 10), "--out", "dump").ok(t, 0)
			adjoin(t, dir, "oracle", "--input", "dump", "--out", "expected").ok(t, 0)
			var first string
			for _, run := range runs {
				out := "tables-" + run.shards + "-" + run.shuffle
				r := adjoin(t, dir, "replay", "--input", "dump", "--out", out, "--shards", run.shards, "--shuffle", run.shuffle, "-o", "json").ok(t, 0)
				digest := folderDigest(t, filepath.Join(dir, out))
				if first == "" {
					first = digest
					checkReplay(t, dir, out, r)
				} else if digest != first {
					t.Errorf("%s shards, shuffle %s: other bytes than the first replay", run.shards, run.shuffle)
					t.Log(adjoin(t, dir, "diff", "tables-64-0", out).stdout)
				}
			}
		})
	}
}

// replayRun is one way to replay a dump.
type replayRun struct{ shards, shuffle string }

// adjoin runs the program without a configuration file.
func adjoin(t *testing.T, dir string, args ...string) result {
	t.Helper()
	if args[0] == "replay" || args[0] == "oracle" {
		// The topic of the case_study preset, which is off by default.
		args = append(args, "--set", "kafka.topics.clicks_conversions=clicks_conversions")
	}
	return start(t, dir, nil, append([]string{binary}, args...)...).wait(t, 5*time.Minute)
}

// checkReplay compares one replay with the oracle, and makes sure that there
// was something to compare.
func checkReplay(t *testing.T, dir, out string, r result) {
	t.Helper()
	var s summary
	decode(t, r.stdout, &s)
	if !s.Ledger.Balanced {
		t.Errorf("the ledger does not balance:\n%s", r.stdout)
	}
	for _, name := range []string{"fact_bids", "fact_impressions", "fact_clicks", "fact_attributions", "agg_campaign_minute"} {
		if s.Rows[name] == 0 {
			t.Errorf("no rows of %s: the comparison proves nothing", name)
		}
	}
	diff := adjoin(t, dir, "diff", out, "expected", "-o", "json")
	var doc struct {
		Equal  bool
		Tables map[string]json.RawMessage
	}
	decode(t, diff.stdout, &doc)
	if diff.code != 0 || !doc.Equal || len(doc.Tables) < 9 {
		t.Errorf("code %d, the engine differs from the oracle:\n%s\n%s", diff.code, diff.stdout,
			tail(adjoin(t, dir, "diff", out, "expected", "--limit", "3").stdout, 6000))
	}
}

// folderDigest is a hash over the names and contents of all files.
func folderDigest(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, relErr := filepath.Rel(dir, path)
		if err == nil {
			err = relErr
		}
		fmt.Fprintf(h, "%s %d\n", name, len(content))
		h.Write(content)
		return err
	}))
	return fmt.Sprintf("%x", h.Sum(nil))
}
