package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/bench/explain"
)

// TestExplain: a dump of one impression, as text and as a document.
func TestExplain(t *testing.T) {
	t.Chdir(t.TempDir())
	// {"timestamp":"2026-03-02T10:00:00Z","impression_id":"i1","user_id":"u","creative_id":"c"}
	file(t, "ad_impressions.ndjson", `{"topic":"ad_impressions","partition":0,"offset":0,"timestamp_ms":1772445601000,"key_b64":null,`+
		`"value_b64":"eyJ0aW1lc3RhbXAiOiIyMDI2LTAzLTAyVDEwOjAwOjAwWiIsImltcHJlc3Npb25faWQiOiJpMSIsInVzZXJfaWQiOiJ1IiwiY3JlYXRpdmVfaWQiOiJjIn0=","headers":[]}`+"\n")
	r := run("explain", "impression", "i1", "--input", ".")
	if r.code != exitOK || !strings.Contains(r.out, "D1: the fact") {
		t.Errorf("code %d, %s%s", r.code, r.out, r.err)
	}
	r = run("explain", "impression", "i1", "--input", ".", "-o", "json")
	var answer explain.Answer
	if err := json.Unmarshal([]byte(r.out), &answer); err != nil || answer.FormatVersion != 1 || len(answer.Records) != 1 || len(answer.Facts) != 1 {
		t.Errorf("%v in %s", err, r.out)
	}
	if r = run("explain", "impression", "nobody", "--input", "."); r.code != exitNo {
		t.Errorf("code %d for an id that is not there", r.code)
	}
	if r = run("explain", "bid", "b", "--input", "."); r.code != exitUsage {
		t.Errorf("code %d for a kind that cannot be explained", r.code)
	}
}

// TestStoredQuestions: what is listed can be found, and what cannot be asked is
// refused before anything is opened.
func TestStoredQuestions(t *testing.T) {
	if r := run("query", "--list"); r.code != exitOK || !strings.Contains(r.out, "pacing") {
		t.Errorf("code %d, %s%s", r.code, r.out, r.err)
	}
	var doc questionsDocument
	if r := run("query", "--list", "-o", "json"); json.Unmarshal([]byte(r.out), &doc) != nil || len(doc.Questions) < 10 {
		t.Errorf("%d questions in %s", len(doc.Questions), r.out)
	}
	for _, args := range [][]string{{"--question", "no such"}, {"--question", "lag", "select 1"}, {"--partner", "f.csv", "select 1"}} {
		if r := run(append([]string{"query"}, args...)...); r.code != exitUsage {
			t.Errorf("%q: code %d, %s", args, r.code, r.err)
		}
	}
}
