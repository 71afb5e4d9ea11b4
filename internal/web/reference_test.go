package web

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/metrics.md anew")

// TestReferencePageIsCurrent: docs/metrics.md is what the table says.
func TestReferencePageIsCurrent(t *testing.T) {
	const page = "../../docs/metrics.md"
	want := ReferencePage()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/metrics.md is out of date; run: make docs")
	}
}
