package finaltable

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/table"
)

// TestFilesAreThoseOfASet, byte for byte, however the rows are handed over, and
// whether the set sorts in memory or in its folder.
func TestFilesAreThoseOfASet(t *testing.T) {
	rows := impressions(5000)
	for i := range rows {
		rows[i].RowVersion = 0
	}
	set, _ := write(t, func(s *Set) {
		if err := s.WriteImpressions(rows); err != nil {
			t.Fatal(err)
		}
	})
	spilling := newSet(t.TempDir(), 1<<20)
	for _, r := range rows {
		old := r
		old.RowVersion, old.CampaignID = -1, "old"
		if err := errors.Join(spilling.WriteImpressions([]table.Impression{r}), spilling.WriteImpressions([]table.Impression{old})); err != nil {
			t.Fatal(err)
		}
	}
	spilled := t.TempDir()
	if _, err := spilling.Write(spilled); err != nil {
		t.Fatal(err)
	}
	if err := spilling.Close(); err != nil {
		t.Error(err)
	}
	slices.SortFunc(rows, func(a, b table.Impression) int {
		if a.Route < b.Route {
			return -1
		}
		return 1
	})
	streamed := t.TempDir()
	f := NewFiles(streamed)
	for from, step := 0, 1; from < len(rows); from, step = from+step, step*3 {
		if err := f.WriteImpressions(rows[from:min(from+step, len(rows))]); err != nil {
			t.Fatal(err)
		}
	}
	counts, err := f.Close()
	if err != nil || counts[table.Impressions] != 5000 || len(counts) != len(table.Names()) {
		t.Fatalf("rows %v, %v", counts, err)
	}
	for _, n := range table.Names() {
		want, err := os.ReadFile(filepath.Join(set, string(n), fileName))
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{streamed, spilled} {
			got, err := os.ReadFile(filepath.Join(dir, string(n), fileName))
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: other bytes than those of a set in memory, %v", n, err)
			}
		}
	}
}

func TestFilesRefuseAnotherOrder(t *testing.T) {
	for _, ids := range [][]string{{"b", "a"}, {"a", "a"}} {
		f := NewFiles(t.TempDir())
		var err error
		for _, id := range ids {
			err = errors.Join(err, f.WriteClicks([]table.Click{click(id, 0, "U", "ORPHAN")}))
		}
		if err == nil || !strings.Contains(err.Error(), "fact_clicks") {
			t.Errorf("%v: error %v", ids, err)
		}
		if _, err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFilesSayWhyTheyCannotWrite(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "fact_clicks"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := NewFiles(dir)
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		err = f.WriteClicks([]table.Click{click(string(rune('a'+i)), 0, "U", "ORPHAN")})
	}
	if err == nil {
		t.Error("a thousand rows into a table that cannot be written")
	}
	if _, err := f.Close(); err == nil || !strings.Contains(err.Error(), "fact_clicks") {
		t.Errorf("error %v", err)
	}
}
