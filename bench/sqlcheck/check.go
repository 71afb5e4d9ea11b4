//go:build cgo

package sqlcheck

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

//go:embed sql/*.sql
var files embed.FS

// Input is what to compare.
type Input struct {
	Dump   string // folder of a record dump, with the default topic names
	Tables string // folder of the engine's final tables, TABLE/part-0.parquet
	// UserKeySecret is the key of the HMAC that stands for a user (P2), at most
	// 64 bytes.
	UserKeySecret []byte
	// Examples is how many differing rows to keep of each table and side.
	Examples int
}

// Report is what Check found.
type Report struct {
	Rows        map[string]int64 // of each table, as the SQL has it
	Differences []Difference     // none when the two agree
}

// Difference is the rows of one table that only one side has.
type Difference struct {
	Table    string
	Side     string // "sql" or "engine"
	Rows     int64
	Examples []string // as "column=value column=value"
}

// Equal reports whether SQL and engine agree.
func (r *Report) Equal() bool { return len(r.Differences) == 0 }

// String is a line for each difference and its examples.
func (r *Report) String() string {
	var b strings.Builder
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "%s: %d rows only in %s\n", d.Table, d.Rows, d.Side)
		for _, e := range d.Examples {
			fmt.Fprintf(&b, "  %s\n", e)
		}
	}
	return b.String()
}

// check is one run. DuckDB's tables live in memory and on one connection.
type check struct {
	in   Input
	db   *sql.DB
	conn *sql.Conn
}

// Check runs the SQL and compares. It fails on files it cannot read and on SQL
// that DuckDB refuses; what the rules disagree on is in the report.
func Check(ctx context.Context, in Input) (report *Report, err error) {
	q := url.Values{"autoinstall_known_extensions": {"false"}, "autoload_known_extensions": {"false"}}
	connector, err := duckdb.NewConnector(":memory:?"+q.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("sqlcheck: %w", err)
	}
	c := &check{in: in, db: sql.OpenDB(connector)}
	defer func() { err = errors.Join(err, c.db.Close()) }()
	if c.conn, err = c.db.Conn(ctx); err != nil {
		return nil, fmt.Errorf("sqlcheck: %w", err)
	}
	defer func() { err = errors.Join(err, c.conn.Close()) }()
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	if err := c.rules(ctx); err != nil {
		return nil, err
	}
	return c.compare(ctx)
}

// load puts records, reference data, code lists and final tables where the
// rules look for them.
func (c *check) load(ctx context.Context) error {
	inner, outer, err := pads(c.in.UserKeySecret)
	if err != nil {
		return err
	}
	statements := []string{
		"SET TimeZone = 'UTC'",
		fmt.Sprintf("SET VARIABLE inner_pad = unhex('%x')", inner),
		fmt.Sprintf("SET VARIABLE outer_pad = unhex('%x')", outer),
		"CREATE TABLE records (topic VARCHAR, part INTEGER, off BIGINT, ingest BIGINT, value BLOB)",
		"CREATE TABLE bid_data (topic VARCHAR, part INTEGER, off BIGINT, ingest BIGINT, datum VARCHAR)",
		"CREATE TABLE reference_campaigns (j JSON)",
		"CREATE TABLE reference_creatives (j JSON)",
	}
	for _, topic := range []string{"ad_impressions", "clicks", "conversions", "clicks_conversions"} {
		path, err := c.dumped(topic)
		if err != nil {
			return err
		}
		if path != "" {
			statements = append(statements, recordsSQL(path))
		}
	}
	for _, name := range []string{"campaigns", "creatives"} {
		statements = append(statements, fmt.Sprintf("INSERT INTO reference_%s SELECT json FROM read_json_objects(%s, format = 'array')",
			name, literal(filepath.Join(c.in.Dump, name+".json"))))
	}
	tables, err := filepath.Glob(filepath.Join(c.in.Tables, "*", "part-0.parquet"))
	if err != nil {
		return fmt.Errorf("sqlcheck: %w", err)
	}
	for _, path := range tables {
		statements = append(statements, fmt.Sprintf("CREATE VIEW final_%s AS FROM read_parquet(%s)", filepath.Base(filepath.Dir(path)), literal(path)))
	}
	for _, s := range statements {
		if err := c.exec(ctx, s); err != nil {
			return err
		}
	}
	return errors.Join(c.loadCodes(ctx), c.loadBids(ctx))
}

// recordsSQL reads a topic of the dump, each position once.
func recordsSQL(path string) string {
	return fmt.Sprintf(`INSERT INTO records
SELECT DISTINCT ON (topic, "partition", "offset") topic, "partition", "offset", timestamp_ms * 1000, coalesce(from_base64(value_b64), ''::BLOB)
FROM read_json(%s, format = 'newline_delimited', maximum_object_size = 268435456,
  columns = {topic: 'VARCHAR', "partition": 'INTEGER', "offset": 'BIGINT', timestamp_ms: 'BIGINT', value_b64: 'VARCHAR'})`, literal(path))
}

// dumped is the file of a topic, "" when the dump has none.
func (c *check) dumped(topic string) (string, error) {
	found, err := filepath.Glob(filepath.Join(c.in.Dump, topic+".ndjson*"))
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// pads are the two blocks of HMAC-SHA256, so that SQL needs only the hash.
func pads(secret []byte) (inner, outer []byte, err error) {
	if len(secret) > sha256.BlockSize {
		return nil, nil, fmt.Errorf("sqlcheck: a key of %d bytes; the SQL takes at most %d", len(secret), sha256.BlockSize)
	}
	inner, outer = make([]byte, sha256.BlockSize), make([]byte, sha256.BlockSize)
	copy(inner, secret)
	copy(outer, secret)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	return inner, outer, nil
}

// rules runs the files in the order of their names.
func (c *check) rules(ctx context.Context) error {
	names, err := fs.Glob(files, "sql/*.sql")
	if err != nil {
		return fmt.Errorf("sqlcheck: %w", err)
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err == nil {
			err = c.exec(ctx, string(text))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (c *check) exec(ctx context.Context, statement string) error {
	if _, err := c.conn.ExecContext(ctx, statement); err != nil {
		head, _, _ := strings.Cut(statement, "\n")
		return fmt.Errorf("sqlcheck: %s: %w", head, err)
	}
	return nil
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
