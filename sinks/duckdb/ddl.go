package duckdb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/table"
)

// Names of our own tables.
const (
	ledgerTable = "adjoin_loads"
	heldTable   = "adjoin_held"
)

// ledgerDDL makes the proof of what was loaded: a row for each commit.
const ledgerDDL = `CREATE TABLE IF NOT EXISTS adjoin_loads (
  "commit_offset" BIGINT PRIMARY KEY,
  "files" INTEGER NOT NULL,
  "rows" BIGINT NOT NULL,
  "held_files" INTEGER NOT NULL,
  "loaded_at" TIMESTAMP NOT NULL
)`

// heldDDL remembers committed files that are not loaded.
const heldDDL = `CREATE TABLE IF NOT EXISTS adjoin_held (
  "file_key" VARCHAR PRIMARY KEY,
  "commit_offset" BIGINT NOT NULL,
  "table_name" VARCHAR NOT NULL,
  "rows" BIGINT NOT NULL,
  "bytes" BIGINT NOT NULL,
  "sha256" VARCHAR NOT NULL,
  "reason" VARCHAR NOT NULL,
  "held_at" TIMESTAMP NOT NULL
)`

// outcomeDDL is tables.md's bids_outcome. "Now" is the newest record seen, so
// that the answer depends on the data alone; the windows are the defaults of
// the rules (10 min web, 60 min app, 2 h lateness: W, T6).
const outcomeDDL = `CREATE OR REPLACE VIEW bids_outcome AS
WITH clock AS (
  SELECT greatest(
    (SELECT max(ingest_time) FROM fact_bids),
    (SELECT max(ingest_time) FROM fact_impressions)) AS seen
), won AS (
  SELECT DISTINCT route, exchange, auction_id, imp_id, bid_id FROM fact_wins_current
)
SELECT b.*,
  CASE
    WHEN b.bid_id = '' THEN 'NO_BID'
    WHEN won.bid_id IS NOT NULL THEN 'WON'
    WHEN b.loss_code > 0 THEN 'LOST'
    WHEN b.event_time + (CASE WHEN b.app_bundle IS NULL THEN INTERVAL 130 MINUTE ELSE INTERVAL 180 MINUTE END)
      < (SELECT seen FROM clock) THEN 'NO_IMPRESSION'
    ELSE 'PENDING'
  END AS outcome
FROM fact_bids_current b
LEFT JOIN won ON won.route = b.route AND won.exchange = b.exchange
  AND won.auction_id = b.auction_id AND won.imp_id = b.imp_id AND won.bid_id = b.bid_id`

// DDL implements sinks.Warehouse.
func (w *Warehouse) DDL(tables []table.Name) []string { return DDL(tables) }

// DDL is the statements for these tables, without a database: what `adjoin load
// ddl` prints.
func DDL(tables []table.Name) []string {
	list := append([]string{ledgerDDL, heldDDL}, dimensionDDL()...)
	for _, n := range tables {
		list = append(list, tableDDL(n), currentDDL(n))
	}
	if slices.Contains(tables, table.Bids) && slices.Contains(tables, table.Wins) && slices.Contains(tables, table.Impressions) {
		list = append(list, outcomeDDL)
	}
	return list
}

func tableDDL(n table.Name) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s (\n", quote(string(n)))
	if timeColumn(n) != "" {
		b.WriteString("  \"event_date\" DATE NOT NULL,\n")
	}
	cols := table.Columns(n)
	for i, c := range cols {
		fmt.Fprintf(&b, "  %s %s", quote(c.Name), sqlType(c))
		if c.Key {
			b.WriteString(" NOT NULL")
		}
		if i < len(cols)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteByte(')')
	return b.String()
}

// currentDDL is the view of the rows that are true now (X1), with money in
// whole units beside the integers.
func currentDDL(n table.Name) string {
	keys := make([]string, 0, 8)
	for _, k := range table.KeyColumns(n) {
		keys = append(keys, quote(k))
	}
	var extra strings.Builder
	for _, c := range table.Columns(n) {
		if name, factor, ok := money(n, c); ok {
			fmt.Fprintf(&extra, ",\n  CAST(CAST(%s AS DECIMAL(19,0)) * %s AS DECIMAL(38,9)) AS %s", quote(c.Name), factor, quote(name))
		}
	}
	return fmt.Sprintf(`CREATE OR REPLACE VIEW %s AS
SELECT *%s
FROM (
  SELECT * FROM %s
  QUALIFY row_number() OVER (PARTITION BY %s ORDER BY "row_version" DESC) = 1
)
WHERE "op" <> 'D'`, quote(string(n)+"_current"), extra.String(), quote(string(n)), strings.Join(keys, ", "))
}

// money names the DECIMAL column derived from an integer one: spend from
// spend_micros. Sums of 128 bits have no such column, they have micros too.
func money(n table.Name, c table.Column) (name, factor string, ok bool) {
	if c.Type != table.BigInt {
		return "", "", false
	}
	name, factor = c.Name, "0.000001"
	switch {
	case strings.HasSuffix(name, "_micros"):
		name = strings.TrimSuffix(name, "_micros")
	case strings.HasSuffix(name, "_micros_bytime"):
		name = strings.TrimSuffix(name, "_micros_bytime") + "_bytime"
	case strings.HasSuffix(name, "_nanos"):
		name, factor = strings.TrimSuffix(name, "_nanos"), "0.000000001"
	default:
		return "", "", false
	}
	taken := slices.ContainsFunc(table.Columns(n), func(c table.Column) bool { return c.Name == name })
	return name, factor, !taken
}

// timeColumn is the column that event_date is the UTC date of, "" for tables
// that are not facts.
func timeColumn(n table.Name) string {
	switch n {
	case table.Bids, table.Impressions, table.Clicks, table.Conversions:
		return "event_time"
	case table.Wins:
		return "impression_time"
	case table.Attributions:
		return "conversion_time"
	}
	return ""
}

func sqlType(c table.Column) string {
	switch c.Type {
	case table.BigInt:
		return "BIGINT"
	case table.Integer:
		return "INTEGER"
	case table.Double:
		return "DOUBLE"
	case table.Boolean:
		return "BOOLEAN"
	case table.Timestamp:
		return "TIMESTAMP"
	case table.Date:
		return "DATE"
	case table.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", c.Precision, c.Scale)
	case table.Blob:
		return "BLOB"
	case table.TextMap:
		return "MAP(VARCHAR, VARCHAR)"
	}
	return "VARCHAR"
}

// insertSQL copies files of one table. Column lists are explicit, so that the
// order of columns in a file or table means nothing. Parquet instants are UTC
// and become TIMESTAMP without a zone; going through the epoch keeps the
// session's zone out of it.
func insertSQL(n table.Name, paths []string) string {
	var into, from []string
	if t := timeColumn(n); t != "" {
		into = append(into, `"event_date"`)
		from = append(from, fmt.Sprintf("CAST(make_timestamp(epoch_us(%s)) AS DATE)", quote(t)))
	}
	for _, c := range table.Columns(n) {
		into = append(into, quote(c.Name))
		if c.Type == table.Timestamp {
			from = append(from, fmt.Sprintf("make_timestamp(epoch_us(%s))", quote(c.Name)))
		} else {
			from = append(from, quote(c.Name))
		}
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM read_parquet(%s, hive_partitioning = false)",
		quote(string(n)), strings.Join(into, ", "), strings.Join(from, ", "), fileList(paths))
}

// fileList is an SQL list of text literals.
func fileList(paths []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, p := range paths {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("'" + strings.ReplaceAll(p, "'", "''") + "'")
	}
	b.WriteByte(']')
	return b.String()
}

// quote makes an identifier of a name of ours (S7).
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
