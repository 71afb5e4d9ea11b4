//go:build cgo

package duckdb

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
)

func TestMain(m *testing.M) {
	// database/sql's opener ends a moment after Close.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

func TestPrint(t *testing.T) {
	w := mustOpen(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
	defer w.Close()
	const sql = `SELECT 1 AS n, 'a' || chr(27) || '[2J' AS s, NULL AS x, 12.50::DECIMAL(9,2) AS d, TIMESTAMP '2026-03-29 01:02:03.5' AS t, MAP {'k': 'v'} AS m
		UNION ALL SELECT 170141183460469231731687303715884105727::HUGEINT, 'b', NULL, 0, NULL, NULL`
	for format, want := range map[Format]string{
		NDJSON: `{"n":"1","s":"a\u001b[2J","x":null,"d":"12.5","t":"2026-03-29T01:02:03.5Z","m":{"k":"v"}}` + "\n" +
			`{"n":"170141183460469231731687303715884105727","s":"b","x":null,"d":"0","t":null,"m":null}` + "\n",
		JSON: `{"format_version":1,"columns":["n","s","x","d","t","m"],"rows":[{"n":"1","s":"a\u001b[2J","x":null,"d":"12.5","t":"2026-03-29T01:02:03.5Z","m":{"k":"v"}},` +
			`{"n":"170141183460469231731687303715884105727","s":"b","x":null,"d":"0","t":null,"m":null}]}` + "\n",
		Text: "n                                        s         x     d     t                       m\n" +
			"1                                        a\\x1b[2J  NULL  12.5  2026-03-29T01:02:03.5Z  {\"k\":\"v\"}\n" +
			"170141183460469231731687303715884105727  b         NULL  0     NULL                    NULL\n",
	} {
		var out bytes.Buffer
		if err := w.Print(context.Background(), &out, format, sql); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%s\n got %s\nwant %s", format, out.String(), want)
		}
	}
	if err := w.Print(context.Background(), &bytes.Buffer{}, "xml", sql); err == nil {
		t.Error("format xml was taken")
	}
	if err := w.Print(context.Background(), &bytes.Buffer{}, Text, "SELEKT"); err == nil || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("bad SQL: %v", err)
	}
}

func TestQueryIsInterrupted(t *testing.T) {
	w := mustOpen(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
	defer w.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := w.Print(ctx, &bytes.Buffer{}, Text, "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7")
	if err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

func TestOpenReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	if _, err := OpenReadOnly(context.Background(), path, Config{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	w := mustOpen(t, path, nil)
	if err := w.EnsureSchema(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReadOnly(context.Background(), path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want(t, r, "SELECT count(*) n FROM fact_bids_current", `{"n":0}`)
	if err := r.Print(context.Background(), &bytes.Buffer{}, Text, "DROP TABLE fact_bids CASCADE"); err == nil {
		t.Error("a read-only warehouse dropped a table")
	}
}

// TestF19_DamagedFileIsSetAside and built anew.
func TestF19_DamagedFileIsSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	if err := os.WriteFile(path, bytes.Repeat([]byte("not a database"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(context.Background(), path, nil, Config{})
	var damaged *DamagedError
	if !errors.As(err, &damaged) || damaged.Path != path {
		t.Fatalf("error %v, want a DamagedError", err)
	}
	aside, err := SetAside(path, time.Unix(0, 0))
	if err != nil || aside != path+".damaged-19700101T000000.000000" {
		t.Fatalf("%s, %v", aside, err)
	}
	if err := mustOpen(t, path, nil).Close(); err != nil {
		t.Error(err)
	}
}

// TestS7_FileNamesAreLiterals: a quote in a folder's name ends no literal.
func TestS7_FileNamesAreLiterals(t *testing.T) {
	if got, want := fileList([]string{"/a'b/x", `"c`}), `['/a''b/x', '"c']`; got != want {
		t.Errorf("list %s, want %s", got, want)
	}
	dir := filepath.Join(t.TempDir(), "it's; DROP TABLE")
	store, err := sinks.OpenBucket(context.Background(), "file://"+filepath.ToSlash(strings.ReplaceAll(dir, " ", "%20")))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	w := mustOpen(t, filepath.Join(t.TempDir(), "w.duckdb"), store)
	defer w.Close()
	if err := w.EnsureSchema(context.Background()); err != nil {
		t.Fatal(err)
	}
	load(t, w, store, 1, func(c *sinks.Cut) error { return c.WriteWins(make([]table.Win, 2)) })
	want(t, w, "SELECT count(*) n FROM fact_wins", `{"n":2}`)
}

// TestEnsureSchemaAddsColumns to a table of an older version.
func TestEnsureSchemaAddsColumns(t *testing.T) {
	w := mustOpen(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
	defer w.Close()
	ctx := context.Background()
	for range 2 {
		if err := w.EnsureSchema(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []string{"DROP VIEW bids_outcome", "DROP VIEW fact_bids_current", `ALTER TABLE fact_bids DROP COLUMN "targeting"`} {
		if _, err := w.db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.EnsureSchema(ctx); err != nil {
		t.Fatal(err)
	}
	want(t, w, "SELECT count(targeting) n FROM fact_bids_current", `{"n":0}`)
}
